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

/// Every sub-site that was not removed. A row that cannot be read is left out, and the log says so: one bad row, or
/// one of a newer release, does not take the others away.
pub async fn list(tx: &Tx) -> Result<Vec<StoredClient>, StoreError> {
    let rows = client::Entity::find()
        .filter(client::Column::RemovedAt.is_null())
        .limit(CLIENTS_MAX)
        .all(tx)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(StoredClient {
                client: read(&row)?,
                secret_hash: row.secret_hash.as_deref().and_then(TokenHash::from_bytes),
            })
        })
        .collect())
}

/// One sub-site that was not removed and can be read.
pub async fn find(tx: &Tx, id: &ClientId) -> Result<Option<Client>, StoreError> {
    let row = client::Entity::find_by_id(id.as_str())
        .filter(client::Column::RemovedAt.is_null())
        .one(tx)
        .await?;
    Ok(row.as_ref().and_then(read))
}

fn read(row: &client::Model) -> Option<Client> {
    match Client::from_document(&row.document) {
        Ok(client) => Some(client),
        Err(error) => {
            tracing::error!(client = %row.client_id, cause = %error, "a sub-site's stored registration cannot be read");
            None
        }
    }
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
        .on_conflict(
            OnConflict::column(client::Column::ClientId)
                .update_columns(columns)
                .to_owned(),
        )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    fn stored(id: &str) -> StoredClient {
        let text = serde_json::json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
        let client = serde_json::json!({
            "client_id": id, "name": text, "agency": text, "sector": "hefei", "auth_method": "none",
            "redirect_uris": [format!("https://{id}.example/callback")], "scopes": ["openid"],
        });
        StoredClient {
            client: serde_json::from_value(client).expect("a client"),
            secret_hash: None,
        }
    }

    async fn write(tx: &Tx, id: &str, document: String) {
        client::Entity::update_many()
            .col_expr(client::Column::Document, Expr::value(document))
            .filter(client::Column::ClientId.eq(id))
            .exec(tx)
            .await
            .expect("written");
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_read_is_left_out_and_a_newer_one_is_read() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            for id in ["broken", "good", "newer", "stricter"] {
                put(&tx, &stored(id), now).await.expect("stored");
            }
            write(&tx, "broken", "{".to_owned()).await;
            for (id, member, value) in [("newer", "jwks_uri", ""), ("stricter", "profile", "fapi2")] {
                let mut document = serde_json::to_value(stored(id).client).expect("JSON");
                document[member] = value.into();
                write(&tx, id, document.to_string()).await;
            }
            let mut names: Vec<_> = list(&tx)
                .await
                .expect("a list")
                .into_iter()
                .map(|stored| stored.client.client_id)
                .collect();
            names.sort();
            // What a newer release says in words of ours that we do not know could be a rule that we would break.
            assert_eq!(
                names.iter().map(ClientId::as_str).collect::<Vec<_>>(),
                ["good", "newer"]
            );
            for (id, there) in [
                ("broken", false),
                ("good", true),
                ("newer", true),
                ("stricter", false),
            ] {
                let found = find(&tx, &ClientId::parse(id).expect("a name"))
                    .await
                    .expect("no error");
                assert_eq!(found.is_some(), there, "{id} on {}", test.database.kind());
            }
        }
    }
}
