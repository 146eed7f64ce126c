//! The registers as callers see them: population register, mobile operator, enterprise register.
//!
//! They are as strict as real ones: names and numbers must be written exactly as recorded, so a middle dot that was
//! not folded or a small `x` shows up here. `mismatch` never says what differs.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::World;
use super::faults::{Fault, Route};
use super::journal::Entry;
use super::people::{Person, Registers, Status};
use crate::wire;

/// How long somebody who does not answer holds the connection.
const HANG: Duration = Duration::from_mins(2);

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
struct Answer {
    finding: Finding,
    delay: Duration,
    fails: bool,
}

impl Answer {
    fn not_found() -> Self {
        Self {
            finding: Finding::NotFound,
            delay: Duration::ZERO,
            fails: false,
        }
    }

    fn about(person: &Person, route: Route, agrees: bool) -> Self {
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

#[derive(Deserialize)]
struct TwoFactors {
    name: String,
    citizen_id: String,
}

#[derive(Deserialize)]
struct ThreeFactors {
    name: String,
    citizen_id: String,
    phone: String,
}

#[derive(Deserialize)]
struct Organisation {
    name: String,
    credit_code: String,
    #[serde(default)]
    legal_representative: Option<super::people::Representative>,
}

/// `POST /sources/population-register/check`: name and number.
pub(super) async fn population_register(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(
        &world,
        Route::PopulationRegister,
        &headers,
        &body,
        |registers, asked: TwoFactors| {
            registers
                .person(&asked.citizen_id)
                .map_or_else(Answer::not_found, |person| {
                    Answer::about(
                        person,
                        Route::PopulationRegister,
                        person.name_on_record() == asked.name,
                    )
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
async fn answer<Q: for<'de> Deserialize<'de>>(
    world: &World,
    route: Route,
    headers: &HeaderMap,
    body: &[u8],
    look_up: impl FnOnce(&Registers, Q) -> Answer,
) -> Response {
    let record = |status: StatusCode, outcome: &str| {
        let request = serde_json::from_slice(body).unwrap_or(Value::Null);
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
    let asked = match wire::parse(body) {
        Ok(asked) => asked,
        Err(response) => {
            record(StatusCode::BAD_REQUEST, "bad_request");
            return response;
        }
    };
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
    }
}

fn down() -> Response {
    wire::refusal(StatusCode::SERVICE_UNAVAILABLE, "maintenance", "out of service")
}
