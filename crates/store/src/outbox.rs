//! Messages that wait for delivery. They are written in the transaction that decides to send them and delivered
//! after it; recipient and text are sealed, and the text is wiped as soon as it is of no more use.
//!
//! Several nodes deliver side by side: a message is claimed by a guarded statement that moves its next attempt
//! past the lease, so that one node sends it, and another takes over when that node dies.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use model::ids::MessageId;
use model::secret::Sensitive;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::outbox;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Column;

/// How a message goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// To a phone.
    Sms,
    /// To a mailbox.
    Email,
}

impl Channel {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Sms, Self::Email]
            .into_iter()
            .find(|channel| channel.as_str() == word)
            .ok_or(StoreError::Malformed("outbox.channel"))
    }
}

/// A message to be sent.
#[derive(Debug)]
pub struct NewMessage<'a> {
    /// Its identifier; the gateway knows the message by it.
    pub id: MessageId,
    /// How it goes out.
    pub channel: Channel,
    /// The name of its template, which gateways ask for.
    pub template: &'static str,
    /// The phone (E.164) or the mailbox.
    pub recipient: Sensitive<&'a str>,
    /// What it says.
    pub text: Sensitive<String>,
    /// Now.
    pub now: DateTime<Utc>,
    /// After this it is of no use.
    pub expires_at: DateTime<Utc>,
}

/// A message that this node is to send now.
#[derive(Clone)]
pub struct Claimed {
    /// Its identifier.
    pub id: MessageId,
    /// How it goes out.
    pub channel: Channel,
    /// The name of its template.
    pub template: String,
    /// The phone or the mailbox.
    pub recipient: Sensitive<String>,
    /// What it says.
    pub text: Sensitive<String>,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// After this it is of no use.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Claimed({} {} attempt {})",
            self.id, self.template, self.attempt
        )
    }
}

/// Stores a message; it is due at once.
pub async fn put(tx: &Tx, new: &NewMessage<'_>) -> Result<(), StoreError> {
    put_for(tx, new, new.now).await
}

/// Stores a message that is due at a later time.
pub async fn put_for(tx: &Tx, new: &NewMessage<'_>, due: DateTime<Utc>) -> Result<(), StoreError> {
    insert(tx, new, (due, None)).await
}

/// Stores a message that nobody is sent: the work of one, where who looks on must not see that there is none (A203). It is
/// swept with the others.
pub async fn put_for_nobody(tx: &Tx, new: &NewMessage<'_>) -> Result<(), StoreError> {
    insert(tx, new, (new.now, Some(new.now))).await
}

