//! The records office as a resource server, and the sub-sites as its clients: RFC 6750, 8707, 9068, 7662, 9449 and 9470
//! against a small provider that says what the test wants.

use std::collections::BTreeMap;

use crate::support::claims_of;
use crate::support::stage::{Browser, Stage, refused};
use chrono::TimeDelta;
use model::clock::Clock;
use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use url::Url;

struct Told {
    status: u16,
    challenge: String,
    body: Value,
}

/// Asks the office with what stands in the header.
async fn ask(stage: &Stage, path: &str, authorization: Option<&str>) -> Told {
    let mut request = stage.client.get(format!("{}{path}", office(stage)));
    if let Some(value) = authorization {
        request = request.header(AUTHORIZATION, value);
    }
    let response = request.send().await.unwrap();
    let challenge = response
        .headers()
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .map(|value| value.to_str().unwrap());
    Told {
        status: response.status().as_u16(),
        challenge: challenge.collect::<Vec<_>>().join(" | "),
        body: response.json().await.unwrap_or_default(),
    }
}

fn office(stage: &Stage) -> String {
    stage.running.addresses().records.clone()
}

/// The claims of a token that opens everything.
fn claims(stage: &Stage) -> Value {
    let now = stage.clock.now().timestamp();
    json!({
        "iss": stage.provider.issuer, "aud": stage.running.addresses().records_resource(), "sub": "p.1",
        "client_id": "hefei-portal", "exp": now + 300, "iat": now, "jti": "t1", "scope": "openid",
        "acr": "urn:denizen:loa:2", "auth_time": now,
    })
}

fn token(stage: &Stage, claims: &Value) -> String {
    stage.provider.sign(&json!({ "typ": "at+jwt" }), claims)
}

async fn with(stage: &Stage, path: &str, claims: &Value) -> Told {
    ask(stage, path, Some(&format!("Bearer {}", token(stage, claims)))).await
}

#[tokio::test]
async fn a_signed_token_opens_what_its_level_and_age_allow() {
    let stage = Stage::set().await;
    let good = claims(&stage);
    let told = with(&stage, "/api/records", &good).await;
    assert_eq!(told.status, 200, "{}", told.challenge);
    assert_eq!(told.body["given"]["holder"], "p.1");
    assert_eq!(told.body["given"]["token"]["form"], "jwt");
    stage
        .provider
        .change(|script| script.introspection = good_introspection(&good));
    assert_eq!(with(&stage, "/api/tax-file", &good).await.status, 200);

    let mut low = good.clone();
    low["acr"] = json!("urn:denizen:loa:1");
    assert_eq!(with(&stage, "/api/records", &low).await.status, 200);
    let told = with(&stage, "/api/tax-file", &low).await;
    assert_eq!(told.status, 401);
    for part in [
        "Bearer ",
        "error=\"insufficient_user_authentication\"",
        "acr_values=\"urn:denizen:loa:2\"",
        "max_age=\"300\"",
    ] {
        assert!(told.challenge.contains(part), "{part}: {}", told.challenge);
    }
    let mut old = good.clone();
    old["auth_time"] = json!(stage.clock.now().timestamp() - 3_600);
    let told = with(&stage, "/api/tax-file", &old).await;
    assert!(
        told.challenge.contains("insufficient_user_authentication"),
        "{}",
        told.challenge
    );
    let mut service = good.clone();
    service.as_object_mut().unwrap().remove("acr");
    let told = with(&stage, "/api/records", &service).await;
    assert!(
        told.challenge.contains("insufficient_user_authentication"),
        "a token of a program itself is nobody's: {}",
        told.challenge
    );
}

fn good_introspection(claims: &Value) -> Value {
    let mut answer = claims.clone();
    answer["active"] = json!(true);
    answer["token_type"] = json!("Bearer");
    answer
}

#[tokio::test]
async fn without_a_token_both_schemes_are_offered_and_no_error_is_named() {
    let stage = Stage::set().await;
    let told = ask(&stage, "/api/records", None).await;
    assert_eq!(told.status, 401);
    assert!(
        told.challenge.contains("Bearer ") && told.challenge.contains("DPoP algs="),
        "{}",
        told.challenge
    );
    assert!(!told.challenge.contains("error="), "{}", told.challenge);
    let metadata = told.challenge.split('"').nth(1).unwrap();
    let document: Value = stage
        .client
        .get(metadata)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(document["resource"], stage.running.addresses().records_resource());
    assert_eq!(document["authorization_servers"][0], stage.provider.issuer);
}

