//! Clients of the FAPI 2.0 Security Profile, and pushed requests that are bound to a key.

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use model::client::{AuthMethod, CodeProtection, SigningAlg};
use serde_json::{Value, json};
use store::throttles;

use super::{DEPOSITS, FORM, begin, handle, push, push_signed, redeem, send, with_assertion};
use crate::authorize::tests::browser::{Browser, authorize_path, parameters};
use crate::authorize::tests::signing::Signer;
use crate::testing::{self, Holder, SECRET, basic, fields};

/// The FAPI 2.0 Security Profile at both endpoints: what it refuses is refused, what it allows works.
#[tokio::test]
async fn a_client_of_the_fapi_profile_is_held_to_it() {
    for world in testing::worlds().await {
        let signer = Signer::new(SigningAlg::Es256);
        world.apply(signer.fapi("hefei")).await;
        let browser = Browser::signed_in(&world).await;
        let pushed =
            async |changes: &[(&str, &str)]| push_signed(&world, &signer, parameters("hefei", changes)).await;
        // Not pushed: by value, by a signed object, by a reference of its own.
        assert_eq!(
            browser.authorize("hefei", &[]).await.error("hefei"),
            "invalid_request"
        );
        let object = signer.object(&world, "hefei", &[]);
        let seen = browser.authorize("hefei", &[("request", &object)]).await;
        assert_eq!(seen.error("hefei"), "invalid_request");
        for (changes, error) in [
            (
                vec![("code_challenge", ""), ("code_challenge_method", "")],
                "invalid_request",
            ),
            (vec![("code_challenge_method", "plain")], "invalid_request"),
            (
                vec![("response_type", "code id_token")],
                "unsupported_response_type",
            ),
            (vec![("response_type", "token")], "unsupported_response_type"),
            (
                vec![("redirect_uri", "http://hefei.example/callback")],
                "invalid_request",
            ),
        ] {
            let answer = pushed(&changes).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (400, error),
                "{changes:?}"
            );
        }
        // attack_069: neither a secret nor nothing.
        assert_eq!(push(&world, "hefei", &[]).await.status, StatusCode::UNAUTHORIZED);
        let bare = serde_urlencoded::to_string(parameters("hefei", &[])).unwrap();
        assert_eq!(send(&world, &[], bare).await.status, StatusCode::UNAUTHORIZED);

        for nonce in ["n".repeat(64), "n".repeat(384), String::new()] {
            let answer = pushed(&[("nonce", &nonce), ("state", "")]).await;
            let reply = begin(&browser, "hefei", handle(&answer), &[])
                .await
                .reply("hefei");
            assert_eq!(reply.keys().collect::<Vec<_>>(), ["code", "iss"]);
        }
    }
}

#[tokio::test]
async fn a_request_object_of_the_fapi_profile_has_its_times_and_its_algorithms() {
    let world = testing::world().await;
    let signer = Signer::new(SigningAlg::Es256);
    world.apply(signer.fapi("hefei")).await;
    let now = world.now().timestamp();
    let sent = async |signer: &Signer, object: String| {
        let fields = [("client_id", "hefei"), ("request", object.as_str())];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        push_signed(&world, signer, fields.to_vec()).await
    };
    for (changes, fine) in [
        (vec![], true),
        (vec![("nbf", json!(now + 8))], true),
        (vec![("aud", json!([world.service.issuer(), "x"]))], true),
        (vec![("nbf", Value::Null)], false),
        (vec![("nbf", json!(now + 61))], false),
        (vec![("nbf", json!(now - 3700))], false),
        (
            vec![("nbf", json!(now - 3000)), ("exp", json!(now + 3000))],
            false,
        ),
        (vec![("exp", Value::Null)], false),
        (vec![("exp", json!(now - 60))], false),
        (vec![("exp", json!(now + 3700))], false),
        (vec![("aud", json!("https://other.example"))], false),
        (vec![("client_id", Value::Null)], false),
    ] {
        let answer = sent(&signer, signer.object(&world, "hefei", &changes)).await;
        let expected = if fine {
            (201, "no error")
        } else {
            (400, "invalid_request_object")
        };
        assert_eq!((answer.status.as_u16(), answer.error()), expected, "{changes:?}");
    }
    let both = Signer::new(SigningAlg::Rs256);
    let mut client = signer.fapi("hefei");
    let mut keys = client.jwks.take().unwrap();
    let second = both.client("hefei").jwks.unwrap()["keys"][0].clone();
    keys["keys"].as_array_mut().unwrap().push(second);
    client.jwks = Some(keys);
    for registered in [None, Some(SigningAlg::Rs256)] {
        client.request_object_signing_alg = registered;
        world.apply(client.clone()).await;
        let answer = sent(&signer, both.object(&world, "hefei", &[])).await;
        assert_eq!(answer.error(), "invalid_request_object", "RS256 {registered:?}");
    }
}

