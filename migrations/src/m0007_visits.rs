//! What a day's visits of a sub-site count as, so that one row is there for all of them; until when an agreement is put
//! off; and when a phone looked first at a device that waits. All empty in rows of older releases, which do not write them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::blob_null;

use crate::{ts_null, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "account_history";
const KEY: &str = "visit_key";

fn added() -> Vec<(&'static str, ColumnDef)> {
    vec![
        (TABLE, blob_null(KEY)),
        ("agreement_told", ts_null("put_off_until")),
        ("scan", ts_null("looked_at")),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in added() {
            let alter = Table::alter().table(table).add_column(&mut column).to_owned();
            manager.alter_table(alter).await?;
        }
        manager.create_index(unique(TABLE, &[KEY])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = format!("ux_{TABLE}_{KEY}");
        let index = Index::drop().name(name).table(TABLE).to_owned();
        manager.drop_index(index).await?;
        for (table, column) in added().into_iter().rev() {
            let name = column.get_column_name();
            let alter = Table::alter().table(table).drop_column(name).to_owned();
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}
