//! The queue: what waits, for how long, and what an operator takes next.

use chrono::{DateTime, TimeDelta, Utc};
use model::case::State;
use model::evidence::SourceId;
use model::ids::OperatorId;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use super::{Review, Stage, from_row, took_part};
use crate::cases::CaseNumber;
use crate::entity::case_review::{Column, Entity, Model};
use crate::entity::verification_case;
use crate::error::StoreError;
use crate::tx::Tx;

/// The most cases on a page of the queue.
const LIST_MAX: u64 = 50;

/// From this age on a case is late, in hours.
const LATE_HOURS: i64 = 24;
/// From this age on it is very late, in hours.
const VERY_LATE_HOURS: i64 = 72;

/// A case in the queue: nothing that was typed, nobody's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The number for people.
    pub number: CaseNumber,
    /// What it is about.
    pub source: SourceId,
    /// Where the case stands.
    pub state: State,
    /// Its review.
    pub review: Review,
}

/// How many cases wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In the queue altogether.
    pub queued: i64,
    /// Of these, in somebody's hands.
    pub held: i64,
    /// Of these, in mine.
    pub mine: i64,
    /// Proposed: for a second person.
    pub proposed: i64,
    /// Appealed: for another person.
    pub appealed: i64,
    /// Waiting for their owners.
    pub asked: i64,
    /// How long they have waited.
    pub ages: Ages,
}

/// How long cases have waited for an operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    /// Since when the oldest one has waited.
    pub oldest: Option<DateTime<Utc>>,
    /// How many longer than a day.
    pub late: i64,
    /// How many longer than three days.
    pub very_late: i64,
}

type Sums = (
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<DateTime<Utc>>,
);

/// Counts what waits, in one statement.
pub async fn count(tx: &Tx, operator: OperatorId, now: DateTime<Utc>) -> Result<Counts, StoreError> {
    let is_queued = || Column::State.eq(Stage::Queued.as_str());
    let is_held = || is_queued().and(Column::ClaimedUntil.gt(now));
    let older = |hours| is_queued().and(Column::QueuedAt.lte(now - TimeDelta::hours(hours)));
    let sum = |condition: Expr| {
        let one: Expr = Expr::case(condition, 1_i32).finally(0_i32).into();
        one.sum()
    };
    let oldest: Expr = Expr::case(is_queued(), Expr::col(Column::QueuedAt))
        .finally(Expr::value(None::<DateTime<Utc>>))
        .into();
    let row: Option<Sums> = Entity::find()
        .select_only()
        .expr_as(sum(is_queued()), "queued")
        .expr_as(sum(is_held()), "held")
        .expr_as(sum(is_held().and(Column::ClaimedBy.eq(operator.as_uuid()))), "mine")
        .expr_as(sum(is_queued().and(Column::ProposedBy.is_not_null())), "proposed")
        .expr_as(sum(is_queued().and(Column::Appeals.gt(0))), "appealed")
        .expr_as(sum(Column::State.eq(Stage::Asked.as_str())), "asked")
        .expr_as(sum(older(LATE_HOURS)), "late")
        .expr_as(sum(older(VERY_LATE_HOURS)), "very_late")
        .expr_as(oldest.min(), "oldest")
        // What is decided is most of the table, and the index leads past it.
        .filter(Column::State.is_in([Stage::Queued.as_str(), Stage::Asked.as_str()]))
        .into_tuple()
        .one(tx)
        .await?;
    let Some((queued, held, mine, proposed, appealed, asked, late, very_late, oldest)) = row else {
        return Ok(Counts::default());
    };
    let some = Option::unwrap_or_default;
    Ok(Counts {
        queued: some(queued),
        held: some(held),
        mine: some(mine),
        proposed: some(proposed),
        appealed: some(appealed),
        asked: some(asked),
        ages: Ages {
            oldest,
            late: some(late),
            very_late: some(very_late),
        },
    })
}

/// The queue, what has waited longest first.
pub async fn list(tx: &Tx) -> Result<Vec<Waiting>, StoreError> {
    let rows = queued().limit(LIST_MAX).all(tx).await?;
    with_cases(tx, rows).await
}

/// Who takes a case, and whether they take what is for a second person: proposals and frozen accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taker {
    /// Who.
    pub operator: OperatorId,
    /// Whether they confirm what others propose.
    pub confirms: bool,
}

/// The case that an operator takes next: what has waited longest of what they may take, behind one that they leave.
pub async fn find_next(
    tx: &Tx,
    Taker { operator, confirms }: Taker,
    now: DateTime<Utc>,
    behind: Option<&Review>,
) -> Result<Option<Waiting>, StoreError> {
    let me = operator.as_uuid();
    let free = Condition::any()
        .add(Column::ClaimedBy.is_null())
        .add(Column::ClaimedUntil.lte(now));
    let not_mine = Condition::any()
        .add(Column::ProposedBy.is_null())
        .add(Column::ProposedBy.ne(me));
    let fresh = Condition::any()
        .add(Column::Appeals.eq(0))
        .add(Expr::exists(took_part(operator)).not());
    let mut query = queued().filter(free).filter(not_mine).filter(fresh);
    if !confirms {
        query = query
            .filter(Column::ProposedBy.is_null())
            .filter(Expr::exists(frozen()).not());
    }
    if let Some(review) = behind {
        let later = Column::QueuedAt
            .eq(review.queued_at)
            .and(Column::CaseId.gt(review.case.as_uuid()));
        query = query.filter(
            Condition::any()
                .add(Column::QueuedAt.gt(review.queued_at))
                .add(later),
        );
    }
    let rows = query.limit(1).all(tx).await?;
    Ok(with_cases(tx, rows).await?.pop())
}

/// The case of a review, if it is about a frozen account.
fn frozen() -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .expr(Expr::value(1))
        .from(verification_case::Entity)
        .and_where(
            Expr::col((verification_case::Entity, verification_case::Column::Id))
                .equals((Entity, Column::CaseId)),
        )
        .and_where(
            Expr::col((verification_case::Entity, verification_case::Column::State))
                .eq(State::Restricted.as_str()),
        )
        .take()
}

fn queued() -> Select<Entity> {
    Entity::find()
        .filter(Column::State.eq(Stage::Queued.as_str()))
        .order_by_asc(Column::QueuedAt)
        .order_by_asc(Column::CaseId)
}

async fn with_cases(tx: &Tx, rows: Vec<Model>) -> Result<Vec<Waiting>, StoreError> {
    let ids = rows.iter().map(|row| row.case_id);
    let known: Vec<(uuid::Uuid, String, String, String)> = verification_case::Entity::find()
        .select_only()
        .columns([
            verification_case::Column::Id,
            verification_case::Column::Number,
            verification_case::Column::Source,
            verification_case::Column::State,
        ])
        .filter(verification_case::Column::Id.is_in(ids))
        .into_tuple()
        .all(tx)
        .await?;
    let mut waiting = Vec::with_capacity(rows.len());
    for row in rows {
        let case = known.iter().find(|(id, ..)| *id == row.case_id);
        let Some((_, number, source, state)) = case else {
            continue;
        };
        waiting.push(Waiting {
            number: CaseNumber::parse(number).ok_or(StoreError::Malformed("verification_case.number"))?,
            source: SourceId::parse(source).map_err(|_| StoreError::Malformed("verification_case.source"))?,
            state: State::parse(state).ok_or(StoreError::Malformed("verification_case.state"))?,
            review: from_row(row)?,
        });
    }
    Ok(waiting)
}
