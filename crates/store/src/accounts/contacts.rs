//! How an account is reached and named: phone, e-mail address, user name. Each belongs to one account in use.

use chrono::{DateTime, Utc};
use model::email::Email;
use model::ids::AccountId;
use model::phone::Phone;
use model::username::Username;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::Status;
use crate::entity::account;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::{Column, Index};

/// Gives an account another proven phone, or none; `from` is the one that it must still have.
/// [`StoreError::Duplicate`] where another account in use has the number.
pub async fn set_phone(
    tx: &Tx,
    id: AccountId,
    (from, to): (Option<&Phone>, Option<&Phone>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = id.as_uuid();
    let index = |phone: &Phone| tx.vault().index(Index::Phone, phone.e164()).to_vec();
    let sealed = to
        .map(|phone| {
            tx.vault()
                .seal(Column::AccountPhone, row.as_bytes(), phone.e164().as_bytes())
        })
        .transpose()?;
    let still = match from {
        Some(phone) => account::Column::PhoneIndex.eq(index(phone)),
        None => account::Column::PhoneIndex.is_null(),
    };
    let changed = account::Entity::update_many()
        .col_expr(account::Column::PhoneSealed, Expr::value(sealed))
        .col_expr(account::Column::PhoneIndex, Expr::value(to.map(index)))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(row))
        .filter(account::Column::Status.ne(Status::Closed.as_str()))
        .filter(still)
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Gives an account another proven e-mail address, or none; `from` is the one that it must still have.
/// [`StoreError::Duplicate`] where another account in use has the address.
pub async fn set_email(
    tx: &Tx,
    id: AccountId,
    (from, to): (Option<&Email>, Option<&Email>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = id.as_uuid();
    let index = |email: &Email| tx.vault().index(Index::Email, email.as_str()).to_vec();
    let sealed = to
        .map(|email| {
            tx.vault()
                .seal(Column::AccountEmail, row.as_bytes(), email.as_str().as_bytes())
        })
        .transpose()?;
    let still = match from {
        Some(email) => account::Column::EmailIndex.eq(index(email)),
        None => account::Column::EmailIndex.is_null(),
    };
    let changed = account::Entity::update_many()
        .col_expr(account::Column::EmailSealed, Expr::value(sealed))
        .col_expr(account::Column::EmailIndex, Expr::value(to.map(index)))
        .col_expr(account::Column::EmailProvenAt, Expr::value(to.map(|_| now)))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(row))
        .filter(account::Column::Status.ne(Status::Closed.as_str()))
        .filter(still)
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Gives an account in use another user name, or none. [`StoreError::Duplicate`] where another account has it.
pub async fn set_username(
    tx: &Tx,
    id: AccountId,
    name: Option<&Username>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = id.as_uuid();
    let sealed = name
        .map(|name| {
            tx.vault()
                .seal(Column::AccountUsername, row.as_bytes(), name.as_str().as_bytes())
        })
        .transpose()?;
    let index = name.map(|name| tx.vault().index(Index::Username, name.as_str()).to_vec());
    let changed = account::Entity::update_many()
        .col_expr(account::Column::UsernameSealed, Expr::value(sealed))
        .col_expr(account::Column::UsernameIndex, Expr::value(index))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(row))
        .filter(account::Column::Status.eq(Status::Active.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}
