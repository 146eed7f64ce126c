//! Human review, operators, sources and their use, round trips to other parties, and levels that are watched.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, blob, blob_null, integer, pk_uuid, text, text_null, uuid, uuid_null,
};

use crate::{create, index, ts, ts_null, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 10] = [
    "case_review",
    "case_history",
    "case_image",
    "operator",
    "operator_passkey",
    "operator_session",
    "source_use",
    "round_trip",
    "level_watch",
    "status_event",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let details = Table::alter()
            .table("evidence")
            .add_column(text_null("details"))
            .to_owned();
        manager.alter_table(details).await?;
        // The hash of the name under which the sub-site knows the person, so that it can ask by it.
        let subject = Table::alter()
            .table("consent_grant")
            .add_column(blob_null("subject_hash"))
            .to_owned();
        manager.alter_table(subject).await?;
        for table in reviews().into_iter().chain(operators()).chain(sources()) {
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
        let named = Index::drop()
            .name("ix_consent_grant_client_id_subject_hash")
            .table("consent_grant")
            .to_owned();
        manager.drop_index(named).await?;
        let subject = Table::alter()
            .table("consent_grant")
            .drop_column("subject_hash")
            .to_owned();
        manager.alter_table(subject).await?;
        let details = Table::alter().table("evidence").drop_column("details").to_owned();
        manager.alter_table(details).await
    }
}

fn reviews() -> Vec<TableCreateStatement> {
    vec![
        create(
            "case_review",
            vec![
                uuid("case_id").primary_key().take(),
                uuid("account_id"),
                integer("level"),
                text("state"),
                ts("queued_at"),
                uuid_null("claimed_by"),
                ts_null("claimed_until"),
                uuid_null("proposed_by"),
                text_null("proposed"),
                text_null("proposed_reason"),
                uuid_null("decided_by"),
                ts_null("decided_at"),
                text_null("reason"),
                text_null("reply"),
                integer("appeals"),
                ts("updated_at"),
            ],
        ),
        create(
            "case_history",
            vec![
                pk_uuid("id"),
                uuid("case_id"),
                uuid("account_id"),
                ts("at"),
                text("what"),
                uuid_null("operator_id"),
                text_null("reason"),
            ],
        ),
        create(
            "case_image",
            vec![
                pk_uuid("id"),
                uuid("case_id"),
                uuid("account_id"),
                text("part"),
                blob_null("image_sealed"),
                integer("bytes"),
                ts("created_at"),
                ts("delete_after"),
                ts_null("deleted_at"),
            ],
        ),
    ]
}

fn operators() -> Vec<TableCreateStatement> {
    vec![
        create(
            "operator",
            vec![
                pk_uuid("id"),
                text("login"),
                text("name"),
                text("status"),
                text("roles"),
                text("language"),
                text_null("password"),
                blob_null("totp_sealed"),
                big_integer_null("totp_step"),
                blob_null("enrol_hash"),
                ts_null("enrol_expires_at"),
                // Who made the last link to enrol by; null is the command line.
                uuid_null("vouched_by"),
                ts("created_at"),
                ts("updated_at"),
            ],
        ),
        create(
            "operator_passkey",
            vec![
                pk_uuid("id"),
                uuid("operator_id"),
                blob("credential_hash"),
                text("passkey"),
                text("name"),
                ts("created_at"),
                ts_null("last_used_at"),
            ],
        ),
        create(
            "operator_session",
            vec![
                pk_uuid("id"),
                blob("token_hash"),
                uuid_null("operator_id"),
                text("stage"),
                text_null("pending"),
                ts("created_at"),
                ts("last_seen_at"),
                ts("expires_at"),
                ts_null("ended_at"),
            ],
        ),
    ]
}

fn sources() -> Vec<TableCreateStatement> {
    let mut source_use = create(
        "source_use",
        vec![
            text("source"),
            text("day"),
            integer("asked"),
            integer("matched"),
            integer("denied"),
            integer("unavailable"),
        ],
    );
    source_use.primary_key(Index::create().col("source").col("day"));
    vec![
        source_use,
        create(
            "round_trip",
            vec![
                blob("state_hash").primary_key().take(),
                uuid("account_id"),
                uuid("session_id"),
                blob("browser_hash"),
                text("source"),
                blob("kept_sealed"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("used_at"),
            ],
        ),
        create(
            "level_watch",
            vec![
                uuid("account_id").primary_key().take(),
                integer("level"),
                ts_null("lapses_at"),
                ts("next_look_at"),
                text_null("reminded"),
            ],
        ),
        create(
            "status_event",
            vec![
                pk_uuid("id"),
                text("client_id"),
                uuid("account_id"),
                text("kind"),
                text("details"),
                ts("created_at"),
                ts("next_attempt_at"),
                integer("attempts"),
                ts("expires_at"),
                ts_null("told_at"),
                ts_null("dead_at"),
            ],
        ),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let open_events = index("status_event", &["next_attempt_at"])
        .and_where(Expr::col("told_at").is_null())
        .and_where(Expr::col("dead_at").is_null())
        .take();
    vec![
        index("consent_grant", &["client_id", "subject_hash"]),
        index("case_review", &["state", "queued_at"]),
        index("case_review", &["account_id"]),
        index("case_history", &["case_id", "at"]),
        index("case_history", &["account_id", "at"]),
        index("case_image", &["case_id"]),
        index("case_image", &["delete_after"]),
        unique("operator", &["login"]),
        index("operator_passkey", &["operator_id"]),
        unique("operator_passkey", &["credential_hash"]),
        unique("operator_session", &["token_hash"]),
        index("operator_session", &["operator_id"]),
        index("operator_session", &["expires_at"]),
        index("round_trip", &["expires_at"]),
        index("level_watch", &["next_look_at"]),
        open_events,
        index("status_event", &["expires_at"]),
        index("verification_case", &["state", "updated_at"]),
    ]
}
