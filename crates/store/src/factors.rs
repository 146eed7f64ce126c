//! Factors beside the password: authenticator applications and passkeys. Secrets are sealed; a passkey is looked up by
//! the hash of its credential's identifier, which nobody else may have (A278).

use chrono::{DateTime, Utc};
use model::ids::{AccountId, FactorId};
use model::secret::TokenHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use zeroize::Zeroizing;

use crate::entity::factor::{ActiveModel, Column, Entity, Model};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::vault;

/// The most factors of one kind that an account may have.
pub const EACH_MAX: usize = 10;
/// The most rows of one account: both kinds.
const ALL_MAX: u64 = 20;

/// What kind of factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Codes of an authenticator application.
    Totp,
    /// A passkey.
    Passkey,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Totp, Self::Passkey];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or(StoreError::Malformed("factor.kind"))
    }
}

/// A factor.
#[derive(Clone, Debug)]
pub struct Factor {
    /// Its identifier.
    pub id: FactorId,
    /// Whose it is.
    pub account: AccountId,
    /// What kind.
    pub kind: Kind,
    /// The name that its owner gave it.
    pub name: String,
    /// The shared secret, or the credential as it is checked.
    pub secret: Zeroizing<Vec<u8>>,
    /// Since when it is here.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A factor to be stored.
#[derive(Debug)]
pub struct NewFactor<'a> {
    /// Its identifier.
    pub id: FactorId,
    /// Whose it is.
    pub account: AccountId,
    /// What it is called.
    pub name: &'a str,
    /// What it is.
    pub what: What<'a>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What a new factor is.
#[derive(Debug)]
pub enum What<'a> {
    /// An authenticator application.
    Totp {
        /// The shared secret.
        secret: &'a [u8],
        /// The step of the code that confirmed it, which is used up.
        step: i64,
    },
    /// A passkey.
    Passkey {
        /// The credential as it is checked.
        credential: &'a [u8],
        /// The hash of its identifier.
        identifier: &'a TokenHash,
    },
}

/// Stores a factor; [`StoreError::Duplicate`] when anybody has the credential already (A278).
pub async fn add(tx: &Tx, new: &NewFactor<'_>) -> Result<(), StoreError> {
    let (id, vault) = (new.id.as_uuid(), tx.vault());
    let (kind, secret, identifier, step) = match &new.what {
        What::Totp { secret, step } => (Kind::Totp, *secret, None, Some(*step)),
        What::Passkey {
            credential,
            identifier,
        } => (
            Kind::Passkey,
            *credential,
            Some(identifier.as_bytes().to_vec()),
            None,
        ),
    };
    let row = ActiveModel {
        id: Set(id),
        account_id: Set(new.account.as_uuid()),
        kind: Set(kind.as_str().to_owned()),
        name_sealed: Set(vault.seal(vault::Column::FactorName, id.as_bytes(), new.name.as_bytes())?),
        secret_sealed: Set(vault.seal(vault::Column::FactorSecret, id.as_bytes(), secret)?),
        credential_hash: Set(identifier),
        last_step: Set(step),
        created_at: Set(new.now),
        last_used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

fn from_row(tx: &Tx, row: Model) -> Result<Factor, StoreError> {
    let vault = tx.vault();
    Ok(Factor {
        id: FactorId::from_uuid(row.id),
        account: AccountId::from_uuid(row.account_id),
        kind: Kind::parse(&row.kind)?,
        name: vault.open_text(vault::Column::FactorName, row.id.as_bytes(), &row.name_sealed)?,
        secret: vault.open(vault::Column::FactorSecret, row.id.as_bytes(), &row.secret_sealed)?,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    })
}

/// The factors of an account, oldest first.
pub async fn list(tx: &Tx, account: AccountId) -> Result<Vec<Factor>, StoreError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .order_by_asc(Column::Id)
        .limit(ALL_MAX)
        .all(tx)
        .await?;
    rows.into_iter().map(|row| from_row(tx, row)).collect()
}

/// The passkey with a credential's identifier, whoever's it is.
pub async fn find_passkey(tx: &Tx, identifier: &TokenHash) -> Result<Option<Factor>, StoreError> {
    let row = Entity::find()
        .filter(Column::CredentialHash.eq(identifier.as_bytes().to_vec()))
        .one(tx)
        .await?;
    row.map(|row| from_row(tx, row)).transpose()
}

/// Uses up a step of an authenticator application: each step once, and never an older one again (RFC 6238 section 5.2).
pub async fn use_step(tx: &Tx, id: FactorId, step: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let used = Entity::update_many()
        .col_expr(Column::LastStep, Expr::value(step))
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::LastStep.lt(step))
        .exec(tx)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Notes that a passkey was used, with its new counter. `false` when it was removed meanwhile.
pub async fn note_use(
    tx: &Tx,
    id: FactorId,
    credential: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let uuid = id.as_uuid();
    let sealed = tx
        .vault()
        .seal(vault::Column::FactorSecret, uuid.as_bytes(), credential)?;
    let noted = Entity::update_many()
        .col_expr(Column::SecretSealed, Expr::value(sealed))
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .filter(Column::Id.eq(uuid))
        .exec(tx)
        .await?;
    Ok(noted.rows_affected == 1)
}

/// Gives one of an account's own factors another name.
pub async fn rename(tx: &Tx, account: AccountId, id: FactorId, name: &str) -> Result<bool, StoreError> {
    let uuid = id.as_uuid();
    let sealed = tx
        .vault()
        .seal(vault::Column::FactorName, uuid.as_bytes(), name.as_bytes())?;
    let renamed = Entity::update_many()
        .col_expr(Column::NameSealed, Expr::value(sealed))
        .filter(Column::Id.eq(uuid))
        .filter(Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(renamed.rows_affected == 1)
}

/// Removes one of an account's own factors. Ask [`crate::accounts::take_turns`] first where it matters which are left.
pub async fn remove(tx: &Tx, account: AccountId, id: FactorId) -> Result<bool, StoreError> {
    let removed = Entity::delete_many()
        .filter(Column::Id.eq(id.as_uuid()))
        .filter(Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected == 1)
}

/// Removes the factors of an account that were enrolled from a moment on; answers how many there were.
pub async fn remove_since(tx: &Tx, account: AccountId, from: DateTime<Utc>) -> Result<u64, StoreError> {
    let removed = Entity::delete_many()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .filter(Column::CreatedAt.gte(from))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected)
}

/// Removes all factors of an account; answers how many there were.
pub async fn remove_all(tx: &Tx, account: AccountId) -> Result<u64, StoreError> {
    let removed = Entity::delete_many()
        .filter(Column::AccountId.eq(account.as_uuid()))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected)
}

