//! The outermost layer: who asks, under which number, how long it took. Never what was in the query.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tracing::Instrument as _;

use crate::client_address::{ClientAddress, PeerAddress};
use crate::middleware::{Outer, headers};

/// The correlation number of a request: in the log, on the page, in `x-request-id`. Always ours; what the request
/// says is not believed.
#[derive(Clone, Debug)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self(Arc::from("-"))
    }
}

/// The header that carries the number to the caller.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn observe(State(outer): State<Outer>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let in_flight = outer.metrics.started();
    let id = uuid::Builder::from_random_bytes(outer.kit.rng().bytes())
        .into_uuid()
        .hyphenated()
        .to_string();
    let peer = request.extensions().get::<PeerAddress>().map(|peer| peer.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let client: ClientAddress = outer.kit.trusted_proxies().client(peer, request.headers());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    request.extensions_mut().insert(RequestId(Arc::from(id.as_str())));
    request.extensions_mut().insert(client);

    // The address stays out of the log line: it is personal data. Limits and the audit log have it.
    let span = tracing::info_span!("request", id, method = method.as_str(), route);
    let mut response = next.run(request).instrument(span.clone()).await;

    let took = began.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| {
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status, milliseconds, "answered");
    });
    outer.metrics.finished(&method, &route, status, took);
    drop(in_flight);
    let https = outer.kit.base_url().scheme() == "https";
    headers::secure(response.headers_mut(), https);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
