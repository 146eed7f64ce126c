//! Changes of an account that do not happen at once, or can still be taken back: another phone, another e-mail address,
//! another user name, a recovery that waits, a phone number that somebody else says is theirs now, closing.
//!
//! A change waits until its time and is then applied by a worker, unless it is stopped before; some can be undone for a
//! while afterwards. Each step is one guarded statement: of two that happen at once one counts, and the other learns so
//! (A231, A239). The caller does what the change means in the same transaction.

use chrono::{DateTime, Utc};
use model::ids::{AccountId, ChangeId};
use model::secret::Sensitive;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, UpdateMany};

use crate::accounts;
use crate::entity::account_change::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

mod kinds;
mod lists;

pub use kinds::{How, Kind, State};
pub use lists::{due, list, open, proposed, unanswered};

/// A change.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its identifier.
    pub id: ChangeId,
    /// Whose account.
    pub account: AccountId,
    /// What changes.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// What its owner wrote down about it, often JSON.
    pub details: Option<Sensitive<String>>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it happens.
    pub effective_at: DateTime<Utc>,
    /// Until when it can be taken back.
    pub reversible_until: Option<DateTime<Utc>>,
    /// When it happened.
    pub applied_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub ended_how: Option<How>,
}

/// What a change begins with.
#[derive(Clone, Debug)]
pub struct NewChange<'a> {
    /// Its identifier.
    pub id: ChangeId,
    /// Whose account.
    pub account: AccountId,
    /// What changes.
    pub kind: Kind,
    /// [`State::Waiting`], or [`State::Proposed`] where somebody has to agree.
    pub state: State,
    /// What is needed when it happens; kept sealed.
    pub details: Option<&'a str>,
    /// Now.
    pub now: DateTime<Utc>,
    /// When it happens.
    pub effective_at: DateTime<Utc>,
    /// Until when it can be taken back.
    pub reversible_until: Option<DateTime<Utc>>,
}

/// Begins a change. An account has one open change of a kind: `false`, and nothing written, when there is one.
pub async fn begin(tx: &Tx, new: &NewChange<'_>) -> Result<bool, StoreError> {
    // Behind the account's lock, so that of two that begin at once the second sees the first.
    accounts::take_turns(tx, new.account).await?;
    if find_open(tx, new.account, new.kind).await?.is_some() {
        return Ok(false);
    }
    let id = new.id.as_uuid();
    let row = ActiveModel {
        id: Set(id),
        account_id: Set(new.account.as_uuid()),
        kind: Set(new.kind.as_str().to_owned()),
        state: Set(new.state.as_str().to_owned()),
        details_sealed: Set(seal(tx, new.id, new.details)?),
        created_at: Set(new.now),
        effective_at: Set(new.effective_at),
        reversible_until: Set(new.reversible_until),
        applied_at: Set(None),
        ended_at: Set(None),
        ended_how: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(true)
}

fn seal(tx: &Tx, id: ChangeId, details: Option<&str>) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed = details.map(|text| {
        tx.vault().seal(
            vault::Column::ChangeDetails,
            id.as_uuid().as_bytes(),
            text.as_bytes(),
        )
    });
    sealed.transpose()
}

/// A change by its identifier.
pub async fn find(tx: &Tx, id: ChangeId) -> Result<Option<Change>, StoreError> {
    let row = Entity::find_by_id(id.as_uuid()).one(tx).await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// The change of a kind that an account waits for.
pub async fn find_open(tx: &Tx, account: AccountId, kind: Kind) -> Result<Option<Change>, StoreError> {
    let row = Entity::find()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::State.is_in([State::Proposed.as_str(), State::Waiting.as_str()]))
        .order_by_desc(Column::Id)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// The newest change of a kind that has happened and can still be taken back, or used.
pub async fn find_reversible(
    tx: &Tx,
    account: AccountId,
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<Option<Change>, StoreError> {
    let row = Entity::find()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::State.eq(State::Applied.as_str()))
        .filter(Column::ReversibleUntil.gt(now))
        .order_by_desc(Column::Id)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// What an account changed of the same kind after a change and can still be taken back, oldest first.
pub async fn reversible_after(
    tx: &Tx,
    change: &Change,
    now: DateTime<Utc>,
) -> Result<Vec<Change>, StoreError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(change.account.as_uuid()))
        .filter(Column::Kind.eq(change.kind.as_str()))
        .filter(Column::State.eq(State::Applied.as_str()))
        .filter(Column::ReversibleUntil.gt(now))
        .filter(Column::AppliedAt.gt(change.applied_at))
        .order_by_asc(Column::AppliedAt)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// Writes down something else about a change that is open, and when it happens now. `false` when it is not open.
pub async fn amend(
    tx: &Tx,
    id: ChangeId,
    details: Option<&str>,
    effective_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::DetailsSealed, Expr::value(seal(tx, id, details)?))
        .col_expr(Column::EffectiveAt, Expr::value(effective_at))
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::State.is_in([State::Proposed.as_str(), State::Waiting.as_str()]))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Gives a change that waits another day, if it has still the one that was read. `false` when it has not, or is not open.
pub async fn postpone(
    tx: &Tx,
    id: ChangeId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::EffectiveAt, Expr::value(to))
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::EffectiveAt.eq(from))
        .filter(Column::State.is_in([State::Proposed.as_str(), State::Waiting.as_str()]))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Writes down what a change that has happened is taken back with, in the transaction in which it happened. `false` when it