#[tokio::test]
async fn attack_093_098_tokens_of_others_for_others_and_of_other_kinds_are_refused() {
    let stage = Stage::set().await;
    let good = claims(&stage);
    let now = stage.clock.now().timestamp();
    for (member, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("https://other.example/api")),
        ("aud", json!([stage.provider.issuer])),
        ("exp", json!(now - 60)),
        ("nbf", json!(now + 600)),
        ("sub", Value::Null),
    ] {
        let mut bad = good.clone();
        bad[member] = value.clone();
        let told = with(&stage, "/api/records", &bad).await;
        assert_eq!(told.status, 401, "{member} = {value}");
        assert!(
            told.challenge.contains("error=\"invalid_token\""),
            "{member}: {}",
            told.challenge
        );
    }
    for member in ["iss", "aud", "exp", "sub", "client_id", "iat", "jti"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(member);
        assert_eq!(with(&stage, "/api/records", &bad).await.status, 401, "{member}");
    }
    for typ in ["JWT", "logout+jwt", "id+jwt"] {
        let token = stage.provider.sign(&json!({ "typ": typ }), &good);
        let told = ask(&stage, "/api/records", Some(&format!("Bearer {token}"))).await;
        assert_eq!(told.status, 401, "{typ}");
    }
    // Signed by a key that the provider does not publish.
    stage.provider.change(|script| script.key = 9);
    let forged = token(&stage, &good);
    stage.provider.change(|script| script.key = 1);
    let told = ask(&stage, "/api/records", Some(&format!("Bearer {forged}"))).await;
    assert_eq!(told.status, 401);
}

#[tokio::test]
async fn attack_095_a_token_in_the_address_or_twice_is_a_bad_request() {
    let stage = Stage::set().await;
    let token = token(&stage, &claims(&stage));
    let told = ask(&stage, &format!("/api/records?access_token={token}"), None).await;
    assert_eq!(told.status, 400);
    assert!(
        told.challenge.contains("error=\"invalid_request\""),
        "{}",
        told.challenge
    );
    let twice = stage
        .client
        .get(format!("{}/api/records", office(&stage)))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(twice.send().await.unwrap().status(), 400);
    assert_eq!(ask(&stage, "/api/records", Some("Basic eDp5")).await.status, 401);
}

#[tokio::test]
async fn an_opaque_token_is_asked_about_and_a_revoked_one_does_not_open_the_tax_file() {
    let stage = Stage::set().await;
    assert_eq!(
        ask(&stage, "/api/records", Some("Bearer opaque")).await.status,
        401
    );
    let good = claims(&stage);
    stage
        .provider
        .change(|script| script.introspection = good_introspection(&good));
    let told = ask(&stage, "/api/records", Some("Bearer opaque")).await;
    assert_eq!(told.status, 200, "{}", told.challenge);
    assert_eq!(told.body["given"]["token"]["form"], "opaque");
    let mut elsewhere = good_introspection(&good);
    elsewhere["aud"] = json!("https://other.example/api");
    stage.provider.change(|script| script.introspection = elsewhere);
    assert_eq!(
        ask(&stage, "/api/records", Some("Bearer opaque")).await.status,
        401,
        "A098: a token for another resource"
    );
    stage
        .provider
        .change(|script| script.introspection = json!({ "active": false }));
    assert_eq!(with(&stage, "/api/records", &good).await.status, 200);
    assert_eq!(with(&stage, "/api/tax-file", &good).await.status, 401);
}

#[tokio::test]
async fn a_bound_token_is_no_bearer_token_and_another_is_no_bound_one() {
    let stage = Stage::set().await;
    let mut bound = claims(&stage);
    bound["cnf"] = json!({ "jkt": "x" });
    let told = with(&stage, "/api/records", &bound).await;
    assert_eq!(told.status, 401);
    let shown = format!("DPoP {}", token(&stage, &bound));
    let told = ask(&stage, "/api/records", Some(&shown)).await;
    assert!(
        told.challenge.contains("error=\"invalid_dpop_proof\""),
        "{}",
        told.challenge
    );
    let plain = format!("DPoP {}", token(&stage, &claims(&stage)));
    let told = ask(&stage, "/api/records", Some(&plain)).await;
    assert!(
        told.challenge.contains("error=\"invalid_token\""),
        "{}",
        told.challenge
    );
}

