//! Sign-ins of operators, finished or under way. The cookie's value is stored as its hash. Each rise of what was proven
//! gives it a new one (A151), and limits hold on the server (A163).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use model::ids::{OperatorId, OperatorSessionId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{Operator, Status, find};
use crate::entity::operator_session::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// How often the time of last use is written, at most.
const TOUCH_SECONDS: i64 = 60;

/// How far a sign-in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A passkey was asked for; nobody knows whose.
    Passkey,
    /// The password was right; the second proof is missing.
    Second,
    /// Came by a link, has a password, and gives the second proof for the first time.
    Enrolling,
    /// Signed in.
    Full,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Passkey, Self::Second, Self::Enrolling, Self::Full];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Second => "second",
            Self::Enrolling => "enrolling",
            Self::Full => "full",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|stage| stage.as_str() == text);
        found.ok_or(StoreError::Malformed("operator_session.stage"))
    }
}

/// A new sign-in.
#[derive(Debug)]
pub struct NewSignIn {
    /// The identifier.
    pub id: OperatorSessionId,
    /// The cookie's hash.
    pub token_hash: TokenHash,
    /// Whose it is, if that is known.
    pub operator: Option<OperatorId>,
    /// How far it has come.
    pub stage: Stage,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it ends in any case.
    pub expires_at: DateTime<Utc>,
}

/// Stores a sign-in.
pub async fn create(tx: &Tx, new: &NewSignIn) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(new.id.as_uuid()),
        token_hash: Set(new.token_hash.as_bytes().to_vec()),
        operator_id: Set(new.operator.map(OperatorId::as_uuid)),
        stage: Set(new.stage.as_str().to_owned()),
        pending: Set(None),
        created_at: Set(new.now),
        last_seen_at: Set(new.now),
        expires_at: Set(new.expires_at),
        ended_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// A sign-in that holds.
#[derive(Clone, Debug)]
pub struct Live {
    /// The identifier.
    pub id: OperatorSessionId,
    /// Whose it is, if that is known.
    pub operator: Option<Operator>,
    /// How far it has come.
    pub stage: Stage,
    /// When the person last proved themselves.
    pub proven_at: DateTime<Utc>,
    /// When it ends in any case.
    pub expires_at: DateTime<Utc>,
}

