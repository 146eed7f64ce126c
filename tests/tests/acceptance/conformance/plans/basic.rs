//! Plan "basic": `response_type=code` as clients without PKCE speak it.

use acceptance::engine;
use acceptance::journey::{newcomer, resident};
use acceptance::party::{Party, peek, random_text};
use acceptance::world::Kind;
use jose::sign::craft;
use serde_json::json;

use super::suite::{Suite, is_unguessable, plain, tokens};

#[tokio::test]
async fn plan_basic_response_type_missing_is_said_by_redirect() {
    let suite = Suite::any().await;
    let (mut visitor, _) = newcomer(&suite.world).await;
    let party = Party::new(&suite.world, "plan-basic");
    let ask = plain(&party).without("response_type");
    visitor.open(&ask.url()).await;
    let error = visitor.answer()["error"].clone();
    assert!(
        ["invalid_request", "unsupported_response_type"].contains(&error.as_str()),
        "{error}"
    );
    party.is_refused(&visitor, &ask, &error);
}

#[tokio::test]
async fn plan_basic_the_id_token_holds_nothing_that_nobody_asked_for() {
    for suite in Suite::all().await {
        let (mut visitor, _) = resident(&suite.world).await;
        let party = Party::new(&suite.world, "plan-basic");
        let ask = plain(&party).with("scope", "openid profile phone real_name");
        let given = tokens(&mut visitor, &party, &ask).await;
        let protocol = [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "acr",
            "amr",
            "azp",
            "at_hash",
            "jti",
            "sid",
        ];
        for name in peek(given.id_token()).keys() {
            assert!(protocol.contains(&name.as_str()), "{name}");
        }
        party.claims(given.id_token(), Some(&ask.nonce)).await;
        let header: serde_json::Value = header(given.id_token());
        assert_eq!(header["alg"], "RS256");
        assert!(header["kid"].is_string());
    }
}

fn header(token: &str) -> serde_json::Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let first = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(first).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn plan_basic_the_token_answer_is_json_with_a_sensible_expires_in() {
    let suite = Suite::any().await;
    let (mut visitor, _) = newcomer(&suite.world).await;
    for client in ["plan-basic", "plan-second"] {
        let party = Party::new(&suite.world, client);
        let given = tokens(&mut visitor, &party, &plain(&party)).await;
        given.is_careful();
        let seconds = given.body["expires_in"].as_i64().expect("a number");
        assert!((1..=31_536_000).contains(&seconds));
        assert!(
            given.body["token_type"]
                .as_str()
                .expect("text")
                .eq_ignore_ascii_case("bearer")
        );
        is_unguessable(given.access_token());
    }
}

#[tokio::test]
async fn plan_basic_of_all_offered_levels_the_token_names_one() {
    let suite = Suite::any().await;
    let (mut visitor, _) = newcomer(&suite.world).await;
    let party = Party::new(&suite.world, "plan-basic");
    let metadata = suite.metadata().await;
    let levels: Vec<&str> = metadata["acr_values_supported"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|level| level.as_str().expect("text"))
        .collect();
    let mut words = levels.clone();
    words.reverse();
    let ask = plain(&party).with("acr_values", &words.join(" "));
    visitor.open(&ask.url()).await;
    // The highest is out of reach; the person says "not now".
    if visitor.page.name() == "account-level" {
        visitor.press("decline").await;
    }
    if visitor.away.is_none() {
        acceptance::journey::allow(&mut visitor).await;
    }
    let given = party.redeem(&party.code(&visitor, &ask), &ask).await;
    let acr = peek(given.id_token())["acr"].as_str().expect("acr").to_owned();
    assert!(levels.contains(&acr.as_str()), "{acr}");
}

