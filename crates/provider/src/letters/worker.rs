//! The worker that tells sub-sites: after the commit, with a time limit, again with growing pauses when there is no
//! answer, and not for ever (A167, A317).
//!
//! Every node runs one for each kind. A row is taken for a lease, so that one node tells the sub-site and another takes
//! over when that node dies. Nobody waits for it: what a letter tells of is done before the first request is made. How
//! many requests are under way is bounded, in all and for each sub-site ([`super::books`], A169).

use std::collections::HashMap;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use model::ids::ClientId;
use store::letters::{self, Ending, Taken};
use store::{StoreError, Tx, audit};
use tokio::task::{Id, JoinSet};

use super::Kind;
use super::books::Books;
use super::outgoing::{Counters, NoAnswer, Outgoing};
use crate::Service;

/// The longest pause between two attempts, in seconds.
const PAUSE_SECONDS_MAX: i64 = 6 * 3600;

/// The first pause, in seconds; each is three times the one before.
const PAUSE_SECONDS_FIRST: i64 = 10;

/// How often due rows are asked for in one go, at most.
const ROUNDS_MAX: usize = 64;

/// Tells sub-sites until told to stop. What is under way is finished first.
pub(crate) async fn run<K: Kind>(
    service: Service,
    outgoing: Outgoing,
    counters: Counters,
    shutdown: impl Future<Output = ()>,
) {
    let poll = Duration::from_millis(service.config().logout.poll_ms);
    let mut shutdown = pin!(shutdown);
    let mut worker = Worker::<K>::new(service.clone(), outgoing, counters);
    loop {
        if let Err(error) = worker.begin().await {
            tracing::error!(of = K::OF, %error, "what sub-sites are to be told cannot be read");
        }
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            () = worker.ended(), if worker.is_busy() => {}
            () = K::due(&service) => {}
            () = tokio::time::sleep(poll) => {}
        }
    }
    worker.finish().await;
}

