//! How much is written of what is refused.
//!
//! A used or refused token costs nothing to send again, and in the name of a public client anybody can. So of one code
//! and of one family a few refusals a day are written down, and a few notices a day are sent to one account. What revokes
//! something is always written.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use model::secret::TokenHash;
use store::throttles::{self, Rule};
use store::{StoreError, Tx};

const DAY: i64 = 24 * 60 * 60;

/// Refusals of the refresh tokens of one family.
pub(super) const REFUSED: Rule = Rule {
    name: "refresh-refused",
    limit: 10,
    window_seconds: DAY,
};

/// Used codes, and used refresh tokens of one family, that came again. The first of them revokes everything for good, so
/// those beyond the limit need not even be looked at.
pub(super) const REPLAYED: Rule = Rule {
    name: "token-replayed",
    limit: 10,
    window_seconds: DAY,
};

/// Notices of replays to one account.
pub(super) const TOLD: Rule = Rule {
    name: "replay-notice",
    limit: 3,
    window_seconds: DAY,
};

/// The key of a family, which is that of the code with which it began.
pub(super) fn key(family: &TokenHash) -> String {
    URL_SAFE_NO_PAD.encode(family.as_bytes())
}

/// Whether there was enough of it today. Counts nothing.
pub(super) async fn is_enough(
    tx: &Tx,
    rule: &Rule,
    key: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let count = throttles::look(tx, rule, key, now).await?;
    Ok(count.count >= count.limit)
}

/// Counts one more and answers whether it is within the limit.
pub(super) async fn one_more(
    tx: &Tx,
    rule: &Rule,
    key: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(!throttles::hit(tx, rule, key, now).await?.exceeded())
}
