//! Passkeys of operators. What is stored is public: the credential's identifier, its public key and its counter.

use chrono::{DateTime, Utc};
use model::ids::{OperatorId, OperatorPasskeyId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::entity::operator;
use crate::entity::operator_passkey::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;

/// The most passkeys that an operator may have.
pub const PASSKEYS_MAX: u64 = 10;

/// A passkey.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// The identifier.
    pub id: OperatorPasskeyId,
    /// Whose it is.
    pub operator: OperatorId,
    /// The credential, as JSON.
    pub credential: String,
    /// The name that its owner gave it.
    pub name: String,
    /// Since when it is here.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

fn from_row(row: Model) -> Passkey {
    Passkey {
        id: OperatorPasskeyId::from_uuid(row.id),
        operator: OperatorId::from_uuid(row.operator_id),
        credential: row.passkey,
        name: row.name,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    }
}

/// Stores a passkey with the hash of the credential's identifier; [`StoreError::Duplicate`] when anybody has it
/// already (A278).
pub async fn add(tx: &Tx, passkey: &Passkey, credential_id: &TokenHash) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(passkey.id.as_uuid()),
        operator_id: Set(passkey.operator.as_uuid()),
        credential_hash: Set(credential_id.as_bytes().to_vec()),
        passkey: Set(passkey.credential.clone()),
        name: Set(passkey.name.clone()),
        created_at: Set(passkey.created_at),
        last_used_at: Set(passkey.last_used_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// An operator's passkeys, oldest first.
pub async fn list(tx: &Tx, operator: OperatorId) -> Result<Vec<Passkey>, StoreError> {
    let rows = Entity::find()
        .filter(Column::OperatorId.eq(operator.as_uuid()))
        .order_by_asc(Column::Id)
        .limit(PASSKEYS_MAX)
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(from_row).collect())
}

/// The passkey with a credential's identifier.
pub async fn find(tx: &Tx, credential_id: &TokenHash) -> Result<Option<Passkey>, StoreError> {
    let row = Entity::find()
        .filter(Column::CredentialHash.eq(credential_id.as_bytes().to_vec()))
        .one(tx)
        .await?;
    Ok(row.map(from_row))
}

/// Notes a use, with the credential's new counter.
pub async fn note_use(
    tx: &Tx,
    id: OperatorPasskeyId,
    credential: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Passkey, Expr::value(credential))
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .filter(Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes a passkey of its owner, unless it is the last thing that they could prove themselves with besides the
/// password.
pub async fn remove(tx: &Tx, operator: OperatorId, id: OperatorPasskeyId) -> Result<bool, StoreError> {
    // Two passkeys removed at the same moment on two nodes: the owner's row makes them wait for each other.
    operator::Entity::find_by_id(operator.as_uuid())
        .lock_exclusive()
        .one(tx)
        .await?;
    let has_codes = Query::select()
        .column(operator::Column::Id)
        .from(operator::Entity)
        .and_where(operator::Column::Id.eq(operator.as_uuid()))
        .and_where(operator::Column::TotpSealed.is_not_null())
        .to_owned();
    let others = Entity::find()
        .filter(Column::OperatorId.eq(operator.as_uuid()))
        .filter(Column::Id.ne(id.as_uuid()))
        .one(tx)
        .await?;
    let mut allowed = Condition::any().add(Column::OperatorId.in_subquery(has_codes));
    if others.is_some() {
        allowed = allowed.add(Column::OperatorId.eq(operator.as_uuid()));
    }
    let removed = Entity::delete_many()
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::OperatorId.eq(operator.as_uuid()))
        .filter(allowed)
        .exec(tx)
        .await?;
    Ok(removed.rows_affected == 1)
}

pub(super) async fn remove_all(tx: &Tx, operator: OperatorId) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::OperatorId.eq(operator.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}
