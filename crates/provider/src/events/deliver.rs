//! The worker that tells sub-sites of levels that fell: after the commit, with a time limit, again with growing pauses
//! when there is no answer, and not for longer than a day. It keeps the limits of `provider.backchannel_logout`.
//!
//! Every node runs one. A row is taken for a lease, so that one node tells the sub-site and another takes over when that
//! node dies. Whether the sub-site may still know levels and dates is looked at when it is told: the person may have taken that
//! consent back meanwhile. One that knows only an `acr` was chosen when the level fell, by the tokens that held then, and
//! learns nothing but that what it was told is true no more.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use model::client::Client;
use model::event::Event;
use model::ids::ClientId;
use model::scope::Scope;
use store::audit::{self, Entry};
use store::status_events::{self, Notice, Said, Taken};
use store::{StoreError, Tx, clients, grants};
use tokio::task::{Id, JoinSet};

use super::{Counters, token};
use crate::Service;
use crate::logout::books::Books;
use crate::logout::{NoAnswer, Outgoing};

/// The longest pause between two attempts, in seconds.
const PAUSE_SECONDS_MAX: i64 = 6 * 3600;

/// The first pause, in seconds; each is three times the one before.
const PAUSE_SECONDS_FIRST: i64 = 10;

/// How often due rows are asked for in one go, at most.
const ROUNDS_MAX: usize = 64;

