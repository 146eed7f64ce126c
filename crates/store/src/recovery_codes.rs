//! Printed recovery codes: a sheet of them, each good once. A keyed digest over account and code is stored, so that
//! the database alone tells nothing and a code of one account is nothing for another.

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _};

use crate::entity::recovery_code::{ActiveModel, Column, Entity};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Index;

fn digest(tx: &Tx, account: AccountId, code: &str) -> Vec<u8> {
    let value = format!("{account}\u{0}{code}");
    tx.vault().index(Index::RecoveryCode, &value).to_vec()
}

/// Puts a new sheet in the place of the one before, of which nothing holds any more.
pub async fn replace(
    tx: &Tx,
    rng: &Rng,
    account: AccountId,
    (codes, now): (&[impl AsRef<str> + Sync], DateTime<Utc>),
) -> Result<(), StoreError> {
    remove_all(tx, account).await?;
    let rows = codes.iter().map(|code| ActiveModel {
        id: Set(rng.uuid_v7(now)),
        account_id: Set(account.as_uuid()),
        code_mac: Set(digest(tx, account, code.as_ref())),
        created_at: Set(now),
        used_at: Set(None),
    });
    Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Uses up a code: of several that come with it one succeeds.
pub async fn redeem(tx: &Tx, account: AccountId, code: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::CodeMac.eq(digest(tx, account, code)))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Whether a code is on the sheet of an account, and used up.
pub async fn was_used(tx: &Tx, account: AccountId, code: &str) -> Result<bool, StoreError> {
    let used = Entity::find()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::CodeMac.eq(digest(tx, account, code)))
        .filter(Column::UsedAt.is_not_null());
    Ok(used.count(tx).await? > 0)
}

/// A sheet of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// How many codes can still be used.
    pub left: u64,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

/// The sheet of an account, if it has one.
pub async fn find(tx: &Tx, account: AccountId) -> Result<Option<Sheet>, StoreError> {
    let own = Entity::find().filter(Column::AccountId.eq(account.as_uuid()));
    let Some(first) = own.clone().order_by_asc(Column::Id).one(tx).await? else {
        return Ok(None);
    };
    Ok(Some(Sheet {
        left: own.filter(Column::UsedAt.is_null()).count(tx).await?,
        made_at: first.created_at,
    }))
}

/// Removes the sheet of an account; answers how many codes there were.
pub async fn remove_all(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let removed = Entity::delete_many()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn a_code_holds_once_for_its_account_and_until_the_next_sheet() {
        for test in stores().await {
            let (tx, rng, now) = (test.store.read(), Rng::system(), test.clock.now());
            let (owner, other) = (AccountId::new(now, &rng), AccountId::new(now, &rng));
            assert_eq!(find(&tx, owner).await.unwrap(), None);
            replace(&tx, &rng, owner, (&["ONE", "TWO"], now)).await.unwrap();
            assert!(!redeem(&tx, other, "ONE", now).await.unwrap());
            assert!(redeem(&tx, owner, "ONE", now).await.unwrap());
            assert!(!redeem(&tx, owner, "ONE", now).await.unwrap());
            let sheet = find(&tx, owner).await.unwrap().unwrap();
            assert_eq!((sheet.left, sheet.made_at), (1, now), "{}", test.database.kind());
            replace(&tx, &rng, owner, (&["ONE", "THREE"], now)).await.unwrap();
            assert!(
                !redeem(&tx, owner, "TWO", now).await.unwrap(),
                "of the sheet before"
            );
            assert!(redeem(&tx, owner, "ONE", now).await.unwrap());
        }
    }

    #[tokio::test]
    async fn attack_231_of_32_tries_with_one_code_one_succeeds() {
        for test in stores().await {
            let (rng, now) = (Rng::system(), test.clock.now());
            let owner = AccountId::new(now, &rng);
            replace(&test.store.read(), &rng, owner, (&["ONE"], now))
                .await
                .unwrap();
            let mut tries = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let store = test.store.clone();
                tries.spawn(async move { redeem(&store.read(), owner, "ONE", now).await.unwrap() });
            }
            let used = tries.join_all().await.into_iter().filter(|used| *used).count();
            assert_eq!(used, 1, "{}", test.database.kind());
        }
    }
}
