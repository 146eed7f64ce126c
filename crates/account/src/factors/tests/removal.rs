//! Removing factors.

use axum::http::StatusCode;

use super::super::testing::{confirm, ids, wait, with_app, with_passkey};
use super::PHONE;
use crate::changes::worker::apply_due;
use crate::factors::totp;
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
            let seen = remove(&mut browser, &[("id", &one), ("lost", "yes")]).await;
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
            if stopped {
                let seen = browser.post("/account/security/factors/stop", &list, &[]).await;
                assert!(seen.location.unwrap().ends_with("done=stopped"));
                assert_eq!(apply_due(&world.service).await.unwrap(), 0);
            }
        }
        wait(&world, 23 * 3600);
        assert_eq!(apply_due(&world.service).await.unwrap(), 0);
        wait(&world, 2 * 3600);
        assert_eq!(apply_due(&world.service).await.unwrap(), 1);
        assert_eq!(factors(&world, id).await, 0, "{}", world.kind);
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
        let seen = remove(&mut browser, &[("id", &one), ("lost", "yes")]).await;
        let at = seen.location.unwrap();
        assert!(
            at.starts_with("/account/confirm?return_to="),
            "{at} {}",
            world.kind
        );
    }
}
