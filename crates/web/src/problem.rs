//! When something cannot be done: a page that says what to do next, or a problem document for programs.
//!
//! A handler answers `Err(Problem)`. The response that this makes carries the problem itself; the outer layer
//! ([`crate::middleware`]) knows the language, the correlation number and what the caller accepts, and turns it into
//! a page or an RFC 9457 document. The public part is a stable code and two texts, `problem-CODE` (what happened)
//! and `problem-CODE-help` (what to do); the private cause goes to the log under the correlation number. Nothing
//! that the request contained is repeated.

use std::fmt::Display;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use crate::language::Value;
use crate::paths::LocalPath;

/// Why a request was not done.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    args: Vec<(&'static str, Value)>,
    retry_after_seconds: Option<u32>,
    next: Option<(LocalPath, &'static str)>,
    cause: Option<String>,
}

impl Problem {
    /// A problem with a stable code. Its texts are `problem-CODE` and `problem-CODE-help`.
    pub const fn new(status: StatusCode, code: &'static str) -> Self {
        Self {
            status,
            code,
            args: Vec::new(),
            retry_after_seconds: None,
            next: None,
            cause: None,
        }
    }

    /// 404: no such page.
    pub const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found")
    }

    /// 400: the request cannot be understood.
    pub const fn bad_request() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request")
    }

    /// 403: the form did not come from a page of ours in this browser.
    pub const fn form_expired() -> Self {
        Self::new(StatusCode::FORBIDDEN, "form-expired")
    }

    /// 429: too many tries; says when to come back.
    pub fn too_many(retry_after_seconds: u32) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many").retry_after(retry_after_seconds)
    }

    /// 503: something that is needed does not answer.
    pub fn unavailable(cause: impl Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            .retry_after(30)
            .caused_by(cause)
    }

    /// 500: a fault of ours.
    pub fn internal(cause: impl Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal").caused_by(cause)
    }

    /// A value that the texts mention.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// When to try again, in seconds; in the `Retry-After` header and as `{ $minutes }` for the texts.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self.with("seconds", seconds)
            .with("minutes", seconds.div_ceil(60))
    }

    /// Where to go from here, with the text of the link.
    #[must_use]
    pub fn link(mut self, path: LocalPath, text_key: &'static str) -> Self {
        self.next = Some((path, text_key));
        self
    }

    /// The private cause, for the log. No personal data.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What the texts mention.
    pub fn args(&self) -> &[(&'static str, Value)] {
        &self.args
    }

    /// Where to go from here.
    pub const fn next(&self) -> Option<&(LocalPath, &'static str)> {
        self.next.as_ref()
    }

    /// The key of the text that says what happened.
    pub fn title_key(&self) -> String {
        format!("problem-{}", self.code)
    }

    /// The key of the text that says what to do.
    pub fn help_key(&self) -> String {
        format!("problem-{}-help", self.code)
    }

    /// Writes the private cause to the log: faults of ours as errors, the rest as information.
    pub fn log(&self) {
        let cause = self.cause.as_deref().unwrap_or("-");
        if self.status.is_server_error() {
            tracing::error!(code = self.code, status = self.status.as_u16(), cause, "problem");
        } else {
            tracing::info!(code = self.code, status = self.status.as_u16(), cause, "problem");
        }
    }

    /// Puts `Retry-After` on a response.
    pub fn mark(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after_seconds {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }

    /// The problem as an RFC 9457 document with texts already in the caller's language.
    pub fn document(&self, title: &str, detail: &str, correlation: &str) -> Response {
        let document = Document {
            kind: "about:blank",
            title,
            status: self.status.as_u16(),
            detail,
            code: self.code,
            correlation,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        self.mark(&mut response);
        response
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    correlation: &'a str,
}

/// The problem that a response stands for, for the outer layer.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Seen by people only where the outer layer is missing, as in the tests of a single router.
        let mut response = (self.status, format!("problem: {}\n", self.code)).into_response();
        self.mark(&mut response);
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}

/// Whether the caller would rather have a document than a page (RFC 9110, 12.5.1, as far as it matters here).
pub fn wants_document(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept
        .split(',')
        .take(16)
        .find_map(|range| match range.split(';').next().unwrap_or_default().trim() {
            "text/html" | "application/xhtml+xml" | "text/*" => Some(false),
            "application/json" | "application/problem+json" | "application/*" => Some(true),
            _ => None,
        })
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))])
    }

    #[test]
    fn browsers_get_pages_and_programs_that_ask_get_documents() {
        assert!(!wants_document(&HeaderMap::new()));
        assert!(!wants_document(&accepts(
            "text/html,application/xhtml+xml,*/*;q=0.8"
        )));
        assert!(!wants_document(&accepts("*/*")));
        assert!(wants_document(&accepts("application/json, text/plain, */*")));
        assert!(wants_document(&accepts("application/problem+json")));
    }

    #[test]
    fn the_cause_is_not_in_the_answer() {
        let problem = Problem::internal("database password is hunter2").with("name", "x");
        let response = problem.document("t", "d", "id-1");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn too_many_says_when_to_come_back() {
        let response = Problem::too_many(90).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "90");
    }
}
