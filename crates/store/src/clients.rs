//! Sub-sites as they were applied or registered themselves, with what their secrets are compared with, and the
//! counter that tells other nodes to look again.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use model::client::Client;
use model::ids::ClientId;
use model::secret::{Sensitive, TokenHash};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::entity::{access_token, authorization_code, client, consent_grant, refresh_token};
use crate::error::StoreError;
use crate::revisions::{self, Revision};
use crate::tx::Tx;
use crate::vault;

/// The most sub-sites there can be.
pub const CLIENTS_MAX: u64 = 5000;

/// How often refresh tokens are looked through for those that were made while they were being revoked.
const PASSES: u32 = 16;

/// What ended so long ago is in nobody's hands any more, not even in a request that began before.
const OVER_FOR: TimeDelta = TimeDelta::minutes(5);

/// The word for a sub-site that a program registered; those of files have none.
const DYNAMIC: &str = "dynamic";

/// A sub-site with what its secrets are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClient {
    /// The registration.
    pub client: Client,
    /// SHA-256 of the secret: secrets are 256 random bits, so nothing slower is needed.
    pub secret_hash: Option<TokenHash>,
    /// The secret itself, sealed in the database: only where the client signs with it (`client_secret_jwt`).
    pub secret: Option<Sensitive<String>>,
    /// From when on the secret is not good any more.
    pub secret_expires_at: Option<DateTime<Utc>>,
    /// The secret before this one.
    pub previous: Option<PreviousSecret>,
    /// What only a sub-site has that a program registered; nothing for those of files.
    pub dynamic: Option<Dynamic>,
}

/// A secret that was replaced and is still good for a while, so that a sub-site can change over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousSecret {
    /// Its hash.
    pub hash: TokenHash,
    /// The secret itself, where the client signs with it.
    pub secret: Option<Sensitive<String>>,
    /// From when on it is not good any more.
    pub until: DateTime<Utc>,
}

/// What a sub-site has that a program registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dynamic {
    /// The hash of the token that reads and changes the registration.
    pub token_hash: TokenHash,
    /// What was registered, in the standard's words, as JSON.
    pub metadata: String,
}

impl StoredClient {
    /// A sub-site of a file.
    pub const fn new(client: Client, secret_hash: Option<TokenHash>) -> Self {
        Self {
            client,
            secret_hash,
            secret: None,
            secret_expires_at: None,
            previous: None,
            dynamic: None,
        }
    }

    /// Whether what was sent is the secret, or the one before while that is still good. Takes the same time for
    /// whatever was sent.
    pub fn accepts_secret(&self, sent: &TokenHash, now: DateTime<Utc>) -> bool {
        let current = self.secret_hash.is_some_and(|hash| hash == *sent) && self.secret_holds(now);
        let previous = self
            .previous
            .as_ref()
            .is_some_and(|previous| previous.hash == *sent && now < previous.until);
        current | previous
    }

