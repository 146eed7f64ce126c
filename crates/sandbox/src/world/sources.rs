//! The registers as callers see them: population register, mobile operator, enterprise register.
//!
//! They are as strict as real ones: names and numbers must be written exactly as recorded, so a middle dot that was
//! not folded or a small `x` shows up here. `mismatch` never says what differs.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::ReaderStream;

use super::World;
use super::faults::{Fault, Route};
use super::holdings::{LONG_TERM, is_day};
use super::journal::{self, Entry};
use super::people::{Person, Registers, Status};
use crate::wire;

/// How long somebody who does not answer holds the connection.
const HANG: Duration = Duration::from_mins(2);
/// How long an answer is that nobody should read to its end.
const HUGE_BYTES: usize = 4 * 1024 * 1024;

/// What a register found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finding {
    Match,
    Mismatch,
    NotFound,
    Restricted,
}

impl Finding {
    const fn word(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::NotFound => "not_found",
            Self::Restricted => "restricted",
        }
    }

    /// All given facts agree, or not; only then does the record's own state matter.
    const fn when(agrees: bool, status: Status) -> Self {
        match (agrees, status) {
            (false, _) => Self::Mismatch,
            (true, Status::Normal) => Self::Match,
            (true, _) => Self::Restricted,
        }
    }
}

/// An answer, with what the person's own record does to it.
pub(super) struct Answer {
    finding: Finding,
    delay: Duration,
    fails: bool,
}

impl Answer {
    pub(super) fn not_found() -> Self {
        Self {
            finding: Finding::NotFound,
            delay: Duration::ZERO,
            fails: false,
        }
    }

    pub(super) fn about(person: &Person, route: Route, agrees: bool) -> Self {
        Self {
            finding: if person.registered {
                Finding::when(agrees, person.status)
            } else {
                Finding::NotFound
            },
            delay: Duration::from_millis(person.delay_ms),
            fails: person.unavailable.contains(&route),
        }
    }
}

/// A request that a register reads.
pub(super) trait Asked {
    /// What is wrong with its form; a register answers no such request.
    fn fault(&self) -> Option<&'static str> {
        None
    }
}

/// Name and number, and if wanted the dates of the identity card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TwoFactors {
    name: String,
    citizen_id: String,
    #[serde(default)]
    document_issued_on: Option<String>,
    #[serde(default)]
    document_expires_on: Option<String>,
}

impl Asked for TwoFactors {
    fn fault(&self) -> Option<&'static str> {
        match (&self.document_issued_on, &self.document_expires_on) {
            (None, None) => None,
            (Some(from), Some(until)) if is_day(from) && (until == LONG_TERM || is_day(until)) => None,
            _ => Some("document_issued_on, document_expires_on: both or neither, as 2016-05-04; long_term"),
        }
    }
}

impl TwoFactors {
    fn agrees(&self, person: &Person, today: chrono::NaiveDate) -> bool {
        let dates = self
            .document_issued_on
            .as_deref()
            .zip(self.document_expires_on.as_deref());
        let card = dates.is_none_or(|(from, until)| {
            let document = person.holdings.document.as_ref();
            document.is_some_and(|document| document.agrees(from, until, today))
        });
        card && person.name_on_record() == self.name
    }
}

#[derive(Deserialize)]
struct ThreeFactors {
    name: String,
    citizen_id: String,
    phone: String,
}

impl Asked for ThreeFactors {}

#[derive(Deserialize)]
struct Organisation {
    name: String,
    credit_code: String,
    #[serde(default)]
    legal_representative: Option<super::people::Representative>,
}

impl Asked for Organisation {}

/// `POST /sources/population-register/check`: name and number, and the dates of the card where they are given.
pub(super) async fn population_register(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let today = world.clock().now().date_naive();
    answer(
        &world,
        Route::PopulationRegister,
        &headers,
        &body,
        |registers, asked: TwoFactors| {
            registers
                .person(&asked.citizen_id)
                .map_or_else(Answer::not_found, |person| {
                    Answer::about(person, Route::PopulationRegister, asked.agrees(person, today))
                })
        },
    )
    .await
}

/// `POST /sources/mobile-operator/check`: name, number, and a phone in that person's own name.
pub(super) async fn mobile_operator(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    answer(
        &world,
        Route::MobileOperator,
        &headers,
        &body,
        |registers, asked: ThreeFactors| {
            registers
                .person(&asked.citizen_id)
                .map_or_else(Answer::not_found, |person| {
                    let agrees =
                        person.name_on_record() == asked.name && person.phone_on_record() == asked.phone;
                    Answer::about(person, Route::MobileOperator, agrees)
                })
        },
    )
    .await
}

/// `POST /sources/enterprise-register/check`: name, code, and the legal representative where one is given.
pub(super) async fn enterprise_register(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(
        &world,
        Route::EnterpriseRegister,
        &headers,
        &body,
        |registers, asked: Organisation| {
            registers
                .enterprise(&asked.credit_code)
                .map_or_else(Answer::not_found, |enterprise| {
                    let agrees = enterprise.name == asked.name
                        && asked
                            .legal_representative
                            .is_none_or(|person| person == enterprise.legal_representative);
                    Answer {
                        finding: Finding::when(agrees, enterprise.status),
                        ..Answer::not_found()
                    }
                })
        },
    )
    .await
}

