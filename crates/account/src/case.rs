//! Cases that wait for a source: tried again by themselves, on one node at a time, until the source answers or too much
//! time has gone by (A251). The person is told by SMS; nothing personal is in the message (A222).

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::AccountId;
use store::cases::{self, Case, State};
use store::throttles::{self, DayRule};
use store::{StoreError, Tx, accounts};

use crate::Service;
use crate::evidence::check::Attempt;
use crate::evidence::filing::{self, Opened};
use crate::evidence::source::Finding;
use crate::evidence::{Config, connected, tries};
use crate::notices::texts::{Sms, Text};

/// How often a node looks for cases that are due.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How many cases are tried in one go.
const BATCH: u64 = 10;
/// How many tries that were cut off an account gets back at a source on a day.
const CUT_OFF: DayRule = DayRule {
    name: "verify_cut_off",
    limit: 1,
};
/// How long a notice may take to arrive, in hours.
const NOTICE_HOURS: i64 = 24;

/// Tries due cases again until told to stop.
pub async fn run_retries(service: Service, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        if let Err(error) = retry_due(&service).await {
            tracing::error!(%error, "cases could not be tried again");
        }
    }
}

/// Tries every case that is due once, at most a batch of them; answers how many were tried.
pub async fn retry_due(service: &Service) -> Result<usize, StoreError> {
    let now = service.now();
    cases::forget_old_drafts(&service.store().read(), now).await?;
    expire(service, now).await?;
    let mut count = 0;
    for _ in 0..BATCH {
        // One at a time: the lease of each begins when it is asked about, and is longer than any answer is waited for.
        let now = service.now();
        let lease = now + TimeDelta::seconds(filing::LEASE_SECONDS);
        let due = cases::claim_due(&service.store().read(), (now, lease), 1).await?;
        let Some(case) = due.into_iter().next() else {
            break;
        };
        count += 1;
        let number = case.number.clone();
        if let Err(error) = retry(service, case).await {
            // It is taken again when the lease is over; the others go on.
            tracing::error!(case = number.as_str(), %error, "a case could not be tried again");
        }
    }
    Ok(count)
}

/// Ends cases whose owner did not type again what was needed.
async fn expire(service: &Service, now: DateTime<Utc>) -> Result<(), StoreError> {
    let tx = service.store().begin().await?;
    let expired = cases::expire_unanswered(&tx, now, BATCH).await?;
    for (_, account) in &expired {
        notify(service, &tx, *account, State::Expired).await?;
    }
    tx.commit().await?;
    if !expired.is_empty() {
        service.kick_delivery();
    }
    Ok(())
}

async fn retry(service: &Service, case: Case) -> Result<(), StoreError> {
    let Some(facts) = case.input.clone() else {
        // Cannot happen while a case waits; ended, so that it does not come up for ever.
        let expired = (State::Checking, State::Expired);
        return cases::change(&service.store().read(), case.id, expired, service.now())
            .await
            .map(drop);
    };
    let complete = filing::is_complete(&case.source, &facts);
    let attempt = Attempt {
        account: case.account,
        source: case.source.clone(),
        facts,
        request_id: None,
    };
    // The page counts a try before it opens a case, and its node stopped while it asked. A node that stopped later, while
    // it tried again, may or may not have counted.
    let counted = case.state == State::Checking && case.attempts == 1;
    if !complete {
        // Not everything was kept, and nobody has answered.
        if filing::ask_its_owner(service, case.id, case.account).await? && counted {
            give_back(service, &attempt).await?;
        }
        return Ok(());
    }
    // A guess counts whenever the answer comes (A253): rather twice than not at all. Without a try left it is not
    // answered before there is one.
    let tries_left = if counted {
        tries::left(service, &attempt).await?
    } else {
        if tries::left(service, &attempt).await? <= 0 {
            return postpone(service, &case).await;
        }
        match tries::count(service, &attempt).await? {
            Some(left) => left,
            None => return postpone(service, &case).await,
        }
    };
    let (word, finding) = connected::check(service, &attempt.source, &attempt.facts).await?;
    if matches!(&finding, Finding::Not(denial) if !denial.counts()) {
        tries::take_back(service, &attempt).await?;
        return postpone(service, &case).await;
    }
    let opened = Opened {
        id: case.id,
        number: case.number,
        notify: true,
    };
    filing::settle(service, &attempt, &opened, (word, finding), tries_left).await?;
    Ok(())
}

