use chrono::TimeDelta;
use model::client::AccountKind;
use model::language::Language;
use model::phone::Phone;
use sea_orm::{ConnectionTrait as _, Statement};

use super::*;
use crate::accounts::{self, NewAccount};
use crate::testing::{TestStore, stores};

async fn account(test: &TestStore) -> AccountId {
    let now = test.clock.now();
    let new = NewAccount {
        id: AccountId::new(now, test.store.rng()),
        kind: AccountKind::Resident,
        language: Language::En,
        phone: Phone::parse("13800000001").unwrap(),
        created_at: now,
    };
    accounts::create(&test.store.read(), &new).await.unwrap();
    new.id
}

/// Every table that has an account in it.
async fn tables(test: &TestStore) -> Vec<String> {
    let tx = test.store.read();
    let sql = match test.database.kind() {
        "sqlite" => {
            "SELECT m.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND c.name = 'account_id' ORDER BY 1"
        }
        _ => {
            "SELECT table_name::text AS name FROM information_schema.columns \
             WHERE column_name = 'account_id' AND table_schema = 'public' ORDER BY 1"
        }
    };
    let query = Statement::from_string(tx.get_database_backend(), sql);
    let rows = tx.query_all_raw(query).await.unwrap();
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

#[tokio::test]
async fn source_na_40_every_table_with_an_account_in_it_is_erased_kept_for_a_reason_or_ends_by_itself() {
    // A new table has to be thought about here: what becomes of it when somebody leaves?
    let erased = [
        "account_link",
        "agreement_told",
        "ceremony",
        "credential",
        "factor",
        "known_device",
        "level_watch",
        "notice",
        "notice_preference",
        "password_history",
        "recovery_code",
        "round_trip",
        "scan",
    ];
    let kept_for_a_reason = [
        "account_history",
        "agreement_acceptance",
        "case_history",
        "case_image", // without the picture
        "case_review",
        "consent_grant",
        "evidence",
        "session",
        "standing_appeal",
        "standing_change",
        "verification_case",
    ];
    let ends_by_itself = [
        "access_token",
        "account_change", // without its details
        "authorization_code",
        "backchannel_logout",
        "refresh_token",
        "registration",
        "retained",
        "status_event",
    ];
    // The log: identifiers only.
    let never = ["audit"];
    let mut known: Vec<&str> = [&erased[..], &kept_for_a_reason, &ends_by_itself, &never].concat();
    known.sort_unstable();
    for test in stores().await {
        assert_eq!(tables(&test).await, known, "{}", test.database.kind());
    }
}

#[tokio::test]
async fn only_a_closed_account_is_emptied_and_its_phone_is_free_again() {
    for test in stores().await {
        let id = account(&test).await;
        let (tx, now) = (test.store.read(), test.clock.now() + TimeDelta::days(7));
        assert!(erase(&tx, id, &[], now).await.is_err(), "in use");
        for step in [
            (Status::Active, Status::Closing),
            (Status::Closing, Status::Closed),
        ] {
            assert!(accounts::change_status(&tx, id, step, now).await.unwrap());
        }
        erase(&tx, id, &[Kept::SignIns], now).await.unwrap();
        let shell = accounts::find(&tx, id).await.unwrap().unwrap();
        assert!(shell.phone.is_none() && shell.name.is_none() && shell.citizen_id.is_none());
        assert_eq!(shell.status, Status::Closed);
        let again = account(&test).await;
        assert_ne!(again, id, "NA-41: another account");
        forget(&tx, id, Kept::SignIns).await.unwrap();
    }
}