/// has not, or is over.
pub async fn remember(tx: &Tx, id: ChangeId, details: &str) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::DetailsSealed, Expr::value(seal(tx, id, Some(details))?))
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::State.eq(State::Applied.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Notes that a change happens now, whether its time has come or everybody agreed before; once. What is needed to take
/// it back is kept until then in its details.
pub async fn apply(tx: &Tx, id: ChangeId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = applying(id, now).exec(tx).await?;
    Ok(changed.rows_affected == 1)
}

/// The same for one whose time has come: it may have been put off since somebody read that it had.
pub async fn apply_in_time(tx: &Tx, id: ChangeId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = applying(id, now)
        .filter(Column::EffectiveAt.lte(now))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

fn applying(id: ChangeId, now: DateTime<Utc>) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Applied.as_str()))
        .col_expr(Column::AppliedAt, Expr::value(now))
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::State.is_in([State::Proposed.as_str(), State::Waiting.as_str()]))
}

/// Ends a change that is open; once.
pub async fn stop(tx: &Tx, id: ChangeId, how: How, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let open = Column::State.is_in([State::Proposed.as_str(), State::Waiting.as_str()]);
    let ended = ending(Column::Id.eq(id.as_uuid()), how, now)
        .filter(open)
        .exec(tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Ends a change that has happened, while it can be taken back; once.
pub async fn undo(tx: &Tx, id: ChangeId, how: How, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let ended = ending(Column::Id.eq(id.as_uuid()), how, now)
        .filter(Column::State.eq(State::Applied.as_str()))
        .filter(Column::ReversibleUntil.gt(now))
        .exec(tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Ends several changes that have happened, while they can be taken back; answers how many.
pub async fn undo_all(tx: &Tx, ids: &[ChangeId], how: How, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let ended = ending(Column::Id.is_in(ids.iter().map(|id| id.as_uuid())), how, now)
        .filter(Column::State.eq(State::Applied.as_str()))
        .filter(Column::ReversibleUntil.gt(now))
        .exec(tx)
        .await?;
    Ok(usize::try_from(ended.rows_affected).unwrap_or(usize::MAX))
}

/// Ends every open change of an account but those of one kind; answers how many. For an account that is held or closed.
pub async fn stop_all(
    tx: &Tx,
    account: AccountId,
    but: Option<Kind>,
    (how, now): (How, DateTime<Utc>),
) -> Result<u64, StoreError> {
    let mut ending = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Ended.as_str()))
        .col_expr(Column::EndedAt, Expr::value(now))
        .col_expr(Column::EndedHow, Expr::value(how.as_str()))
        .col_expr(Column::DetailsSealed, Expr::value(None::<Vec<u8>>))
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::State.is_in([State::Proposed.as_str(), State::Waiting.as_str()]));
    if let Some(kind) = but {
        ending = ending.filter(Column::Kind.ne(kind.as_str()));
    }
    Ok(ending.exec(tx).await?.rows_affected)
}

/// What was written down about a change is forgotten when it ends: it holds numbers, addresses and hashes.
fn ending(which: sea_orm::sea_query::SimpleExpr, how: How, now: DateTime<Utc>) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Ended.as_str()))
        .col_expr(Column::EndedAt, Expr::value(now))
        .col_expr(Column::EndedHow, Expr::value(how.as_str()))
        .col_expr(Column::DetailsSealed, Expr::value(None::<Vec<u8>>))
        .filter(which)
}

/// Forgets what was written down about changes that happened and cannot be taken back any more; answers how many.
pub async fn forget_details(tx: &Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let forgotten = Entity::update_many()
        .col_expr(Column::DetailsSealed, Expr::value(None::<Vec<u8>>))
        .filter(Column::State.eq(State::Applied.as_str()))
        .filter(Column::DetailsSealed.is_not_null())
        .filter(
            Column::ReversibleUntil
                .is_null()
                .or(Column::ReversibleUntil.lte(now)),
        )
        .exec(tx)
        .await?;
    Ok(forgotten.rows_affected)
}

fn from_row(tx: &Tx, row: Model) -> Result<Change, StoreError> {
    let id = ChangeId::from_uuid(row.id);
    let details = row.details_sealed.map(|sealed| {
        tx.vault()
            .open_text(vault::Column::ChangeDetails, row.id.as_bytes(), &sealed)
    });
    let ended_how = row.ended_how.as_deref().map(How::parse);
    Ok(Change {
        id,
        account: AccountId::from_uuid(row.account_id),
        kind: Kind::parse(&row.kind)?,
        state: State::parse(&row.state)?,
        details: details.transpose()?.map(Sensitive::new),
        created_at: row.created_at,
        effective_at: row.effective_at,
        reversible_until: row.reversible_until,
        applied_at: row.applied_at,
        ended_at: row.ended_at,
        ended_how: ended_how.transpose()?,
    })
}

#[cfg(test)]
#[path = "changes/tests.rs"]
mod tests;
