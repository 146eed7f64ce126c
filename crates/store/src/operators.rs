//! People who work at the province's console: who they are, what they may do, how they prove themselves. None of it has
//! to do with residents' accounts.
//!
//! What must happen once is one guarded statement: a link to enrol, a step of the one-time codes, a rise of a sign-in.
//! Changes that could take the last administrator away first lock all administrators, so that two of them who remove
//! or reset each other at the same moment on two nodes leave one. Only a reset at the command line is not held back.

pub mod passkeys;
mod proofs;
pub mod signins;
#[cfg(test)]
mod tests;
mod vouching;

use std::fmt;

use chrono::{DateTime, Utc};
use model::ids::OperatorId;
use model::language::Language;
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, UpdateMany,
};
use uuid::Uuid;

pub use self::proofs::{
    Totp, choose_password, find_by_link, finish_enrolling, replace_password, replace_totp, totp, use_step,
};
pub use self::vouching::independent;
use crate::entity::operator::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;

/// The role that there must always be somebody with.
pub const ADMINISTRATOR: &str = "administrator";

/// The most operators that a list shows.
pub const LIST_MAX: u64 = 500;

/// Whether an operator can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Has a link, and no way to sign in yet.
    Invited,
    /// Can sign in.
    Active,
    /// Typed too many wrong codes; only a reset helps.
    Locked,
    /// Must not sign in.
    Disabled,
}

impl Status {
    const ALL: [Self; 4] = [Self::Invited, Self::Active, Self::Locked, Self::Disabled];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or(StoreError::Malformed("operator.status"))
    }
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The identifier.
    pub id: OperatorId,
    /// What they sign in with.
    pub login: String,
    /// Their name, as colleagues read it.
    pub name: String,
    /// Whether they can sign in.
    pub status: Status,
    /// Their roles, by name.
    pub roles: Vec<String>,
    /// The language they are spoken to.
    pub language: Language,
    /// Whether they have a password.
    pub has_password: bool,
    /// Whether they have one-time codes.
    pub has_totp: bool,
    /// Until when their link to enrol holds.
    pub enrol_expires_at: Option<DateTime<Utc>>,
    /// The operator who made the last link; `None` is the command line.
    pub vouched_by: Option<OperatorId>,
    /// Since when they are here.
    pub created_at: DateTime<Utc>,
}

fn from_row(row: Model) -> Result<Operator, StoreError> {
    let roles = serde_json::from_str(&row.roles).map_err(|_| StoreError::Malformed("operator.roles"))?;
    Ok(Operator {
        id: OperatorId::from_uuid(row.id),
        status: Status::parse(&row.status)?,
        roles,
        language: Language::ALL
            .into_iter()
            .find(|language| language.tag() == row.language)
            .unwrap_or(Language::ZhCn),
        has_password: row.password.is_some(),
        has_totp: row.totp_sealed.is_some(),
        enrol_expires_at: row.enrol_hash.and(row.enrol_expires_at),
        vouched_by: row.vouched_by.map(OperatorId::from_uuid),
        created_at: row.created_at,
        login: row.login,
        name: row.name,
    })
}

fn roles_text(roles: &[&str]) -> Result<String, StoreError> {
    serde_json::to_string(roles).map_err(|_| StoreError::Malformed("operator.roles"))
}

/// A link to enrol, as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The hash of its secret.
    pub hash: TokenHash,
    /// Until when it holds.
    pub expires_at: DateTime<Utc>,
    /// The operator who makes it; `None` is the command line.
    pub by: Option<OperatorId>,
}

/// A new operator.
#[derive(Debug)]
pub struct NewOperator<'a> {
    /// The identifier.
    pub id: OperatorId,
    /// What they will sign in with, normalised.
    pub login: &'a str,
    /// Their name.
    pub name: &'a str,
    /// Their roles, by name.
    pub roles: &'a [&'a str],
    /// The language they are spoken to.
    pub language: Language,
    /// The link to enrol.
    pub link: Link,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Stores an operator; [`StoreError::Duplicate`] when the login is taken.
