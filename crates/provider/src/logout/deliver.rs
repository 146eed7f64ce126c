//! The worker that tells sub-sites of sign-outs (OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8): after
//! the commit, with a time limit, again with growing pauses when there is no answer, and not for ever (A167, A317).
//!
//! Every node runs one. A row is taken for a lease, so that one node tells the sub-site and another takes over when
//! that node dies. Nobody waits for it: people are signed out here before the first request is made. How many
//! requests are under way is bounded, in all and for each sub-site ([`super::books`], A169).

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use model::client::Client;
use model::event::Event;
use model::ids::ClientId;
use serde::Deserialize;
use store::audit::{self, Entry};
use store::clients;
use store::logouts::{self, Ending, Site, Taken};
use store::{StoreError, Tx};
use tokio::task::{Id, JoinSet};

use super::books::Books;
use super::outgoing::{Counters, NoAnswer, Outgoing};
use super::token;
use crate::Service;

/// The longest pause between two attempts, in seconds.
const PAUSE_SECONDS_MAX: i64 = 6 * 3600;

/// The first pause, in seconds; each is three times the one before.
const PAUSE_SECONDS_FIRST: i64 = 10;

/// How often due rows are asked for in one go, at most.
const ROUNDS_MAX: usize = 64;

/// The `provider.backchannel_logout` section.
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

/// Tells sub-sites until told to stop. What is under way is finished first.
pub async fn run(
    service: Service,
    outgoing: Outgoing,
    counters: Counters,
    shutdown: impl Future<Output = ()>,
) {
    let poll = Duration::from_millis(service.config().logout.poll_ms);
    let mut shutdown = pin!(shutdown);
    let mut worker = Worker::new(service.clone(), outgoing, counters);
    loop {
        if let Err(error) = worker.begin().await {
            tracing::error!(%error, "sign-outs to tell of cannot be read");
        }
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            () = worker.ended(), if worker.is_busy() => {}
            () = service.logouts_due() => {}
            () = tokio::time::sleep(poll) => {}
        }
    }
    worker.finish().await;
}

/// One node's worker.
#[derive(Debug)]
pub(super) struct Worker {
    service: Service,
    outgoing: Outgoing,
    counters: Counters,
    books: Books,
    under_way: JoinSet<bool>,
    sites: HashMap<Id, ClientId>,
    /// When rows whose time is over were looked for.
    looked_at: Option<DateTime<Utc>>,
}

