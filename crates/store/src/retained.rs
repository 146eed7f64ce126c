//! What stays of a closed account because a law or a claim needs it, why, and until when. The rows say so; what they name
//! is forgotten by [`crate::erasure`] once its time is over.

use chrono::{DateTime, Utc};
use model::closing::Kept;
use model::ids::AccountId;
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::retained::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::paging::{After, Page};
use crate::tx::Tx;

/// Something that is kept of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Whose it was.
    pub account: AccountId,
    /// What.
    pub what: Kept,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Writes down what is kept.
pub async fn put(tx: &Tx, rng: &Rng, kept: &[Retained], now: DateTime<Utc>) -> Result<(), StoreError> {
    let rows = kept.iter().map(|one| ActiveModel {
        id: Set(rng.uuid_v7(now)),
        account_id: Set(one.account.as_uuid()),
        what: Set(one.what.as_str().to_owned()),
        reason: Set(one.what.reason().to_owned()),
        until: Set(one.until),
    });
    if kept.is_empty() {
        return Ok(());
    }
    Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// What is kept of an account.
pub async fn list(tx: &Tx, account: AccountId) -> Result<Vec<Retained>, StoreError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .order_by_asc(Column::Until)
        .limit(u64::try_from(Kept::ALL.len()).unwrap_or_default())
        .all(tx)
        .await?;
    rows.iter().map(read).collect()
}

/// What need not be kept any more, the oldest first, a page of it.
pub async fn over(
    tx: &Tx,
    now: DateTime<Utc>,
    (after, limit): (After, u64),
) -> Result<Page<Retained>, StoreError> {
    let rows = Entity::find()
        .filter(Column::Until.lte(now))
        .filter(after.condition(Column::Until, Column::Id))
        .order_by_asc(Column::Until)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(tx)
        .await?;
    let read = rows.iter().map(|row| (After::new(row.until, row.id), read(row)));
    Ok(Page::of(read, limit))
}

/// Strikes a row out; `false` when another node was faster.
pub async fn strike(tx: &Tx, one: &Retained) -> Result<bool, StoreError> {
    let struck = Entity::delete_many()
        .filter(Column::AccountId.eq(one.account.as_uuid()))
        .filter(Column::What.eq(one.what.as_str()))
        .exec(tx)
        .await?;
    Ok(struck.rows_affected == 1)
}

fn read(row: &Model) -> Result<Retained, StoreError> {
    Ok(Retained {
        account: AccountId::from_uuid(row.account_id),
        what: Kept::parse(&row.what).ok_or(StoreError::Malformed("retained.what"))?,
        until: row.until,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn a_row_of_a_newer_release_keeps_none_of_the_others_from_being_forgotten() {
        for test in stores().await {
            let (tx, now, rng) = (test.store.read(), test.clock.now(), test.store.rng());
            let account = AccountId::new(now, rng);
            let strange = ActiveModel {
                id: Set(rng.uuid_v7(now)),
                account_id: Set(account.as_uuid()),
                what: Set("from-the-future".to_owned()),
                reason: Set("unknown".to_owned()),
                until: Set(now),
            };
            Entity::insert(strange).exec_without_returning(&tx).await.unwrap();
            let kept = [Retained {
                account,
                what: Kept::SignIns,
                until: now + TimeDelta::seconds(1),
            }];
            put(&tx, rng, &kept, now).await.unwrap();
            let late = now + TimeDelta::days(1);
            let first = over(&tx, late, (After::default(), 1)).await.unwrap();
            assert!(first.rows.is_empty(), "{}", test.database.kind());
            let second = over(&tx, late, (first.next.unwrap(), 1)).await.unwrap();
            assert_eq!(second.rows, kept, "{}", test.database.kind());
        }
    }
}
