//! Coming back: sent twice, the back button, two tabs, a switch of the language, a draft that was forgotten.

use model::client::AccountKind;
use model::ids::ClientId;
use model::interaction::{Answers, Interaction, InteractionId, Wants};
use model::secret::{Token, TokenHash};

use super::*;

const OTHER: &str = "13900005678";
const OTHER_E164: &str = "+8613900005678";

/// How the browser's sign-in was done; nothing when there is none.
async fn amr(world: &World, browser: &Browser) -> Option<Vec<&'static str>> {
    let token = Token::parse(browser.cookies.get("denizen_session")?)?;
    let (tx, limits) = (world.service.store().read(), store::sessions::Limits::default());
    let live = store::sessions::find_live(&tx, &token.hash(), &limits, world.clock.now()).await;
    live.unwrap().map(|session| session.methods.amr())
}

/// A sub-site's request that waits in this browser, and wants Vietnamese.
async fn interrupted(world: &World, browser: &Browser) -> InteractionId {
    let interaction = Interaction {
        id: InteractionId::generate(world.service.rng()),
        client_id: ClientId::parse("hefei-portal").unwrap(),
        parameters: vec![("ui_locales".to_owned(), "fr vi".to_owned())],
        wants: Wants::default(),
        answers: Answers::default(),
        created_at: world.clock.now(),
        finished_at: None,
    };
    let browser = TokenHash::of(browser.cookies.get("denizen_browser").unwrap());
    let tx = world.service.store().read();
    store::interactions::create(&tx, &interaction, &browser)
        .await
        .unwrap();
    interaction.id
}

fn leads_back_to(seen: &Seen, path: &str) -> bool {
    seen.body.contains(&format!(
        "name=\"return_to\" value=\"{}\"",
        path.replace('&', "&#38;")
    ))
}

#[tokio::test]
async fn a_frozen_account_gets_no_sign_in_from_a_page_that_is_sent_again() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        let mut stale = browser.clone();
        confirm_on(&mut browser, &page, &code).await;
        let tx = world.service.store().read();
        let account = accounts::find_by_phone(&tx, &Phone::parse(PHONE).unwrap())
            .await
            .unwrap()
            .unwrap();
        assert!(
            accounts::freeze(&tx, account.id, world.clock.now())
                .await
                .unwrap()
        );
        let refused = confirm_on(&mut stale, &page, &code).await;
        assert_eq!(refused.location.as_deref(), Some("/sign-in"), "{}", world.kind);
        assert!(!stale.cookies.contains_key("denizen_session"));
    }
}

#[tokio::test]
async fn a_confirmation_sent_twice_keeps_the_factor_that_was_used() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        let (mut twin, mut other, mut late) = (browser.clone(), browser.clone(), browser.clone());
        confirm_on(&mut browser, &page, &code).await;
        confirm_on(&mut twin, &page, &code).await;
        assert_eq!(amr(&world, &twin).await, Some(vec!["sms"]), "{}", world.kind);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let refused = confirm_on(&mut other, &page, wrong).await;
        assert_eq!(refused.location.as_deref(), Some("/sign-in"), "without the code");
        assert_eq!(amr(&world, &other).await, None, "A225");
        world.clock.advance(TimeDelta::seconds(61));
        let refused = confirm_on(&mut late, &page, &code).await;
        assert_eq!(refused.location.as_deref(), Some("/sign-in"), "after a minute");
        assert_eq!(amr(&world, &late).await, None, "A223");
    }
}

#[tokio::test]
async fn attack_225_the_last_page_sent_again_signs_nobody_in_past_a_second_factor() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        let (mut next, mut twin) = (browser.clone(), browser.clone());
        confirm_on(&mut browser, &page, &code).await;
        confirm_on(&mut twin, &page, &code).await;
        assert_eq!(amr(&world, &twin).await, Some(vec!["sms"]), "{}", world.kind);
        let tx = world.service.store().read();
        let phone = Phone::parse(PHONE).unwrap();
        let account = accounts::find_by_phone(&tx, &phone).await.unwrap().unwrap();
        let app = store::factors::NewFactor {
            id: model::ids::FactorId::new(world.clock.now(), world.service.rng()),
            account: account.id,
            what: store::factors::What::Totp {
                secret: b"12345678901234567890",
                step: 0,
            },
            name: "App",
            now: world.clock.now(),
        };
        store::factors::add(&tx, &app).await.unwrap();
        let refused = confirm_on(&mut next, &page, &code).await;
        assert_eq!(refused.location.as_deref(), Some("/sign-in"), "{}", world.kind);
        assert_eq!(amr(&world, &next).await, None);
    }
}

