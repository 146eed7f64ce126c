//! A copy of one's own data, through the real router, on every database at hand.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::Value;

use super::names;
use super::parts;
use super::readable::{key, word_key};
use crate::history::What;
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

#[tokio::test]
async fn attack_235_a_copy_is_told_by_every_channel_once_for_page_and_file() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let tx = world.service.store().read();
        let told = async || {
            let all = store::notices::list(&tx, account, (0, 50)).await.unwrap();
            all.iter()
                .filter(|one| one.kind == model::notice::Kind::DataExported)
                .count()
        };
        browser.get("/account/export").await;
        browser.get("/account/export.json").await;
        assert_eq!(told().await, 1, "{}", world.kind);
        let sms = world.newest_sms(&format!("+86{PHONE}")).await.unwrap();
        assert!(sms.contains("all of its data") && sms.contains("/link/"), "{sms}");
        // The link locks the account, without a proof: whoever reads it may be nowhere signed in.
        let link = crate::testing::link_in(&sms);
        let mut elsewhere = world.browser();
        let page = elsewhere.get(&link).await;
        elsewhere.post(&link, &page, &[]).await;
        let found = store::accounts::find(&tx, account).await.unwrap().unwrap();
        assert_eq!(found.status, model::standing::Status::Held, "{}", world.kind);
    }
}

#[tokio::test]
async fn another_sign_ins_copy_is_told_again() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        for _ in 0..2 {
            let mut browser = signed_in(&world, PHONE).await;
            browser.get("/account/export.json").await;
        }
        let tx = world.service.store().read();
        let all = store::notices::list(&tx, account, (0, 50)).await.unwrap();
        let told = all
            .iter()
            .filter(|one| one.kind == model::notice::Kind::DataExported);
        assert_eq!(told.count(), 2, "{}", world.kind);
    }
}

#[tokio::test]
async fn the_page_says_words_in_the_language_of_the_reader_and_the_document_keeps_them() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        world.site("hefei", false, None).await;
        world.grant(account, "hefei", "openid").await;
        let mut browser = signed_in(&world, PHONE).await;
        let document = browser.get("/account/export.json").await;
        let value: Value = serde_json::from_str(&document.body).unwrap();
        assert_eq!(
            (&value["account"]["kind"], &value["account"]["status"]),
            (&"resident".into(), &"active".into())
        );
        assert_eq!(value["sign_ins"][0]["methods"][0], "password");
        let page = browser.get("/account/export").await;
        for raw in [
            "resident",
            "active",
            "signed-in",
            "phone_sms",
            "hefei",
            "new-device",
            "en",
        ] {
            assert!(
                !page.body.contains(&format!("<dd>{raw}</dd>")),
                "{raw}: {}",
                page.body
            );
        }
        for words in [
            "A person",
            "In use",
            "Signed in",
            "Text message to your phone",
            "Hefei",
            "English",
        ] {
            assert!(
                page.body.contains(&format!("<dd>{words}</dd>")),
                "{words}: {}",
                page.body
            );
        }
    }
}

