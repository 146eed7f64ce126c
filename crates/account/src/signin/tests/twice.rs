//! The second step sent twice, and passkeys that nobody has.

use model::ids::AccountId;

use super::PHONE;
use super::factors::{code, give, second, with_app, with_passkey};
use crate::Config;
use crate::factors::soft::{Soft, Ways};
use crate::factors::testing::{options, sign_in_with, wait};
use crate::signin;
use crate::signin::testing::live;
use crate::testing::{World, worlds, worlds_with};

/// How often somebody signed in, and how often somebody was refused, as the log has it.
async fn logged(world: &World) -> [usize; 2] {
    let events = world.test.audited().await.unwrap();
    ["signed_in", "sign_in_refused"].map(|name| events.iter().filter(|(event, ..)| event == name).count())
}

async fn sign_ins(world: &World, account: AccountId) -> usize {
    let (tx, limits) = (world.service.store().read(), &world.service.config().session);
    let now = world.clock.now();
    store::sessions::list(&tx, account, limits, now)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn the_second_click_at_the_second_step_is_signed_in_as_well_and_tries_nothing() {
    for world in worlds().await {
        let account = with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        // The answer to the first click, and the cookie in it, never arrive.
        let (mut again, mut late) = (browser.clone(), browser.clone());
        let typed = code(&world);
        let first = give(&mut browser, &page, &[("code", &typed)]).await;
        assert_eq!(first.location.as_deref(), Some("/account"), "{}", first.body);
        wait(&world, 2);
        let done = give(&mut again, &page, &[("code", &typed)]).await;
        assert_eq!(done.location.as_deref(), Some("/account"), "{}", done.body);
        let (one, two) = (live(&world, &browser).await, live(&world, &again).await);
        assert_eq!(one.unwrap().id, two.expect("signed in").id, "{}", world.kind);
        assert_eq!(sign_ins(&world, account).await, 1);
        assert_eq!(logged(&world).await, [1, 0]);
        // Not with another code, not in another browser, not later.
        let other = if typed == "000000" { "000001" } else { "000000" };
        let seen = give(&mut late.clone(), &page, &[("code", other)]).await;
        assert_eq!(seen.location.as_deref(), Some("/sign-in?late=yes"));
        let mut stranger = world.browser();
        let own = stranger.get("/sign-in").await;
        let step = page.hidden("step").unwrap().to_owned();
        let fields = [("step", step.as_str()), ("by", "totp"), ("code", typed.as_str())];
        let seen = stranger.post("/sign-in/second", &own, &fields).await;
        assert_ne!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
        assert!(live(&world, &stranger).await.is_none());
        wait(&world, 31);
        let seen = give(&mut late, &page, &[("code", &typed)]).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/sign-in?late=yes"),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn who_signed_out_is_not_signed_in_again_by_the_same_form() {
    for world in worlds().await {
        with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        let mut again = browser.clone();
        let typed = code(&world);
        give(&mut browser, &page, &[("code", &typed)]).await;
        let ask = browser.get("/sign-out").await;
        browser.post("/sign-out", &ask, &[]).await;
        let seen = give(&mut again, &page, &[("code", &typed)]).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/sign-in?late=yes"),
            "{}",
            world.kind
        );
        assert!(live(&world, &again).await.is_none());
    }
}

#[tokio::test]
async fn that_a_sign_in_ended_meanwhile_is_said_where_one_signs_in() {
    for world in worlds().await {
        let page = world.browser().get("/sign-in?late=ended").await;
        assert_eq!(page.errors(), Vec::<&str>::new(), "no field is wrong");
        assert!(
            page.body.contains("had ended before that could be done"),
            "{}",
            page.body
        );
    }
}

#[tokio::test]
async fn attack_213_made_up_passkeys_count_at_the_address_and_right_ones_do_not() {
    let config = Config {
        signin: signin::Config {
            address_limit: 4,
            ..signin::Config::default()
        },
        ..Config::default()
    };
    for world in worlds_with(config).await {
        let (_, mut soft) = with_passkey(&world, PHONE, b"credential-1").await;
        for _ in 0..6 {
            let seen = sign_in_with(&mut world.browser(), &mut soft).await;
            assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
        }
        let mut stranger = world.browser();
        for _ in 0..4 {
            let page = stranger.get("/sign-in").await;
            let sealed = page.hidden("passkey").unwrap().to_owned();
            let mut unknown = Soft::new(b"credential-9");
            let answer = unknown.prove(&options(&page), &Ways::default()).to_string();
            let fields = [
                ("method", "passkey"),
                ("passkey", sealed.as_str()),
                ("credential", answer.as_str()),
            ];
            let seen = stranger.post("/sign-in", &page, &fields).await;
            assert!(!seen.body.contains("too many failed"), "{}", seen.body);
        }
        let [_, refused] = logged(&world).await;
        assert_eq!(refused, 4, "{}", world.kind);
        let page = stranger.get("/sign-in").await;
        let fields = [("method", "passkey"), ("passkey", "x"), ("credential", "x")];
        let seen = stranger.post("/sign-in", &page, &fields).await;
        assert!(seen.body.contains("too many failed"), "{}", seen.body);
        assert_eq!(logged(&world).await[1], 4, "nothing more is written");
    }
}