#[tokio::test]
async fn attack_217_two_confirmations_at_once_both_have_the_factor_and_the_code_counts_once() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        let mut twin = browser.clone();
        tokio::join!(
            confirm_on(&mut browser, &page, &code),
            confirm_on(&mut twin, &page, &code)
        );
        for one in [&browser, &twin] {
            assert_eq!(amr(&world, one).await, Some(vec!["sms"]), "{}", world.kind);
        }
    }
}

#[tokio::test]
async fn after_an_error_the_switches_lead_back_to_the_place_with_the_waiting_request() {
    for world in worlds().await {
        let mut browser = world.browser();
        browser.get("/register").await;
        let id = interrupted(&world, &browser).await;
        let query = format!("interaction={}", id.expose());
        let page = browser.get(&format!("/register?{query}")).await;
        let wrong = browser.post("/register", &page, &[("phone", "1")]).await;
        assert!(
            leads_back_to(&wrong, &format!("/register?{query}")),
            "{}",
            wrong.body
        );
        let organisation = [("kind", "organisation")];
        let organisation = browser.post("/register", &page, &organisation).await;
        let there = format!("/register?kind=organisation&{query}");
        assert!(leads_back_to(&organisation, &there), "{}", organisation.body);
        assert_eq!(browser.get(&there).await.page(), Some("register-organisation"));
        let captcha = browser.look_at_captcha(&wrong).await;
        browser
            .post("/register", &wrong, &[("phone", PHONE), ("captcha", &captcha)])
            .await;
        let page = browser.get(&format!("/register/confirm?{query}")).await;
        let wrong = browser.post("/register/confirm", &page, &[]).await;
        assert!(leads_back_to(&wrong, &format!("/register/confirm?{query}")));
    }
}

#[tokio::test]
async fn every_page_and_message_speaks_as_the_waiting_request_asks_unless_the_person_chose() {
    for world in worlds().await {
        let mut browser = world.browser();
        browser.get("/register").await;
        let id = interrupted(&world, &browser).await;
        let query = format!("interaction={}", id.expose());
        let vietnamese = |seen: &Seen| seen.body.contains("<html lang=\"vi\"");
        let page = browser.get(&format!("/register?{query}")).await;
        assert!(vietnamese(&page), "{}", page.body);
        let wrong = browser.post("/register", &page, &[("phone", "1")]).await;
        assert!(vietnamese(&wrong));
        let captcha = browser.look_at_captcha(&wrong).await;
        let sent = browser
            .post("/register", &wrong, &[("phone", PHONE), ("captcha", &captcha)])
            .await;
        let text = world.newest_sms(E164).await.unwrap();
        assert!(text.contains("là mã đăng ký"), "{text}");
        let page = browser.get(&sent.location.unwrap()).await;
        assert!(vietnamese(&page));
        let agreement = format!("/agreements/resident?{query}");
        assert!(
            page.body.contains(&format!("href=\"{agreement}\"")),
            "{}",
            page.body
        );
        assert!(vietnamese(&browser.get(&agreement).await));
        assert!(vietnamese(&browser.post("/register/confirm", &page, &[]).await));
        let chosen = ("denizen_prefs".to_owned(), "en.normal".to_owned());
        browser.cookies.extend([chosen]);
        let page = browser.get(&format!("/register/confirm?{query}")).await;
        assert!(
            page.body.contains("<html lang=\"en\""),
            "what the person chose wins"
        );
        let code = world.code(E164).await;
        assert_eq!(
            confirm_on(&mut browser, &page, &code).await.location.as_deref(),
            Some(format!("{NEXT}&{query}").as_str())
        );
    }
}

