//! Registering by name, e-mail and phone, through the real router, on every database at hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::email::Email;
use model::phone::Phone;
use store::accounts::{self, Account, Status};

use super::{PHONE, confirm, confirm_on};
use crate::Config;
use crate::signin::testing::{resident, sign_in};
use crate::testing::{Browser, Seen, World, link_in, worlds, worlds_with};

const E164: &str = "+8613800001234";
const EMAIL: &str = "an@example.vn";
const WAIT: &str = "/register/activation";

fn offered() -> Config {
    let mut config = Config::default();
    config.register.by_email = true;
    config
}

async fn begin(browser: &mut Browser, phone: &str, email: &str) -> Seen {
    let page = browser.get("/register/email").await;
    let captcha = browser.look_at_captcha(&page).await;
    let fields = [
        ("name", "Nguyễn Văn An"),
        ("email", email),
        ("phone", phone),
        ("captcha", &captcha),
    ];
    browser.post("/register/email", &page, &fields).await
}

/// Registers as far as the page that waits for the mailbox.
async fn registered(world: &World, phone: &str, email: &str) -> Browser {
    let mut browser = world.browser();
    let sent = begin(&mut browser, phone, email).await;
    assert_eq!(
        sent.location.as_deref(),
        Some("/register/confirm"),
        "{}",
        sent.body
    );
    let code = world.code(Phone::parse(phone).unwrap().e164()).await;
    let done = confirm(&mut browser, &code).await;
    assert_eq!(done.location.as_deref(), Some(WAIT), "{}", done.body);
    browser
}

async fn by_phone(world: &World, phone: &str) -> Option<Account> {
    let tx = world.service.store().read();
    accounts::find_by_phone(&tx, &Phone::parse(phone).unwrap())
        .await
        .unwrap()
}

async fn link(world: &World) -> String {
    link_in(&world.newest_mail(EMAIL).await.expect("a mail"))
}

async fn press(browser: &mut Browser, link: &str) -> Seen {
    let page = browser.get(link).await;
    browser.post(link, &page, &[]).await
}

async fn ask_again(browser: &mut Browser, email: &str) -> Seen {
    let page = browser.get(WAIT).await;
    let captcha = browser.look_at_captcha(&page).await;
    browser
        .post(WAIT, &page, &[("email", email), ("captcha", &captcha)])
        .await
}

#[tokio::test]
async fn source_vn_16_17_18_an_account_is_registered_activated_in_another_browser_and_used() {
    for world in worlds_with(offered()).await {
        let mut browser = registered(&world, PHONE, EMAIL).await;
        let waits = browser.get(WAIT).await;
        assert_eq!(waits.page(), Some("register-activation"), "{}", waits.body);
        assert!(waits.body.contains("a***@example.vn") && !waits.body.contains(EMAIL));
        assert!(
            !browser.cookies.contains_key("denizen_session"),
            "nobody is signed in"
        );
        let account = by_phone(&world, PHONE).await.unwrap();
        assert_eq!((account.status, account.email.is_none()), (Status::Pending, true));
        assert_eq!(account.declared_name.unwrap().as_str(), "Nguyễn Văn An");
        assert!(
            account.name.is_none(),
            "what somebody says of themselves proves nothing"
        );
        let refused = sign_in(&mut world.browser(), PHONE, super::PASSWORD).await;
        assert_ne!(refused.status, StatusCode::SEE_OTHER, "it cannot be used before");

        let link = link(&world).await;
        let mut phone = world.browser();
        let page = phone.get(&link).await;
        assert_eq!(page.page(), Some("link"));
        assert!(
            page.body.contains("138****1234"),
            "whose account it is: {}",
            page.body
        );
        assert_eq!(
            by_phone(&world, PHONE).await.unwrap().status,
            Status::Pending,
            "A175"
        );
        let done = press(&mut phone, &link).await;
        assert_eq!(done.page(), Some("link-done"), "{}", done.body);
        let account = by_phone(&world, PHONE).await.unwrap();
        assert_eq!(account.status, Status::Active);
        assert_eq!(account.email.as_ref().unwrap().as_str(), EMAIL);
        let told = world.newest_sms(E164).await.unwrap();
        assert!(told.contains("confirmed"), "the phone is told: {told}");
        assert_eq!(phone.get(&link).await.page(), Some("link-over"));
        let signed_in = sign_in(&mut world.browser(), PHONE, super::PASSWORD).await;
        assert_eq!(signed_in.status, StatusCode::SEE_OTHER, "{}", signed_in.body);
        let back = browser.get(WAIT).await;
        assert_eq!(back.page(), Some("register-activation-ask"));
    }
}

