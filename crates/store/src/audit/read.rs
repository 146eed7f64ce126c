//! Reading the log: newest first, a page at a time. Identifiers of rows are time-ordered, so that a stretch of time is a
//! stretch of the primary key.

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use crate::entity::audit::{Column, Entity};
use crate::error::StoreError;
use crate::tx::Tx;

/// The entries of one page.
pub const PAGE: u64 = 50;

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only this event, by its name.
    pub event: Option<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Older than this entry: the last of the page before.
    pub older_than: Option<Uuid>,
}

/// An entry as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The identifier, which continues a list.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// The name of the event.
    pub event: String,
    /// Whose account.
    pub account: Option<Uuid>,
    /// Which sub-site.
    pub client: Option<String>,
    /// The correlation number of the request.
    pub request_id: Option<String>,
    /// More, as JSON.
    pub details: String,
}

/// The smallest identifier of a moment.
fn first_of(at: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

/// A page of entries, newest first.
pub async fn read(tx: &Tx, filter: &Filter) -> Result<Vec<Read>, StoreError> {
    let mut query = Entity::find();
    if let Some(account) = filter.account {
        query = query.filter(Column::AccountId.eq(account.as_uuid()));
    }
    if let Some(event) = &filter.event {
        query = query.filter(Column::Event.eq(event));
    }
    if let Some(from) = filter.from {
        query = query.filter(Column::Id.gte(first_of(from)));
    }
    if let Some(until) = filter.until {
        query = query.filter(Column::Id.lt(first_of(until)));
    }
    if let Some(older_than) = filter.older_than {
        query = query.filter(Column::Id.lt(older_than));
    }
    let rows = query.order_by_desc(Column::Id).limit(PAGE).all(tx).await?;
    let read = rows.into_iter().map(|row| Read {
        id: row.id,
        at: row.at,
        event: row.event,
        account: row.account_id,
        client: row.client_id,
        request_id: row.request_id,
        details: row.details,
    });
    Ok(read.collect())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use model::event::Event;

    use super::*;
    use crate::audit::{Entry, record};
    use crate::testing::stores;

    #[tokio::test]
    async fn the_log_is_read_newest_first_by_account_event_and_time_in_pages() {
        for test in stores().await {
            let (tx, now, rng) = (test.store.read(), test.clock.now(), test.store.rng());
            let mine = AccountId::new(now, rng);
            for minute in 0..120 {
                let at = now + TimeDelta::minutes(minute);
                let event = if minute % 2 == 0 {
                    Event::SignedIn
                } else {
                    Event::SignedOut
                };
                let entry = Entry::new(event, at);
                let entry = if minute < 4 { entry.account(mine) } else { entry };
                record(&tx, rng, entry).await.unwrap();
            }
            let all = read(&tx, &Filter::default()).await.unwrap();
            assert_eq!(all.len(), 50);
            assert_eq!(all[0].at, now + TimeDelta::minutes(119));
            let filter = Filter {
                older_than: Some(all[49].id),
                ..Filter::default()
            };
            let next = read(&tx, &filter).await.unwrap();
            assert_eq!(
                next[0].at,
                now + TimeDelta::minutes(69),
                "{}",
                test.database.kind()
            );
            let filter = Filter {
                account: Some(mine),
                event: Some("signed_in".to_owned()),
                from: Some(now + TimeDelta::minutes(1)),
                until: Some(now + TimeDelta::minutes(3)),
                older_than: None,
            };
            let found = read(&tx, &filter).await.unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].at, now + TimeDelta::minutes(2));
        }
    }
}
