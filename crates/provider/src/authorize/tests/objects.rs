//! Request objects by value (RFC 9101), and `request_uri`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use http::StatusCode;
use jose::sign::TokenType;
use model::client::SigningAlg;
use serde_json::{Value, json};

use super::browser::{Browser, Seen, parameters};
use super::signing::{Signer, object};
use crate::client_keys::tests::Site;
use crate::testing::{self, World, redirect_uri};

/// A request that has an object and only what must stand outside, and more.
async fn ask(browser: &Browser<'_>, jwt: &str, more: &[(&str, &str)]) -> Seen {
    let mut pairs = vec![
        ("client_id", "hefei"),
        ("response_type", "code"),
        ("scope", "openid"),
    ];
    pairs.push(("request", jwt));
    pairs.extend(more);
    let query = serde_urlencoded::to_string(pairs).expect("a query");
    browser.get(&format!("/authorize?{query}")).await
}

async fn signing_world() -> (World, Signer) {
    let world = testing::world().await;
    let signer = Signer::new(SigningAlg::Es256);
    world.apply(signer.client("hefei")).await;
    (world, signer)
}

#[tokio::test]
async fn only_what_stands_inside_counts() {
    for world in testing::worlds().await {
        let signer = Signer::new(SigningAlg::Es256);
        world.apply(signer.client("hefei")).await;
        let browser = Browser::signed_in(&world).await;
        let jwt = signer.object(
            &world,
            "hefei",
            &[
                ("max_age", json!(3600)),
                ("claims", json!({"id_token": {"locale": null}})),
            ],
        );
        let outside = [
            ("state", "outside"),
            ("redirect_uri", "https://evil.test/"),
            ("prompt", "login"),
        ];
        let reply = ask(&browser, &jwt, &outside).await.reply("hefei");
        assert_eq!(reply["state"], "inside");
        assert_eq!(world.redeem("hefei", &reply["code"]).await.status, StatusCode::OK);
        let stateless = signer.object(&world, "hefei", &[("state", Value::Null)]);
        let reply = ask(&browser, &stateless, &[("state", "outside")])
            .await
            .reply("hefei");
        assert!(reply.contains_key("code") && !reply.contains_key("state"));
        // What is wrong inside is told to the address inside.
        let wrong = signer.object(&world, "hefei", &[("prompt", json!("wrong"))]);
        let seen = ask(&browser, &wrong, &[]).await;
        assert_eq!(seen.error("hefei"), "invalid_request");
        assert_eq!(seen.reply("hefei")["state"], "inside");
        let elsewhere = signer.object(&world, "hefei", &[("redirect_uri", json!("https://evil.test/"))]);
        let outside = [("redirect_uri", &*redirect_uri("hefei"))];
        ask(&browser, &elsewhere, &outside)
            .await
            .is_page("authorize-redirect");
        let nowhere = signer.object(&world, "hefei", &[("redirect_uri", Value::Null)]);
        ask(&browser, &nowhere, &outside)
            .await
            .is_page("authorize-redirect");
    }
}

