//! The provider ends a sign-in at the sub-sites: Back-Channel Logout 1.0 and Front-Channel Logout 1.0.

use crate::support::stage::{Browser, Stage};
use reqwest::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use serde_json::{Value, json};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn claims(stage: &Stage, jti: &str) -> Value {
    let now = stage.clock.now().timestamp();
    json!({
        "iss": stage.provider.issuer, "aud": "hefei-portal", "iat": now, "exp": now + 120, "jti": jti,
        "sub": "p.1", "sid": "s.1", "events": { EVENT: {} },
    })
}

async fn tell(stage: &Stage, token: &str) -> u16 {
    let request = stage
        .client
        .post(format!("{}/backchannel-logout", stage.sites[0]))
        .form(&[("logout_token", token)]);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    response.status().as_u16()
}

async fn is_signed_in(stage: &Stage, browser: &mut Browser) -> bool {
    stage.open(browser, "/").await.html.contains("id=\"sign-out\"")
}

#[tokio::test]
async fn a_back_channel_logout_ends_the_session_and_the_page_says_so() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, "/start").await;
    assert!(is_signed_in(&stage, &mut browser).await);
    let token = stage
        .provider
        .sign(&json!({ "typ": "logout+jwt" }), &claims(&stage, "1"));
    assert_eq!(tell(&stage, &token).await, 200);
    let home = stage.open(&mut browser, "/").await.html;
    assert!(
        home.contains("id=\"ended-by-provider\"") && home.contains("data-channel=\"back\""),
        "{home}"
    );
    assert!(home.contains("id=\"sign-in\"") && !home.contains("id=\"name\""));
    assert_eq!(tell(&stage, &token).await, 400, "a token is taken once");

    // Who signs in again is not told any more.
    stage.sign_in(&mut browser, "/start").await;
    let home = stage.open(&mut browser, "/").await.html;
    assert!(!home.contains("id=\"ended-by-provider\""));
}

#[tokio::test]
async fn attack_121_only_a_good_logout_token_of_the_provider_ends_a_session() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, "/start").await;
    let good = claims(&stage, "1");
    for (member, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("yichang-portal")),
        ("nonce", json!("n")),
        ("events", json!({})),
        ("jti", Value::Null),
        ("exp", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        let token = stage.provider.sign(&json!({ "typ": "logout+jwt" }), &bad);
        assert_eq!(tell(&stage, &token).await, 400, "{member}");
    }
    for typ in ["JWT", "at+jwt"] {
        let token = stage.provider.sign(&json!({ "typ": typ }), &good);
        assert_eq!(tell(&stage, &token).await, 400, "{typ}");
    }
    stage.provider.change(|script| script.key = 9);
    let forged = stage.provider.sign(&json!({ "typ": "logout+jwt" }), &good);
    stage.provider.change(|script| script.key = 1);
    assert_eq!(tell(&stage, &forged).await, 400);
    assert_eq!(tell(&stage, "x").await, 400);
    assert!(is_signed_in(&stage, &mut browser).await);
    // Another sign-in's end is not this one's.
    let mut other = claims(&stage, "2");
    other["sid"] = json!("s.2");
    let token = stage.provider.sign(&json!({ "typ": "logout+jwt" }), &other);
    assert_eq!(tell(&stage, &token).await, 200);
    assert!(is_signed_in(&stage, &mut browser).await);
}

#[tokio::test]
async fn a_front_channel_logout_needs_issuer_and_sid_and_may_be_framed_by_the_provider_alone() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, "/start").await;
    let frame = |query: String| {
        let url = format!("{}/frontchannel-logout?{query}", stage.sites[0]);
        let client = stage.client.clone();
        // A frame on another site's page brings no cookies.
        async move { client.get(url).send().await.unwrap() }
    };
    let issuer = stage.provider.issuer.clone();
    for bad in [
        "iss=https://evil.example&sid=s.1".to_owned(),
        "sid=s.1".to_owned(),
        format!("iss={issuer}"),
        format!("iss={issuer}&sid=s.1&sid=s.1"),
    ] {
        assert_eq!(frame(bad).await.status(), 400);
        assert!(is_signed_in(&stage, &mut browser).await);
    }
    let good = frame(format!("iss={issuer}&sid=s.1")).await;
    assert_eq!(good.status(), 200);
    let policy = good.headers()[CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.ends_with(&format!("frame-ancestors {issuer}")), "{policy}");
    assert_eq!(good.headers()[CACHE_CONTROL], "no-store");
    let home = stage.open(&mut browser, "/").await.html;
    assert!(home.contains("data-channel=\"front\""), "{home}");
}

#[tokio::test]
async fn a_site_can_be_made_to_fail_and_the_journal_says_what_came() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, "/start").await;
    let world = stage.running.addresses().world_url();
    let token = |jti: &str| {
        stage
            .provider
            .sign(&json!({ "typ": "logout+jwt" }), &claims(&stage, jti))
    };
    for (fault, status) in [("500", 500), ("redirect", 303), ("down", 503), ("garbage", 200)] {
        let setting = json!({ "route": "backchannel-logout-hefei", "fault": fault, "calls": 1 });
        let put = stage.client.put(format!("{world}/faults")).json(&setting);
        assert_eq!(put.send().await.unwrap().status(), 200, "{fault}");
        let request = stage
            .client
            .post(format!("{}/backchannel-logout", stage.sites[0]))
            .form(&[("logout_token", token(fault))]);
        assert_eq!(request.send().await.unwrap().status(), status, "{fault}");
        assert!(is_signed_in(&stage, &mut browser).await, "{fault}");
    }
    assert_eq!(tell(&stage, &token("last")).await, 200);
    let journal: Value = stage
        .client
        .get(format!("{world}/journal?route=backchannel-logout"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let outcomes: Vec<_> = journal
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        [
            "ended",
            "fault_garbage",
            "fault_down",
            "fault_redirect",
            "fault_500"
        ]
    );
    assert_eq!(journal[0]["request"]["site"], "hefei");
    assert_eq!(journal[0]["request"]["about"]["ended"], 1);
}
