//! Changes of an account's standing, with who made them and why, and the appeals against them.
//!
//! Ending an account for good takes two operators: the first one's row waits without a second name and counts for nothing
//! until another operator's is put there, by one guarded statement. Who took part in a change never decides about an
//! appeal against it; that is part of the statement, too. Neither does whoever is not
//! [independent](crate::operators::independent) of them.

use chrono::{DateTime, Utc};
use model::ids::{AccountId, OperatorId, StandingChangeId};
use model::secret::Sensitive;
use model::standing::Status;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use crate::entity::standing_change;
use crate::error::StoreError;
use crate::operators::independent;
use crate::paging::{After, Page};
use crate::tx::Tx;
use crate::vault::Column;

mod appeals;
#[cfg(test)]
mod tests;

pub use appeals::{
    Appeal, Outcome, appeal, appeal_against, appeals_of, decide, open_appeals, settle_appeals,
};

/// The most changes of one account that are listed.
const LIST_MAX: u64 = 50;

/// The most that waits for somebody and is listed.
const WAITING_MAX: u64 = 50;

/// A change of standing.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its identifier.
    pub id: StandingChangeId,
    /// Whose standing.
    pub account: AccountId,
    /// What it was.
    pub from: Status,
    /// What it became.
    pub to: Status,
    /// The word for why.
    pub reason: String,
    /// What the operator noted, for colleagues.
    pub note: Option<Sensitive<String>>,
    /// Who did it, where it was an operator.
    pub operator: Option<OperatorId>,
    /// Who agreed, where two have to.
    pub second: Option<OperatorId>,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when; for what waits for a second operator, how long it waits.
    pub until: Option<DateTime<Utc>>,
    /// Since when somebody else was at work in an account that its owner had held, as far as the owner said.
    pub doubted_from: Option<DateTime<Utc>>,
}

impl Change {
    /// Whether it waits for a second operator and has changed nothing yet.
    pub fn is_proposal(&self) -> bool {
        self.to == Status::Terminated && self.second.is_none()
    }

    /// The operators who took part in it.
    pub fn operators(&self) -> impl Iterator<Item = OperatorId> {
        self.operator.into_iter().chain(self.second)
    }
}