pub async fn create(tx: &Tx, new: &NewOperator<'_>) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(new.id.as_uuid()),
        login: Set(new.login.to_owned()),
        name: Set(new.name.to_owned()),
        status: Set(Status::Invited.as_str().to_owned()),
        roles: Set(roles_text(new.roles)?),
        language: Set(new.language.tag().to_owned()),
        password: Set(None),
        totp_sealed: Set(None),
        totp_step: Set(None),
        enrol_hash: Set(Some(new.link.hash.as_bytes().to_vec())),
        enrol_expires_at: Set(Some(new.link.expires_at)),
        vouched_by: Set(new.link.by.map(OperatorId::as_uuid)),
        created_at: Set(new.now),
        updated_at: Set(new.now),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// An operator.
pub async fn find(tx: &Tx, id: OperatorId) -> Result<Option<Operator>, StoreError> {
    let row = Entity::find_by_id(id.as_uuid()).one(tx).await?;
    row.map(from_row).transpose()
}

/// What a sign-in is decided on. The hash never appears in `Debug`.
pub struct Credentials {
    /// Whose.
    pub operator: Operator,
    /// The hash of the password.
    pub password: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("operator", &self.operator)
            .finish_non_exhaustive()
    }
}

/// The operator with a login.
pub async fn find_by_login(tx: &Tx, login: &str) -> Result<Option<Credentials>, StoreError> {
    let row = Entity::find().filter(Column::Login.eq(login)).one(tx).await?;
    row.map(|row| {
        let password = row.password.clone();
        let operator = from_row(row)?;
        Ok(Credentials { operator, password })
    })
    .transpose()
}

/// The hash of an operator's password.
pub async fn password(tx: &Tx, id: OperatorId) -> Result<Option<String>, StoreError> {
    let row = Entity::find_by_id(id.as_uuid()).one(tx).await?;
    Ok(row.and_then(|row| row.password))
}

/// All operators by login.
pub async fn list(tx: &Tx) -> Result<Vec<Operator>, StoreError> {
    let rows = Entity::find()
        .order_by_asc(Column::Login)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// The names of some operators, in no order.
pub async fn names(tx: &Tx, ids: &[OperatorId]) -> Result<Vec<(OperatorId, String)>, StoreError> {
    let ids = ids.iter().map(|id| id.as_uuid());
    let rows = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::Name)
        .filter(Column::Id.is_in(ids))
        .limit(LIST_MAX)
        .into_tuple::<(Uuid, String)>()
        .all(tx)
        .await?;
    let names = rows
        .into_iter()
        .map(|(id, name)| (OperatorId::from_uuid(id), name));
    Ok(names.collect())
}

/// The roles that operators have today, by name.
pub async fn roles(tx: &Tx, ids: &[OperatorId]) -> Result<Vec<(OperatorId, Vec<String>)>, StoreError> {
    let rows = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::Roles)
        .filter(Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
        .limit(LIST_MAX)
        .into_tuple::<(Uuid, String)>()
        .all(tx)
        .await?;
    rows.into_iter()
        .map(|(id, roles)| {
            let roles = serde_json::from_str(&roles).map_err(|_| StoreError::Malformed("operator.roles"))?;
            Ok((OperatorId::from_uuid(id), roles))
        })
        .collect()
}

/// What became of a change to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is done.
    Done,
    /// It would leave nobody who can manage operators.
    LastAdministrator,
    /// There is no such operator, or nothing to change.
    Nothing,
}

fn is_administrator() -> SimpleExpr {
    Column::Roles.contains(format!("\"{ADMINISTRATOR}\""))
}

/// Locks everybody who can manage operators, and answers whether somebody is left without this one. In a transaction.
async fn others_remain(tx: &Tx, without: OperatorId) -> Result<bool, StoreError> {
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.eq(Status::Active.as_str()))
        .filter(is_administrator())
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .into_tuple::<Uuid>()
        .all(tx)
        .await?;
    let (mine, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| *id == without.as_uuid());
    // Whoever is no administrator takes none away.
    Ok(mine.is_empty() || !others.is_empty())
}

