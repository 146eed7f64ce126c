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

/// The media type of a signed event (RFC 8417 section 7.2).
const MEDIA_TYPE: &str = "application/secevent+jwt";

/// Why there was no answer. The text is for the log and says nothing about a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(pub String);

/// What a request gives: the status of the answer.
pub type Answer = Pin<Box<dyn Future<Output = Result<StatusCode, NoAnswer>> + Send>>;

/// Makes one request: a token, sent to the registered address, without following redirects.
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

    /// Requests are made by the guarded client, which follows no redirects: a form with nothing but `logout_token`
    /// (OpenID Connect Back-Channel Logout 1.0 section 2.5).
    pub fn form(client: &Guarded) -> Self {
        let client = client.clone();
        Self::new(move |uri, token| {
            let client = client.clone();
            async move {
                let answer = client.post_form(&uri, &[("logout_token", token.as_str())]).await;
                answer.map_err(|error| NoAnswer(error.to_string()))
            }
        })
    }

    /// Requests are made by the guarded client, which follows no redirects: the token is all of the body (RFC 8935
    /// section 2).
    pub fn document(client: &Guarded) -> Self {
        let client = client.clone();
        Self::new(move |uri, token| {
            let client = client.clone();
            async move {
                let answer = client.post_document(&uri, MEDIA_TYPE, token).await;
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

/// Counters of attempts by their outcome: `confirmed`, `refused`, `retried`, `given_up`, and `not_supported` (of
/// sign-outs) or `not_wanted` (of events).
#[derive(Clone, Debug, Default)]
pub struct Counters(Family<Labels, Counter>);

impl Counters {
    /// Makes the counters of sign-outs known to a registry.
    pub fn of_sign_outs(registry: &mut Registry) -> Self {
        Self::register(
            registry,
            "backchannel_logout_attempts",
            "Sub-sites told of a sign-out, by outcome",
        )
    }

    /// Makes the counters of events known to a registry.
    pub fn of_events(registry: &mut Registry) -> Self {
        Self::register(
            registry,
            "status_event_attempts",
            "Sub-sites told of an event, by outcome",
        )
    }

    fn register(registry: &mut Registry, name: &str, help: &str) -> Self {
        let counters = Self::default();
        registry.register(name, help, counters.0.clone());
        counters
    }

    pub(super) fn count(&self, outcome: &'static str) {
        self.0.get_or_create(&Labels { outcome }).inc();
    }

    #[cfg(test)]
    pub(crate) fn of(&self, outcome: &'static str) -> u64 {
        self.0.get_or_create(&Labels { outcome }).get()
    }
}
