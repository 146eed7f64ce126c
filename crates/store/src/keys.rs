//! Signing keys as rows: sealed private parts and the state of each. What a key is, the store does not know.
//!
//! A partial unique index holds at most one `next` and one `current` key for an algorithm, so nodes that start or
//! rotate together agree: the first insert wins. A row that cannot be read (damaged, or of a newer release) is logged
//! and left out: one bad key must not stop the others.

use chrono::{DateTime, Utc};
use model::client::SigningAlg;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use zeroize::Zeroizing;

use crate::entity::signing_key::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// The most keys that a list shows.
const LIST_MAX: u64 = 200;

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Published, does not sign yet.
    Next,
    /// Published, signs.
    Current,
    /// Published, does not sign any more.
    Retiring,
    /// Neither published nor accepted; its private part is gone.
    Dead,
}

impl State {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retiring => "retiring",
            Self::Dead => "dead",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Next, Self::Current, Self::Retiring, Self::Dead]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or(StoreError::Malformed("signing_key.state"))
    }
}

/// A key without its private part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub kid: String,
    /// Its algorithm.
    pub alg: SigningAlg,
    /// Where it is in its life.
    pub state: State,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it has been in this state.
    pub state_changed_at: DateTime<Utc>,
}

/// A key with its private part.
pub type Opened = (Listed, Zeroizing<Vec<u8>>);

/// A key to be stored.
#[derive(Debug)]
pub struct NewKey<'a> {
    /// Its name.
    pub kid: &'a str,
    /// Its algorithm.
    pub alg: SigningAlg,
    /// The state it begins with.
    pub state: State,
    /// The private part, to be sealed.
    pub private: &'a [u8],
    /// Now.
    pub now: DateTime<Utc>,
}

/// Stores a key unless its place is taken; answers whether it was stored.
pub async fn insert(tx: &Tx, new: &NewKey<'_>) -> Result<bool, StoreError> {
    let sealed = tx
        .vault()
        .seal(vault::Column::SigningKey, new.kid.as_bytes(), new.private)?;
    let row = ActiveModel {
        kid: Set(new.kid.to_owned()),
        alg: Set(new.alg.name().to_owned()),
        state: Set(new.state.as_str().to_owned()),
        private_sealed: Set(sealed),
        created_at: Set(new.now),
        state_changed_at: Set(new.now),
    };
    // No column is named: the conflict is with the partial index or with the key's own name.
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx);
    Ok(inserted.await? == 1)
}

/// Moves the key of an algorithm from one state to another, if it has been in the first since `since` at the
/// latest; answers its name, if there was one.
pub async fn advance(
    tx: &Tx,
    alg: SigningAlg,
    (from, to): (State, State),
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    let mut key = Entity::update_many();
    if let Some(since) = since {
        key = key.filter(Column::StateChangedAt.lte(since));
    }
    let moved = key
        .col_expr(Column::State, Expr::value(to.as_str()))
        .col_expr(Column::StateChangedAt, Expr::value(now))
        .filter(Column::Alg.eq(alg.name()))
        .filter(Column::State.eq(from.as_str()))
        .exec_with_returning(tx)
        .await?;
    Ok(moved.into_iter().next().map(|row| row.kid))
}

/// Gives up a key that was announced and never signed, private part and all; answers whether it was one.
pub async fn discard(tx: &Tx, kid: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let discarded = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Dead.as_str()))
        .col_expr(Column::StateChangedAt, Expr::value(now))
        .col_expr(Column::PrivateSealed, Expr::value(Vec::<u8>::new()))
        .filter(Column::Kid.eq(kid))
        .filter(Column::State.eq(State::Next.as_str()))
        .exec(tx)
        .await?;
    Ok(discarded.rows_affected == 1)
}

/// Buries retiring keys that changed before a moment, or only the one that is named, private parts and all; answers
/// their names.
pub async fn bury(
    tx: &Tx,
    kid: Option<&str>,
    changed_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let mut keys = Entity::update_many();
    if let Some(kid) = kid {
        keys = keys.filter(Column::Kid.eq(kid));
    }
    let buried = keys
        .col_expr(Column::State, Expr::value(State::Dead.as_str()))
        .col_expr(Column::StateChangedAt, Expr::value(now))
        .col_expr(Column::PrivateSealed, Expr::value(Vec::<u8>::new()))
        .filter(Column::State.eq(State::Retiring.as_str()))
        .filter(Column::StateChangedAt.lte(changed_before))
        .exec_with_returning(tx)
        .await?;
    Ok(buried.into_iter().map(|row| row.kid).collect())
}

/// Every key that this release understands, newest first, the dead included.
pub async fn list(tx: &Tx) -> Result<Vec<Listed>, StoreError> {
    let rows = Entity::find()
        .order_by_desc(Column::CreatedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    Ok(rows.iter().filter_map(|row| readable(row, listed(row))).collect())
}

/// The keys that are not dead and can be read, with their private parts.
pub async fn open(tx: &Tx) -> Result<Vec<Opened>, StoreError> {
    let rows = Entity::find()
        .filter(Column::State.ne(State::Dead.as_str()))
        .order_by_desc(Column::CreatedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| readable(row, opened(tx, row)))
        .collect())
}

