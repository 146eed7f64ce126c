//! Sub-sites as they were applied, and the counter that tells other nodes to look again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use model::client::Client;
use model::ids::ClientId;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use crate::entity::client;
use crate::error::StoreError;
use crate::revisions::{self, Revision};
use crate::tx::Tx;

/// The most sub-sites there can be.
pub const CLIENTS_MAX: u64 = 5000;

/// A sub-site with what its secret is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClient {
    /// The registration.
    pub client: Client,
    /// SHA-256 of the secret: secrets are 256 random bits, so nothing slower is needed.
    pub secret_hash: Option<TokenHash>,
}

/// Every sub-site that was not removed.
pub async fn list(tx: &Tx) -> Result<Vec<StoredClient>, StoreError> {
    let rows =
        client::Entity::find().filter(client::Column::RemovedAt.is_null()).limit(CLIENTS_MAX).all(tx).await?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredClient {
                client: serde_json::from_str(&row.document)
                    .map_err(|_| StoreError::Malformed("client.document"))?,
                secret_hash: row.secret_hash.as_deref().and_then(TokenHash::from_bytes),
            })
        })
        .collect()
}

/// One sub-site that was not removed.
pub async fn find(tx: &Tx, id: &ClientId) -> Result<Option<Client>, StoreError> {
    let row = client::Entity::find_by_id(id.as_str())
        .filter(client::Column::RemovedAt.is_null())
        .one(tx)
        .await?;
    row.map(|row| serde_json::from_str(&row.document).map_err(|_| StoreError::Malformed("client.document")))
        .transpose()
}

/// Stores a sub-site, new or changed.
pub async fn put(tx: &Tx, stored: &StoredClient, now: DateTime<Utc>) -> Result<(), StoreError> {
    let document =
        serde_json::to_string(&stored.client).map_err(|_| StoreError::Malformed("client.document"))?;
    let row = client::ActiveModel {
        client_id: Set(stored.client.client_id.as_str().to_owned()),
        document: Set(document),
        secret_hash: Set(stored.secret_hash.map(|hash| hash.as_bytes().to_vec())),
        applied_at: Set(now),
        removed_at: Set(None),
    };
    let columns = [
        client::Column::Document,
        client::Column::SecretHash,
        client::Column::AppliedAt,
        client::Column::RemovedAt,
    ];
    client::Entity::insert(row)
        .on_conflict(OnConflict::column(client::Column::ClientId).update_columns(columns).to_owned())
        .exec_without_returning(tx)
        .await?;
    revisions::raise(tx, Revision::Clients).await
}

/// Removes sub-sites; their grants stay as history.
pub async fn remove(tx: &Tx, ids: &BTreeSet<ClientId>, now: DateTime<Utc>) -> Result<(), StoreError> {
    client::Entity::update_many()
        .col_expr(client::Column::RemovedAt, Expr::value(now))
        .filter(client::Column::ClientId.is_in(ids.iter().map(ClientId::as_str)))
        .exec(tx)
        .await?;
    revisions::raise(tx, Revision::Clients).await
}
