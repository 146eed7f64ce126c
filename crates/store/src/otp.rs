//! One-time codes. A code is bound to its purpose, to what it was sent to, and to the browser that asked for it
//! (A214, A215); stored is a keyed digest. Tries are counted down by one guarded statement, so that parallel
//! guesses all count (A213), and a code is used once (A217).

use std::fmt;

use chrono::{DateTime, Utc};
use model::ids::OtpId;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, Select};
use subtle::ConstantTimeEq as _;

use crate::entity::otp;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Index;

/// What a code is for. A code of one purpose is nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To prove the phone of a new account.
    Registration,
    /// To sign in, or as a second factor of it.
    SignIn,
    /// To prove again who is there before the level is raised (HB-26).
    RaiseLevel,
    /// To show that an older account is one's own, before the two are joined (AH-24).
    JoinAccounts,
    /// To object after two accounts were joined: a long word, in any browser.
    Objection,
    /// To get back into an account (HB-36).
    Recovery,
    /// To prove the phone that an account is to have.
    NewPhone,
    /// To agree with the phone that an account has to its being replaced.
    OldPhone,
    /// To object to a decision of operators, for whom nothing else opens the account.
    Appeal,
}

impl Purpose {
    /// The word in the database and in counters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::SignIn => "sign_in",
            Self::RaiseLevel => "raise_level",
            Self::JoinAccounts => "join_accounts",
            Self::Objection => "objection",
            Self::Recovery => "recovery",
            Self::NewPhone => "new_phone",
            Self::OldPhone => "old_phone",
            Self::Appeal => "appeal",
        }
    }
}

/// Whose code it is: purpose, normalised phone or address, browser. `Debug` shows the purpose alone.
#[derive(Clone, Copy)]
pub struct Holder<'a> {
    /// What the code is for.
    pub purpose: Purpose,
    /// What it is sent to.
    pub target: &'a str,
    /// The browser that asked for it.
    pub browser: &'a TokenHash,
}

impl fmt::Debug for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// What a code is stored with. The code never appears in `Debug`.
pub struct NewOtp<'a> {
    /// Its identifier.
    pub id: OtpId,
    /// Whose it is.
    pub holder: Holder<'a>,
    /// The code; `None` for one that nothing matches, where nobody may notice that no code was sent (A203).
    pub code: Option<&'a str>,
    /// How many tries it has.
    pub tries: u16,
    /// Now.
    pub now: DateTime<Utc>,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for NewOtp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewOtp")
            .field("id", &self.id)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

/// What is known about the newest code of a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its identifier.
    pub id: OtpId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

/// The answer to a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The code is right. It counts once [`consume`] has answered `true`.
    Right(OtpId),
    /// The code is wrong; so many tries are left.
    Wrong(u16),
    /// No tries are left; a new code is needed.
    Exhausted,
    /// There is no code, it was used, or its time is over.
    Expired,
}

fn of(tx: &Tx, holder: &Holder<'_>) -> Select<otp::Entity> {
    otp::Entity::find()
        .filter(otp::Column::Purpose.eq(holder.purpose.as_str()))
        .filter(otp::Column::TargetIndex.eq(tx.vault().index(Index::Phone, holder.target).to_vec()))
        .filter(otp::Column::BrowserHash.eq(holder.browser.as_bytes().to_vec()))
}

fn digest(tx: &Tx, id: OtpId, code: Option<&str>) -> Vec<u8> {
    // The identifier makes equal codes different; a code that is not there has a digest that no text gives.
    match code {
        Some(code) => tx
            .vault()
            .index(Index::OtpCode, &format!("{id}\u{0}{code}"))
            .to_vec(),
        None => Vec::new(),
    }
}

