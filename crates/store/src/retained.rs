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

/// What need not be kept any more, the oldest first.
pub async fn over(tx: &Tx, now: DateTime<Utc>, limit: u64) -> Result<Vec<Retained>, StoreError> {
    let rows = Entity::find()
        .filter(Column::Until.lte(now))
        .order_by_asc(Column::Until)
        .limit(limit)
        .all(tx)
        .await?;
    rows.iter().map(read).collect()
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
