//! What people were told, for the list in their own space, and what they want to be told by which channel. What a notice
//! fills into its text is sealed; the text itself is made when it is shown, in the language of that moment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::ids::{AccountId, NoticeId};
use model::notice::{Channel, Kind, Topic};
use model::rng::Rng;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
};

use crate::entity::{notice, notice_preference};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Column;

/// The most rows that go in one statement.
const BATCH: u64 = 1000;

/// What fills the places of a text, by name.
pub type Args = BTreeMap<String, String>;

/// A notice in the list.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its identifier.
    pub id: NoticeId,
    /// What it says.
    pub kind: Kind,
    /// What fills its text. Personal data may be in it.
    pub args: Args,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When the person saw it first.
    pub read_at: Option<DateTime<Utc>>,
}

/// Adds a notice to the list of an account.
pub async fn put(
    tx: &Tx,
    account: AccountId,
    (id, kind): (NoticeId, Kind),
    args: &Args,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row_id = id.as_uuid();
    let text = serde_json::to_vec(args).map_err(|_| StoreError::Malformed("notice.args"))?;
    let row = notice::ActiveModel {
        id: Set(row_id),
        account_id: Set(account.as_uuid()),
        kind: Set(kind.as_str().to_owned()),
        args_sealed: Set(tx.vault().seal(Column::NoticeArgs, row_id.as_bytes(), &text)?),
        created_at: Set(now),
        read_at: Set(None),
    };
    notice::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The newest notices of an account, at most `limit`, after the first `skip`. One that this program has no words for,
/// because a later release wrote it, is left out.
pub async fn list(tx: &Tx, account: AccountId, (skip, limit): (u64, u64)) -> Result<Vec<Notice>, StoreError> {
    let rows = notice::Entity::find()
        .filter(notice::Column::AccountId.eq(account.as_uuid()))
        .order_by_desc(notice::Column::CreatedAt)
        .order_by_desc(notice::Column::Id)
        .offset(skip)
        .limit(limit)
        .all(tx)
        .await?;
    rows.into_iter()
        .filter_map(|row| Kind::parse(&row.kind).map(|kind| (kind, row)))
        .map(|(kind, row)| from_row(tx, kind, row))
        .collect()
}

/// How many notices of an account were not seen yet.
pub async fn count_unread(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let unread = notice::Entity::find()
        .filter(notice::Column::AccountId.eq(account.as_uuid()))
        .filter(notice::Column::ReadAt.is_null());
    Ok(unread.count(tx).await?)
}

/// Notes that a person has seen every notice up to one moment; answers how many there were.
pub async fn read_until(
    tx: &Tx,
    account: AccountId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let read = notice::Entity::update_many()
        .col_expr(notice::Column::ReadAt, Expr::value(now))
        .filter(notice::Column::AccountId.eq(account.as_uuid()))
        .filter(notice::Column::CreatedAt.lte(until))
        .filter(notice::Column::ReadAt.is_null())
        .exec(tx)
        .await?;
    Ok(read.rows_affected)
}

/// Deletes notices that are older than a moment, one batch; answers how many.
pub async fn forget_before(tx: &Tx, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let some = notice::Entity::find()
        .select_only()
        .column(notice::Column::Id)
        .filter(notice::Column::CreatedAt.lt(before))
        .limit(BATCH)
        .into_query();
    let gone = notice::Entity::delete_many()
        .filter(notice::Column::Id.in_subquery(some))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected)
}

