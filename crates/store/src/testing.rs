//! Fresh databases for tests: SQLite always, PostgreSQL where `DENIZEN_TEST_POSTGRES` names a server on which
//! databases may be made (`./test` starts one and sets it).

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use model::clock::Clock;
use model::ids::{AccountId, CaseId, EvidenceId};
use model::rng::Rng;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, Database, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};

use crate::connect::{ConnectionLimits, Schema, Store};
use crate::entity::{audit, credential, evidence, round_trip, signing_key, throttle};
use crate::error::StoreError;
use crate::throttles::{self, Rule};
use crate::vault::KeyEncryptionKey;

/// The key-encryption key of test databases.
pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// An empty database of one kind.
#[derive(Debug)]
pub struct TestDatabase {
    /// Its address.
    pub url: String,
    folder: Option<PathBuf>,
}

/// A store on a fresh database, with a clock that stands still until moved.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Its clock.
    pub clock: Clock,
    /// Which database it is, for messages.
    pub database: TestDatabase,
}

fn unique_name() -> String {
    Rng::system().uuid_v7(Clock::system().now()).simple().to_string()
}

/// The time at which test clocks start: 2026-06-01 08:00 UTC.
pub fn start_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_300_800, 0).unwrap_or_default()
}

/// A fresh database of each kind at hand.
pub async fn databases() -> Result<Vec<TestDatabase>, StoreError> {
    let mut databases = vec![TestDatabase::sqlite()];
    if let Some(server) = postgres_server() {
        databases.push(TestDatabase::postgres(&server).await?);
    }
    Ok(databases)
}

/// A store on a fresh database of each kind at hand.
pub async fn stores() -> Vec<TestStore> {
    let mut stores = Vec::new();
    match databases().await {
        Ok(databases) => {
            for database in databases {
                let clock = Clock::manual(start_time());
                match database.open(&clock).await {
                    Ok(store) => stores.push(TestStore {
                        store,
                        clock,
                        database,
                    }),
                    Err(error) => fail(&error),
                }
            }
        }
        Err(error) => fail(&error),
    }
    stores
}

#[expect(clippy::panic, reason = "a test without its database must fail loudly")]
fn fail(error: &StoreError) {
    panic!("no test database: {error}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by ./test where their server is"
)]
fn postgres_server() -> Option<String> {
    std::env::var("DENIZEN_TEST_POSTGRES")
        .ok()
        .filter(|url| !url.is_empty())
}

/// Damages the private part of a signing key, as a failing disk would.
pub async fn tear_signing_key(store: &Store, kid: &str) -> Result<(), StoreError> {
    signing_key::Entity::update_many()
        .col_expr(signing_key::Column::PrivateSealed, Expr::value(b"torn".to_vec()))
        .filter(signing_key::Column::Kid.eq(kid))
        .exec(&store.read())
        .await?;
    Ok(())
}

/// Opens the database at an address with a clock, migrating it.
pub async fn open_at(url: &str, clock: &Clock) -> Result<Store, StoreError> {
    let key = KeyEncryptionKey::parse(KEY)?;
    let limits = ConnectionLimits {
        connections: 4,
        ..ConnectionLimits::default()
    };
    let parts = (clock.clone(), Rng::system());
    Store::connect(url, &limits, Schema::Migrate, &key, parts).await
}

/// How many returns from elsewhere are being looked at, or were when their node stopped.
pub async fn returns_under_way(store: &Store) -> Result<u64, StoreError> {
    round_trip::Entity::find()
        .filter(round_trip::Column::LeasedUntil.is_not_null())
        .count(&store.read())
        .await
        .map_err(StoreError::from)
}

/// Ends the leases on them, as time would.
pub async fn end_leases(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    round_trip::Entity::update_many()
        .col_expr(round_trip::Column::LeasedUntil, Expr::value(now))
        .filter(round_trip::Column::LeasedUntil.is_not_null())
        .exec(&store.read())
        .await?;
    Ok(())
}

impl TestStore {
    /// Sets a counter of this moment so that this many more are not too many.
    pub async fn fill(&self, rule: &Rule, key: &str, left: i64) -> Result<(), StoreError> {
        let (tx, now) = (self.store.read(), self.clock.now());
        throttles::hit(&tx, rule, key, now).await?;
        let (bucket, _) = throttles::bucket(&tx, rule, key, now);
        throttle::Entity::update_many()
            .col_expr(throttle::Column::Count, Expr::value(rule.limit - left))
            .filter(throttle::Column::Bucket.eq(bucket))
            .exec(&tx)
            .await?;
        Ok(())
    }