#[tokio::test]
async fn attack_221_strangers_who_register_a_number_do_not_use_up_its_owners_messages() {
    for world in worlds().await {
        let mut owner = world.browser();
        ask_for_code(&mut owner, PHONE).await;
        let code = world.code(E164).await;
        confirm(&mut owner, &code).await;
        for _ in 0..4 {
            assert_eq!(
                ask_for_code(&mut world.browser(), PHONE).await.status,
                StatusCode::SEE_OTHER
            );
        }
        let full = ask_for_code(&mut world.browser(), PHONE).await;
        assert_eq!(full.status, StatusCode::TOO_MANY_REQUESTS);
        let page = owner.get("/verify/confirm-phone").await;
        let sent = owner
            .post("/verify/confirm-phone", &page, &[("resend", "yes")])
            .await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    }
}

#[tokio::test]
async fn the_first_page_sent_twice_leads_on_both_times_and_sends_one_message() {
    for world in worlds().await {
        let mut browser = world.browser();
        let page = browser.get("/register").await;
        let captcha = browser.look_at_captcha(&page).await;
        let fields = [("phone", PHONE), ("captcha", captcha.as_str())];
        let mut twin = browser.clone();
        let (one, two) = tokio::join!(
            browser.post("/register", &page, &fields),
            twin.post("/register", &page, &fields)
        );
        let three = browser.post("/register", &page, &fields).await;
        for seen in [one, two, three] {
            assert_eq!(
                seen.location.as_deref(),
                Some("/register/confirm"),
                "{}",
                world.kind
            );
        }
        assert_eq!(world.sms_count().await, 1);
        let other = [("phone", OTHER), ("captcha", captcha.as_str())];
        let other = browser.post("/register", &page, &other).await;
        assert_eq!(
            other.errors(),
            ["captcha-wrong"],
            "A218: another number is no repeat"
        );
        world.clock.advance(TimeDelta::seconds(61));
        let late = browser.post("/register", &page, &fields).await;
        assert_eq!(late.errors(), ["captcha-wrong"]);
        assert_eq!(world.sms_count().await, 1);
    }
}

#[tokio::test]
async fn back_and_the_same_number_again_lead_to_the_code_that_was_sent() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let again = ask_for_code(&mut browser, PHONE).await;
        assert_eq!(
            again.location.as_deref(),
            Some("/register/confirm"),
            "{}",
            again.body
        );
        // By way of another number.
        ask_for_code(&mut browser, OTHER).await;
        let back = ask_for_code(&mut browser, PHONE).await;
        assert_eq!(back.location.as_deref(), Some("/register/confirm"));
        assert_eq!(world.sms_count().await, 2);
        let page = browser.get("/register/confirm").await;
        assert!(page.body.contains("138****1234") && page.body.contains("in 60 seconds"));
        let code = world.code(E164).await;
        assert_eq!(
            confirm_on(&mut browser, &page, &code).await.location.as_deref(),
            Some(NEXT)
        );
    }
}

#[tokio::test]
async fn an_unfinished_draft_shows_its_number_masked_with_its_country_and_a_way_on() {
    for world in worlds().await {
        let mut browser = world.browser();
        for (phone, digits, masked) in [
            (PHONE, PHONE, "138****1234"),
            ("+84912345678", "912345678", "+84 91****678"),
        ] {
            ask_for_code(&mut browser, phone).await;
            let page = browser.get("/register?return_to=/account/level").await;
            assert!(!page.body.contains(digits), "the next person at this browser");
            assert!(page.body.contains(masked), "{}", page.body);
            let on = "href=\"/register/confirm?return_to=%2Faccount%2Flevel\"";
            assert!(page.body.contains(on), "{}", page.body);
        }
        let page = browser.get("/register").await;
        let wrong = [("phone", "+84 912 345 67"), ("captcha", "x")];
        let wrong = browser.post("/register", &page, &wrong).await;
        assert!(
            wrong.body.contains("value=\"+84 912 345 67\""),
            "typed a moment ago"
        );
    }
}

#[tokio::test]
async fn a_tab_with_an_older_number_is_told_and_costs_no_try() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let older = browser.get("/register/confirm").await;
        let older_code = world.code(E164).await;
        ask_for_code(&mut browser, OTHER).await;
        for _ in 0..7 {
            let told = confirm_on(&mut browser, &older, &older_code).await;
            assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.body);
            assert!(
                told.body.contains("number was entered in another window")
                    && told.body.contains("139****5678")
            );
        }
        let resend = [("resend", "code")];
        let told = browser.post("/register/confirm", &older, &resend).await;
        assert_eq!((told.status, world.sms_count().await), (StatusCode::CONFLICT, 2));
        let code = world.code(OTHER_E164).await;
        let newer = browser.get("/register/confirm").await;
        assert_eq!(
            confirm_on(&mut browser, &newer, &code).await.location.as_deref(),
            Some(NEXT)
        );
        let over = confirm_on(&mut browser, &older, &older_code).await;
        assert_eq!(over.location.as_deref(), Some("/register?ended=yes"));
    }
}

