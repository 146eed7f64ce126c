//! The only file that may ask which database it is.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};

use crate::StoreError;
use crate::connect::ConnectionLimits;

/// The number of the advisory lock under which nodes take turns at start ("DENI").
const START_LOCK: i64 = 0x4445_4e49;

/// The number of the advisory lock under which one node at a time adds to the audit chain.
const CHAIN_LOCK: i64 = START_LOCK + 1;

/// The most connections to SQLite: each is a thread, and one of them writes. With more of them the same requests cost
/// half as much again.
const SQLITE_CONNECTIONS_MAX: u32 = 4;

/// Connection options for an address.
pub fn options(url: &str, limits: &ConnectionLimits) -> Result<ConnectOptions, StoreError> {
    let mut options = ConnectOptions::new(url.to_owned());
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    options
        .max_connections(match url {
            _ if in_memory => 1,
            _ if url.starts_with("sqlite:") => Ord::min(limits.connections, SQLITE_CONNECTIONS_MAX),
            _ => limits.connections,
        })
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(limits.acquire_seconds))
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .sqlx_logging(false);
    if url.starts_with("sqlite:") {
        options.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(10))
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
        });
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        options
            .idle_timeout(Duration::from_mins(5))
            .max_lifetime(Duration::from_mins(30))
            .set_application_name("denizen")
            .statement_timeout(Duration::from_secs(limits.statement_seconds));
    } else {
        return Err(StoreError::UnknownDatabase);
    }
    if in_memory {
        options
            .idle_timeout(None::<Duration>)
            .max_lifetime(None::<Duration>);
    }
    Ok(options)
}

/// Connection options for changing the schema of a PostgreSQL database: two connections, whose statements may take
/// as long as they need. A node may wait here for another one that builds an index.
pub fn patient_options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(2)
        .sqlx_logging(false)
        .set_application_name("denizen schema")
        .statement_timeout(Duration::ZERO);
    options
}

/// Begins a transaction that may write. SQLite takes its write lock at once; otherwise it would take it late
/// and fail instead of waiting.
pub async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(db.begin_with_options(options).await?)
}

/// Holds other nodes that start back until the transaction ends.
pub async fn lock_start(tx: &DatabaseTransaction) -> Result<(), StoreError> {
    // The transaction does nothing while the steps run; limits that an administrator set are not for it.
    tx.execute_unprepared("SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        .await?;
    lock(tx, START_LOCK).await
}

/// Holds other nodes that add to the audit chain back until the transaction ends.
pub async fn lock_chain(tx: &crate::Tx) -> Result<(), StoreError> {
    lock(tx, CHAIN_LOCK).await
}

/// SQLite has one writer anyway.
async fn lock(tx: &impl ConnectionTrait, number: i64) -> Result<(), StoreError> {
    if tx.get_database_backend() == DatabaseBackend::Postgres {
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({number})"))
            .await?;
    }
    Ok(())
}

/// Whether other nodes may use the same database.
pub fn is_shared(db: &DatabaseConnection) -> bool {
    db.get_database_backend() == DatabaseBackend::Postgres
}

/// An aggregate of evidence: one JSON list of lists.
pub const fn evidence_as_json(backend: DatabaseBackend) -> &'static str {
    match backend {
        DatabaseBackend::Postgres => {
            "CAST(json_agg(json_build_array(id, source, issued_at, expires_at, case_id, reference, details)) AS text)"
        }
        // The hexadecimal form of nothing is an empty text.
        _ => {
            "json_group_array(json_array(hex(id), source, issued_at, expires_at, nullif(hex(case_id), ''), reference, details))"
        }
    }
}

/// A decision about a sub-site as one JSON list.
pub const fn grant_as_json(backend: DatabaseBackend) -> &'static str {
    match backend {
        DatabaseBackend::Postgres => {
            "CAST(json_build_array(id, client_id, allowed, asked, receipt, created_at) AS text)"
        }
        _ => "json_array(hex(id), client_id, allowed, asked, receipt, created_at)",
    }
}
