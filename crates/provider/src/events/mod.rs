//! Telling sub-sites that a level fell: a signed event (RFC 8417) pushed to the `events_uri` of those that asked
//! (RFC 8935), about the person under the name by which the sub-site knows them (RFC 9493).
//!
//! | Question | Where |
//! | --- | --- |
//! | what fell, and who may know | `account::ageing` |
//! | what the event says | [`token`] |
//! | how it gets there | [`deliver`] |
//!
//! What it does not do: streams that a receiver sets up by itself (OpenID Shared Signals Framework), events by polling
//! (RFC 8936), and events that a level rose; the next token says that.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use web::outbound::Guarded;

use crate::logout::{NoAnswer, Outgoing};

pub mod deliver;
#[cfg(test)]
mod tests;
mod token;

pub use deliver::run;

/// The media type of a signed event (RFC 8417 section 7.2).
const MEDIA_TYPE: &str = "application/secevent+jwt";

/// Events are sent by the guarded client, which follows no redirects: the token is all of the body (RFC 8935
/// section 2).
pub fn outgoing(client: &Guarded) -> Outgoing {
    let client = client.clone();
    Outgoing::new(move |uri, token| {
        let client = client.clone();
        async move {
            let answer = client.post_document(&uri, MEDIA_TYPE, token).await;
            answer.map_err(|error| NoAnswer(error.to_string()))
        }
    })
}

/// What an attempt is counted under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

/// Counters of attempts by their outcome: `confirmed`, `refused`, `retried`, `given_up`, `not_wanted`.
#[derive(Clone, Debug, Default)]
pub struct Counters(Family<Labels, Counter>);

impl Counters {
    /// Makes the counters known to a registry.
    pub fn register(registry: &mut Registry) -> Self {
        let counters = Self::default();
        registry.register(
            "status_event_attempts",
            "Sub-sites told that a level fell, by outcome",
            counters.0.clone(),
        );
        counters
    }

    fn count(&self, outcome: &'static str) {
        self.0.get_or_create(&Labels { outcome }).inc();
    }

    #[cfg(test)]
    fn of(&self, outcome: &'static str) -> u64 {
        self.0.get_or_create(&Labels { outcome }).get()
    }
}
