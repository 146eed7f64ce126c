//! How often a source may be asked: by an account and about an ID number, at one source and at all together, on a day.
//! Without it the registers could be searched through us (A253). Which of the limits was reached, nobody is told.

use store::StoreError;
use store::throttles::{self, Rule};

use super::Config;
use super::check::Attempt;
use crate::Service;

/// Tries are counted by day.
const DAY_SECONDS: i64 = 24 * 3600;

/// How many tries are left, without counting one.
pub(crate) async fn left(service: &Service, attempt: &Attempt) -> Result<i64, StoreError> {
    let (tx, now) = (service.store().read(), service.now());
    let mut left = i64::MAX;
    for (rule, key) in counters(&service.config().sources, attempt) {
        let count = throttles::look(&tx, &rule, &key, now).await?;
        left = Ord::min(left, count.limit - count.count);
    }
    Ok(Ord::max(left, 0))
}

/// Counts a try before the source is asked, so that parallel tries all count; `None` when none was left.
pub(crate) async fn count(service: &Service, attempt: &Attempt) -> Result<Option<i64>, StoreError> {
    let (tx, now) = (service.store().read(), service.now());
    let mut left = i64::MAX;
    // The account first: one that has used up its own tries takes none from the number's owner.
    for (rule, key) in counters(&service.config().sources, attempt) {
        let count = throttles::hit(&tx, &rule, &key, now).await?;
        if count.exceeded() {
            return Ok(None);
        }
        left = Ord::min(left, count.limit - count.count);
    }
    Ok(Some(left))
}

/// What was not checked is no try (A251).
pub(crate) async fn take_back(service: &Service, attempt: &Attempt) -> Result<(), StoreError> {
    let (tx, now) = (service.store().read(), service.now());
    for (rule, key) in counters(&service.config().sources, attempt) {
        throttles::give_back(&tx, &rule, &key, now).await?;
    }
    Ok(())
}

fn counters(config: &Config, attempt: &Attempt) -> [(Rule, String); 4] {
    let rule = |name, limit| Rule {
        name,
        limit,
        window_seconds: DAY_SECONDS,
    };
    let (one, all) = (config.tries_per_day, config.tries_per_day_in_all);
    let (account, number) = (attempt.account.to_string(), attempt.facts.citizen_id.as_str());
    let here = |key: &str| format!("{}:{key}", attempt.source);
    [
        (rule("verify_account", one), here(&account)),
        (rule("verify_account_all", all), account),
        (rule("verify_number", one), here(number)),
        (rule("verify_number_all", all), number.to_owned()),
    ]
}
