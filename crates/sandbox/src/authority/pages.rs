//! The authority's files, and the page that stands for the software of a USB key.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Flaw;
use crate::texts::{self, Words};
use crate::wire::{self, Parameters};
use crate::world::{Person, World};

/// How many people the page offers.
const PEOPLE_MAX: usize = 200;

#[derive(Template)]
#[template(path = "authority/sign.html")]
struct Sign {
    w: Words,
    people: Vec<Person>,
    flaws: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "authority/signed.html")]
struct Done<'a> {
    w: Words,
    certificate: &'a str,
    signature: &'a str,
}

/// `GET /authority`
pub(super) async fn show(State(world): State<World>, headers: HeaderMap, uri: Uri) -> Response {
    let query = Parameters::of_uri(&uri).unwrap_or_default();
    render(&Sign {
        w: words(&headers, &query),
        people: world.people().list_people(PEOPLE_MAX),
        flaws: Flaw::ALL.map(Flaw::word).to_vec(),
    })
}

/// `POST /authority/sign`: a form with `citizen_id`, `challenge` and perhaps `flaw`; the answer is a page, or JSON for
/// programs that ask for it.
pub(super) async fn sign(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Parameters::of_form(&body).unwrap_or_default();
    let text = form.value("challenge").unwrap_or_default().trim().to_owned();
    let flaw = form.value("flaw").map_or(Some(Flaw::None), Flaw::parse);
    let person = form
        .value("citizen_id")
        .and_then(|id| world.people().person(id).cloned());
    let (Some(person), Some(flaw), false) = (person, flaw, text.is_empty()) else {
        let detail = "citizen_id: somebody of this world; challenge: what is to be signed; flaw: none, expired, encryption";
        return wire::refusal(StatusCode::BAD_REQUEST, "bad_request", detail);
    };
    let who = (person.name.as_str(), person.citizen_id.as_str());
    let signed = match world.authority().sign(who, flaw, (&text, world.clock().now())) {
        Ok(signed) => signed,
        Err(error) => return broken(&error),
    };
    let signature = STANDARD.encode(&signed.signature);
    let wants = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    if wants.is_some_and(|accept| accept.contains("json")) {
        let answer = json!({ "certificate": signed.certificate, "signature": signature });
        return wire::json(StatusCode::OK, &answer);
    }
    render(&Done {
        w: words(&headers, &form),
        certificate: &signed.certificate,
        signature: &signature,
    })
}

/// `GET /authority/root.pem`
pub(super) async fn root(State(world): State<World>) -> Response {
    file(world.authority().pem(), "application/x-pem-file")
}

/// `GET /authority/list.crl`
pub(super) async fn list(State(world): State<World>) -> Response {
    file(
        world.authority().list(world.clock().now()),
        "application/pkix-crl",
    )
}

/// `PUT /authority/revocations/{citizen_id}`
pub(super) async fn revoke(State(world): State<World>, Path(citizen_id): Path<String>) -> Response {
    let revoked = world.authority().revoke(&citizen_id);
    wire::json(StatusCode::OK, &json!({ "revoked": revoked }))
}

fn file(content: anyhow::Result<Vec<u8>>, kind: &'static str) -> Response {
    match content {
        Ok(content) => ([(CONTENT_TYPE, kind)], content).into_response(),
        Err(error) => broken(&error),
    }
}

fn broken(error: &anyhow::Error) -> Response {
    tracing::error!(%error, "the sandbox authority failed");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn words(headers: &HeaderMap, query: &Parameters) -> Words {
    Words::in_language(texts::choose(query.value("lang"), None, headers))
}

fn render(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => wire::page(StatusCode::OK, html, ""),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
