//! Letters to sub-sites that wait for their delivery: sign-outs ([`crate::logouts`]) and events about accounts
//! ([`crate::status_events`]). Each kind has its own table with the same columns for its delivery; rows are written in
//! the transaction of what they tell of.
//!
//! Several nodes deliver side by side: a row is taken by a guarded statement that moves its next attempt past the
//! lease, so that one node tells the sub-site, and another takes over when that node dies. What a node notes is good
//! only for the attempt that it took; that a sub-site confirmed is good in any case.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::ClientId;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    DeriveIden, EntityTrait, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select, UpdateMany,
};
use uuid::Uuid;

use crate::error::StoreError;
use crate::tx::Tx;

/// For how long a sub-site is told again and again, in hours. Its own sign-in is hardly longer.
pub const LIFE_HOURS: i64 = 24;

/// How many rows that nobody could be told of are given up at a time.
const GIVE_UP_MAX: u64 = 100;

/// How long a row that cannot be read is left alone, in seconds.
const UNREADABLE_SECONDS: i64 = 60;

/// How many rows go into one statement: databases limit the number of values.
pub(crate) const INSERT_MAX: usize = 50;

/// The columns that every table of letters has.
#[derive(Clone, Copy, DeriveIden)]
enum Column {
    Id,
    ClientId,
    Attempts,
    NextAttemptAt,
    ExpiresAt,
    ToldAt,
    DeadAt,
}

/// What a sub-site is told.
pub trait Letter: Clone + fmt::Debug + Send + Sync + 'static {
    /// The rows of its kind.
    type Rows: EntityTrait;

    /// A row's identifier, and how many attempts were made.
    fn attempts(row: &<Self::Rows as EntityTrait>::Model) -> (Uuid, i32);

    /// What a row says.
    fn read(row: &<Self::Rows as EntityTrait>::Model) -> Result<Self, StoreError>;

    /// Who is told.
    fn client(&self) -> &ClientId;

    /// Notes in a row how it ended (`None`: confirmed), where its kind remembers that.
    fn noted(update: UpdateMany<Self::Rows>, ending: Option<Ending>) -> UpdateMany<Self::Rows> {
        let _ = ending;
        update
    }
}

/// Why a sub-site will not be told any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has no address for it, does not want it or may not know it, or is no sub-site any more.
    NotSupported,
    /// It said that it will not.
    Refused,
    /// It did not answer often enough, or for too long.
    NoAnswer,
}

/// A row that is due. Nobody has it yet.
#[derive(Clone, Debug)]
pub struct Due<L> {
    id: Uuid,
    attempts: i32,
    /// What is to be told.
    pub letter: L,
}

/// A row that this node took.
#[derive(Clone, Debug)]
pub struct Taken<L> {
    id: Uuid,
    attempts: i32,
    /// What is to be told.
    pub letter: L,
}

impl<L> Taken<L> {
    /// The number of this attempt, from 1.
    pub fn attempt(&self) -> u32 {
        u32::try_from(self.attempts).unwrap_or(u32::MAX)
    }

    /// The row's name in the log.
    pub const fn number(&self) -> Uuid {
        self.id
    }
}

/// The rows that nothing became of yet, by the partial indexes: they hold under these very conditions only.
fn open<L: Letter>() -> Select<L::Rows> {
    L::Rows::find()
        .filter(Expr::col(Column::ToldAt).is_null())
        .filter(Expr::col(Column::DeadAt).is_null())
}

pub(crate) fn select_due<L: Letter>(now: DateTime<Utc>, without: &BTreeSet<ClientId>) -> Select<L::Rows> {
    let mut query = open::<L>()
        .filter(Expr::col(Column::NextAttemptAt).lte(now))
        .filter(Expr::col(Column::ExpiresAt).gt(now));
    if !without.is_empty() {
        let names = without.iter().map(ClientId::as_str);
        query = query.filter(Expr::col(Column::ClientId).is_not_in(names));
    }
    query.order_by_asc(Expr::col(Column::NextAttemptAt))
}

pub(crate) fn select_expired<L: Letter>(now: DateTime<Utc>) -> Select<L::Rows> {
    open::<L>()
        .filter(Expr::col(Column::ExpiresAt).lte(now))
        .limit(GIVE_UP_MAX)
}

