//! Bringing the schema up, and telling whether it is. Release N runs on the schema of N+1 too
//! (`migrations/README.md`), so steps that this program has never heard of do not stop it.

use std::collections::BTreeSet;

use migrations::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use crate::dialect;
use crate::error::StoreError;

/// The steps that are missing, in order.
pub(crate) async fn missing(db: &impl ConnectionTrait) -> Result<Vec<String>, StoreError> {
    let applied = Migrator::get_migration_models(db).await?;
    let applied: BTreeSet<String> = applied.into_iter().map(|step| step.version).collect();
    let ours: Vec<String> = Migrator::get_migration_files()
        .iter()
        .map(|step| step.name().to_owned())
        .collect();
    let unknown: Vec<&str> = applied
        .iter()
        .filter(|name| !ours.contains(name))
        .map(String::as_str)
        .collect();
    let missing: Vec<String> = ours
        .iter()
        .filter(|name| !applied.contains(*name))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        let steps = unknown.join(", ");
        if !missing.is_empty() {
            return Err(StoreError::SchemaForeign(steps));
        }
        tracing::info!(steps, "the schema is that of a later release");
    }
    Ok(missing)
}

/// Runs missing steps, at most `limit` of them; answers with the names of those that were missing before.
///
/// Nodes that start together take turns, and each waits for as long as the one before it needs: on a server that
/// is shared the work is done over connections of its own, which no limit on statements cuts off.
pub(crate) async fn migrate(
    db: &DatabaseConnection,
    url: &str,
    limit: Option<u32>,
) -> Result<Vec<String>, StoreError> {
    if !dialect::is_shared(db) {
        return run(db, limit).await;
    }
    let own = Database::connect(dialect::patient_options(url)).await?;
    let done = in_turn(&own, limit).await;
    own.close().await?;
    done
}

async fn in_turn(db: &DatabaseConnection, limit: Option<u32>) -> Result<Vec<String>, StoreError> {
    // The lock lives in a transaction on one of the connections, the steps run on the other.
    let lock = dialect::begin(db).await?;
    dialect::lock_start(&lock).await?;
    let names = run(db, limit).await?;
    lock.commit().await?;
    Ok(names)
}

async fn run(db: &DatabaseConnection, limit: Option<u32>) -> Result<Vec<String>, StoreError> {
    let missing = missing(db).await?;
    if !missing.is_empty() {
        Migrator::up(db, limit).await?;
    }
    Ok(first(missing, limit))
}

/// The first names of a list, as many as steps may be run.
pub(crate) fn first(mut names: Vec<String>, limit: Option<u32>) -> Vec<String> {
    if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
        names.truncate(limit);
    }
    names
}

#[cfg(test)]
mod tests {
    use model::clock::Clock;
    use model::rng::Rng;
    use sea_orm::Statement;

    use super::*;
    use crate::testing::{self, TestDatabase};
    use crate::vault::KeyEncryptionKey;
    use crate::{ConnectionLimits, Schema, Store};

    async fn open(database: &TestDatabase, schema: Schema, connections: u32) -> Result<Store, StoreError> {
        let limits = ConnectionLimits {
            connections,
            ..ConnectionLimits::default()
        };
        let key = KeyEncryptionKey::parse(testing::KEY)?;
        let clock = Clock::manual(testing::start_time());
        Store::connect(&database.url, &limits, schema, &key, (clock, Rng::system())).await
    }

    async fn change(database: &TestDatabase, sql: &str) {
        let db = Database::connect(&database.url).await.expect("connected");
        db.execute_unprepared(sql).await.expect("changed");
        db.close().await.expect("closed");
    }

    #[tokio::test]
    async fn a_program_runs_on_the_schema_of_the_next_release() {
        for test in testing::stores().await {
            change(
                &test.database,
                "INSERT INTO seaql_migrations VALUES ('m9999_next', 0)",
            )
            .await;
            for schema in [Schema::Migrate, Schema::MustBeCurrent] {
                let opened = open(&test.database, schema, 4).await;
                assert!(opened.is_ok(), "{} {schema:?}: {opened:?}", test.database.kind());
            }
            let names = Store::migrate(&test.database.url, None, false)
                .await
                .expect("migrated");
            assert!(names.is_empty(), "{names:?}");
        }
    }

    #[tokio::test]
    async fn a_schema_with_foreign_steps_and_without_ours_is_refused() {
        for test in testing::stores().await {
            let sql = "UPDATE seaql_migrations SET version = 'm9999_other' WHERE version = 'm0002_provider'";
            change(&test.database, sql).await;
            for schema in [Schema::Migrate, Schema::MustBeCurrent] {
                let opened = open(&test.database, schema, 4).await;
                let Err(StoreError::SchemaForeign(steps)) = opened else {
                    panic!("{opened:?}")
                };
                assert_eq!(steps, "m9999_other");
            }
        }
    }

    #[tokio::test]
    async fn a_schema_that_is_behind_is_refused_unless_it_may_be_brought_up() {
        for database in testing::databases().await.expect("databases") {
            let opened = open(&database, Schema::MustBeCurrent, 4).await;
            let all = Migrator::migrations().len();
            assert!(
                matches!(opened, Err(StoreError::SchemaBehind(behind)) if behind == all),
                "{opened:?}"
            );
            let would = Store::migrate(&database.url, Some(1), true).await.expect("dry");
            assert_eq!(would, ["m0001_accounts"]);
            assert_eq!(
                Store::migrate(&database.url, Some(1), false).await.expect("one"),
                would
            );
            // One connection is enough: steps do not run over those of the node.
            open(&database, Schema::Migrate, 1).await.expect("opens");
        }
    }

    #[tokio::test]
    async fn no_limit_on_statements_cuts_off_the_start() {
        for test in testing::stores().await {
            if test.database.kind() == "sqlite" {
                continue;
            }
            let patient = Database::connect(dialect::patient_options(&test.database.url))
                .await
                .expect("patient");
            let usual = dialect::options(&test.database.url, &ConnectionLimits::default()).expect("options");
            let usual = Database::connect(usual).await.expect("usual");
            for (db, expected) in [(&usual, "10s"), (&patient, "0")] {
                let show = Statement::from_string(db.get_database_backend(), "SHOW statement_timeout");
                let row = db.query_one_raw(show).await.expect("shown").expect("a row");
                assert_eq!(
                    row.try_get::<String>("", "statement_timeout").expect("a text"),
                    expected
                );
            }
        }
    }
}
