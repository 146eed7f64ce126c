//! Signed letters to sub-sites: that a sign-in ended ([`crate::logout`]) and what happened to accounts
//! ([`crate::events`]). Both get there in the same way.
//!
//! | Question | Where |
//! | --- | --- |
//! | which rows wait, and who has them | [`store::letters`] |
//! | when is a sub-site told, again, or no more | [`worker`] |
//! | how many requests at a time, and where none for a while | [`books`] |
//! | how the request is made | [`outgoing`] |

use std::future::Future;

use chrono::{DateTime, Utc};
use http::StatusCode;
use model::client::Client;
use model::ids::ClientId;
use serde::Deserialize;
use store::audit::Entry;
use store::letters::Letter;
use store::{StoreError, Tx, clients};

use crate::Service;

mod books;
mod outgoing;
mod worker;

pub use outgoing::{Counters, NoAnswer, Outgoing};
#[cfg(test)]
pub(crate) use worker::Worker;
pub(crate) use worker::run;

/// A kind of letters.
pub(crate) trait Kind: Letter {
    /// What it tells of, in the log.
    const OF: &'static str;
    /// What is counted when the sub-site may not be told any more, or cannot be.
    const NOT_TOLD: &'static str;
    /// The answers that say that it arrived.
    const CONFIRM: &'static [StatusCode];

    /// Where the sub-site is told, and what; `None` when it cannot be told any more, may not be, or does not want to be.
    fn write(
        &self,
        service: &Service,
    ) -> impl Future<Output = Result<Option<(String, String)>, NoAnswer>> + Send;

    /// What the audit log says when the sub-site did not confirm.
    fn dead(&self, now: DateTime<Utc>) -> Entry;

    /// Ends when there is something to tell of; else the worker looks by itself now and then.
    fn due(service: &Service) -> impl Future<Output = ()> + Send;
}

/// The registration in the database: this node may be behind. One that cannot be read is looked for again, like a
/// sub-site that does not answer.
pub(crate) async fn newest(tx: &Tx, id: &ClientId) -> Result<Option<Client>, NoAnswer> {
    let no_answer = |error: StoreError| NoAnswer(error.to_string());
    match clients::find(tx, id).await.map_err(no_answer)? {
        None if clients::exists(tx, id).await.map_err(no_answer)? => {
            Err(NoAnswer("the registration cannot be read".to_owned()))
        }
        found => Ok(found),
    }
}

/// The `provider.backchannel_logout` section: how letters of every kind are delivered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a sub-site has for its answer, in milliseconds.
    pub timeout_ms: u64,
    /// How many requests are under way at a time.
    pub concurrency: usize,
    /// How many of them at one sub-site.
    pub per_site: usize,
    /// How many attempts there are, within 24 hours.
    pub attempts: u32,
    /// How long a row belongs to the node that took it, in seconds. Longer than `timeout_ms`.
    pub lease_seconds: i64,
    /// How often a node looks for rows when nothing is told, in milliseconds.
    pub poll_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timeout_ms: 5000,
            concurrency: 64,
            per_site: 4,
            attempts: 9,
            lease_seconds: 30,
            poll_ms: 1000,
        }
    }
}

impl Config {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(100..=60_000).contains(&self.timeout_ms) {
            faults.push(("timeout_ms", "write a number from 100 to 60000"));
        }
        if !(1..=1000).contains(&self.concurrency) {
            faults.push(("concurrency", "write a number from 1 to 1000"));
        }
        if self.per_site == 0 || self.per_site > self.concurrency {
            faults.push(("per_site", "write a number from 1 to concurrency"));
        }
        if !(1..=50).contains(&self.attempts) {
            faults.push(("attempts", "write a number from 1 to 50"));
        }
        let needed = i64::try_from(self.timeout_ms / 1000)
            .unwrap_or(i64::MAX)
            .saturating_add(5);
        if self.lease_seconds < needed || self.lease_seconds > 3600 {
            faults.push((
                "lease_seconds",
                "write a number that is at least 5 above the seconds of timeout_ms, at most 3600",
            ));
        }
        if !(50..=60_000).contains(&self.poll_ms) {
            faults.push(("poll_ms", "write a number from 50 to 60000"));
        }
        faults
    }
}
