//! Counters against guessing and flooding: fixed windows, shared by all nodes, alive across restarts. Where people are
//! told "today", a window is a [`Day`] of theirs.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::entity::throttle;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Index;

/// The window of a count that no time ends, in seconds: a hundred years. Windows begin in 1970.
pub const ENDLESS_SECONDS: i64 = 100 * 365 * 24 * 3600;

/// One rule: at most `limit` in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What is counted; part of the key.
    pub name: &'static str,
    /// The most in one window.
    pub limit: i64,
    /// The length of a window, in seconds.
    pub window_seconds: i64,
}

/// Where a counter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many in this window, this one included.
    pub count: i64,
    /// The most in one window.
    pub limit: i64,
    /// When the window ends.
    pub resets_at: DateTime<Utc>,
}

impl Count {
    /// Whether this one is too many.
    pub const fn exceeded(&self) -> bool {
        self.count > self.limit
    }

    /// Whole seconds until the window ends, at least one.
    pub fn retry_after_seconds(&self, now: DateTime<Utc>) -> i64 {
        Ord::max((self.resets_at - now).num_seconds(), 0) + 1
    }
}

pub(crate) fn bucket(tx: &Tx, rule: &Rule, key: &str, now: DateTime<Utc>) -> (Vec<u8>, DateTime<Utc>) {
    let length = Ord::max(rule.window_seconds, 1);
    let window = now.timestamp().div_euclid(length);
    let ends = (window + 1) * length;
    let resets_at =
        DateTime::from_timestamp(ends, 0).unwrap_or(now + TimeDelta::seconds(rule.window_seconds));
    let name = format!("{}\u{0}{window}\u{0}{key}", rule.name);
    (tx.vault().index(Index::Throttle, &name).to_vec(), resets_at)
}

/// A day where the people are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    date: NaiveDate,
    ends: DateTime<Utc>,
}

impl Day {
    /// The day that it is in a zone.
    pub fn of(now: DateTime<Utc>, zone: FixedOffset) -> Self {
        let date = now.with_timezone(&zone).date_naive();
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        let ends = zone.from_local_datetime(&next.and_time(NaiveTime::MIN)).single();
        Self {
            date,
            ends: ends.map_or(now + TimeDelta::days(1), |ends| ends.to_utc()),
        }
    }

    fn bucket(&self, tx: &Tx, rule: &DayRule, key: &str) -> (Vec<u8>, DateTime<Utc>) {
        let name = format!("{}\u{0}{}\u{0}{key}", rule.name, self.date);
        (tx.vault().index(Index::Throttle, &name).to_vec(), self.ends)
    }
}

/// One rule: at most `limit` on each day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRule {
    /// What is counted; part of the key.
    pub name: &'static str,
    /// The most on one day.
    pub limit: i64,
}

/// Counts one on a day; one statement, as [`hit`].
pub async fn hit_on(tx: &Tx, rule: &DayRule, key: &str, day: Day) -> Result<Count, StoreError> {
    add_one(tx, day.bucket(tx, rule, key), rule.limit).await
}

/// Where the counter of a day stands, without counting.
pub async fn look_on(tx: &Tx, rule: &DayRule, key: &str, day: Day) -> Result<Count, StoreError> {
    read(tx, day.bucket(tx, rule, key), rule.limit).await
}

/// Takes one count of a day back.
pub async fn give_back_on(tx: &Tx, rule: &DayRule, key: &str, day: Day) -> Result<(), StoreError> {
    take_one(tx, day.bucket(tx, rule, key).0).await
}

/// Counts one and answers where the counter stands; one statement, so that parallel tries are all counted.
pub async fn hit(tx: &Tx, rule: &Rule, key: &str, now: DateTime<Utc>) -> Result<Count, StoreError> {
    add_one(tx, bucket(tx, rule, key, now), rule.limit).await
}

async fn add_one(
    tx: &Tx,
    (bucket, resets_at): (Vec<u8>, DateTime<Utc>),
    limit: i64,
) -> Result<Count, StoreError> {
    let row = throttle::ActiveModel {
        bucket: Set(bucket),
        count: Set(1),
        expires_at: Set(resets_at),
    };
    let more = Expr::col((throttle::Entity, throttle::Column::Count)).add(1);
    let upsert = OnConflict::column(throttle::Column::Bucket)
        .value(throttle::Column::Count, more)
        .to_owned();
    let row = throttle::Entity::insert(row)
        .on_conflict(upsert)
        .exec_with_returning(tx)
        .await?;
    Ok(Count {
        count: row.count,
        limit,
        resets_at,
    })
}

/// Where the counter stands, without counting.
pub async fn look(tx: &Tx, rule: &Rule, key: &str, now: DateTime<Utc>) -> Result<Count, StoreError> {
    read(tx, bucket(tx, rule, key, now), rule.limit).await
}

