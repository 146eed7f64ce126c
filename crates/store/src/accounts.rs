//! Accounts of residents and organisations. Names and numbers are sealed; lookups go by keyed index.

use chrono::{DateTime, Utc};
use model::citizen_id::CitizenId;
use model::client::AccountKind;
use model::ids::AccountId;
use model::language::Language;
use model::person_name::PersonName;
use model::phone::Phone;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use crate::entity::account;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::{Column, Index};

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// In use.
    Active,
    /// Nobody can sign in until an operator has looked at it.
    Frozen,
    /// Gone for good.
    Closed,
}

impl Status {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
            Self::Closed => "closed",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Active, Self::Frozen, Self::Closed]
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or(StoreError::Malformed("account.status"))
    }
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its identifier.
    pub id: AccountId,
    /// Of a person or an organisation.
    pub kind: AccountKind,
    /// Whether it can be used.
    pub status: Status,
    /// The language of messages.
    pub language: Language,
    /// The proven phone.
    pub phone: Option<Phone>,
    /// The verified name.
    pub name: Option<PersonName>,
    /// The proven citizen ID number.
    pub citizen_id: Option<CitizenId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When something about the person last changed.
    pub updated_at: DateTime<Utc>,
}

impl Account {
    /// How pages greet the person: the verified name, masked, or the phone, masked.
    pub fn masked_name(&self) -> String {
        let name = self.name.as_ref().map(PersonName::masked);
        name.or_else(|| self.phone.as_ref().map(Phone::masked))
            .unwrap_or_default()
    }
}

