//! People who come back, click twice, switch the language, or hear later.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use chrono::TimeDelta;
use store::cases;

use super::*;
use crate::signin::testing::{PASSWORD, interrupted_in, live, resident, sign_in, wants};

#[tokio::test]
async fn attack_253_two_quick_clicks_are_one_question_and_one_try() {
    for (world, script) in worlds(Word::Mismatch).await {
        let account = resident(&world, PHONE).await;
        let browser = confirmed(&world, PHONE).await;
        let (mut one, mut two) = (browser.clone(), browser);
        let seen = tokio::join!(verify(&mut one, NAME, NUMBER), verify(&mut two, NAME, NUMBER));
        for seen in [&seen.0, &seen.1] {
            assert!(seen.body.contains("2 tries"), "{}: {}", world.kind, seen.body);
        }
        assert_eq!(script.asked.load(Ordering::SeqCst), 1);
        let (tx, since) = (
            world.service.store().read(),
            world.clock.now() - TimeDelta::days(1),
        );
        let denied = cases::list_denied(&tx, account, since).await.unwrap();
        assert_eq!(denied.len(), 1, "one case");
    }
}

#[tokio::test]
async fn attack_253_a_guess_through_an_outage_counts_and_its_denial_can_be_reviewed() {
    for (world, script) in worlds(Word::Unavailable).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        verify(&mut browser, NAME, NUMBER).await;
        script.say(Word::Mismatch);
        world.clock.advance(TimeDelta::seconds(61));
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        let level = browser.get("/account/level").await;
        assert!(
            level.body.contains("data-state=\"mismatch\"") && level.body.contains("/verify/review"),
            "{}",
            level.body
        );
        let seen = verify(&mut browser, "张一", NUMBER).await;
        assert!(seen.body.contains("One try"), "{}: {}", world.kind, seen.body);
    }
}

#[tokio::test]
async fn who_is_frozen_by_a_later_answer_is_told_to_come_and_not_to_sign_in() {
    for (world, script) in worlds(Word::Unavailable).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        verify(&mut browser, NAME, NUMBER).await;
        script.say(Word::Restricted);
        world.clock.advance(TimeDelta::seconds(61));
        crate::case::retry_due(&world.service).await.unwrap();
        assert!(live(&world, &browser).await.is_none());
        let told = world.newest_sms(E164).await.unwrap();
        assert!(
            told.contains("counter in person") && !told.contains("Sign in and"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn attack_151_a_second_click_whose_first_answer_is_lost_leads_its_own_browser_on() {
    for (world, _) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        let fields = [("name", NAME), ("citizen_id", NUMBER)];
        let mut lost = browser.clone();
        assert!(lost.post(HERE, &page, &fields).await.location.is_some());
        assert!(live(&world, &browser).await.is_none(), "the old cookie is dead");
        let mut thief = world.browser();
        thief.get("/sign-in").await;
        let old = browser.cookies["denizen_session"].clone();
        thief.cookies.insert("denizen_session".to_owned(), old);
        let elsewhere = thief.get("/account").await;
        assert_eq!(
            elsewhere.location.as_deref(),
            Some("/sign-in?return_to=%2Faccount")
        );
        let stale = browser.clone();
        let seen = browser.post(HERE, &page, &fields).await;
        assert_eq!(seen.location.as_deref(), Some("/account/level"), "{}", world.kind);
        assert!(live(&world, &browser).await.is_some());
        let mut stale = stale;
        world.clock.advance(TimeDelta::seconds(31));
        let late = stale.get("/account").await;
        assert!(late.location.unwrap().starts_with("/sign-in"), "only for moments");
    }
}

#[tokio::test]
async fn what_was_typed_is_there_after_the_phone_is_proven_again_and_after_signing_in_again() {
    for (world, script) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let page = browser.get(HERE).await;
        let fields = [("name", NAME), ("citizen_id", NUMBER)];
        world.clock.advance(TimeDelta::minutes(11));
        browser.post(HERE, &page, &fields).await;
        confirm(&world, &mut browser, PHONE).await;
        let form = browser.get(HERE).await;
        assert!(
            form.body.contains(NAME) && form.body.contains(NUMBER),
            "{}",
            world.kind
        );
        // The sign-in lapsed meanwhile.
        world.clock.advance(TimeDelta::minutes(61));
        let fields = [("name", "张一"), ("citizen_id", NUMBER)];
        let seen = browser.post(HERE, &page, &fields).await;
        assert!(seen.location.unwrap().starts_with("/sign-in"));
        sign_in(&mut browser, PHONE, PASSWORD).await;
        confirm(&world, &mut browser, PHONE).await;
        let form = browser.get(HERE).await;
        assert!(
            form.body.contains("张一") && form.body.contains(NUMBER),
            "{}",
            form.body
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), 0, "nobody was asked");
        world.clock.advance(TimeDelta::minutes(31));
        confirm(&world, &mut browser, PHONE).await;
        assert!(!browser.get(HERE).await.body.contains(NUMBER), "not for ever");
    }
}