/// Tells sub-sites until told to stop. What is under way is finished first.
pub async fn run(
    service: Service,
    outgoing: Outgoing,
    counters: Counters,
    shutdown: impl Future<Output = ()>,
) {
    let poll = Duration::from_millis(service.config().logout.poll_ms);
    let mut shutdown = pin!(shutdown);
    let mut worker = Worker::new(service, outgoing, counters);
    loop {
        if let Err(error) = worker.begin().await {
            tracing::error!(%error, "levels that fell cannot be read");
        }
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            () = worker.ended(), if worker.is_busy() => {}
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
        }
    }

    fn is_busy(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Begins as many requests as there are due and as may be made. Each time around either a request is begun, or
    /// another sub-site is left out.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        let now = self.service.now();
        let tx = self.service.store().read();
        for late in status_events::give_up_expired(&tx, now).await? {
            self.counters.count("given_up");
            dead(&self.service, &late, now).await?;
        }
        let lease = TimeDelta::seconds(self.service.config().logout.lease_seconds);
        let mut without = self.books.busy(now);
        for _ in 0..ROUNDS_MAX {
            let free = u64::try_from(self.books.free()).unwrap_or_default();
            if free == 0 {
                return Ok(());
            }
            let due = status_events::due(&tx, now, &without, free).await?;
            if due.is_empty() {
                return Ok(());
            }
            for row in due {
                let client = row.notice.client.clone();
                if !self.books.begin(&client, now) {
                    without.insert(client);
                    continue;
                }
                match status_events::take(&tx, &row, now, lease).await {
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

    fn tell(&mut self, taken: Taken) {
        let (service, outgoing) = (self.service.clone(), self.outgoing.clone());
        let counters = self.counters.clone();
        let client = taken.notice.client.clone();
        let begun = self.under_way.spawn(async move {
            let told = tell(&service, &outgoing, &counters, &taken).await;
            told.unwrap_or_else(|error| {
                tracing::error!(%error, "what became of an event cannot be noted");
                false
            })
        });
        self.sites.insert(begun.id(), client);
    }

    /// Waits for the end of one request.
    async fn ended(&mut self) {
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
    GiveUp(&'static str),
}

/// RFC 8935 section 2.2: 202 (200 and 204 too) says that it arrived; 2.3: 400 says that it will not be taken; whatever
/// else may change. Redirects are not followed and are no answer.
fn after(answer: &Result<StatusCode, NoAnswer>, attempt: u32, attempts: u32, jitter: u32) -> After {
    match answer {
        Ok(StatusCode::ACCEPTED | StatusCode::OK | StatusCode::NO_CONTENT) => After::Confirmed,
        Ok(StatusCode::BAD_REQUEST) => After::GiveUp("refused"),
        _ if attempt >= attempts => After::GiveUp("given_up"),
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
    let answer = match prepare(service, &taken.notice).await {
        Ok(Some((uri, token))) => {
            let limit = Duration::from_millis(config.timeout_ms);
            let answer = tokio::time::timeout(limit, outgoing.post(uri, token)).await;
            answer.unwrap_or_else(|_| Err(NoAnswer("no answer in time".to_owned())))
        }
        Ok(None) => {
            counters.count("not_wanted");
            status_events::give_up(&service.store().read(), taken, service.now()).await?;
            return Ok(true);
        }
        Err(error) => Err(error),
    };
    let (attempt, jitter) = (taken.attempt(), service.store().rng().below(101));
    let (number, client) = (taken.notice.id, &taken.notice.client);
    let (tx, now) = (service.store().read(), service.now());
    match after(&answer, attempt, config.attempts, jitter) {
        After::Confirmed => {
            status_events::confirmed(&tx, taken, now).await?;
            counters.count("confirmed");
            tracing::info!(%number, %client, attempt, "sub-site took an event");
        }
        After::RetryIn(pause) => {
            status_events::retry_at(&tx, taken, now + pause).await?;
            counters.count("retried");
            let (cause, seconds) = (cause(&answer), pause.num_seconds());
            tracing::warn!(%number, %client, attempt, cause, seconds, "sub-site did not take an event; it is told again");
        }
        After::GiveUp(outcome) => {
            let last = status_events::give_up(&tx, taken, now).await?;
            counters.count(outcome);
            let cause = cause(&answer);
            tracing::warn!(%number, %client, attempt, cause, "sub-site did not take an event; it is not told again");
            if last {
                dead(service, &taken.notice, now).await?;
            }
        }
    }
    Ok(matches!(
        answer,
        Ok(StatusCode::ACCEPTED | StatusCode::OK | StatusCode::NO_CONTENT | StatusCode::BAD_REQUEST)
    ))
}

fn cause(answer: &Result<StatusCode, NoAnswer>) -> String {
    match answer {
        Ok(status) => format!("status {}", status.as_u16()),
        Err(error) => error.0.clone(),
    }
}

/// Where a sub-site is told, and what; `None` when it may not be told any more, or does not want to be.
async fn prepare(service: &Service, notice: &Notice) -> Result<Option<(String, String)>, NoAnswer> {
    let no_answer = |error: StoreError| NoAnswer(error.to_string());
    let tx = service.store().read();
    let Some(client) = newest(&tx, &notice.client).await? else {
        return Ok(None);
    };
    let Some(uri) = client.events_uri.clone().filter(|_| !client.disabled) else {
        return Ok(None);
    };
    // Whoever was told levels and dates may know them no more; what happened to the account itself they are told.
    if matches!(&notice.said, Said::Fell(fell) if fell.dates) {
        let grant = grants::find_active(&tx, notice.account, &notice.client).await;
        let grant = grant.map_err(no_answer)?;
        if !grant.is_some_and(|grant| grant.allowed.contains(Scope::Assurance)) {
            return Ok(None);
        }
    }
    let token = token::mint(service, &client, notice);
    let token = token.map_err(|error| NoAnswer(error.to_string()))?;
    Ok(Some((uri, token)))
}

/// The registration in the database: this node may be behind. One that cannot be read is looked for again, like a
/// sub-site that does not answer.
async fn newest(tx: &Tx, id: &ClientId) -> Result<Option<Client>, NoAnswer> {
    let no_answer = |error: StoreError| NoAnswer(error.to_string());
    match clients::find(tx, id).await.map_err(no_answer)? {
        None if clients::exists(tx, id).await.map_err(no_answer)? => {
            Err(NoAnswer("the registration cannot be read".to_owned()))
        }
        found => Ok(found),
    }
}

/// A sub-site that did not take it is told of in the audit log: it may still believe the level of before.
async fn dead(service: &Service, notice: &Notice, now: DateTime<Utc>) -> Result<(), StoreError> {
    let entry = Entry::new(Event::StatusEventNotConfirmed, now)
        .account(notice.account)
        .client(&notice.client);
    audit::record(&service.store().read(), service.store().rng(), entry).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_8935_202_confirms_400_refuses_and_the_rest_is_tried_again_until_the_limit() {
        let seen = |status: u16, attempt| after(&Ok(StatusCode::from_u16(status).unwrap()), attempt, 9, 0);
        for status in [200, 202, 204] {
            assert_eq!(seen(status, 9), After::Confirmed);
        }
        assert_eq!(seen(400, 1), After::GiveUp("refused"));
        for status in [201, 301, 302, 303, 307, 401, 403, 404, 429, 500, 503] {
            let first = After::RetryIn(TimeDelta::seconds(10));
            assert_eq!(seen(status, 1), first, "{status}");
            assert_eq!(seen(status, 9), After::GiveUp("given_up"), "{status}");
        }
        let all: i64 = (1..9).map(|attempt| pause_seconds(attempt, 100)).sum();
        assert!(all < status_events::LIFE_HOURS * 3600);
    }
}
