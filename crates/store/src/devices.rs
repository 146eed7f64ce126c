//! Browsers that an account was used from before: so that its owner hears of one that is new. A device is known by a
//! random value in a cookie of its own; what is stored is a hash of it together with the account, so that two people who
//! share a computer are not joined by it. Being known opens nothing and raises nothing (A226).

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::secret::{Token, TokenHash};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::entity::known_device::{ActiveModel, Column as Field, Entity};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault::Column;

/// The most devices that a list shows.
const LIST_MAX: u64 = 50;

/// Whether an account was used from a device before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It was not, or it was forgotten since.
    New,
    /// It was used before.
    Known,
}

/// A device as its owner's list shows it.
#[derive(Clone, Debug)]
pub struct Device {
    /// What stands for it; no secret.
    pub handle: TokenHash,
    /// Browser and system.
    pub label: String,
    /// When it was first used.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last signed in from.
    pub last_seen_at: DateTime<Utc>,
}

/// What stands for a device at an account.
pub fn handle_of(account: AccountId, device: &Token) -> TokenHash {
    TokenHash::of(&format!("device\u{0}{account}\u{0}{}", device.expose()))
}

/// Whether an account was used from a device before.
pub async fn is_known(tx: &Tx, account: AccountId, device: &Token) -> Result<bool, StoreError> {
    let row = Entity::find_by_id(handle_of(account, device).as_bytes().to_vec())
        .filter(Field::AccountId.eq(account.as_uuid()));
    Ok(row.count(tx).await? > 0)
}

/// Notes that an account is used from a device, and says whether it was before.
pub async fn note(
    tx: &Tx,
    account: AccountId,
    (device, label): (&Token, &str),
    now: DateTime<Utc>,
) -> Result<Seen, StoreError> {
    let id = handle_of(account, device);
    let sealed = tx
        .vault()
        .seal(Column::DeviceLabel, id.as_bytes(), label.as_bytes())?;
    let again = Entity::update_many()
        .col_expr(Field::LastSeenAt, Expr::value(now))
        .col_expr(Field::LabelSealed, Expr::value(sealed.clone()))
        .filter(Field::DeviceHash.eq(id.as_bytes().to_vec()))
        .filter(Field::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    if again.rows_affected == 1 {
        return Ok(Seen::Known);
    }
    let row = ActiveModel {
        device_hash: Set(id.as_bytes().to_vec()),
        account_id: Set(account.as_uuid()),
        label_sealed: Set(sealed),
        first_seen_at: Set(now),
        last_seen_at: Set(now),
    };
    // The same browser in two tabs at once: one row.
    Entity::insert(row)
        .on_conflict(
            OnConflict::column(Field::DeviceHash)
                .update_column(Field::LastSeenAt)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(Seen::New)
}

/// The devices of an account, last used first.
pub async fn list(tx: &Tx, account: AccountId) -> Result<Vec<Device>, StoreError> {
    let rows = Entity::find()
        .filter(Field::AccountId.eq(account.as_uuid()))
        .order_by_desc(Field::LastSeenAt)
        .limit(LIST_MAX)
        .all(tx)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Device {
                handle: TokenHash::from_bytes(&row.device_hash)
                    .ok_or(StoreError::Malformed("known_device.device_hash"))?,
                label: tx
                    .vault()
                    .open_text(Column::DeviceLabel, &row.device_hash, &row.label_sealed)?,
                first_seen_at: row.first_seen_at,
                last_seen_at: row.last_seen_at,
            })
        })
        .collect()
}

/// Forgets one device of an account.
pub async fn forget(tx: &Tx, account: AccountId, handle: &TokenHash) -> Result<bool, StoreError> {
    let gone = Entity::delete_by_id(handle.as_bytes().to_vec())
        .filter(Field::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// Forgets all devices of an account but the one to keep.
pub async fn forget_all(tx: &Tx, account: AccountId, keep: Option<&TokenHash>) -> Result<u64, StoreError> {
    let mut all = Entity::delete_many().filter(Field::AccountId.eq(account.as_uuid()));
    if let Some(keep) = keep {
        all = all.filter(Field::DeviceHash.ne(keep.as_bytes().to_vec()));
    }
    Ok(all.exec(tx).await?.rows_affected)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::stores;

    #[tokio::test]
    async fn attack_226_a_device_is_known_to_one_account_until_it_is_forgotten() {
        for test in stores().await {
            let (tx, rng) = (test.store.read(), test.store.rng());
            let [mine, theirs] = [(); 2].map(|()| AccountId::new(test.clock.now(), rng));
            let [phone, desk] = [(); 2].map(|()| Token::generate(rng));
            let see = async |account, device: &Token| {
                note(&tx, account, (device, "Chrome, Android"), test.clock.now())
                    .await
                    .unwrap()
            };
            assert_eq!(see(mine, &phone).await, Seen::New);
            test.clock.advance(TimeDelta::hours(1));
            assert_eq!(see(mine, &phone).await, Seen::Known);
            assert_eq!(see(mine, &desk).await, Seen::New);
            // The same computer, another person.
            assert!(!is_known(&tx, theirs, &desk).await.unwrap());
            assert_eq!(see(theirs, &desk).await, Seen::New);
            let listed = list(&tx, mine).await.unwrap();
            assert_eq!(listed.len(), 2, "{}", test.database.kind());
            assert!(listed.iter().all(|one| one.label == "Chrome, Android"));
            let desk_here = handle_of(mine, &desk);
            assert!(!forget(&tx, theirs, &desk_here).await.unwrap(), "A261");
            assert!(forget(&tx, mine, &desk_here).await.unwrap());
            assert!(!is_known(&tx, mine, &desk).await.unwrap());
            assert_eq!(
                forget_all(&tx, mine, Some(&handle_of(mine, &phone)))
                    .await
                    .unwrap(),
                0
            );
            assert!(is_known(&tx, mine, &phone).await.unwrap());
        }
    }
}
