//! Requests that ask the resident, and go on afterwards.

use chrono::TimeDelta;
use http::StatusCode;
use model::interaction::{Decision, REPEAT_SECONDS};
use model::ladder::Level;
use model::scope::Scope;

use super::browser::Browser;
use crate::testing::{self, claims};

fn level(number: u8) -> Option<Level> {
    Level::new(number)
}

fn essential(levels: &[u8]) -> String {
    let values: Vec<_> = levels
        .iter()
        .map(|level| format!("urn:denizen:loa:{level}"))
        .collect();
    serde_json::json!({ "id_token": { "acr": { "essential": true, "values": values } } }).to_string()
}

#[tokio::test]
async fn nobody_signed_in_is_asked_and_the_request_goes_on() {
    for world in testing::worlds().await {
        let browser = Browser::new(&world);
        let seen = browser
            .authorize("hefei", &[("login_hint", "138"), ("ui_locales", "vi en")])
            .await;
        assert!(seen.location().contains("ui_locales=vi+en") && !seen.location().contains("138"));
        let id = seen.asks("/sign-in");
        let stored = browser.interaction(&id).await;
        assert_eq!(stored.wants.login_hint.as_deref(), Some("138"));
        assert_eq!(stored.wants.auth_after, None);
        assert!(
            browser.resume(&id).await.asks("/sign-in").hash() == id.hash(),
            "the same interaction goes on"
        );
        browser.sign_in(world.account).await;
        let reply = browser.resume(&id).await.reply("hefei");
        assert_eq!(reply["state"], "a state");
        assert_eq!(world.redeem("hefei", &reply["code"]).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn prompt_login_asks_once_and_a_sign_in_from_before_is_not_enough() {
    let world = testing::world().await;
    for prompt in ["login", "select_account"] {
        let browser = Browser::signed_in(&world).await;
        world.clock.advance(TimeDelta::seconds(1));
        let id = browser
            .authorize("hefei", &[("prompt", prompt)])
            .await
            .asks("/sign-in");
        browser.resume(&id).await.asks("/sign-in");
        world.clock.advance(TimeDelta::seconds(1));
        browser.sign_in(world.account).await;
        world.clock.advance(TimeDelta::seconds(1));
        let code = browser.resume(&id).await.code("hefei");
        assert_eq!(
            world.redeem("hefei", &code).await.status,
            StatusCode::OK,
            "{prompt}"
        );
    }
    let browser = Browser::new(&world);
    browser
        .authorize("hefei", &[("prompt", "create")])
        .await
        .asks("/register");
}

#[tokio::test]
async fn a_wished_level_is_asked_for_and_may_be_declined() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let wish = [("acr_values", "urn:denizen:loa:2")];
    let seen = browser.authorize("hefei", &wish).await;
    assert!(seen.location().starts_with("/account/level?want=2&"));
    let id = seen.asks("/account/level");
    assert_eq!(browser.interaction(&id).await.wants.level, level(2));
    browser.answer(&id, |answers| answers.level_declined = true).await;
    let code = browser.resume(&id).await.code("hefei");
    let tokens = world.redeem("hefei", &code).await;
    assert_eq!(
        claims(tokens.json["id_token"].as_str().expect("an ID token"))["acr"],
        "urn:denizen:loa:1"
    );
    // Where nothing may be asked, a wish is no condition.
    browser
        .authorize("hefei", &[wish[0], ("prompt", "none")])
        .await
        .code("hefei");

    let id = browser.authorize("hefei", &wish).await.asks("/account/level");
    world.prove("mobile_operator").await;
    let code = browser.resume(&id).await.code("hefei");
    let tokens = world.redeem("hefei", &code).await;
    assert_eq!(
        claims(tokens.json["id_token"].as_str().expect("an ID token"))["acr"],
        "urn:denizen:loa:2"
    );
}

#[tokio::test]
async fn a_demanded_level_is_reached_or_the_sub_site_hears_what_is_missing() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let demand = essential(&[2]);
    let silent = browser
        .authorize("hefei", &[("claims", &demand), ("prompt", "none")])
        .await;
    assert_eq!(silent.error("hefei"), "interaction_required");
    let id = browser
        .authorize("hefei", &[("claims", &demand)])
        .await
        .asks("/account/level");
    browser.resume(&id).await.asks("/account/level");
    browser.answer(&id, |answers| answers.level_declined = true).await;
    let refused = browser.resume(&id).await;
    assert_eq!(refused.error("hefei"), "unmet_authentication_requirements");
    let description = refused.reply("hefei")["error_description"].clone();
    assert!(
        description.contains("level 2") && description.contains("mobile_operator"),
        "{description}"
    );

    let id = browser
        .authorize("hefei", &[("claims", &demand)])
        .await
        .asks("/account/level");
    world.prove("mobile_operator").await;
    browser.resume(&id).await.code("hefei");
    browser
        .authorize("hefei", &[("claims", &demand), ("prompt", "none")])
        .await
        .code("hefei");
    // One of the demanded names comes back, not a higher one (Core 5.5.1.1).
    let code = browser
        .authorize("hefei", &[("claims", &essential(&[1]))])
        .await
        .code("hefei");
    let tokens = world.redeem("hefei", &code).await;
    assert_eq!(
        claims(tokens.json["id_token"].as_str().expect("an ID token"))["acr"],
        "urn:denizen:loa:1"
    );
}

#[tokio::test]
async fn attack_031_a_level_that_nobody_can_reach_is_refused_without_a_page() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    // A password alone carries level 2 at most, whatever the account proves.
    for demand in [essential(&[4]), essential(&[9])] {
        let seen = browser.authorize("hefei", &[("claims", &demand)]).await;
        assert_eq!(seen.error("hefei"), "unmet_authentication_requirements");
    }
    browser
        .authorize("hefei", &[("acr_values", "urn:denizen:loa:4")])
        .await
        .code("hefei");
}

