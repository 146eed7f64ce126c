//! Browsers that were sent to another party and are to come back: a company that compares faces, a trusted sign-in,
//! another province.
//!
//! The value that comes back (`state`) is stored as a hash. It is bound to the account, the sign-in, the browser and the
//! source that it left for, and is taken by one guarded statement whose row count is the answer: of two that come back
//! with it one is looked at (A270, A271). What is kept for the return is sealed, and forgotten with the return.

use chrono::{DateTime, Utc};
use model::evidence::SourceId;
use model::ids::{AccountId, SessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use zeroize::Zeroizing;

use crate::entity::round_trip::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// Who leaves, and who comes back.
#[derive(Clone, Debug)]
pub struct Traveller<'a> {
    /// The account.
    pub account: AccountId,
    /// Its sign-in.
    pub session: SessionId,
    /// The browser.
    pub browser: &'a TokenHash,
    /// The source that it left for.
    pub source: &'a SourceId,
}

/// A browser is about to leave.
#[derive(Debug)]
pub struct NewRoundTrip<'a> {
    /// The hash of what must come back.
    pub state: &'a TokenHash,
    /// Who leaves.
    pub traveller: Traveller<'a>,
    /// What is needed on return.
    pub kept: &'a [u8],
    /// Now.
    pub now: DateTime<Utc>,
    /// From when on it is too late to come back.
    pub expires_at: DateTime<Utc>,
}

/// Why somebody who comes back is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody left with this value for this source.
    Unknown,
    /// Somebody came back with it before.
    Used,
    /// Too late.
    Expired,
    /// It left in another browser.
    OtherBrowser,
    /// It left when another account was signed in.
    OtherAccount,
    /// It left in an earlier sign-in.
    OtherSession,
}

