//! Sub-sites that are to be told of the end of a sign-in (OpenID Connect Back-Channel Logout 1.0), and the ticket of
//! the page that shows what became of it. Rows are written in the transaction that ends the sign-in and delivered
//! after it.
//!
//! Several nodes deliver side by side: a row is taken by a guarded statement that moves its next attempt past the
//! lease, so that one node tells the sub-site, and another takes over when that node dies. What a node notes is good
//! only for the attempt that it took; that a sub-site confirmed is good in any case.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use model::ids::{AccountId, ClientId, SessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Store;
use crate::entity::backchannel_logout::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// For how long a sub-site is told again and again, in hours. Its own sign-in is hardly longer.
pub const LIFE_HOURS: i64 = 24;

/// The most sub-sites that a page lists.
const LIST_MAX: u64 = 100;

/// How many rows that nobody could be told of are given up at a time.
const GIVE_UP_MAX: u64 = 100;

/// How many rows go into one statement: databases limit the number of values.
const INSERT_MAX: usize = 50;

/// A sub-site that knows of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The sub-site.
    pub client: ClientId,
    /// The sign-in.
    pub session: SessionId,
    /// Whose sign-in it is.
    pub account: AccountId,
}

impl Site {
    /// A sub-site is told once of a sign-in: the same two give the same row.
    fn row(&self) -> Uuid {
        let digest = Sha256::new()
            .chain_update(b"backchannel logout\0")
            .chain_update(self.session.as_uuid().as_bytes())
            .chain_update(self.client.as_str().as_bytes())
            .finalize();
        let mut bytes = [0_u8; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// Stores that sub-sites are to be told; it is due at once.
pub(crate) async fn put(tx: &Tx, sites: &BTreeSet<Site>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let rows: Vec<_> = sites
        .iter()
        .map(|site| ActiveModel {
            id: Set(site.row()),
            client_id: Set(site.client.as_str().to_owned()),
            account_id: Set(site.account.as_uuid()),
            session_id: Set(site.session.as_uuid()),
            attempts: Set(0),
            created_at: Set(now),
            next_attempt_at: Set(now),
            expires_at: Set(now + TimeDelta::hours(LIFE_HOURS)),
            told_at: Set(None),
            dead_at: Set(None),
            outcome: Set(None),
        })
        .collect();
    for some in rows.chunks(INSERT_MAX) {
        Entity::insert_many(some.iter().cloned())
            .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// A row that is due. Nobody has it yet.
#[derive(Clone, Debug)]
pub struct Due {
    id: Uuid,
    attempts: i32,
    /// Who is to be told of what.
    pub site: Site,
}

/// The rows that are due, at most `limit`, without those of some sub-sites.
pub async fn due(
    tx: &Tx,
    now: DateTime<Utc>,
    without: &BTreeSet<ClientId>,
    limit: u64,
) -> Result<Vec<Due>, StoreError> {
    let rows = select_due(now, without).limit(limit).all(tx).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Due {
                id: row.id,
                attempts: row.attempts,
                site: site(&row)?,
            })
        })
        .collect()
}

/// The rows that nothing became of yet, by the partial indexes: they hold under these very conditions only.
fn open() -> Select<Entity> {
    Entity::find()
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
}

fn select_due(now: DateTime<Utc>, without: &BTreeSet<ClientId>) -> Select<Entity> {
    let mut query = open()
        .filter(Column::NextAttemptAt.lte(now))
        .filter(Column::ExpiresAt.gt(now));
    if !without.is_empty() {
        query = query.filter(Column::ClientId.is_not_in(without.iter().map(ClientId::as_str)));
    }
    query.order_by_asc(Column::NextAttemptAt)
}

fn select_expired(now: DateTime<Utc>) -> Select<Entity> {
    open().filter(Column::ExpiresAt.lte(now)).limit(GIVE_UP_MAX)
}

fn site(row: &Model) -> Result<Site, StoreError> {
    Ok(Site {
        client: ClientId::parse(&row.client_id)
            .map_err(|_| StoreError::Malformed("backchannel_logout.client_id"))?,
        session: SessionId::from_uuid(row.session_id),
        account: AccountId::from_uuid(row.account_id),
    })
}

/// A row that this node took.
#[derive(Clone, Debug)]
pub struct Taken {
    id: Uuid,
    attempts: i32,
    /// Who is to be told of what.
    pub site: Site,
}

impl Taken {
    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        u32::try_from(self.attempts).unwrap_or(u32::MAX)
    }

    /// The row's name in the log.
    pub const fn number(&self) -> Uuid {
        self.id
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
        .filter(Column::Id.eq(due.id))
        .filter(Column::Attempts.eq(due.attempts))
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
        .filter(Column::NextAttemptAt.lte(now))
        .exec(tx)
        .await?;
    Ok((won.rows_affected == 1).then(|| Taken {
        id: due.id,
        attempts: due.attempts.saturating_add(1),
        site: due.site.clone(),
    }))
}

/// Why a sub-site will not be told any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has no address for it, or is no sub-site any more.
    NotSupported,
    /// It said that it will not.
    Refused,
    /// It did not answer often enough, or for too long.
    NoAnswer,
}

impl Ending {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSupported => "not_supported",
            Self::Refused => "refused",
            Self::NoAnswer => "no_answer",
        }
    }
}