/// One node's worker.
#[derive(Debug)]
pub(crate) struct Worker<K> {
    service: Service,
    outgoing: Outgoing,
    counters: Counters,
    books: Books,
    under_way: JoinSet<bool>,
    sites: HashMap<Id, ClientId>,
    /// When rows whose time is over were looked for.
    looked_at: Option<DateTime<Utc>>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Worker<K> {
    pub(crate) fn new(service: Service, outgoing: Outgoing, counters: Counters) -> Self {
        let config = &service.config().logout;
        Self {
            books: Books::new(config.concurrency, config.per_site),
            service,
            outgoing,
            counters,
            under_way: JoinSet::new(),
            sites: HashMap::new(),
            looked_at: None,
            kind: PhantomData,
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Begins as many requests as there are due and as may be made. Each time around either a request is begun, or
    /// another sub-site is left out.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
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
            let due = letters::due::<K>(&tx, now, &without, free).await?;
            if due.is_empty() {
                return Ok(());
            }
            for row in due {
                let client = row.letter.client().clone();
                if !self.books.begin(&client, now) {
                    without.insert(client);
                    continue;
                }
                match letters::take(&tx, &row, now, lease).await {
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
        for late in letters::give_up_expired::<K>(tx, now).await? {
            self.counters.count("given_up");
            dead(&self.service, &late, now).await?;
        }
        self.looked_at = Some(now);
        Ok(())
    }

    fn tell(&mut self, taken: Taken<K>) {
        let (service, outgoing) = (self.service.clone(), self.outgoing.clone());
        let counters = self.counters.clone();
        let client = taken.letter.client().clone();
        let begun = self.under_way.spawn(async move {
            let told = tell(&service, &outgoing, &counters, &taken).await;
            told.unwrap_or_else(|error| {
                tracing::error!(of = K::OF, %error, "what became of a letter cannot be noted");
                false
            })
        });
        self.sites.insert(begun.id(), client);
    }

    /// Waits for the end of one request.
    pub(crate) async fn ended(&mut self) {
        let (id, answered) = match self.under_way.join_next_with_id().await {
            Some(Ok(ended)) => ended,
            Some(Err(error)) => {
                tracing::error!(of = K::OF, %error, "telling a sub-site failed");
                (error.id(), false)
            }
            None => return,
        };
        if let Some(client) = self.sites.remove(&id) {
            self.books.end(&client, answered, self.service.now());
        }
    }

    /// Waits for the end of all requests.
    pub(crate) async fn finish(&mut self) {
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

/// Back-Channel Logout 1.0 section 2.8, RFC 8935 sections 2.2 and 2.3: some answers say that it arrived, 400 that it
/// will not be taken; whatever else may change. Redirects are not followed and are no answer.
fn after<K: Kind>(answer: &Result<StatusCode, NoAnswer>, attempt: u32, attempts: u32, jitter: u32) -> After {
    match answer {
        Ok(status) if K::CONFIRM.contains(status) => After::Confirmed,
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
async fn tell<K: Kind>(
    service: &Service,
    outgoing: &Outgoing,
    counters: &Counters,
    taken: &Taken<K>,
) -> Result<bool, StoreError> {
    let config = &service.config().logout;
    let answer = match taken.letter.write(service).await {
        Ok(Some((uri, token))) => {
            let limit = Duration::from_millis(config.timeout_ms);
            let answer = tokio::time::timeout(limit, outgoing.post(uri, token)).await;
            answer.unwrap_or_else(|_| Err(NoAnswer("no answer in time".to_owned())))
        }
        Ok(None) => {
            counters.count(K::NOT_TOLD);
            let tx = service.store().read();
            letters::give_up(&tx, taken, Ending::NotSupported, service.now()).await?;
            return Ok(true);
        }
        Err(error) => Err(error),
    };
    let (attempt, jitter) = (taken.attempt(), service.store().rng().below(101));
    let (of, number, client) = (K::OF, taken.number(), taken.letter.client());
    let (tx, now) = (service.store().read(), service.now());
    let next = after::<K>(&answer, attempt, config.attempts, jitter);
    match next {
        After::Confirmed => {
            letters::confirmed(&tx, taken, now).await?;
            counters.count("confirmed");
            tracing::info!(of, %number, %client, attempt, "sub-site confirmed");
        }
        After::RetryIn(pause) => {
            letters::retry_at(&tx, taken, now + pause).await?;
            counters.count("retried");
            let (cause, seconds) = (cause(&answer), pause.num_seconds());
            tracing::warn!(of, %number, %client, attempt, cause, seconds, "sub-site did not confirm; it is told again");
        }
        After::GiveUp(ending) => {
            let last = letters::give_up(&tx, taken, ending, now).await?;
            let refused = ending == Ending::Refused;
            counters.count(if refused { "refused" } else { "given_up" });
            let cause = cause(&answer);
            tracing::warn!(of, %number, %client, attempt, cause, "sub-site did not confirm; it is not told again");
            if last {
                dead(service, &taken.letter, now).await?;
            }
        }
    }
    Ok(matches!(next, After::Confirmed | After::GiveUp(Ending::Refused)))
}

fn cause(answer: &Result<StatusCode, NoAnswer>) -> String {
    match answer {
        Ok(status) => format!("status {}", status.as_u16()),
        Err(error) => error.0.clone(),
    }
}

/// A sub-site that did not confirm is told of in the audit log: what it believes may be true no more.
async fn dead<K: Kind>(service: &Service, letter: &K, now: DateTime<Utc>) -> Result<(), StoreError> {
    audit::record(&service.store().read(), service.store().rng(), letter.dead(now)).await
}

#[cfg(test)]
mod tests {
    use store::letters::LIFE_HOURS;
    use store::logouts::Site;
    use store::status_events::Notice;

    use super::*;
    use crate::letters::Config;

    fn seen<K: Kind>(status: u16, attempt: u32) -> After {
        after::<K>(&Ok(StatusCode::from_u16(status).unwrap()), attempt, 9, 0)
    }

    /// Every other status, first and last.
    fn the_rest_is_tried_again<K: Kind>(rest: &[u16]) {
        for status in rest {
            let first = After::RetryIn(TimeDelta::seconds(10));
            assert_eq!(seen::<K>(*status, 1), first, "{status}");
            assert_eq!(seen::<K>(*status, 9), After::GiveUp(Ending::NoAnswer), "{status}");
        }
        assert_eq!(seen::<K>(400, 1), After::GiveUp(Ending::Refused));
    }

    #[test]
    fn openid_backchannel_2_8_only_200_and_204_confirm_only_400_refuses_and_the_rest_is_tried_again() {
        for status in [200, 204] {
            assert_eq!(seen::<Site>(status, 9), After::Confirmed);
        }
        the_rest_is_tried_again::<Site>(&[
            201, 202, 301, 302, 303, 307, 401, 403, 404, 405, 429, 500, 501, 503,
        ]);
        let none = Err(NoAnswer("connection refused".to_owned()));
        let second = After::RetryIn(TimeDelta::seconds(30));
        assert_eq!(after::<Site>(&none, 2, 9, 0), second);
        assert_eq!(after::<Site>(&none, 9, 9, 0), After::GiveUp(Ending::NoAnswer));
    }

    #[test]
    fn rfc_8935_202_confirms_400_refuses_and_the_rest_is_tried_again_until_the_limit() {
        for status in [200, 202, 204] {
            assert_eq!(seen::<Notice>(status, 9), After::Confirmed);
        }
        the_rest_is_tried_again::<Notice>(&[201, 301, 302, 303, 307, 401, 403, 404, 429, 500, 503]);
    }

    #[test]
    fn pauses_grow_to_six_hours_and_all_attempts_fit_into_the_life_of_a_row() {
        let pauses: Vec<_> = (1..=9).map(|attempt| pause_seconds(attempt, 0)).collect();
        assert_eq!(pauses, [10, 30, 90, 270, 810, 2430, 7290, 21600, 21600]);
        let longest: i64 = (1..Config::default().attempts)
            .map(|attempt| pause_seconds(attempt, 100))
            .sum();
        assert!(longest < LIFE_HOURS * 3600);
        assert!(pause_seconds(u32::MAX, 100) <= PAUSE_SECONDS_MAX * 6 / 5);
        assert!(Config::default().faults().is_empty());
    }
}
