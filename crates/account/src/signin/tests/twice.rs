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
        // The second answer is written down as well, as what it is.
        assert_eq!(logged(&world).await, [2, 0]);
        let events = world.test.audited().await.unwrap();
        let again = |details: &serde_json::Value| details.get("again") == Some(&true.into());
        assert_eq!(events.iter().filter(|(.., details)| again(details)).count(), 1);
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
async fn attack_217_the_captured_second_step_opens_nothing_from_another_network_or_kind_of_browser() {
    const HERE: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    const THERE: &str = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36";
    for world in worlds().await {
        with_app(&world, PHONE).await;
        let mut browser = world.browser();
        browser.from = Some([198, 51, 100, 7].into());
        browser.agent = Some(HERE);
        let page = second(&mut browser, PHONE).await;
        // Everything that the browser sends.
        let captured = browser.clone();
        let typed = code(&world);
        give(&mut browser, &page, &[("code", &typed)]).await;
        for (from, agent, led) in [
            ([203, 0, 113, 9], HERE, "/sign-in?late=yes"),
            ([198, 51, 100, 7], THERE, "/sign-in?late=yes"),
            ([198, 51, 100, 7], HERE, "/account"),
        ] {
            let mut played = captured.clone();
            played.from = Some(from.into());
            played.agent = Some(agent);
            let seen = give(&mut played, &page, &[("code", &typed)]).await;
            assert_eq!(seen.location.as_deref(), Some(led), "{}", world.kind);
            assert_eq!(live(&world, &played).await.is_some(), led == "/account");
        }
    }
}

#[tokio::test]
async fn the_second_answer_brings_the_device_cookie_so_that_the_next_sign_in_is_not_from_a_new_device() {
    for world in worlds().await {
        with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        let mut again = browser.clone();
        let typed = code(&world);
        give(&mut browser, &page, &[("code", &typed)]).await;
        give(&mut again, &page, &[("code", &typed)]).await;
        let device = "denizen_device";
        assert!(browser.cookies.contains_key(device));
        assert_eq!(
            again.cookies.get(device),
            browser.cookies.get(device),
            "{}",
            world.kind
        );
        let told = world.sms_count().await;
        wait(&world, 60);
        // As after the end of the browser, with which the sign-in's cookie ends.
        again.cookies.remove("denizen_session");
        let page = second(&mut again, PHONE).await;
        give(&mut again, &page, &[("code", &code(&world))]).await;
        assert!(live(&world, &again).await.is_some());
        assert_eq!(world.sms_count().await, told, "{}", world.kind);
    }
}

#[tokio::test]
async fn the_second_click_is_found_by_a_node_whose_clock_is_behind() {
    for world in worlds().await {
        with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        let mut again = browser.clone();
        wait(&world, 15);
        let typed = code(&world);
        give(&mut browser, &page, &[("code", &typed)]).await;
        wait(&world, -15);
        let seen = give(&mut again, &page, &[("code", &typed)]).await;
        assert_eq!(seen.location.as_deref(), Some("/account"), "{}", world.kind);
        assert!(live(&world, &again).await.is_some());
    }
}

#[tokio::test]
async fn two_clicks_at_once_at_the_second_step_are_both_signed_in() {
    for world in worlds().await {
        let account = with_app(&world, PHONE).await;
        for _ in 0..4 {
            wait(&world, 60);
            let mut browser = world.browser();
            let page = second(&mut browser, PHONE).await;
            let mut again = browser.clone();
            let typed = code(&world);
            let before = sign_ins(&world, account).await;
            let fields = [("code", typed.as_str())];
            let (one, two) = tokio::join!(
                give(&mut browser, &page, &fields),
                give(&mut again, &page, &fields)
            );
            let led = [one.location.as_deref(), two.location.as_deref()];
            assert_eq!(
                led,
                [Some("/account"); 2],
                "{}: {} {}",
                world.kind,
                one.body,
                two.body
            );
            let (one, two) = (live(&world, &browser).await, live(&world, &again).await);
            assert_eq!(one.unwrap().id, two.unwrap().id, "{}", world.kind);
            assert_eq!(sign_ins(&world, account).await, before + 1);
            assert_eq!(logged(&world).await[1], 0, "nobody was refused");
        }
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