const CONFIRMED: &str = "confirmed";

/// Notes that the sub-site confirmed.
pub async fn confirmed(tx: &Tx, taken: &Taken, now: DateTime<Utc>) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::ToldAt, Expr::value(now))
        .col_expr(Column::Outcome, Expr::value(CONFIRMED))
        .filter(Column::Id.eq(taken.id))
        .filter(Column::ToldAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Says when the sub-site is told again.
pub async fn retry_at(tx: &Tx, taken: &Taken, at: DateTime<Utc>) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::NextAttemptAt, Expr::value(at))
        .filter(Column::Id.eq(taken.id))
        .filter(Column::Attempts.eq(taken.attempts))
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives up; answers whether this attempt was still the last.
pub async fn give_up(tx: &Tx, taken: &Taken, ending: Ending, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let ended = Entity::update_many()
        .col_expr(Column::DeadAt, Expr::value(now))
        .col_expr(Column::Outcome, Expr::value(ending.as_str()))
        .filter(Column::Id.eq(taken.id))
        .filter(Column::Attempts.eq(taken.attempts))
        .filter(Column::ToldAt.is_null())
        .filter(Column::DeadAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Gives up some rows whose time is over; answers which.
pub async fn give_up_expired(tx: &Tx, now: DateTime<Utc>) -> Result<Vec<Site>, StoreError> {
    let late = select_expired(now).all(tx).await?;
    let mut given_up = Vec::new();
    for row in late {
        let taken = Taken {
            id: row.id,
            attempts: row.attempts,
            site: site(&row)?,
        };
        if give_up(tx, &taken, Ending::NoAnswer, now).await? {
            given_up.push(taken.site);
        }
    }
    Ok(given_up)
}

/// What became of it at one sub-site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not known yet; so many attempts were made.
    Open(u32),
    /// The sub-site confirmed.
    Confirmed,
    /// It will not be told any more.
    Ended(Ending),
}

/// What became of it at every sub-site that knew of a sign-in.
pub async fn of_session(tx: &Tx, session: SessionId) -> Result<Vec<(ClientId, State)>, StoreError> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(session.as_uuid()))
        .order_by_asc(Column::ClientId)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let state = match row.outcome.as_deref() {
                _ if row.told_at.is_some() => State::Confirmed,
                None => State::Open(u32::try_from(row.attempts).unwrap_or_default()),
                Some("not_supported") => State::Ended(Ending::NotSupported),
                Some("refused") => State::Ended(Ending::Refused),
                Some(_) => State::Ended(Ending::NoAnswer),
            };
            Ok((site(row)?.client, state))
        })
        .collect()
}

/// What the page after a sign-out is about. It travels sealed in the page's address, bound to the browser, so that
/// every node can show the page, and a reload or the way back shows it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The sign-in that was ended.
    #[serde(rename = "s")]
    pub session: SessionId,
    /// When.
    #[serde(rename = "t")]
    pub at: DateTime<Utc>,
    /// The sub-site that asked for it.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// Where the browser goes afterwards: a registered address.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
}

impl Ticket {
    /// The ticket as the page's address carries it, good in one browser.
    pub fn seal(&self, store: &Store, browser: &TokenHash) -> Result<String, StoreError> {
        let text = serde_json::to_vec(self).map_err(|_| StoreError::Malformed("ticket"))?;
        let sealed = store
            .vault()
            .seal(vault::Column::SignOutTicket, browser.as_bytes(), &text)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Reads a ticket; `None` for another browser's, or what is none.
    pub fn open(store: &Store, browser: &TokenHash, text: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = store
            .vault()
            .open(vault::Column::SignOutTicket, browser.as_bytes(), &sealed)
            .ok()?;
        serde_json::from_slice(&text).ok()
    }
}

#[cfg(test)]
#[path = "logouts/tests.rs"]
mod tests;
