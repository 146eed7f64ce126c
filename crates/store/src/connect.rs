//! Opening the database: schema, keys, connections.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use model::clock::Clock;
use model::rng::Rng;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use tokio::sync::Mutex;

use crate::error::StoreError;
use crate::journal::Journal;
use crate::tx::Tx;
use crate::vault::{KeyEncryptionKey, Vault};
use crate::{dialect, schema, vault};

/// Limits on connections to the database.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// The most connections of one node.
    pub connections: u32,
    /// How long a request waits for a connection, in seconds.
    pub acquire_seconds: u64,
    /// How long a statement may take, in seconds (PostgreSQL).
    pub statement_seconds: u64,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 16,
            acquire_seconds: 5,
            statement_seconds: 10,
        }
    }
}

/// How long a transaction waits for its turn, in seconds (SQLite).
const TURN_SECONDS: u64 = 10;

/// What to do about a schema that is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Run the missing steps.
    Migrate,
    /// Refuse to start.
    MustBeCurrent,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    db: DatabaseConnection,
    vault: Arc<Vault>,
    clock: Clock,
    rng: Rng,
    /// SQLite has one writer: transactions take turns here, in order, instead of asking the file again and again.
    turns: Option<Arc<Mutex<()>>>,
    journal: OnceLock<Journal>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// Opens the database, brings the schema up if told to, and opens (or on the first start makes) its keys.
    pub async fn connect(
        url: &str,
        limits: &ConnectionLimits,
        wanted: Schema,
        key: &KeyEncryptionKey,
        (clock, rng): (Clock, Rng),
    ) -> Result<Self, StoreError> {
        let db = Database::connect(dialect::options(url, limits)?).await?;
        match wanted {
            Schema::Migrate => {
                schema::migrate(&db, url, None).await?;
            }
            Schema::MustBeCurrent => {
                let missing = schema::missing(&db).await?.len();
                if missing > 0 {
                    return Err(StoreError::SchemaBehind(missing));
                }
            }
        }
        let vault = Arc::new(vault::open(&db, key, &clock, &rng).await?);
        let turns = (!dialect::is_shared(&db)).then(Arc::default);
        Ok(Self(Arc::new(Inner {
            db,
            vault,
            clock,
            rng,
            turns,
            journal: OnceLock::new(),
        })))
    }

    /// Runs missing steps of the schema, at most `steps` of them; answers with the names of the steps that were
    /// missing before. With `dry_run` nothing is run.
    pub async fn migrate(url: &str, steps: Option<u32>, dry_run: bool) -> Result<Vec<String>, StoreError> {
        let db = Database::connect(dialect::options(url, &ConnectionLimits::default())?).await?;
        let names = if dry_run {
            schema::first(schema::missing(&db).await?, steps)
        } else {
            schema::migrate(&db, url, steps).await?
        };
        db.close().await?;
        Ok(names)
    }

    /// A unit of work in which each statement stands alone: for reads, and for single guarded writes.
    pub fn read(&self) -> Tx {
        let journal = self.0.journal.get().cloned();
        Tx::auto_commit(self.0.db.clone(), self.0.vault.clone(), journal)
    }

    /// A unit of work that happens whole or not at all. Dropped without `commit` it did not happen.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let turn = match &self.0.turns {
            Some(turns) => {
                let wait = Duration::from_secs(TURN_SECONDS);
                let turn = tokio::time::timeout(wait, Arc::clone(turns).lock_owned()).await;
                Some(turn.map_err(|_| StoreError::NoTurn)?)
            }
            None => None,
        };
        Ok(Tx::transaction(
            dialect::begin(&self.0.db).await?,
            Arc::clone(&self.0.vault),
            (self.0.journal.get().cloned(), turn),
        ))
    }

    /// The statements that are sent from now on, for tests that count them.
    pub fn journal(&self) -> &Journal {
        self.0.journal.get_or_init(Journal::default)
    }

    /// The keys that the program derives its own from.
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The clock that rows are written by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The source of randomness for identifiers.
    pub fn rng(&self) -> &Rng {
        &self.0.rng
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.0.db.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes the connections.
    pub async fn close(&self) -> Result<(), StoreError> {
        Ok(self.0.db.clone().close().await?)
    }
}
