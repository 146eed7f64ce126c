//! Proving once more.

use super::super::soft::{PRESENT, Soft, Ways};
use super::super::testing::{
    confirm, confirm_with, ids, options, secret, wait, with_app, with_codes, with_passkey,
};
use super::{OTHER, PHONE};
use crate::factors::totp;
use crate::signin::testing::{PASSWORD, live, resident, sign_in, signed_in};
use crate::testing::{World, worlds};

const NEW_KEY: &str = "/account/security/passkeys/new";

/// After the time in which a proof is fresh; where a page leads.
async fn led(world: &World, browser: &mut crate::testing::Browser, path: &str) -> String {
    wait(world, 11 * 60);
    let seen = browser.get(path).await;
    seen.location.expect("the page that asks")
}

#[tokio::test]
async fn attack_162_after_ten_minutes_a_change_needs_a_proof_and_the_password_gives_it() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let seen = browser.get(NEW_KEY).await;
        assert_eq!(seen.page(), Some("account-passkey-new"), "just signed in");
        let at = led(&world, &mut browser, NEW_KEY).await;
        assert!(at.starts_with("/account/confirm?need=strongest"), "{at}");
        let seen = confirm(
            &mut browser,
            &at,
            &[("method", "password"), ("password", "wrong")],
        )
        .await;
        assert_eq!(seen.errors(), ["confirm-password-wrong"], "{}", world.kind);
        let before = browser.cookies["denizen_session"].clone();
        let fields = [("method", "password"), ("password", PASSWORD)];
        let seen = confirm(&mut browser, &at, &fields).await;
        assert_eq!(seen.location.as_deref(), Some(NEW_KEY));
        assert_ne!(browser.cookies["denizen_session"], before, "A151");
        assert_eq!(browser.get(NEW_KEY).await.page(), Some("account-passkey-new"));
    }
}

#[tokio::test]
async fn attack_225_with_a_second_factor_the_password_alone_changes_none() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        let one = ids(&browser.get("/account/security/authenticator").await).remove(0);
        let remove = format!("/account/security/factors/remove?id={one}");
        let page = browser.get(&remove).await;
        // The sign-in by password is a minute old; the app was never proven in it.
        let fields = [("id", one.as_str()), ("accept", "yes")];
        let seen = browser
            .post("/account/security/factors/remove", &page, &fields)
            .await;
        let at = seen.location.expect("the page that asks");
        assert!(at.starts_with("/account/confirm?need=strongest"), "{at}");
        let page = browser.get(&at).await;
        assert!(!page.body.contains("name=\"password\""), "it would not be enough");
        let forced = [
            ("method", "password"),
            ("password", PASSWORD),
            ("need", "strongest"),
        ];
        let seen = browser.post("/account/confirm", &page, &forced).await;
        assert!(
            seen.location.unwrap().starts_with("/account/confirm"),
            "{}",
            world.kind
        );
        // Nor does asking for less get past it.
        let weaker = [("method", "password"), ("password", PASSWORD), ("need", "")];
        browser.post("/account/confirm", &page, &weaker).await;
        let seen = browser.get("/account/security/authenticator/new").await;
        assert!(seen.location.unwrap().contains("need=strongest"));

        wait(&world, 60);
        let code = totp::code_at(&secret, world.clock.now());
        let seen = confirm(&mut browser, &at, &[("method", "totp"), ("code", &code)]).await;
        assert!(seen.location.unwrap().starts_with(&remove));
        let page = browser.get(&remove).await;
        let seen = browser
            .post("/account/security/factors/remove", &page, &fields)
            .await;
        assert!(seen.location.unwrap().ends_with("done=removed"));
        let tx = world.service.store().read();
        assert!(store::factors::list(&tx, id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_printed_code_with_the_password_stands_in_for_a_lost_factor() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let codes = with_codes(&mut browser).await;
        with_passkey(&mut browser, b"credential-1").await;
        let at = led(&world, &mut browser, NEW_KEY).await;
        let fields = [("method", "recovery_code"), ("recovery_code", codes[0].as_str())];
        let seen = confirm(&mut browser, &at, &fields).await;
        assert_eq!(seen.location.as_deref(), Some(NEW_KEY));
        let seen = browser.get(NEW_KEY).await;
        assert!(seen.location.unwrap().contains("need=strongest"), "not alone");
        let fields = [("method", "password"), ("password", PASSWORD)];
        confirm(&mut browser, &at, &fields).await;
        assert_eq!(
            browser.get(NEW_KEY).await.page(),
            Some("account-passkey-new"),
            "{}",
            world.kind
        );
        let at = led(&world, &mut browser, NEW_KEY).await;
        let fields = [("method", "recovery_code"), ("recovery_code", codes[0].as_str())];
        let seen = confirm(&mut browser, &at, &fields).await;
        assert_eq!(seen.errors(), ["factors-code-wrong"], "once");
    }
}

