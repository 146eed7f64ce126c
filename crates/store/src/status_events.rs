//! What sub-sites are to be told about accounts: that a level fell, that an account cannot be used, can be used again, or
//! is gone ([`Said`]). Rows are written in the transaction that notices it
//! and delivered after it.
//!
//! Several nodes deliver side by side: a row is taken by a guarded statement that moves its next attempt past the lease, so
//! that one node tells the sub-site, and another takes over when that node dies. What a node notes is good only for the
//! attempt that it took; that a sub-site confirmed is good in any case.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::{AccountId, ClientId, StatusEventId};
use model::ladder::Level;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
    UpdateMany,
};
use serde::{Deserialize, Serialize};

use crate::entity::status_event::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;

mod recipients;
mod said;

pub use recipients::{Recipient, Told, knowing, recipients, tell};
pub use said::{AccountEvent, Credential, CredentialStep, Happened, Said};

/// For how long a sub-site is told again and again, in hours.
pub const LIFE_HOURS: i64 = 24;

/// The word for a level that fell.
const LEVEL_CHANGED: &str = "identity_level_changed";

/// How many rows that nobody could be told of are given up at a time.
const GIVE_UP_MAX: u64 = 100;

/// How long a row that cannot be read is left alone, in seconds.
const UNREADABLE_SECONDS: i64 = 60;

/// How many rows go into one statement: databases limit the number of values.
const INSERT_MAX: usize = 50;

/// The most that are listed.
const LIST_MAX: u64 = 100;

/// Why a level fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its evidence grew old.
    Lapsed,
    /// An event ended its evidence.
    Ended,
}

/// A level that fell, as one sub-site may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelFell {
    /// The level before, as the sub-site was told.
    pub from: Level,
    /// The level now.
    pub to: Level,
    /// When it fell.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: Cause,
    /// Since when the person has what carries the level now; only where dates may be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<DateTime<Utc>>,
    /// When that lapses in turn; only where dates may be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapses_at: Option<DateTime<Utc>>,
    /// Whether the person lets the sub-site know levels and dates (`assurance`).
    pub dates: bool,
}

/// Something that a sub-site is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its identifier.
    pub id: StatusEventId,
    /// Who is told.
    pub client: ClientId,
    /// About whom.
    pub account: AccountId,
    /// What.
    pub said: Said,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Stores what sub-sites are to be told; it is due at once.
pub async fn put(tx: &Tx, notices: &[Notice]) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(notices.len());
    for notice in notices {
        rows.push(ActiveModel {
            id: Set(notice.id.as_uuid()),
            client_id: Set(notice.client.as_str().to_owned()),
            account_id: Set(notice.account.as_uuid()),
            kind: Set(notice.said.kind().to_owned()),
            details: Set(notice.said.details()?),
            created_at: Set(notice.created_at),
            next_attempt_at: Set(notice.created_at),
            attempts: Set(0),
            expires_at: Set(notice.created_at + TimeDelta::hours(LIFE_HOURS)),
            told_at: Set(None),
            dead_at: Set(None),
        });
    }
    for some in rows.chunks(INSERT_MAX) {
        Entity::insert_many(some.iter().cloned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// A row that is due. Nobody has it yet.
#[derive(Clone, Debug)]
pub struct Due {
    attempts: i32,
    /// What is to be told.
    pub notice: Notice,
}

/// The rows that are due, at most `limit`, without those of some sub-sites. One that cannot be read keeps nobody else's
/// from being told: it is left alone for a while, for a node of a newer release.
pub async fn due(
    tx: &Tx,
    now: DateTime<Utc>,
    without: &BTreeSet<ClientId>,
    limit: u64,
) -> Result<Vec<Due>, StoreError> {
    let mut query = open()
        .filter(Column::NextAttemptAt.lte(now))
        .filter(Column::ExpiresAt.gt(now));
    if !without.is_empty() {
        query = query.filter(Column::ClientId.is_not_in(without.iter().map(ClientId::as_str)));
    }
    let rows = query
        .order_by_asc(Column::NextAttemptAt)
        .limit(limit)
        .all(tx)
        .await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        match notice(&row) {
            Ok(notice) => due.push(Due {
                attempts: row.attempts,
                notice,
            }),
            Err(error) => {
                tracing::error!(event = %row.id, %error, "an event cannot be read");
                let later = now + TimeDelta::seconds(UNREADABLE_SECONDS);
                same(&row)
                    .col_expr(Column::NextAttemptAt, Expr::value(later))
                    .exec(tx)
                    .await?;
            }
        }
    }
    Ok(due)
}

/// An update of a row that nobody has taken meanwhile.
fn same(row: &Model) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(row.id))
        .filter(Column::Attempts.eq(row.attempts))
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
}

