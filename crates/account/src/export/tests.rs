//! A copy of one's own data, through the real router, on every database at hand.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::Value;

use super::{key, names, parts};
use crate::signin::testing::{resident, signed_in};
use crate::testing::worlds;

const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";

#[tokio::test]
async fn source_na_44_the_page_and_the_document_hold_the_persons_own_data_and_nobody_elses() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get("/account/export").await;
        assert_eq!(page.page(), Some("account-export"), "{}", page.body);
        let document = browser.get("/account/export.json").await;
        assert_eq!(document.status, StatusCode::OK);
        let value: Value = serde_json::from_str(&document.body).unwrap();
        assert_eq!(value["format"], parts::FORMAT);
        assert_eq!(value["account"]["phone"], format!("+86{PHONE}"));
        assert_eq!(value["evidence"][0]["source"], "phone_sms");
        assert!(
            value["history"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["what"] == "exported")
        );
        for text in [&page.body, &document.body] {
            assert!(text.contains(PHONE) && !text.contains(OTHER), "{}", world.kind);
            assert!(!text.contains("argon2") && !text.contains(&account.to_string()));
        }
    }
}

#[tokio::test]
async fn a_copy_asks_for_a_fresh_proof() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        world.clock.advance(chrono::TimeDelta::minutes(11));
        for path in ["/account/export", "/account/export.json"] {
            let seen = browser.get(path).await;
            let to = seen.location.unwrap();
            assert!(to.starts_with("/account/confirm?"), "{path}: {to}");
        }
        let mut stranger = world.browser();
        let seen = stranger.get("/account/export.json").await;
        assert!(seen.location.unwrap().starts_with("/sign-in"));
    }
}

#[tokio::test]
async fn every_member_has_a_name_in_every_language_and_a_line_in_the_document_that_describes_them() {
    let world = worlds().await.remove(0);
    resident(&world, PHONE).await;
    let mut browser = signed_in(&world, PHONE).await;
    let document = browser.get("/account/export.json").await;
    let value: Value = serde_json::from_str(&document.body).unwrap();
    let mut found = BTreeSet::new();
    names(&value, &mut found);
    let described = include_str!("../../../../docs/export.md");
    let texts = world.service.kit().texts();
    for name in &found {
        assert!(
            described.contains(&format!("`{name}`")),
            "docs/export.md lacks `{name}`"
        );
        if matches!(name.as_str(), "format" | "made_at") {
            continue;
        }
        for language in model::language::Language::ALL {
            assert!(texts.has(language, &key(name)), "{name} in {language:?}");
        }
    }
}