#[tokio::test]
async fn a_printed_code_counts_at_once_and_one_that_signed_somebody_in_is_not_asked_for_again() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let codes = with_codes(&mut browser).await;
        with_passkey(&mut browser, b"credential-1").await;
        // The passkey is lost: a password, and a printed code as the second step.
        let mut later = world.browser();
        let page = later.get("/sign-in").await;
        let fields = [("identifier", PHONE), ("password", PASSWORD)];
        let at = later.post("/sign-in", &page, &fields).await.location.unwrap();
        let step = later.get(&format!("{at}&by=recovery")).await;
        let handle = step.hidden("step").unwrap().to_owned();
        let fields = [
            ("step", handle.as_str()),
            ("by", "recovery"),
            ("code", codes[0].as_str()),
        ];
        let entered = later.post("/sign-in/second", &step, &fields).await;
        assert_eq!(entered.location.as_deref(), Some("/account"), "{}", entered.body);
        assert_eq!(
            later.get(NEW_KEY).await.page(),
            Some("account-passkey-new"),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_283_a_passkey_of_somebody_else_proves_nothing_and_changes_no_account() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut browser = signed_in(&world, PHONE).await;
        let mut own = with_passkey(&mut browser, b"credential-1").await;
        let mut stranger = signed_in(&world, OTHER).await;
        let mut theirs = with_passkey(&mut stranger, b"credential-2").await;
        let at = led(&world, &mut browser, NEW_KEY).await;
        let before = live(&world, &browser).await.unwrap().account.id;
        let seen = confirm_with(&mut browser, &at, &mut theirs, &Ways::default()).await;
        assert!(
            seen.body.contains("data-error=\"confirm-passkey-refused\"") || seen.status.is_client_error()
        );
        assert_eq!(live(&world, &browser).await.unwrap().account.id, before);
        let seen = confirm_with(&mut browser, &at, &mut own, &Ways::default()).await;
        assert_eq!(seen.location.as_deref(), Some(NEW_KEY), "{}", world.kind);
        let methods = live(&world, &browser).await.unwrap().methods;
        assert!(methods.contains(model::authn::Method::Passkey));
    }
}

#[tokio::test]
async fn attack_279_a_passkey_that_verified_nobody_or_answers_elsewhere_is_refused() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let mut soft = with_passkey(&mut browser, b"credential-1").await;
        let at = led(&world, &mut browser, NEW_KEY).await;
        for ways in [
            Ways {
                flags: PRESENT,
                ..Ways::default()
            },
            Ways {
                flags: 0,
                ..Ways::default()
            },
            Ways {
                origin: "https://evil.test",
                ..Ways::default()
            },
        ] {
            let seen = confirm_with(&mut browser, &at, &mut soft, &ways).await;
            assert!(seen.status.is_client_error(), "{ways:?} {}", world.kind);
        }
        let seen = confirm_with(&mut browser, &at, &mut soft, &Ways::default()).await;
        assert_eq!(seen.location.as_deref(), Some(NEW_KEY));
    }
}

#[tokio::test]
async fn attack_217_an_answer_counts_for_its_own_page_once() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let mut soft: Soft = with_passkey(&mut browser, b"credential-1").await;
        let at = led(&world, &mut browser, NEW_KEY).await;
        let page = browser.get(&at).await;
        let other = browser.get(&at).await;
        let answer = soft.prove(&options(&page), &Ways::default()).to_string();
        let send = [
            ("method", "passkey"),
            ("need", "strongest"),
            ("credential", answer.as_str()),
        ];
        let with = |ceremony: &'static str| [&send[..], &[("ceremony", ceremony)]].concat();
        for ceremony in ["", "garbage"] {
            let seen = browser.post("/account/confirm", &page, &with(ceremony)).await;
            assert!(seen.status.is_client_error(), "{ceremony}");
        }
        let wrong = other.hidden("ceremony").unwrap().to_owned();
        let fields = [&send[..], &[("ceremony", wrong.as_str())]].concat();
        let seen = browser.post("/account/confirm", &page, &fields).await;
        assert!(seen.status.is_client_error(), "another page's challenge");
        let right = page.hidden("ceremony").unwrap().to_owned();
        let fields = [&send[..], &[("ceremony", right.as_str())]].concat();
        let seen = browser.post("/account/confirm", &page, &fields).await;
        assert_eq!(seen.location.as_deref(), Some(NEW_KEY), "{}", world.kind);
        let at = led(&world, &mut browser, NEW_KEY).await;
        let page = browser.get(&at).await;
        let seen = browser.post("/account/confirm", &page, &fields).await;
        assert!(seen.status.is_client_error(), "a second time");
    }
}