/// Deletes the list and the choices of an account: it is closed.
pub async fn forget(tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    notice::Entity::delete_many()
        .filter(notice::Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    notice_preference::Entity::delete_many()
        .filter(notice_preference::Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

fn from_row(tx: &Tx, kind: Kind, row: notice::Model) -> Result<Notice, StoreError> {
    let text = tx
        .vault()
        .open(Column::NoticeArgs, row.id.as_bytes(), &row.args_sealed)?;
    Ok(Notice {
        id: NoticeId::from_uuid(row.id),
        kind,
        args: serde_json::from_slice(&text).map_err(|_| StoreError::Malformed("notice.args"))?,
        created_at: row.created_at,
        read_at: row.read_at,
    })
}

/// What an account wants to be told by which channel. What was not chosen is as [`Topic::by_default`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes(BTreeMap<(Topic, Channel), bool>);

impl Wishes {
    /// Whether something goes out by a channel. What cannot be switched off does, whatever is stored.
    pub fn wants(&self, topic: Topic, channel: Channel) -> bool {
        let chosen = self.0.get(&(topic, channel)).copied();
        !topic.is_optional() || chosen.unwrap_or_else(|| topic.by_default(channel))
    }
}

/// What an account has chosen.
pub async fn wishes(tx: &Tx, account: AccountId) -> Result<Wishes, StoreError> {
    let rows = notice_preference::Entity::find()
        .filter(notice_preference::Column::AccountId.eq(account.as_uuid()))
        .all(tx)
        .await?;
    let known =
        |row: &notice_preference::Model| Some((Topic::parse(&row.topic)?, Channel::parse(&row.channel)?));
    Ok(Wishes(
        rows.iter()
            .filter_map(|row| known(row).map(|key| (key, row.wanted)))
            .collect(),
    ))
}

/// Stores a choice; the last one counts.
pub async fn wish(
    tx: &Tx,
    rng: &Rng,
    account: AccountId,
    (topic, channel, wanted): (Topic, Channel, bool),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = notice_preference::ActiveModel {
        id: Set(rng.uuid_v7(now)),
        account_id: Set(account.as_uuid()),
        topic: Set(topic.as_str().to_owned()),
        channel: Set(channel.as_str().to_owned()),
        wanted: Set(wanted),
        changed_at: Set(now),
    };
    let key = [
        notice_preference::Column::AccountId,
        notice_preference::Column::Topic,
        notice_preference::Column::Channel,
    ];
    let latest = OnConflict::columns(key)
        .update_columns([
            notice_preference::Column::Wanted,
            notice_preference::Column::ChangedAt,
        ])
        .to_owned();
    notice_preference::Entity::insert(row)
        .on_conflict(latest)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use sea_orm::ConnectionTrait as _;

    use super::*;
    use crate::testing::{start_time, stores};

    fn account() -> AccountId {
        AccountId::new(start_time(), &Rng::system())
    }

    async fn told(tx: &Tx, account: AccountId, kind: Kind, minutes: i64) -> NoticeId {
        let now = start_time() + TimeDelta::minutes(minutes);
        let id = NoticeId::new(now, &Rng::system());
        let args = Args::from([("phone".to_owned(), "138****1234".to_owned())]);
        put(tx, account, (id, kind), &args, now).await.unwrap();
        id
    }

    #[tokio::test]
    async fn the_newest_notice_comes_first_and_nobody_sees_those_of_others() {
        for test in stores().await {
            let (tx, mine, other) = (test.store.read(), account(), account());
            let first = told(&tx, mine, Kind::PasswordChanged, 0).await;
            let second = told(&tx, mine, Kind::PhoneChanged, 1).await;
            told(&tx, other, Kind::Held, 2).await;
            let seen = list(&tx, mine, (0, 10)).await.unwrap();
            assert_eq!(seen.iter().map(|one| one.id).collect::<Vec<_>>(), [second, first]);
            assert_eq!(seen[0].args["phone"], "138****1234");
            assert_eq!(list(&tx, mine, (1, 1)).await.unwrap()[0].id, first);
            assert_eq!(count_unread(&tx, mine).await.unwrap(), 2);
            // What came after the page was made stays unread.
            let now = start_time() + TimeDelta::minutes(5);
            assert_eq!(read_until(&tx, mine, start_time(), now).await.unwrap(), 1);
            assert_eq!(read_until(&tx, mine, start_time(), now).await.unwrap(), 0);
            assert_eq!(count_unread(&tx, mine).await.unwrap(), 1);
            forget(&tx, mine).await.unwrap();
            assert!(list(&tx, mine, (0, 10)).await.unwrap().is_empty());
            assert_eq!(count_unread(&tx, other).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn a_notice_of_a_later_release_is_left_out() {
        for test in stores().await {
            let (tx, mine) = (test.store.read(), account());
            told(&tx, mine, Kind::PasswordChanged, 0).await;
            told(&tx, mine, Kind::Held, 1).await;
            tx.execute_unprepared("UPDATE notice SET kind = 'from-the-future' WHERE kind = 'held'")
                .await
                .unwrap();
            assert_eq!(list(&tx, mine, (0, 10)).await.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn the_last_choice_counts_and_security_cannot_be_switched_off() {
        for test in stores().await {
            let (tx, mine, rng, now) = (test.store.read(), account(), Rng::system(), start_time());
            let before = wishes(&tx, mine).await.unwrap();
            assert!(
                before.wants(Topic::SignIns, Channel::Sms) && !before.wants(Topic::Level, Channel::Email)
            );
            for wanted in [true, false] {
                wish(&tx, &rng, mine, (Topic::SignIns, Channel::Sms, wanted), now)
                    .await
                    .unwrap();
            }
            wish(&tx, &rng, mine, (Topic::Security, Channel::Sms, false), now)
                .await
                .unwrap();
            wish(&tx, &rng, account(), (Topic::SignIns, Channel::Email, false), now)
                .await
                .unwrap();
            let after = wishes(&tx, mine).await.unwrap();
            assert!(
                !after.wants(Topic::SignIns, Channel::Sms),
                "{}",
                test.database.kind()
            );
            assert!(after.wants(Topic::SignIns, Channel::Email));
            assert!(after.wants(Topic::Security, Channel::Sms));
        }
    }
}
