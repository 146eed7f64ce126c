//! When an account's level was looked at last, so that a level that rose and fell between two looks is known to have been
//! there. Empty for accounts that an older release watched: what ended before is not looked for.

use sea_orm_migration::prelude::*;

use crate::ts_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alter = Table::alter()
            .table("level_watch")
            .add_column(ts_null("looked_at"))
            .to_owned();
        manager.alter_table(alter).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alter = Table::alter()
            .table("level_watch")
            .drop_column("looked_at")
            .to_owned();
        manager.alter_table(alter).await
    }
}
