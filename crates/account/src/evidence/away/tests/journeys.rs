//! What people do on this road, and what they see.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use model::interaction::resume_path;

use super::*;
use crate::signin::testing::{interrupted, live, resident, wants};

#[tokio::test]
async fn source_hb_28_30_a_sign_in_elsewhere_with_the_same_name_and_number_is_a_second_source() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let page = browser.get(&page_of(TRUSTED)).await;
        assert!(
            page.body.contains("Party") && !page.body.contains(NAME),
            "{}",
            page.body
        );
        let before = browser.cookies["denizen_session"].clone();
        let seen = journey(&mut browser, TRUSTED).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/account/level?done=yes"),
            "{}",
            seen.body
        );
        assert_eq!(level(&scene.world, account).await, 2, "{}", scene.world.kind);
        assert_ne!(before, browser.cookies["denizen_session"], "A151: a new cookie");
        // How it was gained stands beside it, and nothing about the person.
        let tx = scene.world.service.store().read();
        let (source, now) = (SourceId::parse(TRUSTED).unwrap(), scene.world.clock.now());
        let later = now + chrono::TimeDelta::days(1);
        let held = store::evidence::page_of_source(&tx, &source, (later, now), (None, 10)).await;
        let piece = held
            .unwrap()
            .0
            .into_iter()
            .find(|piece| piece.account == account)
            .unwrap();
        assert_eq!(piece.details.partner.as_deref(), Some("party"));
        assert!(piece.evidence.expires_at.is_some());
        // Once gained the page leads on.
        assert!(browser.get(&page_of(TRUSTED)).await.location.is_some());
    }
}

#[tokio::test]
async fn source_hb_30_where_nothing_is_verified_the_register_is_asked_first_and_then_both_count() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        let seen = journey(&mut browser, TRUSTED).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/account/level?done=yes"),
            "{}",
            seen.body
        );
        assert_eq!(scene.register.asked.load(Ordering::SeqCst), 1);
        assert_eq!(level(&scene.world, account).await, 2, "{}", scene.world.kind);
        let tx = scene.world.service.store().read();
        let account = store::accounts::find(&tx, account).await.unwrap().unwrap();
        assert_eq!(
            account.name.map(|name| name.as_str().to_owned()).as_deref(),
            Some(NAME)
        );
    }
}

#[tokio::test]
async fn source_hb_30_the_register_that_does_not_agree_makes_neither_count() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        scene.register.say(Word::Mismatch);
        let seen = journey(&mut browser, TRUSTED).await;
        assert_eq!(seen.location, Some(saying(TRUSTED, "register-differs")));
        // The same facts get the same answer for two minutes.
        scene.world.clock.advance(chrono::TimeDelta::seconds(121));
        scene.register.say(Word::Unavailable);
        let seen = journey(&mut browser, PROVINCE).await;
        let case = seen.location.as_deref().unwrap();
        assert!(
            case.starts_with("/account/cases/"),
            "an address without codes: {case}"
        );
        assert_eq!(
            follow(&mut browser, &seen).await.status,
            axum::http::StatusCode::OK
        );
        assert_eq!(level(&scene.world, account).await, 0, "{}", scene.world.kind);
        let tx = scene.world.service.store().read();
        let held = store::evidence::list(&tx, account).await.unwrap();
        assert!(held.iter().all(|piece| piece.source.as_str() == "phone_sms"));
    }
}

#[tokio::test]
async fn source_hb_30_without_a_name_and_number_nothing_rises_however_well_the_person_is_known_there() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        for (says, word) in [
            (Says::Word(Word::Match), "nameless"),
            (Says::Word(Word::NotFound), "not-enough"),
            (Says::Astray(Astray::Cancelled), "cancelled"),
            (Says::Astray(Astray::NotRight), "unavailable"),
            (Says::Astray(Astray::Unasked(Word::Unavailable)), "unavailable"),
            (Says::Astray(Astray::Unasked(Word::Refused)), "unavailable"),
        ] {
            scene.trusted.say(says);
            let seen = journey(&mut browser, TRUSTED).await;
            assert_eq!(seen.location, Some(saying(TRUSTED, word)));
            let page = follow(&mut browser, &seen).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                page.body.contains("verify-trusted-sign-in") && page.body.contains("<form"),
                "a way on"
            );
            assert!(
                !page.body.contains("away-") && !page.body.contains("source-trusted"),
                "{}",
                page.body
            );
        }
        // None of them was a try.
        scene.trusted.say(Says::Vouches(NAME, NUMBER));
        journey(&mut browser, TRUSTED).await;
        assert_eq!(level(&scene.world, account).await, 2, "{}", scene.world.kind);
    }
}

#[tokio::test]
async fn a_face_has_a_consent_of_its_own_and_another_road_beside_it() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        // The company is told a verified pair: without one the register comes first.
        let seen = browser.get(&page_of(FACE)).await;
        let first = seen.location.unwrap();
        assert!(
            first.starts_with("/verify/population-register?return_to="),
            "{first}"
        );
        proven(&mut browser).await;
        let page = browser.get(&page_of(FACE)).await;
        assert!(
            page.body.contains("7 days") && page.body.contains("your choice"),
            "{}",
            page.body
        );
        assert!(
            page.body.contains("/verify/other-province-level-3"),
            "a road without a face"
        );
        assert!(page.body.contains("service counter"));
        let refused = browser.post(&page_of(FACE), &page, &[]).await;
        assert_eq!(
            (refused.status, refused.errors()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["away-agree-missing"])
        );
        assert_eq!(
            scene.face.away.load(Ordering::SeqCst),
            0,
            "nobody was told anything"
        );
        let seen = journey(&mut browser, FACE).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/account/level?done=yes"),
            "{}",
            seen.body
        );
        assert_eq!(level(&scene.world, account).await, 3, "{}", scene.world.kind);
    }
}

