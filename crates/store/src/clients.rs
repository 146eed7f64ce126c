//! Sub-sites as they were applied or registered themselves, with what their secrets are compared with, and the
//! counter that tells other nodes to look again.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use model::client::Client;
use model::ids::ClientId;
use model::secret::{Sensitive, TokenHash};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LikeExpr, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::entity::{access_token, authorization_code, client, consent_grant, refresh_token};
use crate::error::StoreError;
use crate::revisions::{self, Revision};
use crate::tx::Tx;
use crate::{subjects, vault};

/// The most sub-sites there can be.
pub const CLIENTS_MAX: u64 = 5000;

/// The most sub-sites that are looked at for one address.
const ADDRESS_MAX: u64 = 20;

/// In a pattern, what follows means itself.
const ESCAPE: char = '\\';

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

/// The sub-site in use that has registered an address, to the letter: as its own page, or as one that browsers come
/// back to. Nobody is sent to one that is disabled.
pub async fn find_by_address(tx: &Tx, address: &str) -> Result<Option<Client>, StoreError> {
    // The documents are searched for the text, which stands between quotes there, and what is found is looked at: few
    // sub-sites have the same.
    let rows = client::Entity::find()
        .filter(client::Column::RemovedAt.is_null())
        .filter(client::Column::Document.like(quoted(address)))
        .limit(ADDRESS_MAX)
        .all(tx)
        .await?;
    let has = |client: &Client| {
        let lists = client
            .redirect_uris
            .iter()
            .chain(&client.post_logout_redirect_uris);
        lists.chain(&client.home_uri).any(|known| known == address)
    };
    let mut found = rows.iter().filter_map(read);
    Ok(found.find(|client| !client.disabled && has(client)))
}

/// The pattern for documents that have a text between quotes: what the text has of a pattern means itself.
fn quoted(text: &str) -> LikeExpr {
    let mut pattern = String::from("%\"");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(letter);
    }
    pattern.push_str("\"%");
    LikeExpr::new(pattern).escape(ESCAPE)
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
    subjects::are_renamed(old, new) || old.auth_method.is_confidential() != new.auth_method.is_confidential()
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
mod tests;
