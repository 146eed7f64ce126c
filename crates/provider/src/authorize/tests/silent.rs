//! Requests that are answered without a page.

use chrono::TimeDelta;
use http::StatusCode;
use model::client::CodeProtection;
use model::scope::Scope;

use super::browser::{Browser, authorize_path, parameters};
use crate::testing::{self, claims};

#[tokio::test]
async fn a_live_session_gets_a_code_without_a_page_and_the_code_is_good() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        let seen = browser
            .authorize("hefei", &[("prompt", "none"), ("scope", "openid phone")])
            .await;
        assert_eq!(seen.headers["cache-control"], "no-store");
        let reply = seen.reply("hefei");
        assert_eq!(reply.keys().collect::<Vec<_>>(), ["code", "iss", "state"]);
        assert_eq!(
            (reply["state"].as_str(), reply["iss"].as_str()),
            ("a state", "http://localhost:8080")
        );
        assert_eq!(reply["code"].len(), 43);

        let tokens = world.redeem("hefei", &reply["code"]).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.json);
        assert_eq!(tokens.json["scope"], "openid phone");
        let id_token = claims(tokens.json["id_token"].as_str().expect("an ID token"));
        assert_eq!(id_token["acr"], "urn:denizen:loa:1");
        assert_eq!(id_token["nonce"], "n-0S6_WzA2Mj");
        assert_eq!(id_token["amr"], serde_json::json!(["pwd"]));
    }
}

#[tokio::test]
async fn a_second_sub_site_is_given_another_name_for_the_same_person() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let mut names = Vec::new();
    for client in ["hefei", "wuhu"] {
        let code = browser
            .authorize(client, &[("prompt", "none")])
            .await
            .code(client);
        let tokens = world.redeem(client, &code).await;
        names.push(claims(tokens.json["id_token"].as_str().expect("an ID token"))["sub"].clone());
    }
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn a_post_works_like_a_get() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    browser
        .authorize("hefei", &[("prompt", "login")])
        .await
        .asks("/sign-in");
    let fields = parameters("hefei", &[("prompt", "none"), ("login_hint", "13800138000")]);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post("/authorize", &fields).await.code("hefei");

    // From another site's page: no cookies come with it, and the cookie that drafts hang on must not be replaced.
    let before = browser.cookie("denizen_browser");
    let seen = browser.post_from_outside("/authorize", &fields).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert!(!seen.location().contains("138"), "{}", seen.location());
    assert_eq!(browser.cookie("denizen_browser"), before);
    browser.get(seen.location()).await.code("hefei");
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[tokio::test]
async fn a_form_of_a_sub_site_is_answered_where_the_cookies_are() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    browser
        .authorize("hefei", &[("prompt", "login")])
        .await
        .asks("/sign-in");
    let plain = parameters("hefei", &[("prompt", "none")]);
    let seen = browser.post_from_outside("/authorize", &borrowed(&plain)).await;
    assert!(
        seen.location().starts_with("/authorize?client_id=hefei&"),
        "{}",
        seen.location()
    );
    browser.get(seen.location()).await.code("hefei");
    // What is refused does not replace the cookies either (`post_from_outside` looks).
    let wrong = parameters("hefei", &[("prompt", "wrong")]);
    let seen = browser.post_from_outside("/authorize", &borrowed(&wrong)).await;
    assert_eq!(seen.error("hefei"), "invalid_request");
    for changes in [
        [("client_id", "nobody")],
        [("redirect_uri", "https://evil.test/")],
        [("client_id", "")],
    ] {
        let fields = parameters("hefei", &changes);
        let seen = browser.post_from_outside("/authorize", &borrowed(&fields)).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER);
        let page = browser.get(seen.location()).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{changes:?}");
    }
}

