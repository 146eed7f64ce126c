//! Registering through the real router, on every database at hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::phone::Phone;
use store::{accounts, evidence};

use crate::Config;
use crate::testing::{Browser, Seen, World, worlds, worlds_with};

mod by_email;
mod returning;

const PHONE: &str = "13800001234";
const E164: &str = "+8613800001234";
const PASSWORD: &str = "kvtulm27";
const NEXT: &str = "/verify/population-register?welcome=1";

async fn ask_for_code(browser: &mut Browser, phone: &str) -> Seen {
    let page = browser.get("/register").await;
    let captcha = browser.look_at_captcha(&page).await;
    browser
        .post(
            "/register",
            &page,
            &[("kind", "resident"), ("phone", phone), ("captcha", &captcha)],
        )
        .await
}

async fn confirm(browser: &mut Browser, code: &str) -> Seen {
    let page = browser.get("/register/confirm").await;
    confirm_on(browser, &page, code).await
}

async fn confirm_on(browser: &mut Browser, page: &Seen, code: &str) -> Seen {
    let fields = [
        ("sms_code", code),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
        ("agree", "yes"),
    ];
    browser.post("/register/confirm", page, &fields).await
}

async fn account_exists(world: &World) -> bool {
    let tx = world.service.store().read();
    accounts::find_by_phone(&tx, &Phone::parse(PHONE).unwrap())
        .await
        .unwrap()
        .is_some()
}

#[tokio::test]
async fn a_resident_registers_and_is_signed_in_with_the_factor_that_was_used() {
    for world in worlds().await {
        let mut browser = world.browser();
        let sent = ask_for_code(&mut browser, PHONE).await;
        assert_eq!(
            sent.location.as_deref(),
            Some("/register/confirm"),
            "{}",
            world.kind
        );
        let code = world.code(E164).await;
        let done = confirm(&mut browser, &code).await;
        assert_eq!(
            (done.status, done.location.as_deref()),
            (StatusCode::SEE_OTHER, Some(NEXT)),
            "{}",
            done.body
        );
        let tx = world.service.store().read();
        let account = accounts::find_by_phone(&tx, &Phone::parse(PHONE).unwrap())
            .await
            .unwrap()
            .unwrap();
        let held = evidence::list(&tx, account.id).await.unwrap();
        assert_eq!(
            held.iter().map(|one| one.source.as_str()).collect::<Vec<_>>(),
            ["phone_sms"]
        );
        assert_eq!(store::agreements::list(&tx, account.id).await.unwrap().len(), 1);
        let token = model::secret::Token::parse(&browser.cookies["denizen_session"]).unwrap();
        let limits = store::sessions::Limits::default();
        let live = store::sessions::find_live(&tx, &token.hash(), &limits, world.clock.now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!((live.account.id, live.methods.amr()), (account.id, vec!["sms"]));
        // The browser that has just made the account is no news to its owner.
        assert_eq!(store::devices::list(&tx, account.id).await.unwrap().len(), 1);
        let told = store::notices::list(&tx, account.id, (0, 50)).await.unwrap();
        assert!(told.is_empty(), "{told:?}");
    }
}

#[tokio::test]
async fn source_hb_17_sending_twice_and_going_back_make_one_account_and_lead_on() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        // The browser that never saw the first answer.
        let mut stale = browser.clone();
        assert_eq!(
            confirm_on(&mut browser, &page, &code).await.location.as_deref(),
            Some(NEXT)
        );
        for seen in [
            confirm_on(&mut browser, &page, &code).await,
            browser.get("/register/confirm").await,
        ] {
            assert_eq!(seen.location.as_deref(), Some(NEXT));
        }
        assert_eq!(
            confirm_on(&mut stale, &page, &code).await.location.as_deref(),
            Some(NEXT)
        );
        assert!(
            stale.cookies.contains_key("denizen_session"),
            "signed in by the code that was used a moment ago"
        );
        let mut thief = stale.clone();
        thief.cookies.remove("denizen_session");
        let wrong = [
            ("sms_code", "123456"),
            ("password", "other-27"),
            ("password_again", ""),
            ("agree", "yes"),
        ];
        let refused = thief.post("/register/confirm", &page, &wrong).await;
        assert_eq!(refused.location.as_deref(), Some("/sign-in"));
    }
}

#[tokio::test]
async fn a_double_click_makes_one_account_and_both_answers_lead_on() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        let mut twin = browser.clone();
        let (one, two) = tokio::join!(
            confirm_on(&mut browser, &page, &code),
            confirm_on(&mut twin, &page, &code)
        );
        assert_eq!(
            (one.location.as_deref(), two.location.as_deref()),
            (Some(NEXT), Some(NEXT)),
            "{}",
            world.kind
        );
        assert!(account_exists(&world).await);
    }
}

