//! Access tokens of residents: kept as hashes, opaque or signed, good for as long as the sign-in, the account and the
//! grant behind them (RFC 6749 section 1.4, RFC 6750, RFC 9068).
//!
//! A token is stored with the time at which it ends, which is never later than that of the sign-in unless access was
//! granted beyond it; so to find one it is enough to look that nobody ended the sign-in.

use chrono::{DateTime, TimeDelta, Utc};
use model::authn::{Methods, Strength};
use model::ids::{AccountId, ClientId, GrantId, SessionId};
use model::ladder::Level;
use model::scope::ScopeSet;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, IdenStatic as _,
    QueryFilter as _, QueryTrait as _, SelectA, SelectB,
};
use serde::{Deserialize, Serialize};

use crate::entity::access_token::{self, Column, Entity};
use crate::entity::account;
use crate::error::StoreError;
use crate::holders::{self, Holder};
use crate::requested::{RequestedClaim, RequestedVerified};
use crate::standing::{self, Footing};
use crate::tx::Tx;

/// By how much nodes' clocks may differ.
const CLOCKS_SECONDS: i64 = 60;

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
    /// `verified_claims` asked for the userinfo endpoint.
    #[serde(default, skip_serializing_if = "RequestedVerified::is_empty")]
    pub verified_claims: RequestedVerified,
    /// The thumbprint of the key that must be shown with it (RFC 9449).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The resources that it is for (RFC 8707); nothing means the provider itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Its identifier, if it is a signed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
}

/// What a token is given on. Only redemption of a code or of a refresh token makes one, so that no token is stored
/// without one.
///
/// ```compile_fail,E0639
/// fn forge(code_hash: model::secret::TokenHash) -> store::tokens::Grounds {
///     # let (now, rng) = (chrono::DateTime::<chrono::Utc>::UNIX_EPOCH, model::rng::Rng::system());
///     store::tokens::Grounds {
///         family: code_hash,
///         client_id: model::ids::ClientId::parse("site").unwrap(),
///         account: model::ids::AccountId::new(now, &rng),
///         session: model::ids::SessionId::new(now, &rng),
///         grant: None,
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Grounds {
    /// The hash of the code with which it all began.
    pub family: TokenHash,
    /// To whom.
    pub client_id: ClientId,
    /// About whom.
    pub account: AccountId,
    /// From which sign-in.
    pub session: SessionId,
    /// Under which grant, where one is needed.
    pub grant: Option<GrantId>,
}

/// An access token to be stored.
#[derive(Debug)]
pub struct NewAccessToken<'a> {
    /// The token's hash.
    pub hash: TokenHash,
    /// What it is given on.
    pub grounds: &'a Grounds,
    /// What it says.
    pub details: &'a TokenDetails,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it is worth nothing any more.
    pub expires_at: DateTime<Utc>,
}

/// Stores an access token. One statement.
pub async fn issue(tx: &Tx, new: &NewAccessToken<'_>) -> Result<(), StoreError> {
    let details =
        serde_json::to_string(new.details).map_err(|_| StoreError::Malformed("access_token.details"))?;
    let row = access_token::ActiveModel {
        token_hash: Set(new.hash.as_bytes().to_vec()),
        code_hash: Set(new.grounds.family.as_bytes().to_vec()),
        client_id: Set(new.grounds.client_id.as_str().to_owned()),
        account_id: Set(new.grounds.account.as_uuid()),
        session_id: Set(new.grounds.session.as_uuid()),
        grant_id: Set(new.grounds.grant.map(GrantId::as_uuid)),
        details: Set(details),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// An access token that holds, with whom it is about.
#[derive(Clone, Debug)]
pub struct LiveToken {
    /// To whom it was issued.
    pub client_id: ClientId,
    /// Whom it is about.
    pub holder: Holder,
    /// The sign-in it came from.
    pub session: SessionId,
    /// The grant under which it was issued; by now another may be in its place.
    pub grant: Option<GrantId>,
    /// What it says.
    pub details: TokenDetails,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it is worth nothing any more.
    pub expires_at: DateTime<Utc>,
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
    let query = Entity::find_by_id(token.as_bytes().to_vec())
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .filter(standing::holds_beyond(&FOOTING))
        .find_also_related(account::Entity);
    let query = holders::select(query, tx, &FOOTING).into_query();
    let Some(found) = tx.query_one_raw(tx.get_database_backend().build(&query)).await? else {
        return Ok(None);
    };
    let row = access_token::Model::from_query_result(&found, SelectA.as_str())?;
    let owner = account::Model::from_query_result(&found, SelectB.as_str())?;
    Ok(Some(LiveToken {
        client_id: ClientId::parse(&row.client_id)
            .map_err(|_| StoreError::Malformed("access_token.client_id"))?,
        holder: holders::from_row(tx, &found, owner)?,
        session: SessionId::from_uuid(row.session_id),
        grant: row.grant_id.map(GrantId::from_uuid),
        details: serde_json::from_str(&row.details)
            .map_err(|_| StoreError::Malformed("access_token.details"))?,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }))
}

/// Whether a token was issued to this client and is still remembered, holding or not. One statement.
pub async fn is_known(tx: &Tx, token: &TokenHash, client: &ClientId) -> Result<bool, StoreError> {
    let query = Entity::find_by_id(token.as_bytes().to_vec()).filter(Column::ClientId.eq(client.as_str()));
    Ok(query.one(tx).await?.is_some())
}

/// Whose token was revoked, and from which sign-in it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// About whom it was.
    pub account: AccountId,
    /// The sign-in.
    pub session: SessionId,
}

/// Revokes one token, if it is this client's and was not revoked before. One statement.
pub async fn revoke(
    tx: &Tx,
    token: &TokenHash,
    client: &ClientId,
    now: DateTime<Utc>,
) -> Result<Option<Revoked>, StoreError> {
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::TokenHash.eq(token.as_bytes().to_vec()))
        .filter(Column::ClientId.eq(client.as_str()))
        .filter(Column::RevokedAt.is_null())
        .exec_with_returning(tx)
        .await?;
    Ok(revoked.into_iter().next().map(|row| Revoked {
        account: AccountId::from_uuid(row.account_id),
        session: SessionId::from_uuid(row.session_id),
    }))
}

/// What is revoked of access tokens: not those whose time is over on every node, of which there may be very many.
pub(crate) fn worth_revoking(now: DateTime<Utc>) -> Expr {
    Column::ExpiresAt.gt(now - TimeDelta::seconds(CLOCKS_SECONDS))
}

/// Revokes the access tokens that a code and its refresh tokens gave; answers how many were not revoked before. Refresh
/// tokens go first, see [`crate::refresh::revoke_family`].
pub(crate) async fn revoke_of_code(tx: &Tx, code: &TokenHash, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::CodeHash.eq(code.as_bytes().to_vec()))
        .filter(Column::RevokedAt.is_null())
        .filter(worth_revoking(now))
        .exec(tx)
        .await?;
    Ok(revoked.rows_affected)
}