async fn read(
    tx: &Tx,
    (bucket, resets_at): (Vec<u8>, DateTime<Utc>),
    limit: i64,
) -> Result<Count, StoreError> {
    let row = throttle::Entity::find_by_id(bucket).one(tx).await?;
    Ok(Count {
        count: row.map_or(0, |row| row.count),
        limit,
        resets_at,
    })
}

/// Takes one count back: what was counted beforehand turned out not to count.
pub async fn give_back(tx: &Tx, rule: &Rule, key: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    take_one(tx, bucket(tx, rule, key, now).0).await
}

async fn take_one(tx: &Tx, bucket: Vec<u8>) -> Result<(), StoreError> {
    throttle::Entity::update_many()
        .col_expr(throttle::Column::Count, Expr::col(throttle::Column::Count).sub(1))
        .filter(throttle::Column::Bucket.eq(bucket))
        .filter(throttle::Column::Count.gt(0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets this window's count, after success.
pub async fn clear(tx: &Tx, rule: &Rule, key: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (bucket, _) = bucket(tx, rule, key, now);
    throttle::Entity::delete_many()
        .filter(throttle::Column::Bucket.eq(bucket))
        .exec(tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    const RULE: Rule = Rule {
        name: "test",
        limit: 2,
        window_seconds: 60,
    };

    #[tokio::test]
    async fn parallel_hits_all_count_and_a_new_window_starts_at_nothing() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let hits = tokio::join!(
                hit(&tx, &RULE, "a", now),
                hit(&tx, &RULE, "a", now),
                hit(&tx, &RULE, "a", now),
                hit(&tx, &RULE, "b", now)
            );
            let mut counts = [hits.0, hits.1, hits.2].map(|count| count.unwrap().count);
            counts.sort_unstable();
            assert_eq!(
                (counts, hits.3.unwrap().count),
                ([1, 2, 3], 1),
                "{}",
                test.database.kind()
            );
            assert_eq!(
                look(&tx, &RULE, "a", now + TimeDelta::seconds(60))
                    .await
                    .unwrap()
                    .count,
                0
            );
        }
    }

    #[tokio::test]
    async fn a_count_that_is_given_back_is_free_again_and_never_below_nothing() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            assert!(!hit(&tx, &RULE, "a", now).await.unwrap().exceeded());
            for _ in 0..3 {
                give_back(&tx, &RULE, "a", now).await.unwrap();
            }
            assert_eq!(look(&tx, &RULE, "a", now).await.unwrap().count, 0);
            hit(&tx, &RULE, "a", now).await.unwrap();
            clear(&tx, &RULE, "a", now).await.unwrap();
            assert_eq!(look(&tx, &RULE, "a", now).await.unwrap().count, 0);
        }
    }

    #[tokio::test]
    async fn a_day_begins_at_midnight_where_the_people_are() {
        let rule = DayRule {
            name: "test_day",
            limit: 2,
        };
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        for test in stores().await {
            let tx = test.store.read();
            for (midnight, key) in [
                ("2026-06-02T00:00:00+08:00", "china"),
                ("2026-06-02T00:00:00+07:00", "vietnam"),
                ("2026-06-02T00:00:00-05:00", "west"),
                ("2026-06-02T00:00:00+00:00", "utc"),
            ] {
                let (zone, midnight) = (*at(midnight).offset(), at(midnight).to_utc());
                let on = |seconds| Day::of(midnight + TimeDelta::seconds(seconds), zone);
                let counted = hit_on(&tx, &rule, key, on(-86_400)).await.unwrap();
                assert_eq!((counted.count, counted.resets_at), (1, midnight), "{key}");
                let last = hit_on(&tx, &rule, key, on(-1)).await.unwrap();
                assert_eq!(
                    (last.count, last.resets_at),
                    (2, midnight),
                    "{key} {}",
                    test.database.kind()
                );
                assert_eq!(look_on(&tx, &rule, key, on(0)).await.unwrap().count, 0, "{key}");
                let first = hit_on(&tx, &rule, key, on(0)).await.unwrap();
                assert_eq!(
                    (first.count, first.resets_at),
                    (1, midnight + TimeDelta::days(1)),
                    "{key}"
                );
                // What was counted before midnight is given back there.
                give_back_on(&tx, &rule, key, on(-1)).await.unwrap();
                assert_eq!(look_on(&tx, &rule, key, on(-1)).await.unwrap().count, 1, "{key}");
                assert_eq!(look_on(&tx, &rule, key, on(1)).await.unwrap().count, 1, "{key}");
                let again = hit_on(&tx, &rule, key, on(-1)).await.unwrap();
                assert!(!again.exceeded() && hit_on(&tx, &rule, key, on(-1)).await.unwrap().exceeded());
            }
        }
    }
}
