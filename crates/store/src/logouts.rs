//! Sub-sites that are to be told of the end of a sign-in (OpenID Connect Back-Channel Logout 1.0), and the ticket of
//! the page that shows what became of it. Rows are written in the transaction that ends the sign-in and delivered
//! after it ([`crate::letters`]).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use model::ids::{AccountId, ClientId, SessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, UpdateMany,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Store;
use crate::entity::backchannel_logout::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::letters::{Ending, INSERT_MAX, LIFE_HOURS, Letter};
use crate::tx::Tx;
use crate::vault;

/// The most sub-sites that a page lists.
const LIST_MAX: u64 = 100;

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

impl Letter for Site {
    type Rows = Entity;

    fn attempts(row: &Model) -> (Uuid, i32) {
        (row.id, row.attempts)
    }

    fn read(row: &Model) -> Result<Self, StoreError> {
        Ok(Self {
            client: ClientId::parse(&row.client_id)
                .map_err(|_| StoreError::Malformed("backchannel_logout.client_id"))?,
            session: SessionId::from_uuid(row.session_id),
            account: AccountId::from_uuid(row.account_id),
        })
    }

    fn client(&self) -> &ClientId {
        &self.client
    }

    fn noted(update: UpdateMany<Entity>, ending: Option<Ending>) -> UpdateMany<Entity> {
        update.col_expr(Column::Outcome, Expr::value(word(ending)))
    }
}

/// How a row ended, in the database.
const fn word(ending: Option<Ending>) -> &'static str {
    match ending {
        None => "confirmed",
        Some(Ending::NotSupported) => "not_supported",
        Some(Ending::Refused) => "refused",
        Some(Ending::NoAnswer) => "no_answer",
    }
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
                Some(ended) => {
                    let is = |ending: &Ending| word(Some(*ending)) == ended;
                    let ending = [Ending::NotSupported, Ending::Refused].into_iter().find(is);
                    State::Ended(ending.unwrap_or(Ending::NoAnswer))
                }
            };
            Ok((Site::read(row)?.client, state))
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
