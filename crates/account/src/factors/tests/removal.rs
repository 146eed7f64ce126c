//! Removing factors.

use axum::http::StatusCode;

use super::super::testing::{confirm, ids, wait, with_app, with_passkey};
use super::PHONE;
use crate::changes::worker::apply_due;
use crate::factors::totp;
use crate::history::What;
use crate::signin::testing::{PASSWORD, live, resident, signed_in};
use crate::testing::{Browser, Seen, World, worlds};

const REMOVE: &str = "/account/security/factors/remove";

async fn one_app(browser: &mut Browser) -> String {
    let list = browser.get("/account/security/authenticator").await;
    ids(&list).remove(0)
}

async fn remove(browser: &mut Browser, fields: &[(&str, &str)]) -> Seen {
    let id = fields.iter().find(|(name, _)| *name == "id").unwrap().1;
    let page = browser.get(&format!("{REMOVE}?id={id}")).await;
    assert_eq!(page.page(), Some("account-factor-remove"), "{:?}", page.location);
    browser.post(REMOVE, &page, fields).await
}

async fn factors(world: &World, id: model::ids::AccountId) -> usize {
    let tx = world.service.store().read();
    store::factors::list(&tx, id).await.unwrap().len()
}

/// How often the owner's history says that a removal began, was stopped, and was done.
async fn history(world: &World, id: model::ids::AccountId) -> [usize; 3] {
    let tx = world.service.store().read();
    let list = store::history::list(&tx, id, None).await.unwrap();
    [What::FactorRemoving, What::FactorKept, What::FactorRemoved]
        .map(|what| list.iter().filter(|one| one.what == what).count())
}

#[tokio::test]
async fn attack_235_the_last_strong_factor_goes_only_when_its_owner_accepts_it_and_everybody_is_told() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        let one = one_app(&mut browser).await;
        let seen = remove(&mut browser, &[("id", &one)]).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(seen.errors(), ["factors-remove-accept-missing"]);
        let seen = remove(&mut browser, &[("id", &one), ("accept", "yes")]).await;
        let at = seen.location.unwrap();
        wait(&world, 60);
        let code = totp::code_at(&secret, world.clock.now());
        confirm(&mut browser, &at, &[("method", "totp"), ("code", &code)]).await;
        let count = world.sms_count().await;
        let seen = remove(&mut browser, &[("id", &one), ("accept", "yes")]).await;
        assert!(seen.location.unwrap().ends_with("done=removed"), "{}", world.kind);
        assert_eq!(factors(&world, id).await, 0);
        assert_eq!(world.sms_count().await, count + 1);
        let seen = browser.get(&format!("{REMOVE}?id={one}")).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "gone");
    }
}

#[tokio::test]
async fn one_of_two_goes_without_more_and_ends_the_other_sign_ins() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let other = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        wait(&world, 60);
        let at = browser
            .get("/account/security/passkeys/new")
            .await
            .location
            .unwrap();
        let code = totp::code_at(&secret, world.clock.now());
        confirm(&mut browser, &at, &[("method", "totp"), ("code", &code)]).await;
        let mut soft = with_passkey(&mut browser, b"credential-1").await;
        let one = one_app(&mut browser).await;
        let seen = remove(&mut browser, &[("id", &one)]).await;
        // The passkey is the strongest now, and was not proven yet.
        let at = seen.location.unwrap();
        let ways = super::super::soft::Ways::default();
        super::super::testing::confirm_with(&mut browser, &at, &mut soft, &ways).await;
        let seen = remove(&mut browser, &[("id", &one)]).await;
        assert!(seen.location.unwrap().ends_with("done=removed"), "{}", world.kind);
        assert_eq!(factors(&world, id).await, 1);
        assert!(live(&world, &other).await.is_none());
        assert!(live(&world, &browser).await.is_some());
    }
}

#[tokio::test]
async fn attack_235_a_lost_factor_waits_a_day_is_told_of_and_can_be_stopped() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        with_app(&world, &mut browser).await;
        let one = one_app(&mut browser).await;
        for stopped in [true, false] {
            // It is the last strong one, lost or not.
            let seen = remove(&mut browser, &[("id", &one), ("lost", "yes")]).await;
            assert_eq!(seen.errors(), ["factors-remove-accept-missing"]);
            assert!(seen.body.contains("<details open>"), "{}", seen.body);
            let fields = [("id", one.as_str()), ("lost", "yes"), ("accept_lost", "yes")];
            let seen = remove(&mut browser, &fields).await;
            assert!(
                seen.location.unwrap().ends_with("done=scheduled"),
                "{}",
                world.kind
            );
            let told = world.newest_sms("+8613800001234").await.unwrap();
            assert!(
                told.contains("will be removed") && told.contains("/link/"),
                "{told}"
            );
            let list = browser.get("/account/security/authenticator").await;
            assert!(list.body.contains("factors/stop"));
            assert_eq!(factors(&world, id).await, 1, "not yet");
            let kept = usize::from(!stopped);
            assert_eq!(history(&world, id).await, [1 + kept, kept, 0]);
            if stopped {
                let seen = browser.post("/account/security/factors/stop", &list, &[]).await;
                assert!(seen.location.unwrap().ends_with("done=stopped"));
                assert_eq!(history(&world, id).await, [1, 1, 0]);
                assert_eq!(apply_due(&world.service).await.unwrap(), 0);
            }
        }
        wait(&world, 23 * 3600);
        assert_eq!(apply_due(&world.service).await.unwrap(), 0);
        wait(&world, 2 * 3600);
        assert_eq!(apply_due(&world.service).await.unwrap(), 1);
        assert_eq!(factors(&world, id).await, 0, "{}", world.kind);
        assert_eq!(history(&world, id).await, [2, 1, 1]);
        assert_eq!(apply_due(&world.service).await.unwrap(), 0, "once");
        let mut browser = signed_in(&world, PHONE).await;
        assert_eq!(browser.get("/account/security").await.status, StatusCode::OK);
        assert!(!PASSWORD.is_empty());
    }
}

