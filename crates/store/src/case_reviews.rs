//! Cases that people decide: the queue, who has which case and until when, what was proposed, what was decided.
//!
//! Every step is one guarded statement whose row count is the answer: two operators who press at once, a lease that
//! ran out in the middle and a page from yesterday all find that the row is not what they saw. What was typed leaves
//! this module only towards the operator who holds the case ([`open`]).

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::{AccountId, CaseId, OperatorId};
use model::ladder::Level;
use model::person_name::PersonName;
use model::review::{Happening, Reason};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, UpdateMany};

use crate::cases::{self, Case, CaseNumber};
use crate::entity::case_review::{ActiveModel, Column, Entity};
use crate::entity::{case_history, verification_case};
use crate::error::StoreError;
use crate::tx::Tx;

mod bare;
mod queue;
mod review;

pub use bare::file_frozen;
pub use queue::{Ages, Counts, Taker, Waiting, count, find_next, list};
use review::from_row;
pub use review::{Claim, Eyes, Proposal, Review, Stage, Verdict};

/// Puts a case into the queue, or puts it back: after an appeal, or after its owner sent what was asked for. The
/// change of the case's own state is the caller's, in the same transaction. A case that comes back keeps the larger of
/// both levels.
pub async fn enqueue(
    tx: &Tx,
    case: CaseId,
    account: AccountId,
    level: Level,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        case_id: Set(case.as_uuid()),
        account_id: Set(account.as_uuid()),
        level: Set(i32::from(level.number())),
        state: Set(Stage::Queued.as_str().to_owned()),
        queued_at: Set(now),
        claimed_by: Set(None),
        claimed_until: Set(None),
        proposed_by: Set(None),
        proposed: Set(None),
        proposed_reason: Set(None),
        decided_by: Set(None),
        decided_at: Set(None),
        reason: Set(None),
        reply: Set(None),
        appeals: Set(0),
        updated_at: Set(now),
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::CaseId).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    if inserted == 1 {
        return Ok(());
    }
    // Decided before: its owner does not agree, and the count says that somebody else decides now.
    let appeals = Expr::case(
        Expr::col(Column::State).eq(Stage::Done.as_str()),
        Expr::col(Column::Appeals).add(1),
    )
    .finally(Expr::col(Column::Appeals));
    // What a case was about once it stays about: an answer or an appeal makes a disputed number no smaller matter.
    let level = i32::from(level.number());
    let larger = Expr::case(Column::Level.gt(level), Expr::col(Column::Level)).finally(level);
    let again = without_proposal(without_claim(Entity::update_many()))
        .col_expr(Column::Appeals, appeals.into())
        .col_expr(Column::State, Expr::value(Stage::Queued.as_str()))
        .col_expr(Column::Level, larger.into())
        .col_expr(Column::QueuedAt, Expr::value(now))
        .col_expr(Column::DecidedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::CaseId.eq(case.as_uuid()))
        // Whoever has it in the queue already keeps it.
        .filter(Column::State.ne(Stage::Queued.as_str()));
    again.exec(tx).await?;
    Ok(())
}