#[tokio::test]
async fn a_hint_or_a_long_request_in_a_form_waits_here_and_not_in_the_address() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        let code = browser.authorize("hefei", &[]).await.code("hefei");
        let hint = world.redeem("hefei", &code).await.json["id_token"]
            .as_str()
            .expect("an ID token")
            .to_owned();
        let subject = claims(&hint)["sub"].as_str().expect("a subject").to_owned();
        let hinted = parameters("hefei", &[("id_token_hint", &hint), ("prompt", "none")]);
        let seen = browser.post_from_outside("/authorize", &borrowed(&hinted)).await;
        let location = seen.location().to_owned();
        assert!(
            !location.contains("hint") && !location.contains(&subject),
            "{location}"
        );
        assert!(!location.contains(hint.get(..20).expect("a start")), "{location}");
        browser.get(&location).await.code("hefei");
        // The hint still says who will do.
        let other = world.another_resident("13900139000").await;
        let stranger = Browser::new(&world);
        stranger.sign_in(other).await;
        stranger
            .authorize("hefei", &[("prompt", "login")])
            .await
            .asks("/sign-in");
        let seen = stranger.post_from_outside("/authorize", &borrowed(&hinted)).await;
        assert_eq!(
            stranger.get(seen.location()).await.error("hefei"),
            "login_required"
        );
        // The handle is for the redirect and for nothing later.
        world
            .clock
            .advance(TimeDelta::seconds(model::interaction::REPEAT_SECONDS));
        assert_eq!(browser.get(&location).await.status, StatusCode::GONE);
        let seen = browser.post_from_outside("/authorize", &borrowed(&hinted)).await;
        world.clock.advance(TimeDelta::minutes(2));
        assert_eq!(browser.get(seen.location()).await.status, StatusCode::GONE);

        // 3 KiB of this are 9 KiB in an address.
        let claims = format!(
            r#"{{"userinfo":{{"locale":{{"value":"{}"}}}}}}"#,
            "合".repeat(1024)
        );
        let long = parameters("hefei", &[("claims", &claims), ("prompt", "none")]);
        let seen = browser.post_from_outside("/authorize", &borrowed(&long)).await;
        assert!(seen.location().len() < 200, "{}", seen.location());
        browser.get(seen.location()).await.code("hefei");
        // Whom nothing is known about is asked like anybody else.
        let asked = parameters("hefei", &[("id_token_hint", &hint)]);
        let nobody = Browser::new(&world);
        let seen = nobody.post_from_outside("/authorize", &borrowed(&asked)).await;
        let id = nobody.get(seen.location()).await.asks("/sign-in");
        nobody.sign_in(world.account).await;
        nobody.resume(&id).await.code("hefei");
    }
}

#[tokio::test]
async fn registered_queries_are_kept_and_state_comes_back_unchanged() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.redirect_uris = vec!["https://hefei.example/cb?foo=b%20r&x".to_owned()];
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    let state = "é😀+%25&=#\"'<script>\u{1}\r\n\t\\ end".to_owned() + &"x".repeat(128);
    let uri = "https://hefei.example/cb?foo=b%20r&x";
    for prompt in ["none", "bad"] {
        let seen = browser
            .authorize(
                "hefei",
                &[("redirect_uri", uri), ("state", &state), ("prompt", prompt)],
            )
            .await;
        assert!(
            seen.location()
                .starts_with("https://hefei.example/cb?foo=b%20r&x&"),
            "{}",
            seen.location()
        );
        assert_eq!(seen.at("https://hefei.example/cb")["state"], state);
    }
    let seen = browser
        .authorize("hefei", &[("redirect_uri", uri), ("state", "")])
        .await;
    assert!(!seen.at("https://hefei.example/cb").contains_key("state"));
}

#[tokio::test]
async fn a_client_that_relies_on_nonce_must_send_one_and_may_use_pkce() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.code_protection = CodeProtection::Nonce;
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    browser.authorize("hefei", &without).await.code("hefei");
    browser.authorize("hefei", &[]).await.code("hefei");
    let neither = [without[0], without[1], ("nonce", "")];
    assert_eq!(
        browser.authorize("hefei", &neither).await.error("hefei"),
        "invalid_request"
    );
    let plain = [("code_challenge_method", "plain")];
    assert_eq!(
        browser.authorize("hefei", &plain).await.error("hefei"),
        "invalid_request"
    );
}

