//! Pushed requests from the form to the code.

use std::collections::BTreeMap;

use axum::body::Body;
use chrono::TimeDelta;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use model::client::{AuthMethod, SigningAlg};
use serde_json::json;
use store::throttles;

use super::{DEPOSITS, DEPOSITS_UNPROVEN, PREFIX};
use crate::authorize::tests::browser::{Browser, Seen, parameters};
use crate::authorize::tests::signing::Signer;
use crate::testing::{self, Answer, Holder, SECRET, World, basic, fields, redirect_uri};

mod profile;

const FORM: &str = "application/x-www-form-urlencoded";

async fn send(world: &World, headers: &[(&str, &str)], body: String) -> Answer {
    let mut request = Request::post("/par").header(CONTENT_TYPE, FORM);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::from(body)).unwrap()).await
}

/// Pushes what a sub-site with a secret pushes.
async fn push(world: &World, id: &str, changes: &[(&str, &str)]) -> Answer {
    let body = serde_urlencoded::to_string(parameters(id, changes)).unwrap();
    send(world, &[("authorization", &basic(id, SECRET))], body).await
}

/// Pushes what a sub-site with a key pushes.
async fn push_signed(world: &World, signer: &Signer, fields: Vec<(String, String)>) -> Answer {
    send(world, &[], with_assertion(world, signer, fields)).await
}

fn with_assertion(world: &World, signer: &Signer, fields: Vec<(String, String)>) -> String {
    let mut fields = fields;
    fields.push(("client_assertion".to_owned(), signer.assertion(world, "hefei")));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    fields.push(("client_assertion_type".to_owned(), kind.to_owned()));
    serde_urlencoded::to_string(fields).unwrap()
}

/// Redeems a code with a proof of possession.
async fn redeem(world: &World, code: &str, holder: Option<&Holder>) -> Answer {
    let mut request = testing::token_request(Some(&basic("hefei", SECRET)), &fields("hefei", code));
    if let Some(holder) = holder {
        let proof = holder.proof(("POST", "http://localhost:8080/token"), world.now());
        request.headers_mut().insert("dpop", proof.parse().unwrap());
    }
    world.send(request).await
}

fn handle(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json);
    answer.json["request_uri"].as_str().unwrap()
}

async fn begin(browser: &Browser<'_>, id: &str, handle: &str, more: &[(&str, &str)]) -> Seen {
    let mut pairs = vec![("client_id", id), ("request_uri", handle)];
    pairs.extend(more);
    let query = serde_urlencoded::to_string(pairs).unwrap();
    browser.get(&format!("/authorize?{query}")).await
}

#[tokio::test]
async fn a_pushed_request_gives_a_handle_and_the_handle_a_code() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        let answer = push(&world, "hefei", &[("state", "pushed")]).await;
        let uri = handle(&answer);
        assert_eq!(uri.len(), PREFIX.len() + 43);
        assert_eq!(answer.json["expires_in"], 90);
        assert_eq!(answer.json.as_object().unwrap().len(), 2);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["content-type"], "application/json");
        // Nothing else outside counts.
        let outside = [
            ("state", "outside"),
            ("redirect_uri", "https://evil.test/"),
            ("response_type", "token"),
            ("prompt", "login"),
            ("code_challenge", "x"),
        ];
        let reply = begin(&browser, "hefei", uri, &outside).await.reply("hefei");
        assert_eq!(
            (reply["state"].as_str(), reply["iss"].as_str()),
            ("pushed", world.service.issuer())
        );
        assert_eq!(world.redeem("hefei", &reply["code"]).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn attack_134_a_handle_is_for_one_client_one_answer_and_a_short_time() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        let answer = push(&world, "hefei", &[]).await;
        let uri = handle(&answer);
        begin(&browser, "wuhu", uri, &[])
            .await
            .is_page("authorize-pushed");
        begin(&browser, "nobody", uri, &[])
            .await
            .is_page("authorize-client");
        begin(&browser, "hefei", uri, &[]).await.code("hefei");
        begin(&browser, "hefei", uri, &[])
            .await
            .is_page("authorize-pushed");
        let redirect = redirect_uri("hefei");
        let outside = [("redirect_uri", redirect.as_str()), ("state", "x")];
        begin(&browser, "hefei", uri, &outside)
            .await
            .is_page("authorize-pushed");
        let guess = format!("{PREFIX}{}", "A".repeat(43));
        begin(&browser, "hefei", &guess, &outside)
            .await
            .is_page("authorize-pushed");

        let answer = push(&world, "hefei", &[]).await;
        let late = handle(&answer).to_owned();
        let answer = push(&world, "hefei", &[]).await;
        world.clock.advance(TimeDelta::seconds(89));
        begin(&browser, "hefei", &late, &[]).await.code("hefei");
        world.clock.advance(TimeDelta::seconds(1));
        begin(&browser, "hefei", handle(&answer), &[])
            .await
            .is_page("authorize-pushed");
    }
}

