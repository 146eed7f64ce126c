//! What sub-sites are to be told about accounts: that a level fell, that an account cannot be used, can be used again, or
//! is gone ([`Said`]). Rows are written in the transaction that notices it and delivered after it
//! ([`crate::letters`]).

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::{AccountId, ClientId, StatusEventId};
use model::ladder::Level;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::entity::status_event::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::letters::{INSERT_MAX, LIFE_HOURS, Letter};
use crate::tx::Tx;

mod recipients;
mod said;

pub use recipients::{Recipient, Told, knowing, recipients, tell};
pub use said::{AccountEvent, Credential, CredentialStep, Happened, Said};

/// The word for a level that fell.
const LEVEL_CHANGED: &str = "identity_level_changed";

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

impl Letter for Notice {
    type Rows = Entity;

    fn attempts(row: &Model) -> (Uuid, i32) {
        (row.id, row.attempts)
    }

    fn read(row: &Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: StatusEventId::from_uuid(row.id),
            client: ClientId::parse(&row.client_id)
                .map_err(|_| StoreError::Malformed("status_event.client_id"))?,
            account: AccountId::from_uuid(row.account_id),
            said: Said::read(&row.kind, &row.details)?,
            created_at: row.created_at,
        })
    }

    fn client(&self) -> &ClientId {
        &self.client
    }
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
            Ok((Notice::read(row)?, state))
        })
        .collect()
}

#[cfg(test)]
#[path = "status_events/tests.rs"]
mod tests;