impl Worker {
    pub(super) fn new(service: Service, outgoing: Outgoing, counters: Counters) -> Self {
        let config = &service.config().logout;
        Self {
            books: Books::new(config.concurrency, config.per_site),
            service,
            outgoing,
            counters,
            under_way: JoinSet::new(),
            sites: HashMap::new(),
            looked_at: None,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Begins as many requests as there are due and as may be made. Each time around either a request is begun, or
    /// another sub-site is left out.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        let now = self.service.now();
        let tx = self.service.store().read();
        self.give_up_late(&tx, now).await?;
        let lease = TimeDelta::seconds(self.service.config().logout.lease_seconds);
        let mut without = self.books.busy(now);
        for _ in 0..ROUNDS_MAX {
            let free = u64::try_from(self.books.free()).unwrap_or_default();
            if free == 0 {
                return Ok(());
            }
            let due = logouts::due(&tx, now, &without, free).await?;
            if due.is_empty() {
                return Ok(());
            }
            for row in due {
                let client = row.site.client.clone();
                if !self.books.begin(&client, now) {
                    without.insert(client);
                    continue;
                }
                match logouts::take(&tx, &row, now, lease).await {
                    Ok(Some(taken)) => self.tell(taken),
                    Ok(None) => self.books.end_unused(&client),
                    Err(error) => {
                        self.books.end_unused(&client);
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives up the rows whose time is over, once in the time of a poll. The clock may be set back.
    async fn give_up_late(&mut self, tx: &Tx, now: DateTime<Utc>) -> Result<(), StoreError> {
        let poll = i64::try_from(self.service.config().logout.poll_ms).unwrap_or(i64::MAX);
        let just = |last: DateTime<Utc>| (now - last).num_milliseconds().abs() < poll;
        if self.looked_at.is_some_and(just) {
            return Ok(());
        }
        for late in logouts::give_up_expired(tx, now).await? {
            self.counters.count("given_up");
            dead(&self.service, &late, now).await?;
        }
        self.looked_at = Some(now);
        Ok(())
    }

    fn tell(&mut self, taken: Taken) {
        let (service, outgoing) = (self.service.clone(), self.outgoing.clone());
        let counters = self.counters.clone();
        let client = taken.site.client.clone();
        let begun = self.under_way.spawn(async move {
            let told = tell(&service, &outgoing, &counters, &taken).await;
            told.unwrap_or_else(|error| {
                tracing::error!(%error, "what became of a sign-out cannot be noted");
                false
            })
        });
        self.sites.insert(begun.id(), client);
    }

    /// Waits for the end of one request.
    pub(super) async fn ended(&mut self) {
        let (id, answered) = match self.under_way.join_next_with_id().await {
            Some(Ok(ended)) => ended,
            Some(Err(error)) => {
                tracing::error!(%error, "telling a sub-site failed");
                (error.id(), false)
            }
            None => return,
        };
        if let Some(client) = self.sites.remove(&id) {
            self.books.end(&client, answered, self.service.now());
        }
    }

    /// Waits for the end of all requests.
    pub(super) async fn finish(&mut self) {
        while self.is_busy() {
            self.ended().await;
        }
    }
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Confirmed,
    RetryIn(TimeDelta),
    GiveUp(Ending),
}

/// Section 2.8: 200 (or 204) says that it is done, 400 that it will not be; whatever else may change. Redirects are
/// not followed and are no answer.
fn after(answer: &Result<StatusCode, NoAnswer>, attempt: u32, attempts: u32, jitter: u32) -> After {
    match answer {
        Ok(StatusCode::OK | StatusCode::NO_CONTENT) => After::Confirmed,
        Ok(StatusCode::BAD_REQUEST) => After::GiveUp(Ending::Refused),
        _ if attempt >= attempts => After::GiveUp(Ending::NoAnswer),
        _ => After::RetryIn(TimeDelta::seconds(pause_seconds(attempt, jitter))),
    }
}

/// 10 s, 30 s, 90 s … 6 h, and up to a fifth more, so that what failed together does not come back together.
fn pause_seconds(attempt: u32, jitter: u32) -> i64 {
    let factor = 3_i64.checked_pow(attempt.saturating_sub(1)).unwrap_or(i64::MAX);
    let pause = PAUSE_SECONDS_FIRST.saturating_mul(factor).min(PAUSE_SECONDS_MAX);
    pause + pause / 5 * i64::from(jitter.min(100)) / 100
}

/// Tells one sub-site and notes what became of it; whether it answered.
async fn tell(
    service: &Service,
    outgoing: &Outgoing,
    counters: &Counters,
    taken: &Taken,
) -> Result<bool, StoreError> {
    let config = &service.config().logout;
    let answer = match prepare(service, &taken.site).await {
        Ok(Some((uri, token))) => {
            let limit = Duration::from_millis(config.timeout_ms);
            let answer = tokio::time::timeout(limit, outgoing.post(uri, token)).await;
            answer.unwrap_or_else(|_| Err(NoAnswer("no answer in time".to_owned())))
        }
        Ok(None) => {
            counters.count("not_supported");
            let tx = service.store().read();
            logouts::give_up(&tx, taken, Ending::NotSupported, service.now()).await?;
            return Ok(true);
        }
        Err(error) => Err(error),
    };
    let attempt = taken.attempt();
    let jitter = service.store().rng().below(101);
    let (number, client) = (taken.number(), &taken.site.client);
    let (tx, now) = (service.store().read(), service.now());
    match after(&answer, attempt, config.attempts, jitter) {
        After::Confirmed => {
            logouts::confirmed(&tx, taken, now).await?;
            counters.count("confirmed");
            tracing::info!(%number, %client, attempt, "sub-site confirmed a sign-out");
        }
        After::RetryIn(pause) => {
            logouts::retry_at(&tx, taken, now + pause).await?;
            counters.count("retried");
            let (cause, seconds) = (cause(&answer), pause.num_seconds());
            tracing::warn!(%number, %client, attempt, cause, seconds, "sub-site did not confirm a sign-out; it is told again");
        }
        After::GiveUp(ending) => {
            let last = logouts::give_up(&tx, taken, ending, now).await?;
            let refused = ending == Ending::Refused;
            counters.count(if refused { "refused" } else { "given_up" });
            let cause = cause(&answer);
            tracing::warn!(%number, %client, attempt, cause, "sub-site did not confirm a sign-out; it is not told again");
            if last {
                dead(service, &taken.site, now).await?;
            }
        }
    }
    Ok(matches!(
        answer,
        Ok(StatusCode::OK | StatusCode::NO_CONTENT | StatusCode::BAD_REQUEST)
    ))
}

fn cause(answer: &Result<StatusCode, NoAnswer>) -> String {
    match answer {
        Ok(status) => format!("status {}", status.as_u16()),
        Err(error) => error.0.clone(),
    }
}

/// Where a sub-site is told, and what; `None` when it cannot be told any more, or never could.
async fn prepare(service: &Service, site: &Site) -> Result<Option<(String, String)>, NoAnswer> {
    let known = service.client(&site.client).map(|stored| stored.client.clone());
    let tells = |client: &Client| client.backchannel_logout_uri.is_some();
    let client = match known.filter(tells) {
        Some(client) => client,
        // This node may be behind.
        None => match newest(service, &site.client).await? {
            Some(client) => client,
            None => return Ok(None),
        },
    };
    let Some(uri) = client.backchannel_logout_uri.clone() else {
        return Ok(None);
    };
    let token = token::mint(service, &client, site, service.now());
    let token = token.map_err(|error| NoAnswer(error.to_string()))?;
    Ok(Some((uri, token)))
}

/// The registration in the database. One that cannot be read is looked for again, like one that does not answer.
async fn newest(service: &Service, id: &ClientId) -> Result<Option<Client>, NoAnswer> {
    let no_answer = |error: StoreError| NoAnswer(error.to_string());
    let tx = service.store().read();
    match clients::find(&tx, id).await.map_err(no_answer)? {
        None if clients::exists(&tx, id).await.map_err(no_answer)? => {
            Err(NoAnswer("the registration cannot be read".to_owned()))
        }
        found => Ok(found),
    }
}

/// A sub-site that did not confirm is told of in the audit log: its people may be signed in there still.
async fn dead(service: &Service, site: &Site, now: DateTime<Utc>) -> Result<(), StoreError> {
    let entry = Entry::new(Event::LogoutNotConfirmed, now)
        .account(site.account)
        .session(site.session)
        .client(&site.client);
    audit::record(&service.store().read(), service.store().rng(), entry).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_200_and_204_confirm_only_400_refuses_and_the_rest_is_tried_again_until_the_limit() {
        let seen = |status: u16, attempt| after(&Ok(StatusCode::from_u16(status).unwrap()), attempt, 9, 0);
        for status in [200, 204] {
            assert_eq!(seen(status, 9), After::Confirmed);
        }
        assert_eq!(seen(400, 1), After::GiveUp(Ending::Refused));
        for status in [
            201, 202, 301, 302, 303, 307, 401, 403, 404, 405, 429, 500, 501, 503,
        ] {
            assert_eq!(
                seen(status, 1),
                After::RetryIn(TimeDelta::seconds(10)),
                "{status}"
            );
            assert_eq!(seen(status, 9), After::GiveUp(Ending::NoAnswer), "{status}");
        }
        let none = Err(NoAnswer("connection refused".to_owned()));
        assert_eq!(after(&none, 2, 9, 0), After::RetryIn(TimeDelta::seconds(30)));
        assert_eq!(after(&none, 9, 9, 0), After::GiveUp(Ending::NoAnswer));
    }

    #[test]
    fn pauses_grow_to_six_hours_and_all_attempts_fit_into_the_life_of_a_row() {
        let pauses: Vec<_> = (1..=9).map(|attempt| pause_seconds(attempt, 0)).collect();
        assert_eq!(pauses, [10, 30, 90, 270, 810, 2430, 7290, 21600, 21600]);
        let longest: i64 = (1..Config::default().attempts)
            .map(|attempt| pause_seconds(attempt, 100))
            .sum();
        assert!(longest < logouts::LIFE_HOURS * 3600);
        assert!(pause_seconds(u32::MAX, 100) <= PAUSE_SECONDS_MAX * 6 / 5);
        assert!(Config::default().faults().is_empty());
    }
}
