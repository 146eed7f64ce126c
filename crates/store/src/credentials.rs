//! What accounts sign in with: the password's hash, the hashes of those before it, and when its owner last put off
//! changing it. Other factors are in [`crate::factors`].

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::rng::Rng;
use model::secret::Sensitive;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use crate::entity::{authorization_code, credential, password_history};
use crate::error::StoreError;
use crate::tx::Tx;

const PASSWORD: &str = "password";
/// No credential, but when its owner last put off changing the password.
const PUT_OFF: &str = "password_put_off";

/// How many passwords before the current one cannot be chosen again.
pub const FORMER_MAX: usize = 5;

/// The stored form of a password, a PHC string.
#[derive(Clone, Debug)]
pub struct PasswordHash {
    /// The PHC string.
    pub phc: Sensitive<String>,
    /// When the password was last changed by its owner.
    pub changed_at: DateTime<Utc>,
}

/// Gives an account its first password; [`StoreError::Duplicate`] when it has one.
pub async fn create_password(
    tx: &Tx,
    rng: &Rng,
    account: AccountId,
    phc: &Sensitive<String>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = credential::ActiveModel {
        id: Set(rng.uuid_v7(now)),
        account_id: Set(account.as_uuid()),
        kind: Set(PASSWORD.to_owned()),
        secret: Set(phc.expose().clone()),
        created_at: Set(now),
        changed_at: Set(now),
    };
    credential::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The password of an account.
pub async fn find_password(tx: &Tx, account: AccountId) -> Result<Option<PasswordHash>, StoreError> {
    let row = credential::Entity::find()
        .filter(credential::Column::AccountId.eq(account.as_uuid()))
        .filter(credential::Column::Kind.eq(PASSWORD))
        .one(tx)
        .await?;
    Ok(row.map(|row| PasswordHash {
        phc: Sensitive::new(row.secret),
        changed_at: row.changed_at,
    }))
}

/// Stores the same password under newer cost parameters; only while it is still the one that was checked.
pub async fn rehash_password(
    tx: &Tx,
    account: AccountId,
    (old, new): (&Sensitive<String>, &Sensitive<String>),
) -> Result<bool, StoreError> {
    let changed = credential::Entity::update_many()
        .col_expr(credential::Column::Secret, Expr::value(new.expose().clone()))
        .filter(credential::Column::AccountId.eq(account.as_uuid()))
        .filter(credential::Column::Kind.eq(PASSWORD))
        .filter(credential::Column::Secret.eq(old.expose().clone()))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// The passwords before the current one, newest first, as many as cannot be chosen again.
pub async fn former_passwords(tx: &Tx, account: AccountId) -> Result<Vec<Sensitive<String>>, StoreError> {
    let rows = password_history::Entity::find()
        .filter(password_history::Column::AccountId.eq(account.as_uuid()))
        .order_by_desc(password_history::Column::RetiredAt)
        .order_by_desc(password_history::Column::Id)
        .limit(u64::try_from(FORMER_MAX).unwrap_or_default())
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| Sensitive::new(row.secret)).collect())
}

