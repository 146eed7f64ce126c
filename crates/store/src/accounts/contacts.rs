//! How an account is reached and named: phone, e-mail address, user name. Each belongs to one account in use.

use chrono::{DateTime, Utc};
use model::email::Email;
use model::ids::AccountId;
use model::phone::Phone;
use model::username::Username;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, UpdateMany};

use super::Status;
use crate::entity::account;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::{Column, Index};

/// Where one of them is kept.
struct Place {
    sealed: account::Column,
    index: account::Column,
    seal: Column,
    by: Index,
}

const PHONE: Place = Place {
    sealed: account::Column::PhoneSealed,
    index: account::Column::PhoneIndex,
    seal: Column::AccountPhone,
    by: Index::Phone,
};

const EMAIL: Place = Place {
    sealed: account::Column::EmailSealed,
    index: account::Column::EmailIndex,
    seal: Column::AccountEmail,
    by: Index::Email,
};

const USERNAME: Place = Place {
    sealed: account::Column::UsernameSealed,
    index: account::Column::UsernameIndex,
    seal: Column::AccountUsername,
    by: Index::Username,
};

impl Place {
    /// The update of an account, unless it is closed, that puts `to` here.
    fn put(
        &self,
        tx: &Tx,
        id: AccountId,
        to: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<UpdateMany<account::Entity>, StoreError> {
        let row = id.as_uuid();
        let seal = |text: &str| tx.vault().seal(self.seal, row.as_bytes(), text.as_bytes());
        let index = to.map(|text| tx.vault().index(self.by, text).to_vec());
        Ok(account::Entity::update_many()
            .col_expr(self.sealed, Expr::value(to.map(seal).transpose()?))
            .col_expr(self.index, Expr::value(index))
            .col_expr(account::Column::UpdatedAt, Expr::value(now))
            .filter(account::Column::Id.eq(row))
            .filter(account::Column::Status.ne(Status::Closed.as_str())))
    }

    /// Whether `from` is here still.
    fn has(&self, tx: &Tx, from: Option<&str>) -> Expr {
        match from {
            Some(text) => self.index.eq(tx.vault().index(self.by, text).to_vec()),
            None => self.index.is_null(),
        }
    }
}

/// Gives an account another proven phone, or none; `from` is the one that it must still have.
/// [`StoreError::Duplicate`] where another account in use has the number.
pub async fn set_phone(
    tx: &Tx,
    id: AccountId,
    (from, to): (Option<&Phone>, Option<&Phone>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = PHONE
        .put(tx, id, to.map(Phone::e164), now)?
        .filter(PHONE.has(tx, from.map(Phone::e164)))
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
    let changed = EMAIL
        .put(tx, id, to.map(Email::as_str), now)?
        .col_expr(account::Column::EmailProvenAt, Expr::value(to.map(|_| now)))
        .filter(EMAIL.has(tx, from.map(Email::as_str)))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Gives an account another user name, or none; a closed one has none. [`StoreError::Duplicate`] where another account has it.
pub async fn set_username(
    tx: &Tx,
    id: AccountId,
    name: Option<&Username>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = USERNAME
        .put(tx, id, name.map(Username::as_str), now)?
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}
