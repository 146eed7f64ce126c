//! What sub-sites are told of sign-ins that end, whoever ends them, and what other tabs see.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::authn::{Method, Methods};
use model::ids::{AccountId, ClientId, SessionId};
use model::interaction::Wants;
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use model::secret::Token;
use serde_json::json;
use store::codes::{self, NewCode, Redemption};

use crate::signin::testing::{PASSWORD, interrupted, live, resident, sign_in, signed_in};
use crate::testing::{Browser, World, worlds};

const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";

/// The browser's person signs in at a sub-site.
async fn at_site(world: &World, browser: &Browser) -> (AccountId, SessionId) {
    let (service, now) = (&world.service, world.clock.now());
    let session = live(world, browser).await.expect("a sign-in");
    let methods = Methods::new([Method::Password]);
    let scopes: ScopeSet = [Scope::Openid].into_iter().collect();
    let details = json!({
        "scopes": scopes,
        "acr": Level::new(0), "identity_level": Level::new(0), "strength": methods.strength(),
        "methods": methods, "auth_time": now, "auth_time_requested": false,
    });
    let (code, client) = (
        Token::generate(service.rng()),
        ClientId::parse("hefei-portal").unwrap(),
    );
    let new = NewCode {
        code: &code,
        client_id: &client,
        account: session.account.id,
        session: session.id,
        redirect_uri: "https://hefei.example/callback",
        code_challenge: None,
        details: &serde_json::from_value(details).unwrap(),
        now,
        expires_at: now + TimeDelta::minutes(1),
    };
    let tx = service.store().read();
    codes::issue(&tx, &new).await.unwrap();
    let redeemed = codes::redeem(&tx, &code.hash(), &client, now).await.unwrap();
    assert!(matches!(redeemed, Redemption::Redeemed(_)), "{redeemed:?}");
    (session.account.id, session.id)
}

/// How many sub-sites are to be told of the end of a sign-in.
async fn to_be_told(world: &World, session: SessionId) -> usize {
    let tx = world.service.store().read();
    store::logouts::of_session(&tx, session).await.unwrap().len()
}

#[tokio::test]
async fn whoever_signs_out_sees_the_page_of_the_sub_sites_that_are_told() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let (_, session) = at_site(&world, &browser).await;
        let ask = browser.get("/sign-out").await;
        let done = browser.post("/sign-out", &ask, &[]).await;
        let location = done.location.expect("a page");
        assert!(location.starts_with("/logout/done?ticket="), "{location}");
        assert!(!location.contains(&session.to_string()));
        assert_eq!(to_be_told(&world, session).await, 1, "{}", world.kind);
    }
}

#[tokio::test]
async fn sign_ins_that_end_from_elsewhere_are_told_as_well() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut here = signed_in(&world, PHONE).await;
        let mut told = Vec::new();
        for fields in ["one", "others"] {
            let there = signed_in(&world, PHONE).await;
            let (_, session) = at_site(&world, &there).await;
            let id = session.to_string();
            let field = if fields == "one" {
                ("session", id.as_str())
            } else {
                ("others", "yes")
            };
            let page = here.get("/account/security").await;
            let seen = here.post("/account/security/end", &page, &[field]).await;
            assert_eq!(seen.status, StatusCode::SEE_OTHER);
            told.push(to_be_told(&world, session).await);
        }
        // A freeze ends all sign-ins in its own transaction in the same way.
        let (account, session) = at_site(&world, &here).await;
        let tx = world.service.store().read();
        store::sessions::end_all(&tx, account, None, world.clock.now())
            .await
            .unwrap();
        told.push(to_be_told(&world, session).await);
        assert_eq!(told, [1, 1, 1], "{}", world.kind);
    }
}

#[tokio::test]
async fn where_one_sign_in_ends_only_its_own_sub_sites_are_told() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let (mut here, there) = (signed_in(&world, PHONE).await, signed_in(&world, PHONE).await);
        let (_, mine) = at_site(&world, &here).await;
        let (_, other) = at_site(&world, &there).await;
        let page = here.get("/account/security").await;
        let id = other.to_string();
        // Twice, as from two tabs.
        for _ in 0..2 {
            here.post("/account/security/end", &page, &[("session", &id)])
                .await;
        }
        let told = (to_be_told(&world, other).await, to_be_told(&world, mine).await);
        assert_eq!(told, (1, 0), "{}", world.kind);
        assert!(live(&world, &here).await.is_some() && live(&world, &there).await.is_none());
    }
}