#[tokio::test]
async fn attack_131_an_object_that_the_client_did_not_sign_for_us_is_refused() {
    let (world, signer) = signing_world().await;
    let stranger = Signer::new(SigningAlg::Es256);
    let browser = Browser::signed_in(&world).await;
    let (claims, now) = (object(&world, "hefei", &[]), world.now().timestamp());
    let good = signer.sign(&claims);
    let with_header = |header: Value| {
        let [header, payload] = [&header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{header}.{payload}.")
    };
    let (unsigned, _) = good.rsplit_once('.').expect("a signature");
    let changed = |name: &str, value: Value| signer.object(&world, "hefei", &[(name, value)]);
    let assertion =
        json!({"iss": "hefei", "sub": "hefei", "aud": world.service.issuer(), "exp": now + 60, "jti": "1"});
    let cases = [
        ("alg none", with_header(json!({ "alg": "none" }))),
        ("no signature", format!("{unsigned}.")),
        (
            "a broken signature",
            format!("{}x", good.get(..good.len() - 1).expect("shorter")),
        ),
        ("HS256", with_header(json!({ "alg": "HS256" }))),
        (
            "a key in the header",
            with_header(json!({ "alg": "ES256", "jwk": {} })),
        ),
        ("another key", stranger.sign(&claims)),
        (
            "our key",
            world
                .service
                .ring()
                .sign(SigningAlg::Es256, TokenType::Jwt, &claims.to_string())
                .expect("signed"),
        ),
        ("another kind", signer.sign_as(TokenType::LogoutToken, &claims)),
        ("an assertion", signer.sign(&assertion)),
        ("another issuer", changed("iss", json!("wuhu"))),
        ("no issuer", changed("iss", Value::Null)),
        ("for another", changed("aud", json!("https://evil.test"))),
        ("for nobody", changed("aud", Value::Null)),
        ("no end", changed("exp", Value::Null)),
        ("over", changed("exp", json!(now - 60))),
        ("too long", changed("exp", json!(now + 3700))),
        ("still to come", changed("nbf", json!(now + 61))),
        ("another client inside", changed("client_id", json!("wuhu"))),
        ("an object inside", changed("request", json!(good))),
        (
            "a reference inside",
            changed("request_uri", json!("https://evil.test/")),
        ),
        ("a number for a text", changed("scope", json!(7))),
        ("a list for a text", changed("state", json!(["a"]))),
        ("claims as a list", changed("claims", json!([]))),
        ("resources of numbers", changed("resource", json!([1]))),
        ("nonsense", "x".to_owned()),
        ("encrypted", "a.b.c.d.e".to_owned()),
    ];
    let redirect = redirect_uri("hefei");
    for (case, jwt) in &cases {
        let outside = [("redirect_uri", redirect.as_str()), ("state", "outside")];
        let seen = ask(&browser, jwt, &outside).await;
        assert_eq!(seen.error("hefei"), "invalid_request_object", "{case}");
        assert_eq!(seen.reply("hefei")["state"], "outside", "{case}");
        // Where answers go would stand inside only.
        ask(&browser, jwt, &[]).await.is_page("authorize-request");
        ask(&browser, jwt, &[("redirect_uri", "https://evil.test/")])
            .await
            .is_page("authorize-request");
    }
    for fine in [
        changed("aud", json!([world.service.issuer(), "https://other.example"])),
        changed("nbf", json!(now + 8)),
        changed("client_id", Value::Null),
    ] {
        ask(&browser, &fine, &[]).await.code("hefei");
    }
    for (typ, fine) in [
        ("oauth-authz-req+jwt", true),
        ("application/oauth-authz-req+jwt", true),
        ("client-authentication+jwt", false),
        ("at+jwt", false),
    ] {
        let jwt = signer.sign_with(&json!({ "alg": "ES256", "typ": typ }), &claims);
        let reply = ask(&browser, &jwt, &[("redirect_uri", &redirect)])
            .await
            .reply("hefei");
        assert_eq!(reply.contains_key("code"), fine, "{typ}");
    }
    ask(
        &browser,
        &signer.sign_with(&json!({ "alg": "ES256" }), &claims),
        &[],
    )
    .await
    .code("hefei");
    // Who has no keys signs nothing, and who is nobody neither.
    world.apply(testing::client("hefei")).await;
    ask(&browser, &good, &[]).await.is_page("authorize-request");
    let unknown =
        serde_urlencoded::to_string([("client_id", "nobody"), ("request", &good)]).expect("a query");
    browser
        .get(&format!("/authorize?{unknown}"))
        .await
        .is_page("authorize-client");
}

#[tokio::test]
async fn attack_017_a_second_object_is_refused_and_an_object_beside_a_handle() {
    let (world, signer) = signing_world().await;
    let browser = Browser::signed_in(&world).await;
    let good = signer.object(&world, "hefei", &[]);
    let redirect = redirect_uri("hefei");
    for name in ["request", "request_uri"] {
        let value = if name == "request" { good.as_str() } else { "urn:x" };
        let seen = ask(&browser, &good, &[(name, value), ("redirect_uri", &redirect)]).await;
        assert_eq!(seen.error("hefei"), "invalid_request", "{name}");
        ask(&browser, &good, &[(name, value)])
            .await
            .is_page("authorize-request");
    }
}

#[tokio::test]
async fn attack_133_nothing_is_fetched_whatever_request_uri_says() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    for uri in [
        "https://hefei.example/request.jwt",
        "https://hefei.example/request.jwt#hash",
        "http://127.0.0.1:5432/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://evil.test/",
        "urn:ietf:params:oauth:request_uri:",
        "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c",
        "URN:IETF:PARAMS:OAUTH:REQUEST_URI:6esc_11ACC5bwc014ltc14eY22c",
        "x",
    ] {
        let seen = browser.authorize("hefei", &[("request_uri", uri)]).await;
        assert_eq!(seen.error("hefei"), "request_uri_not_supported", "{uri}");
        let seen = browser
            .authorize("hefei", &[("request_uri", uri), ("redirect_uri", "")])
            .await;
        seen.is_page("authorize-request");
    }
}

