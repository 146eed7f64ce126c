//! The sandbox's own API and the message gateway: outbox, captcha answers, people, faults, journal, test residents
//! and their phones.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::faults::{Route, Setting};
use super::journal::Entry;
use super::outbox::{Channel, Draft};
use super::people::{Enterprise, Person};
use super::{World, identifiers, pages, sources};
use crate::resident::{self, approval};
use crate::wire::{self, Parameters};

/// How many entries a list has when the caller does not say.
const LIST_DEFAULT: usize = 100;
/// How many entries a list has at most.
const LIST_MAX: usize = 1_000;

#[derive(Deserialize)]
struct Sms {
    to: String,
    text: String,
    #[serde(default)]
    template: Option<String>,
    reference: String,
}

/// `POST /gateway/sms`
pub(super) async fn send_sms(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let record = |status: StatusCode, outcome: &str| {
        let request = serde_json::from_slice(&body).unwrap_or_default();
        let (at, outcome) = (world.clock().now(), outcome.to_owned());
        world.journal().record(Entry {
            at,
            route: Route::Sms,
            request,
            status: status.as_u16(),
            outcome,
        });
    };
    if !wire::has_key(&headers, &world.keys().gateway) {
        record(StatusCode::UNAUTHORIZED, "no_key");
        return wire::refusal(
            StatusCode::UNAUTHORIZED,
            "unauthorised",
            "the gateway's bearer key is needed",
        );
    }
    if let Some((status, outcome, response)) = sources::fault(&world, Route::Sms).await {
        record(status, outcome);
        return response;
    }
    let sms: Sms = match wire::parse(&body) {
        Ok(sms) => sms,
        Err(response) => {
            record(StatusCode::BAD_REQUEST, "bad_request");
            return response;
        }
    };
    if let Some(problem) = sms_problem(&sms) {
        record(StatusCode::BAD_REQUEST, "bad_request");
        return wire::refusal(StatusCode::BAD_REQUEST, "bad_request", problem);
    }
    world.deliver(Draft {
        channel: Channel::Sms,
        to: sms.to,
        subject: None,
        text: sms.text,
        template: sms.template,
        reference: Some(sms.reference),
    });
    record(StatusCode::ACCEPTED, "accepted");
    wire::json(StatusCode::ACCEPTED, &json!({ "accepted": true }))
}

fn sms_problem(sms: &Sms) -> Option<&'static str> {
    let digits = sms
        .to
        .strip_prefix('+')
        .filter(|digits| digits.chars().all(|c| c.is_ascii_digit()));
    if !digits.is_some_and(|digits| (7..=15).contains(&digits.len())) {
        return Some("to: a number in E.164, with its plus sign");
    }
    if sms.text.is_empty() || sms.text.chars().count() > 1_000 {
        return Some("text: 1 to 1000 characters");
    }
    if sms.reference.is_empty() || sms.reference.len() > 100 {
        return Some("reference: 1 to 100 characters, the same for the same message");
    }
    None
}

/// `GET /outbox`: JSON for programs, an inbox for browsers.
pub(super) async fn outbox(State(world): State<World>, headers: HeaderMap, uri: Uri) -> Response {
    let Some(query) = Parameters::of_uri(&uri) else {
        return repeated();
    };
    let channel = match query.value("channel") {
        None => None,
        Some("sms") => Some(Channel::Sms),
        Some("email") => Some(Channel::Email),
        Some(_) => return wire::refusal(StatusCode::BAD_REQUEST, "bad_request", "channel: sms or email"),
    };
    let messages = world.outbox().list(query.value("to"), channel, limit(&query));
    if wire::wants_html(&headers) {
        return pages::outbox(&headers, &query, messages);
    }
    wire::json(StatusCode::OK, &messages)
}

#[derive(Serialize, Deserialize)]
struct Captcha {
    session: String,
    answer: String,
}

/// `POST /captcha`: the provider, in development only, tells the answer of a captcha it made.
pub(super) async fn put_captcha(State(world): State<World>, body: Bytes) -> Response {
    match wire::parse::<Captcha>(&body) {
        Ok(captcha) => {
            world.remember_captcha(captcha.session, captcha.answer);
            wire::json(StatusCode::OK, &json!({ "remembered": true }))
        }
        Err(response) => response,
    }
}

