//! Answers of the protocol's endpoints: JSON with exact headers.

use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, PRAGMA};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

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

/// A document that everybody may keep for a while, as the bytes that are sent, with the name of exactly these bytes
/// (RFC 9110 section 8.8.3): whoever has them already is told so without them.
#[derive(Clone, Debug)]
pub struct Document {
    body: Bytes,
    etag: HeaderValue,
}

impl Document {
    /// Of bytes of JSON.
    pub fn of(json: &[u8]) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(json));
        Self {
            body: Bytes::copy_from_slice(json),
            // Base64url in quotation marks is always a value; without one the document is sent each time.
            etag: HeaderValue::try_from(format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\"")),
        }
    }

    /// The answer to a request for it: itself, or that it has not changed.
    pub fn answer(&self, asked: &HeaderMap, cache: &'static str) -> Response {
        let known = self.is_known(asked);
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.body.clone().into_response()
        };
        let headers = response.headers_mut();
        if !known {
            headers.insert(CONTENT_TYPE, JSON);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(ETAG, self.etag.clone());
        response
    }

    /// RFC 9110 section 13.1.2: the comparison is weak, and a list may come in several lines.
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let ours = self.etag.as_bytes();
        asked
            .get_all(IF_NONE_MATCH)
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == ours)
    }
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