#[tokio::test]
async fn attack_203_207_a_phone_with_an_account_sees_the_same_pages_and_its_owner_is_told() {
    for world in worlds().await {
        let mut owner = world.browser();
        ask_for_code(&mut owner, PHONE).await;
        let code = world.code(E164).await;
        confirm(&mut owner, &code).await;
        let before = world.sms_count().await;

        let (mut known, mut fresh) = (world.browser(), world.browser());
        let one = ask_for_code(&mut known, PHONE).await;
        let two = ask_for_code(&mut fresh, "13900005678").await;
        assert_eq!((one.status, &one.location), (two.status, &two.location));
        assert_eq!(world.sms_count().await, before + 2);
        let told = world.newest_sms(E164).await.unwrap();
        assert!(told.contains("has an account already"), "{told}");
        for _ in 0..6 {
            let one = confirm(&mut known, "000001").await;
            let two = confirm(&mut fresh, "000001").await;
            assert_eq!((one.status, one.errors()), (two.status, two.errors()));
        }
    }
}

#[tokio::test]
async fn source_hb_13_another_picture_invalidates_the_old_one_and_keeps_what_was_typed() {
    for world in worlds().await {
        let mut browser = world.browser();
        let page = browser.get("/register").await;
        let old = browser.look_at_captcha(&page).await;
        let fields = [
            ("kind", "resident"),
            ("phone", PHONE),
            ("captcha", ""),
            ("refresh", "captcha"),
        ];
        let other = browser.post("/register", &page, &fields).await;
        assert!(other.body.contains(&format!("value=\"{PHONE}\"")) && other.errors().is_empty());
        assert_ne!(page.hidden("captcha_id"), other.hidden("captcha_id"));
        let stale = browser
            .post("/register", &page, &[("phone", PHONE), ("captcha", &old)])
            .await;
        assert_eq!(stale.errors(), ["captcha-wrong"]);
        assert_eq!(
            world.sms_count().await,
            0,
            "HB-14: no message without the captcha"
        );
        let picture = browser
            .get(&format!("/captcha/{}.png", stale.hidden("captcha_id").unwrap()))
            .await;
        assert_eq!(picture.status, StatusCode::OK);
        let stranger = world
            .browser()
            .get(&format!("/captcha/{}.png", stale.hidden("captcha_id").unwrap()))
            .await;
        assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_mistyped_phone_costs_no_captcha_and_a_captcha_serves_once() {
    for world in worlds().await {
        let mut browser = world.browser();
        let page = browser.get("/register").await;
        let captcha = browser.look_at_captcha(&page).await;
        let wrong = browser
            .post("/register", &page, &[("phone", "1380000"), ("captcha", &captcha)])
            .await;
        assert_eq!(
            (wrong.status, wrong.errors()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["register-phone-length"])
        );
        assert_eq!(page.hidden("captcha_id"), wrong.hidden("captcha_id"));
        let right = browser
            .post("/register", &wrong, &[("phone", PHONE), ("captcha", &captcha)])
            .await;
        assert_eq!(right.status, StatusCode::SEE_OTHER);
        let again = browser
            .post(
                "/register",
                &wrong,
                &[("phone", "13900005678"), ("captcha", &captcha)],
            )
            .await;
        assert_eq!(again.errors(), ["captcha-wrong"]);
    }
}

#[tokio::test]
async fn source_hb_15_a_code_is_sent_again_after_the_interval_and_replaces_the_old_one() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let old = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        let early = browser
            .post(
                "/register/confirm",
                &page,
                &[("resend", "code"), ("agree", "yes")],
            )
            .await;
        assert_eq!(
            (early.status, world.sms_count().await),
            (StatusCode::TOO_MANY_REQUESTS, 1)
        );
        assert!(
            early.body.contains("name=\"agree\" value=\"yes\" checked"),
            "what was ticked stays ticked"
        );
        world.clock.advance(TimeDelta::seconds(60));
        let sent = browser
            .post("/register/confirm", &page, &[("resend", "code")])
            .await;
        assert_eq!((sent.status, world.sms_count().await), (StatusCode::OK, 2));
        let new = world.code(E164).await;
        if old != new {
            assert_eq!(
                confirm(&mut browser, &old).await.errors(),
                ["register-code-wrong"]
            );
        }
        assert_eq!(confirm(&mut browser, &new).await.location.as_deref(), Some(NEXT));
    }
}