#[tokio::test]
async fn floor_ceiling_and_default_of_a_sub_site_count() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    (client.default_level, client.ceiling_level) = (level(2), level(2));
    world.apply(client.clone()).await;
    let browser = Browser::signed_in(&world).await;
    browser.authorize("hefei", &[]).await.asks("/account/level");
    browser
        .authorize("hefei", &[("acr_values", "urn:denizen:loa:1")])
        .await
        .code("hefei");
    client.floor_level = level(2);
    world.apply(client).await;
    let id = browser
        .authorize("hefei", &[("acr_values", "urn:denizen:loa:1")])
        .await
        .asks("/account/level");
    browser.answer(&id, |answers| answers.level_declined = true).await;
    assert_eq!(
        browser.resume(&id).await.error("hefei"),
        "unmet_authentication_requirements"
    );
    // attack_030: above the ceiling nobody may ask.
    for changes in [
        [("acr_values", "urn:denizen:loa:3")],
        [("claims", &*essential(&[3, 4]))],
    ] {
        assert_eq!(
            browser.authorize("hefei", &changes).await.error("hefei"),
            "access_denied"
        );
    }
}

#[tokio::test]
async fn consent_is_asked_once_for_each_set_and_may_be_refused() {
    let world = testing::world().await;
    world.decide("hefei", [Scope::Assurance]).await;
    let browser = Browser::signed_in(&world).await;
    browser
        .authorize("hefei", &[("scope", "openid assurance")])
        .await
        .code("hefei");
    let more = [("scope", "openid assurance phone real_name")];
    let id = browser.authorize("hefei", &more).await.asks("/consent");
    let wants = browser.interaction(&id).await.wants;
    assert_eq!(wants.scopes.to_string(), "assurance real_name phone");
    browser
        .answer(&id, |answers| answers.consent = Some(Decision::Denied))
        .await;
    let denied = browser.resume(&id).await;
    assert_eq!(denied.error("hefei"), "access_denied");

    let id = browser.authorize("hefei", &more).await.asks("/consent");
    let grant = store::grants::Grant {
        id: model::ids::GrantId::new(world.now(), world.store.rng()),
        client_id: model::ids::ClientId::parse("hefei").expect("an id"),
        allowed: [Scope::Assurance, Scope::Phone].into_iter().collect(),
        asked: wants.scopes,
        receipt: serde_json::Value::Null,
        created_at: world.now(),
        revoked_at: None,
    };
    store::grants::put(&world.store.read(), world.account, &grant)
        .await
        .expect("stored");
    browser
        .answer(&id, |answers| answers.consent = Some(Decision::Allowed))
        .await;
    let code = browser.resume(&id).await.code("hefei");
    assert_eq!(
        world.redeem("hefei", &code).await.json["scope"],
        "openid assurance phone"
    );
    // What was declined is not asked again.
    browser
        .authorize("hefei", &[more[0], ("prompt", "none")])
        .await
        .code("hefei");
}

