//! What the owner of cases does with them: sees all of them, goes on with one that is not sent yet, answers, and what
//! becomes of them when an account ends.

use sea_orm::UpdateMany;
use sea_orm::sea_query::Query;

use super::*;
use crate::case_reviews::Stage;
use crate::entity::case_review;

/// The most cases that the owner's list shows.
const ALL_MAX: u64 = 50;

/// The cases of an account, newest first, without those that are not sent yet.
pub async fn list_all(tx: &Tx, account: AccountId) -> Result<Vec<Case>, StoreError> {
    let rows = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::State.ne(State::Started.as_str()))
        .order_by_desc(verification_case::Column::CreatedAt)
        .limit(ALL_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// The newest case of an account at a source that is in one of some states.
pub async fn find_in(
    tx: &Tx,
    account: AccountId,
    source: &SourceId,
    states: &[State],
) -> Result<Option<Case>, StoreError> {
    let words = states.iter().map(|state| state.as_str());
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::State.is_in(words))
        .order_by_desc(verification_case::Column::CreatedAt)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// A case by its number, whoever it is of. For programs' own use; people are shown only their own.
pub async fn find_by_number(tx: &Tx, number: &CaseNumber) -> Result<Option<Case>, StoreError> {
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::Number.eq(number.as_str()))
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// Stores other facts for a case that is still in the state that the caller saw.
pub async fn put_input(
    tx: &Tx,
    id: CaseId,
    (state, input): (State, &Input),
    next_attempt_at: Option<DateTime<Utc>>,
) -> Result<bool, StoreError> {
    let sealed = seal(tx, id, input)?;
    let subject = tx.vault().index(Index::CitizenId, input.citizen_id.as_str());
    let changed = verification_case::Entity::update_many()
        .col_expr(verification_case::Column::InputSealed, Expr::value(sealed))
        .col_expr(
            verification_case::Column::SubjectIndex,
            Expr::value(subject.to_vec()),
        )
        .col_expr(
            verification_case::Column::NextAttemptAt,
            Expr::value(next_attempt_at),
        )
        .filter(verification_case::Column::Id.eq(id.as_uuid()))
        .filter(verification_case::Column::State.eq(state.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Notes a reference at a case.
pub async fn put_reference(tx: &Tx, id: CaseId, reference: &str) -> Result<(), StoreError> {
    verification_case::Entity::update_many()
        .col_expr(
            verification_case::Column::Reference,
            Expr::value(reference.to_owned()),
        )
        .filter(verification_case::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The reference that was noted at a case.
pub async fn find_reference(tx: &Tx, id: CaseId) -> Result<Option<String>, StoreError> {
    let found = verification_case::Entity::find_by_id(id.as_uuid())
        .one(tx)
        .await?;
    Ok(found.and_then(|row| row.reference))
}

/// Forgets what was typed for cases that a person rejected before a time: nobody can appeal any more. Answers how many.
pub async fn forget_rejected(tx: &Tx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let forgotten = rejected_inputs()
        .filter(verification_case::Column::UpdatedAt.lt(before))
        .exec(tx)
        .await?;
    Ok(forgotten.rows_affected)
}

/// An update that forgets what is left of what was typed for rejected cases.
fn rejected_inputs() -> UpdateMany<verification_case::Entity> {
    verification_case::Entity::update_many()
        .col_expr(
            verification_case::Column::InputSealed,
            Expr::value(None::<Vec<u8>>),
        )
        .filter(verification_case::Column::State.eq(State::Rejected.as_str()))
        .filter(verification_case::Column::InputSealed.is_not_null())
}

/// Ends every case of an account to which something could still happen, because the account ends. What was typed is
/// forgotten, also where a case stays as it was decided.
pub async fn end_all(tx: &Tx, account: AccountId, now: DateTime<Utc>) -> Result<u64, StoreError> {
    rejected_inputs()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    let endable = State::ALL
        .into_iter()
        .filter(|state| state.may_become(State::Replaced))
        .map(State::as_str);
    let changed = verification_case::Entity::update_many()
        .col_expr(
            verification_case::Column::State,
            Expr::value(State::Replaced.as_str()),
        )
        .col_expr(
            verification_case::Column::InputSealed,
            Expr::value(None::<Vec<u8>>),
        )
        .col_expr(
            verification_case::Column::NextAttemptAt,
            Expr::value(None::<DateTime<Utc>>),
        )
        .col_expr(verification_case::Column::UpdatedAt, Expr::value(now))
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::State.is_in(endable))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected)
}

/// Cases whose owner was asked for more by a reviewer before a time and has sent nothing, at most `limit` of them. What
/// waits for its owner to type again has a time of its own.
pub async fn list_unanswered(tx: &Tx, before: DateTime<Utc>, limit: u64) -> Result<Vec<Case>, StoreError> {
    let asked = Query::select()
        .column(case_review::Column::CaseId)
        .from(case_review::Entity)
        .and_where(case_review::Column::State.eq(Stage::Asked.as_str()))
        .to_owned();
    let rows = verification_case::Entity::find()
        .filter(verification_case::Column::State.eq(State::NeedsMoreInformation.as_str()))
        .filter(verification_case::Column::UpdatedAt.lt(before))
        .filter(verification_case::Column::Id.in_subquery(asked))
        .order_by_asc(verification_case::Column::UpdatedAt)
        .limit(limit)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}
