//! The second click of an old phone: the form is sent again, with the cookies of before, and its answer is what the person
//! sees.

use super::super::soft::{Soft, Ways};
use super::super::testing::{ids, options, secret, wait, with_app, with_codes};
use super::PHONE;
use crate::factors::totp;
use crate::signin::testing::{PASSWORD, live, resident, signed_in};
use crate::testing::{Browser, Seen, World, worlds};

/// Sends a form, and again with the cookies that the browser had; answers what the second answer leads to.
async fn twice(
    browser: &mut Browser,
    path: &str,
    page: &Seen,
    fields: &[(&str, &str)],
) -> [Option<String>; 2] {
    let mut again = browser.clone();
    let first = browser.post(path, page, fields).await;
    let second = again.post(path, page, fields).await;
    *browser = again;
    [first.location, second.location]
}

/// How much was written down and told.
async fn effects(world: &World, id: model::ids::AccountId) -> (usize, usize, usize) {
    let tx = world.service.store().read();
    let history = store::history::list(&tx, id, None).await.unwrap().len();
    let audited = world.test.audited().await.unwrap().len();
    (history, audited, world.sms_count().await)
}

#[tokio::test]
async fn a_passkey_that_was_made_is_there_for_the_second_click_as_well() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = "/account/security/passkeys/new";
        let page = browser.get(path).await;
        let answer = Soft::new(b"credential-1").make(&options(&page), &Ways::default());
        let fields = [
            ("ceremony", page.hidden("ceremony").unwrap()),
            ("credential", answer.as_str()),
        ];
        let done = Some("/account/security/passkeys?done=added".to_owned());
        let stranger = signed_in(&world, PHONE).await;
        assert_eq!(
            twice(&mut browser, path, &page, &fields).await,
            [done.clone(), done]
        );
        assert!(live(&world, &browser).await.is_some(), "{}", world.kind);
        let before = effects(&world, id).await;
        // Neither in another browser nor later.
        let mut stranger = stranger.clone();
        let own = stranger.get("/account/security/codes").await;
        let seen = stranger.post(path, &own, &fields).await;
        assert_ne!(seen.status, axum::http::StatusCode::OK);
        assert!(!seen.location.unwrap_or_default().contains("done=added"));
        wait(&world, 31);
        let seen = browser.post(path, &page, &fields).await;
        assert!(seen.location.unwrap().ends_with("wrong=refused"));
        assert_eq!(effects(&world, id).await, before, "nothing more was done");
    }
}

#[tokio::test]
async fn an_app_and_a_removal_are_done_once_and_shown_twice() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = "/account/security/authenticator/new";
        let page = browser.get(path).await;
        let code = totp::code_at(&secret(&page), world.clock.now());
        let done = Some("/account/security/authenticator?done=added".to_owned());
        let seen = twice(&mut browser, path, &page, &[("code", &code)]).await;
        assert_eq!(seen, [done.clone(), done], "{}", world.kind);
        let tx = world.service.store().read();
        assert_eq!(store::factors::list(&tx, id).await.unwrap().len(), 1);
        let one = ids(&browser.get("/account/security/authenticator").await).remove(0);
        let path = "/account/security/factors/remove";
        let page = browser.get(&format!("{path}?id={one}")).await;
        let once = page.hidden("once").unwrap().to_owned();
        let fields = [
            ("id", one.as_str()),
            ("lost", "yes"),
            ("accept_lost", "yes"),
            ("once", once.as_str()),
        ];
        let done = Some("/account/security/authenticator?done=scheduled".to_owned());
        let seen = twice(&mut browser, path, &page, &fields).await;
        assert_eq!(seen, [done.clone(), done], "{}", world.kind);
    }
}

#[tokio::test]
async fn a_password_that_was_changed_is_not_refused_at_the_second_click_and_no_try_is_counted() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = "/account/security/password";
        let page = browser.get(path).await;
        let new = "Lantern-771-harbour";
        let fields = [
            ("current", PASSWORD),
            ("password", new),
            ("password_again", new),
            ("once", page.hidden("once").unwrap()),
        ];
        let done = Some("/account/security?done=password".to_owned());
        assert_eq!(
            twice(&mut browser, path, &page, &fields).await,
            [done.clone(), done]
        );
        let seen = browser.get("/account/security?done=password").await;
        assert!(seen.body.contains("The password is changed"), "{}", world.kind);
        let tx = world.service.store().read();
        assert_eq!(
            store::credentials::former_passwords(&tx, id).await.unwrap().len(),
            1
        );
        // The page again, and the same form later: it is refused, as it should be.
        wait(&world, 31);
        let seen = browser.post(path, &page, &fields).await;
        assert_eq!(seen.errors(), ["factors-password-current-wrong"]);
    }
}

