//! The attack catalogue's part 2.1 and what belongs to it, by number.

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::json;

use super::browser::{Browser, authorize_path, parameters};
use crate::testing::{self, World, redirect_uri};

async fn refused(world: &World, changes: &[(&str, &str)], error: &str) {
    let browser = Browser::signed_in(world).await;
    assert_eq!(
        browser.authorize("hefei", changes).await.error("hefei"),
        error,
        "{changes:?}"
    );
}

#[tokio::test]
async fn attack_001_an_unknown_client_sees_a_page() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    for id in [
        "",
        "unknown",
        "hefei ",
        "HEFEI",
        "hefei\u{0}",
        "evil'--",
        &"h".repeat(4000),
    ] {
        for redirect in [redirect_uri("hefei").as_str(), "https://evil.test/cb"] {
            let seen = browser
                .authorize("hefei", &[("client_id", id), ("redirect_uri", redirect)])
                .await;
            seen.is_page("authorize-client");
        }
    }
}

#[tokio::test]
async fn attack_002_to_016_only_the_registered_bytes_are_an_address() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    for bad in [
        "",
        "https://evil.test/callback",
        "https://hefei.example.evil.test/callback",
        "https://hefei.example@evil.test/callback",
        "http://localhost:80@evil.test",
        "https://hefei.example/callback/../evil",
        "https://hefei.example/callback/..%2fevil",
        "https://hefei.example/callback/%252e%252e/evil",
        "https://hefei.example/callback/..;/evil",
        "https://hefei.example/callback/",
        "https://hefei.example/callback/evil",
        "https://hefei.example/callback?evil=1",
        "https://HEFEI.example/callback",
        "https://hefei.example/Callback",
        "HTTPS://hefei.example/callback",
        "https://hefei.example:443/callback",
        "https://hefei.example/callback#evil",
        "https://hefei.example\\callback",
        "https://hefei.example/callback\t",
        "https://hefei.example/callback\n",
        "https://hefei.example/callback\u{0}",
        "https://hefei.example/callback%00",
        "https://hefei.example/callback%0d%0aLocation:%20https://evil.test",
        " https://hefei.example/callback",
        "https://hefei.example/callback ",
        "javascript:alert(1)",
        "JaVa\u{1}script:alert(1)",
        "data:text/html,evil",
        "vbscript:evil",
        "https://h\u{435}fei.example/callback",
        "https://hefei\u{3002}example/callback",
        "https://xn--hfei-8of.example/callback",
        "//hefei.example/callback",
        "/callback",
        "https://2130706433/callback",
        "https://[::1%25eth0]/callback",
        "https://wuhu.example/callback",
        "*",
    ] {
        browser
            .authorize("hefei", &[("redirect_uri", bad)])
            .await
            .is_page("authorize-redirect");
    }
}

#[tokio::test]
async fn attack_017_018_a_repeated_parameter_is_refused_wherever_it_is() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    for (name, page) in [
        ("client_id", "authorize-client"),
        ("redirect_uri", "authorize-redirect"),
    ] {
        let value = if name == "client_id" {
            "hefei".to_owned()
        } else {
            redirect_uri("hefei")
        };
        let path = authorize_path("hefei", &[]);
        let pair = serde_urlencoded::to_string([(name, &value)]).expect("a pair");
        browser.get(&format!("{path}&{pair}")).await.is_page(page);
        browser.post(&path, &[(name, &value)]).await.is_page(page);
    }
    for name in [
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "request",
        "prompt",
        "response_type",
        "max_age",
        "claims",
    ] {
        let path = authorize_path("hefei", &[]);
        let mut reply = browser
            .get(&format!("{path}&{name}=a&{name}=a"))
            .await
            .reply("hefei");
        assert_eq!(
            reply.remove("error").as_deref(),
            Some("invalid_request"),
            "{name}"
        );
        // Which of two states would be right?
        assert_eq!(reply.contains_key("state"), name != "state");
        let once = parameters("hefei", &[(name, "a")]);
        let query = serde_urlencoded::to_string(once).expect("a query");
        let posted = browser.post(&format!("/authorize?{query}"), &[(name, "a")]).await;
        assert_eq!(
            posted.error("hefei"),
            "invalid_request",
            "{name} in query and body"
        );
    }
}

