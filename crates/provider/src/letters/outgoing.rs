//! How the worker reaches sub-sites, and how it counts what comes of it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use web::outbound::Guarded;

/// Why there was no answer. The text is for the log and says nothing about a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(pub String);

/// What a request gives: the status of the answer.
pub type Answer = Pin<Box<dyn Future<Output = Result<StatusCode, NoAnswer>> + Send>>;

/// Makes one request: a form with nothing but `logout_token`, sent to the registered address, without following
/// redirects.
#[derive(Clone)]
pub struct Outgoing(Arc<dyn Fn(String, String) -> Answer + Send + Sync>);

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outgoing(…)")
    }
}

impl Outgoing {
    pub(crate) async fn post(&self, uri: String, token: String) -> Result<StatusCode, NoAnswer> {
        (self.0)(uri, token).await
    }

    /// Requests are made by the guarded client, which follows no redirects.
    pub fn guarded(client: &Guarded) -> Self {
        let client = client.clone();
        Self::new(move |uri, token| {
            let client = client.clone();
            async move {
                let answer = client.post_form(&uri, &[("logout_token", token.as_str())]).await;
                answer.map_err(|error| NoAnswer(error.to_string()))
            }
        })
    }

    /// Requests are made by a function of the address and the token.
    pub fn new<F>(post: impl Fn(String, String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<StatusCode, NoAnswer>> + Send + 'static,
    {
        Self(Arc::new(move |uri, token| Box::pin(post(uri, token))))
    }
}

/// What an attempt is counted under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

/// Counters of attempts by their outcome: `confirmed`, `refused`, `retried`, `given_up`, `not_supported`.
#[derive(Clone, Debug, Default)]
pub struct Counters(Family<Labels, Counter>);

impl Counters {
    /// Makes the counters known to a registry.
    pub fn register(registry: &mut Registry) -> Self {
        let counters = Self::default();
        registry.register(
            "backchannel_logout_attempts",
            "Sub-sites told of a sign-out, by outcome",
            counters.0.clone(),
        );
        counters
    }

    pub(super) fn count(&self, outcome: &'static str) {
        self.0.get_or_create(&Labels { outcome }).inc();
    }

    #[cfg(test)]
    pub(super) fn of(&self, outcome: &'static str) -> u64 {
        self.0.get_or_create(&Labels { outcome }).get()
    }
}
