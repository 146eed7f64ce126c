//! The database schema, step by step, for SQLite and PostgreSQL alike. How a step is written so that two
//! releases can run beside each other: `README.md` in this folder.

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{timestamp_with_time_zone, timestamp_with_time_zone_null};

mod m0001_accounts;
mod m0002_provider;
mod m0003_protocol;
mod m0004_assurance;
mod m0005_life;
mod m0006_level_looks;
mod m0007_visits;
mod m0008_errands;
mod m0009_doubts;

/// All steps in order.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_provider::Migration),
            Box::new(m0003_protocol::Migration),
            Box::new(m0004_assurance::Migration),
            Box::new(m0005_life::Migration),
            Box::new(m0006_level_looks::Migration),
            Box::new(m0007_visits::Migration),
            Box::new(m0008_errands::Migration),
            Box::new(m0009_doubts::Migration),
        ]
    }
}

/// An index over columns of a table, named after them.
fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index
        .name(format!("ix_{table}_{}", columns.join("_")))
        .table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

/// A unique index over columns of a table, named after them.
fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = index(table, columns);
    index.name(format!("ux_{table}_{}", columns.join("_"))).unique();
    index
}

/// A table.
fn create(table: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut statement = Table::create();
    statement.table(table);
    for column in columns {
        statement.col(column);
    }
    statement
}

/// A point in time, in UTC.
fn ts(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone(name)
}

/// A point in time that may not have come.
fn ts_null(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone_null(name)
}
