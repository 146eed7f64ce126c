//! What people do here, and what they see.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::interaction::resume_path;
use store::accounts::{self, Status};
use store::cases;

use super::*;
use crate::signin::testing::{answers, interrupted, live, resident, wants};

#[tokio::test]
async fn source_hb_26_27_a_code_first_then_name_and_number_and_the_level_follows_from_the_evidence() {
    for (world, script) in worlds(Word::Match).await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        assert_eq!(level(&world, account).await, 0);
        let before = browser.cookies["denizen_session"].clone();
        let seen = verify(&mut browser, " 张明远 ", NUMBER).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/account/level?done=yes"),
            "{}",
            seen.body
        );
        assert_eq!(level(&world, account).await, 1, "{}", world.kind);
        let session = live(&world, &browser).await.unwrap();
        assert_ne!(before, browser.cookies["denizen_session"], "A151: a new cookie");
        assert_eq!(session.methods.amr(), ["pwd", "sms", "mfa"]);
        let page = follow(&mut browser, &seen).await;
        assert!(
            page.body.contains("data-level=\"1\"") && page.body.contains("data-seal=\"population_register\"")
        );
        assert!(!page.body.contains(NAME) && !page.body.contains(NUMBER), "masked");
        // Once proven the page leads on, and nobody is asked again.
        assert!(browser.get(HERE).await.location.is_some());
        assert_eq!(script.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_second_source_makes_level_two_and_gives_the_sub_site_what_it_waits_for() {
    for (world, _) in worlds(Word::Match).await {
        let account = resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let id = interrupted(&world, &browser, wants(Some(2), None)).await;
        let page = browser
            .get(&format!("/account/level?want=2&interaction={}", id.expose()))
            .await;
        assert!(
            page.body.contains("/verify/population-register?interaction="),
            "{}",
            page.body
        );
        let page = browser.get(&format!("{HERE}?interaction={}", id.expose())).await;
        let one = browser
            .post(HERE, &page, &[("name", NAME), ("citizen_id", NUMBER)])
            .await;
        let next = format!("/account/level?want=2&interaction={}", id.expose());
        assert_eq!(one.location.as_deref(), Some(next.as_str()));
        let page = follow(&mut browser, &one).await;
        assert!(
            page.body.contains("href=\"/verify/mobile-operator?interaction="),
            "{}",
            page.body
        );
        let page = browser
            .get(&format!("/verify/mobile-operator?interaction={}", id.expose()))
            .await;
        assert!(page.body.contains("138****0001") && !page.body.contains(NUMBER));
        let two = browser
            .post("/verify/mobile-operator", &page, &[("confirm", "yes")])
            .await;
        assert_eq!(two.location, Some(resume_path(&id)));
        assert_eq!(level(&world, account).await, 2, "{}", world.kind);
        assert_eq!(browser.get(&next).await.location, Some(resume_path(&id)));
    }
}

#[tokio::test]
async fn not_now_goes_back_to_the_site_and_says_so() {
    for (world, script) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let id = interrupted(&world, &browser, wants(Some(1), None)).await;
        let page = browser.get(&format!("{HERE}?interaction={}", id.expose())).await;
        let seen = browser
            .post(HERE, &page, &[("skip", "yes"), ("name", ""), ("citizen_id", "")])
            .await;
        assert_eq!(seen.location, Some(resume_path(&id)));
        assert!(answers(&world, &browser, &id).await.level_declined);
        let id = interrupted(&world, &browser, wants(Some(1), None)).await;
        let page = browser
            .get(&format!("/account/level?want=1&interaction={}", id.expose()))
            .await;
        let seen = browser
            .post("/verify/decline", &page, &[("decline", "yes")])
            .await;
        assert_eq!(seen.location, Some(resume_path(&id)));
        assert!(answers(&world, &browser, &id).await.level_declined);
        assert_eq!(script.asked.load(Ordering::SeqCst), 0);
        let page = browser.get(HERE).await;
        let seen = browser.post(HERE, &page, &[("skip", "yes")]).await;
        assert_eq!(seen.location.as_deref(), Some("/account"));
    }
}

