//! The audit log: what happened, in the same transaction as the change it describes. Rows get their place in
//! the hash chain a moment later, in one go for all nodes, so that writers never wait for one another.

use chrono::{DateTime, Utc};
use model::event::Event;
use model::ids::{AccountId, ClientId, SessionId};
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use sha2::{Digest as _, Sha256};

use crate::connect::Store;
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

/// The most rows that get their place in one go.
const BATCH: u64 = 500;

/// Gives rows without a place the next places in the chain; answers how many. One node at a time does it.
pub async fn seal(store: &Store) -> Result<usize, StoreError> {
    let waiting = audit::Entity::find().filter(audit::Column::Position.is_null());
    if waiting.clone().one(&store.read()).await?.is_none() {
        return Ok(0);
    }
    let tx = store.begin().await?;
    crate::dialect::lock_chain(&tx).await?;
    let last = audit::Entity::find()
        .filter(audit::Column::Position.is_not_null())
        .order_by_desc(audit::Column::Position)
        .one(&tx)
        .await?;
    let (mut position, mut hash) = match last {
        Some(row) => (row.position.unwrap_or_default(), row.chain_hash.unwrap_or_default()),
        None => (0, Vec::new()),
    };
    let rows = waiting.order_by_asc(audit::Column::Id).limit(BATCH).all(&tx).await?;
    for row in &rows {
        position += 1;
        hash = link(&hash, position, row);
        audit::Entity::update_many()
            .col_expr(audit::Column::Position, Expr::value(position))
            .col_expr(audit::Column::ChainHash, Expr::value(hash.clone()))
            .filter(audit::Column::Id.eq(row.id))
            .exec(&tx)
            .await?;
    }
    tx.commit().await?;
    Ok(rows.len())
}

/// What a check of the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is as it was written; so many have a place, so many wait for one.
    Whole {
        /// Rows in the chain.
        sealed: i64,
    },
    /// The row at this place was changed, or one before it is missing.
    Broken {
        /// The first place that is wrong.
        position: i64,
    },
}

/// Walks the chain from its beginning.
pub async fn verify(tx: &Tx) -> Result<Verdict, StoreError> {
    let (mut position, mut hash) = (0, Vec::new());
    loop {
        let rows = audit::Entity::find()
            .filter(audit::Column::Position.gt(position))
            .order_by_asc(audit::Column::Position)
            .limit(BATCH)
            .all(tx)
            .await?;
        if rows.is_empty() {
            return Ok(Verdict::Whole { sealed: position });
        }
        for row in &rows {
            position += 1;
            hash = link(&hash, position, row);
            if row.position != Some(position) || row.chain_hash.as_ref() != Some(&hash) {
                return Ok(Verdict::Broken { position });
            }
        }
    }
}

/// The hash of one row: of the one before, the place, and every column. Lengths stand before the values, so that
/// no two rows read the same.
fn link(before: &[u8], position: i64, row: &audit::Model) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut add = |value: &[u8]| {
        hash.update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(value);
    };
    add(before);
    add(&position.to_be_bytes());
    add(row.id.as_bytes());
    add(&row.at.timestamp_micros().to_be_bytes());
    add(row.event.as_bytes());
    add(row.account_id.map(|id| id.to_string()).unwrap_or_default().as_bytes());
    add(row.client_id.as_deref().unwrap_or_default().as_bytes());
    add(row.session_id.map(|id| id.to_string()).unwrap_or_default().as_bytes());
    add(row.request_id.as_deref().unwrap_or_default().as_bytes());
    add(row.details.as_bytes());
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn attack_326_a_changed_row_breaks_the_chain() {
        for test in testing::stores().await {
            for event in [Event::SignedIn, Event::SignedOut, Event::ConsentGiven] {
                let entry = Entry::new(event, test.clock.now());
                record(&test.store.read(), test.store.rng(), entry).await.expect("recorded");
            }
            assert_eq!(seal(&test.store).await.expect("sealed"), 3);
            assert_eq!(seal(&test.store).await.expect("sealed"), 0);
            let verdict = verify(&test.store.read()).await.expect("verified");
            assert_eq!(verdict, Verdict::Whole { sealed: 3 });
            audit::Entity::update_many()
                .col_expr(audit::Column::Details, Expr::value("{}"))
                .filter(audit::Column::Position.eq(2))
                .exec(&test.store.read())
                .await
                .expect("changed");
            let verdict = verify(&test.store.read()).await.expect("verified");
            assert_eq!(verdict, Verdict::Broken { position: 2 });
        }
    }
}
