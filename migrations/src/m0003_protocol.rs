//! Refresh tokens, pushed requests, sign-outs that sub-sites are told of, and registration by programs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{blob, blob_null, integer, pk_uuid, text, text_null, uuid, uuid_null};

use crate::{create, index, ts, ts_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 5] = [
    "refresh_token",
    "pushed_request",
    "revoked_token",
    "backchannel_logout",
    "initial_access_token",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in client_columns() {
            let statement = Table::alter().table("client").add_column(column).to_owned();
            manager.alter_table(statement).await?;
        }
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("interaction", "browser_hash"),
            ("access_token", "client_id"),
            ("authorization_code", "client_id"),
            ("consent_grant", "client_id"),
        ] {
            let index = Index::drop()
                .name(format!("ix_{table}_{column}"))
                .table(table)
                .to_owned();
            manager.drop_index(index).await?;
        }
        for table in TABLES.into_iter().rev() {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        for column in client_columns() {
            let name = column.get_column_name();
            let statement = Table::alter().table("client").drop_column(name).to_owned();
            manager.alter_table(statement).await?;
        }
        Ok(())
    }
}

fn client_columns() -> Vec<ColumnDef> {
    vec![
        blob_null("secret_sealed"),
        blob_null("previous_secret_hash"),
        blob_null("previous_secret_sealed"),
        ts_null("previous_secret_until"),
        blob_null("registration_token_hash"),
        text_null("origin"),
        text_null("metadata"),
        ts_null("secret_expires_at"),
    ]
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        create(
            "refresh_token",
            vec![
                blob("token_hash").primary_key().take(),
                blob("code_hash"),
                text("client_id"),
                uuid("account_id"),
                uuid("session_id"),
                uuid_null("grant_id"),
                text("details"),
                ts("created_at"),
                ts("started_at"),
                ts("idle_expires_at"),
                ts("expires_at"),
                ts_null("used_at"),
                ts_null("revoked_at"),
            ],
        ),
        create(
            "pushed_request",
            vec![
                blob("handle_hash").primary_key().take(),
                text("client_id"),
                blob("request_sealed"),
                text_null("jkt"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("used_at"),
            ],
        ),
        create(
            "revoked_token",
            vec![blob("token_hash").primary_key().take(), ts("expires_at")],
        ),
        create(
            "backchannel_logout",
            vec![
                pk_uuid("id"),
                text("client_id"),
                uuid("account_id"),
                uuid("session_id"),
                integer("attempts"),
                ts("created_at"),
                ts("next_attempt_at"),
                ts("expires_at"),
                ts_null("told_at"),
                ts_null("dead_at"),
                text_null("outcome"),
            ],
        ),
        create(
            "initial_access_token",
            vec![
                blob("token_hash").primary_key().take(),
                text("label"),
                integer("uses_left"),
                ts("created_at"),
                ts("expires_at"),
            ],
        ),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("interaction", &["browser_hash"]),
        index("refresh_token", &["code_hash"]),
        index("refresh_token", &["session_id"]),
        index("refresh_token", &["account_id", "client_id"]),
        index("refresh_token", &["expires_at"]),
        index("pushed_request", &["expires_at"]),
        index("revoked_token", &["expires_at"]),
        index("backchannel_logout", &["session_id"]),
        open_logouts("next_attempt_at"),
        open_logouts("expires_at")
            .name("ix_backchannel_logout_open_expires_at")
            .take(),
        index("backchannel_logout", &["expires_at"]),
        index("initial_access_token", &["expires_at"]),
        index("refresh_token", &["client_id"]),
        index("access_token", &["client_id"]),
        index("authorization_code", &["client_id"]),
        index("consent_grant", &["client_id"]),
    ]
}

/// Almost all rows are done with: nobody walks over them to find the few that are not.
fn open_logouts(column: &'static str) -> IndexCreateStatement {
    index("backchannel_logout", &[column])
        .and_where(Expr::col("told_at").is_null())
        .and_where(Expr::col("dead_at").is_null())
        .take()
}