#[tokio::test]
async fn registrations_that_break_the_fapi_profile_get_nothing() {
    let world = testing::world().await;
    let signer = Signer::new(SigningAlg::Es256);
    let browser = Browser::signed_in(&world).await;
    let mut public = signer.fapi("hefei");
    public.auth_method = AuthMethod::None;
    world.apply(public).await;
    let body = serde_urlencoded::to_string(parameters("hefei", &[])).unwrap();
    let answer = send(&world, &[], body).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    let mut plain = signer.fapi("hefei");
    let http = "http://hefei.example/callback";
    plain.redirect_uris = vec![http.to_owned()];
    world.apply(plain).await;
    let answer = push_signed(&world, &signer, parameters("hefei", &[("redirect_uri", http)])).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"));
    // The registration cannot take PKCE away either.
    let mut nonce = signer.fapi("hefei");
    nonce.code_protection = CodeProtection::Nonce;
    world.apply(nonce).await;
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let answer = push_signed(&world, &signer, parameters("hefei", &bare)).await;
    assert_eq!(answer.error(), "invalid_request");
    let path = authorize_path("hefei", &[("prompt", "none")]);
    assert_eq!(browser.get(&path).await.error("hefei"), "invalid_request");
}

const PAR: (&str, &str) = ("POST", "http://localhost:8080/par");

#[tokio::test]
async fn a_proof_with_the_pushed_request_binds_the_code() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        let (holder, other) = (Holder::new(), Holder::new());
        let authorization = basic("hefei", SECRET);
        let push_proven = async |changes: &[(&str, &str)], proof: &str| {
            let body = serde_urlencoded::to_string(parameters("hefei", changes)).unwrap();
            send(
                &world,
                &[("authorization", &authorization), ("dpop", proof)],
                body,
            )
            .await
        };
        for (named, redeemer, status) in [
            ("", Some(&holder), 200),
            (holder.jkt(), Some(&holder), 200),
            ("", Some(&other), 400),
            ("", None, 400),
        ] {
            let answer = push_proven(&[("dpop_jkt", named)], &holder.proof(PAR, world.now())).await;
            assert!(answer.headers.contains_key("dpop-nonce"));
            let code = begin(&browser, "hefei", handle(&answer), &[]).await.code("hefei");
            let tokens = redeem(&world, &code, redeemer).await;
            assert_eq!(tokens.status.as_u16(), status, "{named:?} {}", tokens.json);
        }
        // The key that the request names binds by itself, pushed or not.
        let named = [("dpop_jkt", holder.jkt())];
        let code = browser.authorize("hefei", &named).await.code("hefei");
        assert_eq!(
            redeem(&world, &code, Some(&other)).await.status,
            StatusCode::BAD_REQUEST
        );
        let code = browser.authorize("hefei", &named).await.code("hefei");
        assert_eq!(redeem(&world, &code, Some(&holder)).await.status, StatusCode::OK);

        let proof = holder.proof(PAR, world.now());
        handle(&push_proven(&[], &proof).await);
        let elsewhere = holder.proof(("POST", "http://localhost:8080/token"), world.now());
        for (case, changes, proof) in [
            ("used before", vec![], proof.as_str()),
            ("for another address", vec![], elsewhere.as_str()),
            ("no proof", vec![], "x"),
            (
                "another key",
                vec![("dpop_jkt", other.jkt())],
                &*holder.proof(PAR, world.now()),
            ),
        ] {
            let answer = push_proven(&changes, proof).await;
            let told = (answer.status.as_u16(), answer.error());
            assert_eq!(told, (400, "invalid_dpop_proof"), "{case}");
        }
    }
}

