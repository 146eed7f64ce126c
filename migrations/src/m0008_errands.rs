//! What a browser left for when it was sent to another party: a recovery, or, where it is empty, evidence for the account of
//! a sign-in, which is all that an older release knows. That release finds no row of a recovery: it looks for its sign-in.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alter = Table::alter()
            .table("round_trip")
            .add_column(text_null("errand"))
            .to_owned();
        manager.alter_table(alter).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alter = Table::alter()
            .table("round_trip")
            .drop_column("errand")
            .to_owned();
        manager.alter_table(alter).await
    }
}