#[tokio::test]
async fn a_face_whose_result_cannot_be_had_is_asked_for_again_and_is_no_try() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let state = leave(&mut browser, FACE, "").await;
        for _ in 0..4 {
            scene.face.say(Says::Astray(Astray::NotRight));
            let seen = back(&mut browser, FACE, &state).await;
            let page = follow(&mut browser, &seen).await;
            assert!(
                page.body.contains(&format!("/verify/face/back?state={state}")),
                "{}",
                page.body
            );
        }
        assert_eq!(level(&scene.world, account).await, 1);
        scene.face.say(Says::Vouches(NAME, NUMBER));
        back(&mut browser, FACE, &state).await;
        assert_eq!(level(&scene.world, account).await, 3, "{}", scene.world.kind);
        let seen = back(&mut browser, FACE, &state).await;
        assert_eq!(seen.location, Some(saying(FACE, "used")));
    }
}

#[tokio::test]
async fn the_sub_site_that_waits_goes_on_after_the_journey_and_after_not_now() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let id = interrupted(&scene.world, &browser, wants(Some(3), None)).await;
        let query = format!("?interaction={}", id.expose());
        let state = leave(&mut browser, PROVINCE, &query).await;
        let seen = back(&mut browser, PROVINCE, &state).await;
        assert_eq!(seen.location, Some(resume_path(&id)), "{}", seen.body);
        assert_eq!(level(&scene.world, account).await, 3, "{}", scene.world.kind);
        let page = browser.get(&format!("{}{query}", page_of(TRUSTED))).await;
        let skipped = browser.post(&page_of(TRUSTED), &page, &[("skip", "yes")]).await;
        assert_eq!(skipped.location, Some(resume_path(&id)));
        // What became of a journey keeps the way to the sub-site.
        scene.trusted.say(Says::Astray(Astray::Cancelled));
        let state = leave(&mut browser, TRUSTED, &query).await;
        let seen = back(&mut browser, TRUSTED, &state).await;
        assert!(seen.location.unwrap().contains(id.expose()));
    }
}

#[tokio::test]
async fn source_hb_26_without_a_fresh_code_to_the_phone_nobody_leaves() {
    for scene in scenes().await {
        resident(&scene.world, PHONE).await;
        let mut browser = signed_in(&scene.world, PHONE).await;
        let seen = browser.get(&page_of(TRUSTED)).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/verify/confirm-phone?then=trusted-sign-in")
        );
        confirm(&scene.world, &mut browser, PHONE).await;
        let page = browser.get(&page_of(TRUSTED)).await;
        scene.world.clock.advance(chrono::TimeDelta::minutes(11));
        let late = browser.post(&page_of(TRUSTED), &page, &[]).await;
        assert!(
            late.location.unwrap().starts_with("/verify/confirm-phone"),
            "A271"
        );
        assert_eq!(scene.trusted.away.load(Ordering::SeqCst), 0);
        assert!(live(&scene.world, &browser).await.is_some());
    }
}

#[tokio::test]
async fn a_minor_who_is_vouched_for_is_sent_to_a_counter_and_nobody_is_asked() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        scene
            .trusted
            .say(Says::Vouches("古丽·艾山", "650000201506010241"));
        let seen = journey(&mut browser, TRUSTED).await;
        assert_eq!(seen.location, Some(saying(TRUSTED, "minor")));
        let page = follow(&mut browser, &seen).await;
        assert!(page.body.contains("guardian") && !page.body.contains("650000201506010241"));
        assert_eq!(scene.register.asked.load(Ordering::SeqCst), 0);
        assert_eq!(level(&scene.world, account).await, 0, "{}", scene.world.kind);
    }
}

#[tokio::test]
async fn source_l24_beside_a_face_there_is_another_road_at_every_level_and_a_counter_is_gone_to_once() {
    for scene in scenes().await {
        let account = resident(&scene.world, PHONE).await;
        let mut browser = confirmed(&scene.world, PHONE).await;
        proven(&mut browser).await;
        let counter = browser.get("/verify/counter").await;
        assert_eq!(counter.page(), Some("verify-counter"));
        for expected in [1, 2] {
            assert_eq!(
                level(&scene.world, account).await,
                expected,
                "{}",
                scene.world.kind
            );
            let page = browser.get(&page_of(FACE)).await;
            assert_eq!(page.page(), Some("verify-face"));
            let main = page.body.split_once("<main").unwrap().1;
            assert!(
                main.contains("href=\"/verify/other-province-level-3"),
                "{expected}: {main}"
            );
            if expected == 1 {
                journey(&mut browser, TRUSTED).await;
            }
        }
        let (now, rng) = (scene.world.clock.now(), scene.world.service.rng());
        let new = store::evidence::NewEvidence {
            evidence: model::evidence::Evidence {
                id: model::ids::EvidenceId::new(now, rng),
                source: SourceId::parse("counter").unwrap(),
                issued_at: now,
                expires_at: None,
                ended_at: None,
            },
            account,
            reference: None,
            case: None,
            details: Details::default(),
        };
        let tx = scene.world.service.store().read();
        store::evidence::record(&tx, &new).await.unwrap();
        let again = browser.get("/verify/counter").await;
        assert_eq!(again.location.as_deref(), Some("/account/level"));
    }
}