#[tokio::test]
async fn a_request_of_the_fapi_profile_comes_to_its_tokens() {
    for world in testing::worlds().await {
        let (signer, holder) = (Signer::new(SigningAlg::Es256), Holder::new());
        world.apply(signer.fapi("hefei")).await;
        let browser = Browser::signed_in(&world).await;
        let answer = push_signed(&world, &signer, parameters("hefei", &[])).await;
        let reply = begin(&browser, "hefei", handle(&answer), &[])
            .await
            .reply("hefei");
        assert_eq!(reply.keys().collect::<Vec<_>>(), ["code", "iss", "state"]);
        let form = fields("hefei", &reply["code"]);
        let form = form
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let proof = holder.proof(("POST", "http://localhost:8080/token"), world.now());
        let request = Request::post("/token")
            .header(CONTENT_TYPE, FORM)
            .header("dpop", proof);
        let body = Body::from(with_assertion(&world, &signer, form));
        let tokens = world.send(request.body(body).unwrap()).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.json);
        assert_eq!(tokens.json["token_type"], "DPoP");
    }
}

#[tokio::test]
async fn a_key_that_only_the_proof_names_is_measured_with_the_rest() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        let holder = Holder::new();
        let authorization = basic("hefei", SECRET);
        let mut answers = Vec::new();
        // From well below the limit to just above it: what is taken can be begun with.
        for length in (7300..8100).step_by(10) {
            let claims = format!("{{}}{}", " ".repeat(length));
            let body = serde_urlencoded::to_string(parameters("hefei", &[("claims", &claims)])).unwrap();
            let proof = holder.proof(PAR, world.now());
            let headers = [
                ("authorization", authorization.as_str()),
                ("dpop", proof.as_str()),
            ];
            let answer = send(&world, &headers, body).await;
            answers.push(answer.status.as_u16());
            if answer.status == StatusCode::CREATED {
                begin(&browser, "hefei", handle(&answer), &[]).await.code("hefei");
            }
        }
        answers.dedup();
        assert_eq!(answers, [201, 400]);
    }
}

#[tokio::test]
async fn attack_071_an_assertion_that_was_used_does_not_use_up_what_its_client_may_deposit() {
    for world in testing::worlds().await {
        let signer = Signer::new(SigningAlg::Es256);
        let mut client = signer.client("hefei");
        client.auth_method = AuthMethod::PrivateKeyJwt;
        world.apply(client).await;
        let (tx, now) = (world.store.read(), world.now());
        let counted = async || throttles::look(&tx, &DEPOSITS, "hefei", now).await.unwrap().count;
        let body = with_assertion(&world, &signer, parameters("hefei", &[]));
        handle(&send(&world, &[], body.clone()).await);
        assert_eq!(counted().await, 1);
        for _ in 0..3 {
            let answer = send(&world, &[], body.clone()).await;
            assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client"));
        }
        assert_eq!(counted().await, 1);
        // Above the limit an assertion is spent and counted all the same.
        world.test.fill(&DEPOSITS, "hefei", 0).await.unwrap();
        let body = with_assertion(&world, &signer, parameters("hefei", &[]));
        for (status, count) in [(429, DEPOSITS.limit + 1), (401, DEPOSITS.limit + 1)] {
            assert_eq!(send(&world, &[], body.clone()).await.status.as_u16(), status);
            assert_eq!(counted().await, count);
        }
    }
}
