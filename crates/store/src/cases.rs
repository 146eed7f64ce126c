//! Verification cases: one attempt to gain evidence each, automatic or waiting for a person. What was typed is
//! sealed, and forgotten when the case has ended and its owner can no longer ask for another look at it.

use chrono::{DateTime, Utc};
use model::citizen_id::CitizenId;
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use model::person_name::PersonName;
use model::phone::Phone;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::verification_case;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::{Column, Index};

mod case;
mod resident;
mod waiting;

use case::SealedInput;
pub use case::{Case, CaseNumber, Factor, Factors, Input, NewCase, State};
pub use resident::{
    end_all, find_by_number, find_in, find_reference, forget_rejected, list_all, list_unanswered, put_input,
    put_reference,
};
pub use waiting::{claim_due, expire_unanswered, find_needing_more, need_more, postpone, replace_waiting};

/// The most cases that a list shows.
const LIST_MAX: u64 = 20;

/// Stores a case; `false`, and nothing is stored, when another case has its number already: try another number.
pub async fn create(tx: &Tx, new: &NewCase) -> Result<bool, StoreError> {
    let id = new.id.as_uuid();
    let input = if new.state.keeps_input() {
        Some(seal(tx, new.id, &new.input)?)
    } else {
        None
    };
    let row = verification_case::ActiveModel {
        id: Set(id),
        number: Set(new.number.as_str().to_owned()),
        account_id: Set(new.account.as_uuid()),
        source: Set(new.source.as_str().to_owned()),
        state: Set(new.state.as_str().to_owned()),
        input_sealed: Set(input),
        subject_index: Set(Some(
            tx.vault()
                .index(Index::CitizenId, new.input.citizen_id.as_str())
                .to_vec(),
        )),
        attempts: Set(0),
        next_attempt_at: Set(new.next_attempt_at),
        reference: Set(new.reference.clone()),
        created_at: Set(new.created_at),
        updated_at: Set(new.created_at),
    };
    // Said to the statement, because a violated index would end the caller's transaction.
    let inserted = verification_case::Entity::insert(row)
        .on_conflict(
            OnConflict::column(verification_case::Column::Number)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// A case of an account by its number.
pub async fn find(tx: &Tx, account: AccountId, number: &CaseNumber) -> Result<Option<Case>, StoreError> {
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::Number.eq(number.as_str()))
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// The cases of an account to which something still happens, newest first.
pub async fn list_open(tx: &Tx, account: AccountId) -> Result<Vec<Case>, StoreError> {
    let open = State::ALL
        .into_iter()
        .filter(|state| state.is_open())
        .map(State::as_str);
    let rows = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::State.is_in(open))
        .order_by_desc(verification_case::Column::CreatedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// The cases of an account that a source has denied since a time, newest first.
pub async fn list_denied(tx: &Tx, account: AccountId, since: DateTime<Utc>) -> Result<Vec<Case>, StoreError> {
    let denied = [State::Mismatch, State::NotFound, State::Conflict].map(State::as_str);
    let rows = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::State.is_in(denied))
        .filter(verification_case::Column::UpdatedAt.gt(since))
        .order_by_desc(verification_case::Column::UpdatedAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// The newest case of an account about a number at a source since a time, whatever became of it.
pub async fn find_newest(
    tx: &Tx,
    account: AccountId,
    (source, number): (&SourceId, &CitizenId),
    since: DateTime<Utc>,
) -> Result<Option<Case>, StoreError> {
    let subject = tx.vault().index(Index::CitizenId, number.as_str()).to_vec();
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::SubjectIndex.eq(subject))
        .filter(verification_case::Column::State.ne(State::Started.as_str()))
        .filter(verification_case::Column::UpdatedAt.gt(since))
        .order_by_desc(verification_case::Column::UpdatedAt)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// What an account typed for a source before another page came first.
pub async fn find_draft(
    tx: &Tx,
    account: AccountId,
    source: &SourceId,
    now: DateTime<Utc>,
) -> Result<Option<Input>, StoreError> {
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::State.eq(State::Started.as_str()))
        .filter(verification_case::Column::NextAttemptAt.gt(now))
        .order_by_desc(verification_case::Column::CreatedAt)
        .one(tx)
        .await?;
    Ok(row.map(|row| open(tx, &row)).transpose()?.flatten())
}

/// Forgets what an account typed for a source in advance.
pub async fn forget_draft(tx: &Tx, account: AccountId, source: &SourceId) -> Result<(), StoreError> {
    verification_case::Entity::delete_many()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::State.eq(State::Started.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets every draft whose time, kept where other cases have that of their next try, is over.
pub async fn forget_old_drafts(tx: &Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let forgotten = verification_case::Entity::delete_many()
        .filter(verification_case::Column::NextAttemptAt.lte(now))
        .filter(verification_case::Column::State.eq(State::Started.as_str()))
        .exec(tx)
        .await?;
    Ok(forgotten.rows_affected)
}

/// The newest case of an account in which a source denied a number since a time.
pub async fn find_denied(
    tx: &Tx,
    account: AccountId,
    (source, number): (&SourceId, &CitizenId),
    since: DateTime<Utc>,
) -> Result<Option<Case>, StoreError> {
    let subject = tx.vault().index(Index::CitizenId, number.as_str()).to_vec();
    let denied = [State::Mismatch, State::NotFound].map(State::as_str);
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::SubjectIndex.eq(subject))
        .filter(verification_case::Column::State.is_in(denied))
        .filter(verification_case::Column::UpdatedAt.gt(since))
        .order_by_desc(verification_case::Column::CreatedAt)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// Moves a case on, if it is still in the state that the caller saw. What was typed goes when it is of no more use.
/// [`StoreError::Malformed`] for a step that the machine does not know.
pub async fn change(
    tx: &Tx,
    id: CaseId,
    (from, to): (State, State),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !from.may_become(to) {
        return Err(StoreError::Malformed("verification_case.state"));
    }
    let mut update = verification_case::Entity::update_many()
        .col_expr(verification_case::Column::State, Expr::value(to.as_str()))
        .col_expr(
            verification_case::Column::NextAttemptAt,
            Expr::value(None::<DateTime<Utc>>),
        )
        .col_expr(verification_case::Column::UpdatedAt, Expr::value(now))
        .filter(verification_case::Column::Id.eq(id.as_uuid()))
        .filter(verification_case::Column::State.eq(from.as_str()));
    if !to.keeps_input() {
        update = update.col_expr(
            verification_case::Column::InputSealed,
            Expr::value(None::<Vec<u8>>),
        );
    }
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Forgets what was typed for cases that were denied before a time and that nobody asked to have looked at. For the
/// cleanup; answers how many.
pub async fn forget_inputs(tx: &Tx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let denied = [State::Mismatch, State::NotFound, State::Conflict].map(State::as_str);
    let forgotten = verification_case::Entity::update_many()
        .col_expr(
            verification_case::Column::InputSealed,
            Expr::value(None::<Vec<u8>>),
        )
        .filter(verification_case::Column::State.is_in(denied))
        .filter(verification_case::Column::InputSealed.is_not_null())
        .filter(verification_case::Column::UpdatedAt.lt(before))
        .exec(tx)
        .await?;
    Ok(forgotten.rows_affected)
}

fn seal(tx: &Tx, id: CaseId, input: &Input) -> Result<Vec<u8>, StoreError> {
    let plain = SealedInput::of(input);
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| BAD_INPUT)?);
    tx.vault()
        .seal(Column::CaseInput, id.as_uuid().as_bytes(), &plain)
}

const BAD_INPUT: StoreError = StoreError::Malformed("verification_case.input");

fn open(tx: &Tx, row: &verification_case::Model) -> Result<Option<Input>, StoreError> {
    let Some(sealed) = &row.input_sealed else {
        return Ok(None);
    };
    let plain = tx.vault().open(Column::CaseInput, row.id.as_bytes(), sealed)?;
    let plain: SealedInput = serde_json::from_slice(&plain).map_err(|_| BAD_INPUT)?;
    let phone = plain
        .phone
        .as_deref()
        .map(Phone::parse)
        .transpose()
        .map_err(|_| BAD_INPUT)?;
    Ok(Some(Input {
        name: PersonName::parse(&plain.name).map_err(|_| BAD_INPUT)?,
        citizen_id: CitizenId::parse_strict(&plain.citizen_id, row.updated_at.date_naive())
            .map_err(|_| BAD_INPUT)?,
        phone,
        more: plain.factors(),
    }))
}

pub(crate) fn from_row(tx: &Tx, row: verification_case::Model) -> Result<Case, StoreError> {
    let input = open(tx, &row)?;
    Ok(Case {
        id: CaseId::from_uuid(row.id),
        number: CaseNumber::parse(&row.number).ok_or(StoreError::Malformed("verification_case.number"))?,
        account: AccountId::from_uuid(row.account_id),
        source: SourceId::parse(&row.source)
            .map_err(|_| StoreError::Malformed("verification_case.source"))?,
        state: State::parse(&row.state).ok_or(StoreError::Malformed("verification_case.state"))?,
        input,
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

#[cfg(test)]
mod tests;