/// The provider's part of a step: what the site asked for, and its answer with a token of these claims.
async fn answer_with(
    stage: &Stage,
    browser: &mut Browser,
    location: &str,
    claims: &Value,
) -> BTreeMap<String, String> {
    let url = Url::parse(location).unwrap();
    let asked: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    let given = token(stage, claims);
    let level = claims["acr"].as_str().unwrap().rsplit(':').next().unwrap();
    stage.provider.change(|script| {
        script.nonce.clone_from(&asked["nonce"]);
        script.challenge.clone_from(&asked["code_challenge"]);
        script.access_token = given;
        script.acr = level.parse().ok();
        script.auth_time = chrono::DateTime::from_timestamp(claims["auth_time"].as_i64().unwrap(), 0);
    });
    let back = stage.answer(&asked["state"], &[("code", "c")]);
    let shown = stage.open(browser, &back).await;
    assert_eq!(shown.status, 303, "{}", shown.html);
    asked
}

#[tokio::test]
async fn a_step_up_asks_for_exactly_what_the_office_wants_and_then_shows_the_file() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, "/start").await;
    assert_eq!(
        stage.provider.script().seen_form.get("resource"),
        None,
        "a sign-in asks for no token for the office"
    );

    // A token for the office first.
    let shown = stage.open(&mut browser, "/my/tax-file").await;
    let mut low = claims(&stage);
    low["acr"] = json!("urn:denizen:loa:1");
    let asked = answer_with(&stage, &mut browser, &shown.location.unwrap(), &low).await;
    assert_eq!(asked["resource"], stage.running.addresses().records_resource());
    assert!(!asked.contains_key("acr_values") && !asked.contains_key("max_age"));
    assert_eq!(
        stage.provider.script().seen_form["resource"],
        asked["resource"],
        "RFC 8707 section 2.2"
    );

    // Then the level and the age.
    let shown = stage.open(&mut browser, "/my/tax-file?asked=token").await;
    let good = claims(&stage);
    stage
        .provider
        .change(|script| script.introspection = good_introspection(&good));
    let asked = answer_with(&stage, &mut browser, &shown.location.unwrap(), &good).await;
    assert_eq!(asked["acr_values"], "urn:denizen:loa:2");
    assert_eq!(asked["max_age"], "300");
    let file = stage.open(&mut browser, "/my/tax-file?asked=step-up").await;
    assert_eq!(file.status, 200);
    for part in [
        "id=\"file-content\" data-file=\"tax-file\"",
        "data-line=\"refund\"",
        "data-level=\"2\" data-token=\"jwt\"",
    ] {
        assert!(file.html.contains(part), "{part}: {}", file.html);
    }
}

#[tokio::test]
async fn who_comes_back_without_what_was_asked_is_told_and_not_sent_round_and_round() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    let mut low = claims(&stage);
    low["acr"] = json!("urn:denizen:loa:1");
    let shown = stage.open(&mut browser, "/my/tax-file").await;
    answer_with(&stage, &mut browser, &shown.location.unwrap(), &low).await;
    let page = stage.open(&mut browser, "/my/tax-file?asked=step-up").await;
    assert_eq!(page.status, 403);
    assert!(
        page.html.contains("data-page=\"level-needed\"") && page.html.contains("needs level 2"),
        "{}",
        page.html
    );
    assert!(page.html.contains("href=\"/my/tax-file\""), "{}", page.html);

    let mut old = claims(&stage);
    old["auth_time"] = json!(stage.clock.now().timestamp() - 3_600);
    let shown = stage.open(&mut browser, "/start").await;
    answer_with(&stage, &mut browser, &shown.location.unwrap(), &old).await;
    let shown = stage.open(&mut browser, "/my/tax-file").await;
    answer_with(&stage, &mut browser, &shown.location.unwrap(), &old).await;
    let page = stage.open(&mut browser, "/my/tax-file?asked=step-up").await;
    assert!(page.html.contains("sign in once more"), "{}", page.html);

    // A token that the office refuses leads to one new one and no further.
    let mut elsewhere = claims(&stage);
    elsewhere["aud"] = json!("https://other.example");
    let shown = stage.open(&mut browser, "/start").await;
    answer_with(&stage, &mut browser, &shown.location.unwrap(), &elsewhere).await;
    let shown = stage.open(&mut browser, "/my/records").await;
    answer_with(&stage, &mut browser, &shown.location.unwrap(), &elsewhere).await;
    refused(&stage, &mut browser, "/my/records?asked=token", "records_refused").await;
}