/// Stores a code. It replaces the holder's earlier one (HB-15).
pub async fn issue(tx: &Tx, new: &NewOtp<'_>) -> Result<(), StoreError> {
    let target = tx.vault().index(Index::Phone, new.holder.target).to_vec();
    let browser = new.holder.browser.as_bytes().to_vec();
    otp::Entity::update_many()
        .col_expr(otp::Column::UsedAt, Expr::value(new.now))
        .filter(otp::Column::Purpose.eq(new.holder.purpose.as_str()))
        .filter(otp::Column::TargetIndex.eq(target.clone()))
        .filter(otp::Column::BrowserHash.eq(browser.clone()))
        .filter(otp::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    let row = otp::ActiveModel {
        id: Set(new.id.as_uuid()),
        purpose: Set(new.holder.purpose.as_str().to_owned()),
        target_index: Set(target),
        browser_hash: Set(browser),
        code_mac: Set(digest(tx, new.id, new.code)),
        attempts_left: Set(i32::from(new.tries)),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
    };
    otp::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The holder's newest code, used or not: for the interval between two of them.
pub async fn find_newest(tx: &Tx, holder: &Holder<'_>) -> Result<Option<Issued>, StoreError> {
    let row = newest(tx, holder).await?;
    Ok(row.map(|row| Issued {
        id: OtpId::from_uuid(row.id),
        created_at: row.created_at,
        expires_at: row.expires_at,
    }))
}

async fn newest(tx: &Tx, holder: &Holder<'_>) -> Result<Option<otp::Model>, StoreError> {
    let newest = of(tx, holder)
        .order_by_desc(otp::Column::CreatedAt)
        .order_by_desc(otp::Column::Id);
    Ok(newest.one(tx).await?)
}

/// Tries a code. A wrong one costs a try; the right one costs nothing and still has to be consumed.
pub async fn try_code(
    tx: &Tx,
    holder: &Holder<'_>,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Tried, StoreError> {
    let Some(row) = newest(tx, holder).await? else {
        return Ok(Tried::Expired);
    };
    let id = OtpId::from_uuid(row.id);
    if row.used_at.is_some() || row.expires_at <= now {
        return Ok(Tried::Expired);
    }
    let Some(left) = take_try(tx, id, now).await? else {
        return why_refused(tx, id).await;
    };
    // Only now the code is looked at: the try was paid for before.
    if bool::from(row.code_mac.ct_eq(&digest(tx, id, Some(code)))) {
        give_back(tx, id).await?;
        return Ok(Tried::Right(id));
    }
    Ok(if left == 0 {
        Tried::Exhausted
    } else {
        Tried::Wrong(left)
    })
}

async fn take_try(tx: &Tx, id: OtpId, now: DateTime<Utc>) -> Result<Option<u16>, StoreError> {
    let rows = otp::Entity::update_many()
        .col_expr(
            otp::Column::AttemptsLeft,
            Expr::col(otp::Column::AttemptsLeft).sub(1),
        )
        .filter(otp::Column::Id.eq(id.as_uuid()))
        .filter(otp::Column::AttemptsLeft.gt(0))
        .filter(otp::Column::UsedAt.is_null())
        .filter(otp::Column::ExpiresAt.gt(now))
        .exec_with_returning(tx)
        .await?;
    Ok(rows
        .into_iter()
        .next()
        .map(|row| u16::try_from(row.attempts_left).unwrap_or_default()))
}

/// Looked up after the guarded statement has refused, never before.
async fn why_refused(tx: &Tx, id: OtpId) -> Result<Tried, StoreError> {
    let row = otp::Entity::find_by_id(id.as_uuid()).one(tx).await?;
    let exhausted = row.is_some_and(|row| row.used_at.is_none() && row.attempts_left <= 0);
    Ok(if exhausted {
        Tried::Exhausted
    } else {
        Tried::Expired
    })
}

async fn give_back(tx: &Tx, id: OtpId) -> Result<(), StoreError> {
    otp::Entity::update_many()
        .col_expr(
            otp::Column::AttemptsLeft,
            Expr::col(otp::Column::AttemptsLeft).add(1),
        )
        .filter(otp::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Uses a code up; `false` when somebody else did, or its time is over (A217).
pub async fn consume(tx: &Tx, id: OtpId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = otp::Entity::update_many()
        .col_expr(otp::Column::UsedAt, Expr::value(now))
        .filter(otp::Column::Id.eq(id.as_uuid()))
        .filter(otp::Column::UsedAt.is_null())
        .filter(otp::Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Whether this is the holder's newest code, and it was used at `since` or later: how a page that was sent twice
/// shows that it is the same page. Gives nothing by itself, and the code stays used.
pub async fn was_used(
    tx: &Tx,
    holder: &Holder<'_>,
    code: &str,
    since: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Some(row) = newest(tx, holder).await? else {
        return Ok(false);
    };
    let right = row
        .code_mac
        .ct_eq(&digest(tx, OtpId::from_uuid(row.id), Some(code)));
    Ok(row.used_at.is_some_and(|at| at >= since) && bool::from(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, stores};
    use chrono::TimeDelta;
    use model::rng::Rng;
    use model::secret::Token;

    const PHONE: &str = "+8613800000001";

    fn browser() -> TokenHash {
        Token::generate(&Rng::system()).hash()
    }

    fn holder(purpose: Purpose, browser: &TokenHash) -> Holder<'_> {
        Holder {
            purpose,
            target: PHONE,
            browser,
        }
    }

    async fn issued(tx: &Tx, holder: Holder<'_>, code: Option<&str>, now: DateTime<Utc>) -> OtpId {
        let id = OtpId::new(now, &Rng::system());
        let new = NewOtp {
            id,
            holder,
            code,
            tries: 5,
            now,
            expires_at: now + TimeDelta::minutes(5),
        };
        issue(tx, &new).await.unwrap();
        id
    }

    #[tokio::test]
    async fn attack_214_215_a_code_holds_for_its_purpose_phone_and_browser_only() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let (mine, other) = (browser(), browser());
            let id = issued(&tx, holder(Purpose::Registration, &mine), Some("123456"), now).await;
            for stranger in [
                holder(Purpose::SignIn, &mine),
                holder(Purpose::Registration, &other),
                Holder {
                    purpose: Purpose::Registration,
                    target: "+8613800000002",
                    browser: &mine,
                },
            ] {
                assert_eq!(
                    try_code(&tx, &stranger, "123456", now).await.unwrap(),
                    Tried::Expired
                );
            }
            let right = try_code(&tx, &holder(Purpose::Registration, &mine), "123456", now)
                .await
                .unwrap();
            assert_eq!(right, Tried::Right(id));
        }
    }

    #[tokio::test]
    async fn attack_217_a_code_is_used_once_and_not_after_its_time() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let mine = browser();
            let holder = holder(Purpose::SignIn, &mine);
            let id = issued(&tx, holder, Some("123456"), now).await;
            let late = now + TimeDelta::minutes(5);
            assert_eq!(
                try_code(&tx, &holder, "123456", late).await.unwrap(),
                Tried::Expired
            );
            assert!(!consume(&tx, id, late).await.unwrap());
            assert!(consume(&tx, id, now).await.unwrap());
            assert!(!consume(&tx, id, now).await.unwrap());
            assert_eq!(
                try_code(&tx, &holder, "123456", now).await.unwrap(),
                Tried::Expired
            );
        }
    }

    #[tokio::test]
    async fn source_hb_15_a_new_code_replaces_the_old_one() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let mine = browser();
            let holder = holder(Purpose::Registration, &mine);
            let old = issued(&tx, holder, Some("111111"), now).await;
            let new = issued(&tx, holder, Some("222222"), now + TimeDelta::seconds(60)).await;
            assert!(!consume(&tx, old, now).await.unwrap());
            assert_eq!(
                try_code(&tx, &holder, "111111", now).await.unwrap(),
                Tried::Wrong(4)
            );
            assert_eq!(
                try_code(&tx, &holder, "222222", now).await.unwrap(),
                Tried::Right(new)
            );
        }
    }

    #[tokio::test]
    async fn attack_203_a_code_that_was_never_sent_behaves_like_a_wrong_one() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let mine = browser();
            let holder = holder(Purpose::Registration, &mine);
            issued(&tx, holder, None, now).await;
            for left in (1..5).rev() {
                assert_eq!(try_code(&tx, &holder, "", now).await.unwrap(), Tried::Wrong(left));
            }
            assert_eq!(
                try_code(&tx, &holder, "000000", now).await.unwrap(),
                Tried::Exhausted
            );
            assert_eq!(
                try_code(&tx, &holder, "000000", now).await.unwrap(),
                Tried::Exhausted
            );
        }
    }

    async fn guesses(test: &TestStore, browser: TokenHash, code: &'static str) -> Vec<Tried> {
        let now = test.clock.now();
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let store = test.store.clone();
            tries.spawn(async move {
                try_code(&store.read(), &holder(Purpose::Registration, &browser), code, now)
                    .await
                    .unwrap()
            });
        }
        tries.join_all().await
    }

    #[tokio::test]
    async fn attack_213_of_32_parallel_guesses_five_are_looked_at() {
        for test in stores().await {
            let mine = browser();
            issued(
                &test.store.read(),
                holder(Purpose::Registration, &mine),
                Some("123456"),
                test.clock.now(),
            )
            .await;
            let answers = guesses(&test, mine, "999999").await;
            let wrong = answers
                .iter()
                .filter(|answer| matches!(answer, Tried::Wrong(_)))
                .count();
            assert_eq!(wrong, 4, "{}", test.database.kind());
            assert!(
                answers
                    .iter()
                    .all(|answer| matches!(answer, Tried::Wrong(_) | Tried::Exhausted))
            );
            let after = try_code(
                &test.store.read(),
                &holder(Purpose::Registration, &mine),
                "123456",
                test.clock.now(),
            )
            .await
            .unwrap();
            assert_eq!(after, Tried::Exhausted, "the right code comes too late");
        }
    }

    #[tokio::test]
    async fn attack_217_of_32_parallel_uses_one_counts() {
        for test in stores().await {
            let (mine, now) = (browser(), test.clock.now());
            let id = issued(
                &test.store.read(),
                holder(Purpose::Registration, &mine),
                Some("123456"),
                now,
            )
            .await;
            let mut uses = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let store = test.store.clone();
                uses.spawn(async move { consume(&store.read(), id, now).await.unwrap() });
            }
            let used = uses.join_all().await.into_iter().filter(|used| *used).count();
            assert_eq!(used, 1, "{}", test.database.kind());
        }
    }
}