#[tokio::test]
async fn attack_171_another_person_in_the_same_browser_ends_the_sign_in_before_also_one_that_lapsed() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        for lapsed in [false, true] {
            let mut browser = signed_in(&world, PHONE).await;
            let (_, session) = at_site(&world, &browser).await;
            if lapsed {
                world.clock.advance(TimeDelta::minutes(61));
                assert!(live(&world, &browser).await.is_none());
            }
            let wants = Wants {
                auth_after: Some(world.clock.now() + TimeDelta::minutes(1)),
                ..Wants::default()
            };
            let waiting = interrupted(&world, &browser, wants).await;
            let form = browser
                .get(&format!("/sign-in?interaction={}", waiting.expose()))
                .await;
            let own = [("identifier", OTHER), ("password", PASSWORD)];
            let seen = browser.post("/sign-in", &form, &own).await;
            assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.body);
            let now_in = live(&world, &browser).await.expect("the other person");
            assert_ne!(now_in.id, session);
            assert_eq!(
                to_be_told(&world, session).await,
                1,
                "lapsed: {lapsed}, {}",
                world.kind
            );
        }
    }
}

#[tokio::test]
async fn attack_090_the_same_person_after_a_lapse_goes_on_with_their_sign_in_and_a_later_sign_out_ends_it_all()
 {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let (_, session) = at_site(&world, &browser).await;
        world.clock.advance(TimeDelta::minutes(61));
        sign_in(&mut browser, PHONE, PASSWORD).await;
        let again = live(&world, &browser).await.expect("a sign-in");
        assert_eq!(again.id, session, "{}", world.kind);
        assert_eq!(to_be_told(&world, session).await, 0, "{}", world.kind);
        let ask = browser.get("/sign-out").await;
        let done = browser.post("/sign-out", &ask, &[]).await;
        let location = done.location.expect("a page");
        assert!(location.starts_with("/logout/done?ticket="), "{location}");
        assert_eq!(to_be_told(&world, session).await, 1, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_163_signing_out_after_a_lapse_still_tells_the_sub_sites() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let (_, session) = at_site(&world, &browser).await;
        let ask = browser.get("/sign-out").await;
        world.clock.advance(TimeDelta::minutes(61));
        let done = browser.post("/sign-out", &ask, &[]).await;
        assert!(
            done.location
                .is_some_and(|to| to.starts_with("/logout/done?ticket="))
        );
        assert_eq!(to_be_told(&world, session).await, 1, "{}", world.kind);
    }
}

#[tokio::test]
async fn a_second_tab_that_signs_out_after_the_first_is_told_that_it_is_done() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let (first, second) = (browser.get("/sign-out").await, browser.get("/account").await);
        browser.post("/sign-out", &first, &[]).await;
        let name = browser.cookies["denizen_browser"].clone();
        let done = browser.post("/sign-out", &second, &[]).await;
        assert_eq!(done.location.as_deref(), Some("/sign-out"), "{}", world.kind);
        assert_eq!(
            name, browser.cookies["denizen_browser"],
            "what the first tab shows stays good"
        );
        assert_eq!(browser.get("/sign-out").await.page(), Some("signed-out"));
    }
}

#[tokio::test]
async fn signing_out_in_one_tab_is_said_in_the_other_instead_of_a_form_for_nothing() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let wants = Wants {
            auth_after: Some(world.clock.now() + TimeDelta::minutes(1)),
            ..Wants::default()
        };
        let waiting = interrupted(&world, &browser, wants).await;
        let tab = format!("/sign-in?interaction={}", waiting.expose());
        assert_eq!(browser.get(&tab).await.page(), Some("sign-in"));
        let ask = browser.get("/sign-out").await;
        browser.post("/sign-out", &ask, &[]).await;
        let resume = model::interaction::resume_path(&waiting);
        for page in [tab, format!("/register?interaction={}", waiting.expose())] {
            let seen = browser.get(&page).await;
            assert_eq!(
                seen.location.as_deref(),
                Some(resume.as_str()),
                "{page} {}",
                world.kind
            );
        }
    }
}