async fn insert(
    tx: &Tx,
    new: &NewMessage<'_>,
    (due, dead_at): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<(), StoreError> {
    let id = new.id.as_uuid();
    let seal = |column, text: &str| tx.vault().seal(column, id.as_bytes(), text.as_bytes());
    let row = outbox::ActiveModel {
        id: Set(id),
        channel: Set(new.channel.as_str().to_owned()),
        template: Set(new.template.to_owned()),
        recipient_sealed: Set(seal(Column::OutboxRecipient, new.recipient.expose())?),
        text_sealed: Set(seal(Column::OutboxText, new.text.expose())?),
        attempts: Set(0),
        created_at: Set(new.now),
        next_attempt_at: Set(due),
        expires_at: Set(new.expires_at),
        sent_at: Set(None),
        dead_at: Set(dead_at),
    };
    outbox::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Claims messages that are due, at most `limit`, for the length of a lease. No other node gets them meanwhile.
pub async fn claim(
    tx: &Tx,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: u64,
) -> Result<Vec<Claimed>, StoreError> {
    let due = outbox::Entity::find()
        .filter(outbox::Column::SentAt.is_null())
        .filter(outbox::Column::DeadAt.is_null())
        .filter(outbox::Column::NextAttemptAt.lte(now))
        .filter(outbox::Column::ExpiresAt.gt(now))
        .order_by_asc(outbox::Column::NextAttemptAt)
        .limit(limit)
        .all(tx)
        .await?;
    let mut claimed = Vec::with_capacity(due.len());
    for row in due {
        let won = outbox::Entity::update_many()
            .col_expr(outbox::Column::NextAttemptAt, Expr::value(now + lease))
            .col_expr(
                outbox::Column::Attempts,
                Expr::col(outbox::Column::Attempts).add(1),
            )
            .filter(outbox::Column::Id.eq(row.id))
            .filter(outbox::Column::Attempts.eq(row.attempts))
            .filter(outbox::Column::SentAt.is_null())
            .filter(outbox::Column::DeadAt.is_null())
            .filter(outbox::Column::NextAttemptAt.lte(now))
            .exec(tx)
            .await?;
        if won.rows_affected == 1 {
            claimed.push(from_row(tx, row)?);
        }
    }
    Ok(claimed)
}

/// Notes that a message was taken by the gateway.
pub async fn sent(tx: &Tx, id: MessageId, now: DateTime<Utc>) -> Result<(), StoreError> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::SentAt, Expr::value(now))
        .col_expr(outbox::Column::TextSealed, Expr::value(Vec::<u8>::new()))
        .filter(outbox::Column::Id.eq(id.as_uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Says when a message that could not be sent is due again.
pub async fn retry_at(tx: &Tx, id: MessageId, at: DateTime<Utc>) -> Result<(), StoreError> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::NextAttemptAt, Expr::value(at))
        .filter(outbox::Column::Id.eq(id.as_uuid()))
        .filter(outbox::Column::SentAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives a message up.
pub async fn give_up(tx: &Tx, id: MessageId, now: DateTime<Utc>) -> Result<(), StoreError> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::DeadAt, Expr::value(now))
        .col_expr(outbox::Column::TextSealed, Expr::value(Vec::<u8>::new()))
        .filter(outbox::Column::Id.eq(id.as_uuid()))
        .filter(outbox::Column::SentAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives up every message whose time is over; answers how many.
pub async fn give_up_expired(tx: &Tx, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let given_up = outbox::Entity::update_many()
        .col_expr(outbox::Column::DeadAt, Expr::value(now))
        .col_expr(outbox::Column::TextSealed, Expr::value(Vec::<u8>::new()))
        .filter(outbox::Column::SentAt.is_null())
        .filter(outbox::Column::DeadAt.is_null())
        .filter(outbox::Column::ExpiresAt.lte(now))
        .exec(tx)
        .await?;
    Ok(given_up.rows_affected)
}

fn from_row(tx: &Tx, row: outbox::Model) -> Result<Claimed, StoreError> {
    let open = |column, sealed: &[u8]| {
        tx.vault()
            .open_text(column, row.id.as_bytes(), sealed)
            .map(Sensitive::new)
    };
    Ok(Claimed {
        id: MessageId::from_uuid(row.id),
        channel: Channel::parse(&row.channel)?,
        recipient: open(Column::OutboxRecipient, &row.recipient_sealed)?,
        text: open(Column::OutboxText, &row.text_sealed)?,
        attempt: u32::try_from(row.attempts).unwrap_or_default().saturating_add(1),
        expires_at: row.expires_at,
        template: row.template,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;
    use model::rng::Rng;

    async fn message(tx: &Tx, now: DateTime<Utc>) -> MessageId {
        let id = MessageId::new(now, &Rng::system());
        let new = NewMessage {
            id,
            channel: Channel::Sms,
            template: "registration-code",
            recipient: Sensitive::new("+8613800000001"),
            text: Sensitive::new("123456".to_owned()),
            now,
            expires_at: now + TimeDelta::minutes(5),
        };
        put(tx, &new).await.unwrap();
        id
    }

    #[tokio::test]
    async fn a_message_is_claimed_by_one_node_and_by_another_after_the_lease() {
        for test in stores().await {
            let (now, lease) = (test.clock.now(), TimeDelta::seconds(30));
            message(&test.store.read(), now).await;
            let mut nodes = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let store = test.store.clone();
                nodes.spawn(async move { claim(&store.read(), now, lease, 10).await.unwrap().len() });
            }
            assert_eq!(
                nodes.join_all().await.into_iter().sum::<usize>(),
                1,
                "{}",
                test.database.kind()
            );
            let tx = test.store.read();
            let again = claim(&tx, now + lease, lease, 10).await.unwrap();
            assert_eq!(again.len(), 1);
            assert_eq!((again[0].attempt, again[0].text.expose().as_str()), (2, "123456"));
            assert_eq!(again[0].recipient.expose(), "+8613800000001");
        }
    }

    #[tokio::test]
    async fn attack_203_a_message_for_nobody_is_never_sent_and_never_missed() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let new = NewMessage {
                id: MessageId::new(now, &Rng::system()),
                channel: Channel::Email,
                template: "mail-activate",
                recipient: Sensitive::new("an@example.vn"),
                text: Sensitive::new("a link".to_owned()),
                now,
                expires_at: now + TimeDelta::minutes(5),
            };
            put_for_nobody(&tx, &new).await.unwrap();
            let lease = TimeDelta::seconds(1);
            assert!(claim(&tx, now, lease, 9).await.unwrap().is_empty());
            let late = now + TimeDelta::minutes(5);
            assert_eq!(give_up_expired(&tx, late).await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn a_message_that_is_sent_given_up_or_late_is_not_sent_again() {
        for test in stores().await {
            let (tx, now, lease) = (test.store.read(), test.clock.now(), TimeDelta::seconds(1));
            let sent_one = message(&tx, now).await;
            let dead_one = message(&tx, now).await;
            let retried = message(&tx, now).await;
            assert_eq!(
                claim(&tx, now, lease, 2).await.unwrap().len(),
                2,
                "the limit holds"
            );
            sent(&tx, sent_one, now).await.unwrap();
            give_up(&tx, dead_one, now).await.unwrap();
            retry_at(&tx, retried, now + TimeDelta::seconds(20))
                .await
                .unwrap();
            assert!(
                claim(&tx, now + TimeDelta::seconds(10), lease, 9)
                    .await
                    .unwrap()
                    .is_empty()
            );
            let due = claim(&tx, now + TimeDelta::seconds(20), lease, 9).await.unwrap();
            assert_eq!(due.iter().map(|one| one.id).collect::<Vec<_>>(), [retried]);
            let late = now + TimeDelta::minutes(5);
            assert!(claim(&tx, late, lease, 9).await.unwrap().is_empty());
            assert_eq!(give_up_expired(&tx, late).await.unwrap(), 1);
        }
    }
}
