//! The sources beside the population register (NA-20 to NA-26): one form for all, each with its own fields.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::language::Language;
use store::{accounts, cases};

use super::*;
use crate::evidence::port::Road;
use crate::signin::testing::resident;

#[tokio::test]
async fn source_na_20_25_every_further_source_compares_the_verified_name_and_number_and_raises_the_level() {
    for (world, script) in worlds_of_all(Config::default(), Word::Match).await {
        for (number, (source, fields)) in FURTHER.into_iter().enumerate() {
            let phone = format!("1390000010{number}");
            let account = resident(&world, &phone).await;
            let mut browser = confirmed(&world, &phone).await;
            // Each time another person: a number belongs to one account.
            let citizen = [
                "340000199003070012",
                "420000198511150022",
                "110000200002290139",
                "340000198802290041",
                "650000199108240068",
            ][number];
            let names = ["张明远", "李静宜", "王子轩", "卫嘉怡", "阿卜杜热西提·买买提·依明"][number];
            let early = browser.get(&page_of(source)).await;
            assert_eq!(early.location.as_deref(), Some(HERE), "the register comes first");
            assert!(verify(&mut browser, names, citizen).await.location.is_some());
            let page = browser.get(&page_of(source)).await;
            assert_eq!(
                page.page(),
                Some(format!("verify-{}", source.replace('_', "-")).as_str())
            );
            assert!(
                !page.body.contains(citizen) && !page.body.contains("[source-"),
                "{}",
                page.body
            );
            // What somebody adds to the form is not believed.
            let mut sent = vec![
                ("name", "别人"),
                ("citizen_id", "420000197512030159"),
                ("phone", "13900000000"),
            ];
            sent.extend_from_slice(fields);
            let seen = browser.post(&page_of(source), &page, &sent).await;
            assert_eq!(
                seen.location.as_deref(),
                Some("/account/level?done=yes"),
                "{source}: {}",
                seen.body
            );
            let asked = script.newest().unwrap();
            assert_eq!(
                (asked.name.as_str(), asked.citizen_id.as_str()),
                (names, citizen),
                "{source}"
            );
            let with_phone = matches!(source, "mobile_operator" | "bank_card");
            let e164 = format!("+86{phone}");
            assert_eq!(
                asked.phone.as_ref().map(model::phone::Phone::e164),
                with_phone.then_some(e164.as_str())
            );
            assert_eq!(asked.more.iter().count(), fields.len(), "{source}");
            for (name, typed) in fields {
                let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
                assert_eq!(asked.more.get(name), Some(plain.to_uppercase().as_str()));
            }
            assert_eq!(level(&world, account).await, 2, "{source} {}", world.kind);
            assert!(
                browser.get(&page_of(source)).await.location.is_some(),
                "once proven the page leads on"
            );
        }
    }
}

