//! Refresh tokens (RFC 6749 section 6, RFC 9700 section 4.14). A family is everything that one code gave; a replay
//! revokes all of it, access tokens too (A087).
//!
//! A refresh token is looked at first ([`find`]) and used by one guarded statement ([`redeem`]) whose row count is the
//! answer, so whoever asks for what it does not give has not spent it, and of several at once one wins. Those of public
//! clients are replaced at each use; those of clients that prove themselves stay and only move their idle limit.
//! One that was given without access beyond the sign-in ends with it at the latest.

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::{AccountId, ClientId, GrantId, SessionId};
use model::secret::{Token, TokenHash};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Condition, Expr, IntoCondition};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult as _, IdenStatic as _,
    QueryFilter as _, QueryTrait as _, SelectA, SelectB,
};

use crate::accounts::Status;
use crate::codes::CodeDetails;
use crate::entity::account;
use crate::entity::refresh_token::{self, Column, Entity};
use crate::error::StoreError;
use crate::holders::{self, Holder};
use crate::standing::{self, Footing};
use crate::tokens::{self, Grounds};
use crate::tx::Tx;

/// How often a family is looked through for tokens that were made while it was being revoked.
const PASSES: u32 = 16;

/// A refresh token that was used so lately may be used at this moment by somebody whose work is not stored yet.
const JUST_USED_SECONDS: i64 = 60;

/// How long a family lives. Its tokens have the same end; the idle limit moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When the family began.
    pub started_at: DateTime<Utc>,
    /// When a token that is not used is worth nothing any more.
    pub idle_expires_at: DateTime<Utc>,
    /// When the family is over in any case.
    pub expires_at: DateTime<Utc>,
}

/// A refresh token to be stored.
#[derive(Debug)]
pub struct NewRefreshToken<'a> {
    /// The token; its hash is stored.
    pub token: &'a Token,
    /// What it is given on.
    pub grounds: &'a Grounds,
    /// What it says: what the code said, without the nonce; the key is that to which this token is bound.
    pub details: &'a CodeDetails,
    /// How long it lives.
    pub life: Life,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Stores a refresh token. One statement.