/// Gives back the try of an attempt that was cut off; not twice on a day, because people can hang up as well, and the
/// source was asked.
async fn give_back(service: &Service, attempt: &Attempt) -> Result<(), StoreError> {
    let key = format!("{}:{}", attempt.source, attempt.account);
    let day = tries::day(service);
    let cut_off = throttles::hit_on(&service.store().read(), &CUT_OFF, &key, day).await?;
    if !cut_off.exceeded() {
        tries::take_back(service, attempt).await?;
    }
    Ok(())
}

/// The notice for a case that has moved on by itself.
pub(crate) const fn notice_of(state: State) -> Option<Text> {
    match state {
        State::Passed => Some(Text::VerifyPassed),
        State::Mismatch | State::NotFound | State::Conflict => Some(Text::VerifyAnswered),
        // The account is frozen by it: nobody is asked to sign in.
        State::Restricted => Some(Text::VerifyRestricted),
        State::Expired => Some(Text::VerifyExpired),
        State::Approved => Some(Text::ReviewApproved),
        State::Rejected => Some(Text::ReviewRejected),
        State::NeedsMoreInformation => Some(Text::ReviewMore),
        State::Started
        | State::Checking
        | State::Unavailable
        | State::InReview
        | State::Appealed
        | State::Replaced => None,
    }
}

/// Still no answer: later again, or the end.
async fn postpone(service: &Service, case: &Case) -> Result<(), StoreError> {
    let now = service.now();
    let again = next_try(&service.config().sources, case.created_at, case.attempts, now);
    if let Some(at) = again {
        cases::postpone(&service.store().read(), case.id, at, now).await?;
        return Ok(());
    }
    let tx = service.store().begin().await?;
    if cases::change(&tx, case.id, (State::Checking, State::Expired), now).await? {
        notify(service, &tx, case.account, State::Expired).await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(())
}

/// When a case is tried again after so many tries; `None` when its time is over.
fn next_try(
    config: &Config,
    created_at: DateTime<Utc>,
    attempts: u32,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let doubled = 1_i64.checked_shl(attempts.min(32)).unwrap_or(i64::MAX);
    let wait = Ord::min(
        config.retry_first_seconds.saturating_mul(doubled),
        config.retry_longest_seconds,
    );
    let at = now + TimeDelta::seconds(wait);
    (at < created_at + TimeDelta::days(config.retry_days)).then_some(at)
}

/// Writes the notice to the account's phone, in the account's language, in the transaction that moves the case.
pub async fn notify(service: &Service, tx: &Tx, account: AccountId, state: State) -> Result<(), StoreError> {
    match notice_of(state) {
        Some(text) => notify_by(service, tx, account, text).await,
        None => Ok(()),
    }
}

/// Writes a notice to the account's phone, in the account's language, in the caller's transaction.
pub(crate) async fn notify_by(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    text: Text,
) -> Result<(), StoreError> {
    let Some(account) = accounts::find(tx, account).await? else {
        return Ok(());
    };
    let Some(phone) = &account.phone else {
        return Ok(());
    };
    let sms = Sms {
        text,
        language: account.language,
        args: &[],
        to: phone,
        expires_at: service.now() + TimeDelta::hours(NOTICE_HOURS),
    };
    store::outbox::put(tx, &sms.message(service.kit())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_come_after_one_two_four_minutes_and_so_on_to_an_hour_for_a_week() {
        let (config, start) = (Config::default(), store::testing::start_time());
        let minutes = |attempts| {
            let at = next_try(&config, start, attempts, start).unwrap();
            (at - start).num_minutes()
        };
        assert_eq!(
            [0, 1, 2, 3, 5, 6, 40, u32::MAX].map(minutes),
            [1, 2, 4, 8, 32, 60, 60, 60]
        );
        let last = start + TimeDelta::days(7) - TimeDelta::minutes(59);
        assert_eq!(next_try(&config, start, 9, last), None);
    }
}