#[test]
fn every_word_of_the_document_has_a_text_in_every_language() {
    use model::standing::Status;
    use store::changes::{Kind as Change, State as ChangeState};
    let clock = model::clock::Clock::manual(store::testing::start_time());
    let kit = web::Kit::for_tests(&crate::messages(), clock).unwrap();
    let mut words: Vec<((&str, &str), String)> = Vec::new();
    let mut add = |place, word: &str| words.push((place, word.to_owned()));
    for kind in ["resident", "organisation"] {
        add(("account", "kind"), kind);
    }
    for status in Status::ALL {
        add(("account", "status"), status.as_str());
        add(("standing", "from"), status.as_str());
    }
    for state in store::cases::State::ALL {
        add(("cases", "state"), state.as_str());
    }
    for kind in ["password", "totp", "passkey", "recovery_codes"] {
        add(("factors", "kind"), kind);
    }
    for method in ["password", "sms", "totp", "passkey", "certificate", "scan"] {
        add(("history", "methods"), method);
    }
    for what in store::history::What::ALL {
        add(("history", "what"), what.as_str());
    }
    for answer in ["accepted", "refused"] {
        add(("agreements", "answer"), answer);
    }
    for kind in Change::ALL {
        add(("changes", "kind"), kind.as_str());
    }
    for state in [
        ChangeState::Proposed,
        ChangeState::Waiting,
        ChangeState::Applied,
        ChangeState::Ended,
    ] {
        add(("changes", "state"), state.as_str());
    }
    for reason in model::standing_reason::Reason::ALL {
        add(("standing", "reason"), reason.as_str());
    }
    for outcome in ["granted", "refused"] {
        add(("objections", "outcome"), outcome);
    }
    for topic in model::notice::Topic::ALL {
        add(("preferences", "topic"), topic.as_str());
    }
    for channel in model::notice::Channel::ALL {
        add(("preferences", "channels"), channel.as_str());
    }
    for kind in model::notice::Kind::ALL {
        add(("notices", "kind"), kind.as_str());
    }
    for (place, word) in words {
        let key = word_key(place, &word).expect("a key");
        for language in model::language::Language::ALL {
            assert!(kit.texts().has(language, &key), "{key} in {language:?}");
        }
    }
}

#[tokio::test]
async fn attack_235_copies_of_one_hour_are_written_down_and_told_once_also_over_the_full_hour() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let now = world.clock.now();
        let past = now.timestamp().rem_euclid(3600);
        world
            .clock
            .advance(chrono::TimeDelta::seconds(3600 + 3540 - past));
        let mut browser = signed_in(&world, PHONE).await;
        let rows = async || {
            let tx = world.service.store().read();
            let history = store::history::list(&tx, account, None).await.unwrap();
            let told = store::notices::list(&tx, account, (0, 50)).await.unwrap();
            let audited = world.test.audited().await.unwrap();
            let history = history.iter().filter(|one| one.what == What::Exported);
            let told = told
                .iter()
                .filter(|one| one.kind == model::notice::Kind::DataExported);
            let audited = audited.iter().filter(|(event, ..)| event == "data_exported");
            [history.count(), told.count(), audited.count()]
        };
        browser.get("/account/export").await;
        world.clock.advance(chrono::TimeDelta::minutes(2));
        let copy = browser.get("/account/export.json").await;
        assert!(copy.body.starts_with('{'), "{}", copy.body);
        assert_eq!(rows().await, [1, 1, 1], "{}", world.kind);
    }
}

/// What becomes of each table in a copy: the part that has it, or why it has none.
const TABLES: [(&str, Result<&str, &str>); 33] = [
    (
        "access_token",
        Err("lives for minutes; the sub-site is in `sharing`"),
    ),
    ("account_change", Ok("changes")),
    ("account_history", Ok("history")),
    ("account_link", Err("secrets of links that are under way")),
    ("agreement_acceptance", Ok("agreements")),
    (
        "agreement_told",
        Err("that a supplement was shown; the text is in the list of agreements"),
    ),
    (
        "audit",
        Err("the operators' log, without contents; asked for by letter"),
    ),
    ("authorization_code", Err("lives for a minute")),
    ("backchannel_logout", Err("messages to sub-sites")),
    ("case_history", Err("on the page of each case")),
    ("case_image", Err("pictures, which are deleted on schedule")),
    (
        "case_review",
        Err("who works at a case; what came of it is in `cases`"),
    ),
    ("ceremony", Err("pages that are under way")),
    ("consent_grant", Ok("sharing")),
    ("credential", Ok("factors")),
    ("evidence", Ok("evidence")),
    ("factor", Ok("factors")),
    ("known_device", Ok("devices")),
    (
        "level_watch",
        Err("when the level is looked at again; it is in `level`"),
    ),
    ("notice", Ok("notices")),
    ("notice_preference", Ok("preferences")),
    ("password_history", Err("hashes")),
    ("recovery_code", Ok("factors")),
    ("refresh_token", Err("secrets; the sub-site is in `sharing`")),
    ("registration", Err("ends with the registration")),
    ("retained", Err("made when the account is closed")),
    ("round_trip", Err("returns that are under way")),
    ("scan", Err("lives for minutes")),
    ("session", Ok("sign_ins")),
    ("standing_appeal", Ok("objections")),
    ("standing_change", Ok("standing")),
    ("status_event", Err("messages to sub-sites")),
    ("verification_case", Ok("cases")),
];

