//! When an account's level is looked at next, which level was seen last, and which reminder was sent. Levels are computed;
//! what stands here is only what was seen, so that a fall is noticed, told once, and not looked for in between.
//!
//! Several nodes look side by side: rows are taken by one statement that moves the next look past a lease. Whoever changes
//! evidence wakes the row in the same transaction, and waits for a look that is under way.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::evidence::Evidence;
use model::ids::AccountId;
use model::ladder::Level;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use crate::accounts::{self, Account};
use crate::entity::level_watch::{ActiveModel, Column, Entity, Model};
use crate::entity::{account, evidence};
use crate::error::StoreError;
use crate::evidence as pieces;
use crate::tx::Tx;

/// How many rows go into one statement: databases limit the number of values.
const INSERT_MAX: usize = 50;

/// What was seen of an account's level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Whose level.
    pub account: AccountId,
    /// The level that was seen last.
    pub level: Level,
    /// When that level lapses.
    pub lapses_at: Option<DateTime<Utc>>,
    /// When it is looked at again.
    pub next_look_at: DateTime<Utc>,
    /// The last reminder of that lapse: how many days before it, as the configuration says.
    pub reminded_days: Option<u16>,
}

/// An account whose level is due to be looked at.
#[derive(Clone, Debug)]
pub struct Due {
    /// What was seen last.
    pub seen: Watch,
    /// The account.
    pub account: Account,
    /// Its evidence that has not ended, newest first.
    pub evidence: Vec<Evidence>,
    /// Evidence that ended since the last look: a level may have come and gone between the two.
    pub ended: Vec<Evidence>,
}

/// Has an account's level looked at as soon as possible. In the transaction that changes its evidence.
pub async fn wake(tx: &Tx, account: AccountId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let row = unseen(account.as_uuid(), now);
    Entity::insert(row)
        .on_conflict(
            OnConflict::column(Column::AccountId)
                .update_column(Column::NextLookAt)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Nothing was seen yet.
fn unseen(account: Uuid, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel {
        account_id: Set(account),
        level: Set(i32::from(Level::REGISTERED.number())),
        lapses_at: Set(None),
        next_look_at: Set(now),
        reminded: Set(None),
        looked_at: Set(Some(now)),
    }
}

/// Begins to watch accounts that have evidence and are not watched: those of a release that did not watch, and those
/// brought in from elsewhere. Answers how many, at most `limit`; call again until it is 0.
pub async fn adopt(tx: &Tx, now: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
    let watched = Query::select()
        .expr(Expr::value(1))
        .from(Entity)
        .and_where(
            Expr::col((Entity, Column::AccountId)).equals((evidence::Entity, evidence::Column::AccountId)),
        )
        .take();
    let accounts: Vec<Uuid> = evidence::Entity::find()
        .select_only()
        .column(evidence::Column::AccountId)
        .distinct()
        .filter(Expr::exists(watched).not())
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    for some in accounts.chunks(INSERT_MAX) {
        Entity::insert_many(some.iter().map(|id| unseen(*id, now)))
            .on_conflict(OnConflict::column(Column::AccountId).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(u64::try_from(accounts.len()).unwrap_or(u64::MAX))
}

/// Whether any account is due.
pub async fn is_any_due(tx: &Tx, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let due = Entity::find().filter(Column::NextLookAt.lte(now)).limit(1);
    Ok(due.count(tx).await? > 0)
}

/// Takes accounts that are due, at most `limit`: no other node gets them before the lease is over, and who changes their
/// evidence waits until this transaction ends. One that cannot be read is left for later, and the log says so.
pub async fn take_due(
    tx: &Tx,
    (now, lease): (DateTime<Utc>, DateTime<Utc>),
    limit: u64,
) -> Result<Vec<Due>, StoreError> {
    let some = Entity::find()
        .select_only()
        .column(Column::AccountId)
        .filter(Column::NextLookAt.lte(now))
        .order_by_asc(Column::NextLookAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let taken: Vec<Model> = Entity::update_many()
        .col_expr(Column::NextLookAt, Expr::value(lease))
        .filter(Column::AccountId.in_subquery(some))
        .filter(Column::NextLookAt.lte(now))
        .exec_with_returning(tx)
        .await?;
    let ids: Vec<Uuid> = taken.iter().map(|row| row.account_id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let owners = account::Entity::find().filter(account::Column::Id.is_in(ids.iter().copied()));
    let mut accounts: BTreeMap<Uuid, account::Model> = owners
        .all(tx)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let mut held = pieces::list_of_many(tx, &ids).await?;
    let looked = taken.iter().filter_map(|row| row.looked_at).min();
    let mut gone = match looked {
        Some(since) => pieces::ended_of_many(tx, &ids, since).await?,
        None => BTreeMap::new(),
    };
    let mut due = Vec::with_capacity(taken.len());
    for row in taken {
        let id = row.account_id;
        let read = accounts
            .remove(&id)
            .map_or(Err(StoreError::Malformed("level_watch.account_id")), |owner| {
                Ok((from_row(&row)?, accounts::from_row(tx, owner)?))
            });
        let whose = AccountId::from_uuid(id);
        let mut ended = gone.remove(&whose).unwrap_or_default();
        ended.retain(|piece| {
            piece
                .ended_at
                .is_some_and(|end| row.looked_at.is_some_and(|at| at < end))
        });
        match read {
            Ok((seen, account)) => due.push(Due {
                seen,
                account,
                evidence: held.remove(&whose).unwrap_or_default(),
                ended,
            }),
            Err(error) => {
                if crate::complaints::is_due("level", id) {
                    tracing::error!(account = %id, %error, "an account's level cannot be looked at");
                }
            }
        }
    }
    Ok(due)
}

/// Notes what was seen. For accounts that this transaction took.
pub async fn settle(tx: &Tx, seen: &[Watch], now: DateTime<Utc>) -> Result<(), StoreError> {
    let rows: Vec<_> = seen
        .iter()
        .map(|watch| ActiveModel {
            account_id: Set(watch.account.as_uuid()),
            level: Set(i32::from(watch.level.number())),
            lapses_at: Set(watch.lapses_at),
            next_look_at: Set(watch.next_look_at),
            reminded: Set(watch.reminded_days.map(|days| days.to_string())),
            looked_at: Set(Some(now)),
        })
        .collect();
    let columns = [
        Column::Level,
        Column::LapsesAt,
        Column::NextLookAt,
        Column::Reminded,
        Column::LookedAt,
    ];
    for some in rows.chunks(INSERT_MAX) {
        Entity::insert_many(some.iter().cloned())
            .on_conflict(
                OnConflict::column(Column::AccountId)
                    .update_columns(columns)
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// What was seen of one account's level.
pub async fn find(tx: &Tx, account: AccountId) -> Result<Option<Watch>, StoreError> {
    let row = Entity::find_by_id(account.as_uuid()).one(tx).await?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &Model) -> Result<Watch, StoreError> {
    let level = u8::try_from(row.level).ok().and_then(Level::new);
    Ok(Watch {
        account: AccountId::from_uuid(row.account_id),
        level: level.ok_or(StoreError::Malformed("level_watch.level"))?,
        lapses_at: row.lapses_at,
        next_look_at: row.next_look_at,
        reminded_days: row.reminded.as_deref().and_then(|days| days.parse().ok()),
    })
}

#[cfg(test)]
#[path = "level_watch/tests.rs"]
mod tests;