/// What every register does around its look-up: key, faults, reading, journal.
pub(super) async fn answer<Q: Asked + for<'de> Deserialize<'de>>(
    world: &World,
    route: Route,
    headers: &HeaderMap,
    body: &[u8],
    look_up: impl FnOnce(&Registers, Q) -> Answer,
) -> Response {
    let record = |status: StatusCode, outcome: &str| {
        let request = journal::without_cards(serde_json::from_slice(body).unwrap_or(Value::Null));
        let at = world.clock().now();
        world.journal().record(Entry {
            at,
            route,
            request,
            status: status.as_u16(),
            outcome: outcome.to_owned(),
        });
    };
    if !wire::has_key(headers, &world.keys().sources) {
        record(StatusCode::UNAUTHORIZED, "no_key");
        return wire::refusal(
            StatusCode::UNAUTHORIZED,
            "unauthorised",
            "a bearer key of this register is needed",
        );
    }
    if let Some((status, outcome, response)) = fault(world, route).await {
        record(status, outcome);
        return response;
    }
    let asked: Q = match wire::parse(body) {
        Ok(asked) => asked,
        Err(response) => {
            record(StatusCode::BAD_REQUEST, "bad_request");
            return response;
        }
    };
    if let Some(problem) = asked.fault() {
        record(StatusCode::BAD_REQUEST, "bad_request");
        return wire::refusal(StatusCode::BAD_REQUEST, "bad_request", problem);
    }
    let answer = look_up(&world.people(), asked);
    tokio::time::sleep(answer.delay).await;
    if answer.fails {
        record(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        return down();
    }
    record(StatusCode::OK, answer.finding.word());
    let mut document = json!({ "result": answer.finding.word(), "reference": world.reference("REG") });
    if answer.finding == Finding::Match
        && let Some(fields) = document.as_object_mut()
    {
        fields.insert("status".to_owned(), json!("normal"));
    }
    wire::json(StatusCode::OK, &document)
}

/// The fault that this call meets, as status, word for the journal, and answer. A slow one only takes its time.
pub(crate) async fn fault(world: &World, route: Route) -> Option<(StatusCode, &'static str, Response)> {
    let setting = world.faults().take(route)?;
    match setting.fault {
        Fault::None => None,
        Fault::Slow => {
            tokio::time::sleep(Duration::from_millis(setting.delay_ms)).await;
            None
        }
        Fault::Hang => {
            tokio::time::sleep(HANG).await;
            Some((StatusCode::SERVICE_UNAVAILABLE, "fault_hang", down()))
        }
        Fault::Broken => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            let response = wire::refusal(status, "broken", "something went wrong inside");
            Some((status, "fault_500", response))
        }
        Fault::Redirect => Some((StatusCode::SEE_OTHER, "fault_redirect", wire::see_other("/"))),
        Fault::Down => Some((StatusCode::SERVICE_UNAVAILABLE, "fault_down", down())),
        Fault::Garbage => {
            let mut response = Response::new("<html><h1>\u{fffd}\u{1}系统升级中".into());
            *response.status_mut() = StatusCode::OK;
            Some((StatusCode::OK, "fault_garbage", response))
        }
        Fault::Wrong => {
            let document = json!({ "result": "perhaps", "accepted": false, "reference": null });
            Some((
                StatusCode::OK,
                "fault_wrong",
                wire::json(StatusCode::OK, &document),
            ))
        }
        Fault::Refused => {
            let response = wire::refusal(StatusCode::FORBIDDEN, "quota", "the caller's balance is used up");
            Some((StatusCode::FORBIDDEN, "fault_refused", response))
        }
        Fault::Quota => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            Some((
                status,
                "fault_quota",
                wire::refusal(status, "quota", "too many requests"),
            ))
        }
        Fault::Empty => Some((StatusCode::OK, "fault_empty", Response::default())),
        Fault::Cut => {
            let body = Body::from_stream(ReaderStream::new(Cut(false)));
            Some((StatusCode::OK, "fault_cut", Response::new(body)))
        }
        Fault::Huge => {
            let filler = " ".repeat(HUGE_BYTES);
            let response = Response::new(format!("{{\"result\":\"match\"{filler}}}").into());
            Some((StatusCode::OK, "fault_huge", response))
        }
        Fault::Twice => {
            let text = "{\"result\":\"match\",\"result\":\"mismatch\"}";
            Some((StatusCode::OK, "fault_twice", Response::new(text.into())))
        }
    }
}

/// An answer that begins as a match and breaks off.
struct Cut(bool);

impl AsyncRead for Cut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(Err(io::Error::other("cut")));
        }
        into.put_slice(b"{\"result\":\"match\"}");
        Poll::Ready(Ok(()))
    }
}

fn down() -> Response {
    wire::refusal(StatusCode::SERVICE_UNAVAILABLE, "maintenance", "out of service")
}