#[tokio::test]
async fn the_page_is_there_only_where_the_configuration_offers_it() {
    for world in worlds().await {
        assert_eq!(
            world.browser().get("/register/email").await.status,
            StatusCode::NOT_FOUND
        );
        let page = world.browser().get("/register").await;
        assert!(!page.body.contains("/register/email"));
    }
    for world in worlds_with(offered()).await {
        assert!(
            world
                .browser()
                .get("/register")
                .await
                .body
                .contains("/register/email")
        );
    }
}

#[tokio::test]
async fn source_hb_19_every_fault_is_shown_at_once_and_what_was_typed_is_kept() {
    for world in worlds_with(offered()).await {
        let mut browser = world.browser();
        let page = browser.get("/register/email").await;
        let empty = browser.post("/register/email", &page, &[]).await;
        assert_eq!(
            empty.errors(),
            [
                "evidence-name-missing",
                "register-email-missing",
                "register-phone-missing",
                "captcha-missing"
            ]
        );
        let fields = [
            ("name", "An 2"),
            ("email", "an@nowhere"),
            ("phone", "12"),
            ("captcha", "x"),
        ];
        let wrong = browser.post("/register/email", &page, &fields).await;
        assert_eq!(
            wrong.errors(),
            [
                "evidence-name-digit",
                "register-email-form",
                "register-phone-length"
            ]
        );
        assert!(wrong.body.contains("value=\"an@nowhere\"") && wrong.body.contains("value=\"An 2\""));
        assert_eq!(world.sms_count().await, 0);
    }
}

#[tokio::test]
async fn attack_210_the_password_holds_neither_the_name_nor_the_address() {
    for world in worlds_with(offered()).await {
        let mut browser = world.browser();
        begin(&mut browser, PHONE, "thanhtruc@example.vn").await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        let fields = [
            ("sms_code", code.as_str()),
            ("password", "thanhtruc77"),
            ("password_again", "thanhtruc77"),
            ("agree", "yes"),
        ];
        let refused = browser.post("/register/confirm", &page, &fields).await;
        assert_eq!(refused.errors(), ["password-fault-contains-email"]);
    }
}

#[tokio::test]
async fn attack_231_a_link_that_is_late_is_over_and_another_one_works() {
    for world in worlds_with(offered()).await {
        let mut browser = registered(&world, PHONE, EMAIL).await;
        let old = link(&world).await;
        world.clock.advance(TimeDelta::hours(25));
        assert_eq!(world.browser().get(&old).await.page(), Some("link-over"));
        let page = browser.get(WAIT).await;
        let again = browser.post(WAIT, &page, &[("resend", "link")]).await;
        assert_eq!(again.location.as_deref(), Some(WAIT), "{}", again.body);
        let early = browser.post(WAIT, &page, &[("resend", "link")]).await;
        assert_eq!(early.status, StatusCode::TOO_MANY_REQUESTS);
        let new = link(&world).await;
        assert_ne!(old, new);
        assert_eq!(press(&mut world.browser(), &new).await.page(), Some("link-done"));
    }
}

#[tokio::test]
async fn attack_203_205_asking_for_another_link_tells_nobody_who_waits() {
    for world in worlds_with(offered()).await {
        registered(&world, PHONE, EMAIL).await;
        let before = world.mail_count().await;
        let waits = ask_again(&mut world.browser(), EMAIL).await;
        let nobody = ask_again(&mut world.browser(), "nobody@example.vn").await;
        let main = |seen: &Seen| seen.body.split_once("<main").unwrap().1.to_owned();
        assert_eq!((waits.status, main(&waits)), (nobody.status, main(&nobody)));
        assert_eq!(world.mail_count().await, before + 1);
        let new = link(&world).await;
        assert_eq!(press(&mut world.browser(), &new).await.page(), Some("link-done"));
        // Activated: nothing waits any more.
        ask_again(&mut world.browser(), EMAIL).await;
        assert_eq!(world.mail_count().await, before + 1);
        let wrong = {
            let mut browser = world.browser();
            let page = browser.get(WAIT).await;
            browser
                .post(WAIT, &page, &[("email", EMAIL), ("captcha", "x")])
                .await
        };
        assert_eq!(wrong.errors(), ["captcha-wrong"]);
    }
}

#[tokio::test]
async fn attack_203_an_address_that_has_an_account_sees_the_same_pages_and_its_owner_is_told() {
    for world in worlds_with(offered()).await {
        registered(&world, PHONE, EMAIL).await;
        press(&mut world.browser(), &link(&world).await).await;
        let stranger = registered(&world, "13900005678", EMAIL).await;
        let shown = stranger.clone().get(WAIT).await;
        assert_eq!(shown.page(), Some("register-activation"));
        let mail = world.newest_mail(EMAIL).await.unwrap();
        assert!(
            mail.contains("have an account already") && !mail.contains("/link/"),
            "{mail}"
        );
        let owner = by_phone(&world, PHONE).await.unwrap();
        assert_eq!(owner.email.unwrap().as_str(), EMAIL, "it stays its owner's");
    }
}