#[tokio::test]
async fn two_clicks_make_one_sheet_and_a_sheet_that_was_replaced_is_not_shown() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = "/account/security/codes";
        let page = browser.get(path).await;
        let once = [("once", page.hidden("once").unwrap())];
        let sheet = Some("/account/security/codes/sheet".to_owned());
        let seen = twice(&mut browser, path, &page, &once).await;
        assert_eq!(seen, [sheet.clone(), sheet.clone()], "{}", world.kind);
        let tx = world.service.store().read();
        let made = store::history::list(&tx, id, None).await.unwrap();
        let made = made
            .iter()
            .filter(|one| one.what == crate::history::What::CodesMade);
        assert_eq!(made.count(), 1);
        let shown = browser.get(sheet.as_deref().unwrap()).await;
        assert_eq!(shown.page(), Some("account-codes-sheet"));
        // In another browser the same person makes another one.
        wait(&world, 1);
        let mut other = signed_in(&world, PHONE).await;
        with_codes(&mut other).await;
        let gone = browser.get(sheet.as_deref().unwrap()).await;
        assert_eq!(gone.page(), Some("account-codes-gone"), "{}", world.kind);
        let good = other.get(sheet.as_deref().unwrap()).await;
        assert_eq!(good.page(), Some("account-codes-sheet"));
    }
}

#[tokio::test]
async fn attack_217_a_confirmation_sent_twice_tries_its_code_once() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let app = with_app(&world, &mut browser).await;
        wait(&world, 60);
        let path = "/account/security/passkeys/new";
        let at = browser.get(path).await.location.unwrap();
        let code = totp::code_at(&app, world.clock.now());
        let fields = [("method", "totp"), ("code", code.as_str()), ("need", "strongest")];
        let page = browser.get(&at).await;
        let led = Some(path.to_owned());
        let seen = twice(&mut browser, "/account/confirm", &page, &fields).await;
        assert_eq!(seen, [led.clone(), led], "{}", world.kind);
        let events = world.test.audited().await.unwrap();
        assert!(!events.iter().any(|(event, ..)| event == "sign_in_refused"));
        assert_eq!(browser.get(path).await.page(), Some("account-passkey-new"));
    }
}

/// Sends a form twice at the same moment; answers where the two answers lead.
async fn at_once(
    browser: &mut Browser,
    path: &str,
    page: &Seen,
    fields: &[(&str, &str)],
) -> [Option<String>; 2] {
    let mut again = browser.clone();
    let (first, second) = tokio::join!(browser.post(path, page, fields), again.post(path, page, fields));
    *browser = again;
    [first.location, second.location]
}

#[tokio::test]
async fn two_clicks_at_once_do_it_once_and_both_show_that_it_is_done() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let both = |page: &str| [Some(page.to_owned()), Some(page.to_owned())];
        let path = "/account/security/passkeys/new";
        let page = browser.get(path).await;
        let mut soft = Soft::new(b"credential-1");
        let answer = soft.make(&options(&page), &Ways::default());
        let fields = [
            ("ceremony", page.hidden("ceremony").unwrap()),
            ("credential", answer.as_str()),
        ];
        let seen = at_once(&mut browser, path, &page, &fields).await;
        assert_eq!(
            seen,
            both("/account/security/passkeys?done=added"),
            "{}",
            world.kind
        );
        let path = "/account/security/factors/remove";
        let one = ids(&browser.get("/account/security/passkeys").await).remove(0);
        let page = browser.get(&format!("{path}?id={one}")).await;
        let once = page.hidden("once").unwrap().to_owned();
        let fields = [
            ("id", one.as_str()),
            ("lost", "yes"),
            ("accept_lost", "yes"),
            ("once", once.as_str()),
        ];
        let seen = at_once(&mut browser, path, &page, &fields).await;
        assert_eq!(
            seen,
            both("/account/security/passkeys?done=scheduled"),
            "{}",
            world.kind
        );
        let tx = world.service.store().read();
        assert_eq!(store::factors::list(&tx, id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn two_clicks_at_once_set_one_app_up_make_one_sheet_and_change_the_password_once() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let both = |page: &str| [Some(page.to_owned()), Some(page.to_owned())];
        let path = "/account/security/password";
        let page = browser.get(path).await;
        let new = "Lantern-771-harbour";
        let fields = [
            ("current", PASSWORD),
            ("password", new),
            ("password_again", new),
            ("once", page.hidden("once").unwrap()),
        ];
        let seen = at_once(&mut browser, path, &page, &fields).await;
        assert_eq!(seen, both("/account/security?done=password"), "{}", world.kind);
        let path = "/account/security/codes";
        let page = browser.get(path).await;
        let once = [("once", page.hidden("once").unwrap())];
        let seen = at_once(&mut browser, path, &page, &once).await;
        assert_eq!(seen, both("/account/security/codes/sheet"), "{}", world.kind);
        let path = "/account/security/authenticator/new";
        let page = browser.get(path).await;
        let code = totp::code_at(&secret(&page), world.clock.now());
        let seen = at_once(&mut browser, path, &page, &[("code", &code)]).await;
        assert_eq!(
            seen,
            both("/account/security/authenticator?done=added"),
            "{}",
            world.kind
        );
        let tx = world.service.store().read();
        let rows = store::history::list(&tx, id, None).await.unwrap();
        for what in [
            crate::history::What::PasswordChanged,
            crate::history::What::CodesMade,
            crate::history::What::FactorAdded,
        ] {
            assert_eq!(rows.iter().filter(|row| row.what == what).count(), 1, "{what:?}");
        }
    }
}
