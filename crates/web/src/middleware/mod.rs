//! The layers around every router, outermost first:
//!
//! 1. correlation number, client address, log span, counters, security headers;
//! 2. problems become pages, or documents for programs;
//! 3. a time limit, and panics become problems;
//! 4. the host must be ours;
//!
//! and around page routes only: cross-site POSTs are refused (A153, A154, A173).

mod headers;
mod observe;
mod problems;

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

pub use headers::{PAGE_POLICY, PAGE_POLICY_OWN_FORMS};
pub use observe::RequestId;

use crate::listen::UploadTime;
use crate::metrics::HttpMetrics;
use crate::page::Kit;
use crate::paths::LocalPath;
use crate::problem::Problem;

/// Whose requests a listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Only those for the issuer's host: the public listener.
    Issuer,
    /// Any: the internal listener with health and metrics, which is reached by address.
    Any,
}

/// What the outer layers need.
#[derive(Clone, Debug)]
pub struct Outer {
    /// The kit.
    pub kit: Kit,
    /// The counters.
    pub metrics: HttpMetrics,
    /// Whose requests are taken.
    pub hosts: Hosts,
    /// Paths that programs call and no browser: problems there are JSON, and no cookie is read or set. One that ends
    /// with a slash stands for everything below it.
    pub programs: &'static [&'static str],
    /// How long a request may take from its head to the answer's head, in milliseconds.
    pub request_timeout_ms: u64,
}

/// Puts the outer layers around the merged router. Once, by the server.
pub fn outer(router: Router, outer: Outer) -> Router {
    router
        .fallback(|| async { Problem::not_found().link(LocalPath::known("/"), "web-home") })
        .method_not_allowed_fallback(|| async { Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method") })
        .layer(from_fn_with_state(outer.clone(), check_host))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(outer.clone(), limit_time))
        .layer(from_fn_with_state(outer.clone(), problems::render))
        .layer(from_fn_with_state(outer, observe::observe))
}

/// Puts the cross-site check around page routes. Each crate does this to its pages, and not to endpoints that other
/// sites' programs post to.
pub fn page_routes<S: Clone + Send + Sync + 'static>(router: Router<S>, kit: Kit) -> Router<S> {
    router.layer(from_fn(move |request: Request, next: Next| {
        let refused = is_cross_site(kit.origin(), request.method(), request.headers());
        async move {
            if refused {
                cross_site().into_response()
            } else {
                next.run(request).await
            }
        }
    }))
}

fn cross_site() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "cross-site").caused_by("Origin or Sec-Fetch-Site is another site's")
}

/// Whether a request that may change something was caused by another site's page.
///
/// Browsers say so in `Sec-Fetch-Site`, older ones in `Origin` (RFC 6454). A program without either header is not a
/// browser that could be tricked; the form's own proof still has to hold. Our pages are sent with the referrer policy
/// `same-origin`, because under `no-referrer` browsers hide the origin of our own forms as `null`.
fn is_cross_site(own_origin: &str, method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let all = |name: &str| {
        headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap_or("?"))
            .collect::<Vec<_>>()
    };
    let by_fetch = match all("sec-fetch-site").as_slice() {
        [] => false,
        [site] => !matches!(*site, "same-origin" | "none"),
        _ => true,
    };
    let by_origin = match all(ORIGIN.as_str()).as_slice() {
        [] => false,
        [origin] => *origin != own_origin,
        _ => true,
    };
    by_fetch || by_origin
}

async fn check_host(State(outer): State<Outer>, request: Request, next: Next) -> Response {
    if outer.hosts == Hosts::Any {
        return next.run(request).await;
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (
        hosts.next().map(|host| host.to_str().unwrap_or_default()),
        hosts.next(),
    ) else {
        return Problem::new(StatusCode::BAD_REQUEST, "host")
            .caused_by("no Host, or two")
            .into_response();
    };
    let named = request.uri().authority().map(Authority::as_str);
    if is_ours(&outer.kit, host) && named.is_none_or(|named| is_ours(&outer.kit, named)) {
        next.run(request).await
    } else {
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "host")
            .caused_by("Host is not the issuer's")
            .into_response()
    }
}

fn is_ours(kit: &Kit, named: &str) -> bool {
    let default_port = match kit.base_url().scheme() {
        "https" => ":443",
        _ => ":80",
    };
    let named = if kit.base_url().port().is_none() {
        named.strip_suffix(default_port).unwrap_or(named)
    } else {
        named
    };
    named.eq_ignore_ascii_case(kit.authority())
}

async fn limit_time(State(outer): State<Outer>, request: Request, next: Next) -> Response {
    let longer = request.extensions().get::<UploadTime>().map(|time| time.0);
    let limit = longer.unwrap_or(Duration::from_millis(outer.request_timeout_ms));
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("the request took too long").into_response(),
    }
}

fn panicked(content: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = content
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| content.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    Problem::internal(format!("panic: {text}")).into_response()
}

#[cfg(test)]
mod tests;
