//! What can go wrong below every use case.

use sea_orm::{DbErr, SqlErr};

/// The store could not do what it was asked for. Callers answer 503; nothing here is a person's mistake.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[source] DbErr),
    /// The one writer of SQLite was busy for too long.
    #[error("the database is busy")]
    NoTurn,
    /// A row with this key is there already.
    #[error("a row with this key exists")]
    Duplicate,
    /// A sealed value could not be opened: wrong key, or somebody changed the row.
    #[error("a sealed value does not open: {0}")]
    Sealed(&'static str),
    /// A stored value is not of the form that we write.
    #[error("a stored value is malformed: {0}")]
    Malformed(&'static str),
    /// The schema is not the one this program needs.
    #[error("the database needs `denizen migrate`: {0} steps are missing")]
    SchemaBehind(usize),
    /// The schema was changed by a program that is no later release of this one.
    #[error("the database has steps that this program does not know ({0}) and lacks some that it needs")]
    SchemaForeign(String),
    /// The address of the database is of no kind that we serve.
    #[error("database.url must begin with sqlite:// or postgres://")]
    UnknownDatabase,
    /// The key-encryption key is not 32 bytes.
    #[error("the key-encryption key must be 32 bytes as 64 hexadecimal digits or base64")]
    BadKeyEncryptionKey,
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Duplicate,
            _ => Self::Database(error),
        }
    }
}