#[tokio::test]
async fn a_restricted_record_freezes_the_account_and_ends_every_sign_in() {
    for (world, _) in worlds(Word::Restricted).await {
        let account = resident(&world, PHONE).await;
        let other = signed_in(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let seen = verify(&mut browser, NAME, NUMBER).await;
        assert_eq!(seen.page(), Some("verify-restricted"));
        assert!(live(&world, &browser).await.is_none() && live(&world, &other).await.is_none());
        let tx = world.service.store().read();
        assert_eq!(
            accounts::find(&tx, account).await.unwrap().unwrap().status,
            Status::Frozen
        );
        assert_eq!(
            cases::list_open(&tx, account).await.unwrap().len(),
            1,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn a_denied_case_can_be_given_to_a_person_by_its_owner_only_and_once() {
    for (world, _) in worlds(Word::NotFound).await {
        let account = resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut browser = confirmed(&world, PHONE).await;
        let seen = verify(&mut browser, NAME, NUMBER).await;
        let number = seen.hidden("case").expect("a case").to_owned();
        let review = Seen {
            body: seen.body.split_once("/verify/review").unwrap().1.to_owned(),
            ..seen.clone()
        };
        let mut stranger = signed_in(&world, OTHER).await;
        let csrf = world.service.kit().csrf_key().token(
            &model::secret::TokenHash::of(&stranger.cookies["denizen_browser"]),
            "review",
        );
        let foreign = stranger
            .post("/verify/review", &review, &[("csrf", &csrf), ("case", &number)])
            .await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "A261");
        for _ in 0..2 {
            let filed = browser
                .post("/verify/review", &review, &[("case", &number)])
                .await;
            assert_eq!(
                (filed.status, filed.page()),
                (StatusCode::OK, Some("verify-review"))
            );
            assert!(filed.body.contains(&number));
        }
        let open = cases::list_open(&world.service.store().read(), account)
            .await
            .unwrap();
        assert_eq!((open.len(), open[0].state), (1, cases::State::InReview));
        assert!(open[0].input.is_some(), "the reviewer needs what was typed");
        assert!(
            browser
                .get("/account/level")
                .await
                .body
                .contains("data-state=\"in_review\"")
        );
    }
}

#[tokio::test]
async fn source_hb_26_an_older_proof_of_the_phone_is_not_enough_and_a_wrong_code_is_refused() {
    for (world, script) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        world.clock.advance(TimeDelta::minutes(11));
        let late = browser
            .post(HERE, &page, &[("name", NAME), ("citizen_id", NUMBER)])
            .await;
        assert_eq!(
            late.location.as_deref(),
            Some("/verify/confirm-phone?then=population-register")
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), 0);
        let page = follow(&mut browser, &late).await;
        let before = world.sms_count().await;
        browser
            .get("/verify/confirm-phone?then=population-register&sent=yes")
            .await;
        assert_eq!(world.sms_count().await, before, "A175: a GET sends nothing");
        let sent = browser
            .post("/verify/confirm-phone", &page, &[("resend", "yes")])
            .await;
        let page = follow(&mut browser, &sent).await;
        let right = world.code(E164).await;
        let wrong = if right == "000000" { "000001" } else { "000000" };
        let seen = browser
            .post("/verify/confirm-phone", &page, &[("code", wrong)])
            .await;
        assert_eq!(seen.errors(), ["evidence-code-wrong"]);
        let seen = browser
            .post("/verify/confirm-phone", &page, &[("code", "12")])
            .await;
        assert_eq!(seen.errors(), ["evidence-code-form"]);
        let seen = browser
            .post("/verify/confirm-phone", &page, &[("code", &right)])
            .await;
        assert_eq!(seen.location.as_deref(), Some(HERE));
    }
}

#[tokio::test]
async fn nobody_verifies_without_being_signed_in() {
    for (world, script) in worlds(Word::Match).await {
        let mut browser = world.browser();
        for path in [
            HERE,
            "/verify/mobile-operator",
            "/verify/confirm-phone",
            "/account/level",
            "/account/security",
        ] {
            let seen = browser.get(path).await;
            assert!(
                seen.location.unwrap().starts_with("/sign-in?return_to=%2F"),
                "{path}"
            );
        }
        assert_eq!(script.asked.load(Ordering::SeqCst), 0);
    }
}