#[tokio::test]
async fn prompt_consent_asks_again_and_one_answer_is_enough() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let id = browser
        .authorize("hefei", &[("prompt", "consent")])
        .await
        .asks("/consent");
    assert!(browser.interaction(&id).await.wants.ask_consent_again);
    browser.resume(&id).await.asks("/consent");
    browser
        .answer(&id, |answers| answers.consent = Some(Decision::Allowed))
        .await;
    browser.resume(&id).await.code("hefei");
}

#[tokio::test]
async fn a_resident_who_leaves_sends_the_sub_site_access_denied() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let id = browser.authorize("hefei", &[]).await.asks("/sign-in");
    browser.answer(&id, |answers| answers.cancelled = true).await;
    assert_eq!(browser.resume(&id).await.error("hefei"), "access_denied");
}

#[tokio::test]
async fn an_answered_request_can_be_answered_again_for_half_a_minute() {
    for world in testing::worlds().await {
        let mut client = testing::client("hefei");
        client.home_uri = Some("https://hefei.example/".to_owned());
        world.apply(client).await;
        let browser = Browser::new(&world);
        let id = browser.authorize("hefei", &[]).await.asks("/sign-in");
        browser.sign_in(world.account).await;
        let first = browser.resume(&id).await.code("hefei");
        world.clock.advance(TimeDelta::seconds(REPEAT_SECONDS - 1));
        let second = browser.resume(&id).await.code("hefei");
        assert_ne!(first, second);
        world.clock.advance(TimeDelta::seconds(1));
        let over = browser.resume(&id).await;
        assert_eq!(over.status, StatusCode::GONE);
        assert!(
            over.body.contains("data-page=\"request-over\"") && over.body.contains("https://hefei.example/")
        );
    }
}

#[tokio::test]
async fn a_request_that_waited_too_long_is_over() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let id = browser.authorize("hefei", &[]).await.asks("/sign-in");
    world
        .clock
        .advance(TimeDelta::minutes(model::interaction::LIFE_MINUTES));
    browser.sign_in(world.account).await;
    assert_eq!(browser.resume(&id).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn another_person_than_the_hint_names_is_asked_to_sign_in_and_then_refused() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let code = browser.authorize("hefei", &[]).await.code("hefei");
    let hint = world.redeem("hefei", &code).await.json["id_token"]
        .as_str()
        .expect("an ID token")
        .to_owned();
    let other = world.another_resident("13900139000").await;
    let stranger = Browser::new(&world);
    stranger.sign_in(other).await;
    world.clock.advance(TimeDelta::seconds(5));
    let silent = stranger
        .authorize("hefei", &[("id_token_hint", &hint), ("prompt", "none")])
        .await;
    assert_eq!(silent.error("hefei"), "login_required");
    let id = stranger
        .authorize("hefei", &[("id_token_hint", &hint)])
        .await
        .asks("/sign-in");
    stranger.resume(&id).await.asks("/sign-in");
    world.clock.advance(TimeDelta::seconds(5));
    stranger.sign_in(other).await;
    assert_eq!(stranger.resume(&id).await.error("hefei"), "login_required");
    let id = stranger
        .authorize("hefei", &[("id_token_hint", &hint)])
        .await
        .asks("/sign-in");
    world.clock.advance(TimeDelta::seconds(5));
    stranger.sign_in(world.account).await;
    stranger.resume(&id).await.code("hefei");
}

