//! Answers of the protocol's endpoints: JSON with exact headers.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::error::Row;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer that nobody may keep (RFC 6749 section 5.1).
pub fn private(status: StatusCode, body: &impl Serialize) -> Response {
    let Ok(body) = serde_json::to_vec(body) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A document that everybody may keep for a while.
pub fn public(body: axum::body::Bytes, cache: &'static str) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
}

/// A row of the error table as an answer.
pub fn error(row: Row) -> Response {
    private(
        row.status,
        &ErrorBody {
            error: row.code.as_str(),
            error_description: row.text,
        },
    )
}