#[tokio::test]
async fn attack_305_deep_and_huge_json_in_an_object_is_refused() {
    let (world, signer) = signing_world().await;
    let browser = Browser::signed_in(&world).await;
    let redirect = redirect_uri("hefei");
    let deep = format!("{}1{}", "[".repeat(2000), "]".repeat(2000));
    let unsigned = |payload: &str| {
        format!(
            "{}.{}.AAAA",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#),
            URL_SAFE_NO_PAD.encode(payload)
        )
    };
    for jwt in [
        unsigned(&format!(r#"{{"claims":{deep}}}"#)),
        unsigned(r#"{"exp":1e999999}"#),
        format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode("[".repeat(1500))),
        "a".repeat(7000),
    ] {
        let seen = ask(&browser, &jwt, &[("redirect_uri", &redirect)]).await;
        assert_eq!(seen.error("hefei"), "invalid_request_object");
    }
    // Signed by the client, nested deeper than anything that claims need: its own limit holds inside as well.
    let mut nested = json!(1);
    for _ in 0..100 {
        nested = json!([nested]);
    }
    let jwt = signer.object(
        &world,
        "hefei",
        &[("claims", json!({ "id_token": { "x": { "value": nested } } }))],
    );
    ask(&browser, &jwt, &[]).await.code("hefei");
    let many: serde_json::Map<_, _> = (0..200).map(|n| (format!("c{n}"), Value::Null)).collect();
    let jwt = signer.object(&world, "hefei", &[("claims", json!({ "userinfo": many }))]);
    assert_eq!(ask(&browser, &jwt, &[]).await.error("hefei"), "invalid_request");
}

#[tokio::test]
async fn a_registered_algorithm_is_the_only_one() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let redirect = redirect_uri("hefei");
    for alg in SigningAlg::ALL {
        let signer = Signer::new(alg);
        let mut client = signer.client("hefei");
        for (registered, taken) in [
            (None, true),
            (Some(alg), true),
            (SigningAlg::ALL.into_iter().find(|other| *other != alg), false),
        ] {
            client.request_object_signing_alg = registered;
            world.apply(client.clone()).await;
            let jwt = signer.object(&world, "hefei", &[]);
            let reply = ask(&browser, &jwt, &[("redirect_uri", &redirect)])
                .await
                .reply("hefei");
            assert_eq!(reply.contains_key("code"), taken, "{} {registered:?}", alg.name());
        }
    }
}

#[tokio::test]
async fn a_client_that_must_sign_gets_nothing_unsigned_and_a_signed_request_may_take_its_time() {
    for world in testing::worlds().await {
        let signer = Signer::new(SigningAlg::Es256);
        let mut client = signer.client("hefei");
        client.require_signed_request_object = true;
        world.apply(client).await;
        let browser = Browser::new(&world);
        assert_eq!(
            browser.authorize("hefei", &[]).await.error("hefei"),
            "invalid_request"
        );
        let jwt = signer.object(&world, "hefei", &[]);
        let id = ask(&browser, &jwt, &[]).await.asks("/sign-in");
        // The object is over by then; it was good when it came.
        world.clock.advance(TimeDelta::minutes(30));
        browser.sign_in(world.account).await;
        let reply = browser.resume(&id).await.reply("hefei");
        assert_eq!(reply["state"], "inside");
        assert_eq!(world.redeem("hefei", &reply["code"]).await.status, StatusCode::OK);
        // attack_054: nothing that a browser holds can say that a request was signed.
        for words in [("request", "signed"), ("request", "")] {
            let reply = browser.authorize("hefei", &[words]).await.reply("hefei");
            assert!(!reply.contains_key("code"), "{words:?}");
        }
    }
}

#[tokio::test]
async fn a_signed_request_in_a_form_without_our_cookies_waits_here() {
    let (world, signer) = signing_world().await;
    let mut client = signer.client("hefei");
    client.require_signed_request_object = true;
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    let jwt = signer.object(&world, "hefei", &[]);
    let fields = [("client_id", "hefei"), ("request", jwt.as_str())];
    let seen = browser.post_from_outside("/authorize", &fields).await;
    assert!(seen.location().len() < 200, "{}", seen.location());
    let reply = browser.get(seen.location()).await.reply("hefei");
    assert!(reply.contains_key("code") && reply["state"] == "inside");
    let plain = parameters("hefei", &[("request", "x.y.z")]);
    let plain: Vec<_> = plain
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let seen = browser.post_from_outside("/authorize", &plain).await;
    assert_eq!(seen.error("hefei"), "invalid_request_object");
}

#[tokio::test]
async fn keys_at_an_address_of_the_client_sign_too_and_new_ones_are_looked_for() {
    let world = testing::world().await;
    let site = Site::start().await;
    let (one, two) = (Signer::new(SigningAlg::Es256), Signer::new(SigningAlg::Es256));
    let set = |signer: &Signer| signer.client("hefei").jwks.expect("keys").to_string();
    site.serve(set(&one));
    let mut client = testing::client("hefei");
    client.jwks_uri = Some(site.uri.clone());
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    ask(&browser, &one.object(&world, "hefei", &[]), &[])
        .await
        .code("hefei");
    ask(&browser, &one.object(&world, "hefei", &[]), &[])
        .await
        .code("hefei");
    assert_eq!(site.asked(), 1);
    site.serve(set(&two));
    world.clock.advance(TimeDelta::minutes(2));
    ask(&browser, &two.object(&world, "hefei", &[]), &[])
        .await
        .code("hefei");
    // attack_142: a storm of keys that nobody has asks no more than once in a while.
    for _ in 0..5 {
        let stranger = Signer::new(SigningAlg::Es256);
        ask(&browser, &stranger.object(&world, "hefei", &[]), &[])
            .await
            .is_page("authorize-request");
    }
    assert_eq!(site.asked(), 2);
}
