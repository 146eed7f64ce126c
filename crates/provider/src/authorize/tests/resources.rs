//! What the registration adds and bounds: resources, ages, values of claims, what a client must do.

use chrono::TimeDelta;
use http::StatusCode;
use model::client::GrantType;

use super::browser::Browser;
use crate::testing::{self, claims};

const API: &str = "https://api.hefei.example/";

#[tokio::test]
async fn attack_078_a_resource_must_be_in_the_registration() {
    for world in testing::worlds().await {
        let mut client = testing::client("hefei");
        client.resources = vec![API.to_owned(), "urn:hefei:forms".to_owned()];
        world.apply(client).await;
        let browser = Browser::signed_in(&world).await;
        let both = [("resource", API), ("resource", "urn:hefei:forms")];
        browser.authorize("hefei", &both).await.code("hefei");
        browser.authorize("hefei", &both[..1]).await.code("hefei");
        for bad in [
            "https://api.hefei.example",
            "https://api.wuhu.example/",
            "api",
            "https://api.hefei.example/#x",
        ] {
            let seen = browser.authorize("hefei", &[both[0], ("resource", bad)]).await;
            assert_eq!(seen.error("hefei"), "invalid_target", "{bad}");
        }
        let seen = browser.authorize("wuhu", &both).await;
        assert_eq!(seen.error("wuhu"), "invalid_target");
    }
}

#[tokio::test]
async fn a_registered_age_counts_where_the_request_names_none() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.default_max_age = Some(60);
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    world.clock.advance(TimeDelta::seconds(61));
    browser.authorize("hefei", &[]).await.asks("/sign-in");
    let silent = browser.authorize("hefei", &[("prompt", "none")]).await;
    assert_eq!(silent.error("hefei"), "login_required");
    browser
        .authorize("hefei", &[("max_age", "3600")])
        .await
        .code("hefei");
    let id = browser.authorize("hefei", &[]).await.asks("/sign-in");
    world.clock.advance(TimeDelta::seconds(1));
    browser.sign_in(world.account).await;
    browser.resume(&id).await.code("hefei");
    browser.authorize("hefei", &[]).await.code("hefei");
}

#[tokio::test]
async fn a_client_without_the_grant_for_codes_gets_none() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.grant_types = vec![GrantType::ClientCredentials];
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    assert_eq!(
        browser.authorize("hefei", &[]).await.error("hefei"),
        "unauthorized_client"
    );
}

#[tokio::test]
async fn a_claim_with_another_value_than_the_one_asked_for_is_left_out() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        for (how, told) in [
            (r#"{"value":"zh-CN"}"#, true),
            (r#"{"values":["en","zh-CN"]}"#, true),
            (r#"{"essential":true,"value":"en"}"#, false),
            (r#"{"values":["en",7]}"#, false),
            ("null", true),
        ] {
            let request = format!(r#"{{"id_token":{{"locale":{how}}},"userinfo":{{"locale":{how}}}}}"#);
            let code = browser
                .authorize("hefei", &[("claims", &request)])
                .await
                .code("hefei");
            let tokens = world.redeem("hefei", &code).await;
            assert_eq!(tokens.status, StatusCode::OK, "{how}");
            let id_token = claims(tokens.json["id_token"].as_str().expect("an ID token"));
            assert_eq!(id_token.get("locale").is_some(), told, "{how}");
            let token = tokens.json["access_token"].as_str().expect("a token");
            let userinfo = world.userinfo(token).await;
            assert_eq!(userinfo.json.get("locale").is_some(), told, "{how}");
        }
        // A scope that was asked for as a whole is told as a whole.
        let request = r#"{"userinfo":{"locale":{"value":"en"}}}"#;
        let changes = [("claims", request), ("scope", "openid profile")];
        let code = browser.authorize("hefei", &changes).await.code("hefei");
        let tokens = world.redeem("hefei", &code).await;
        let userinfo = world
            .userinfo(tokens.json["access_token"].as_str().expect("a token"))
            .await;
        assert_eq!(userinfo.json["locale"], "zh-CN");
    }
}

#[tokio::test]
async fn only_a_person_whom_every_place_names_will_do() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let code = browser.authorize("hefei", &[]).await.code("hefei");
    let tokens = world.redeem("hefei", &code).await;
    let own = claims(tokens.json["id_token"].as_str().expect("an ID token"))["sub"].clone();
    let named = |id_token: serde_json::Value, userinfo: serde_json::Value| {
        serde_json::json!({ "id_token": { "sub": id_token }, "userinfo": { "sub": userinfo } }).to_string()
    };
    let one_of = serde_json::json!({ "values": ["p.other", own] });
    let another = serde_json::json!({ "value": "p.other" });
    for (request, error) in [
        (
            named(serde_json::json!({ "value": own }), serde_json::Value::Null),
            None,
        ),
        (named(one_of.clone(), serde_json::json!({ "value": own })), None),
        (
            named(serde_json::Value::Null, another.clone()),
            Some("login_required"),
        ),
        (named(one_of, another), Some("login_required")),
    ] {
        let seen = browser
            .authorize("hefei", &[("claims", &request), ("prompt", "none")])
            .await;
        let reply = seen.reply("hefei");
        assert_eq!(reply.get("error").map(String::as_str), error, "{request}");
    }
}