#[tokio::test]
async fn max_age_is_measured_and_says_when_the_sign_in_was() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let signed_in_at = world.now().timestamp();
    world.clock.advance(TimeDelta::seconds(100));
    for max_age in ["15000", "10000", "100"] {
        let code = browser
            .authorize("hefei", &[("max_age", max_age), ("prompt", "none")])
            .await
            .code("hefei");
        let tokens = world.redeem("hefei", &code).await;
        let id_token = claims(tokens.json["id_token"].as_str().expect("an ID token"));
        assert_eq!(id_token["auth_time"], signed_in_at);
    }
    let late = browser
        .authorize("hefei", &[("max_age", "99"), ("prompt", "none")])
        .await;
    assert_eq!(late.error("hefei"), "login_required");
    browser
        .authorize("hefei", &[("max_age", "99")])
        .await
        .asks("/sign-in");
}

#[tokio::test]
async fn a_hint_names_the_person_and_a_bad_one_is_refused() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let id_token = async |client: &str| {
        let code = browser.authorize(client, &[]).await.code(client);
        world.redeem(client, &code).await.json["id_token"]
            .as_str()
            .expect("an ID token")
            .to_owned()
    };
    let (own, other) = (id_token("hefei").await, id_token("wuhu").await);
    world.clock.advance(TimeDelta::minutes(30));
    browser
        .authorize("hefei", &[("id_token_hint", &own), ("prompt", "none")])
        .await
        .code("hefei");
    let forged = format!("{own}x");
    for bad in [other.as_str(), "x", "a.b.c", forged.as_str()] {
        let seen = browser
            .authorize("hefei", &[("id_token_hint", bad), ("prompt", "none")])
            .await;
        assert_eq!(seen.error("hefei"), "invalid_request", "{bad}");
    }
    // `sub` with a value in the claims parameter says the same (Core 5.5.1).
    let sub = claims(&own)["sub"].as_str().expect("a subject").to_owned();
    for (subject, error) in [(sub.as_str(), None), ("p.somebody-else", Some("login_required"))] {
        let claim = format!(r#"{{"id_token":{{"sub":{{"value":"{subject}"}}}}}}"#);
        let seen = browser
            .authorize("hefei", &[("claims", &claim), ("prompt", "none")])
            .await;
        assert_eq!(seen.reply("hefei").get("error").map(String::as_str), error);
    }
}

#[tokio::test]
async fn single_claims_are_released_within_what_was_allowed() {
    let world = testing::world().await;
    world.decide("hefei", [Scope::Assurance, Scope::Phone]).await;
    let browser = Browser::signed_in(&world).await;
    let request = r#"{"userinfo":{"phone_number":{"essential":true},"unknown":null},"id_token":{"identity_level":null}}"#;
    let code = browser
        .authorize("hefei", &[("claims", request), ("prompt", "none")])
        .await
        .code("hefei");
    let tokens = world.redeem("hefei", &code).await;
    assert_eq!(tokens.json["scope"], "openid");
    let id_token = claims(tokens.json["id_token"].as_str().expect("an ID token"));
    assert_eq!(id_token["identity_level"], 1);
    assert!(id_token.get("phone_number").is_none());
    let userinfo = world
        .userinfo(tokens.json["access_token"].as_str().expect("a token"))
        .await;
    assert_eq!(userinfo.json["phone_number"], "+8613800138000");
    // A claim that nobody was asked about yet needs consent like its scope.
    let name = r#"{"userinfo":{"name":null}}"#;
    let seen = browser
        .authorize("hefei", &[("claims", name), ("prompt", "none")])
        .await;
    assert_eq!(seen.error("hefei"), "consent_required");
    browser
        .authorize("hefei", &[("claims", name)])
        .await
        .asks("/consent");
}

#[tokio::test]
async fn harmless_parameters_never_make_an_error() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let changes = [
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("login_hint", "buffy@example.test"),
        ("acr_values", "1 2"),
        ("extra", "foobar"),
        ("scope", "phone openid unknown offline_access"),
    ];
    browser.authorize("hefei", &changes).await.code("hefei");
    let mut backwards = parameters("hefei", &[("prompt", "none")]);
    backwards.reverse();
    let query = serde_urlencoded::to_string(backwards).expect("a query");
    browser.get(&format!("/authorize?{query}")).await.code("hefei");
    assert!(authorize_path("hefei", &[]).starts_with("/authorize?"));
}
