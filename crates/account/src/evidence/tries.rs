//! How often a source may be asked: by an account and about an ID number, at one source and at all together, on a day.
//! Without it the registers could be searched through us (A253). Which of the limits was reached, nobody is told.
//!
//! A day is one of the province's, from midnight to midnight there.
//!
//! Numbers are no secret, so a number has more tries than an account, and an account that has proven a number is not
//! held up by what others did with it: asking about oneself is no guessing.

use store::throttles::{self, Day, DayRule};
use store::{StoreError, Tx};

use super::check::Attempt;
use crate::Service;

/// The day, where the people are.
pub(crate) fn day(service: &Service) -> Day {
    Day::of(service.now(), service.kit().branding().zone())
}

/// How many tries are left, without counting one.
pub(crate) async fn left(service: &Service, attempt: &Attempt) -> Result<i64, StoreError> {
    left_in(service, &service.store().read(), attempt).await
}

/// The same, as a transaction sees it.
pub(crate) async fn left_in(service: &Service, tx: &Tx, attempt: &Attempt) -> Result<i64, StoreError> {
    let day = day(service);
    let mut left = i64::MAX;
    for (rule, key) in counters(service, tx, attempt).await? {
        let count = throttles::look_on(tx, &rule, &key, day).await?;
        left = Ord::min(left, count.limit - count.count);
    }
    Ok(Ord::max(left, 0))
}

/// Counts a try before the source is asked, so that parallel tries all count; `None`, and nothing is counted, when none
/// was left.
pub(crate) async fn count(service: &Service, attempt: &Attempt) -> Result<Option<i64>, StoreError> {
    count_in(service, &service.store().read(), attempt).await
}

/// The same in a transaction: the try counts if it is committed.
pub(crate) async fn count_in(
    service: &Service,
    tx: &Tx,
    attempt: &Attempt,
) -> Result<Option<i64>, StoreError> {
    let day = day(service);
    let mut left = i64::MAX;
    let counters = counters(service, tx, attempt).await?;
    for (counted, (rule, key)) in (1..).zip(&counters) {
        // The account first: one that has used up its own tries takes none from the number's owner.
        let count = throttles::hit_on(tx, rule, key, day).await?;
        if count.exceeded() {
            // Nobody is asked: what was not checked is no try, here as everywhere.
            for (rule, key) in counters.iter().take(counted) {
                throttles::give_back_on(tx, rule, key, day).await?;
            }
            return Ok(None);
        }
        left = Ord::min(left, count.limit - count.count);
    }
    Ok(Some(left))
}

/// What was not checked is no try (A251).
pub(crate) async fn take_back(service: &Service, attempt: &Attempt) -> Result<(), StoreError> {
    let (tx, day) = (service.store().read(), day(service));
    for (rule, key) in counters(service, &tx, attempt).await? {
        throttles::give_back_on(&tx, &rule, &key, day).await?;
    }
    Ok(())
}

/// What an attempt counts towards: its account, and the number unless it is the account's own already.
async fn counters(
    service: &Service,
    tx: &Tx,
    attempt: &Attempt,
) -> Result<Vec<(DayRule, String)>, StoreError> {
    let config = &service.config().sources;
    let rule = |name, limit| DayRule { name, limit };
    let (account, number) = (attempt.account.to_string(), attempt.facts.citizen_id.as_str());
    let here = |key: &str| format!("{}:{key}", attempt.source);
    let mut counters = vec![
        (rule("verify_account", config.tries_per_day), here(&account)),
        (rule("verify_account_all", config.tries_per_day_in_all), account),
    ];
    let whose = store::accounts::find(tx, attempt.account).await?;
    let own = whose.and_then(|account| account.citizen_id);
    if own.as_ref() != Some(&attempt.facts.citizen_id) {
        let (one, all) = (config.tries_per_day_for_number, config.tries_per_day_in_all);
        counters.push((rule("verify_number", one), here(number)));
        counters.push((rule("verify_number_all", Ord::max(one, all)), number.to_owned()));
    }
    Ok(counters)
}
