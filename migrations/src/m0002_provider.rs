//! Sub-sites, what they were allowed, and what they were given; keys and the audit log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, pk_uuid, text, text_null, uuid, uuid_null,
};

use crate::{create, index, ts, ts_null, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 10] = [
    "client",
    "consent_grant",
    "interaction",
    "authorization_code",
    "access_token",
    "client_assertion",
    "signing_key",
    "audit",
    "audit_head",
    "revision",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.into_iter().rev() {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        create(
            "client",
            vec![
                text("client_id").primary_key().take(),
                text("document"),
                blob_null("secret_hash"),
                ts("applied_at"),
                ts_null("removed_at"),
            ],
        ),
        create(
            "consent_grant",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("client_id"),
                text("allowed"),
                text("asked"),
                text("receipt"),
                ts("created_at"),
                ts_null("revoked_at"),
            ],
        ),
        create(
            "interaction",
            vec![
                blob("id_hash").primary_key().take(),
                blob("browser_hash"),
                text("client_id"),
                blob("request_sealed"),
                text("answers"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("finished_at"),
            ],
        ),
        create(
            "authorization_code",
            vec![
                blob("code_hash").primary_key().take(),
                text("client_id"),
                uuid("account_id"),
                uuid("session_id"),
                uuid_null("grant_id"),
                text("redirect_uri"),
                text_null("code_challenge"),
                text("details"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("used_at"),
                ts_null("revoked_at"),
            ],
        ),
        create(
            "access_token",
            vec![
                blob("token_hash").primary_key().take(),
                blob("code_hash"),
                text("client_id"),
                uuid("account_id"),
                uuid("session_id"),
                uuid_null("grant_id"),
                text("details"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("revoked_at"),
            ],
        ),
        create(
            "client_assertion",
            vec![blob("jti_hash").primary_key().take(), ts("expires_at")],
        ),
        create(
            "signing_key",
            vec![
                text("kid").primary_key().take(),
                text("alg"),
                text("state"),
                blob("private_sealed"),
                ts("created_at"),
                ts("state_changed_at"),
            ],
        ),
        create(
            "audit",
            vec![
                pk_uuid("id"),
                ts("at"),
                text("event"),
                uuid_null("account_id"),
                text_null("client_id"),
                uuid_null("session_id"),
                text_null("request_id"),
                text("details"),
                big_integer_null("position"),
                blob_null("chain_hash"),
            ],
        ),
        create(
            "audit_head",
            vec![
                text("name").primary_key().take(),
                big_integer("position"),
                blob("chain_hash"),
                blob("mac"),
            ],
        ),
        create(
            "revision",
            vec![text("name").primary_key().take(), big_integer("number")],
        ),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        unique("consent_grant", &["account_id", "client_id"])
            .and_where(Expr::col("revoked_at").is_null())
            .take(),
        index("consent_grant", &["account_id"]),
        index("interaction", &["expires_at"]),
        index("authorization_code", &["expires_at"]),
        index("authorization_code", &["session_id"]),
        index("authorization_code", &["account_id", "client_id"]),
        index("access_token", &["expires_at"]),
        index("access_token", &["code_hash"]),
        index("access_token", &["session_id"]),
        index("access_token", &["account_id", "client_id"]),
        index("client_assertion", &["expires_at"]),
        unique("signing_key", &["alg", "state"])
            .and_where(Expr::col("state").is_in(["next", "current"]))
            .take(),
        index("audit", &["account_id"]),
        unique("audit", &["position"]),
    ]
}