#[tokio::test]
async fn attack_134_of_many_answers_at_the_same_time_one_has_a_code() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        for _ in 0..5 {
            let answer = push(&world, "hefei", &[]).await;
            let uri = handle(&answer);
            let once = || begin(&browser, "hefei", uri, &[]);
            let seen = tokio::join!(once(), once(), once(), once(), once(), once());
            let seen = [seen.0, seen.1, seen.2, seen.3, seen.4, seen.5];
            let codes = seen.iter().filter(|seen| seen.status == StatusCode::SEE_OTHER);
            assert_eq!(codes.count(), 1);
            for seen in seen.iter().filter(|seen| seen.status != StatusCode::SEE_OTHER) {
                seen.is_page("authorize-pushed");
            }
            // Two windows of one person, answered at the same time.
            let nobody = Browser::new(&world);
            let answer = push(&world, "hefei", &[]).await;
            let one = begin(&nobody, "hefei", handle(&answer), &[])
                .await
                .asks("/sign-in");
            let two = begin(&nobody, "hefei", handle(&answer), &[])
                .await
                .asks("/sign-in");
            nobody.sign_in(world.account).await;
            let (one, two) = tokio::join!(nobody.resume(&one), nobody.resume(&two));
            assert!((one.status == StatusCode::SEE_OTHER) ^ (two.status == StatusCode::SEE_OTHER));
        }
    }
}

#[tokio::test]
async fn a_page_that_is_looked_at_twice_is_answered_once() {
    for world in testing::worlds().await {
        let browser = Browser::new(&world);
        let answer = push(&world, "hefei", &[]).await;
        let uri = handle(&answer);
        let one = begin(&browser, "hefei", uri, &[]).await.asks("/sign-in");
        let two = begin(&browser, "hefei", uri, &[]).await.asks("/sign-in");
        assert_ne!(one.hash(), two.hash());
        // Signing in takes longer than the handle lives.
        world.clock.advance(TimeDelta::minutes(10));
        browser.sign_in(world.account).await;
        browser.resume(&two).await.code("hefei");
        // A second click on the same page is the same answer; the other window has none left.
        browser.resume(&two).await.code("hefei");
        browser.resume(&one).await.is_page("authorize-pushed");
        browser.answer(&one, |answers| answers.cancelled = true).await;
        browser.resume(&one).await.is_page("authorize-pushed");
    }
}

#[tokio::test]
async fn a_final_error_spends_the_handle_too() {
    for world in testing::worlds().await {
        let browser = Browser::new(&world);
        let answer = push(&world, "hefei", &[("prompt", "none")]).await;
        let uri = handle(&answer);
        let seen = begin(&browser, "hefei", uri, &[]).await;
        assert_eq!(seen.error("hefei"), "login_required");
        begin(&browser, "hefei", uri, &[])
            .await
            .is_page("authorize-pushed");

        let answer = push(&world, "hefei", &[]).await;
        let uri = handle(&answer);
        let id = begin(&browser, "hefei", uri, &[]).await.asks("/sign-in");
        browser.answer(&id, |answers| answers.cancelled = true).await;
        assert_eq!(browser.resume(&id).await.error("hefei"), "access_denied");
        begin(&browser, "hefei", uri, &[])
            .await
            .is_page("authorize-pushed");
    }
}

