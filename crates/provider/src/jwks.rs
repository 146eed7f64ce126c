//! The public keys (RFC 7517 section 5, OpenID Connect Core 10.1).

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::Service;
use crate::keys::ANNOUNCED_HOURS;

/// For how long clients keep it, in seconds.
const KEEP_SECONDS: i64 = 300;
const CACHE: &str = "public, max-age=300";

// Whoever kept the set for as long as it may be kept knows the key that signs now.
const _: () = assert!(KEEP_SECONDS < ANNOUNCED_HOURS * 3600);

/// `GET /jwks.json`
pub async fn document(State(service): State<Service>, headers: HeaderMap) -> Response {
    service.key_set().answer(&headers, CACHE)
}