/// An update of a row that nobody has taken since so many attempts.
fn same<L: Letter>(id: Uuid, attempts: i32) -> UpdateMany<L::Rows> {
    L::Rows::update_many()
        .filter(Expr::col(Column::Id).eq(id))
        .filter(Expr::col(Column::Attempts).eq(attempts))
        .filter(Expr::col(Column::ToldAt).is_null())
        .filter(Expr::col(Column::DeadAt).is_null())
}

/// The rows that are due, at most `limit`, without those of some sub-sites. One that cannot be read keeps nobody
/// else's from being told: it is left alone for a while, for a node of a newer release.
pub async fn due<L: Letter>(
    tx: &Tx,
    now: DateTime<Utc>,
    without: &BTreeSet<ClientId>,
    limit: u64,
) -> Result<Vec<Due<L>>, StoreError> {
    let rows = select_due::<L>(now, without).limit(limit).all(tx).await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, attempts) = L::attempts(&row);
        match L::read(&row) {
            Ok(letter) => due.push(Due { id, attempts, letter }),
            Err(error) => {
                tracing::error!(row = %id, %error, "what a sub-site is to be told cannot be read");
                let later = now + TimeDelta::seconds(UNREADABLE_SECONDS);
                same::<L>(id, attempts)
                    .col_expr(Column::NextAttemptAt, Expr::value(later))
                    .exec(tx)
                    .await?;
            }
        }
    }
    Ok(due)
}

/// Takes a row for the length of a lease; `None` when another node was faster.
pub async fn take<L: Letter>(
    tx: &Tx,
    due: &Due<L>,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Taken<L>>, StoreError> {
    let won = same::<L>(due.id, due.attempts)
        .col_expr(Column::NextAttemptAt, Expr::value(now + lease))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Expr::col(Column::NextAttemptAt).lte(now))
        .exec(tx)
        .await?;
    Ok((won.rows_affected == 1).then(|| Taken {
        id: due.id,
        attempts: due.attempts.saturating_add(1),
        letter: due.letter.clone(),
    }))
}

/// Notes that the sub-site confirmed.
pub async fn confirmed<L: Letter>(tx: &Tx, taken: &Taken<L>, now: DateTime<Utc>) -> Result<(), StoreError> {
    let told = L::Rows::update_many()
        .col_expr(Column::ToldAt, Expr::value(now))
        .filter(Expr::col(Column::Id).eq(taken.id))
        .filter(Expr::col(Column::ToldAt).is_null());
    L::noted(told, None).exec(tx).await?;
    Ok(())
}

/// Says when the sub-site is told again.
pub async fn retry_at<L: Letter>(tx: &Tx, taken: &Taken<L>, at: DateTime<Utc>) -> Result<(), StoreError> {
    same::<L>(taken.id, taken.attempts)
        .col_expr(Column::NextAttemptAt, Expr::value(at))
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives up; answers whether this attempt was still the last.
pub async fn give_up<L: Letter>(
    tx: &Tx,
    taken: &Taken<L>,
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    end::<L>(tx, (taken.id, taken.attempts), ending, now).await
}

async fn end<L: Letter>(
    tx: &Tx,
    (id, attempts): (Uuid, i32),
    ending: Ending,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let dead = same::<L>(id, attempts).col_expr(Column::DeadAt, Expr::value(now));
    let ended = L::noted(dead, Some(ending)).exec(tx).await?;
    Ok(ended.rows_affected == 1)
}

/// Gives up some rows whose time is over; answers which, without those that cannot be read.
pub async fn give_up_expired<L: Letter>(tx: &Tx, now: DateTime<Utc>) -> Result<Vec<L>, StoreError> {
    let mut given_up = Vec::new();
    for row in select_expired::<L>(now).all(tx).await? {
        let (id, attempts) = L::attempts(&row);
        if !end::<L>(tx, (id, attempts), Ending::NoAnswer, now).await? {
            continue;
        }
        match L::read(&row) {
            Ok(letter) => given_up.push(letter),
            Err(error) => {
                tracing::error!(row = %id, %error, "what a sub-site was to be told cannot be read, and is given up");
            }
        }
    }
    Ok(given_up)
}
