//! A unit of work.

use std::fmt;
use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult,
    QueryResult, Statement,
};

use tokio::sync::OwnedMutexGuard;

use crate::error::StoreError;
use crate::journal::Journal;
use crate::vault::Vault;

/// A unit of work: either a transaction, or statements that each stand alone. Every function of this crate
/// takes one.
pub struct Tx {
    connection: Connection,
    vault: Arc<Vault>,
    journal: Option<Journal>,
    /// The turn of the one writer, given back when the unit of work ends.
    _turn: Option<OwnedMutexGuard<()>>,
}

enum Connection {
    Alone(DatabaseConnection),
    Transaction(DatabaseTransaction),
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}

impl Tx {
    pub(crate) fn auto_commit(db: DatabaseConnection, vault: Arc<Vault>, journal: Option<Journal>) -> Self {
        Self {
            connection: Connection::Alone(db),
            vault,
            journal,
            _turn: None,
        }
    }

    pub(crate) fn transaction(
        tx: DatabaseTransaction,
        vault: Arc<Vault>,
        (journal, turn): (Option<Journal>, Option<OwnedMutexGuard<()>>),
    ) -> Self {
        let begun = Self {
            connection: Connection::Transaction(tx),
            vault,
            journal,
            _turn: turn,
        };
        begun.note("BEGIN");
        begun
    }

    fn note(&self, statement: &str) {
        if let Some(journal) = &self.journal {
            journal.note(statement);
        }
    }

    /// Makes everything done in the unit of work happen.
    pub async fn commit(self) -> Result<(), StoreError> {
        if matches!(self.connection, Connection::Transaction(_)) {
            self.note("COMMIT");
        }
        match self.connection {
            Connection::Alone(_) => Ok(()),
            Connection::Transaction(tx) => Ok(tx.commit().await?),
        }
    }

    /// The keys for sealed columns.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DatabaseBackend {
        match &self.connection {
            Connection::Alone(db) => db.get_database_backend(),
            Connection::Transaction(tx) => tx.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(&statement.sql);
        match &self.connection {
            Connection::Alone(db) => db.execute_raw(statement).await,
            Connection::Transaction(tx) => tx.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.note(sql);
        match &self.connection {
            Connection::Alone(db) => db.execute_unprepared(sql).await,
            Connection::Transaction(tx) => tx.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(&statement.sql);
        match &self.connection {
            Connection::Alone(db) => db.query_one_raw(statement).await,
            Connection::Transaction(tx) => tx.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(&statement.sql);
        match &self.connection {
            Connection::Alone(db) => db.query_all_raw(statement).await,
            Connection::Transaction(tx) => tx.query_all_raw(statement).await,
        }
    }

    fn support_returning(&self) -> bool {
        match &self.connection {
            Connection::Alone(db) => db.support_returning(),
            Connection::Transaction(tx) => tx.support_returning(),
        }
    }
}