/// The names of the announced keys that this release understands, each with what is in it if its private part can be
/// read. One statement, because a key that another node announces between two of them would look like one that cannot.
pub async fn announced(tx: &Tx) -> Result<Vec<(String, Option<Opened>)>, StoreError> {
    let rows = Entity::find()
        .filter(Column::State.eq(State::Next.as_str()))
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    let understood = rows
        .into_iter()
        .filter(|row| readable(row, listed(row)).is_some());
    Ok(understood
        .map(|row| {
            let opened = readable(&row, opened(tx, &row));
            (row.kid, opened)
        })
        .collect())
}

fn opened(tx: &Tx, row: &Model) -> Result<Opened, StoreError> {
    let kid = row.kid.as_bytes();
    let private = tx
        .vault()
        .open(vault::Column::SigningKey, kid, &row.private_sealed)?;
    Ok((listed(row)?, private))
}

fn readable<T>(row: &Model, read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| {
        tracing::error!(kid = row.kid, alg = row.alg, state = row.state, %error, "a signing key cannot be read");
    })
    .ok()
}

fn listed(row: &Model) -> Result<Listed, StoreError> {
    Ok(Listed {
        kid: row.kid.clone(),
        alg: SigningAlg::from_name(&row.alg).ok_or(StoreError::Malformed("signing_key.alg"))?,
        state: State::parse(&row.state)?,
        created_at: row.created_at,
        state_changed_at: row.state_changed_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn key(kid: &str, state: State) -> NewKey<'_> {
        let now = testing::start_time();
        NewKey {
            kid,
            alg: SigningAlg::Es256,
            state,
            private: b"private",
            now,
        }
    }

    #[tokio::test]
    async fn one_current_and_one_next_key_for_an_algorithm() {
        for test in testing::stores().await {
            let (tx, now) = (test.store.read(), testing::start_time());
            assert!(insert(&tx, &key("a", State::Current)).await.expect("current"));
            assert!(
                !insert(&tx, &key("b", State::Current))
                    .await
                    .expect("second current")
            );
            assert!(insert(&tx, &key("c", State::Next)).await.expect("next"));
            assert!(!insert(&tx, &key("d", State::Next)).await.expect("second next"));
            let (es256, day) = (SigningAlg::Es256, chrono::TimeDelta::hours(24));
            let (retire, promote) = ((State::Current, State::Retiring), (State::Next, State::Current));
            for (alg, step, since, moved) in [
                (es256, retire, None, Some("a")),
                (es256, promote, Some(now - day), None),
                (es256, promote, Some(now), Some("c")),
                (SigningAlg::Rs256, promote, None, None),
            ] {
                let answer = advance(&tx, alg, step, since, now).await.expect("moved");
                assert_eq!(answer.as_deref(), moved);
            }
            assert!(!discard(&tx, "c", now).await.expect("discard"), "it signs");
            let other = bury(&tx, Some("c"), now, now).await.expect("bury another");
            assert!(other.is_empty(), "a key that signs is not buried");
            assert_eq!(bury(&tx, None, now, now).await.expect("bury"), ["a"]);
            let open = open(&tx).await.expect("open");
            let [(listed, private)] = open.as_slice() else {
                panic!("{} keys", open.len())
            };
            assert_eq!((listed.kid.as_str(), listed.state), ("c", State::Current));
            assert_eq!(private.as_slice(), b"private");
        }
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_read_is_left_out_and_the_others_stay() {
        for test in testing::stores().await {
            let (tx, now) = (test.store.read(), testing::start_time());
            for alg in SigningAlg::ALL {
                let new = NewKey {
                    alg,
                    ..key(alg.name(), State::Current)
                };
                assert!(insert(&tx, &new).await.expect("stored"));
            }
            let damage = async |kid: &str, column: Column, value: Expr| {
                let damaged = Entity::update_many()
                    .col_expr(column, value)
                    .filter(Column::Kid.eq(kid))
                    .exec(&tx)
                    .await
                    .expect("damaged");
                assert_eq!(damaged.rows_affected, 1);
            };
            damage("ES256", Column::PrivateSealed, Expr::value(b"torn".to_vec())).await;
            damage("RS256", Column::Alg, Expr::value("ML-DSA-65")).await;
            damage("PS256", Column::State, Expr::value("paused")).await;
            let open: Vec<_> = open(&tx)
                .await
                .expect("open")
                .into_iter()
                .map(|(key, _)| key.kid)
                .collect();
            assert_eq!(open, ["EdDSA"]);
            let mut listed: Vec<_> = list(&tx)
                .await
                .expect("listed")
                .into_iter()
                .map(|key| key.kid)
                .collect();
            listed.sort();
            assert_eq!(
                listed,
                ["ES256", "EdDSA"],
                "what is torn inside can still be named"
            );
            assert!(bury(&tx, None, now, now).await.expect("bury").is_empty());
        }
    }
}
