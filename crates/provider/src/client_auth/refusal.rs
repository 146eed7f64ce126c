//! A refusal with its headers, and the counting of refused proofs.

use std::fmt::Debug;

use axum::response::Response;
use chrono::{DateTime, Utc};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use model::event::Event;
use model::ids::ClientId;
use store::audit::{self, Entry};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};

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

/// Refused proofs from one network, whichever clients they name, that the audit log has one by one.
pub(super) const WRITTEN_OF_NETWORK: Rule = Rule {
    name: "client-refused-network",
    limit: 120,
    window_seconds: 300,
};
/// Refused proofs from everywhere that the audit log has one by one. It is kept for months, and whoever asks from many
/// networks or in the name of many clients must not be able to fill it.
pub(super) const WRITTEN: Rule = Rule {
    name: "client-refused-all",
    limit: 3000,
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

/// Counts a refused proof, and writes it to the audit log as long as there are not too many of them; the answer does not
/// depend on whether it is written.
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
    if let Some(mut entry) = entry(&tx, origin, known, error, now).await? {
        entry.request_id.clone_from(&origin.request_id);
        audit::record(&tx, service.store().rng(), entry).await?;
    }
    Ok(error.into())
}

/// What the audit log gets: the refusal, or once in each window of a counter that is full that there are more.
async fn entry(
    tx: &Tx,
    origin: &Origin,
    known: Option<&ClientId>,
    error: ClientAuthError,
    now: DateTime<Utc>,
) -> Result<Option<Entry>, StoreError> {
    let network = origin.address.network().to_string();
    // The network's first: what one sends above its own limit does not use up what all share.
    for (rule, key) in [(&WRITTEN_OF_NETWORK, network.as_str()), (&WRITTEN, "")] {
        let count = throttles::hit(tx, rule, key, now).await?;
        if count.exceeded() {
            let first = count.count == count.limit + 1;
            let details = serde_json::json!({
                "reason": "TooManyToWrite", "counter": rule.name, "not_written_until": count.resets_at,
            });
            return Ok(first.then(|| Entry::new(Event::ClientRefused, now).details(details)));
        }
    }
    // For unknown names too, so that they cost the same; the name itself is not written then.
    let details = serde_json::json!({ "reason": format!("{error:?}") });
    let mut entry = Entry::new(Event::ClientRefused, now).details(details);
    entry.client = known.cloned();
    Ok(Some(entry))
}
