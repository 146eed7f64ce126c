//! How clients prove themselves, and how they do not (A061 to A071).

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Request;
use http::header::CONTENT_TYPE;
use jose::key::PrivateKey;
use jose::ring::{KeyState, Ring};
use jose::sign::TokenType;
use model::client::{AuthMethod, SigningAlg};
use serde_json::{Value, json};

use super::{ALL, refused, refused_client};
use crate::testing::{self, Answer, SECRET, World, basic, fields};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn attack_061_062_063_requests_of_another_form_are_refused() {
    let world = testing::world().await;
    let answer = world.get("/token").await;
    refused(&answer, 405, "invalid_request", "GET");
    assert_eq!(answer.headers["allow"], "POST");
    for kind in [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
    ] {
        let request = Request::post("/token").header(CONTENT_TYPE, kind);
        let answer = world.send(request.body(Body::from("{}")).unwrap()).await;
        refused(&answer, 400, "invalid_request", kind);
    }
    for query in [
        "client_secret=x",
        "client_id=hefei",
        "code=x",
        "client_assertion=x",
    ] {
        let request = Request::post(format!("/token?{query}")).header(CONTENT_TYPE, FORM);
        let answer = world
            .send(request.body(Body::from("grant_type=authorization_code")).unwrap())
            .await;
        refused(&answer, 400, "invalid_request", query);
    }
    let authorization = basic("hefei", SECRET);
    let twice = [("grant_type", "authorization_code"), ("code", "a"), ("code", "b")];
    refused(
        &world.token(Some(&authorization), &twice).await,
        400,
        "invalid_request",
        "a parameter twice",
    );
    let both = [("client_id", "hefei"), ("client_secret", SECRET)];
    refused(
        &world.token(Some(&authorization), &both).await,
        400,
        "invalid_request",
        "Basic and body",
    );
    let fake = [
        ("client_assertion", "e30.e30."),
        ("client_assertion_type", "x"),
        ("client_secret", SECRET),
    ];
    refused_client(
        &world.token(None, &fake).await,
        "attack_065: an unsigned assertion",
    );
    let other = [("client_id", "wuhu")];
    refused(
        &world.token(Some(&authorization), &other).await,
        400,
        "invalid_request",
        "two names",
    );
}

#[tokio::test]
async fn attack_066_067_081_wrong_proofs_get_one_answer() {
    let world = testing::world().await;
    let raw = |text: &[u8]| format!("Basic {}", STANDARD.encode(text));
    let whole = basic("hefei", SECRET);
    let mut cases = vec![
        ("wrong secret", basic("hefei", "wrong")),
        ("unknown client", basic("nobody", SECRET)),
        ("no name at all", basic("a b", SECRET)),
        ("empty secret", raw(b"hefei:")),
        ("no colon", raw(b"hefei")),
        ("not UTF-8", raw(b"hefei:\xff\xfe")),
        ("broken percent-encoding", raw(b"hefei:%zz")),
        ("another scheme", whole.replace("Basic", "Bearer")),
        (
            "no padding",
            whole.trim_end_matches('=').replace("Basic ", "Basic  "),
        ),
        ("a line break", format!("{whole}=")),
        (
            "url alphabet",
            format!("Basic {}", STANDARD.encode("hefei:???>>>").replace('/', "_")),
        ),
        ("nothing", "Basic".to_owned()),
    ];
    cases.push(("trailing text", format!("{whole} x")));
    for (case, authorization) in cases {
        let answer = world.token(Some(&authorization), &fields("hefei", "x")).await;
        refused_client(&answer, case);
    }
    // The right secret by another method than the registered one, and no secret at all.
    refused_client(
        &world
            .token(None, &[("client_id", "hefei"), ("client_secret", SECRET)])
            .await,
        "attack_067: post where basic is registered",
    );
    refused_client(
        &world.token(None, &[("client_id", "hefei")]).await,
        "attack_067: none",
    );
    refused_client(
        &world
            .token(None, &[("client_id", "hefei"), ("client_secret", "")])
            .await,
        "empty",
    );
    refused_client(
        &world.token(None, &[("grant_type", "authorization_code")]).await,
        "no name",
    );
    let mut client = testing::client("hefei");
    client.disabled = true;
    world.apply(client).await;
    let code = world.issue("hefei", &world.details(ALL)).await;
    refused_client(&world.redeem("hefei", &code).await, "attack_081: switched off");
}

#[tokio::test]
async fn many_refusals_are_slowed_down_and_the_right_proof_is_still_accepted() {
    let world = testing::world().await;
    for _ in 0..30 {
        refused_client(
            &world.token(Some(&basic("hefei", "wrong")), &[]).await,
            "below the limit",
        );
    }
    let answer = world.token(Some(&basic("hefei", "wrong")), &[]).await;
    refused(&answer, 429, "invalid_client", "over the limit");
    assert!(answer.headers.contains_key("retry-after"));
    let code = world.issue("hefei", &world.details(ALL)).await;
    assert_eq!(world.redeem("hefei", &code).await.status, 200);
}