/// Writes a change down.
pub async fn record(tx: &Tx, change: &Change) -> Result<(), StoreError> {
    let id = change.id.as_uuid();
    let seal = |note: &Sensitive<String>| {
        tx.vault()
            .seal(Column::StandingNote, id.as_bytes(), note.expose().as_bytes())
    };
    let row = standing_change::ActiveModel {
        id: Set(id),
        account_id: Set(change.account.as_uuid()),
        from_status: Set(change.from.as_str().to_owned()),
        to_status: Set(change.to.as_str().to_owned()),
        reason: Set(change.reason.clone()),
        note_sealed: Set(change.note.as_ref().map(seal).transpose()?),
        operator_id: Set(change.operator.map(OperatorId::as_uuid)),
        second_operator_id: Set(change.second.map(OperatorId::as_uuid)),
        at: Set(change.at),
        until: Set(change.until),
        doubted_from: Set(change.doubted_from),
    };
    standing_change::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The changes of an account, newest first, with what waits for a second operator.
pub async fn list(tx: &Tx, account: AccountId) -> Result<Vec<Change>, StoreError> {
    let rows = of(account).limit(LIST_MAX).all(tx).await?;
    rows.into_iter().map(|row| change(tx, row)).collect()
}

/// A change by its identifier.
pub async fn find(tx: &Tx, id: StandingChangeId) -> Result<Option<Change>, StoreError> {
    let row = standing_change::Entity::find_by_id(id.as_uuid()).one(tx).await?;
    row.map(|row| change(tx, row)).transpose()
}

/// The change that an account's standing comes from, where operators made it what it is.
pub async fn newest_to(tx: &Tx, account: AccountId, to: Status) -> Result<Option<Change>, StoreError> {
    let mut query = of(account).filter(standing_change::Column::ToStatus.eq(to.as_str()));
    if to == Status::Terminated {
        query = query.filter(standing_change::Column::SecondOperatorId.is_not_null());
    }
    let row = query.one(tx).await?;
    row.map(|row| change(tx, row)).transpose()
}

/// What waits for a second operator, oldest first.
pub async fn proposals(tx: &Tx, now: DateTime<Utc>) -> Result<Vec<Change>, StoreError> {
    let rows = standing_change::Entity::find()
        .filter(waiting(now))
        .order_by_asc(standing_change::Column::At)
        .limit(WAITING_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| change(tx, row)).collect()
}

fn of(account: AccountId) -> Select<standing_change::Entity> {
    standing_change::Entity::find()
        .filter(standing_change::Column::AccountId.eq(account.as_uuid()))
        .order_by_desc(standing_change::Column::At)
        .order_by_desc(standing_change::Column::Id)
}

fn waiting(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(standing_change::Column::ToStatus.eq(Status::Terminated.as_str()))
        .add(standing_change::Column::SecondOperatorId.is_null())
        .add(standing_change::Column::Until.gt(now))
}

/// Puts the second operator's name to a change that waits for one; `false` when it does not wait any more, or the
/// operator is the one who proposed it, or not [independent] of them. What the account is now is what it comes back to:
/// that may be another standing than when it was proposed.
pub async fn second(
    tx: &Tx,
    id: StandingChangeId,
    (operator, from): (OperatorId, Status),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let proposal = find(tx, id).await?;
    if !independent(tx, operator, proposal.iter().flat_map(Change::operators)).await? {
        return Ok(false);
    }
    let changed = standing_change::Entity::update_many()
        .col_expr(
            standing_change::Column::SecondOperatorId,
            Expr::value(operator.as_uuid()),
        )
        .col_expr(standing_change::Column::FromStatus, Expr::value(from.as_str()))
        .col_expr(standing_change::Column::At, Expr::value(now))
        .col_expr(standing_change::Column::Until, Expr::value(None::<DateTime<Utc>>))
        .filter(standing_change::Column::Id.eq(id.as_uuid()))
        .filter(standing_change::Column::OperatorId.ne(operator.as_uuid()))
        .filter(waiting(now))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Takes a change back that waits for a second operator. The audit log keeps that there was one.
pub async fn drop_proposal(tx: &Tx, id: StandingChangeId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let dropped = standing_change::Entity::delete_many()
        .filter(standing_change::Column::Id.eq(id.as_uuid()))
        .filter(waiting(now))
        .exec(tx)
        .await?;
    Ok(dropped.rows_affected == 1)
}

/// Takes back what an operator proposed who does not sign in any more.
pub(crate) async fn let_go(tx: &Tx, operator: OperatorId, now: DateTime<Utc>) -> Result<(), StoreError> {
    standing_change::Entity::delete_many()
        .filter(standing_change::Column::OperatorId.eq(operator.as_uuid()))
        .filter(waiting(now))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets what no second operator answered in its time; answers how much.
pub async fn forget_lapsed(tx: &Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let lapsed = standing_change::Entity::delete_many()
        .filter(standing_change::Column::ToStatus.eq(Status::Terminated.as_str()))
        .filter(standing_change::Column::SecondOperatorId.is_null())
        .filter(standing_change::Column::Until.lte(now))
        .exec(tx)
        .await?;
    Ok(lapsed.rows_affected)
}

/// Suspensions whose time is over and whose account is still suspended by them, oldest first.
pub async fn over(
    tx: &Tx,
    now: DateTime<Utc>,
    (after, limit): (After, u64),
) -> Result<Page<AccountId>, StoreError> {
    use crate::entity::account;
    let suspended = Query::select()
        .column(account::Column::Id)
        .from(account::Entity)
        .and_where(account::Column::Status.eq(Status::Suspended.as_str()))
        .take();
    // The newest of each: one that came back and was suspended once more must not keep others waiting.
    let newest = Query::select()
        .expr(standing_change::Column::At.max())
        .column(standing_change::Column::AccountId)
        .from(standing_change::Entity)
        .and_where(standing_change::Column::ToStatus.eq(Status::Suspended.as_str()))
        .and_where(standing_change::Column::AccountId.in_subquery(suspended))
        .group_by_col(standing_change::Column::AccountId)
        .take();
    let at_of = [
        Expr::col(standing_change::Column::At),
        Expr::col(standing_change::Column::AccountId),
    ];
    let rows: Vec<(uuid::Uuid, Option<DateTime<Utc>>)> = standing_change::Entity::find()
        .select_only()
        .columns([standing_change::Column::AccountId, standing_change::Column::Until])
        .filter(standing_change::Column::ToStatus.eq(Status::Suspended.as_str()))
        .filter(standing_change::Column::Until.lte(now))
        .filter(after.condition(standing_change::Column::Until, standing_change::Column::AccountId))
        .filter(Expr::tuple(at_of).in_subquery(newest))
        .order_by_asc(standing_change::Column::Until)
        .order_by_asc(standing_change::Column::AccountId)
        .limit(limit)
        .into_tuple()
        .all(tx)
        .await?;
    let read = rows.into_iter().map(|(id, until)| {
        let after = After::new(until.unwrap_or(now), id);
        (after, Ok(AccountId::from_uuid(id)))
    });
    Ok(Page::of(read, limit))
}

fn change(tx: &Tx, row: standing_change::Model) -> Result<Change, StoreError> {
    let status = |word: &str| Status::parse(word).ok_or(StoreError::Malformed("standing_change.status"));
    let note = row.note_sealed.map(|sealed| {
        tx.vault()
            .open_text(Column::StandingNote, row.id.as_bytes(), &sealed)
            .map(Sensitive::new)
    });
    Ok(Change {
        id: StandingChangeId::from_uuid(row.id),
        account: AccountId::from_uuid(row.account_id),
        from: status(&row.from_status)?,
        to: status(&row.to_status)?,
        reason: row.reason,
        note: note.transpose()?,
        operator: row.operator_id.map(OperatorId::from_uuid),
        second: row.second_operator_id.map(OperatorId::from_uuid),
        at: row.at,
        until: row.until,
        doubted_from: row.doubted_from,
    })
}