#[tokio::test]
async fn own_checks_come_first_name_their_field_and_keep_what_may_be_kept() {
    for (world, script) in worlds_of_all(Config::default(), Word::Match).await {
        let (account, mut browser) = verified(&world, PHONE).await;
        let asked = script.asked.load(Ordering::SeqCst);
        for (source, field, typed, error) in [
            (
                "bank_card",
                "card",
                "6200000000000000017",
                "source-bank-card-check",
            ),
            ("bank_card", "card", "", "source-bank-card-missing"),
            (
                "social_security",
                "account",
                "AH-!",
                "source-social-security-character",
            ),
            (
                "provident_fund",
                "account",
                "0551x",
                "source-provident-fund-digits",
            ),
            (
                "driving_licence",
                "file_number",
                "34010000001",
                "source-driving-licence-length",
            ),
        ] {
            for _ in 0..4 {
                let seen = fill(&mut browser, source, &[(field, typed)]).await;
                assert_eq!(
                    (seen.status, seen.errors()),
                    (StatusCode::UNPROCESSABLE_ENTITY, vec![error])
                );
                let kept = format!("value=\"{typed}\"");
                assert_eq!(
                    seen.body.contains(&kept),
                    source != "bank_card" && !typed.is_empty(),
                    "{source}"
                );
            }
        }
        assert_eq!(
            (script.asked.load(Ordering::SeqCst), level(&world, account).await),
            (asked, 1)
        );
        let page = browser.get(&page_of("bank_card")).await;
        let twice = [("card", "6200000000000000018"), ("card", "4111111111111111")];
        let refused = browser.post(&page_of("bank_card"), &page, &twice).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "a field that is there twice"
        );
        let long = "1".repeat(60_000);
        let seen = browser
            .post(&page_of("bank_card"), &page, &[("card", &long)])
            .await;
        assert_eq!(seen.errors(), ["source-bank-card-missing"]);
        assert_eq!(script.asked.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn source_na_24_the_dates_of_the_card_are_asked_for_compared_and_told_by_the_evidence() {
    for (world, script) in worlds_of_all(Config::default(), Word::Match).await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        assert!(page.body.contains("<details>") && page.body.contains("name=\"document_issued_on\""));
        let one = [
            ("name", NAME),
            ("citizen_id", NUMBER),
            ("document_issued_on", "2016.05.04"),
        ];
        let seen = browser.post(HERE, &page, &one).await;
        assert_eq!(seen.errors(), ["source-population-register-both"]);
        assert!(
            seen.body.contains("<details open>")
                && seen.body.contains("2016.05.04")
                && seen.body.contains(NAME)
        );
        let mut both = one.to_vec();
        both.push(("document_expires_on", "2036年5月4日"));
        let seen = browser.post(HERE, &page, &both).await;
        assert!(seen.location.is_some(), "{}", seen.body);
        let asked = script.newest().unwrap();
        assert_eq!(asked.more.get("document_issued_on"), Some("2016-05-04"));
        assert_eq!(asked.more.get("document_expires_on"), Some("2036-05-04"));
        let register = SourceId::parse(POPULATION_REGISTER).unwrap();
        let times = (world.clock.now() + TimeDelta::hours(1), world.clock.now());
        let tx = world.service.store().read();
        let (held, _) = store::evidence::page_of_source(&tx, &register, times, (None, 10))
            .await
            .unwrap();
        assert_eq!(held[0].account, account);
        let register = &held[0];
        assert_eq!(register.details.document.as_deref(), Some("idcard"));
        assert_eq!(
            register
                .details
                .document_expires
                .map(|day| day.to_string())
                .as_deref(),
            Some("2036-05-04")
        );
    }
}

#[tokio::test]
async fn source_hb_22_who_is_verified_cannot_be_verified_as_somebody_else_and_no_later_answer_changes_the_name()
 {
    for (world, script) in worlds_of_all(Config::default(), Word::Match).await {
        let (account, mut browser) = verified(&world, PHONE).await;
        // The evidence of the register has ended; only the same name and number can be proven again.
        let tx = world.service.store().read();
        let register = SourceId::parse(POPULATION_REGISTER).unwrap();
        store::evidence::end_source(&tx, account, &register, (world.clock.now(), "test"))
            .await
            .unwrap();
        let asked = script.asked.load(Ordering::SeqCst);
        for (name, number, error) in [
            (NAME, "420000198511150022", "evidence-citizen-id-other"),
            ("张明", NUMBER, "evidence-name-other"),
        ] {
            let seen = verify(&mut browser, name, number).await;
            assert_eq!(seen.errors(), [error]);
        }
        assert_eq!(script.asked.load(Ordering::SeqCst), asked);
        // An answer that comes in by another way with another name changes nothing.
        let mut facts = crate::evidence::source::tests::facts();
        facts.name = model::person_name::PersonName::parse("张明").unwrap();
        let attempt = crate::evidence::check::Attempt {
            account,
            source: register,
            facts,
            request_id: None,
        };
        let outcome = crate::evidence::check::run(&world.service, &attempt)
            .await
            .unwrap();
        assert_eq!(outcome, crate::evidence::check::Outcome::Gone);
        let held = accounts::find(&tx, account).await.unwrap().unwrap();
        assert_eq!(held.name.unwrap().as_str(), NAME);
        assert_eq!(level(&world, account).await, 0, "{}", world.kind);
        assert!(cases::list_open(&tx, account).await.unwrap().is_empty());
        assert!(verify(&mut browser, NAME, NUMBER).await.location.is_some());
    }
}

#[test]
fn every_source_says_everything_in_every_language() {
    let texts = web::language::Texts::new(&crate::messages()).unwrap();
    for definition in crate::evidence::sources::ALL {
        let mut keys = vec![definition.key("name")];
        if let Road::Form(form) = definition.road {
            keys.extend(["title", "text", "consent"].map(|what| definition.key(what)));
            for field in form.fields {
                keys.push(definition.key(field.name));
                keys.push(definition.key(&format!("{}-hint", field.name)));
                // What is not kept is gone after an interruption; that it is missing must be seen.
                assert!(field.kept || !field.optional, "{}", definition.id);
            }
            if form.fields.iter().any(|field| field.optional) {
                keys.extend(["more", "more-text"].map(|what| definition.key(what)));
            }
        }
        for key in keys {
            for language in Language::ALL {
                assert!(texts.find(language, &key, &[]).is_some(), "{key} in {language:?}");
            }
        }
        let id = SourceId::parse(definition.id).unwrap();
        assert!(crate::evidence::definition(&id).is_some());
        for (language, ftl) in definition.texts {
            let prefix = format!("source-{}-", definition.slug());
            let own = ftl
                .lines()
                .filter(|line| line.contains(" = ") && !line.starts_with([' ', '#']));
            for line in own {
                assert!(line.starts_with(&prefix), "{language:?}: {line}");
            }
        }
    }
}
