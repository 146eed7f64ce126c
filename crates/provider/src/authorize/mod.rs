//! The authorization endpoint (OpenID Connect Core 3.1.2, RFC 6749 section 4.1, RFC 9101, RFC 9126 section 4,
//! RFC 9207, RFC 9700, OAuth 2.0 Form Post Response Mode).
//!
//! | Question | Module |
//! | --- | --- |
//! | in which order | [`steps`] |
//! | what do they know besides the request | [`course`] |
//! | who asks, and where do answers go | [`redirect`] |
//! | by which way did the parameters come | [`raw`], `way`, `object` |
//! | what is asked | [`request`], [`claims_request`] |
//! | may this client ask it | `permit` |
//! | which level is needed | [`level`] |
//! | whom does a hint name | [`hint`] |
//! | what is the resident asked | [`ask`] |
//! | how does the request go on afterwards | [`resume`] |
//! | what if a form comes without our cookies | `detour` |
//! | how much is put aside | `bounds` |
//! | what is answered | [`respond`], `form_post`, [`fault`] |
//!
//! What it does not do: pages that ask (they are in `account` and `consent`), taking pushed requests in (that is
//! [`crate::par`]), and any response type but `code`.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method};
use web::extract::RawParams;
use web::{Problem, Visit};

use crate::Service;

pub mod ask;
pub(crate) mod bounds;
pub mod claims_request;
pub mod course;
pub(crate) mod detour;
pub mod fault;
pub(crate) mod form_post;
pub mod hint;
pub mod level;
pub(crate) mod object;
mod permit;
pub mod raw;
pub mod redirect;
pub mod request;
pub mod respond;
pub mod resume;
pub mod steps;
#[cfg(test)]
pub(crate) mod tests;
mod way;

use raw::Raw;

/// `GET /authorize` and `POST /authorize`. A parameter counts wherever it is, so one that is in the address and in
/// the body is there twice (A018).
pub async fn authorize(
    State(service): State<Service>,
    mut visit: Visit,
    method: Method,
    headers: HeaderMap,
    RawParams { query, body }: RawParams,
) -> Result<Response, Problem> {
    let outside = Raw::new(query.into_iter().chain(body));
    let admitted = way::admit(&service, outside.clone())
        .await
        .map_err(Problem::unavailable)?;
    if let Ok(permitted) = &admitted {
        respond::speak(&mut visit, permitted.redirect().raw());
    }
    if method == Method::POST && !detour::has_our_cookies(service.kit(), &headers) {
        return detour::answer(&service, &visit, &outside, admitted).await;
    }
    match admitted {
        Ok(permitted) => respond::walk(&service, &visit, permitted, None).await,
        Err(stop) => respond::stopped(&service, &visit, stop, None).await,
    }
}