pub async fn issue(tx: &Tx, new: &NewRefreshToken<'_>) -> Result<(), StoreError> {
    let details =
        serde_json::to_string(new.details).map_err(|_| StoreError::Malformed("refresh_token.details"))?;
    let row = refresh_token::ActiveModel {
        token_hash: Set(new.token.hash().as_bytes().to_vec()),
        code_hash: Set(new.grounds.family.as_bytes().to_vec()),
        client_id: Set(new.grounds.client_id.as_str().to_owned()),
        account_id: Set(new.grounds.account.as_uuid()),
        session_id: Set(new.grounds.session.as_uuid()),
        grant_id: Set(new.grounds.grant.map(GrantId::as_uuid)),
        details: Set(details),
        created_at: Set(new.now),
        started_at: Set(new.life.started_at),
        idle_expires_at: Set(new.life.idle_expires_at),
        expires_at: Set(new.life.expires_at),
        used_at: Set(None),
        revoked_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// A refresh token as it is kept, holding or not.
#[derive(Clone, Debug)]
pub struct Kept {
    hash: TokenHash,
    /// What it was given on. Nothing may be given on it before [`redeem`] said so.
    grounds: Grounds,
    used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    /// Whom it is about.
    pub holder: Holder,
    /// What it says.
    pub details: CodeDetails,
    /// How long it lives.
    pub life: Life,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Why a refresh token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Worthless {
    /// It belongs to another client, for whom it stays good (A089).
    #[error("the refresh token was issued to another client")]
    OtherClient,
    /// It was used, and another one was given in its place (A087).
    #[error("the refresh token was used before")]
    Used,
    /// It was revoked.
    #[error("the refresh token was revoked")]
    Revoked,
    /// It was not used for too long, or the family's time is over.
    #[error("the refresh token has expired")]
    Expired,
    /// The sign-in ended, the account is not in use, or the grant was taken back (A090).
    #[error("the sign-in, the account or the grant behind the refresh token does not hold any more")]
    FootingLost,
}

impl Kept {
    /// To whom it was issued.
    pub const fn client_id(&self) -> &ClientId {
        &self.grounds.client_id
    }

    /// The hash of the code with which the family began.
    pub const fn family(&self) -> &TokenHash {
        &self.grounds.family
    }

    /// The sign-in it came from.
    pub const fn session(&self) -> SessionId {
        self.grounds.session
    }

    /// The grant under which it was issued; by now another may be in its place.
    pub const fn grant(&self) -> Option<GrantId> {
        self.grounds.grant
    }

    /// Whether what is behind it holds at this moment. For answers that change nothing: [`redeem`] asks again.
    pub fn stands(&self, reach: Reach, now: DateTime<Utc>) -> bool {
        let in_time = self
            .holder
            .sign_in_over
            .is_some_and(|over| reach == Reach::Beyond || over > now);
        let allowed = self.grounds.grant.is_none() || self.holder.allowed.is_some();
        in_time && allowed && self.holder.account.status == Status::Active
    }

    /// What can be seen to be wrong with it without asking what is behind it.
    pub fn fault(&self, client: &ClientId, now: DateTime<Utc>) -> Option<Worthless> {
        // Whoever brings a used one: it has been seen by somebody it was not meant for.
        if self.used_at.is_some() {
            Some(Worthless::Used)
        } else if self.grounds.client_id != *client {
            Some(Worthless::OtherClient)
        } else if self.revoked_at.is_some() {
            Some(Worthless::Revoked)
        } else if self.life.idle_expires_at <= now || self.life.expires_at <= now {
            Some(Worthless::Expired)
        } else {
            None
        }
    }
}

const FOOTING: Footing<(Entity, Column)> = Footing {
    session: (Entity, Column::SessionId),
    account: (Entity, Column::AccountId),
    client: (Entity, Column::ClientId),
    grant: (Entity, Column::GrantId),
};

/// A refresh token by its value, holding or not. One statement.
pub async fn find(tx: &Tx, token: &TokenHash) -> Result<Option<Kept>, StoreError> {
    let query = Entity::find_by_id(token.as_bytes().to_vec()).find_also_related(account::Entity);
    let query = holders::select(query, tx, &FOOTING).into_query();
    let Some(found) = tx.query_one_raw(tx.get_database_backend().build(&query)).await? else {
        return Ok(None);
    };
    let row = refresh_token::Model::from_query_result(&found, SelectA.as_str())?;
    let owner = account::Model::from_query_result(&found, SelectB.as_str())?;
    let malformed = StoreError::Malformed;
    Ok(Some(Kept {
        hash: *token,
        grounds: Grounds {
            family: TokenHash::from_bytes(&row.code_hash).ok_or(malformed("refresh_token.code_hash"))?,
            client_id: ClientId::parse(&row.client_id).map_err(|_| malformed("refresh_token.client_id"))?,
            account: AccountId::from_uuid(row.account_id),
            session: SessionId::from_uuid(row.session_id),
            grant: row.grant_id.map(GrantId::from_uuid),
        },
        used_at: row.used_at,
        revoked_at: row.revoked_at,
        holder: holders::from_row(tx, &found, owner)?,
        details: serde_json::from_str(&row.details).map_err(|_| malformed("refresh_token.details"))?,
        life: Life {
            started_at: row.started_at,
            idle_expires_at: row.idle_expires_at,
            expires_at: row.expires_at,
        },
        created_at: row.created_at,
    }))
}

/// What a use does to a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is spent; another one takes its place (public clients).
    Spend,
    /// It stays, and is idle from now until then.
    Keep(DateTime<Utc>),
}

/// What a refresh token stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The sign-in, for as long as it lasts.
    SignIn,
    /// Beyond the time of the sign-in (`offline_access`), as long as nobody ended it.
    Beyond,
}

/// Uses a refresh token of a client that proved itself; `None` when it is worth nothing any more, and [`find`] says
/// why. One statement.
pub async fn redeem(
    tx: &Tx,
    kept: &Kept,
    (reach, how): (Reach, Use),
    now: DateTime<Utc>,
) -> Result<Option<Grounds>, StoreError> {
    let (column, value) = match how {
        Use::Spend => (Column::UsedAt, now),
        Use::Keep(idle_expires_at) => (Column::IdleExpiresAt, idle_expires_at),
    };
    let footing = match reach {
        Reach::SignIn => standing::holds(&FOOTING, now),
        Reach::Beyond => standing::holds_beyond(&FOOTING),
    };
    let won = Entity::update_many()
        .col_expr(column, Expr::value(value))
        .filter(Column::TokenHash.eq(kept.hash.as_bytes().to_vec()))
        .filter(Column::ClientId.eq(kept.grounds.client_id.as_str()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::RevokedAt.is_null())
        .filter(Column::IdleExpiresAt.gt(now))
        .filter(Column::ExpiresAt.gt(now))
        .filter(footing)
        .exec(tx)
        .await?;
    Ok((won.rows_affected == 1).then(|| kept.grounds.clone()))
}

/// What was revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// Refresh tokens, those that were used just now too.
    pub refresh_tokens: u64,
    /// Access tokens.
    pub access_tokens: u64,
}

impl Revoked {
    /// Both together.
    pub const fn all(self) -> u64 {
        self.refresh_tokens.saturating_add(self.access_tokens)
    }
}

/// Revokes everything that a code gave. Whoever is refreshing at this moment holds the row of the token that is being
/// used, and adds its tokens before letting go; so refresh tokens are revoked until no more come, access tokens after
/// them.
pub async fn revoke_family(tx: &Tx, family: &TokenHash, now: DateTime<Utc>) -> Result<Revoked, StoreError> {
    let refresh_tokens = revoke_where(tx, Column::CodeHash.eq(family.as_bytes().to_vec()), now).await?;
    let access_tokens = tokens::revoke_of_code(tx, family, now).await?;
    Ok(Revoked {
        refresh_tokens,
        access_tokens,
    })
}

/// Revokes every refresh token of an account: its password was changed.
pub async fn revoke_of_account(tx: &Tx, account: AccountId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    revoke_where(tx, Column::AccountId.eq(account.as_uuid()), now).await
}

/// Revokes every refresh token that a client has about an account: its grant was taken back.
pub async fn revoke_of_grant(
    tx: &Tx,
    account: AccountId,
    client: &ClientId,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let of_both = Condition::all()
        .add(Column::AccountId.eq(account.as_uuid()))
        .add(Column::ClientId.eq(client.as_str()));
    revoke_where(tx, of_both, now).await
}

/// What is revoked of refresh tokens. Those that were used long ago are worth nothing as it is, and there may be very
/// many; one that is being used at this moment must be waited for, because its successor is not seen before. Nodes'
/// clocks differ.
pub(crate) fn worth_revoking(now: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(Column::UsedAt.is_null())
        .add(Column::UsedAt.gt(now - TimeDelta::seconds(JUST_USED_SECONDS)))
}

async fn revoke_where(tx: &Tx, which: impl IntoCondition, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let (which, mut revoked) = (which.into_condition(), 0);
    for _ in 0..PASSES {
        let pass = Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(now))
            .filter(which.clone())
            .filter(Column::RevokedAt.is_null())
            .filter(worth_revoking(now))
            .exec(tx)
            .await?;
        if pass.rows_affected == 0 {
            break;
        }
        revoked += pass.rows_affected;
    }
    Ok(revoked)
}

#[cfg(test)]
mod tests;
