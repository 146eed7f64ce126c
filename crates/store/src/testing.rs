//! Fresh databases for tests: SQLite always, PostgreSQL where `DENIZEN_TEST_POSTGRES` names a server on which
//! databases may be made (`./test` starts one and sets it).

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use chrono::{DateTime, Utc};
use model::clock::Clock;
use model::ids::{AccountId, CaseId, EvidenceId};
use model::rng::Rng;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, Database, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};
use tokio::sync::OnceCell;

use crate::connect::{ConnectionLimits, Schema, Store};
use crate::entity::{audit, credential, evidence, round_trip, signing_key, throttle};
use crate::error::StoreError;
use crate::throttles::{self, Rule};
use crate::vault::KeyEncryptionKey;

mod people;

/// The key-encryption key of test databases.
pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// An empty database of one kind.
#[derive(Debug)]
pub struct TestDatabase {
    /// Its address.
    pub url: String,
    rest: Rest,
}

/// What is left of a database when its test is over.
#[derive(Debug)]
enum Rest {
    Folder(PathBuf),
    Database { server: String, name: String },
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

/// The same with the tables made: copies of one that was migrated once in this process, because every step for every
/// test costs more than most tests do.
async fn prepared() -> Result<Vec<TestDatabase>, StoreError> {
    static MIGRATED: OnceCell<Vec<TestDatabase>> = OnceCell::const_new();
    let migrated = MIGRATED
        .get_or_try_init(|| async {
            let blank = databases().await?;
            for database in &blank {
                Store::migrate(&database.url, None, false).await?;
            }
            Ok::<_, StoreError>(blank)
        })
        .await?;
    let mut copies = Vec::new();
    for original in migrated {
        copies.push(original.copy().await?);
    }
    Ok(copies)
}

/// A store on a fresh database of each kind at hand.
pub async fn stores() -> Vec<TestStore> {
    let mut stores = Vec::new();
    match prepared().await {
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
            rest: Rest::Folder(folder),
        }
    }

    /// A database on a PostgreSQL server.
    pub async fn postgres(server: &str) -> Result<Self, StoreError> {
        Self::postgres_like(server, "template1").await
    }

    async fn postgres_like(server: &str, template: &str) -> Result<Self, StoreError> {
        let name = format!("t_{}", unique_name());
        let admin = Database::connect(server).await?;
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .await?;
        admin.close().await?;
        let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
        Ok(Self {
            url: format!("{base}/{name}"),
            rest: Rest::Database {
                server: server.to_owned(),
                name,
            },
        })
    }

    /// Another database with the same content, which nobody may have open.
    async fn copy(&self) -> Result<Self, StoreError> {
        match &self.rest {
            Rest::Folder(folder) => {
                let copy = Self::sqlite();
                if let Rest::Folder(to) = &copy.rest {
                    std::fs::copy(folder.join("test.db"), to.join("test.db"))
                        .map_err(|_| StoreError::Malformed("the migrated test database"))?;
                }
                Ok(copy)
            }
            Rest::Database { server, name } => Self::postgres_like(server, name).await,
        }
    }

    /// Opens the database with a clock, migrating it.
    pub async fn open(&self, clock: &Clock) -> Result<Store, StoreError> {
        open_at(&self.url, clock).await
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match self.rest {
            Rest::Folder(_) => "sqlite",
            Rest::Database { .. } => "postgres",
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.rest {
            Rest::Folder(folder) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            Rest::Database { server, name } => {
                let _ = dropping().send((server.clone(), name.clone()));
            }
        }
    }
}

/// Where databases of tests that are over go. A thousand of them would fill a disk, and a test cannot wait in its
/// `Drop`; the few that stand here when the process ends go with their server, which `./test` deletes.
fn dropping() -> &'static Sender<(String, String)> {
    static DROPPING: OnceLock<Sender<(String, String)>> = OnceLock::new();
    DROPPING.get_or_init(|| {
        let (sender, names) = channel::<(String, String)>();
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return;
            };
            for (server, name) in names {
                runtime.block_on(async {
                    if let Ok(admin) = Database::connect(&server).await {
                        let _ = admin
                            .execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                            .await;
                        let _ = admin.close().await;
                    }
                });
            }
        });
        sender
    })
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