#[tokio::test]
async fn a_new_code_for_the_same_number_leaves_the_open_page_good() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let page = browser.get("/register/confirm").await;
        world.clock.advance(TimeDelta::seconds(61));
        ask_for_code(&mut browser, PHONE).await;
        let code = world.code(E164).await;
        assert_eq!(
            confirm_on(&mut browser, &page, &code).await.location.as_deref(),
            Some(NEXT)
        );
    }
}

#[tokio::test]
async fn a_forgotten_draft_is_said_to_be_forgotten() {
    for world in worlds().await {
        let mut browser = world.browser();
        ask_for_code(&mut browser, PHONE).await;
        let page = browser.get("/register/confirm").await;
        world.clock.advance(TimeDelta::minutes(61));
        for seen in [
            confirm_on(&mut browser, &page, "123456").await,
            browser.get("/register/confirm").await,
        ] {
            assert_eq!(seen.location.as_deref(), Some("/register?ended=yes"));
        }
        let told = browser.get("/register?ended=yes").await;
        assert!(told.body.contains("is over"), "{}", told.body);
    }
}

#[tokio::test]
async fn choosing_an_organisation_first_keeps_the_typed_number() {
    for world in worlds().await {
        let mut browser = world.browser();
        let page = browser.get("/register").await;
        let fields = [("kind", "organisation"), ("phone", PHONE)];
        let told = browser.post("/register", &page, &fields).await;
        let typed = told.hidden("phone").unwrap_or_default().to_owned();
        let fields = [
            ("kind", "resident"),
            ("phone", typed.as_str()),
            ("refresh", "captcha"),
        ];
        let back = browser.post("/register", &told, &fields).await;
        assert_eq!((back.status, back.page()), (StatusCode::OK, Some("register")));
        assert!(back.body.contains(&format!("value=\"{PHONE}\"")), "{}", back.body);
    }
}

#[tokio::test]
async fn the_answer_to_a_picture_that_is_gone_does_not_stay_in_the_field() {
    for world in worlds().await {
        let mut browser = world.browser();
        let page = browser.get("/register").await;
        let captcha = browser.look_at_captcha(&page).await;
        let fields = [("phone", "138"), ("captcha", captcha.as_str())];
        let kept = browser.post("/register", &page, &fields).await;
        assert!(kept.body.contains(&format!("value=\"{captcha}\"")));
        world.clock.advance(TimeDelta::minutes(6));
        let renewed = browser.post("/register", &kept, &fields).await;
        assert_ne!(kept.hidden("captcha_id"), renewed.hidden("captcha_id"));
        assert!(!renewed.body.contains(&format!("value=\"{captcha}\"")));
    }
}

#[test]
fn what_holds_numbers_and_codes_shows_none_of_them() {
    let (browser, phone) = (TokenHash::of("browser"), Phone::parse(PHONE).unwrap());
    let now = store::testing::start_time();
    let rng = model::rng::Rng::seeded(1);
    let holder = store::otp::Holder {
        purpose: store::otp::Purpose::Registration,
        target: phone.e164(),
        browser: &browser,
    };
    let otp = store::otp::NewOtp {
        id: model::ids::OtpId::new(now, &rng),
        holder,
        code: Some("314159"),
        tries: 5,
        now,
        expires_at: now,
    };
    let captcha = store::captchas::NewCaptcha {
        id: model::ids::CaptchaId::new(now, &rng),
        browser: &browser,
        answer: "AB3K7",
        now,
        expires_at: now,
    };
    let draft = store::registrations::NewRegistration {
        id: model::ids::RegistrationId::new(now, &rng),
        browser: &browser,
        kind: AccountKind::Resident,
        language: model::language::Language::En,
        phone: &phone,
        mail: None,
        now,
        expires_at: now,
    };
    let shown = format!("{otp:?} {captcha:?} {draft:?}");
    for secret in [PHONE, "314159", "AB3K7"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
