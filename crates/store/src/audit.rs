//! The audit log: what happened, in the same transaction as the change it describes. Rows get their place in
//! the hash chain a moment later, in one go for all nodes, so that writers never wait for one another.

mod chain;
pub mod read;

use chrono::{DateTime, Utc};
use model::event::Event;
use model::ids::{AccountId, ClientId, SessionId};
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;

pub use self::chain::{Verdict, seal, verify};
use crate::entity::audit;
use crate::error::StoreError;
use crate::tx::Tx;

/// One entry. Details are names and numbers of ours, never personal data.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// When.
    pub at: DateTime<Utc>,
    /// To whose account.
    pub account: Option<AccountId>,
    /// At which sub-site.
    pub client: Option<ClientId>,
    /// In which sign-in.
    pub session: Option<SessionId>,
    /// The correlation number of the request.
    pub request_id: Option<String>,
    /// More, as JSON.
    pub details: serde_json::Value,
}

impl Entry {
    /// An entry with nothing but the event.
    pub fn new(event: Event, at: DateTime<Utc>) -> Self {
        Self {
            event,
            at,
            account: None,
            client: None,
            session: None,
            request_id: None,
            details: serde_json::Value::Null,
        }
    }

    /// Says whose account.
    #[must_use]
    pub fn account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// Says at which sub-site.
    #[must_use]
    pub fn client(mut self, client: &ClientId) -> Self {
        self.client = Some(client.clone());
        self
    }

    /// Says in which sign-in.
    #[must_use]
    pub fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// Adds details.
    #[must_use]
    pub fn details(mut self, details: serde_json::Value) -> Self {
        self.details = details;
        self
    }
}

/// Writes an entry.
pub async fn record(tx: &Tx, rng: &Rng, entry: Entry) -> Result<(), StoreError> {
    let row = audit::ActiveModel {
        id: Set(rng.uuid_v7(entry.at)),
        at: Set(entry.at),
        event: Set(entry.event.as_str().to_owned()),
        account_id: Set(entry.account.map(AccountId::as_uuid)),
        client_id: Set(entry.client.map(String::from)),
        session_id: Set(entry.session.map(SessionId::as_uuid)),
        request_id: Set(entry.request_id),
        details: Set(entry.details.to_string()),
        position: Set(None),
        chain_hash: Set(None),
    };
    audit::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
