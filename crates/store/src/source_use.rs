//! How often each source was asked on a day, and what it answered: for its quota, and for the operators who pay.
//!
//! A question is counted before it is asked, by one statement, so that a quota holds on all nodes together.

use chrono::NaiveDate;
use model::evidence::SourceId;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::source_use::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;

/// The most rows that a list shows.
const LIST_MAX: u64 = 2_000;

/// What a source answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Everything agrees.
    Matched,
    /// Something differs, is not known, or is restricted.
    Denied,
    /// Nothing that could be understood, or nothing at all.
    Unavailable,
}

/// The use of one source on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The source.
    pub source: String,
    /// The day, where the people are.
    pub day: NaiveDate,
    /// How often it was asked.
    pub asked: u32,
    /// How often everything agreed.
    pub matched: u32,
    /// How often it said no.
    pub denied: u32,
    /// How often it did not answer.
    pub unavailable: u32,
}

/// Counts a question that is about to be asked; `false`, and nothing is counted, when the day's quota is used up.
pub async fn take(
    tx: &Tx,
    source: &SourceId,
    day: NaiveDate,
    quota: Option<u32>,
) -> Result<bool, StoreError> {
    if quota == Some(0) {
        return Ok(false);
    }
    let row = ActiveModel {
        source: Set(source.as_str().to_owned()),
        day: Set(day.to_string()),
        asked: Set(1),
        matched: Set(0),
        denied: Set(0),
        unavailable: Set(0),
    };
    let asked = || Expr::col((Entity, Column::Asked));
    let mut again = OnConflict::columns([Column::Source, Column::Day])
        .value(Column::Asked, asked().add(1))
        .to_owned();
    if let Some(quota) = quota {
        again.action_and_where(asked().lt(i64::from(quota)));
    }
    let counted = Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx)
        .await?;
    Ok(counted == 1)
}

/// Counts the answer to a question that [`take`] counted.
pub async fn count(tx: &Tx, source: &SourceId, day: NaiveDate, answered: Answered) -> Result<(), StoreError> {
    let column = match answered {
        Answered::Matched => Column::Matched,
        Answered::Denied => Column::Denied,
        Answered::Unavailable => Column::Unavailable,
    };
    Entity::update_many()
        .col_expr(column, Expr::col(column).add(1))
        .filter(Column::Source.eq(source.as_str()))
        .filter(Column::Day.eq(day.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The use of every source since a day, the newest day first.
pub async fn list(tx: &Tx, since: NaiveDate) -> Result<Vec<Use>, StoreError> {
    let rows = Entity::find()
        .filter(Column::Day.gte(since.to_string()))
        .order_by_desc(Column::Day)
        .order_by_asc(Column::Source)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// The use of one source on a day; nothing when it was not asked.
pub async fn find(tx: &Tx, source: &SourceId, day: NaiveDate) -> Result<Option<Use>, StoreError> {
    let key = (source.as_str().to_owned(), day.to_string());
    let row = Entity::find_by_id(key).one(tx).await?;
    row.map(from_row).transpose()
}

/// Forgets what is older than a day: counts are kept for the accounts of two years.
pub async fn forget_before(tx: &Tx, day: NaiveDate) -> Result<u64, StoreError> {
    let forgotten = Entity::delete_many()
        .filter(Column::Day.lt(day.to_string()))
        .exec(tx)
        .await?;
    Ok(forgotten.rows_affected)
}

fn from_row(row: Model) -> Result<Use, StoreError> {
    let number = |count: i32| u32::try_from(count).unwrap_or_default();
    Ok(Use {
        day: row
            .day
            .parse()
            .map_err(|_| StoreError::Malformed("source_use.day"))?,
        source: row.source,
        asked: number(row.asked),
        matched: number(row.matched),
        denied: number(row.denied),
        unavailable: number(row.unavailable),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn a_quota_holds_for_questions_at_the_same_moment_and_for_one_day() {
        for test in stores().await {
            let tx = test.store.read();
            let source = SourceId::parse("bank_card").unwrap();
            let day = test.clock.now().date_naive();
            let one = || take(&tx, &source, day, Some(3));
            let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
            let taken = [a, b, c, d].into_iter().filter(|taken| *taken.as_ref().unwrap());
            assert_eq!(taken.count(), 3, "{}", test.database.kind());
            assert!(!one().await.unwrap());
            let tomorrow = day.succ_opt().unwrap();
            assert!(take(&tx, &source, tomorrow, Some(1)).await.unwrap());
            assert!(!take(&tx, &source, tomorrow, Some(1)).await.unwrap());
            assert!(!take(&tx, &source, tomorrow, Some(0)).await.unwrap());
            assert!(take(&tx, &source, tomorrow, None).await.unwrap());
            count(&tx, &source, day, Answered::Matched).await.unwrap();
            count(&tx, &source, day, Answered::Denied).await.unwrap();
            count(&tx, &source, day, Answered::Unavailable).await.unwrap();
            let listed = list(&tx, day).await.unwrap();
            let days: Vec<_> = listed.iter().map(|one| (one.day, one.asked)).collect();
            assert_eq!(days, [(tomorrow, 2), (day, 3)]);
            let today = find(&tx, &source, day).await.unwrap().unwrap();
            assert_eq!((today.matched, today.denied, today.unavailable), (1, 1, 1));
            assert_eq!(forget_before(&tx, tomorrow).await.unwrap(), 1);
            assert_eq!(find(&tx, &source, day).await.unwrap(), None);
        }
    }
}