#[tokio::test]
async fn attack_238_of_two_that_typed_one_address_the_one_that_is_confirmed_has_it() {
    for world in worlds_with(offered()).await {
        registered(&world, PHONE, EMAIL).await;
        let first = link(&world).await;
        registered(&world, "13900005678", EMAIL).await;
        let second = link(&world).await;
        assert_eq!(
            press(&mut world.browser(), &second).await.page(),
            Some("link-done")
        );
        let taken = press(&mut world.browser(), &first).await;
        assert!(
            taken.body.contains("has this e-mail address in the meantime"),
            "{}",
            taken.body
        );
        assert_eq!(by_phone(&world, PHONE).await.unwrap().status, Status::Pending);
        let tx = world.service.store().read();
        let owner = accounts::find_by_email(&tx, &Email::parse(EMAIL).unwrap())
            .await
            .unwrap();
        let owner = owner.unwrap();
        assert_eq!(owner.phone.unwrap().e164(), "+8613900005678");
        // Nothing happened, so that the link was not used up: it works once the address is free again.
        assert_eq!(taken.page(), Some("link-not-done"));
        let email = owner.email.unwrap();
        accounts::set_email(&tx, owner.id, (Some(&email), None), world.clock.now())
            .await
            .unwrap();
        let done = press(&mut world.browser(), &first).await;
        assert_eq!(done.page(), Some("link-done"), "{}", done.body);
        assert_eq!(by_phone(&world, PHONE).await.unwrap().status, Status::Active);
    }
}

#[tokio::test]
async fn a_double_click_at_the_end_makes_one_account_and_sends_one_mail() {
    for world in worlds_with(offered()).await {
        let mut browser = world.browser();
        begin(&mut browser, PHONE, EMAIL).await;
        let code = world.code(E164).await;
        let page = browser.get("/register/confirm").await;
        let mut twin = browser.clone();
        let (one, two) = tokio::join!(
            confirm_on(&mut browser, &page, &code),
            confirm_on(&mut twin, &page, &code)
        );
        assert_eq!(
            (one.location.as_deref(), two.location.as_deref()),
            (Some(WAIT), Some(WAIT)),
            "{}",
            world.kind
        );
        assert_eq!(world.mail_count().await, 1);
        assert_eq!(
            browser.get("/register/confirm").await.location.as_deref(),
            Some(WAIT)
        );
    }
}

#[tokio::test]
async fn an_account_that_nobody_activates_is_given_up_and_its_phone_is_free_again() {
    for world in worlds_with(offered()).await {
        registered(&world, PHONE, EMAIL).await;
        let old = link(&world).await;
        // Whoever has the phone and begins again is told what is missing.
        let mut again = world.browser();
        begin(&mut again, PHONE, EMAIL).await;
        let sms = world.newest_sms(E164).await.unwrap();
        assert!(
            sms.contains("waits") && sms.contains("/register/activation"),
            "{sms}"
        );
        assert_eq!(super::super::upkeep(&world.service).await.unwrap(), 0);
        world.clock.advance(TimeDelta::days(4));
        assert_eq!(super::super::upkeep(&world.service).await.unwrap(), 1);
        assert!(by_phone(&world, PHONE).await.is_none());
        assert_eq!(world.browser().get(&old).await.page(), Some("link-over"));
        registered(&world, PHONE, EMAIL).await;
    }
}

#[tokio::test]
async fn attack_221_an_address_that_nobody_has_proven_gets_few_mails() {
    let mut config = offered();
    config.email.unproven_per_hour = 2;
    for world in worlds_with(config).await {
        registered(&world, PHONE, EMAIL).await;
        for _ in 0..4 {
            ask_again(&mut world.browser(), EMAIL).await;
        }
        assert_eq!(world.mail_count().await, 2);
    }
}

#[tokio::test]
async fn a_phone_with_an_account_gets_no_second_one_by_the_other_page() {
    for world in worlds_with(offered()).await {
        resident(&world, PHONE).await;
        let mut browser = world.browser();
        let sent = begin(&mut browser, PHONE, EMAIL).await;
        assert_eq!(sent.location.as_deref(), Some("/register/confirm"));
        let sms = world.newest_sms(E164).await.unwrap();
        assert!(sms.contains("has an account already"), "{sms}");
        assert_eq!(world.mail_count().await, 0);
    }
}