#[tokio::test]
async fn a_page_of_ours_that_asked_for_a_level_is_led_back_to() {
    for (world, _) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        let there = "return_to=%2Faccount%2Fsecurity";
        let page = browser.get(&format!("{HERE}?{there}")).await;
        let fields = [("name", NAME), ("citizen_id", NUMBER)];
        let done = browser.post(HERE, &page, &fields).await;
        let level = follow(&mut browser, &done).await;
        assert!(
            level.body.contains("class=\"button\" href=\"/account/security\""),
            "{}",
            level.body
        );
        let seen = browser.get(&format!("/account/level?want=1&{there}")).await;
        assert_eq!(seen.location.as_deref(), Some("/account/security"));
    }
}

#[tokio::test]
async fn a_switch_of_language_keeps_the_waiting_site_on_every_page_after_a_form() {
    for (world, _) in worlds(Word::Mismatch).await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let id = interrupted_in(&world, &browser, wants(Some(1), None), "vi").await;
        let with = |path: &str| format!("{path}interaction={}", id.expose());
        let keeps = |seen: &Seen, path: &str| {
            let path = with(path).replace('&', "&#38;");
            let kept = format!("name=\"return_to\" value=\"{path}\"");
            assert!(
                seen.body.contains(&kept) && seen.body.contains("lang=\"vi\""),
                "{path}: {}",
                seen.body
            );
        };
        let page = browser
            .get(&with("/verify/confirm-phone?then=population-register&"))
            .await;
        assert!(page.body.contains("/verify/decline"), "not now is offered");
        let seen = browser
            .post("/verify/confirm-phone", &page, &[("code", "12")])
            .await;
        keeps(&seen, "/verify/confirm-phone?then=population-register&sent=yes&");
        confirm(&world, &mut browser, PHONE).await;
        let page = browser.get(&with(&format!("{HERE}?"))).await;
        let fields = [("name", NAME), ("citizen_id", NUMBER)];
        let seen = browser.post(HERE, &page, &fields).await;
        keeps(&seen, &format!("{HERE}?"));
        let number = seen.hidden("case").expect("a case").to_owned();
        let review = Seen {
            body: seen.body.split_once("/verify/review").unwrap().1.to_owned(),
            ..seen
        };
        let filed = browser
            .post("/verify/review", &review, &[("case", &number)])
            .await;
        assert_eq!(filed.page(), Some("verify-review"));
        keeps(&filed, "/account/level?");
    }
}

#[tokio::test]
async fn when_no_more_codes_are_sent_the_last_one_can_still_be_typed() {
    for (world, _) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get("/verify/confirm-phone").await;
        let sent = browser
            .post("/verify/confirm-phone", &page, &[("resend", "yes")])
            .await;
        let page = follow(&mut browser, &sent).await;
        world.clock.advance(TimeDelta::seconds(61));
        let rule = store::throttles::Rule {
            name: "sms_phone_day",
            limit: 1,
            window_seconds: 24 * 3600,
        };
        let key = format!("{}\u{0}{E164}", crate::otp::Purpose::RaiseLevel.as_str());
        for _ in 0..50 {
            let (tx, now) = (world.service.store().read(), world.clock.now());
            store::throttles::hit(&tx, &rule, &key, now).await.unwrap();
        }
        let seen = browser
            .post("/verify/confirm-phone", &page, &[("resend", "yes")])
            .await;
        assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(
            seen.body.contains("name=\"code\""),
            "{}: {}",
            world.kind,
            seen.body
        );
        let code = world.code(E164).await;
        let seen = browser
            .post("/verify/confirm-phone", &seen, &[("code", &code)])
            .await;
        assert_eq!(seen.location.as_deref(), Some(HERE));
    }
}

#[tokio::test]
async fn source_hb_26_only_a_code_of_the_last_ten_minutes_proves_the_phone_and_no_other_factor_does() {
    for (world, _) in worlds(Word::Match).await {
        resident(&world, PHONE).await;
        let mut browser = confirmed(&world, PHONE).await;
        assert_eq!(browser.get(HERE).await.status, 200, "proven a moment ago");
        crate::factors::testing::wait(&world, 11 * 60);
        // The password is typed anew: the sign-in holds both factors, and one of them is old.
        let asked = browser.get("/account/contact/username").await;
        let fields = [("method", "password"), ("password", PASSWORD)];
        crate::factors::testing::confirm(&mut browser, &asked.location.unwrap(), &fields).await;
        let page = browser.get(HERE).await;
        assert!(
            page.location
                .is_some_and(|to| to.starts_with("/verify/confirm-phone")),
            "{}",
            world.kind
        );
    }
}
