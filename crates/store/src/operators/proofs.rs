//! How operators prove themselves: the link to enrol by, the password, the one-time codes.

use std::fmt;

use chrono::{DateTime, Utc};
use model::ids::OperatorId;
use model::secret::TokenHash;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, UpdateMany};
use zeroize::Zeroizing;

use super::{Operator, Status, from_row, signins, update};
use crate::entity::operator::{Column, Entity};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// Whose link it is, while it holds.
pub async fn find_by_link(
    tx: &Tx,
    link: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<Operator>, StoreError> {
    let row = Entity::find().filter(holding(link, now)).one(tx).await?;
    row.map(from_row).transpose()
}

fn holding(link: &TokenHash, now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Column::EnrolHash.eq(link.as_bytes().to_vec()))
        .add(open(now))
}

fn open(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Column::EnrolHash.is_not_null())
        .add(Column::EnrolExpiresAt.gt(now))
        .add(Column::Status.eq(Status::Invited.as_str()))
}

/// Stores the password of somebody who came by their link, which holds on until the second proof is there. Sign-ins
/// that the link began before are over. In a transaction.
pub async fn choose_password(
    tx: &Tx,
    (id, link): (OperatorId, &TokenHash),
    password: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = update(id, now)
        .col_expr(Column::Password, Expr::value(password))
        .filter(holding(link, now))
        .exec(tx)
        .await?;
    signins::end_all(tx, id, now).await?;
    Ok(changed.rows_affected == 1)
}

/// The shared secret of one-time codes with the step in which it was confirmed.
#[derive(Clone)]
pub struct Totp {
    /// The secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// The newest step that a code was taken of: none of it or of an older one is taken again.
    pub step: i64,
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totp")
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

fn with_totp(
    tx: &Tx,
    (id, totp): (OperatorId, &Totp),
    now: DateTime<Utc>,
) -> Result<UpdateMany<Entity>, StoreError> {
    let row = id.as_uuid();
    let sealed = tx
        .vault()
        .seal(vault::Column::OperatorTotp, row.as_bytes(), &totp.secret)?;
    Ok(update(id, now)
        .col_expr(Column::TotpSealed, Expr::value(sealed))
        .col_expr(Column::TotpStep, Expr::value(totp.step)))
}

/// Ends the enrolling: the second proof is there, and the link is used up. With a passkey, `totp` is `None` and the
/// passkey is stored in the same transaction. False when somebody else was first, or the time is over.
pub async fn finish_enrolling(
    tx: &Tx,
    id: OperatorId,
    totp: Option<&Totp>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = match totp {
        Some(totp) => with_totp(tx, (id, totp), now)?,
        None => update(id, now),
    };
    let changed = changed
        .col_expr(Column::Status, Expr::value(Status::Active.as_str()))
        .col_expr(Column::EnrolHash, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::EnrolExpiresAt, Expr::value(None::<DateTime<Utc>>))
        .filter(open(now))
        .filter(Column::Password.is_not_null())
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// The secret of an operator's one-time codes.
pub async fn totp(tx: &Tx, id: OperatorId) -> Result<Option<Totp>, StoreError> {
    let Some(row) = Entity::find_by_id(id.as_uuid()).one(tx).await? else {
        return Ok(None);
    };
    let Some(sealed) = row.totp_sealed else {
        return Ok(None);
    };
    let secret = tx
        .vault()
        .open(vault::Column::OperatorTotp, row.id.as_bytes(), &sealed)?;
    Ok(Some(Totp {
        secret,
        step: row.totp_step.unwrap_or_default(),
    }))
}

/// Uses a step of the one-time codes up. One statement: of two at once one holds, and none comes again.
pub async fn use_step(tx: &Tx, id: OperatorId, step: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let used = update(id, now)
        .col_expr(Column::TotpStep, Expr::value(step))
        .filter(Column::TotpStep.lt(step))
        .filter(Column::Status.eq(Status::Active.as_str()))
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Puts another secret in the place of the one before, or the first one.
pub async fn replace_totp(
    tx: &Tx,
    id: OperatorId,
    totp: &Totp,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = with_totp(tx, (id, totp), now)?
        .filter(Column::Status.eq(Status::Active.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Puts another password in the place of the one before.
pub async fn replace_password(
    tx: &Tx,
    id: OperatorId,
    password: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = update(id, now)
        .col_expr(Column::Password, Expr::value(password))
        .filter(Column::Status.eq(Status::Active.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}