#[tokio::test]
async fn attack_019_021_other_responses_are_refused() {
    let world = testing::world().await;
    for bad in ["token", "id_token", "code token", "none"] {
        refused(&world, &[("response_type", bad)], "unsupported_response_type").await;
    }
    refused(&world, &[("response_type", "")], "invalid_request").await;
    refused(&world, &[("registration", "{}")], "registration_not_supported").await;
}

#[tokio::test]
async fn attack_023_a_state_that_is_too_long_is_not_cut() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let reply = browser
        .authorize("hefei", &[("state", &"s".repeat(4096))])
        .await
        .reply("hefei");
    assert_eq!(reply["error"], "invalid_request");
    assert!(!reply.contains_key("state"));
}

#[tokio::test]
async fn attack_026_nothing_is_asked_when_nothing_may_be_asked() {
    let world = testing::world().await;
    let nobody = Browser::new(&world);
    assert_eq!(
        nobody
            .authorize("hefei", &[("prompt", "none")])
            .await
            .error("hefei"),
        "login_required"
    );
    let mut client = testing::client("bengbu");
    client.floor_level = model::ladder::Level::new(2);
    world.apply(client).await;
    let somebody = Browser::signed_in(&world).await;
    let silent = async || {
        let seen = somebody.authorize("bengbu", &[("prompt", "none")]).await;
        seen.error("bengbu")
    };
    assert_eq!(silent().await, "consent_required");
    world.decide("bengbu", [model::scope::Scope::Assurance]).await;
    assert_eq!(silent().await, "interaction_required");
}

#[tokio::test]
async fn attack_026_a_sub_site_learns_nothing_of_a_resident_who_has_agreed_to_nothing() {
    let demand = |level: u8| {
        let value = format!("urn:denizen:loa:{level}");
        json!({ "id_token": { "acr": { "essential": true, "values": [value] } } }).to_string()
    };
    let (near, far) = (demand(2), demand(4));
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        let people = testing::client("bengbu");
        let mut companies = people.clone();
        companies.account_kinds = vec![model::client::AccountKind::Organisation];
        let silent = async |claims: &str| {
            let changes = [("claims", claims), ("prompt", "none")];
            let reply = browser.authorize("bengbu", &changes).await.reply("bengbu");
            (reply["error"].clone(), reply["error_description"].clone())
        };
        let unmet = async |claims: &str| {
            let seen = browser.authorize("bengbu", &[("claims", claims)]).await;
            let reply = if seen.location().starts_with("/account/level") {
                let id = seen.asks("/account/level");
                browser.answer(&id, |answers| answers.level_declined = true).await;
                browser.resume(&id).await.reply("bengbu")
            } else {
                seen.reply("bengbu")
            };
            assert_eq!(reply["error"], "unmet_authentication_requirements");
            reply["error_description"].clone()
        };
        let mut answers = Vec::new();
        for client in [companies.clone(), people.clone()] {
            world.apply(client).await;
            for claims in ["", &near, &far] {
                answers.push(silent(claims).await);
            }
        }
        assert!(
            answers.iter().all(|(error, _)| error == "consent_required"),
            "{answers:?}"
        );
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        for claims in [&near, &far] {
            assert_eq!(unmet(claims).await, "the demanded level was not reached");
        }

        // Who has agreed is known to the sub-site.
        world.decide("bengbu", [model::scope::Scope::Assurance]).await;
        assert_eq!(silent(&near).await.0, "interaction_required");
        assert_eq!(silent(&far).await.0, "unmet_authentication_requirements");
        assert!(unmet(&near).await.contains("mobile_operator"));
        world.apply(companies).await;
        assert_eq!(silent("").await.0, "access_denied");
    }
}