#[tokio::test]
async fn a_form_without_our_cookies_goes_on_with_the_handle() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let answer = push(&world, "hefei", &[("login_hint", "13800138000")]).await;
    let fields = [
        ("client_id", "hefei"),
        ("request_uri", handle(&answer)),
        ("state", "x"),
    ];
    let seen = browser.post_from_outside("/authorize", &fields).await;
    assert!(
        seen.location()
            .starts_with("/authorize?client_id=hefei&request_uri=urn"),
        "{}",
        seen.location()
    );
    assert_eq!(
        browser.get(seen.location()).await.reply("hefei")["state"],
        "a state"
    );
    // What was answered is told on a page.
    let seen = browser.post_from_outside("/authorize", &fields).await;
    browser.get(seen.location()).await.is_page("authorize-pushed");
}

#[tokio::test]
async fn what_the_authorization_endpoint_would_refuse_is_refused_at_once() {
    let world = testing::world().await;
    for (change, error) in [
        (
            ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
            "invalid_request",
        ),
        (("redirect_uri", "https://evil.test/"), "invalid_request"),
        (("redirect_uri", ""), "invalid_request"),
        (("client_id", "wuhu"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("response_mode", "fragment"), "invalid_request"),
        (("scope", "phone"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("claims", "[]"), "invalid_request"),
        (("id_token_hint", "x"), "invalid_request"),
        (("resource", "https://api.example/"), "invalid_target"),
        (("dpop_jkt", "x"), "invalid_request"),
        (("request", "x.y.z"), "invalid_request_object"),
        (("registration", "{}"), "registration_not_supported"),
        (("state", &*"s".repeat(1025)), "invalid_request"),
    ] {
        let answer = push(&world, "hefei", &[change]).await;
        // Basic names hefei and the form wuhu: that is a fault of the request.
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (400, error),
            "{change:?}"
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert!(answer.json.get("request_uri").is_none());
    }
    let body = serde_urlencoded::to_string(parameters("hefei", &[])).unwrap();
    for headers in [vec![], vec![("authorization", basic("hefei", "wrong"))]] {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = send(&world, &headers, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client"));
    }
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let request = Request::builder().method(method.clone()).uri("/par");
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (405, "invalid_request"),
            "{method}"
        );
        assert_eq!(answer.headers["allow"], "POST");
    }
}

#[tokio::test]
async fn attack_135_large_and_repeated_parameters_are_refused() {
    let world = testing::world().await;
    let authorization = basic("hefei", SECRET);
    let headers = [("authorization", authorization.as_str())];
    let usual = serde_urlencoded::to_string(parameters("hefei", &[])).unwrap();
    let large = format!("{usual}&x={}", "a".repeat(200 * 1024));
    let many: Vec<_> = (0..1000).map(|n| format!("p{n}=1")).collect();
    for body in [large, format!("{usual}&{}", many.join("&"))] {
        let answer = send(&world, &headers, body).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (413, "invalid_request"));
    }
    // attack_307, attack_311: what waits is small.
    let claims = format!("{{}}{}", " ".repeat(8100));
    assert_eq!(
        push(&world, "hefei", &[("claims", &claims)]).await.error(),
        "invalid_request"
    );
    assert_eq!(
        push(&world, "hefei", &[("scope", &"openid ".repeat(1000))])
            .await
            .error(),
        "invalid_scope"
    );
    for name in ["scope", "redirect_uri", "request", "state"] {
        let answer = send(&world, &headers, format!("{usual}&{name}=a&{name}=b")).await;
        assert_eq!(answer.error(), "invalid_request", "attack_017: {name}");
    }
}