#[tokio::test]
async fn a_token_that_has_lapsed_is_renewed_without_the_browser() {
    let clock = Clock::manual(Clock::system().now());
    let stage = Stage::set_by(clock.clone()).await;
    let mut browser = Browser::default();
    stage
        .provider
        .change(|script| script.refresh_token = Some("r1".to_owned()));
    let shown = stage.open(&mut browser, "/my/records").await;
    answer_with(&stage, &mut browser, &shown.location.unwrap(), &claims(&stage)).await;
    let shown = stage.open(&mut browser, "/my/records?asked=token").await;
    assert_eq!(shown.status, 200);
    let before = stage.provider.script().token_requests;

    clock.advance(TimeDelta::minutes(6));
    let fresh = token(&stage, &claims(&stage));
    stage.provider.change(|script| script.access_token = fresh);
    assert_eq!(stage.open(&mut browser, "/my/records").await.status, 200);
    let script = stage.provider.script();
    assert_eq!(script.token_requests, before + 1);
    assert_eq!(script.seen_form["grant_type"], "refresh_token");
    assert_eq!(
        script.seen_form["resource"],
        stage.running.addresses().records_resource()
    );

    // A refresh token that is worth nothing any more leads back to the provider.
    clock.advance(TimeDelta::minutes(6));
    stage
        .provider
        .change(|script| script.refresh_token = Some("r2".to_owned()));
    let shown = stage.open(&mut browser, "/my/records").await;
    assert!(
        shown.location.unwrap().starts_with(&stage.provider.issuer),
        "to the provider"
    );
}

#[tokio::test]
async fn the_third_site_pushes_its_requests_proves_its_key_and_binds_its_tokens() {
    let stage = Stage::set().await;
    stage
        .provider
        .change(|script| script.dpop_nonce = Some("n1".to_owned()));
    let nanning = stage.sites[2].clone();
    let mut browser = Browser::default();
    let shown = stage.open(&mut browser, &format!("{nanning}/my/records")).await;
    let location = Url::parse(&shown.location.unwrap()).unwrap();
    let visible: BTreeMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(
        visible.keys().collect::<Vec<_>>(),
        ["client_id", "request_uri"],
        "the browser carries a reference only"
    );
    let pushed = stage.provider.script().pushed;
    assert_eq!(pushed["client_id"], "nanning-portal");
    assert_eq!(pushed["code_challenge_method"], "S256");
    let assertion = claims_of(&pushed["client_assertion"]);
    assert_eq!(assertion["aud"], stage.provider.issuer);
    assert_eq!(
        (&assertion["iss"], &assertion["sub"]),
        (&json!("nanning-portal"), &json!("nanning-portal"))
    );

    let mut bound = claims(&stage);
    bound["client_id"] = json!("nanning-portal");
    bound["cnf"] = json!({ "jkt": pushed["dpop_jkt"] });
    let given = token(&stage, &bound);
    stage.provider.change(|script| {
        script.nonce.clone_from(&pushed["nonce"]);
        script.challenge.clone_from(&pushed["code_challenge"]);
        script.access_token = given;
    });
    let back = stage
        .answer(&pushed["state"], &[("code", "c")])
        .replace(&stage.sites[0], &nanning);
    let shown = stage.open(&mut browser, &back).await;
    assert_eq!(shown.status, 303, "{}", shown.html);
    let script = stage.provider.script();
    assert_eq!(script.token_requests, 2, "asked for the nonce and came again");
    let proof = claims_of(&script.seen_proof.unwrap());
    assert_eq!((&proof["htm"], &proof["nonce"]), (&json!("POST"), &json!("n1")));
    assert!(script.seen_form.contains_key("client_assertion"));

    // The office wants a nonce of its own first; the site does not bother the person with it.
    let file = stage
        .open(&mut browser, &format!("{nanning}/my/records?asked=token"))
        .await;
    assert_eq!(file.status, 200, "{}", file.html);
    assert!(file.html.contains("data-bound=\"true\""), "{}", file.html);
}