/// Takes a case out of the review because its owner took it back, or its time is over.
pub async fn withdraw(tx: &Tx, case: CaseId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let update = without_proposal(without_claim(Entity::update_many()))
        .col_expr(Column::State, Expr::value(Stage::Done.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::CaseId.eq(case.as_uuid()))
        .filter(Column::State.ne(Stage::Done.as_str()));
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Takes a case for the length of a lease, or makes the lease of one's own longer. Nobody gets what a colleague has,
/// what they proposed themselves, or an appeal against what they took part in.
pub async fn claim(
    tx: &Tx,
    case: CaseId,
    operator: OperatorId,
    (now, lease): (DateTime<Utc>, TimeDelta),
) -> Result<bool, StoreError> {
    let me = operator.as_uuid();
    let free = Condition::any()
        .add(Column::ClaimedBy.is_null())
        .add(Column::ClaimedUntil.lte(now))
        .add(Column::ClaimedBy.eq(me));
    let not_mine = Condition::any()
        .add(Column::ProposedBy.is_null())
        .add(Column::ProposedBy.ne(me));
    let fresh = Condition::any()
        .add(Column::Appeals.eq(0))
        .add(Expr::exists(took_part(operator)).not());
    let update = Entity::update_many()
        .col_expr(Column::ClaimedBy, Expr::value(me))
        .col_expr(Column::ClaimedUntil, Expr::value(now + lease))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::CaseId.eq(case.as_uuid()))
        .filter(Column::State.eq(Stage::Queued.as_str()))
        .filter(free)
        .filter(not_mine)
        .filter(fresh);
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Gives a case back.
pub async fn release(
    tx: &Tx,
    case: CaseId,
    operator: OperatorId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let update = without_claim(held(case, operator, now)).col_expr(Column::UpdatedAt, Expr::value(now));
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Suggests to a second operator to approve, and gives the case back to the queue for them. Rejecting takes one person.
pub async fn propose(
    tx: &Tx,
    case: CaseId,
    proposal: &Proposal,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let update = without_claim(held(case, proposal.by, now))
        .col_expr(Column::ProposedBy, Expr::value(proposal.by.as_uuid()))
        .col_expr(Column::Proposed, Expr::value(Verdict::Approve.as_str()))
        .col_expr(Column::ProposedReason, Expr::value(proposal.reason.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::ProposedBy.is_null());
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Does not confirm what a colleague suggests: the case is open again.
pub async fn send_back(
    tx: &Tx,
    case: CaseId,
    operator: OperatorId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let update = without_proposal(without_claim(held(case, operator, now)))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::ProposedBy.is_not_null())
        .filter(Column::ProposedBy.ne(operator.as_uuid()));
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Asks the owner for more: the case leaves the queue until they answer.
pub async fn ask(
    tx: &Tx,
    case: CaseId,
    (operator, reason): (OperatorId, Reason),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let update = without_proposal(without_claim(held(case, operator, now)))
        .col_expr(Column::State, Expr::value(Stage::Asked.as_str()))
        .col_expr(Column::Reason, Expr::value(reason.as_str()))
        .col_expr(Column::Reply, Expr::value(reason.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(now));
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Decides a case that the operator holds; `false` when it is not theirs, decided already, or not proposed by
/// somebody else, who is [independent](crate::operators::independent) of them, where that is needed.
pub async fn decide(
    tx: &Tx,
    case: CaseId,
    (operator, verdict, reason): (OperatorId, Verdict, Reason),
    eyes: Eyes,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut update = without_claim(held(case, operator, now))
        .col_expr(Column::State, Expr::value(Stage::Done.as_str()))
        .col_expr(Column::DecidedBy, Expr::value(operator.as_uuid()))
        .col_expr(Column::DecidedAt, Expr::value(now))
        .col_expr(Column::Reason, Expr::value(reason.as_str()))
        .col_expr(Column::Reply, Expr::value(reason.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(now));
    update = match eyes {
        // What somebody proposed is confirmed or sent back, never overtaken.
        Eyes::Two => update.filter(Column::ProposedBy.is_null()),
        Eyes::Four => {
            // Two accounts that one person could have opened are not two people.
            let proposal = find_review(tx, case).await?.and_then(|review| review.proposal);
            if let Some(proposal) = proposal
                && !crate::operators::independent(tx, operator, [proposal.by]).await?
            {
                return Ok(false);
            }
            update
                .filter(Column::ProposedBy.ne(operator.as_uuid()))
                .filter(Column::Proposed.eq(verdict.as_str()))
                .filter(Column::ProposedReason.eq(reason.as_str()))
        }
    };
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// A case by its number with its review, without what was typed.
pub async fn find(tx: &Tx, number: &CaseNumber) -> Result<Option<(Case, Review)>, StoreError> {
    let Some(mut row) = verification_case::Entity::find()
        .filter(verification_case::Column::Number.eq(number.as_str()))
        .one(tx)
        .await?
    else {
        return Ok(None);
    };
    row.input_sealed = None;
    let case = cases::from_row(tx, row)?;
    let review = find_review(tx, case.id).await?;
    Ok(review.map(|review| (case, review)))
}

/// The same with what was typed, for the operator who holds the case now and for nobody else.
pub async fn open(
    tx: &Tx,
    number: &CaseNumber,
    operator: OperatorId,
    now: DateTime<Utc>,
) -> Result<Option<(Case, Review)>, StoreError> {
    let Some(row) = verification_case::Entity::find()
        .filter(verification_case::Column::Number.eq(number.as_str()))
        .one(tx)
        .await?
    else {
        return Ok(None);
    };
    let review = find_review(tx, CaseId::from_uuid(row.id)).await?;
    match review.filter(|review| review.is_held_by(operator, now)) {
        Some(review) => Ok(Some((cases::from_row(tx, row)?, review))),
        None => Ok(None),
    }
}

/// Whether this name was typed for a case: an operator leaves a case that may be their own to a colleague. Only the
/// answer leaves this module.
pub async fn names(tx: &Tx, case: CaseId, name: &PersonName) -> Result<bool, StoreError> {
    let row = verification_case::Entity::find_by_id(case.as_uuid())
        .one(tx)
        .await?;
    let case = row.map(|row| cases::from_row(tx, row)).transpose()?;
    let typed = case.and_then(|case| case.input);
    Ok(typed.is_some_and(|typed| typed.name.same_as(name)))
}

/// The review of a case, for its owner's page.
pub async fn find_review(tx: &Tx, case: CaseId) -> Result<Option<Review>, StoreError> {
    let row = Entity::find_by_id(case.as_uuid()).one(tx).await?;
    row.map(from_row).transpose()
}

/// The operators who took part in the decision before it was appealed.
fn took_part(operator: OperatorId) -> sea_orm::sea_query::SelectStatement {
    let words = Happening::ALL.iter().filter(|one| one.takes_part());
    Query::select()
        .expr(Expr::value(1))
        .from(case_history::Entity)
        .and_where(
            Expr::col((case_history::Entity, case_history::Column::CaseId)).equals((Entity, Column::CaseId)),
        )
        .and_where(Expr::col((case_history::Entity, case_history::Column::OperatorId)).eq(operator.as_uuid()))
        .and_where(
            Expr::col((case_history::Entity, case_history::Column::What))
                .is_in(words.map(|word| word.as_str())),
        )
        .and_where(
            Expr::col((case_history::Entity, case_history::Column::At))
                .lte(Expr::col((Entity, Column::QueuedAt))),
        )
        .take()
}

fn held(case: CaseId, operator: OperatorId, now: DateTime<Utc>) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::CaseId.eq(case.as_uuid()))
        .filter(Column::State.eq(Stage::Queued.as_str()))
        .filter(Column::ClaimedBy.eq(operator.as_uuid()))
        .filter(Column::ClaimedUntil.gt(now))
}

fn without_claim(update: UpdateMany<Entity>) -> UpdateMany<Entity> {
    update
        .col_expr(Column::ClaimedBy, Expr::value(None::<uuid::Uuid>))
        .col_expr(Column::ClaimedUntil, Expr::value(None::<DateTime<Utc>>))
}

fn without_proposal(update: UpdateMany<Entity>) -> UpdateMany<Entity> {
    update
        .col_expr(Column::ProposedBy, Expr::value(None::<uuid::Uuid>))
        .col_expr(Column::Proposed, Expr::value(None::<String>))
        .col_expr(Column::ProposedReason, Expr::value(None::<String>))
}

#[cfg(test)]
mod tests;
