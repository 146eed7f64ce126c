//! Reading what is due page by page, so that rows at the front that nothing can be done with keep none of the others from
//! their turn.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use crate::complaints;

/// Where a page ended: the next one begins after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    at: DateTime<Utc>,
    id: Uuid,
}

impl Default for After {
    /// Before everything.
    fn default() -> Self {
        Self {
            at: DateTime::UNIX_EPOCH,
            id: Uuid::nil(),
        }
    }
}

impl After {
    /// After a row.
    pub(crate) const fn new(at: DateTime<Utc>, id: Uuid) -> Self {
        Self { at, id }
    }

    /// What comes after it in the order of a moment and an identifier.
    pub(crate) fn condition(&self, moment: impl ColumnTrait, id: impl ColumnTrait) -> Condition {
        Condition::any()
            .add(moment.gt(self.at))
            .add(moment.eq(self.at).and(id.gt(self.id)))
    }
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What could be read of it.
    pub rows: Vec<T>,
    /// Where the next one begins; `None` when there is none.
    pub next: Option<After>,
}

impl<T> Page<T> {
    /// What was read of at most `limit` rows, each with its place in the order. One that cannot be read is logged and left to
    /// a newer release.
    pub(crate) fn of(
        read: impl IntoIterator<Item = (After, Result<T, crate::error::StoreError>)>,
        limit: u64,
    ) -> Self {
        let (mut rows, mut last, mut count) = (Vec::new(), None, 0_u64);
        for (after, row) in read {
            (last, count) = (Some(after), count + 1);
            match row {
                Ok(row) => rows.push(row),
                Err(error) => {
                    if complaints::is_due("a row that is due cannot be read", after.id) {
                        tracing::error!(row = %after.id, %error, "a row that is due cannot be read");
                    }
                }
            }
        }
        Self {
            rows,
            next: last.filter(|_| count >= limit),
        }
    }
}