#[tokio::test]
async fn the_secret_in_the_form_and_public_clients_work_as_registered() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    client.auth_method = AuthMethod::ClientSecretPost;
    world.apply(client.clone()).await;
    let code = world.issue("hefei", &world.details(ALL)).await;
    let mut form = fields("hefei", &code).to_vec();
    form.extend([("client_id", "hefei"), ("client_secret", SECRET)]);
    assert_eq!(world.token(None, &form).await.status, 200);
    refused_client(
        &world.token(Some(&basic("hefei", SECRET)), &[]).await,
        "basic where post is registered",
    );

    client.auth_method = AuthMethod::None;
    world.apply(client).await;
    let code = world.issue("hefei", &world.details(ALL)).await;
    let mut form = fields("hefei", &code).to_vec();
    form.push(("client_id", "hefei"));
    assert_eq!(world.token(None, &form).await.status, 200);
}

/// A client with a key of its own.
pub(super) async fn with_key(world: &World) -> Ring {
    let key = PrivateKey::generate(SigningAlg::Es256).unwrap();
    let mut client = testing::client("hefei");
    client.auth_method = AuthMethod::PrivateKeyJwt;
    client.jwks = Some(json!({ "keys": [key.public().to_value()] }));
    world.apply(client).await;
    Ring::new([(KeyState::Current, key)]).unwrap()
}

pub(super) fn assertion(world: &World, change: impl FnOnce(&mut Value)) -> String {
    let now = world.now().timestamp();
    let mut claims = json!({
        "iss": "hefei", "sub": "hefei", "aud": "http://localhost:8080", "jti": "1", "iat": now, "exp": now + 300,
    });
    change(&mut claims);
    claims.to_string()
}

pub(super) async fn assert_with(world: &World, jwt: &str, code: &str) -> Answer {
    let mut form = fields("hefei", code).to_vec();
    form.push(("client_assertion", jwt));
    form.push((
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ));
    world.token(None, &form).await
}

#[tokio::test]
async fn attack_070_071_an_assertion_is_for_us_and_good_once() {
    for world in testing::worlds().await {
        let ring = with_key(&world).await;
        let sign = |claims: &str| ring.sign(SigningAlg::Es256, TokenType::Jwt, claims).unwrap();
        for (jti, audience) in [
            ("1", "http://localhost:8080"),
            ("2", "http://localhost:8080/token"),
        ] {
            let jwt = sign(&assertion(&world, |claims| {
                claims["aud"] = audience.into();
                claims["jti"] = jti.into();
            }));
            let code = world.issue("hefei", &world.details(ALL)).await;
            assert_eq!(assert_with(&world, &jwt, &code).await.status, 200, "{audience}");
            let code = world.issue("hefei", &world.details(ALL)).await;
            refused_client(
                &assert_with(&world, &jwt, &code).await,
                "attack_071: the same jti",
            );
        }
        let now = world.now().timestamp();
        let cases: [(&str, &str, Value); 9] = [
            ("a list", "aud", json!(["http://localhost:8080"])),
            ("another provider", "aud", json!("https://other.example")),
            ("a slash more", "aud", json!("http://localhost:8080/")),
            ("another issuer", "iss", json!("wuhu")),
            ("another subject", "sub", json!("wuhu")),
            ("expired", "exp", json!(now - 60)),
            ("more than an hour ahead", "exp", json!(now + 3660)),
            ("not valid yet", "nbf", json!(now + 61)),
            ("no jti", "jti", Value::Null),
        ];
        for (case, name, value) in cases {
            let jwt = sign(&assertion(&world, |claims| {
                claims["jti"] = format!("jti of {case}").into();
                claims[name] = value;
            }));
            let code = world.issue("hefei", &world.details(ALL)).await;
            refused_client(&assert_with(&world, &jwt, &code).await, case);
        }
    }
}

#[tokio::test]
async fn attack_069_an_assertion_that_the_clients_key_did_not_sign_is_refused() {
    let world = testing::world().await;
    let ring = with_key(&world).await;
    let claims = assertion(&world, |_| {});
    let stranger = Ring::new([(
        KeyState::Current,
        PrivateKey::generate(SigningAlg::Es256).unwrap(),
    )])
    .unwrap();
    let good = ring.sign(SigningAlg::Es256, TokenType::Jwt, &claims).unwrap();
    let (signed, _) = good.rsplit_once('.').unwrap();
    let encoded = |header: Value| {
        format!(
            "{}.{}.AAAA",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(&claims)
        )
    };
    for (case, jwt) in [
        (
            "another key",
            stranger.sign(SigningAlg::Es256, TokenType::Jwt, &claims).unwrap(),
        ),
        (
            "our key",
            world
                .service
                .ring()
                .sign(SigningAlg::Es256, TokenType::Jwt, &claims)
                .unwrap(),
        ),
        ("no signature", format!("{signed}.")),
        ("alg none", encoded(json!({ "alg": "none" }))),
        ("HS256", encoded(json!({ "alg": "HS256" }))),
        (
            "jku",
            encoded(json!({ "alg": "ES256", "jku": "https://evil.test/jwks" })),
        ),
        (
            "another type",
            ring.sign(SigningAlg::Es256, TokenType::LogoutToken, &claims)
                .unwrap(),
        ),
        ("nonsense", "a.b.c".to_owned()),
    ] {
        let code = world.issue("hefei", &world.details(ALL)).await;
        refused_client(&assert_with(&world, &jwt, &code).await, case);
    }
    refused_client(
        &world.token(Some(&basic("hefei", SECRET)), &[]).await,
        "the old secret",
    );
}
