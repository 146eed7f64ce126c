//! Residents, how they prove themselves, and what is known about them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, blob, blob_null, boolean, integer, pk_uuid, text, text_null, uuid, uuid_null,
};

use crate::{create, index, ts, ts_null, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 12] = [
    "secret",
    "account",
    "credential",
    "agreement_acceptance",
    "evidence",
    "verification_case",
    "session",
    "registration",
    "captcha",
    "otp",
    "throttle",
    "outbox",
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
            "secret",
            vec![
                text("name").primary_key().take(),
                blob("sealed"),
                ts("created_at"),
            ],
        ),
        create(
            "account",
            vec![
                pk_uuid("id"),
                text("kind"),
                text("status"),
                text("language"),
                blob_null("phone_sealed"),
                blob_null("phone_index"),
                blob_null("name_sealed"),
                blob_null("citizen_id_sealed"),
                blob_null("citizen_id_index"),
                ts("created_at"),
                ts("updated_at"),
            ],
        ),
        create(
            "credential",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("kind"),
                text("secret"),
                ts("created_at"),
                ts("changed_at"),
            ],
        ),
        create(
            "agreement_acceptance",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("agreement"),
                text("version"),
                text("language"),
                blob("text_hash"),
                ts("accepted_at"),
            ],
        ),
        create(
            "evidence",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("source"),
                ts("issued_at"),
                ts_null("expires_at"),
                ts_null("ended_at"),
                text_null("ended_reason"),
                text_null("reference"),
                uuid_null("case_id"),
            ],
        ),
        create(
            "verification_case",
            vec![
                pk_uuid("id"),
                text("number"),
                uuid("account_id"),
                text("source"),
                text("state"),
                blob_null("input_sealed"),
                blob_null("subject_index"),
                integer("attempts"),
                ts_null("next_attempt_at"),
                text_null("reference"),
                ts("created_at"),
                ts("updated_at"),
            ],
        ),
        create(
            "session",
            vec![
                pk_uuid("id"),
                blob("token_hash"),
                uuid("account_id"),
                text("methods"),
                boolean("public_computer"),
                ts("auth_time"),
                ts("created_at"),
                ts("last_seen_at"),
                ts("expires_at"),
                ts_null("ended_at"),
                blob_null("device_sealed"),
            ],
        ),
        create(
            "registration",
            vec![
                pk_uuid("id"),
                blob("browser_hash"),
                text("kind"),
                text("language"),
                blob("phone_sealed"),
                blob("phone_index"),
                ts("created_at"),
                ts("expires_at"),
                uuid_null("account_id"),
            ],
        ),
        create(
            "captcha",
            vec![
                pk_uuid("id"),
                blob("browser_hash"),
                blob("answer_sealed"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("used_at"),
            ],
        ),
        create(
            "otp",
            vec![
                pk_uuid("id"),
                text("purpose"),
                blob("target_index"),
                blob("browser_hash"),
                blob("code_mac"),
                integer("attempts_left"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("used_at"),
            ],
        ),
        create(
            "throttle",
            vec![
                blob("bucket").primary_key().take(),
                big_integer("count"),
                ts("expires_at"),
            ],
        ),
        create(
            "outbox",
            vec![
                pk_uuid("id"),
                text("channel"),
                text("template"),
                blob("recipient_sealed"),
                blob("text_sealed"),
                integer("attempts"),
                ts("created_at"),
                ts("next_attempt_at"),
                ts("expires_at"),
                ts_null("sent_at"),
                ts_null("dead_at"),
            ],
        ),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let open = |mut index: IndexCreateStatement| index.and_where(Expr::col("status").ne("closed")).take();
    vec![
        open(unique("account", &["phone_index"])),
        open(unique("account", &["citizen_id_index"])),
        unique("credential", &["account_id", "kind"]),
        index("agreement_acceptance", &["account_id"]),
        index("evidence", &["account_id"]),
        unique("verification_case", &["number"]),
        index("verification_case", &["account_id"]),
        index("verification_case", &["next_attempt_at"]),
        unique("session", &["token_hash"]),
        index("session", &["account_id"]),
        index("session", &["expires_at"]),
        index("registration", &["browser_hash"]),
        index("registration", &["expires_at"]),
        index("captcha", &["expires_at"]),
        index("otp", &["target_index", "purpose"]),
        index("otp", &["expires_at"]),
        index("throttle", &["expires_at"]),
        index("outbox", &["next_attempt_at"]),
        index("outbox", &["expires_at"]),
    ]
}