/// Stores a departure.
pub async fn begin(tx: &Tx, new: &NewRoundTrip<'_>) -> Result<(), StoreError> {
    let key = new.state.as_bytes();
    let row = ActiveModel {
        state_hash: Set(key.to_vec()),
        account_id: Set(new.traveller.account.as_uuid()),
        session_id: Set(new.traveller.session.as_uuid()),
        browser_hash: Set(new.traveller.browser.as_bytes().to_vec()),
        source: Set(new.traveller.source.as_str().to_owned()),
        kept_sealed: Set(tx.vault().seal(vault::Column::RoundTrip, key, new.kept)?),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes a return, once, and answers what was kept for it.
pub async fn redeem(
    tx: &Tx,
    state: &TokenHash,
    who: &Traveller<'_>,
    now: DateTime<Utc>,
) -> Result<Result<Zeroizing<Vec<u8>>, Refused>, StoreError> {
    // What is kept does not change while nobody has come back, so that it may be read first.
    let Some(row) = Entity::find_by_id(state.as_bytes().to_vec()).one(tx).await? else {
        return Ok(Err(Refused::Unknown));
    };
    if let Some(refused) = refusal(&row, who, now) {
        return Ok(Err(refused));
    }
    let kept = tx
        .vault()
        .open(vault::Column::RoundTrip, state.as_bytes(), &row.kept_sealed)?;
    let taken = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .col_expr(Column::KeptSealed, Expr::value(Vec::<u8>::new()))
        .filter(Column::StateHash.eq(state.as_bytes().to_vec()))
        .filter(Column::AccountId.eq(who.account.as_uuid()))
        .filter(Column::SessionId.eq(who.session.as_uuid()))
        .filter(Column::BrowserHash.eq(who.browser.as_bytes().to_vec()))
        .filter(Column::Source.eq(who.source.as_str()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(if taken.rows_affected == 1 {
        Ok(kept)
    } else {
        Err(Refused::Used)
    })
}

/// Puts a return that was taken back, because the other party could not be asked what it says: the same browser may come
/// with the same value again, until its time is over.
pub async fn reopen(tx: &Tx, state: &TokenHash, kept: &[u8], now: DateTime<Utc>) -> Result<bool, StoreError> {
    let key = state.as_bytes();
    let sealed = tx.vault().seal(vault::Column::RoundTrip, key, kept)?;
    let opened = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::KeptSealed, Expr::value(sealed))
        .filter(Column::StateHash.eq(key.to_vec()))
        .filter(Column::UsedAt.is_not_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(opened.rows_affected == 1)
}

/// The browser first: to a stranger's browser nothing is told of whose it was.
fn refusal(row: &Model, who: &Traveller<'_>, now: DateTime<Utc>) -> Option<Refused> {
    if row.source != who.source.as_str() {
        return Some(Refused::Unknown);
    }
    if TokenHash::from_bytes(&row.browser_hash).as_ref() != Some(who.browser) {
        return Some(Refused::OtherBrowser);
    }
    if row.account_id != who.account.as_uuid() {
        return Some(Refused::OtherAccount);
    }
    if row.session_id != who.session.as_uuid() {
        return Some(Refused::OtherSession);
    }
    if row.used_at.is_some() {
        return Some(Refused::Used);
    }
    (row.expires_at <= now).then_some(Refused::Expired)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, stores};
    use chrono::TimeDelta;
    use model::rng::Rng;
    use model::secret::Token;

    struct One {
        state: TokenHash,
        browser: TokenHash,
        source: SourceId,
        account: AccountId,
        session: SessionId,
    }

    impl One {
        fn new(test: &TestStore) -> Self {
            let (now, rng) = (test.clock.now(), Rng::system());
            Self {
                state: Token::generate(&rng).hash(),
                browser: Token::generate(&rng).hash(),
                source: SourceId::parse("face").unwrap(),
                account: AccountId::new(now, &rng),
                session: SessionId::new(now, &rng),
            }
        }

        fn traveller(&self) -> Traveller<'_> {
            Traveller {
                account: self.account,
                session: self.session,
                browser: &self.browser,
                source: &self.source,
            }
        }

        async fn left(&self, test: &TestStore) {
            let now = test.clock.now();
            let new = NewRoundTrip {
                state: &self.state,
                traveller: self.traveller(),
                kept: b"nonce",
                now,
                expires_at: now + TimeDelta::minutes(10),
            };
            begin(&test.store.read(), &new).await.unwrap();
        }
    }

    #[tokio::test]
    async fn attack_270_a_return_counts_in_its_own_browser_account_sign_in_source_and_time() {
        for test in stores().await {
            let (tx, now, rng) = (test.store.read(), test.clock.now(), Rng::system());
            let one = One::new(&test);
            one.left(&test).await;
            let (browser, source) = (
                Token::generate(&rng).hash(),
                SourceId::parse("trusted_sign_in").unwrap(),
            );
            let back = |who| {
                let (tx, state) = (test.store.read(), one.state);
                async move {
                    redeem(&tx, &state, &who, now)
                        .await
                        .unwrap()
                        .map(|kept| kept.to_vec())
                }
            };
            let mine = one.traveller();
            for (who, refused) in [
                (
                    Traveller {
                        browser: &browser,
                        ..mine.clone()
                    },
                    Refused::OtherBrowser,
                ),
                (
                    Traveller {
                        account: AccountId::new(now, &rng),
                        ..mine.clone()
                    },
                    Refused::OtherAccount,
                ),
                (
                    Traveller {
                        session: SessionId::new(now, &rng),
                        ..mine.clone()
                    },
                    Refused::OtherSession,
                ),
                (
                    Traveller {
                        source: &source,
                        ..mine.clone()
                    },
                    Refused::Unknown,
                ),
            ] {
                assert_eq!(back(who).await, Err(refused));
            }
            let later = now + TimeDelta::minutes(10);
            let late = redeem(&tx, &one.state, &mine, later)
                .await
                .unwrap()
                .map(|kept| kept.to_vec());
            assert_eq!(late, Err(Refused::Expired));
            assert_eq!(
                back(mine.clone()).await,
                Ok(b"nonce".to_vec()),
                "none of them took it"
            );
            assert_eq!(back(mine).await, Err(Refused::Used));
            let unknown = Token::generate(&rng).hash();
            let unknown = redeem(&tx, &unknown, &one.traveller(), now).await.unwrap();
            assert_eq!(unknown.map(|kept| kept.to_vec()), Err(Refused::Unknown));
        }
    }

    #[tokio::test]
    async fn attack_270_of_32_returns_with_one_value_one_is_looked_at_and_nothing_stays() {
        for test in stores().await {
            let now = test.clock.now();
            let one = std::sync::Arc::new(One::new(&test));
            one.left(&test).await;
            let mut tries = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let (store, one) = (test.store.clone(), std::sync::Arc::clone(&one));
                tries.spawn(async move {
                    let back = redeem(&store.read(), &one.state, &one.traveller(), now).await;
                    back.unwrap().is_ok()
                });
            }
            let taken = tries.join_all().await.into_iter().filter(|taken| *taken).count();
            assert_eq!(taken, 1, "{}", test.database.kind());
            let row = Entity::find_by_id(one.state.as_bytes().to_vec());
            let row = row.one(&test.store.read()).await.unwrap().unwrap();
            assert!(row.kept_sealed.is_empty(), "what was kept is forgotten");
        }
    }

    #[tokio::test]
    async fn a_return_that_could_not_be_looked_at_may_come_again_in_its_time() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let one = One::new(&test);
            one.left(&test).await;
            assert!(
                !reopen(&tx, &one.state, b"nonce", now).await.unwrap(),
                "it is open"
            );
            let who = one.traveller();
            redeem(&tx, &one.state, &who, now).await.unwrap().unwrap();
            assert!(reopen(&tx, &one.state, b"again", now).await.unwrap());
            let kept = redeem(&tx, &one.state, &who, now).await.unwrap().unwrap();
            assert_eq!(kept.as_slice(), b"again");
            let later = now + TimeDelta::minutes(10);
            assert!(!reopen(&tx, &one.state, b"late", later).await.unwrap());
        }
    }
}
