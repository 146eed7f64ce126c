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
//! | what is answered | [`respond`], [`fault`] |
//!
//! What it does not do: pages that ask (they are in `account` and `consent`), request objects, pushed requests, and
//! any response type but `code`.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{COOKIE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use web::extract::RawParams;
use web::paths::LocalPath;
use web::{Problem, Visit};

use crate::Service;
use crate::router::paths;

pub mod ask;
pub mod claims_request;
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

/// The longest address that a POST is turned into, in bytes; the listener takes 8 KiB.
const ADDRESS_BYTES_MAX: usize = 7 * 1024;

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
    match steps::admit(&service, raw) {
        Ok(permitted) => match as_get(&method, &headers, permitted.redirect().raw()) {
            Some(location) => Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()),
            None => respond::walk(&service, &visit, permitted, None).await,
        },
        Err(stop) => respond::stopped(&service, &visit, stop, None).await,
    }
}

/// The same request as a GET. A sub-site's POST comes without our cookies, because they are `SameSite=Lax`: it would
/// look as if nobody were signed in, and a new browser cookie would replace the one that drafts are bound to. The
/// navigation that follows a redirect has them. What the person typed at the sub-site (`login_hint`) stays out of the
/// address.
fn as_get(method: &Method, headers: &HeaderMap, raw: &Raw) -> Option<HeaderValue> {
    if *method != Method::POST || headers.contains_key(COOKIE) {
        return None;
    }
    let pairs = raw.pairs().iter().filter(|(name, _)| name != "login_hint");
    let path = pairs.fold(LocalPath::known(paths::AUTHORIZE), |path, (name, value)| {
        path.with(name, value)
    });
    let fits = path.as_str().len() <= ADDRESS_BYTES_MAX;
    HeaderValue::from_str(path.as_str()).ok().filter(|_| fits)
}