#[tokio::test]
async fn attack_311_deposits_are_bounded_for_each_client_and_each_network() {
    for world in testing::worlds().await {
        let (tx, now) = (world.store.read(), world.now());
        let full = async |rule: &throttles::Rule, key: &str| {
            for _ in 0..rule.limit {
                throttles::hit(&tx, rule, key, now).await.unwrap();
            }
        };
        // A client that nobody can come in the name of is not bound to a network.
        full(&DEPOSITS_UNPROVEN, "0.0.0.0").await;
        handle(&push(&world, "hefei", &[]).await);
        let mut client = testing::client("wuhu");
        client.auth_method = AuthMethod::None;
        world.apply(client).await;
        let body = serde_urlencoded::to_string(parameters("wuhu", &[])).unwrap();
        let answer = send(&world, &[], body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (429, "temporarily_unavailable")
        );
        assert!(answer.headers.contains_key("retry-after"));
        let count = throttles::look(&tx, &DEPOSITS, "hefei", now).await.unwrap();
        assert_eq!(count.count, 1);
        let over = throttles::Rule { limit: 1, ..DEPOSITS };
        assert!(throttles::hit(&tx, &over, "hefei", now).await.unwrap().exceeded());
    }
}

#[tokio::test]
async fn a_client_that_must_push_gets_nothing_without() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.require_pushed_authorization_requests = true;
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    let seen = browser.authorize("hefei", &[]).await;
    assert_eq!(seen.error("hefei"), "invalid_request");
    let answer = push(&world, "hefei", &[]).await;
    begin(&browser, "hefei", handle(&answer), &[]).await.code("hefei");
    // After a page, too: the way is remembered.
    let nobody = Browser::new(&world);
    let answer = push(&world, "hefei", &[]).await;
    let id = begin(&nobody, "hefei", handle(&answer), &[])
        .await
        .asks("/sign-in");
    nobody.sign_in(world.account).await;
    nobody.resume(&id).await.code("hefei");
}

#[tokio::test]
async fn a_request_object_is_opened_when_it_is_pushed() {
    for world in testing::worlds().await {
        let signer = Signer::new(SigningAlg::Es256);
        let mut client = signer.client("hefei");
        (
            client.require_signed_request_object,
            client.require_pushed_authorization_requests,
        ) = (true, true);
        world.apply(client).await;
        let browser = Browser::signed_in(&world).await;
        assert_eq!(
            push(&world, "hefei", &[]).await.error(),
            "invalid_request",
            "not signed"
        );
        let authorization = basic("hefei", SECRET);
        let sent = async |jwt: String, more: &[(&str, &str)]| {
            let mut pairs = vec![("request", jwt.as_str())];
            pairs.extend(more);
            let body = serde_urlencoded::to_string(pairs).unwrap();
            send(&world, &[("authorization", &authorization)], body).await
        };
        let outside = [("state", "outside"), ("client_id", "hefei")];
        let answer = sent(signer.object(&world, "hefei", &[]), &outside).await;
        let reply = begin(&browser, "hefei", handle(&answer), &[])
            .await
            .reply("hefei");
        assert_eq!(reply["state"], "inside");
        assert!(reply.contains_key("code"));
        let now = world.now().timestamp();
        for (name, value) in [
            ("exp", json!(now - 60)),
            ("aud", json!("https://evil.test")),
            ("client_id", json!("wuhu")),
            ("request", json!("x")),
            ("request_uri", json!("urn:x")),
        ] {
            let answer = sent(signer.object(&world, "hefei", &[(name, value)]), &[]).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (400, "invalid_request_object"),
                "{name}"
            );
        }
        let answer = sent(
            signer.object(&world, "hefei", &[("redirect_uri", json!("https://evil.test/"))]),
            &[],
        )
        .await;
        assert_eq!(answer.error(), "invalid_request");
    }
}

#[tokio::test]
async fn attack_017_a_repeated_handle_is_refused() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let answer = push(&world, "hefei", &[]).await;
    let uri = handle(&answer);
    begin(&browser, "hefei", uri, &[("request_uri", uri)])
        .await
        .is_page("authorize-request");
    begin(&browser, "hefei", uri, &[("client_id", "hefei")])
        .await
        .is_page("authorize-client");
    let redirect = redirect_uri("hefei");
    let seen = begin(
        &browser,
        "hefei",
        uri,
        &[("request_uri", uri), ("redirect_uri", &redirect)],
    )
    .await;
    assert_eq!(seen.error("hefei"), "invalid_request");
    // It is still good: nobody answered it.
    let reply: BTreeMap<_, _> = begin(&browser, "hefei", uri, &[]).await.reply("hefei");
    assert!(reply.contains_key("code"));
}