/// `GET /captcha/latest?session=...`
pub(super) async fn latest_captcha(State(world): State<World>, uri: Uri) -> Response {
    let Some(query) = Parameters::of_uri(&uri) else {
        return repeated();
    };
    match world.captcha(query.value("session")) {
        Some((session, answer)) => wire::json(StatusCode::OK, &Captcha { session, answer }),
        None => wire::refusal(
            StatusCode::NOT_FOUND,
            "not_found",
            "no captcha of that session was told",
        ),
    }
}

/// `GET /people`
pub(super) async fn people(State(world): State<World>) -> Response {
    let people = world.people().list_people(LIST_MAX);
    wire::json(StatusCode::OK, &people)
}

/// `PUT /people/{citizen_id}`
pub(super) async fn put_person(State(world): State<World>, Path(id): Path<String>, body: Bytes) -> Response {
    let mut person: Person = match wire::parse(&body) {
        Ok(person) => person,
        Err(response) => return response,
    };
    if !identifiers::is_citizen_id(&id) {
        let detail = "citizen_id: 18 characters with a right check digit";
        return wire::refusal(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail);
    }
    person.citizen_id = id;
    let status = created(world.people().put_person(person.clone()));
    wire::json(status, &person)
}

/// `PUT /enterprises/{credit_code}`
pub(super) async fn put_enterprise(
    State(world): State<World>,
    Path(code): Path<String>,
    body: Bytes,
) -> Response {
    let mut enterprise: Enterprise = match wire::parse(&body) {
        Ok(enterprise) => enterprise,
        Err(response) => return response,
    };
    if code.len() != 18 || !code.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) {
        let detail = "credit_code: 18 digits and capital letters";
        return wire::refusal(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail);
    }
    enterprise.credit_code = code;
    let status = created(world.people().put_enterprise(enterprise.clone()));
    wire::json(status, &enterprise)
}

/// `PUT /faults`
pub(super) async fn put_fault(State(world): State<World>, body: Bytes) -> Response {
    match wire::parse::<Setting>(&body) {
        Ok(setting) => {
            world.faults().set(setting);
            wire::json(StatusCode::OK, &world.faults().list())
        }
        Err(response) => response,
    }
}

/// `GET /faults`
pub(super) async fn faults(State(world): State<World>) -> Response {
    wire::json(StatusCode::OK, &world.faults().list())
}

/// `GET /journal`
pub(super) async fn journal(State(world): State<World>, uri: Uri) -> Response {
    let Some(query) = Parameters::of_uri(&uri) else {
        return repeated();
    };
    let route = match query.value("route") {
        None => None,
        Some(word) => match serde_json::from_value::<Route>(json!(word)) {
            Ok(route) => Some(route),
            Err(error) => {
                return wire::refusal(StatusCode::BAD_REQUEST, "bad_request", format!("route: {error}"));
            }
        },
    };
    wire::json(StatusCode::OK, &world.journal().list(route, limit(&query)))
}

/// `POST /residents`
pub(super) async fn post_resident(State(world): State<World>, body: Bytes) -> Response {
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    let wish = match wire::parse::<resident::Wish>(body) {
        Ok(wish) => wish,
        Err(response) => return response,
    };
    match resident::register(&world, wish).await {
        Ok(resident) => wire::json(StatusCode::CREATED, &resident),
        Err(error) => wire::refusal(
            StatusCode::BAD_GATEWAY,
            "registration_failed",
            format!("{error:#}"),
        ),
    }
}

/// `PUT /approvals`
pub(super) async fn put_approval(State(world): State<World>, body: Bytes) -> Response {
    let wish = match wire::parse::<approval::Wish>(&body) {
        Ok(wish) => wish,
        Err(response) => return response,
    };
    match approval::answer(&world, wish).await {
        Ok(done) => wire::json(StatusCode::OK, &done),
        Err(error) => wire::refusal(StatusCode::BAD_GATEWAY, "approval_failed", format!("{error:#}")),
    }
}

fn limit(query: &Parameters) -> usize {
    query
        .value("limit")
        .and_then(|text| text.parse().ok())
        .unwrap_or(LIST_DEFAULT)
        .min(LIST_MAX)
}

fn repeated() -> Response {
    wire::refusal(StatusCode::BAD_REQUEST, "bad_request", "a parameter is repeated")
}

const fn created(new: bool) -> StatusCode {
    if new { StatusCode::CREATED } else { StatusCode::OK }
}