#[tokio::test]
async fn attack_215_a_code_of_another_browser_is_nothing() {
    for world in worlds().await {
        let (mut mine, mut other) = (world.browser(), world.browser());
        ask_for_code(&mut mine, PHONE).await;
        let code = world.code(E164).await;
        other.get("/register").await;
        let nothing = other.get("/register/confirm").await;
        assert_eq!(
            nothing.location.as_deref(),
            Some("/register?ended=yes"),
            "A223: the step before comes first"
        );
        world.clock.advance(TimeDelta::seconds(61));
        ask_for_code(&mut other, "13900005678").await;
        assert_eq!(confirm(&mut other, &code).await.errors(), ["register-code-wrong"]);
        assert!(!account_exists(&world).await);
    }
}

#[tokio::test]
async fn source_hb_19_every_fault_of_the_second_page_is_shown_at_once_and_no_secret_comes_back() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        assert!(
            !page.body.contains("checked"),
            "NA-08: never ticked for the person"
        );
        let fields = [
            ("sms_code", "00000x"),
            ("password", "marker1"),
            ("password_again", "marker2"),
        ];
        let wrong = browser.post("/register/confirm", &page, &fields).await;
        assert_eq!(
            wrong.errors(),
            [
                "register-code-form",
                "password-fault-too-short",
                "register-password-differs",
                "register-agree-missing"
            ]
        );
        assert!(!wrong.body.contains("marker") && !wrong.body.contains("00000x"));
        // A right code beside other faults stays good.
        let fields = [
            ("sms_code", code.as_str()),
            ("password", "short1"),
            ("password_again", "short1"),
        ];
        browser.post("/register/confirm", &page, &fields).await;
        assert_eq!(confirm(&mut browser, &code).await.location.as_deref(), Some(NEXT));
    }
}

#[tokio::test]
async fn attack_213_asking_for_new_codes_resets_nothing_in_the_end() {
    let mut config = Config::default();
    config.otp.tries_per_hour = 7;
    for world in worlds_with(config).await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        for _ in 0..5 {
            confirm(&mut browser, "000000").await;
        }
        world.clock.advance(TimeDelta::seconds(61));
        let page = browser.get("/register/confirm").await;
        browser
            .post("/register/confirm", &page, &[("resend", "code")])
            .await;
        let code = world.code(E164).await;
        for _ in 0..2 {
            confirm(&mut browser, "000000").await;
        }
        assert_eq!(
            confirm(&mut browser, &code).await.errors(),
            ["register-code-exhausted"]
        );
    }
}

#[tokio::test]
async fn attack_221_messages_to_one_number_range_are_limited() {
    let mut config = Config::default();
    config.otp.range_per_hour = 3;
    for world in worlds_with(config).await {
        let mut answers = Vec::new();
        for last in 0..5 {
            let seen = ask_for_code(&mut world.browser(), &format!("138000012{last:02}")).await;
            answers.push(seen.status.as_u16());
        }
        assert_eq!(answers, [303, 303, 303, 429, 429]);
        assert_eq!(world.sms_count().await, 3);
    }
}

#[tokio::test]
async fn attack_227_a_closed_registration_is_not_there() {
    let mut config = Config::default();
    config.register.open = false;
    for world in worlds_with(config).await {
        assert_eq!(
            world.browser().get("/register").await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn an_interrupted_request_travels_through_every_page() {
    for world in worlds().await {
        let mut browser = world.browser();
        let id = model::interaction::InteractionId::generate(&model::rng::Rng::system());
        let query = format!("interaction={}", id.expose());
        let page = browser.get(&format!("/register?{query}")).await;
        let captcha = browser.look_at_captcha(&page).await;
        let sent = browser
            .post("/register", &page, &[("phone", PHONE), ("captcha", &captcha)])
            .await;
        assert_eq!(
            sent.location.as_deref(),
            Some(format!("/register/confirm?{query}").as_str())
        );
        let code = world.code(E164).await;
        let page = browser.get(&sent.location.unwrap()).await;
        let done = confirm_on(&mut browser, &page, &code).await;
        assert_eq!(done.location.as_deref(), Some(format!("{NEXT}&{query}").as_str()));
    }
}

#[tokio::test]
async fn source_hb_38_organisations_are_told_who_registers_first_and_the_agreement_can_be_read() {
    for world in worlds().await {
        let mut browser = world.browser();
        let page = browser.get("/register").await;
        let told = browser
            .post("/register", &page, &[("kind", "organisation")])
            .await;
        assert_eq!(
            (told.status, told.page()),
            (StatusCode::OK, Some("register-organisation"))
        );
        assert_eq!(
            browser.get("/agreements/resident").await.page(),
            Some("agreement")
        );
        assert_eq!(
            browser.get("/agreements/other").await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[test]
fn every_text_is_there_in_every_language() {
    let texts = web::language::Texts::new(&[web::language::MESSAGES, crate::MESSAGES]).unwrap();
    assert_eq!(texts.missing(), Vec::new());
}
