//! Lists of changes: an account's, and those whose turn it is.

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use sea_orm::sea_query::{ExprTrait as _, SimpleExpr};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{Change, Kind, State, from_row};
use crate::entity::account_change::{Column, Entity, Model};
use crate::error::StoreError;
use crate::paging::{After, Page};
use crate::tx::Tx;

/// The most that are listed of one account.
const LIST_MAX: u64 = 50;

/// The changes of an account, newest first.
pub async fn list(tx: &Tx, account: AccountId) -> Result<Vec<Change>, StoreError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .order_by_desc(Column::Id)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// What an account waits for, oldest first, as far as it can be read.
pub async fn open(tx: &Tx, account: AccountId) -> Result<Vec<Change>, StoreError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::State.is_in([State::Proposed.as_str(), State::Waiting.as_str()]))
        .order_by_asc(Column::Id)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    let read = |row: Model| {
        let id = row.id;
        from_row(tx, row)
            .inspect_err(|error| tracing::error!(change = %id, %error, "a change cannot be read"))
            .ok()
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// What somebody has to agree to, of one kind, oldest first, a page of it.
pub async fn proposed(
    tx: &Tx,
    (kind, now): (Kind, DateTime<Utc>),
    (after, limit): (After, u64),
) -> Result<Page<Change>, StoreError> {
    let of_kind = Column::Kind.eq(kind.as_str()).and(Column::EffectiveAt.gt(now));
    page(tx, (State::Proposed, of_kind), (after, limit)).await
}

/// What nobody agreed to in time, oldest first, a page of it.
pub async fn unanswered(
    tx: &Tx,
    now: DateTime<Utc>,
    (after, limit): (After, u64),
) -> Result<Page<Change>, StoreError> {
    page(
        tx,
        (State::Proposed, Column::EffectiveAt.lte(now)),
        (after, limit),
    )
    .await
}

/// What waits and is due, oldest first, a page of it.
pub async fn due(
    tx: &Tx,
    now: DateTime<Utc>,
    (after, limit): (After, u64),
) -> Result<Page<Change>, StoreError> {
    page(tx, (State::Waiting, Column::EffectiveAt.lte(now)), (after, limit)).await
}

async fn page(
    tx: &Tx,
    (state, which): (State, SimpleExpr),
    (after, limit): (After, u64),
) -> Result<Page<Change>, StoreError> {
    let rows = Entity::find()
        .filter(Column::State.eq(state.as_str()))
        .filter(which)
        .filter(after.condition(Column::EffectiveAt, Column::Id))
        .order_by_asc(Column::EffectiveAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(tx)
        .await?;
    let read = rows
        .into_iter()
        .map(|row| (After::new(row.effective_at, row.id), from_row(tx, row)));
    Ok(Page::of(read, limit))
}
