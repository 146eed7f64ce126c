//! Accounts of residents and organisations. Names and numbers are sealed; lookups go by keyed index.

use chrono::{DateTime, Utc};
use model::citizen_id::CitizenId;
use model::client::AccountKind;
use model::email::Email;
use model::ids::AccountId;
use model::language::Language;
use model::person_name::PersonName;
use model::phone::Phone;
use model::username::Username;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::account;
use crate::error::StoreError;
use crate::paging::{After, Page};
use crate::tx::Tx;
use crate::vault::{Column, Index};

mod contacts;

pub use contacts::{set_email, set_phone, set_username};
/// Whether an account can be used.
pub use model::standing::Status;

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
    /// The proven e-mail address.
    pub email: Option<Email>,
    /// The user name.
    pub username: Option<Username>,
    /// The verified name.
    pub name: Option<PersonName>,
    /// The name that the person gave and nobody checked; never told as verified.
    pub declared_name: Option<PersonName>,
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
    insert(tx, new, (Status::Active, None)).await
}

/// Makes an account that cannot be used before its e-mail address is confirmed, with the name that its owner gave.
pub async fn create_pending(tx: &Tx, new: &NewAccount, declared_name: &PersonName) -> Result<(), StoreError> {
    insert(tx, new, (Status::Pending, Some(declared_name))).await
}

/// Accounts that wait for their address to be confirmed since before a moment, the oldest first, a page of them.
pub async fn list_pending(
    tx: &Tx,
    before: DateTime<Utc>,
    (after, limit): (After, u64),
) -> Result<Page<AccountId>, StoreError> {
    let rows: Vec<(uuid::Uuid, DateTime<Utc>)> = account::Entity::find()
        .select_only()
        .columns([account::Column::Id, account::Column::CreatedAt])
        .filter(account::Column::Status.eq(Status::Pending.as_str()))
        .filter(account::Column::CreatedAt.lt(before))
        .filter(after.condition(account::Column::CreatedAt, account::Column::Id))
        .order_by_asc(account::Column::CreatedAt)
        .order_by_asc(account::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    let read = rows
        .into_iter()
        .map(|(id, at)| (After::new(at, id), Ok(AccountId::from_uuid(id))));
    Ok(Page::of(read, limit))
}

async fn insert(
    tx: &Tx,
    new: &NewAccount,
    (status, declared_name): (Status, Option<&PersonName>),
) -> Result<(), StoreError> {
    let id = new.id.as_uuid();
    let declared_name = declared_name.map(|name| {
        tx.vault().seal(
            Column::AccountDeclaredName,
            id.as_bytes(),
            name.as_str().as_bytes(),
        )
    });
    let phone = new.phone.e164();
    let row = account::ActiveModel {
        id: Set(id),
        kind: Set(new.kind.as_str().to_owned()),
        status: Set(status.as_str().to_owned()),
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
        email_sealed: Set(None),
        email_index: Set(None),
        email_proven_at: Set(None),
        username_sealed: Set(None),
        username_index: Set(None),
        declared_name_sealed: Set(declared_name.transpose()?),
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

/// The account in use that has proven this e-mail address.
pub async fn find_by_email(tx: &Tx, email: &Email) -> Result<Option<Account>, StoreError> {
    let index = tx.vault().index(Index::Email, email.as_str()).to_vec();
    find_open(tx, account::Column::EmailIndex.eq(index)).await
}

/// The account in use with this user name.
pub async fn find_by_username(tx: &Tx, name: &Username) -> Result<Option<Account>, StoreError> {
    let index = tx.vault().index(Index::Username, name.as_str()).to_vec();
    find_open(tx, account::Column::UsernameIndex.eq(index)).await
}

/// Takes an account from one standing to another, if it still has the first. Refuses a step that
/// [`Status::may_become`] refuses.
pub async fn change_status(
    tx: &Tx,
    id: AccountId,
    (from, to): (Status, Status),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !from.may_become(to) {
        return Err(StoreError::Malformed("account.status"));
    }
    let changed = account::Entity::update_many()
        .col_expr(account::Column::Status, Expr::value(to.as_str()))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(id.as_uuid()))
        .filter(account::Column::Status.eq(from.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
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
    let email = open(Column::AccountEmail, row.email_sealed)?;
    let username = open(Column::AccountUsername, row.username_sealed)?;
    let name = open(Column::AccountName, row.name_sealed)?;
    let declared = open(Column::AccountDeclaredName, row.declared_name_sealed)?;
    let number = open(Column::AccountCitizenId, row.citizen_id_sealed)?;
    Ok(Account {
        id: AccountId::from_uuid(row.id),
        kind: AccountKind::parse(&row.kind).ok_or(StoreError::Malformed("account.kind"))?,
        status: Status::parse(&row.status).ok_or(StoreError::Malformed("account.status"))?,
        language: Language::from_tag(&row.language).ok_or(StoreError::Malformed("account.language"))?,
        phone: phone
            .map(|text| Phone::parse(&text).map_err(|_| StoreError::Malformed("account.phone")))
            .transpose()?,
        email: email
            .map(|text| Email::parse(&text).map_err(|_| StoreError::Malformed("account.email")))
            .transpose()?,
        username: username
            .map(|text| Username::parse(&text).map_err(|_| StoreError::Malformed("account.username")))
            .transpose()?,
        declared_name: declared
            .map(|text| PersonName::parse(&text).map_err(|_| StoreError::Malformed("account.declared_name")))
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
