//! Factors from enrolling to removing, through the pages.

mod keys;
mod password;
mod proof;
mod removal;
mod renaming;
mod twice;

use axum::http::StatusCode;

use super::testing::{ids, secret, wait, with_app, with_codes};
use super::{Tried, of, totp, verify_code, verify_totp};
use crate::signin::testing::{PASSWORD, resident, signed_in};
use crate::testing::{World, worlds};

const PHONE: &str = "13800001234";
const OTHER: &str = "13800005678";

async fn account(world: &World, id: model::ids::AccountId) -> store::accounts::Account {
    let tx = world.service.store().read();
    store::accounts::find(&tx, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_authenticator_app_is_set_up_named_and_told_of() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let before = browser.cookies["denizen_session"].clone();
        with_app(&world, &mut browser).await;
        assert_ne!(browser.cookies["denizen_session"], before, "A151");
        let list = browser.get("/account/security/authenticator").await;
        assert!(list.body.contains("Old phone"), "{}", world.kind);
        let told = world.newest_sms("+8613800001234").await.unwrap();
        assert!(told.contains("added") && told.contains("/link/"), "{told}");
        assert!(!told.contains("Old phone"), "A222");
        let events = world.test.audited().await.unwrap();
        assert!(events.iter().any(|(event, _, _)| event == "factor_changed"));
        let tx = world.service.store().read();
        let enrolled = of(&tx, &account(&world, id).await).await.unwrap();
        assert!(enrolled.two_step() && enrolled.totp.len() == 1);
    }
}

#[tokio::test]
async fn a_wrong_first_code_sets_nothing_up_and_the_picture_stays_the_same() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let path = "/account/security/authenticator/new";
        let page = browser.get(path).await;
        let first = secret(&page);
        for wrong in ["", "12345", "abcdef"] {
            let seen = browser.post(path, &page, &[("code", wrong)]).await;
            assert_eq!(seen.errors(), ["factors-code-unreadable"], "{wrong}");
        }
        let code = totp::code_at(&first, world.clock.now());
        let other = if code == "000000" { "000001" } else { "000000" };
        let seen = browser
            .post(path, &page, &[("code", other), ("name", "kept")])
            .await;
        assert_eq!(seen.errors(), ["factors-authenticator-wrong"]);
        assert!(seen.body.contains("value=\"kept\""), "what was typed stays");
        assert_eq!(secret(&seen), first, "{}", world.kind);
        assert_eq!(secret(&browser.get(path).await), first);
        let tx = world.service.store().read();
        assert!(!of(&tx, &account(&world, id).await).await.unwrap().two_step());
    }
}

#[tokio::test]
async fn attack_217_a_code_of_an_app_counts_once_also_the_one_that_set_it_up() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        let code = totp::code_at(&secret, world.clock.now());
        let verify = |code: String| {
            let service = world.service.clone();
            async move { verify_totp(&service, id, &code).await.unwrap() }
        };
        assert_eq!(verify(code).await, Tried::Used, "it set the app up");
        wait(&world, 60);
        let code = totp::code_at(&secret, world.clock.now());
        assert_eq!(verify(code.clone()).await, Tried::Right, "{}", world.kind);
        assert_eq!(verify(code).await, Tried::Used);
        assert_eq!(verify("12 34".to_owned()).await, Tried::Unreadable);
    }
}

#[tokio::test]
async fn attack_213_guessing_codes_pauses_and_after_a_hundred_in_a_row_the_app_is_off() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        let (mut wrong, mut waited) = (0, 0);
        while wrong < 100 {
            match verify_totp(&world.service, id, "000000").await.unwrap() {
                Tried::Wrong => wrong += 1,
                Tried::Paused(seconds) => {
                    // The waits grow.
                    let most = if wrong < 50 { 901 } else { 3601 };
                    assert!(wrong % 10 == 0 && seconds <= most, "{seconds} after {wrong}");
                    waited = Ord::max(waited, seconds);
                    wait(&world, seconds);
                }
                other => panic!("{other:?} after {wrong}"),
            }
        }
        assert!(waited > 901);
        wait(&world, 3600);
        let code = totp::code_at(&secret, world.clock.now());
        let tried = verify_totp(&world.service, id, &code).await.unwrap();
        assert_eq!(tried, Tried::Off, "{}", world.kind);
    }
}

