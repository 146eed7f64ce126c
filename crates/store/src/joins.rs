//! Two accounts of one person become one: the older stays, the newer closes. Every step is guarded, so that of two that
//! happen at once only one does.

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::phone::Phone;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::accounts::{self, Status};
use crate::entity::account;
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::{Column, Index};

/// Makes whoever else changes one of two accounts wait until this transaction ends; always in the same order, so that
/// nobody waits in a circle.
pub async fn take_turns(tx: &Tx, one: AccountId, other: AccountId) -> Result<(), StoreError> {
    let (first, second) = if one.as_uuid() < other.as_uuid() {
        (one, other)
    } else {
        (other, one)
    };
    accounts::take_turns(tx, first).await?;
    accounts::take_turns(tx, second).await
}

/// Closes an account in use; its phone and number are free for another from then on.
pub async fn close(tx: &Tx, id: AccountId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let changed = account::Entity::update_many()
        .col_expr(account::Column::Status, Expr::value(Status::Closed.as_str()))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(id.as_uuid()))
        .filter(account::Column::Status.eq(Status::Active.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Gives an account another phone. [`StoreError::Duplicate`] when it is that of a third account. For a closed account
/// the phone only remains known, so that the change can be taken back.
pub async fn put_phone(
    tx: &Tx,
    (id, status): (AccountId, Status),
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = id.as_uuid();
    let sealed = tx
        .vault()
        .seal(Column::AccountPhone, row.as_bytes(), phone.e164().as_bytes())?;
    let index = tx.vault().index(Index::Phone, phone.e164()).to_vec();
    let changed = account::Entity::update_many()
        .col_expr(account::Column::PhoneSealed, Expr::value(sealed))
        .col_expr(account::Column::PhoneIndex, Expr::value(index))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(row))
        .filter(account::Column::Status.eq(status.as_str()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

#[cfg(test)]
mod tests {
    use model::client::AccountKind;
    use model::language::Language;
    use model::rng::Rng;

    use super::*;
    use crate::accounts::NewAccount;
    use crate::testing::{TestStore, stores};

    async fn account(test: &TestStore, phone: &str) -> AccountId {
        let now = test.clock.now();
        let new = NewAccount {
            id: AccountId::new(now, &Rng::system()),
            kind: AccountKind::Resident,
            language: Language::En,
            phone: Phone::parse(phone).unwrap(),
            created_at: now,
        };
        accounts::create(&test.store.read(), &new).await.unwrap();
        new.id
    }

    #[tokio::test]
    async fn an_account_closes_once_and_its_phone_can_move_to_the_older_one() {
        for test in stores().await {
            let (old, new) = (
                account(&test, "13900000002").await,
                account(&test, "13800000001").await,
            );
            let (now, phone) = (test.clock.now(), Phone::parse("13800000001").unwrap());
            let tx = test.store.read();
            let taken = put_phone(&tx, (old, Status::Active), &phone, now).await;
            assert!(
                matches!(taken, Err(StoreError::Duplicate)),
                "{}",
                test.database.kind()
            );
            assert!(close(&tx, new, now).await.unwrap());
            assert!(!close(&tx, new, now).await.unwrap());
            assert!(put_phone(&tx, (old, Status::Active), &phone, now).await.unwrap());
            assert!(!put_phone(&tx, (new, Status::Active), &phone, now).await.unwrap());
            let found = accounts::find_by_phone(&tx, &phone).await.unwrap().unwrap();
            assert_eq!(found.id, old);
            // What the closed one had stays known there.
            let earlier = Phone::parse("13900000002").unwrap();
            assert!(
                put_phone(&tx, (new, Status::Closed), &earlier, now)
                    .await
                    .unwrap()
            );
            assert!(accounts::find_by_phone(&tx, &earlier).await.unwrap().is_none());
        }
    }
}