#[tokio::test]
async fn plan_basic_a_refresh_keeps_who_it_is_and_says_when_it_was() {
    for kind in Kind::all() {
        let suite = Suite::with_own_clock(kind).await;
        let (mut visitor, _) = newcomer(&suite.world).await;
        let party = Party::new(&suite.world, "plan-basic");
        let ask = plain(&party)
            .with("scope", "openid offline_access")
            .with("prompt", "consent");
        let first = tokens(&mut visitor, &party, &ask).await;
        let refresh = first.body["refresh_token"]
            .as_str()
            .expect("a refresh token")
            .to_owned();
        is_unguessable(&refresh);
        suite.world.advance(chrono::TimeDelta::seconds(1));
        let fields = |token: &str, scope: Option<&str>| {
            let mut fields = vec![("grant_type".to_owned(), "refresh_token".to_owned())];
            fields.push(("refresh_token".to_owned(), token.to_owned()));
            fields.extend(scope.map(|scope| ("scope".to_owned(), scope.to_owned())));
            fields
        };
        // Somebody else's token is none, and stays whose it is.
        let other = Party::new(&suite.world, "plan-second");
        other
            .token(fields(&refresh, None))
            .await
            .is_error(400, "invalid_grant");
        let second = party.token(fields(&refresh, Some("openid"))).await;
        assert_eq!(second.status.as_u16(), 200, "{}", second.body);
        second.is_careful();
        is_unguessable(second.access_token());
        assert_ne!(second.access_token(), first.access_token());
        let (before, after) = (peek(first.id_token()), peek(second.id_token()));
        for name in ["iss", "sub", "aud", "auth_time"] {
            assert_eq!(before[name], after[name], "{name}");
        }
        assert_ne!(before["iat"], after["iat"], "iat");
        assert!(!after.contains_key("azp") && !after.contains_key("nonce"));
        let info = party.userinfo(second.access_token()).await;
        assert_eq!(info.body["sub"], before["sub"]);
        let next = second.body["refresh_token"]
            .as_str()
            .unwrap_or(&refresh)
            .to_owned();
        assert_eq!(party.token(fields(&next, None)).await.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn plan_basic_a_code_is_dead_after_use_and_takes_its_token_along() {
    for suite in Suite::all().await {
        let (mut visitor, _) = newcomer(&suite.world).await;
        let party = Party::new(&suite.world, "plan-basic");
        let ask = plain(&party);
        let given = tokens(&mut visitor, &party, &ask).await;
        let code = visitor.answer()["code"].clone();
        party.redeem(&code, &ask).await.is_error(400, "invalid_grant");
        assert_eq!(party.userinfo(given.access_token()).await.status.as_u16(), 401);
    }
}

#[tokio::test]
async fn plan_basic_the_redirect_address_in_a_request_object_wins() {
    for suite in Suite::all().await {
        let (mut visitor, _) = newcomer(&suite.world).await;
        let party = Party::new(&suite.world, "plan-object");
        let inside = json!({
            "iss": "plan-object", "aud": suite.world.issuer, "client_id": "plan-object",
            "response_type": "code", "scope": "openid", "redirect_uri": party.client.redirect_uri,
            "state": random_text(), "nonce": random_text(), "exp": chrono::Utc::now().timestamp() + 60,
            "code_challenge": acceptance::party::challenge(&party.ask().verifier), "code_challenge_method": "S256",
        });
        let key = suite.key("plan-object");
        let header = json!({ "alg": "ES256", "kid": key.kid() });
        let object = craft(key, &header.to_string(), &inside.to_string()).expect("a signature");
        let ask = party
            .ask()
            .with("redirect_uri", "https://elsewhere.example/callback")
            .with("request", &object);
        visitor.open(&ask.url()).await;
        if visitor.away.is_none() && visitor.page.name() == "consent" {
            acceptance::journey::allow(&mut visitor).await;
        }
        let elsewhere = visitor
            .away
            .as_ref()
            .is_some_and(|away| away.host_str() == Some("elsewhere.example"));
        assert!(!elsewhere, "{:?}", visitor.away);
        assert_eq!(visitor.answer()["state"], inside["state"].as_str().expect("text"));
    }
}

#[tokio::test]
async fn plan_basic_the_state_may_have_128_characters_and_errors_say_nothing_else() {
    let suite = Suite::any().await;
    let (mut visitor, _) = newcomer(&suite.world).await;
    let party = Party::new(&suite.world, "plan-basic");
    let state = "s".repeat(128);
    let ask = plain(&party)
        .with("state", &state)
        .with("prompt", "none")
        .with("max_age", "0");
    visitor.open(&ask.url()).await;
    party.is_refused(&visitor, &ask, "login_required");
}

#[tokio::test]
async fn plan_basic_a_browser_can_send_the_request_by_post() {
    let suite = Suite::any().await;
    let party = Party::new(&suite.world, "plan-basic");
    let ask = plain(&party);
    let request = suite
        .world
        .http
        .post(suite.world.at("/authorize"))
        .form(&ask.parameters);
    let answer = engine::send(request).await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 303);
    let (mut visitor, _) = newcomer(&suite.world).await;
    visitor
        .open(answer.headers()["location"].to_str().expect("ASCII"))
        .await;
    if visitor.away.is_none() {
        acceptance::journey::allow(&mut visitor).await;
    }
    party.code(&visitor, &ask);
}
