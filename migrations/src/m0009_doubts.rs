//! Since when somebody else was at work in an account that its owner had held, where the owner said it at an entry of the
//! history; empty elsewhere, as an older release leaves it.

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
            .table("standing_change")
            .add_column(ts_null("doubted_from"))
            .to_owned();
        manager.alter_table(alter).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alter = Table::alter()
            .table("standing_change")
            .drop_column("doubted_from")
            .to_owned();
        manager.alter_table(alter).await
    }
}