#[cfg(test)]
mod tests {
    use model::rng::Rng;

    use super::*;
    use crate::testing::{TestStore, stores};

    async fn totp(test: &TestStore, account: AccountId) -> FactorId {
        let (now, rng) = (test.clock.now(), Rng::system());
        let id = FactorId::new(now, &rng);
        let new = NewFactor {
            id,
            account,
            name: "Phone of Wang Li",
            what: What::Totp {
                secret: b"twenty bytes or such",
                step: 100,
            },
            now,
        };
        add(&test.store.read(), &new).await.unwrap();
        id
    }

    #[tokio::test]
    async fn attack_217_a_step_counts_once_and_an_older_one_never() {
        for test in stores().await {
            let (tx, now) = (test.store.read(), test.clock.now());
            let account = AccountId::new(now, &Rng::system());
            let id = totp(&test, account).await;
            for (step, counts) in [(100, false), (101, true), (101, false), (99, false), (102, true)] {
                assert_eq!(use_step(&tx, id, step, now).await.unwrap(), counts, "{step}");
            }
            let mut tries = tokio::task::JoinSet::new();
            for _ in 0..16 {
                let store = test.store.clone();
                tries.spawn(async move { use_step(&store.read(), id, 200, now).await.unwrap() });
            }
            let used = tries.join_all().await.into_iter().filter(|used| *used).count();
            assert_eq!(used, 1, "{}", test.database.kind());
        }
    }

    #[tokio::test]
    async fn attack_278_a_credential_belongs_to_one_account() {
        for test in stores().await {
            let (tx, now, rng) = (test.store.read(), test.clock.now(), Rng::system());
            let identifier = TokenHash::of("a credential");
            let make = |account| NewFactor {
                id: FactorId::new(now, &Rng::system()),
                account,
                name: "key",
                what: What::Passkey {
                    credential: b"{}",
                    identifier: &identifier,
                },
                now,
            };
            let (first, second) = (AccountId::new(now, &rng), AccountId::new(now, &rng));
            add(&tx, &make(first)).await.unwrap();
            for account in [first, second] {
                let again = add(&tx, &make(account)).await;
                assert!(
                    matches!(again, Err(StoreError::Duplicate)),
                    "{}",
                    test.database.kind()
                );
            }
            let found = find_passkey(&tx, &identifier).await.unwrap().unwrap();
            assert_eq!((found.account, found.kind), (first, Kind::Passkey));
        }
    }

    #[tokio::test]
    async fn attack_261_another_account_renames_and_removes_nothing() {
        for test in stores().await {
            let (tx, now, rng) = (test.store.read(), test.clock.now(), Rng::system());
            let (owner, other) = (AccountId::new(now, &rng), AccountId::new(now, &rng));
            let id = totp(&test, owner).await;
            assert!(!rename(&tx, other, id, "mine").await.unwrap());
            assert!(!remove(&tx, other, id).await.unwrap());
            assert!(rename(&tx, owner, id, "Old phone").await.unwrap());
            let list = list(&tx, owner).await.unwrap();
            assert_eq!(list.first().unwrap().name, "Old phone");
            assert!(remove(&tx, owner, id).await.unwrap());
            assert!(!remove(&tx, owner, id).await.unwrap(), "once");
            assert!(!note_use(&tx, id, b"{}", now).await.unwrap());
        }
    }
}
