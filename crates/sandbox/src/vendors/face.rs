//! A company that compares a live face with the police photograph: the caller states name and number, gets a number of
//! the check and an address to send the person to, and asks for the result afterwards. The page stands for the camera.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{is_providers, pages, random, with_parameters};
use crate::wire::{self, Parameters};
use crate::world::{Entry, Route, Status, World, fault};

/// Somebody else's name and number, for a result that is about another person.
const STRANGER: (&str, &str) = ("李静宜", "420000198511150022");

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The person has not been in front of the camera, or it is still being looked at.
    Pending,
    Passed,
    Failed,
    Cancelled,
    /// Passed, and the result is about another person.
    Stranger,
}

/// One check.
#[derive(Clone, Debug)]
pub(super) struct Check {
    reference: String,
    name: String,
    citizen_id: String,
    return_url: String,
    outcome: Outcome,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// The caller's own number, which comes back with the result.
    reference: String,
    name: String,
    citizen_id: String,
    return_url: String,
}

/// `POST /vendors/face/start`
pub(super) async fn start(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let start: Start = match received(&world, Route::FaceStart, &headers, &body).await {
        Ok(start) => start,
        Err(response) => return response,
    };
    let plain = (1..=100).contains(&start.reference.len()) && start.reference.is_ascii();
    if !plain || !is_providers(&world, &start.return_url) {
        record(
            &world,
            Route::FaceStart,
            &body,
            StatusCode::BAD_REQUEST,
            "bad_request",
        );
        let detail = "reference: 1 to 100 ASCII characters; return_url: an address of the caller's contract";
        return wire::refusal(StatusCode::BAD_REQUEST, "bad_request", detail);
    }
    let certify_id = world.reference("FACE");
    let url = format!("{}/vendors/face/checks/{certify_id}", world.base_url());
    world.vendors().faces.put(
        certify_id.clone(),
        Check {
            reference: start.reference,
            name: start.name,
            citizen_id: start.citizen_id,
            return_url: start.return_url,
            outcome: Outcome::Pending,
        },
    );
    record(&world, Route::FaceStart, &body, StatusCode::OK, "started");
    wire::json(StatusCode::OK, &json!({ "certify_id": certify_id, "url": url }))
}

/// `GET /vendors/face/checks/{certify_id}`: the page that stands for the camera.
pub(super) async fn show(
    State(world): State<World>,
    Path(certify_id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let query = Parameters::of_uri(&uri).unwrap_or_default();
    match world.vendors().faces.find(&certify_id) {
        Some(check) if check.outcome == Outcome::Pending => {
            pages::camera(&headers, &query, &world, (&certify_id, &check.return_url), false)
        }
        _ => pages::gone(&headers, &query),
    }
}

/// `POST /vendors/face/checks/{certify_id}`: what the camera saw.
pub(super) async fn decide(
    State(world): State<World>,
    Path(certify_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Parameters::of_form(&body).unwrap_or_default();
    let Some(mut check) = world.vendors().faces.find(&certify_id) else {
        return pages::gone(&headers, &form);
    };
    check.outcome = match form.value("outcome") {
        Some("passes") => Outcome::Passed,
        Some("fails") => Outcome::Failed,
        Some("cancels") => Outcome::Cancelled,
        Some("another-person") => Outcome::Stranger,
        // The company's own computers are busy; the person is told to wait and may go back by themselves.
        _ => return pages::camera(&headers, &form, &world, (&certify_id, &check.return_url), true),
    };
    let back = with_parameters(&check.return_url, &[("certify_id", &certify_id)]);
    world.vendors().faces.put(certify_id, check);
    wire::see_other(&back)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    certify_id: String,
}

/// `POST /vendors/face/result`
pub(super) async fn result(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let asked: Asked = match received(&world, Route::FaceResult, &headers, &body).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    let Some(check) = world.vendors().faces.find(&asked.certify_id) else {
        record(
            &world,
            Route::FaceResult,
            &body,
            StatusCode::NOT_FOUND,
            "not_found",
        );
        return wire::refusal(StatusCode::NOT_FOUND, "not_found", "there is no such check");
    };
    let (state, reason) = verdict(&world, &check);
    let (name, citizen_id) = match check.outcome {
        Outcome::Stranger => STRANGER,
        _ => (check.name.as_str(), check.citizen_id.as_str()),
    };
    record(&world, Route::FaceResult, &body, StatusCode::OK, state);
    let document = json!({
        "certify_id": asked.certify_id,
        "reference": check.reference,
        "state": state,
        "reason": reason,
        "name": name,
        "citizen_id": citizen_id,
        "transaction": random(&world),
    });
    wire::json(StatusCode::OK, &document)
}

/// What the company says: nobody passes who is not in the register as stated, however well the camera saw them.
fn verdict(world: &World, check: &Check) -> (&'static str, Option<&'static str>) {
    match check.outcome {
        Outcome::Pending => return ("pending", None),
        Outcome::Failed => return ("failed", Some("face_differs")),
        Outcome::Cancelled => return ("cancelled", None),
        Outcome::Stranger => return ("passed", None),
        Outcome::Passed => {}
    }
    let registers = world.people();
    match registers
        .person(&check.citizen_id)
        .filter(|person| person.registered)
    {
        None => ("failed", Some("not_found")),
        Some(person) if person.name_on_record() != check.name => ("failed", Some("mismatch")),
        Some(person) if person.status != Status::Normal => ("failed", Some("restricted")),
        Some(_) => ("passed", None),
    }
}

/// Key, faults, and the body read.
async fn received<T: for<'de> Deserialize<'de>>(
    world: &World,
    route: Route,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, Response> {
    if !wire::has_key(headers, &world.keys().vendors) {
        record(world, route, body, StatusCode::UNAUTHORIZED, "no_key");
        let detail = "a bearer key of this company is needed";
        return Err(wire::refusal(StatusCode::UNAUTHORIZED, "unauthorised", detail));
    }
    if let Some((status, outcome, response)) = fault(world, route).await {
        record(world, route, body, status, outcome);
        return Err(response);
    }
    wire::parse(body).inspect_err(|_| record(world, route, body, StatusCode::BAD_REQUEST, "bad_request"))
}

fn record(world: &World, route: Route, body: &[u8], status: StatusCode, outcome: &str) {
    world.journal().record(Entry {
        at: world.clock().now(),
        route,
        request: serde_json::from_slice(body).unwrap_or(Value::Null),
        status: status.as_u16(),
        outcome: outcome.to_owned(),
    });
}
