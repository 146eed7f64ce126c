//! The public keys (RFC 7517 section 5, OpenID Connect Core 10.1).

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;

use crate::{Service, wire};

/// Clients look again after this time; the next key is published long before it signs.
const CACHE: &str = "public, max-age=300";

/// `GET /jwks.json`
pub async fn document(State(service): State<Service>) -> Response {
    wire::public(Bytes::copy_from_slice(&service.ring().jwks()), CACHE)
}
