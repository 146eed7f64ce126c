//! Access tokens: opaque, kept as hashes, good for as long as the sign-in, the account and the grant behind them
//! (RFC 6749 section 1.4, RFC 6750).

use chrono::{DateTime, Utc};
use model::authn::{Methods, Strength};
use model::ids::{AccountId, ClientId, GrantId, SessionId};
use model::ladder::Level;
use model::scope::ScopeSet;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};

use crate::accounts::{self, Account};
use crate::codes::{Redeemed, RequestedClaim};
use crate::entity::access_token::{self, Column, Entity};
use crate::entity::account;
use crate::error::StoreError;
use crate::standing::{self, Footing};
use crate::tx::Tx;

/// What an access token says about the sign-in and the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenDetails {
    /// The scopes granted.
    pub scopes: ScopeSet,
    /// The level that the ID token said.
    pub acr: Level,
    /// How strong the sign-in was.
    pub strength: Strength,
    /// How it was done.
    pub methods: Methods,
    /// When the person last proved to be the account's owner.
    pub auth_time: DateTime<Utc>,
    /// Claims asked for one by one for the userinfo endpoint, and permitted.
    #[serde(default)]
    pub claims: std::collections::BTreeMap<String, RequestedClaim>,
}

/// An access token to be stored.
#[derive(Debug)]
pub struct NewAccessToken<'a> {
    /// The token's hash.
    pub hash: TokenHash,
    /// The redeemed code that gives it.
    pub code: &'a Redeemed,
    /// What it says.
    pub details: &'a TokenDetails,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it is worth nothing any more.
    pub expires_at: DateTime<Utc>,
}

/// Stores an access token.
pub async fn issue(tx: &Tx, new: &NewAccessToken<'_>) -> Result<(), StoreError> {
    let details =
        serde_json::to_string(new.details).map_err(|_| StoreError::Malformed("access_token.details"))?;
    let row = access_token::ActiveModel {
        token_hash: Set(new.hash.as_bytes().to_vec()),
        code_hash: Set(new.code.code_hash.as_bytes().to_vec()),
        client_id: Set(new.code.client_id.as_str().to_owned()),
        account_id: Set(new.code.account.as_uuid()),
        session_id: Set(new.code.session.as_uuid()),
        grant_id: Set(new.code.details.grant.map(GrantId::as_uuid)),
        details: Set(details),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// An access token that holds, with the account it is about.
#[derive(Clone, Debug)]
pub struct LiveToken {
    /// To whom it was issued.
    pub client_id: ClientId,
    /// The account.
    pub account: Account,
    /// The sign-in it came from.
    pub session: SessionId,
    /// The grant under which it was issued; by now another may be in its place.
    pub grant: Option<GrantId>,
    /// What it says.
    pub details: TokenDetails,
}

const FOOTING: Footing<(Entity, Column)> = Footing {
    session: (Entity, Column::SessionId),
    account: (Entity, Column::AccountId),
    client: (Entity, Column::ClientId),
    grant: (Entity, Column::GrantId),
};

/// The token that a bearer value stands for, if it and everything behind it holds. One statement.
pub async fn find_live(
    tx: &Tx,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<LiveToken>, StoreError> {
    let found = Entity::find_by_id(token.as_bytes().to_vec())
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .filter(standing::holds(&FOOTING, now))
        .find_also_related(account::Entity)
        .one(tx)
        .await?;
    let Some((row, Some(owner))) = found else {
        return Ok(None);
    };
    Ok(Some(LiveToken {
        client_id: ClientId::parse(&row.client_id)
            .map_err(|_| StoreError::Malformed("access_token.client_id"))?,
        account: accounts::from_row(tx, owner)?,
        session: SessionId::from_uuid(row.session_id),
        grant: row.grant_id.map(GrantId::from_uuid),
        details: serde_json::from_str(&row.details)
            .map_err(|_| StoreError::Malformed("access_token.details"))?,
    }))
}

/// Revokes what a code gave; answers how many tokens were alive.
pub async fn revoke_of_code(tx: &Tx, code: &TokenHash, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::CodeHash.eq(code.as_bytes().to_vec()))
        .filter(Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(revoked.rows_affected)
}

/// Revokes every token that a client has about an account: its grant was taken back.
pub async fn revoke_of_grant(
    tx: &Tx,
    account: AccountId,
    client: &ClientId,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::ClientId.eq(client.as_str()))
        .filter(Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(revoked.rows_affected)
}