#[tokio::test]
async fn attack_162_a_stale_sign_in_does_not_even_begin_a_removal() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        with_app(&world, &mut browser).await;
        let one = one_app(&mut browser).await;
        wait(&world, 11 * 60);
        let fields = [("id", one.as_str()), ("lost", "yes"), ("accept_lost", "yes")];
        let seen = remove(&mut browser, &fields).await;
        let at = seen.location.unwrap();
        assert!(
            at.starts_with("/account/confirm?return_to="),
            "{at} {}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_235_a_lost_factor_that_is_used_meanwhile_stays_and_the_history_says_so() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        let one = one_app(&mut browser).await;
        let fields = [("id", one.as_str()), ("lost", "yes"), ("accept_lost", "yes")];
        let seen = remove(&mut browser, &fields).await;
        assert!(seen.location.unwrap().ends_with("done=scheduled"));
        wait(&world, 3600);
        let code = totp::code_at(&secret, world.clock.now());
        let tried = crate::factors::verify_totp(&world.service, id, &code)
            .await
            .unwrap();
        assert_eq!(tried, crate::factors::Tried::Right);
        wait(&world, 24 * 3600);
        assert_eq!(apply_due(&world.service).await.unwrap(), 0, "{}", world.kind);
        assert_eq!(factors(&world, id).await, 1);
        assert_eq!(history(&world, id).await, [1, 1, 0]);
        assert_eq!(apply_due(&world.service).await.unwrap(), 0, "over");
    }
}

#[tokio::test]
async fn attack_225_beside_one_that_is_going_the_other_is_the_last() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        wait(&world, 60);
        let seen = browser.get("/account/security/passkeys/new").await;
        let code = totp::code_at(&secret, world.clock.now());
        let at = seen.location.unwrap();
        confirm(&mut browser, &at, &[("method", "totp"), ("code", &code)]).await;
        with_passkey(&mut browser, b"credential-1").await;
        let app = one_app(&mut browser).await;
        let seen = remove(&mut browser, &[("id", &app), ("lost", "yes")]).await;
        assert!(seen.location.unwrap().ends_with("done=scheduled"), "one of two");
        let key = ids(&browser.get("/account/security/passkeys").await).remove(0);
        let seen = remove(&mut browser, &[("id", &key)]).await;
        assert_eq!(seen.errors(), ["factors-remove-accept-missing"], "{}", world.kind);
        assert_eq!(factors(&world, id).await, 2);
    }
}

#[tokio::test]
async fn what_a_lapsed_proof_interrupted_is_there_again_and_the_page_says_why() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let secret = with_app(&world, &mut browser).await;
        let one = one_app(&mut browser).await;
        wait(&world, 11 * 60);
        let seen = remove(&mut browser, &[("id", &one), ("accept", "yes")]).await;
        let code = totp::code_at(&secret, world.clock.now());
        let fields = [("method", "totp"), ("code", code.as_str())];
        let back = confirm(&mut browser, &seen.location.unwrap(), &fields).await;
        let page = browser.get(&back.location.unwrap()).await;
        assert_eq!(page.page(), Some("account-factor-remove"));
        assert!(page.body.contains("data-confirmed"), "{}", page.body);
        assert!(page.body.contains(" checked"), "{}", world.kind);
        // The same words in the address say nothing where nothing was proven.
        wait(&world, 11 * 60);
        let page = browser
            .get(&format!("{REMOVE}?id={one}&accept=yes&confirmed=yes"))
            .await;
        assert!(!page.body.contains("data-confirmed"));

        let codes = "/account/security/codes";
        let page = browser.get(codes).await;
        let seen = browser.post(codes, &page, &[]).await;
        wait(&world, 60);
        let code = totp::code_at(&secret, world.clock.now());
        let fields = [("method", "totp"), ("code", code.as_str())];
        let back = confirm(&mut browser, &seen.location.unwrap(), &fields).await;
        let page = browser.get(&back.location.unwrap()).await;
        assert_eq!(page.page(), Some("account-codes"));
        assert!(page.body.contains("data-confirmed"), "{}", world.kind);
    }
}