#[tokio::test]
async fn recovery_codes_are_shown_for_minutes_in_one_browser_and_hold_once() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let codes = with_codes(&mut browser).await;
        assert_eq!(codes.len(), 10);
        let told = world.newest_sms("+8613800001234").await.unwrap();
        assert!(!codes.iter().any(|code| told.contains(code)), "{told}");
        let mut elsewhere = signed_in(&world, PHONE).await;
        let sheet = elsewhere.get("/account/security/codes/sheet").await;
        assert_eq!(sheet.page(), Some("account-codes-gone"), "{}", world.kind);

        let code = codes[3].to_lowercase();
        let verify = |code: String| {
            let service = world.service.clone();
            async move { verify_code(&service, id, &code).await.unwrap() }
        };
        assert_eq!(verify(code.clone()).await, Tried::Right);
        assert_eq!(verify(code).await, Tried::Used);
        assert_eq!(verify("no code".to_owned()).await, Tried::Unreadable);

        let page = browser.get("/account/security/codes/sheet").await;
        browser.post("/account/security/codes/sheet", &page, &[]).await;
        let sheet = browser.get("/account/security/codes/sheet").await;
        assert_eq!(sheet.page(), Some("account-codes-gone"));

        // New ones replace the old ones.
        let newer = with_codes(&mut browser).await;
        assert_eq!(verify(codes[4].clone()).await, Tried::Wrong);
        assert_eq!(verify(newer[0].clone()).await, Tried::Right);
        wait(&world, 11 * 60);
        let sheet = browser.get("/account/security/codes/sheet").await;
        assert_eq!(sheet.page(), Some("account-codes-gone"));
    }
}

#[tokio::test]
async fn attack_261_factors_of_another_account_are_not_found() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let mut owner = signed_in(&world, PHONE).await;
        with_app(&world, &mut owner).await;
        let one = ids(&owner.get("/account/security/authenticator").await).remove(0);
        let mut stranger = signed_in(&world, OTHER).await;
        let own = stranger.get("/account/security/codes").await;
        for page in ["rename", "remove"] {
            let path = format!("/account/security/factors/{page}");
            for id in [one.as_str(), "", "garbage"] {
                let seen = stranger.get(&format!("{path}?id={id}")).await;
                assert_eq!(seen.status, StatusCode::NOT_FOUND, "{page} {id}");
            }
            let forms = stranger.get("/account/security/authenticator/new").await;
            let fields = [("id", one.as_str()), ("name", "mine"), ("accept", "yes")];
            let seen = stranger.post(&path, &forms, &fields).await;
            assert!(seen.status.is_client_error(), "{page}: {}", seen.status);
        }
        assert_eq!(own.page(), Some("account-codes"));
        let list = owner.get("/account/security/authenticator").await;
        assert!(list.body.contains("Old phone"), "{}", world.kind);
    }
}

#[tokio::test]
async fn the_security_page_lists_factors_and_links_to_their_pages() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get("/account/security").await;
        assert!(page.body.contains("data-factors"), "{}", world.kind);
        for path in ["password", "passkeys", "authenticator", "codes"] {
            let link = format!("href=\"/account/security/{path}\"");
            assert!(page.body.contains(&link), "{path}");
            let seen = browser.get(&format!("/account/security/{path}")).await;
            assert_eq!(seen.status, StatusCode::OK, "{path}");
            assert_eq!(seen.body.matches("<h1").count(), 1, "{path}");
        }
        let mut nobody = world.browser();
        for path in ["password", "passkeys/new", "authenticator/new", "codes/sheet"] {
            let seen = nobody.get(&format!("/account/security/{path}")).await;
            assert!(seen.location.unwrap().starts_with("/sign-in"), "{path}");
        }
        assert!(!PASSWORD.is_empty());
    }
}