/// The sign-in that a cookie stands for, while it holds and its operator may have it: an active one, or while
/// enrolling an invited one. Roles are those of this moment. Notes the use, rarely.
pub async fn find_live(
    tx: &Tx,
    token: &TokenHash,
    idle: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Option<Live>, StoreError> {
    let row = Entity::find()
        .filter(Column::TokenHash.eq(token.as_bytes().to_vec()))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::LastSeenAt.gt(now - idle))
        .one(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let stage = Stage::parse(&row.stage)?;
    let operator = match row.operator_id {
        Some(id) => find(tx, OperatorId::from_uuid(id)).await?,
        None => None,
    };
    let status = operator.as_ref().map(|operator| operator.status);
    let allowed = match stage {
        Stage::Passkey => row.operator_id.is_none(),
        Stage::Enrolling => status == Some(Status::Invited),
        Stage::Second | Stage::Full => status == Some(Status::Active),
    };
    if !allowed {
        return Ok(None);
    }
    touch(tx, &row, now).await?;
    Ok(Some(Live {
        id: OperatorSessionId::from_uuid(row.id),
        operator,
        stage,
        proven_at: row.created_at,
        expires_at: row.expires_at,
    }))
}

async fn touch(tx: &Tx, row: &Model, now: DateTime<Utc>) -> Result<(), StoreError> {
    if row.last_seen_at + TimeDelta::seconds(TOUCH_SECONDS) < now {
        Entity::update_many()
            .col_expr(Column::LastSeenAt, Expr::value(now))
            .filter(Column::Id.eq(row.id))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// What a sign-in rises to.
#[derive(Clone, Copy, Debug)]
pub struct Rise {
    /// From which stage.
    pub from: Stage,
    /// Whose it is.
    pub operator: OperatorId,
    /// The new cookie's hash.
    pub token_hash: TokenHash,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it ends in any case.
    pub expires_at: DateTime<Utc>,
}

/// Makes it a full sign-in under a new cookie. One statement: of two at once one rises, and the old cookie is dead.
pub async fn rise(tx: &Tx, id: OperatorSessionId, rise: &Rise) -> Result<bool, StoreError> {
    let risen = Entity::update_many()
        .col_expr(
            Column::TokenHash,
            Expr::value(rise.token_hash.as_bytes().to_vec()),
        )
        .col_expr(Column::OperatorId, Expr::value(rise.operator.as_uuid()))
        .col_expr(Column::Stage, Expr::value(Stage::Full.as_str()))
        .col_expr(Column::Pending, Expr::value(None::<String>))
        .col_expr(Column::CreatedAt, Expr::value(rise.now))
        .col_expr(Column::LastSeenAt, Expr::value(rise.now))
        .col_expr(Column::ExpiresAt, Expr::value(rise.expires_at))
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::Stage.eq(rise.from.as_str()))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(rise.now))
        .exec(tx)
        .await?;
    Ok(risen.rows_affected == 1)
}

/// Keeps something for the sign-in's next step, in the place of what was kept before.
pub async fn keep(tx: &Tx, id: OperatorSessionId, pending: &[u8]) -> Result<(), StoreError> {
    let row = id.as_uuid();
    let sealed = tx
        .vault()
        .seal(vault::Column::OperatorPending, row.as_bytes(), pending)?;
    Entity::update_many()
        .col_expr(Column::Pending, Expr::value(STANDARD.encode(sealed)))
        .filter(Column::Id.eq(row))
        .filter(Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

fn unseal(tx: &Tx, id: uuid::Uuid, pending: &str) -> Result<Vec<u8>, StoreError> {
    let malformed = StoreError::Malformed("operator_session.pending");
    let sealed = STANDARD.decode(pending).map_err(|_| malformed)?;
    let plain = tx
        .vault()
        .open(vault::Column::OperatorPending, id.as_bytes(), &sealed)?;
    Ok(plain.to_vec())
}

async fn pending(tx: &Tx, id: OperatorSessionId) -> Result<Option<String>, StoreError> {
    let row = Entity::find_by_id(id.as_uuid())
        .filter(Column::EndedAt.is_null())
        .one(tx)
        .await?;
    Ok(row.and_then(|row| row.pending))
}

/// What is kept, which stays.
pub async fn look(tx: &Tx, id: OperatorSessionId) -> Result<Option<Vec<u8>>, StoreError> {
    let kept = pending(tx, id).await?;
    kept.map(|kept| unseal(tx, id.as_uuid(), &kept)).transpose()
}

/// Takes what is kept: one taker gets it.
pub async fn take(tx: &Tx, id: OperatorSessionId) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(kept) = pending(tx, id).await? else {
        return Ok(None);
    };
    let taken = Entity::update_many()
        .col_expr(Column::Pending, Expr::value(None::<String>))
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::Pending.eq(&kept))
        .exec(tx)
        .await?;
    if taken.rows_affected == 1 {
        unseal(tx, id.as_uuid(), &kept).map(Some)
    } else {
        Ok(None)
    }
}

/// Ends a sign-in.
pub async fn end(tx: &Tx, id: OperatorSessionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let ended = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .col_expr(Column::Pending, Expr::value(None::<String>))
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Ends every sign-in of an operator; answers how many held.
pub async fn end_all(tx: &Tx, operator: OperatorId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    end_where(tx, operator, None, now).await
}

/// Ends every sign-in of an operator but this one.
pub async fn end_others(
    tx: &Tx,
    operator: OperatorId,
    but: OperatorSessionId,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    end_where(tx, operator, Some(but), now).await
}

async fn end_where(
    tx: &Tx,
    operator: OperatorId,
    but: Option<OperatorSessionId>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut update = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .col_expr(Column::Pending, Expr::value(None::<String>))
        .filter(Column::OperatorId.eq(operator.as_uuid()))
        .filter(Column::EndedAt.is_null());
    if let Some(but) = but {
        update = update.filter(Column::Id.ne(but.as_uuid()));
    }
    Ok(update.exec(tx).await?.rows_affected)
}
