//! Turns the problems that handlers answered into pages or documents in the caller's language, and at programs'
//! endpoints into JSON.

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::form::Words;
use crate::middleware::Outer;
use crate::page::{Facts, Page, Visit};
use crate::problem::{Carried, Problem, wants_document};

#[derive(Template)]
#[template(path = "problem.html")]
struct Content {
    help: String,
    code: &'static str,
    link: Option<(String, String)>,
}

pub(super) async fn render(State(outer): State<Outer>, request: Request, next: Next) -> Response {
    if is_for_programs(outer.programs, request.uri().path()) {
        return for_programs(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let facts = Facts::of(&parts);
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(Carried(problem)) = response.extensions().get::<Carried>().cloned() else {
        return response;
    };
    problem.log();
    let document = wants_document(&facts.headers);
    let mut visit = Visit::read(outer.kit.clone(), facts);
    visit.forget_query();
    let mut rendered = if document {
        as_document(&visit, &problem)
    } else {
        as_page(&visit, &problem)
    };
    keep_headers(&response, &mut rendered);
    rendered
}

/// What the handler or the router said in headers stays: cookies, Allow.
fn keep_headers(response: &Response, rendered: &mut Response) {
    for (name, value) in response.headers() {
        if !matches!(name.as_str(), "content-type" | "content-length" | "retry-after") {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
}

fn is_for_programs(programs: &[&str], path: &str) -> bool {
    programs
        .iter()
        .any(|program| *program == path || (program.ends_with('/') && path.starts_with(program)))
}

/// The form of OAuth's errors (RFC 6749 section 5.2), which clients of every program endpoint can read.
#[derive(Serialize)]
struct ProgramError {
    error: &'static str,
    error_description: &'static str,
}

/// A problem as a program understands it: no page, no language, no cookies. Answers of the endpoints themselves are
/// not problems and stay as they are.
fn for_programs(response: Response) -> Response {
    let Some(Carried(problem)) = response.extensions().get::<Carried>().cloned() else {
        return response;
    };
    problem.log();
    let body = serde_json::to_vec(&program_error(problem.status())).unwrap_or_default();
    let mut rendered = (problem.status(), body).into_response();
    let kind = HeaderValue::from_static("application/json");
    rendered.headers_mut().insert(CONTENT_TYPE, kind);
    keep_headers(&response, &mut rendered);
    problem.mark(&mut rendered);
    rendered
}

fn program_error(status: StatusCode) -> ProgramError {
    let (error, error_description) = match status {
        StatusCode::METHOD_NOT_ALLOWED => ("invalid_request", "this method is not for this address"),
        StatusCode::NOT_FOUND => ("invalid_request", "there is nothing at this address"),
        StatusCode::MISDIRECTED_REQUEST => ("invalid_request", "the host is not the issuer's"),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => (
            "temporarily_unavailable",
            "this cannot be answered now, try again later",
        ),
        StatusCode::INTERNAL_SERVER_ERROR => ("server_error", "a fault of the provider"),
        _ => ("invalid_request", "the request cannot be understood"),
    };
    ProgramError {
        error,
        error_description,
    }
}

fn as_document(visit: &Visit, problem: &Problem) -> Response {
    let title = visit.t_with(&problem.title_key(), problem.args());
    let detail = visit.t_with(&problem.help_key(), problem.args());
    problem.document(&title, &detail, visit.request_id())
}

fn as_page(visit: &Visit, problem: &Problem) -> Response {
    let title = Words::plain(visit.t_with(&problem.title_key(), problem.args()));
    let content = Content {
        help: visit.t_with(&problem.help_key(), problem.args()),
        code: problem.code(),
        link: problem.next().map(|(path, key)| (path.to_string(), visit.t(key))),
    };
    let mut response = visit.render(Page::new("problem", title).status(problem.status()), &content);
    problem.mark(&mut response);
    response
}