#[tokio::test]
async fn attack_027_prompt_and_max_age_that_make_no_sense_are_refused() {
    let world = testing::world().await;
    for bad in ["none login", "unknown"] {
        refused(&world, &[("prompt", bad)], "invalid_request").await;
    }
    for bad in ["-1", "1e9", "abc"] {
        refused(&world, &[("max_age", bad)], "invalid_request").await;
    }
}

#[tokio::test]
async fn attack_027_naming_the_browser_after_a_handle_spares_nobody_the_new_sign_in() {
    let cases = [
        ("prompt", "login", "/sign-in"),
        ("prompt", "select_account", "/sign-in"),
        ("prompt", "create", "/register"),
        ("max_age", "60", "/sign-in"),
        ("prompt", "", "/sign-in"),
    ];
    for world in testing::worlds().await {
        for (name, value, page) in cases {
            let mut client = testing::client("hefei");
            client.default_max_age = (value.is_empty()).then_some(60);
            world.apply(client).await;
            let browser = Browser::signed_in(&world).await;
            world.clock.advance(TimeDelta::seconds(100));
            // A form waits under a handle, and a browser calls itself what it likes.
            let fields = parameters("hefei", &[(name, value), ("login_hint", "x")]);
            let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let seen = browser.post_from_outside("/authorize", &fields).await;
            let address = seen.location().to_owned();
            let handle = seen.asks("/authorize/resume");
            browser.set_cookie("denizen_browser", handle.expose());
            let id = browser.get(&address).await.asks(page);
            assert!(
                id.hash() != handle.hash(),
                "{name}={value}: the waiting form is answered"
            );
            browser.resume(&id).await.asks(page);
            browser.sign_in(world.account).await;
            browser.resume(&id).await.code("hefei");
        }
    }
}

#[tokio::test]
async fn attack_027_a_stored_request_that_says_no_time_does_not_take_an_old_sign_in() {
    for world in testing::worlds().await {
        for (name, value) in [("prompt", "login"), ("max_age", "60")] {
            let browser = Browser::signed_in(&world).await;
            world.clock.advance(TimeDelta::seconds(100));
            let id = browser
                .authorize("hefei", &[(name, value)])
                .await
                .asks("/sign-in");
            let stored = browser.interaction(&id).await;
            let nothing = model::interaction::Wants::default();
            let tx = world.store.read();
            assert!(
                store::interactions::set_wants(&tx, &stored, &nothing)
                    .await
                    .unwrap()
            );
            browser.resume(&id).await.asks("/sign-in");
            browser.sign_in(world.account).await;
            browser.resume(&id).await.code("hefei");
        }
    }
}

#[tokio::test]
async fn attack_029_a_cancelled_new_sign_in_leaves_the_old_one_alone() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    world.clock.advance(TimeDelta::seconds(1));
    let id = browser
        .authorize("hefei", &[("prompt", "login")])
        .await
        .asks("/sign-in");
    browser.answer(&id, |answers| answers.cancelled = true).await;
    assert_eq!(browser.resume(&id).await.error("hefei"), "access_denied");
    browser
        .authorize("hefei", &[("prompt", "none")])
        .await
        .code("hefei");
}

