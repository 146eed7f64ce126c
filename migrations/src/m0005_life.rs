//! What an account lives with: further identifiers, factors, changes that wait, links, notices, history, closing.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, blob, blob_null, boolean, integer, integer_null, pk_uuid, string, text, text_null,
    uuid, uuid_null,
};

use crate::{create, index, ts, ts_null, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 15] = [
    "ceremony",
    "factor",
    "recovery_code",
    "password_history",
    "account_change",
    "account_link",
    "account_history",
    "known_device",
    "notice",
    "notice_preference",
    "agreement_told",
    "scan",
    "standing_change",
    "standing_appeal",
    "retained",
];

/// Columns that older tables gain.
fn added() -> Vec<(&'static str, ColumnDef)> {
    vec![
        ("account", blob_null("email_sealed")),
        ("account", blob_null("email_index")),
        ("account", ts_null("email_proven_at")),
        ("account", blob_null("username_sealed")),
        ("account", blob_null("username_index")),
        ("account", blob_null("declared_name_sealed")),
        ("registration", blob_null("email_sealed")),
        ("registration", blob_null("email_index")),
        ("registration", blob_null("name_sealed")),
        ("round_trip", ts_null("leased_until")),
        ("agreement_acceptance", text("answer").default("accepted").take()),
        ("session", blob_null("network_sealed")),
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
        for table in factors().into_iter().chain(changes()).chain(standing()) {
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
        for (name, table) in [
            ("ux_account_email_index", "account"),
            ("ux_account_username_index", "account"),
            ("ix_registration_email_index", "registration"),
        ] {
            let named = Index::drop().name(name).table(table).to_owned();
            manager.drop_index(named).await?;
        }
        for (table, column) in added().into_iter().rev() {
            let name = column.get_column_name();
            let alter = Table::alter().table(table).drop_column(name).to_owned();
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

fn factors() -> Vec<TableCreateStatement> {
    vec![
        create(
            "ceremony",
            vec![
                blob("id_hash").primary_key().take(),
                blob("browser_hash"),
                text("purpose"),
                uuid_null("account_id"),
                uuid_null("session_id"),
                text("methods"),
                blob_null("state_sealed"),
                text("onward"),
                boolean("public_computer"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("used_at"),
            ],
        ),
        create(
            "factor",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("kind"),
                blob("name_sealed"),
                blob("secret_sealed"),
                blob_null("credential_hash"),
                big_integer_null("last_step"),
                ts("created_at"),
                ts_null("last_used_at"),
            ],
        ),
        create(
            "recovery_code",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                blob("code_mac"),
                ts("created_at"),
                ts_null("used_at"),
            ],
        ),
        create(
            "password_history",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("secret"),
                ts("retired_at"),
            ],
        ),
        create(
            "known_device",
            vec![
                blob("device_hash").primary_key().take(),
                uuid("account_id"),
                blob("label_sealed"),
                ts("first_seen_at"),
                ts("last_seen_at"),
            ],
        ),
        create(
            "scan",
            vec![
                blob("id_hash").primary_key().take(),
                blob("browser_hash"),
                integer("number"),
                blob("details_sealed"),
                ts("created_at"),
                ts("expires_at"),
                uuid_null("account_id"),
                uuid_null("session_id"),
                ts_null("decided_at"),
                text_null("decision"),
                ts_null("used_at"),
            ],
        ),
    ]
}

fn changes() -> Vec<TableCreateStatement> {
    vec![
        create(
            "account_change",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("kind"),
                text("state"),
                blob_null("details_sealed"),
                ts("created_at"),
                ts("effective_at"),
                ts_null("reversible_until"),
                ts_null("applied_at"),
                ts_null("ended_at"),
                text_null("ended_how"),
            ],
        ),
        create(
            "account_link",
            vec![
                blob("token_hash").primary_key().take(),
                text("purpose"),
                uuid("account_id"),
                uuid_null("about"),
                blob_null("target_index"),
                ts("created_at"),
                ts("expires_at"),
                ts_null("used_at"),
            ],
        ),
        create(
            "account_history",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                ts("at"),
                text("what"),
                uuid_null("session_id"),
                text_null("client_id"),
                text_null("methods"),
                integer_null("level"),
                blob_null("details_sealed"),
            ],
        ),
        create(
            "notice",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("kind"),
                blob("args_sealed"),
                ts("created_at"),
                ts_null("read_at"),
            ],
        ),
        create(
            "notice_preference",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                string("topic"),
                string("channel"),
                boolean("wanted"),
                ts("changed_at"),
            ],
        ),
    ]
}

fn standing() -> Vec<TableCreateStatement> {
    vec![
        create(
            "agreement_told",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                string("agreement"),
                string("version"),
                ts("told_at"),
            ],
        ),
        create(
            "standing_change",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                text("from_status"),
                text("to_status"),
                text("reason"),
                blob_null("note_sealed"),
                uuid_null("operator_id"),
                uuid_null("second_operator_id"),
                ts("at"),
                ts_null("until"),
            ],
        ),
        create(
            "standing_appeal",
            vec![
                pk_uuid("id"),
                uuid("change_id"),
                uuid("account_id"),
                blob("text_sealed"),
                ts("at"),
                uuid_null("decided_by"),
                ts_null("decided_at"),
                text_null("outcome"),
                text_null("reply"),
            ],
        ),
        create(
            "retained",
            vec![
                pk_uuid("id"),
                uuid("account_id"),
                string("what"),
                text("reason"),
                ts("until"),
            ],
        ),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let open = |mut index: IndexCreateStatement| index.and_where(Expr::col("status").ne("closed")).take();
    vec![
        open(unique("account", &["email_index"])),
        open(unique("account", &["username_index"])),
        index("registration", &["email_index"]),
        index("ceremony", &["expires_at"]),
        index("factor", &["account_id"]),
        unique("factor", &["credential_hash"]),
        unique("recovery_code", &["account_id", "code_mac"]),
        index("password_history", &["account_id"]),
        index("known_device", &["account_id"]),
        index("scan", &["expires_at"]),
        index("account_change", &["account_id"]),
        index("account_change", &["effective_at"]),
        index("account_link", &["account_id"]),
        index("account_link", &["expires_at"]),
        index("account_history", &["account_id", "at"]),
        index("notice", &["account_id", "created_at"]),
        unique("notice_preference", &["account_id", "topic", "channel"]),
        unique("agreement_told", &["account_id", "agreement", "version"]),
        index("standing_change", &["account_id"]),
        unique("standing_appeal", &["change_id"]),
        unique("retained", &["account_id", "what"]),
    ]
}
