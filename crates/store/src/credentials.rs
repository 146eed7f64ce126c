//! What accounts sign in with: the password's hash. Other factors come later.

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::rng::Rng;
use model::secret::Sensitive;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::entity::{authorization_code, credential};
use crate::error::StoreError;
use crate::tx::Tx;

const PASSWORD: &str = "password";

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
}