#[tokio::test]
async fn a_printed_code_counts_within_ten_minutes_of_signing_in_and_is_not_burnt_for_nothing() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let codes = with_codes(&mut browser).await;
        with_passkey(&mut browser, b"credential-1").await;
        // The passkey is lost: a password and a code by SMS, a minute ago.
        let mut later = world.browser();
        let at = sign_in(&mut later, PHONE, PASSWORD).await.location.unwrap();
        let step = later.get(&format!("{at}&by=sms")).await;
        let handle = step.hidden("step").unwrap().to_owned();
        let own = [("step", handle.as_str()), ("by", "sms")];
        let ask = [own[0], own[1], ("method", "sms")];
        later.post("/sign-in/second", &step, &ask).await;
        let typed = world.code("+8613800001234").await;
        let give = [own[0], own[1], ("code", typed.as_str())];
        let entered = later.post("/sign-in/second", &step, &give).await;
        assert_eq!(entered.location.as_deref(), Some("/account"), "{}", entered.body);
        wait(&world, 60);
        let at = later.get(NEW_KEY).await.location.expect("the page that asks");
        let fields = [("method", "recovery_code"), ("recovery_code", codes[0].as_str())];
        let seen = confirm(&mut later, &at, &fields).await;
        assert_eq!(seen.location.as_deref(), Some(NEW_KEY));
        let page = later.get(NEW_KEY).await;
        assert_eq!(page.page(), Some("account-passkey-new"), "{}", world.kind);
    }
}

#[tokio::test]
async fn a_page_that_was_opened_in_time_is_finished_after_it() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        wait(&world, 9 * 60);
        let app = "/account/security/authenticator/new";
        let (key, picture) = (browser.get(NEW_KEY).await, browser.get(app).await);
        wait(&world, 2 * 60);
        let asked = browser.get(NEW_KEY).await.location.unwrap();
        assert!(asked.contains("need=strongest"), "too late to begin: {asked}");
        let answer = Soft::new(b"credential-1").make(&options(&key), &Ways::default());
        let fields = [
            ("ceremony", key.hidden("ceremony").unwrap()),
            ("credential", answer.as_str()),
            ("name", "Slow"),
        ];
        let seen = browser.post(NEW_KEY, &key, &fields).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/account/security/passkeys?done=added")
        );
        let secret = secret(&picture);
        let wrong = browser
            .post(app, &picture, &[("code", "12"), ("name", "Slow phone")])
            .await;
        assert!(wrong.body.contains("value=\"Slow phone\""), "{}", wrong.body);
        let code = totp::code_at(&secret, world.clock.now());
        let seen = browser.post(app, &wrong, &[("code", &code)]).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/account/security/authenticator?done=added")
        );
        let tx = world.service.store().read();
        let all = store::factors::list(&tx, id).await.unwrap();
        assert_eq!(all.len(), 2, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_162_225_a_wrong_code_shows_the_picture_to_nobody_whose_proof_is_old() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let app = "/account/security/authenticator/new";
        let picture = browser.get(app).await;
        let wrong = browser.post(app, &picture, &[("code", "000000")]).await;
        assert_eq!(secret(&wrong), secret(&picture), "just proven");
        wait(&world, 15 * 60);
        let wrong = browser.post(app, &picture, &[("code", "000000")]).await;
        assert!(wrong.body.contains("data-page=\"account-authenticator-new\""));
        assert!(!wrong.body.contains("data-secret") && !wrong.body.contains("<svg"));
        // Whoever scanned it in time goes on.
        let code = totp::code_at(&secret(&picture), world.clock.now());
        browser.post(app, &wrong, &[("code", &code)]).await;
        let tx = world.service.store().read();
        assert_eq!(store::factors::list(&tx, id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn attack_225_a_picture_whose_time_is_over_sets_nothing_up_and_says_so() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let app = "/account/security/authenticator/new";
        let late = "The time for this page was over";
        let picture = browser.get(app).await;
        assert!(!picture.body.contains(late));
        let old = secret(&picture);
        wait(&world, 21 * 60);
        let code = totp::code_at(&old, world.clock.now());
        let seen = browser.post(app, &picture, &[("code", &code)]).await;
        let at = seen.location.expect("the page that asks");
        assert!(at.starts_with("/account/confirm?need=strongest"), "{at}");
        let fields = [("method", "password"), ("password", PASSWORD)];
        let back = confirm(&mut browser, &at, &fields).await;
        let page = browser.get(&back.location.unwrap()).await;
        assert!(page.body.contains(late), "{}", page.body);
        assert_ne!(secret(&page), old);
        // Confirmed elsewhere meanwhile: at once, and what was typed stays.
        wait(&world, 21 * 60);
        let at = browser.get(NEW_KEY).await.location.unwrap();
        confirm(&mut browser, &at, &fields).await;
        let seen = browser
            .post(app, &page, &[("code", "123456"), ("name", "Kept")])
            .await;
        assert!(seen.body.contains(late), "{}", seen.body);
        assert!(seen.body.contains("value=\"Kept\""), "{}", seen.body);
        let tx = world.service.store().read();
        assert!(store::factors::list(&tx, id).await.unwrap().is_empty());
    }
}