/// What a new account starts with.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its identifier.
    pub id: AccountId,
    /// Of a person or an organisation.
    pub kind: AccountKind,
    /// The language of messages.
    pub language: Language,
    /// The phone, proven a moment ago.
    pub phone: Phone,
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// Makes an account; [`StoreError::Duplicate`] when the phone belongs to another that is not closed.
pub async fn create(tx: &Tx, new: &NewAccount) -> Result<(), StoreError> {
    let id = new.id.as_uuid();
    let phone = new.phone.e164();
    let row = account::ActiveModel {
        id: Set(id),
        kind: Set(new.kind.as_str().to_owned()),
        status: Set(Status::Active.as_str().to_owned()),
        language: Set(new.language.tag().to_owned()),
        phone_sealed: Set(Some(tx.vault().seal(
            Column::AccountPhone,
            id.as_bytes(),
            phone.as_bytes(),
        )?)),
        phone_index: Set(Some(tx.vault().index(Index::Phone, phone).to_vec())),
        name_sealed: Set(None),
        citizen_id_sealed: Set(None),
        citizen_id_index: Set(None),
        created_at: Set(new.created_at),
        updated_at: Set(new.created_at),
    };
    account::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Makes other transactions that take this step for the same account wait until this one ends. SQLite has one
/// writer anyway.
pub async fn take_turns(tx: &Tx, id: AccountId) -> Result<(), StoreError> {
    let account = account::Entity::find_by_id(id.as_uuid())
        .select_only()
        .column(account::Column::Id);
    account
        .lock_exclusive()
        .into_tuple::<uuid::Uuid>()
        .one(tx)
        .await?;
    Ok(())
}

/// An account by its identifier.
pub async fn find(tx: &Tx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row = account::Entity::find_by_id(id.as_uuid()).one(tx).await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// The account, not closed, to which a phone belongs.
pub async fn find_by_phone(tx: &Tx, phone: &Phone) -> Result<Option<Account>, StoreError> {
    let index = tx.vault().index(Index::Phone, phone.e164()).to_vec();
    find_open(tx, account::Column::PhoneIndex.eq(index)).await
}

/// The account, not closed, that has proven a citizen ID number.
pub async fn find_by_citizen_id(tx: &Tx, number: &CitizenId) -> Result<Option<Account>, StoreError> {
    let index = tx.vault().index(Index::CitizenId, number.as_str()).to_vec();
    find_open(tx, account::Column::CitizenIdIndex.eq(index)).await
}

async fn find_open(tx: &Tx, key: sea_orm::sea_query::SimpleExpr) -> Result<Option<Account>, StoreError> {
    let open = account::Column::Status.ne(Status::Closed.as_str());
    let row = account::Entity::find().filter(key).filter(open).one(tx).await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// Stores the identity that a register confirmed. Verified data is never edited (HB-22): nothing happens when
/// the account has another number already. [`StoreError::Duplicate`] when another account has proven it.
pub async fn set_identity(
    tx: &Tx,
    id: AccountId,
    (name, number): (&PersonName, &CitizenId),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = id.as_uuid();
    let index = tx.vault().index(Index::CitizenId, number.as_str()).to_vec();
    let sealed_name = tx
        .vault()
        .seal(Column::AccountName, row.as_bytes(), name.as_str().as_bytes())?;
    let sealed_number = tx.vault().seal(
        Column::AccountCitizenId,
        row.as_bytes(),
        number.as_str().as_bytes(),
    )?;
    let same_or_none = account::Column::CitizenIdIndex
        .is_null()
        .or(account::Column::CitizenIdIndex.eq(index.clone()));
    let changed = account::Entity::update_many()
        .col_expr(account::Column::NameSealed, Expr::value(sealed_name))
        .col_expr(account::Column::CitizenIdSealed, Expr::value(sealed_number))
        .col_expr(account::Column::CitizenIdIndex, Expr::value(index))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(row))
        .filter(account::Column::Status.eq(Status::Active.as_str()))
        .filter(same_or_none)
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Freezes an account in use.
pub async fn freeze(tx: &Tx, id: AccountId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = account::Entity::update_many()
        .col_expr(account::Column::Status, Expr::value(Status::Frozen.as_str()))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(id.as_uuid()))
        .filter(account::Column::Status.eq(Status::Active.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Takes the identity from an account that two operators have found not to be this person's; `false` when it has
/// another number. The evidence for it is the caller's to end, in the same transaction.
pub async fn forget_identity(
    tx: &Tx,
    id: AccountId,
    number: &CitizenId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let index = tx.vault().index(Index::CitizenId, number.as_str()).to_vec();
    let nothing = || Expr::value(None::<Vec<u8>>);
    let changed = account::Entity::update_many()
        .col_expr(account::Column::NameSealed, nothing())
        .col_expr(account::Column::CitizenIdSealed, nothing())
        .col_expr(account::Column::CitizenIdIndex, nothing())
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(id.as_uuid()))
        .filter(account::Column::CitizenIdIndex.eq(index))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Makes a frozen account usable again.
pub async fn unfreeze(tx: &Tx, id: AccountId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = account::Entity::update_many()
        .col_expr(account::Column::Status, Expr::value(Status::Active.as_str()))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(id.as_uuid()))
        .filter(account::Column::Status.eq(Status::Frozen.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

pub(crate) fn from_row(tx: &Tx, row: account::Model) -> Result<Account, StoreError> {
    let key = row.id.as_bytes();
    let open = |column, sealed: Option<Vec<u8>>| {
        sealed
            .map(|sealed| tx.vault().open_text(column, key, &sealed))
            .transpose()
    };
    let phone = open(Column::AccountPhone, row.phone_sealed)?;
    let name = open(Column::AccountName, row.name_sealed)?;
    let number = open(Column::AccountCitizenId, row.citizen_id_sealed)?;
    Ok(Account {
        id: AccountId::from_uuid(row.id),
        kind: AccountKind::parse(&row.kind).ok_or(StoreError::Malformed("account.kind"))?,
        status: Status::parse(&row.status)?,
        language: Language::from_tag(&row.language).ok_or(StoreError::Malformed("account.language"))?,
        phone: phone
            .map(|text| Phone::parse(&text).map_err(|_| StoreError::Malformed("account.phone")))
            .transpose()?,
        name: name
            .map(|text| PersonName::parse(&text).map_err(|_| StoreError::Malformed("account.name")))
            .transpose()?,
        citizen_id: number
            .map(|text| {
                CitizenId::parse_strict(&text, row.updated_at.date_naive())
                    .map_err(|_| StoreError::Malformed("account.citizen_id"))
            })
            .transpose()?,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
