//! Authorization codes (RFC 6749 section 4.1, OpenID Connect Core 3.1.3). A code is redeemed by one guarded
//! statement whose row count is the answer; only afterwards is it looked up why there was no row, and a code that
//! comes a second time revokes what the first use gave (A041, A042).
//!
//! What a code would give can be made ready before, from [`find`], which changes nothing and proves nothing.
//!
//! It does not compare the redirect address and the PKCE verifier: the provider does, after redemption and in the
//! same transaction, so that a wrong one costs the code.

use chrono::{DateTime, Utc};
use model::authn::{Methods, Strength};
use model::ids::{AccountId, ClientId, GrantId, SessionId};
use model::ladder::Level;
use model::scope::ScopeSet;
use model::secret::{Token, TokenHash};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, IdenStatic as _,
    PaginatorTrait as _, QueryFilter as _, QueryTrait as _, SelectA, SelectB,
};
use serde::{Deserialize, Serialize};

use crate::entity::account;
use crate::entity::authorization_code::{self, Column, Entity, Model};
use crate::error::StoreError;
use crate::holders::{self, Holder};
use crate::refresh;
pub use crate::requested::{RequestedClaim, RequestedClaims};
use crate::standing::{self, Footing};
use crate::tokens::Grounds;
use crate::tx::Tx;

/// What a code says about the sign-in and the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeDetails {
    /// The scopes granted.
    pub scopes: ScopeSet,
    /// The request's `nonce`.
    #[serde(default)]
    pub nonce: Option<String>,
    /// The level that the answer promised; the token never says more.
    pub acr: Level,
    /// Whether the sub-site demanded it (an essential `acr`): then the token says this level or there is none.
    #[serde(default)]
    pub acr_essential: bool,
    /// The account's level at that moment.
    pub identity_level: Level,
    /// How strong the sign-in was.
    pub strength: Strength,
    /// How it was done.
    pub methods: Methods,
    /// When the person last proved to be the account's owner.
    pub auth_time: DateTime<Utc>,
    /// Whether `auth_time` was asked for (`max_age`, or as an essential claim).
    #[serde(default)]
    pub auth_time_requested: bool,
    /// Claims asked for one by one and permitted.
    #[serde(default)]
    pub claims: RequestedClaims,
    /// The grant that permits the release; `None` when nothing is released that needs one.
    #[serde(default)]
    pub grant: Option<GrantId>,
    /// The thumbprint of the key that the request was bound to (RFC 9449 section 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The resources that access was asked for (RFC 8707); nothing means the provider itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}

/// A code to be stored.
#[derive(Debug)]
pub struct NewCode<'a> {
    /// The code; its hash is stored.
    pub code: &'a Token,
    /// To whom it is issued.
    pub client_id: &'a ClientId,
    /// Whose sign-in it is.
    pub account: AccountId,
    /// Which sign-in.
    pub session: SessionId,
    /// The redirect address of the request.
    pub redirect_uri: &'a str,
    /// The PKCE challenge, method S256.
    pub code_challenge: Option<&'a str>,
    /// The rest.
    pub details: &'a CodeDetails,
    /// Now.
    pub now: DateTime<Utc>,
    /// When the code is worth nothing any more.
    pub expires_at: DateTime<Utc>,
}

/// Stores a code.
pub async fn issue(tx: &Tx, new: &NewCode<'_>) -> Result<(), StoreError> {
    let details = serde_json::to_string(new.details)
        .map_err(|_| StoreError::Malformed("authorization_code.details"))?;
    let row = authorization_code::ActiveModel {
        code_hash: Set(new.code.hash().as_bytes().to_vec()),
        client_id: Set(new.client_id.as_str().to_owned()),
        account_id: Set(new.account.as_uuid()),
        session_id: Set(new.session.as_uuid()),
        grant_id: Set(new.details.grant.map(GrantId::as_uuid)),
        redirect_uri: Set(new.redirect_uri.to_owned()),
        code_challenge: Set(new.code_challenge.map(str::to_owned)),
        details: Set(details),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
        revoked_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// A code that was redeemed by this call and by no other. Only [`redeem`] makes one, and minting takes one.
///
/// ```compile_fail,E0639
/// fn forge(now: chrono::DateTime<chrono::Utc>, details: store::codes::CodeDetails) -> store::codes::Redeemed {
///     # let rng = model::rng::Rng::system();
///     store::codes::Redeemed {
///         code_hash: model::secret::TokenHash::of("made up"),
///         client_id: model::ids::ClientId::parse("site").unwrap(),
///         account: model::ids::AccountId::new(now, &rng),
///         session: model::ids::SessionId::new(now, &rng),
///         redirect_uri: String::new(),
///         code_challenge: None,
///         details,
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Redeemed {
    /// The code's hash, under which what it gives is kept together.
    pub code_hash: TokenHash,
    /// To whom it was issued, and who redeemed it.
    pub client_id: ClientId,
    /// Whose sign-in it is.
    pub account: AccountId,
    /// Which sign-in.
    pub session: SessionId,
    /// The redirect address of the request, to be compared.
    pub redirect_uri: String,
    /// The PKCE challenge, to be compared.
    pub code_challenge: Option<String>,
    /// The rest.
    pub details: CodeDetails,
}

impl Redeemed {
    /// What tokens are given on.
    pub fn grounds(&self) -> Grounds {
        Grounds {
            family: self.code_hash,
            client_id: self.client_id.clone(),
            account: self.account,
            session: self.session,
            grant: self.details.grant,
        }
    }
}

/// A code that came again.
#[derive(Clone, Debug)]
pub struct Replay {
    /// To whom it was issued.
    pub client_id: ClientId,
    /// Whose sign-in it is.
    pub account: AccountId,
    /// Which sign-in.
    pub session: SessionId,
    /// How many access and refresh tokens of the first use were revoked now.
    pub revoked_tokens: u64,
}

/// Why a code is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Worthless {
    /// There is no such code.
    #[error("no such code")]
    Unknown,
    /// It was issued to another client, for whom it stays good (A043).
    #[error("the code was issued to another client")]
    OtherClient,
    /// Its time is over.
    #[error("the code has expired")]
    Expired,
    /// It was revoked before it was used.
    #[error("the code was revoked")]
    Revoked,
    /// The sign-in ended, the account is not in use, or the grant was taken back.
    #[error("the sign-in, the account or the grant behind the code does not hold any more")]
    FootingLost,
}

/// What became of a code that was presented.
#[derive(Debug)]
pub enum Redemption {
    /// Redeemed by this call.
    Redeemed(Box<Redeemed>),
    /// It was used before; what the first use gave is revoked.
    Replayed(Replay),
    /// Worth nothing.
    Refused(Worthless),
}

const FOOTING: Footing<(Entity, Column)> = Footing {
    session: (Entity, Column::SessionId),
    account: (Entity, Column::AccountId),
    client: (Entity, Column::ClientId),
    grant: (Entity, Column::GrantId),
};

/// A code as it lies there, with whom it is about. Nothing may be given on it before [`redeem`] said so.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Which sign-in.
    pub session: SessionId,
    /// What it says.
    pub details: CodeDetails,
    /// Whom it is about.
    pub holder: Holder,
}

