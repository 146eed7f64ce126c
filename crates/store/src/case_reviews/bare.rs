//! A case about a frozen account of which no name and number are known (any more): somebody looks at it all the same.

use chrono::{DateTime, Utc};
use model::case::State;
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;
use sea_orm::sea_query::OnConflict;

use crate::cases::CaseNumber;
use crate::entity::verification_case::{ActiveModel, Column, Entity};
use crate::error::StoreError;
use crate::tx::Tx;

/// Opens the case; `false` when its number is taken. Putting it into the queue is the caller's.
pub async fn file_frozen(
    tx: &Tx,
    (case, number): (CaseId, &CaseNumber),
    account: AccountId,
    source: &SourceId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = ActiveModel {
        id: Set(case.as_uuid()),
        number: Set(number.as_str().to_owned()),
        account_id: Set(account.as_uuid()),
        source: Set(source.as_str().to_owned()),
        state: Set(State::Restricted.as_str().to_owned()),
        input_sealed: Set(None),
        subject_index: Set(None),
        attempts: Set(0),
        next_attempt_at: Set(None),
        reference: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    // Said to the statement, because a violated index would end the caller's transaction.
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Number).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}
