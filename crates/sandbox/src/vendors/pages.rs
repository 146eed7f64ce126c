//! The vendors' pages.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::identity::Request;
use super::lies::Lie;
use super::{Party, openid};
use crate::texts::{self, Words};
use crate::wire::{self, Parameters};
use crate::world::{Person, World};

/// How many people a page offers.
const PEOPLE_MAX: usize = 200;

#[derive(Template)]
#[template(path = "vendor/camera.html")]
struct Camera<'a> {
    w: Words,
    certify_id: &'a str,
    return_url: &'a str,
    busy: bool,
}

#[derive(Template)]
#[template(path = "vendor/sign_in.html")]
struct SignIn<'a> {
    w: Words,
    party: Party,
    request: &'a str,
    people: Vec<Person>,
    levels: &'static [&'static str],
    lies: Vec<&'static str>,
}

impl SignIn<'_> {
    fn title(&self) -> String {
        self.w.say(&format!("vendor-{}-title", self.party.word()))
    }
}

#[derive(Template)]
#[template(path = "vendor/said.html")]
struct Said {
    w: Words,
    key: &'static str,
}

/// The page that stands for the camera.
pub(super) fn camera(
    headers: &HeaderMap,
    query: &Parameters,
    world: &World,
    (certify_id, return_url): (&str, &str),
    busy: bool,
) -> Response {
    let page = Camera {
        w: words(headers, query),
        certify_id,
        return_url,
        busy,
    };
    render(StatusCode::OK, &page, world)
}

/// The page on which somebody signs in and decides.
pub(super) fn sign_in(
    headers: &HeaderMap,
    query: &Parameters,
    world: &World,
    request: &Request,
    id: &str,
) -> Response {
    let page = SignIn {
        w: words(headers, query),
        party: request.party,
        request: id,
        people: world.people().list_people(PEOPLE_MAX),
        levels: if request.party == Party::Province {
            &openid::LEVELS
        } else {
            &[]
        },
        lies: Lie::ALL.into_iter().map(|(_, word)| word).collect(),
    };
    render(StatusCode::OK, &page, world)
}

/// There is nothing here any more.
pub(super) fn gone(headers: &HeaderMap, query: &Parameters) -> Response {
    said(headers, query, "vendor-gone", StatusCode::NOT_FOUND)
}

/// The request that led here is not right.
pub(super) fn refused(headers: &HeaderMap, query: &Parameters) -> Response {
    said(headers, query, "vendor-refused", StatusCode::BAD_REQUEST)
}

fn said(headers: &HeaderMap, query: &Parameters, key: &'static str, status: StatusCode) -> Response {
    let page = Said {
        w: words(headers, query),
        key,
    };
    match page.render() {
        Ok(html) => wire::page(status, html, ""),
        Err(error) => failed(&error),
    }
}

fn render(status: StatusCode, page: &impl Template, world: &World) -> Response {
    // The form ends at the provider.
    let targets = format!(" {}", world.issuer().origin().ascii_serialization());
    match page.render() {
        Ok(html) => wire::page(status, html, &targets),
        Err(error) => failed(&error),
    }
}

fn failed(error: &askama::Error) -> Response {
    tracing::error!(%error, "a page could not be made");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn words(headers: &HeaderMap, query: &Parameters) -> Words {
    Words::in_language(texts::choose(query.value("lang"), None, headers))
}