/// Changes the password and keeps the one before among those that cannot be chosen again; only while it is still the
/// one that was checked. Otherwise as [`change_password`].
pub async fn retire_password(
    tx: &Tx,
    rng: &Rng,
    account: AccountId,
    (old, new): (&Sensitive<String>, &Sensitive<String>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !rehash_password(tx, account, (old, new)).await? {
        return Ok(false);
    }
    remember_password(tx, rng, account, old, now).await?;
    change_password(tx, account, new, now).await
}

/// Keeps a password among those that cannot be chosen again, and forgets the oldest beyond [`FORMER_MAX`].
pub async fn remember_password(
    tx: &Tx,
    rng: &Rng,
    account: AccountId,
    phc: &Sensitive<String>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = password_history::ActiveModel {
        id: Set(rng.uuid_v7(now)),
        account_id: Set(account.as_uuid()),
        secret: Set(phc.expose().clone()),
        retired_at: Set(now),
    };
    password_history::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    let all = password_history::Entity::find()
        .select_only()
        .column(password_history::Column::Id)
        .filter(password_history::Column::AccountId.eq(account.as_uuid()))
        .order_by_desc(password_history::Column::RetiredAt)
        .order_by_desc(password_history::Column::Id)
        .into_tuple::<uuid::Uuid>()
        .all(tx)
        .await?;
    let beyond: Vec<_> = all.into_iter().skip(FORMER_MAX).collect();
    if !beyond.is_empty() {
        password_history::Entity::delete_many()
            .filter(password_history::Column::Id.is_in(beyond))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// When the owner last put off changing the password.
pub async fn put_off_at(tx: &Tx, account: AccountId) -> Result<Option<DateTime<Utc>>, StoreError> {
    let row = credential::Entity::find()
        .filter(credential::Column::AccountId.eq(account.as_uuid()))
        .filter(credential::Column::Kind.eq(PUT_OFF))
        .one(tx)
        .await?;
    Ok(row.map(|row| row.changed_at))
}

/// Notes that the owner puts off changing the password.
pub async fn put_off(tx: &Tx, rng: &Rng, account: AccountId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let row = credential::ActiveModel {
        id: Set(rng.uuid_v7(now)),
        account_id: Set(account.as_uuid()),
        kind: Set(PUT_OFF.to_owned()),
        secret: Set(String::new()),
        created_at: Set(now),
        changed_at: Set(now),
    };
    let again = OnConflict::columns([credential::Column::AccountId, credential::Column::Kind])
        .update_column(credential::Column::ChangedAt)
        .to_owned();
    credential::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Changes the password. Codes and refresh tokens end with the old one, also those of the sign-in that goes on (A090).
pub async fn change_password(
    tx: &Tx,
    account: AccountId,
    new: &Sensitive<String>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = credential::Entity::update_many()
        .col_expr(credential::Column::Secret, Expr::value(new.expose().clone()))
        .col_expr(credential::Column::ChangedAt, Expr::value(now))
        .filter(credential::Column::AccountId.eq(account.as_uuid()))
        .filter(credential::Column::Kind.eq(PASSWORD))
        .exec(tx)
        .await?;
    if changed.rows_affected == 1 {
        // Codes first: a redemption that is under way is waited for, and what it gives is seen.
        authorization_code::Entity::update_many()
            .col_expr(authorization_code::Column::RevokedAt, Expr::value(now))
            .filter(authorization_code::Column::AccountId.eq(account.as_uuid()))
            .filter(authorization_code::Column::UsedAt.is_null())
            .filter(authorization_code::Column::RevokedAt.is_null())
            .exec(tx)
            .await?;
        crate::refresh::revoke_of_account(tx, account, now).await?;
    }
    Ok(changed.rows_affected == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn an_account_has_one_password_and_a_stale_rehash_changes_nothing() {
        for test in stores().await {
            let (tx, rng, now) = (test.store.read(), Rng::system(), test.clock.now());
            let account = AccountId::new(now, &rng);
            let phc = |text: &str| Sensitive::new(text.to_owned());
            assert!(find_password(&tx, account).await.unwrap().is_none());
            create_password(&tx, &rng, account, &phc("one"), now)
                .await
                .unwrap();
            let twice = create_password(&tx, &rng, account, &phc("two"), now).await;
            assert!(
                matches!(twice, Err(StoreError::Duplicate)),
                "{}",
                test.database.kind()
            );
            assert!(
                rehash_password(&tx, account, (&phc("one"), &phc("three")))
                    .await
                    .unwrap()
            );
            assert!(
                !rehash_password(&tx, account, (&phc("one"), &phc("four")))
                    .await
                    .unwrap()
            );
            assert!(change_password(&tx, account, &phc("five"), now).await.unwrap());
            assert_eq!(
                find_password(&tx, account).await.unwrap().unwrap().phc.expose(),
                "five"
            );
        }
    }

    #[tokio::test]
    async fn the_five_passwords_before_are_remembered_and_a_stale_change_does_nothing() {
        for test in stores().await {
            let (tx, rng, mut now) = (test.store.read(), Rng::system(), test.clock.now());
            let account = AccountId::new(now, &rng);
            let phc = |number: usize| Sensitive::new(format!("password {number}"));
            create_password(&tx, &rng, account, &phc(0), now).await.unwrap();
            let stale = retire_password(&tx, &rng, account, (&phc(9), &phc(1)), now).await;
            assert!(!stale.unwrap(), "{}", test.database.kind());
            for number in 0..7 {
                now += chrono::TimeDelta::seconds(1);
                let changed = (&phc(number), &phc(number + 1));
                assert!(retire_password(&tx, &rng, account, changed, now).await.unwrap());
            }
            let former = former_passwords(&tx, account).await.unwrap();
            assert_eq!(former, [6, 5, 4, 3, 2].map(phc));
            let current = find_password(&tx, account).await.unwrap().unwrap();
            assert_eq!((current.phc, current.changed_at), (phc(7), now));
            assert_eq!(put_off_at(&tx, account).await.unwrap(), None);
            for at in [now, now + chrono::TimeDelta::days(1)] {
                put_off(&tx, &rng, account, at).await.unwrap();
                assert_eq!(put_off_at(&tx, account).await.unwrap(), Some(at));
            }
        }
    }
}
