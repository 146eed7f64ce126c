//! A refusal with its headers, and the counting of refused proofs.

use std::fmt::Debug;

use axum::response::Response;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use model::event::Event;
use model::ids::ClientId;
use store::audit::{self, Entry};
use store::throttles::{self, Rule};

use super::{Origin, named};
use crate::error::{ClientAuthError, Fault, Row};
use crate::{Service, wire};

/// Refused proofs of one client from one network. What is guessed is 256 bits, so this does not protect secrets;
/// it bounds what a broken or hostile program costs, and the right proof is accepted all the while.
const REFUSALS: Rule = Rule {
    name: "client-refused",
    limit: 30,
    window_seconds: 300,
};

/// A refusal with its headers. Made from any fault of the table.
#[derive(Debug)]
pub struct Refusal {
    row: Row,
    /// The name of the fault, for the log.
    reason: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl<F: Fault> From<F> for Refusal {
    fn from(fault: F) -> Self {
        Self {
            row: fault.told(),
            reason: format!("{fault:?}"),
            headers: Vec::new(),
        }
    }
}

impl Refusal {
    /// The row of the table that it is.
    pub const fn row(&self) -> Row {
        self.row
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer.
    pub fn into_response(self) -> Response {
        tracing::info!(reason = %self.reason, "request refused");
        let mut response = wire::error(self.row);
        let headers = response.headers_mut();
        if self.row.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"token\""),
            );
        }
        headers.extend(self.headers);
        response
    }
}

/// Counts a refused proof, and writes it to the audit log as long as there are not too many.
pub(super) async fn counted(
    service: &Service,
    origin: &Origin,
    known: Option<&ClientId>,
    error: ClientAuthError,
) -> Refusal {
    tracing::info!(reason = ?error, client = named(known), "client refused");
    match count(service, origin, known, error).await {
        Ok(refusal) => refusal,
        Err(error) => error.into(),
    }
}

async fn count(
    service: &Service,
    origin: &Origin,
    known: Option<&ClientId>,
    error: ClientAuthError,
) -> Result<Refusal, ClientAuthError> {
    let (tx, now) = (service.store().read(), service.now());
    // Unknown names share one counter, or each made-up name would make a row.
    let key = format!(
        "{}\u{0}{}",
        known.map_or("", ClientId::as_str),
        origin.address.network()
    );
    let count = throttles::hit(&tx, &REFUSALS, &key, now).await?;
    if count.exceeded() {
        let seconds = HeaderValue::from(count.retry_after_seconds(now));
        return Ok(Refusal::from(ClientAuthError::TooManyRefusals).with_header(RETRY_AFTER, seconds));
    }
    // For unknown names too, so that they cost the same; the name itself is not written then.
    let mut entry =
        Entry::new(Event::ClientRefused, now).details(serde_json::json!({ "reason": format!("{error:?}") }));
    entry.client = known.cloned();
    entry.request_id.clone_from(&origin.request_id);
    audit::record(&tx, service.store().rng(), entry).await?;
    Ok(error.into())
}