    /// The case that a piece of evidence came out of.
    pub async fn case_of(&self, evidence: EvidenceId) -> Result<Option<CaseId>, StoreError> {
        let row = evidence::Entity::find_by_id(evidence.as_uuid())
            .one(&self.store.read())
            .await?;
        Ok(row.and_then(|row| row.case_id).map(CaseId::from_uuid))
    }

    /// Puts an account into a standing, without anything that belongs to it.
    pub async fn set_status(
        &self,
        account: AccountId,
        status: model::standing::Status,
    ) -> Result<(), StoreError> {
        crate::entity::account::Entity::update_many()
            .col_expr(
                crate::entity::account::Column::Status,
                Expr::value(status.as_str()),
            )
            .filter(crate::entity::account::Column::Id.eq(account.as_uuid()))
            .exec(&self.store.read())
            .await?;
        Ok(())
    }

    /// Makes an account one without a password: one that a trusted party has brought.
    pub async fn forget_password(&self, account: AccountId) -> Result<(), StoreError> {
        credential::Entity::delete_many()
            .filter(credential::Column::AccountId.eq(account.as_uuid()))
            .exec(&self.store.read())
            .await?;
        Ok(())
    }

    /// What is in the audit log: event, sub-site, details. In no order, because the clock stands still.
    pub async fn audited(&self) -> Result<Vec<(String, Option<String>, serde_json::Value)>, StoreError> {
        let rows = audit::Entity::find().all(&self.store.read()).await?;
        rows.into_iter()
            .map(|row| {
                let details = serde_json::from_str(&row.details);
                Ok((
                    row.event,
                    row.client_id,
                    details.map_err(|_| StoreError::Malformed("audit.details"))?,
                ))
            })
            .collect()
    }
}

impl TestDatabase {
    /// A SQLite file in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(format!("denizen-{}", unique_name()));
        if let Err(error) = std::fs::create_dir_all(&folder) {
            fail(&StoreError::Malformed(Box::leak(
                error.to_string().into_boxed_str(),
            )));
        }
        let url = format!("sqlite://{}/test.db", folder.display());
        Self {
            url,
            folder: Some(folder),
        }
    }

    /// A database on a PostgreSQL server.
    pub async fn postgres(server: &str) -> Result<Self, StoreError> {
        let name = format!("t_{}", unique_name());
        let admin = Database::connect(server).await?;
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await?;
        admin.close().await?;
        let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
        Ok(Self {
            url: format!("{base}/{name}"),
            folder: None,
        })
    }

    /// Opens the database with a clock, migrating it.
    pub async fn open(&self, clock: &Clock) -> Result<Store, StoreError> {
        open_at(&self.url, clock).await
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        if self.folder.is_some() {
            "sqlite"
        } else {
            "postgres"
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
        // A PostgreSQL database goes with its server, which `./test` stops and deletes.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fresh_database_opens_and_a_wrong_key_does_not_open_it() {
        for test in stores().await {
            test.store.ping().await.expect("answers");
            let wrong = KeyEncryptionKey::parse(&"ff".repeat(32)).expect("a key");
            let opened = Store::connect(
                &test.database.url,
                &ConnectionLimits::default(),
                Schema::MustBeCurrent,
                &wrong,
                (test.clock.clone(), Rng::system()),
            )
            .await;
            assert!(
                matches!(opened, Err(StoreError::Sealed(_))),
                "{}",
                test.database.kind()
            );
        }
    }

    #[tokio::test]
    async fn two_nodes_that_start_together_agree_on_the_keys() {
        // SQLite has one node; nodes share PostgreSQL alone.
        for database in databases().await.expect("databases") {
            if database.kind() == "sqlite" {
                continue;
            }
            let clock = Clock::manual(start_time());
            let (one, two) = tokio::join!(database.open(&clock), database.open(&clock));
            let (one, two) = (one.expect("first"), two.expect("second"));
            assert_eq!(
                one.vault().derive("x").as_slice(),
                two.vault().derive("x").as_slice()
            );
        }
    }
}