/// The rows that nothing became of yet, by the partial index.
fn open() -> Select<Entity> {
    Entity::find()
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
}

fn notice(row: &Model) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: StatusEventId::from_uuid(row.id),
        client: ClientId::parse(&row.client_id)
            .map_err(|_| StoreError::Malformed("status_event.client_id"))?,
        account: AccountId::from_uuid(row.account_id),
        said: Said::read(&row.kind, &row.details)?,
        created_at: row.created_at,
    })
}

/// A row that this node took.
#[derive(Clone, Debug)]
pub struct Taken {
    attempts: i32,
    /// What is to be told.
    pub notice: Notice,
}

impl Taken {
    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        u32::try_from(self.attempts).unwrap_or(u32::MAX)
    }
}

/// Takes a row for the length of a lease; `None` when another node was faster.
pub async fn take(
    tx: &Tx,
    due: &Due,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Taken>, StoreError> {
    let won = Entity::update_many()
        .col_expr(Column::NextAttemptAt, Expr::value(now + lease))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.eq(due.notice.id.as_uuid()))
        .filter(Column::Attempts.eq(due.attempts))
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
        .filter(Column::NextAttemptAt.lte(now))
        .exec(tx)
        .await?;
    Ok((won.rows_affected == 1).then(|| Taken {
        attempts: due.attempts.saturating_add(1),
        notice: due.notice.clone(),
    }))
}

/// Notes that the sub-site confirmed.
pub async fn confirmed(tx: &Tx, taken: &Taken, now: DateTime<Utc>) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::ToldAt, Expr::value(now))
        .filter(Column::Id.eq(taken.notice.id.as_uuid()))
        .filter(Column::ToldAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Says when the sub-site is told again.
pub async fn retry_at(tx: &Tx, taken: &Taken, at: DateTime<Utc>) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::NextAttemptAt, Expr::value(at))
        .filter(Column::Id.eq(taken.notice.id.as_uuid()))
        .filter(Column::Attempts.eq(taken.attempts))
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives up; answers whether this attempt was still the last.
pub async fn give_up(tx: &Tx, taken: &Taken, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let ended = Entity::update_many()
        .col_expr(Column::DeadAt, Expr::value(now))
        .filter(Column::Id.eq(taken.notice.id.as_uuid()))
        .filter(Column::Attempts.eq(taken.attempts))
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Gives up some rows whose time is over; answers which, without those that cannot be read.
pub async fn give_up_expired(tx: &Tx, now: DateTime<Utc>) -> Result<Vec<Notice>, StoreError> {
    let late = open()
        .filter(Column::ExpiresAt.lte(now))
        .limit(GIVE_UP_MAX)
        .all(tx)
        .await?;
    let mut given_up = Vec::new();
    for row in late {
        let ended = same(&row)
            .col_expr(Column::DeadAt, Expr::value(now))
            .exec(tx)
            .await?;
        if ended.rows_affected == 1 {
            match notice(&row) {
                Ok(notice) => given_up.push(notice),
                Err(error) => {
                    tracing::error!(event = %row.id, %error, "an event that cannot be read is given up");
                }
            }
        }
    }
    Ok(given_up)
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not known yet; so many attempts were made.
    Open(u32),
    /// The sub-site confirmed.
    Confirmed,
    /// It will not be told any more.
    Dead,
}

/// What sub-sites were and are told about an account, oldest first.
pub async fn of_account(tx: &Tx, account: AccountId) -> Result<Vec<(Notice, State)>, StoreError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .order_by_asc(Column::Id)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let state = match (row.told_at, row.dead_at) {
                (Some(_), _) => State::Confirmed,
                (None, Some(_)) => State::Dead,
                (None, None) => State::Open(u32::try_from(row.attempts).unwrap_or_default()),
            };
            Ok((notice(row)?, state))
        })
        .collect()
}

#[cfg(test)]
#[path = "status_events/tests.rs"]
mod tests;