    /// The secrets that an assertion may be made with, the newest first.
    pub fn signing_secrets(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Sensitive<String>> {
        let current = self.secret.as_ref().filter(|_| self.secret_holds(now));
        let previous = self.previous.as_ref().filter(|previous| now < previous.until);
        current
            .into_iter()
            .chain(previous.and_then(|previous| previous.secret.as_ref()))
    }

    fn secret_holds(&self, now: DateTime<Utc>) -> bool {
        self.secret_expires_at.is_none_or(|end| now < end)
    }
}

/// Every sub-site that was not removed. A row that cannot be read is left out, and the log says so: one bad row, or
/// one of a newer release, does not take the others away.
pub async fn list(tx: &Tx) -> Result<Vec<StoredClient>, StoreError> {
    let rows = client::Entity::find()
        .filter(client::Column::RemovedAt.is_null())
        .order_by_asc(client::Column::ClientId)
        .limit(CLIENTS_MAX)
        .all(tx)
        .await?;
    Ok(rows.iter().filter_map(|row| stored(tx, row)).collect())
}

/// One sub-site that was not removed and can be read.
pub async fn find(tx: &Tx, id: &ClientId) -> Result<Option<Client>, StoreError> {
    Ok(row_of(tx, id).await?.as_ref().and_then(read))
}

/// One sub-site that was not removed, with its secrets.
pub async fn find_stored(tx: &Tx, id: &ClientId) -> Result<Option<StoredClient>, StoreError> {
    Ok(row_of(tx, id).await?.and_then(|row| stored(tx, &row)))
}

async fn row_of(tx: &Tx, id: &ClientId) -> Result<Option<client::Model>, StoreError> {
    Ok(client::Entity::find_by_id(id.as_str())
        .filter(client::Column::RemovedAt.is_null())
        .one(tx)
        .await?)
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

fn stored(tx: &Tx, row: &client::Model) -> Option<StoredClient> {
    let hash = |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(TokenHash::from_bytes);
    let previous = hash(&row.previous_secret_hash).zip(row.previous_secret_until);
    let dynamic = hash(&row.registration_token_hash)
        .filter(|_| row.origin.as_deref() == Some(DYNAMIC))
        .map(|token_hash| Dynamic {
            token_hash,
            metadata: row.metadata.clone().unwrap_or_default(),
        });
    Some(StoredClient {
        client: read(row)?,
        secret_hash: hash(&row.secret_hash),
        secret: opened(tx, row, row.secret_sealed.as_deref()),
        secret_expires_at: row.secret_expires_at,
        previous: previous.map(|(hash, until)| PreviousSecret {
            hash,
            secret: opened(tx, row, row.previous_secret_sealed.as_deref()),
            until,
        }),
        dynamic,
    })
}

/// A secret that does not open is none: its sub-site is refused, and the others are not.
fn opened(tx: &Tx, row: &client::Model, sealed: Option<&[u8]>) -> Option<Sensitive<String>> {
    let place = (vault::Column::ClientSecret, row.client_id.as_bytes());
    match tx.vault().open_text(place.0, place.1, sealed?) {
        Ok(secret) => Some(Sensitive::new(secret)),
        Err(error) => {
            tracing::error!(client = %row.client_id, cause = %error, "a sub-site's secret does not open");
            None
        }
    }
}

fn sealed(tx: &Tx, id: &ClientId, secret: Option<&Sensitive<String>>) -> Result<Option<Vec<u8>>, StoreError> {
    let seal = |secret: &Sensitive<String>| {
        let row = id.as_str().as_bytes();
        tx.vault()
            .seal(vault::Column::ClientSecret, row, secret.expose().as_bytes())
    };
    secret.map(seal).transpose()
}

/// Stores a sub-site, new or changed.
pub async fn put(tx: &Tx, stored: &StoredClient, now: DateTime<Utc>) -> Result<(), StoreError> {
    let id = &stored.client.client_id;
    let document =
        serde_json::to_string(&stored.client).map_err(|_| StoreError::Malformed("client.document"))?;
    let bytes = |hash: TokenHash| hash.as_bytes().to_vec();
    let previous = stored.previous.as_ref();
    let dynamic = stored.dynamic.as_ref();
    let row = client::ActiveModel {
        client_id: Set(id.as_str().to_owned()),
        document: Set(document),
        secret_hash: Set(stored.secret_hash.map(bytes)),
        applied_at: Set(now),
        removed_at: Set(None),
        secret_sealed: Set(sealed(tx, id, stored.secret.as_ref())?),
        previous_secret_hash: Set(previous.map(|previous| bytes(previous.hash))),
        previous_secret_sealed: Set(sealed(
            tx,
            id,
            previous.and_then(|previous| previous.secret.as_ref()),
        )?),
        previous_secret_until: Set(previous.map(|previous| previous.until)),
        registration_token_hash: Set(dynamic.map(|dynamic| bytes(dynamic.token_hash))),
        origin: Set(dynamic.map(|_| DYNAMIC.to_owned())),
        metadata: Set(dynamic.map(|dynamic| dynamic.metadata.clone())),
        secret_expires_at: Set(stored.secret_expires_at),
    };
    let columns = [
        client::Column::Document,
        client::Column::SecretHash,
        client::Column::AppliedAt,
        client::Column::RemovedAt,
        client::Column::SecretSealed,
        client::Column::PreviousSecretHash,
        client::Column::PreviousSecretSealed,
        client::Column::PreviousSecretUntil,
        client::Column::RegistrationTokenHash,
        client::Column::Origin,
        client::Column::Metadata,
        client::Column::SecretExpiresAt,
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

/// How many sub-sites there are, those that cannot be read too.
pub async fn count(tx: &Tx) -> Result<u64, StoreError> {
    Ok(client::Entity::find()
        .filter(client::Column::RemovedAt.is_null())
        .count(tx)
        .await?)
}

/// Whether there is a sub-site of this name, one that cannot be read too.
pub async fn exists(tx: &Tx, id: &ClientId) -> Result<bool, StoreError> {
    Ok(row_of(tx, id).await?.is_some())
}

/// How many sub-sites programs registered, for one more: another who counts waits from here until the transaction
/// ends, so that two cannot both be the last.
pub async fn count_dynamic_to_add(tx: &Tx) -> Result<u64, StoreError> {
    revisions::raise(tx, Revision::Clients).await?;
    Ok(client::Entity::find()
        .filter(client::Column::RemovedAt.is_null())
        .filter(client::Column::Origin.eq(DYNAMIC))
        .count(tx)
        .await?)
}

/// A sub-site that a program registered, for a change or an end: another who changes it waits from here until the
/// transaction ends.
pub async fn find_to_change(tx: &Tx, id: &ClientId) -> Result<Option<StoredClient>, StoreError> {
    revisions::raise(tx, Revision::Clients).await?;
    find_stored(tx, id).await
}

/// Removes sub-sites with their secrets, and ends what they were given: who comes after under the same name is told
/// nothing before people are asked again. What was consented to stays as history.
pub async fn remove(tx: &Tx, ids: &BTreeSet<ClientId>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let nothing = || Expr::value(Option::<Vec<u8>>::None);
    client::Entity::update_many()
        .col_expr(client::Column::RemovedAt, Expr::value(now))
        .col_expr(client::Column::SecretHash, nothing())
        .col_expr(client::Column::SecretSealed, nothing())
        .col_expr(client::Column::PreviousSecretHash, nothing())
        .col_expr(client::Column::PreviousSecretSealed, nothing())
        .col_expr(client::Column::RegistrationTokenHash, nothing())
        .filter(client::Column::ClientId.is_in(ids.iter().map(ClientId::as_str)))
        .exec(tx)
        .await?;
    revisions::raise(tx, Revision::Clients).await?;
    for id in ids {
        revoke_grants(tx, id, now).await?;
    }
    Ok(())
}

/// Whether what was given before would now mean something else: other names for people, or a client without a
/// credential where there was one, or the other way round.
pub fn is_another_party(old: &Client, new: &Client) -> bool {
    (&old.sector, old.subject_type) != (&new.sector, new.subject_type)
        || old.auth_method.is_confidential() != new.auth_method.is_confidential()
}

/// Takes back every consent that a sub-site has, with every code and token; answers how many consents held. Those
/// first, as when a person takes one back.
pub async fn revoke_grants(tx: &Tx, id: &ClientId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let grants = consent_grant::Entity::update_many()
        .col_expr(consent_grant::Column::RevokedAt, Expr::value(now))
        .filter(consent_grant::Column::ClientId.eq(id.as_str()))
        .filter(consent_grant::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    revoke_tokens(tx, id, now).await?;
    Ok(grants.rows_affected)
}

/// Revokes every code and token that a sub-site has; answers how many tokens were alive. Whoever redeems or refreshes
/// at this moment holds the row of what is being used, and adds tokens before letting go; so what gives tokens goes
/// first, refresh tokens until no more come, access tokens at the end.
pub async fn revoke_tokens(tx: &Tx, id: &ClientId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let since = now - OVER_FOR;
    authorization_code::Entity::update_many()
        .col_expr(authorization_code::Column::RevokedAt, Expr::value(now))
        .filter(authorization_code::Column::ClientId.eq(id.as_str()))
        .filter(authorization_code::Column::RevokedAt.is_null())
        .filter(authorization_code::Column::ExpiresAt.gt(since))
        .exec(tx)
        .await?;
    let mut revoked = 0;
    for _ in 0..PASSES {
        let pass = refresh_token::Entity::update_many()
            .col_expr(refresh_token::Column::RevokedAt, Expr::value(now))
            .filter(refresh_token::Column::ClientId.eq(id.as_str()))
            .filter(refresh_token::Column::RevokedAt.is_null())
            .filter(refresh_token::Column::ExpiresAt.gt(since))
            .filter(refresh_token::Column::IdleExpiresAt.gt(since))
            .exec(tx)
            .await?;
        if pass.rows_affected == 0 {
            break;
        }
        revoked += pass.rows_affected;
    }
    let access = access_token::Entity::update_many()
        .col_expr(access_token::Column::RevokedAt, Expr::value(now))
        .filter(access_token::Column::ClientId.eq(id.as_str()))
        .filter(access_token::Column::RevokedAt.is_null())
        .filter(access_token::Column::ExpiresAt.gt(since))
        .exec(tx)
        .await?;
    Ok(revoked + access.rows_affected)
}

#[cfg(test)]
mod endings;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    pub(super) fn site(id: &str) -> StoredClient {
        let text = serde_json::json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
        let client = serde_json::json!({
            "client_id": id, "name": text, "agency": text, "sector": "hefei", "auth_method": "none",
            "redirect_uris": [format!("https://{id}.example/callback")], "scopes": ["openid"],
        });
        StoredClient::new(serde_json::from_value(client).expect("a client"), None)
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
                put(&tx, &site(id), now).await.expect("stored");
            }
            write(&tx, "broken", "{".to_owned()).await;
            for (id, member, value) in [("newer", "a_later_member", ""), ("stricter", "profile", "fapi2")] {
                let mut document = serde_json::to_value(site(id).client).expect("JSON");
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

    #[tokio::test]
    async fn of_too_many_the_same_ones_are_listed_and_all_are_counted() {
        for test in stores().await {
            let tx = test.store.begin().await.unwrap();
            put(&tx, &site("a"), test.clock.now()).await.unwrap();
            let row = client::Entity::find_by_id("a").one(&tx).await.unwrap().unwrap();
            let numbers: Vec<u64> = (0..CLIENTS_MAX).rev().collect();
            for numbers in numbers.chunks(500) {
                let rows = numbers.iter().map(|number| {
                    let id = format!("site-{number:04}");
                    let document = row.document.replace("\"a\"", &format!("\"{id}\""));
                    client::ActiveModel::from(client::Model {
                        client_id: id,
                        document,
                        ..row.clone()
                    })
                });
                client::Entity::insert_many(rows)
                    .exec_without_returning(&tx)
                    .await
                    .unwrap();
            }
            assert_eq!(count(&tx).await.unwrap(), CLIENTS_MAX + 1);
            let listed = list(&tx).await.unwrap();
            let names: Vec<_> = listed.iter().map(|one| one.client.client_id.as_str()).collect();
            assert_eq!((names.len(), names[0]), (5000, "a"));
            assert_eq!((names[1], names[4999]), ("site-0000", "site-4998"));
            assert!(names.is_sorted());
        }
    }

    #[tokio::test]
    async fn secrets_are_good_for_their_time_and_kept_sealed() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let hour = chrono::TimeDelta::hours(1);
            let mut wanted = site("hefei");
            wanted.secret_hash = Some(TokenHash::of("new"));
            wanted.secret = Some(Sensitive::new("new".to_owned()));
            wanted.secret_expires_at = Some(now + hour * 2);
            wanted.previous = Some(PreviousSecret {
                hash: TokenHash::of("old"),
                secret: Some(Sensitive::new("old".to_owned())),
                until: now + hour,
            });
            wanted.dynamic = Some(Dynamic {
                token_hash: TokenHash::of("token"),
                metadata: "{}".to_owned(),
            });
            put(&tx, &wanted, now).await.unwrap();
            let id = &wanted.client.client_id;
            let found = find_stored(&tx, id).await.unwrap().unwrap();
            assert_eq!(found, wanted);
            let good = |secret: &str, at| found.accepts_secret(&TokenHash::of(secret), at);
            let signing = |at| found.signing_secrets(at).count();
            assert_eq!(
                (good("new", now), good("old", now), good("x", now)),
                (true, true, false)
            );
            assert_eq!((good("new", now + hour), good("old", now + hour)), (true, false));
            assert!(!good("new", now + hour * 2));
            assert_eq!([0, 1, 2].map(|hours| signing(now + hour * hours)), [2, 1, 0]);

            let row = client::Entity::find_by_id("hefei")
                .one(&tx)
                .await
                .unwrap()
                .unwrap();
            let sealed = row.secret_sealed.unwrap();
            assert!(!sealed.windows(3).any(|bytes| bytes == b"new"));

            assert_eq!(count_dynamic_to_add(&tx).await.unwrap(), 1);
            remove(&tx, &BTreeSet::from([id.clone()]), now).await.unwrap();
            assert_eq!(count_dynamic_to_add(&tx).await.unwrap(), 0);
            assert_eq!(find_stored(&tx, id).await.unwrap(), None);
            let row = client::Entity::find_by_id("hefei")
                .one(&tx)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (row.secret_hash, row.secret_sealed, row.registration_token_hash),
                (None, None, None)
            );
        }
    }
}
