//! The authorization endpoint (OpenID Connect Core 3.1.2, RFC 6749 section 4.1, RFC 9700).
//!
//! | Question | Module |
//! | --- | --- |
//! | in which order | [`steps`] |
//! | who asks, and where do answers go | [`redirect`] |
//! | what is asked | [`request`], [`claims_request`] |
//! | may this client ask it | `permit` |
//! | which level is needed | [`level`] |
//! | whom does a hint name | [`hint`] |
//! | what is the resident asked | [`ask`] |
//! | how does the request go on afterwards | [`resume`] |
//! | what if a form comes without our cookies | `detour` |
//! | what is answered | [`respond`], [`fault`] |
//!
//! What it does not do: pages that ask (they are in `account` and `consent`), request objects, pushed requests, and
//! any response type but `code`.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method};
use web::extract::RawParams;
use web::{Problem, Visit};

use crate::Service;

pub mod ask;
pub mod claims_request;
pub(crate) mod detour;
pub mod fault;
pub mod hint;
pub mod level;
mod permit;
pub mod redirect;
pub mod request;
pub mod respond;
pub mod resume;
pub mod steps;
#[cfg(test)]
pub(crate) mod tests;

use request::Raw;

/// `GET /authorize` and `POST /authorize`. A parameter counts wherever it is, so one that is in the address and in
/// the body is there twice (A018).
pub async fn authorize(
    State(service): State<Service>,
    visit: Visit,
    method: Method,
    headers: HeaderMap,
    RawParams { query, body }: RawParams,
) -> Result<Response, Problem> {
    let raw = Raw::new(query.into_iter().chain(body));
    if method == Method::POST && !detour::has_our_cookies(service.kit(), &headers) {
        let admitted = steps::admit(&service, raw.clone());
        return detour::answer(&service, &visit, &raw, admitted).await;
    }
    match steps::admit(&service, raw) {
        Ok(permitted) => respond::walk(&service, &visit, permitted, None).await,
        Err(stop) => respond::stopped(&service, &visit, stop, None).await,
    }
}