#[tokio::test]
async fn attack_298_every_table_with_an_account_in_it_has_a_part_of_the_copy_or_a_reason_why_not() {
    // A new table has to be thought about here: does its owner get a copy?
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/src/entity");
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        if text.contains("pub account_id:") {
            let (_, name) = text.split_once("table_name = \"").unwrap();
            found.insert(name.split('"').next().unwrap().to_owned());
        }
    }
    let known: BTreeSet<String> = TABLES.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert_eq!(found, known);
    let world = worlds().await.remove(0);
    resident(&world, PHONE).await;
    let mut browser = signed_in(&world, PHONE).await;
    let document = browser.get("/account/export.json").await;
    let value: Value = serde_json::from_str(&document.body).unwrap();
    for (table, part) in TABLES {
        match part {
            Ok(part) => assert!(value.get(part).is_some(), "{table}: no `{part}`"),
            Err(reason) => assert!(!reason.is_empty(), "{table}"),
        }
    }
}

#[tokio::test]
async fn attack_298_a_copy_has_the_words_of_an_objection_and_what_notices_were_chosen() {
    use model::ids::{AppealId, OperatorId, StandingChangeId};
    use model::notice::{Channel, Topic};
    use model::secret::Sensitive;
    use model::standing::Status;
    use store::standing_changes::{self, Appeal, Change, Outcome};
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let (tx, now, rng) = (
            world.service.store().read(),
            world.clock.now(),
            world.service.rng(),
        );
        let change = Change {
            id: StandingChangeId::new(now, rng),
            account,
            from: Status::Active,
            to: Status::Suspended,
            reason: "misuse".to_owned(),
            note: None,
            operator: Some(OperatorId::new(now, rng)),
            second: None,
            at: now,
            until: None,
            doubted_from: None,
        };
        standing_changes::record(&tx, &change).await.unwrap();
        let appeal = Appeal {
            id: AppealId::new(now, rng),
            change: change.id,
            account,
            text: Sensitive::new("It was <not> me.".to_owned()),
            at: now,
            decided: None,
        };
        assert!(standing_changes::appeal(&tx, &appeal).await.unwrap());
        standing_changes::settle_appeals(&tx, account, Outcome::Granted, now)
            .await
            .unwrap();
        for channel in Channel::ALL {
            let wish = (Topic::SignIns, channel, channel == Channel::Email);
            store::notices::wish(&tx, rng, account, wish, now).await.unwrap();
        }
        let mut browser = signed_in(&world, PHONE).await;
        let document = browser.get("/account/export.json").await;
        let value: Value = serde_json::from_str(&document.body).unwrap();
        let objection = &value["objections"][0];
        assert_eq!(
            (&objection["text"], &objection["outcome"]),
            (&"It was <not> me.".into(), &"granted".into()),
            "{}",
            world.kind
        );
        let chosen = &value["preferences"][0];
        assert_eq!(chosen["topic"], "sign-ins");
        assert_eq!(chosen["channels"], serde_json::json!(["email"]));
        let page = browser.get("/account/export").await;
        assert!(page.body.contains("It was &lt;not&gt; me."), "{}", page.body);
        let described = include_str!("../../../../docs/export.md");
        for name in ["text", "outcome", "decided_at", "topic", "channels"] {
            assert!(described.contains(&format!("`{name}`")), "{name}");
            for language in model::language::Language::ALL {
                assert!(world.service.kit().texts().has(language, &key(name)), "{name}");
            }
        }
    }
}