/// A code of this client that was not used. One statement.
pub async fn find(tx: &Tx, code: &TokenHash, client: &ClientId) -> Result<Option<Kept>, StoreError> {
    let query = Entity::find_by_id(code.as_bytes().to_vec())
        .filter(Column::ClientId.eq(client.as_str()))
        .filter(Column::UsedAt.is_null())
        .find_also_related(account::Entity);
    let query = holders::select(query, tx, &FOOTING).into_query();
    let Some(found) = tx.query_one_raw(tx.get_database_backend().build(&query)).await? else {
        return Ok(None);
    };
    let row = Model::from_query_result(&found, SelectA.as_str())?;
    let owner = account::Model::from_query_result(&found, SelectB.as_str())?;
    Ok(Some(Kept {
        session: SessionId::from_uuid(row.session_id),
        details: details(&row)?,
        holder: holders::from_row(tx, &found, owner)?,
    }))
}

/// Whether a code was ever given and is still remembered, whatever became of it. One statement.
pub async fn is_known(tx: &Tx, code: &TokenHash) -> Result<bool, StoreError> {
    let count = Entity::find_by_id(code.as_bytes().to_vec()).count(tx).await?;
    Ok(count > 0)
}

/// Redeems a code for the client that proved itself. Commit also when it is refused: a replay revokes.
pub async fn redeem(
    tx: &Tx,
    code: &TokenHash,
    client: &ClientId,
    now: DateTime<Utc>,
) -> Result<Redemption, StoreError> {
    let won = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::CodeHash.eq(code.as_bytes().to_vec()))
        .filter(Column::ClientId.eq(client.as_str()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .filter(standing::holds(&FOOTING, now))
        .exec_with_returning(tx)
        .await?;
    match won.into_iter().next() {
        Some(row) => Ok(Redemption::Redeemed(Box::new(from_row(row)?))),
        None => refuse(tx, code, client, now).await,
    }
}

async fn refuse(
    tx: &Tx,
    code: &TokenHash,
    client: &ClientId,
    now: DateTime<Utc>,
) -> Result<Redemption, StoreError> {
    let Some(row) = Entity::find_by_id(code.as_bytes().to_vec()).one(tx).await? else {
        return Ok(Redemption::Refused(Worthless::Unknown));
    };
    if row.used_at.is_some() {
        // Whoever brings it: a used code that comes again has been seen by somebody it was not meant for.
        return Ok(Redemption::Replayed(Replay {
            client_id: client_id(&row.client_id)?,
            account: AccountId::from_uuid(row.account_id),
            session: SessionId::from_uuid(row.session_id),
            revoked_tokens: refresh::revoke_family(tx, code, now).await?.all(),
        }));
    }
    Ok(Redemption::Refused(if row.client_id != client.as_str() {
        Worthless::OtherClient
    } else if row.revoked_at.is_some() {
        Worthless::Revoked
    } else if row.expires_at <= now {
        Worthless::Expired
    } else {
        Worthless::FootingLost
    }))
}

fn from_row(row: Model) -> Result<Redeemed, StoreError> {
    let malformed = StoreError::Malformed;
    Ok(Redeemed {
        code_hash: TokenHash::from_bytes(&row.code_hash).ok_or(malformed("authorization_code.code_hash"))?,
        client_id: client_id(&row.client_id)?,
        account: AccountId::from_uuid(row.account_id),
        session: SessionId::from_uuid(row.session_id),
        details: details(&row)?,
        redirect_uri: row.redirect_uri,
        code_challenge: row.code_challenge,
    })
}

fn details(row: &Model) -> Result<CodeDetails, StoreError> {
    serde_json::from_str(&row.details).map_err(|_| StoreError::Malformed("authorization_code.details"))
}

fn client_id(text: &str) -> Result<ClientId, StoreError> {
    ClientId::parse(text).map_err(|_| StoreError::Malformed("authorization_code.client_id"))
}

#[cfg(test)]
pub(crate) mod tests;