#[tokio::test]
async fn accounts_of_a_kind_that_the_sub_site_does_not_take_are_refused() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.account_kinds = vec![model::client::AccountKind::Organisation];
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    assert_eq!(
        browser.authorize("hefei", &[]).await.error("hefei"),
        "access_denied"
    );
}

#[tokio::test]
async fn attack_311_one_address_cannot_put_requests_aside_without_end() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let (tx, now) = (world.service.store().read(), world.service.now());
    // The browser of these tests has no peer address; the counter is filled as that address would fill it.
    let rule = crate::authorize::bounds::ASIDE.network;
    for _ in 0..rule.limit {
        let network = "0.0.0.0";
        store::throttles::hit(&tx, &rule, network, now).await.unwrap();
    }
    let seen = browser.authorize("hefei", &[]).await;
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn attack_311_only_what_resume_reads_is_stored_and_not_much_of_it() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let long = "x".repeat(10_000);
    let changes = [
        ("display", long.as_str()),
        ("claims_locales", &long),
        ("ui_locales", &long),
        ("login_hint", &long),
        ("other", &long),
    ];
    let id = browser.authorize("hefei", &changes).await.asks("/sign-in");
    let stored = browser.interaction(&id).await.parameters;
    let bytes: usize = stored.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(bytes < 500, "{bytes}");
    // It is counted for the sub-site, too.
    let rule = crate::authorize::bounds::ASIDE.client;
    let count = store::throttles::look(&world.store.read(), &rule, "hefei", world.now()).await;
    assert_eq!(count.expect("a count").count, 1);
    let names: Vec<_> = stored.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "client_id",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
            "login_hint",
        ]
    );
    let claims = format!("{{}}{}", " ".repeat(8100));
    let seen = browser.authorize("hefei", &[("claims", &claims)]).await;
    assert_eq!(seen.error("hefei"), "invalid_request");
}

#[tokio::test]
async fn a_demand_below_the_floor_gives_a_code_that_is_good() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.floor_level = level(1);
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    let code = browser
        .authorize("hefei", &[("claims", &essential(&[0]))])
        .await
        .code("hefei");
    let tokens = world.redeem("hefei", &code).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.json);
    assert_eq!(
        claims(tokens.json["id_token"].as_str().expect("an ID token"))["acr"],
        "urn:denizen:loa:0"
    );
}

#[tokio::test]
async fn a_demanded_level_that_lapses_before_redemption_is_refused_and_not_lowered() {
    for (asked, status) in [
        (("claims", essential(&[1])), StatusCode::BAD_REQUEST),
        (("acr_values", "urn:denizen:loa:1".to_owned()), StatusCode::OK),
    ] {
        let world = testing::world().await;
        let browser = Browser::signed_in(&world).await;
        let code = browser
            .authorize("hefei", &[(asked.0, &asked.1)])
            .await
            .code("hefei");
        let source = model::evidence::SourceId::parse("population_register").expect("a source");
        store::evidence::end_source(&world.store.read(), world.account, &source, (world.now(), "test"))
            .await
            .expect("ended");
        let answer = world.redeem("hefei", &code).await;
        assert_eq!(answer.status, status, "{}: {}", asked.0, answer.json);
        if status == StatusCode::OK {
            assert_eq!(
                claims(answer.json["id_token"].as_str().expect("an ID token"))["acr"],
                "urn:denizen:loa:0"
            );
        } else {
            assert_eq!(answer.error(), "invalid_grant");
        }
    }
}
