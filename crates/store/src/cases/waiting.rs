//! Cases that something still happens to by itself: being asked about, waiting for a source, waiting for what its owner
//! must type again.

use chrono::{DateTime, Utc};
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SimpleExpr};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, UpdateMany,
};

use super::{Case, State, from_row};
use crate::entity::{case_review, verification_case};
use crate::error::StoreError;
use crate::tx::Tx;

/// Ends what still waits for a source on behalf of an account, because something newer takes its place: `Unavailable`,
/// `NeedsMoreInformation` while no reviewer is involved and, where an answer settles the matter, `Checking`.
pub async fn replace_waiting(
    tx: &Tx,
    (account, source): (AccountId, &SourceId),
    states: &[State],
    except: Option<CaseId>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let replaceable = |state: &&State| state.may_become(State::Replaced);
    let states = states.iter().filter(replaceable).map(|state| state.as_str());
    let mut update = ended(State::Replaced, now)
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::State.is_in(states))
        .filter(no_reviewer());
    if let Some(except) = except {
        update = update.filter(verification_case::Column::Id.ne(except.as_uuid()));
    }
    Ok(update.exec(tx).await?.rows_affected)
}

/// An update that ends cases and forgets what was typed.
fn ended(state: State, now: DateTime<Utc>) -> UpdateMany<verification_case::Entity> {
    verification_case::Entity::update_many()
        .col_expr(verification_case::Column::State, Expr::value(state.as_str()))
        .col_expr(
            verification_case::Column::InputSealed,
            Expr::value(None::<Vec<u8>>),
        )
        .col_expr(
            verification_case::Column::NextAttemptAt,
            Expr::value(None::<DateTime<Utc>>),
        )
        .col_expr(verification_case::Column::UpdatedAt, Expr::value(now))
}

/// Cases that no person looks at.
fn no_reviewer() -> SimpleExpr {
    let reviewed = Query::select()
        .column(case_review::Column::CaseId)
        .from(case_review::Entity)
        .to_owned();
    verification_case::Column::Id.not_in_subquery(reviewed)
}

/// The newest case in which a source is asked again only when its owner types again what could not be kept.
pub async fn find_needing_more(
    tx: &Tx,
    account: AccountId,
    source: &SourceId,
) -> Result<Option<Case>, StoreError> {
    let row = verification_case::Entity::find()
        .filter(verification_case::Column::AccountId.eq(account.as_uuid()))
        .filter(verification_case::Column::Source.eq(source.as_str()))
        .filter(verification_case::Column::State.eq(State::NeedsMoreInformation.as_str()))
        .filter(no_reviewer())
        .order_by_desc(verification_case::Column::CreatedAt)
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// Ends cases whose owner did not type again in time what was needed; answers which, at most `limit` of them.
pub async fn expire_unanswered(
    tx: &Tx,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<(CaseId, AccountId)>, StoreError> {
    let state = State::NeedsMoreInformation.as_str();
    let due = verification_case::Entity::find()
        .filter(verification_case::Column::State.eq(state))
        .filter(verification_case::Column::NextAttemptAt.lte(now))
        .filter(no_reviewer())
        .limit(limit)
        .all(tx)
        .await?;
    let mut expired = Vec::with_capacity(due.len());
    for row in due {
        let update = ended(State::Expired, now)
            .filter(verification_case::Column::Id.eq(row.id))
            .filter(verification_case::Column::State.eq(state));
        if update.exec(tx).await?.rows_affected == 1 {
            expired.push((CaseId::from_uuid(row.id), AccountId::from_uuid(row.account_id)));
        }
    }
    Ok(expired)
}

/// Takes cases whose next try is due, at most `limit` of them: those that wait, and those whose node stopped while it
/// asked. Each is taken by one node only: the statement that takes it moves it to `Checking` until `again_at`, when it
/// is due by itself should this node stop as well. The state that is answered is the one before. One that cannot be read
/// is left until `again_at`, and the log says so.
pub async fn claim_due(
    tx: &Tx,
    (now, again_at): (DateTime<Utc>, DateTime<Utc>),
    limit: u64,
) -> Result<Vec<Case>, StoreError> {
    let waiting = || {
        let states = [State::Checking, State::Unavailable].map(State::as_str);
        verification_case::Column::State
            .is_in(states)
            .and(verification_case::Column::NextAttemptAt.lte(now))
    };
    let due = verification_case::Entity::find()
        .filter(waiting())
        .order_by_asc(verification_case::Column::NextAttemptAt)
        .limit(limit)
        .all(tx)
        .await?;
    let mut claimed = Vec::with_capacity(due.len());
    for row in due {
        let taken = verification_case::Entity::update_many()
            .col_expr(
                verification_case::Column::State,
                Expr::value(State::Checking.as_str()),
            )
            .col_expr(verification_case::Column::NextAttemptAt, Expr::value(again_at))
            .col_expr(
                verification_case::Column::Attempts,
                Expr::col(verification_case::Column::Attempts).add(1),
            )
            .filter(verification_case::Column::Id.eq(row.id))
            .filter(waiting())
            .exec(tx)
            .await?;
        if taken.rows_affected == 1 {
            let number = row.number.clone();
            match from_row(tx, row) {
                Ok(mut case) => {
                    case.attempts += 1;
                    claimed.push(case);
                }
                Err(error) => tracing::error!(case = number, %error, "a case cannot be read"),
            }
        }
    }
    Ok(claimed)
}

/// Says of a case that is being asked about that the source did not answer, and when it is asked again.
pub async fn postpone(
    tx: &Tx,
    id: CaseId,
    next_attempt_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    set_waiting(tx, id, State::Unavailable, (next_attempt_at, now)).await
}

/// Says of a case that is being asked about that its owner must type again what could not be kept, until a time.
pub async fn need_more(
    tx: &Tx,
    id: CaseId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    set_waiting(tx, id, State::NeedsMoreInformation, (until, now)).await
}

async fn set_waiting(
    tx: &Tx,
    id: CaseId,
    state: State,
    (next, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let changed = verification_case::Entity::update_many()
        .col_expr(verification_case::Column::State, Expr::value(state.as_str()))
        .col_expr(verification_case::Column::NextAttemptAt, Expr::value(next))
        .col_expr(verification_case::Column::UpdatedAt, Expr::value(now))
        .filter(verification_case::Column::Id.eq(id.as_uuid()))
        .filter(verification_case::Column::State.eq(State::Checking.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}
