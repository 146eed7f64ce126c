//! Permissions to register a sub-site by program (RFC 7591 section 3, initial access tokens): an operator makes one,
//! it is good for a number of registrations and for a time, and only its hash is kept (A143).

use chrono::{DateTime, Utc};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::entity::initial_access_token::{ActiveModel, Column, Entity};
use crate::error::StoreError;
use crate::tx::Tx;

/// A permission to be stored.
#[derive(Debug)]
pub struct NewInitialToken<'a> {
    /// Its hash.
    pub hash: TokenHash,
    /// Whom the operator gave it to.
    pub label: &'a str,
    /// For how many registrations.
    pub uses: i32,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it is worth nothing any more.
    pub expires_at: DateTime<Utc>,
}

/// A permission that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialToken {
    /// Whom the operator gave it to.
    pub label: String,
    /// For how many registrations more.
    pub uses_left: i32,
}

/// Stores a permission.
pub async fn create(tx: &Tx, new: &NewInitialToken<'_>) -> Result<(), StoreError> {
    let row = ActiveModel {
        token_hash: Set(new.hash.as_bytes().to_vec()),
        label: Set(new.label.to_owned()),
        uses_left: Set(new.uses),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The permission that a bearer value stands for, if it holds; nothing is used up.
pub async fn look(
    tx: &Tx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<InitialToken>, StoreError> {
    let row = Entity::find_by_id(token.as_bytes().to_vec())
        .filter(Column::UsesLeft.gt(0))
        .filter(Column::ExpiresAt.gt(now))
        .one(tx)
        .await?;
    Ok(row.map(|row| InitialToken {
        label: row.label,
        uses_left: row.uses_left,
    }))
}

/// Uses it once; false when it does not hold any more. One statement: of two at once, the last use is one's.
pub async fn spend(tx: &Tx, token: &TokenHash, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let spent = Entity::update_many()
        .col_expr(Column::UsesLeft, Expr::col(Column::UsesLeft).sub(1))
        .filter(Column::TokenHash.eq(token.as_bytes().to_vec()))
        .filter(Column::UsesLeft.gt(0))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(spent.rows_affected == 1)
}

/// Ends every permission with this label; answers how many held.
pub async fn end(tx: &Tx, label: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let ended = Entity::update_many()
        .col_expr(Column::UsesLeft, Expr::value(0))
        .filter(Column::Label.eq(label))
        .filter(Column::UsesLeft.gt(0))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use model::secret::Token;

    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn attack_143_a_permission_is_good_for_its_number_of_uses_and_its_time() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let [one, other] = [(); 2].map(|()| Token::generate(test.store.rng()).hash());
            for hash in [one, other] {
                let new = NewInitialToken {
                    hash,
                    label: "hefei",
                    uses: 2,
                    now,
                    expires_at: now + TimeDelta::hours(1),
                };
                create(&tx, &new).await.unwrap();
            }
            let tries = tokio::join!(
                spend(&tx, &one, now),
                spend(&tx, &one, now),
                spend(&tx, &one, now)
            );
            let spent = [tries.0, tries.1, tries.2].map(Result::unwrap);
            assert_eq!(spent.iter().filter(|spent| **spent).count(), 2);
            assert_eq!(look(&tx, &one, now).await.unwrap(), None);

            let later = now + TimeDelta::hours(1);
            assert!(!spend(&tx, &other, later).await.unwrap(), "over");
            assert_eq!(look(&tx, &other, later).await.unwrap(), None);
            assert_eq!(look(&tx, &other, now).await.unwrap().unwrap().uses_left, 2);
            assert_eq!(end(&tx, "hefei", now).await.unwrap(), 1);
            assert!(!spend(&tx, &other, now).await.unwrap(), "taken back");
        }
    }
}