fn update(id: OperatorId, now: DateTime<Utc>) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id.as_uuid()))
}

/// Gives other roles. In a transaction.
pub async fn change_roles(
    tx: &Tx,
    id: OperatorId,
    roles: &[&str],
    now: DateTime<Utc>,
) -> Result<Changed, StoreError> {
    if !roles.contains(&ADMINISTRATOR) && !others_remain(tx, id).await? {
        return Ok(Changed::LastAdministrator);
    }
    let changed = update(id, now)
        .col_expr(Column::Roles, Expr::value(roles_text(roles)?))
        .exec(tx)
        .await?;
    Ok(done(changed.rows_affected))
}

const fn done(rows: u64) -> Changed {
    if rows == 1 {
        Changed::Done
    } else {
        Changed::Nothing
    }
}

/// Lets an operator in no more, ends their sign-ins, and takes back what they proposed. In a transaction.
pub async fn disable(tx: &Tx, id: OperatorId, now: DateTime<Utc>) -> Result<Changed, StoreError> {
    if !others_remain(tx, id).await? {
        return Ok(Changed::LastAdministrator);
    }
    let changed = update(id, now)
        .col_expr(Column::Status, Expr::value(Status::Disabled.as_str()))
        .col_expr(Column::EnrolHash, Expr::value(None::<Vec<u8>>))
        .filter(Column::Status.ne(Status::Disabled.as_str()))
        .exec(tx)
        .await?;
    signins::end_all(tx, id, now).await?;
    vouching::let_go(tx, id, now).await?;
    Ok(done(changed.rows_affected))
}

/// Takes every proof away, ends the sign-ins, takes back what was proposed, and lets the operator enrol once more. Only
/// the command line brings back who was disabled, and resets the last administrator. In a transaction.
pub async fn reset(tx: &Tx, id: OperatorId, link: &Link, now: DateTime<Utc>) -> Result<Changed, StoreError> {
    if link.by.is_some() && !others_remain(tx, id).await? {
        return Ok(Changed::LastAdministrator);
    }
    let mut changed = update(id, now)
        .col_expr(Column::Status, Expr::value(Status::Invited.as_str()))
        .col_expr(Column::Password, Expr::value(None::<String>))
        .col_expr(Column::TotpSealed, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::TotpStep, Expr::value(None::<i64>))
        .col_expr(Column::EnrolHash, Expr::value(link.hash.as_bytes().to_vec()))
        .col_expr(Column::EnrolExpiresAt, Expr::value(link.expires_at))
        .col_expr(Column::VouchedBy, Expr::value(link.by.map(OperatorId::as_uuid)));
    if link.by.is_some() {
        changed = changed.filter(Column::Status.ne(Status::Disabled.as_str()));
    }
    if changed.exec(tx).await?.rows_affected == 0 {
        return Ok(Changed::Nothing);
    }
    passkeys::remove_all(tx, id).await?;
    signins::end_all(tx, id, now).await?;
    vouching::let_go(tx, id, now).await?;
    Ok(Changed::Done)
}

/// Lets nobody in with these proofs any more, until a reset.
pub async fn lock(tx: &Tx, id: OperatorId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = update(id, now)
        .col_expr(Column::Status, Expr::value(Status::Locked.as_str()))
        .filter(Column::Status.eq(Status::Active.as_str()))
        .exec(tx)
        .await?;
    signins::end_all(tx, id, now).await?;
    Ok(changed.rows_affected == 1)
}

/// Whether somebody can manage operators.
pub async fn has_administrator(tx: &Tx) -> Result<bool, StoreError> {
    let found = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.eq(Status::Active.as_str()))
        .filter(is_administrator())
        .into_tuple::<Uuid>()
        .one(tx)
        .await?;
    Ok(found.is_some())
}
