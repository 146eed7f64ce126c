//! Tries with a factor of somebody who is known already. Each counts before its outcome is known: a few in a row pause, for
//! longer the more there were, and after a hundred wrong ones in a row, however slowly, the factor is off until it is set up
//! anew (NIST SP 800-63B-4, section 3.2.2).

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use store::StoreError;
use store::throttles::{self, Rule};
use web::form::Words;

use crate::Service;

/// The most wrong tries in one window.
const WINDOW_LIMIT: i64 = 10;
const WINDOW_SECONDS: i64 = 900;
/// From so many wrong tries in a row on the window is longer.
const SLOW_FROM: i64 = 50;
const SLOW_SECONDS: i64 = 3600;
/// The most wrong tries in a row.
const ROW_LIMIT: i64 = 100;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It is right, and used up where it works once.
    Right,
    /// It cannot be one; nothing was tried.
    Unreadable,
    /// It is wrong.
    Wrong,
    /// It was right, and is used up.
    Used,
    /// Too many tries; come back after so many seconds.
    Paused(i64),
    /// Too many wrong ones in a row; it works no more.
    Off,
}

impl Tried {
    /// What the page says about it; nothing about what was right.
    pub fn words(self) -> Option<Words> {
        match self {
            Self::Right => None,
            Self::Unreadable => Some("factors-code-unreadable".into()),
            Self::Wrong | Self::Used => Some("factors-code-wrong".into()),
            Self::Paused(seconds) => {
                let minutes = Ord::max((seconds + 59).div_euclid(60), 1);
                Some(Words::with("factors-paused", vec![("minutes", minutes.into())]))
            }
            Self::Off => Some("factors-off".into()),
        }
    }
}

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The password that was set at this moment: a new one begins anew.
    Password(Option<DateTime<Utc>>),
    Totp,
    Code,
}

impl What {
    const fn rules(self) -> [Rule; 3] {
        let (window, slow, row) = match self {
            Self::Password(_) => ("again_password", "again_password_slow", "again_password_row"),
            Self::Totp => ("factor_totp", "factor_totp_slow", "factor_totp_row"),
            Self::Code => ("factor_code", "factor_code_slow", "factor_code_row"),
        };
        [
            Rule {
                name: window,
                limit: WINDOW_LIMIT,
                window_seconds: WINDOW_SECONDS,
            },
            Rule {
                name: slow,
                limit: WINDOW_LIMIT,
                window_seconds: SLOW_SECONDS,
            },
            Rule {
                name: row,
                limit: ROW_LIMIT,
                // It ends with a right try and not by time.
                window_seconds: throttles::ENDLESS_SECONDS,
            },
        ]
    }

    fn key(self, account: AccountId) -> String {
        match self {
            Self::Password(Some(since)) => format!("{account}\u{0}{}", since.timestamp_micros()),
            Self::Password(None) | Self::Totp | Self::Code => account.to_string(),
        }
    }
}

/// Counts a try; says where it ends already.
pub(crate) async fn count(
    service: &Service,
    account: AccountId,
    what: What,
) -> Result<Option<Tried>, StoreError> {
    let (tx, key, now) = (service.store().read(), what.key(account), service.now());
    let [window, slow, row] = what.rules();
    let in_a_row = throttles::look(&tx, &row, &key, now).await?.count;
    if in_a_row >= ROW_LIMIT {
        return Ok(Some(Tried::Off));
    }
    let window = if in_a_row >= SLOW_FROM { slow } else { window };
    let count = throttles::hit(&tx, &window, &key, now).await?;
    if count.exceeded() {
        return Ok(Some(Tried::Paused(count.retry_after_seconds(now))));
    }
    // Only tries that are looked at are in the row; of parallel ones all are.
    Ok(throttles::hit(&tx, &row, &key, now)
        .await?
        .exceeded()
        .then_some(Tried::Off))
}

/// Forgets the wrong ones, after a right one or when the factor is set up anew.
pub(crate) async fn forgive(service: &Service, account: AccountId, what: What) -> Result<(), StoreError> {
    let (tx, key, now) = (service.store().read(), what.key(account), service.now());
    for rule in what.rules() {
        throttles::clear(&tx, &rule, &key, now).await?;
    }
    Ok(())
}

/// Takes a try back that came to no outcome.
pub(crate) async fn take_back(service: &Service, account: AccountId, what: What) -> Result<(), StoreError> {
    let (tx, key, now) = (service.store().read(), what.key(account), service.now());
    for rule in what.rules() {
        throttles::give_back(&tx, &rule, &key, now).await?;
    }
    Ok(())
}