#[tokio::test]
async fn attack_034_a_code_is_bound_to_its_site_and_says_who_issued_it() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let reply = browser.authorize("hefei", &[]).await.reply("hefei");
    assert_eq!(reply["iss"], world.service.issuer());
    assert_eq!(
        world.redeem("wuhu", &reply["code"]).await.error(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn attack_035_requests_of_two_tabs_are_answered_each_on_its_own() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let one = browser
        .authorize("hefei", &[("state", "one")])
        .await
        .asks("/sign-in");
    let two = browser
        .authorize("wuhu", &[("state", "two")])
        .await
        .asks("/sign-in");
    browser.sign_in(world.account).await;
    assert_eq!(browser.resume(&two).await.reply("wuhu")["state"], "two");
    assert_eq!(browser.resume(&one).await.reply("hefei")["state"], "one");
}

#[tokio::test]
async fn attack_037_a_request_goes_on_only_in_its_own_browser() {
    for world in testing::worlds().await {
        let attacker = Browser::new(&world);
        let id = attacker.authorize("hefei", &[]).await.asks("/sign-in");
        let victim = Browser::signed_in(&world).await;
        victim.resume(&id).await.is_page("authorize-not-here");
        victim
            .get("/authorize/resume?interaction=evil")
            .await
            .is_page("authorize-not-here");
        victim
            .get("/authorize/resume")
            .await
            .is_page("authorize-not-here");
    }
}

#[tokio::test]
async fn attack_038_a_client_that_was_switched_off_gets_nothing() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let id = browser.authorize("hefei", &[]).await.asks("/sign-in");
    browser.sign_in(world.account).await;
    let code = browser.authorize("hefei", &[]).await.code("hefei");
    let mut client = testing::client("hefei");
    client.disabled = true;
    world.apply(client).await;
    browser.resume(&id).await.is_page("authorize-client");
    browser.authorize("hefei", &[]).await.is_page("authorize-client");
    assert_eq!(
        world.redeem("hefei", &code).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn attack_039_a_frozen_resident_is_not_signed_in() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let code = browser.authorize("hefei", &[]).await.code("hefei");
    store::accounts::freeze(&world.store.read(), world.account, world.now())
        .await
        .expect("frozen");
    browser.authorize("hefei", &[]).await.asks("/sign-in");
    assert_eq!(
        browser
            .authorize("hefei", &[("prompt", "none")])
            .await
            .error("hefei"),
        "login_required"
    );
    assert_eq!(world.redeem("hefei", &code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn attack_049_050_051_a_code_without_pkce_does_not_exist() {
    let world = testing::world().await;
    refused(
        &world,
        &[("code_challenge", ""), ("code_challenge_method", "")],
        "invalid_request",
    )
    .await;
    for method in ["plain", "", "s256", "S512"] {
        refused(&world, &[("code_challenge_method", method)], "invalid_request").await;
    }
    for challenge in [
        &"a".repeat(42),
        &"a".repeat(129),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
    ] {
        refused(&world, &[("code_challenge", challenge)], "invalid_request").await;
    }
}

#[tokio::test]
async fn attack_054_the_stored_request_counts_and_nothing_in_the_address() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let id = browser.authorize("hefei", &[]).await.asks("/sign-in");
    browser.sign_in(world.account).await;
    let path = format!(
        "{}&state=other&code_challenge=&redirect_uri=https://evil.test",
        model::interaction::resume_path(&id)
    );
    let reply = browser.get(&path).await.reply("hefei");
    assert_eq!(reply["state"], "a state");
    assert_eq!(world.redeem("hefei", &reply["code"]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn attack_058_a_code_dies_with_the_sign_in() {
    let world = testing::world().await;
    let browser = Browser::new(&world);
    let session = browser.sign_in(world.account).await;
    let code = browser.authorize("hefei", &[]).await.code("hefei");
    store::sessions::end(&world.store.read(), session, world.now())
        .await
        .expect("ended");
    assert_eq!(world.redeem("hefei", &code).await.error(), "invalid_grant");
    browser.authorize("hefei", &[]).await.asks("/sign-in");
}

#[tokio::test]
async fn attack_307_long_lists_are_refused_before_they_are_read() {
    let world = testing::world().await;
    refused(&world, &[("scope", &"openid ".repeat(1000))], "invalid_scope").await;
    refused(&world, &[("scope", "phone")], "invalid_scope").await;
    let mut client = testing::client("hefei");
    client.scopes = model::scope::ScopeSet::parse_lenient("openid");
    world.apply(client).await;
    refused(&world, &[("scope", "openid phone")], "invalid_scope").await;
    refused(&world, &[("claims", &" ".repeat(8193))], "invalid_request").await;
}
