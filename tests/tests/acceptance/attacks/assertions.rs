//! Assertions of clients (`private_key_jwt`): forged, misdirected, replayed.

use acceptance::clients::{Key, Proof};
use acceptance::engine;
use acceptance::journey::newcomer;
use acceptance::party::Party;
use acceptance::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use openidconnect::PrivateSigningKey as _;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use serde_json::{Value, json};
use sha2::Sha256;

use super::clients::{Ready, is_refused};

/// A token with a header of the attacker's choice.
fn raw_token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// The example key of RFC 8410, which everybody has.
const ATTACKER: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

#[tokio::test]
async fn attack_069_no_forged_assertion_passes_and_no_key_is_fetched() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let ready = Ready::new(&world, &mut visitor, "key").await;
    let claims = || ready.party.assertion_claims(Utc::now());
    let Proof::Key(own) = &ready.party.client.proof else {
        panic!("a key")
    };
    let kid = own.jwks["keys"][0]["kid"].clone();
    let attacker = CoreEdDsaPrivateSigningKey::from_ed25519_pem(ATTACKER, None).expect("a key");
    let sign = |data: &[u8]| {
        attacker
            .sign(&CoreJwsSigningAlgorithm::EdDsa, data)
            .expect("a signature")
    };
    let public = serde_json::to_value(attacker.as_verification_key()).expect("JSON");
    let jwks: Value = engine::send(world.http.get(world.at("/jwks.json")))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let ours = jwks["keys"][0].to_string().into_bytes();
    let evil = world.outside.base();
    let mut forged = vec![
        (
            "alg none",
            raw_token(&json!({"alg":"none"}), &claims(), |_| Vec::new()),
        ),
        (
            "alg None with the key's name",
            raw_token(&json!({"alg":"None","kid":kid}), &claims(), |_| Vec::new()),
        ),
        (
            "HS256 with its own public key",
            raw_token(&json!({"alg":"HS256","kid":kid}), &claims(), |data| {
                hmac(own.jwks["keys"][0].to_string().as_bytes(), data)
            }),
        ),
        (
            "HS256 with our public key",
            raw_token(&json!({"alg":"HS256"}), &claims(), |data| hmac(&ours, data)),
        ),
        (
            "HS256 with nothing",
            raw_token(&json!({"alg":"HS256"}), &claims(), |data| hmac(b"", data)),
        ),
        (
            "the attacker's key",
            raw_token(&json!({"alg":"EdDSA"}), &claims(), sign),
        ),
        (
            "the attacker's key under the right name",
            raw_token(&json!({"alg":"EdDSA","kid":kid}), &claims(), sign),
        ),
        (
            "ES256 promised, EdDSA given",
            raw_token(&json!({"alg":"ES256","kid":kid}), &claims(), sign),
        ),
        ("another client's key", Key::new().sign(&claims())),
        (
            "no signature",
            own.sign(&claims())
                .rsplit_once('.')
                .map(|(head, _)| format!("{head}."))
                .unwrap(),
        ),
        ("not a token", "x".to_owned()),
        ("empty", String::new()),
    ];
    for header in [
        json!({"alg":"EdDSA","jwk":public}),
        json!({"alg":"EdDSA","jku":format!("{evil}/jwks.json")}),
        json!({"alg":"EdDSA","x5u":format!("{evil}/cert.pem")}),
        json!({"alg":"EdDSA","x5c":["MIIB"]}),
        json!({"alg":"EdDSA","crit":["exp"],"exp":1}),
        json!({"alg":"EdDSA","kid":"../../../dev/null"}),
        json!({"alg":"EdDSA","kid":format!("{evil}/key")}),
    ] {
        forged.push(("a header that brings a key", raw_token(&header, &claims(), sign)));
    }
    for (case, assertion) in &forged {
        // Only so many refusals are written down for one client and address.
        let refused = ready.try_assertion(assertion).await;
        assert!(
            [401, 429].contains(&refused.status.as_u16()),
            "{case}: {} {}",
            refused.status,
            refused.body
        );
        assert_eq!(refused.error(), "invalid_client", "{case}");
    }
    ready.still_works().await;
}

#[tokio::test]
async fn attack_070_an_assertion_is_for_us_alone_from_the_client_and_of_this_moment() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let ready = Ready::new(&world, &mut visitor, "key").await;
    let Proof::Key(own) = &ready.party.client.proof else {
        panic!("a key")
    };
    let now = Utc::now();
    let at = |seconds: i64| (now + TimeDelta::seconds(seconds)).timestamp();
    for (case, name, value) in [
        ("another provider", "aud", json!("https://other.example")),
        (
            "another provider's token endpoint",
            "aud",
            json!("https://other.example/token"),
        ),
        ("a list with us in it", "aud", json!([ready.party.issuer])),
        (
            "a list with both of our names",
            "aud",
            json!([ready.party.issuer, ready.party.token_endpoint]),
        ),
        (
            "a list with another provider",
            "aud",
            json!([ready.party.issuer, "https://other.example"]),
        ),
        ("with a slash", "aud", json!(format!("{}/", ready.party.issuer))),
        ("nobody", "aud", Value::Null),
        ("another subject", "sub", json!("basic")),
        ("another issuer", "iss", json!("basic")),
        ("expired", "exp", json!(at(-120))),
        ("for ever", "exp", json!(at(86_400))),
        ("no end", "exp", Value::Null),
        ("a text for an end", "exp", json!("2030-01-01")),
        ("not yet", "nbf", json!(at(300))),
        ("from the future", "iat", json!(at(300))),
        ("no number", "jti", Value::Null),
        ("an empty number", "jti", json!("")),
    ] {
        let mut claims = ready.party.assertion_claims(now);
        let map = claims.as_object_mut().expect("an object");
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.to_owned(), value);
        }
        is_refused(&ready.try_assertion(&own.sign(&claims)).await, case);
    }
    // Under the plain profile the token endpoint is a name of ours, too; still_works names the issuer.
    let named = Ready::new(&world, &mut visitor, "key").await;
    let mut claims = named.party.assertion_claims(now);
    claims["aud"] = json!(named.party.token_endpoint);
    let accepted = named.try_assertion(&own.sign(&claims)).await;
    assert_eq!(
        accepted.status.as_u16(),
        200,
        "the token endpoint: {}",
        accepted.body
    );
    ready.still_works().await;
}

#[tokio::test]
async fn attack_071_an_assertion_is_good_once() {
    for world in World::shared().await {
        let (mut visitor, _) = newcomer(&world).await;
        let party = Party::new(&world, "key");
        let assertion = party.assertion_fields(&party.assertion_claims(Utc::now()));
        let mut tries = Vec::new();
        for _ in 0..6 {
            let ready = Ready::new(&world, &mut visitor, "key").await;
            let mut fields = ready.fields(&[]);
            fields.extend(assertion.clone());
            tries.push((ready.party.clone(), fields));
        }
        // Each with a good code of its own, all at once.
        let sent: Vec<_> = tries
            .into_iter()
            .map(|(party, fields)| {
                tokio::spawn(async move { party.token_with(&fields, &[]).await.status.as_u16() })
            })
            .collect();
        let mut answers = Vec::new();
        for one in sent {
            answers.push(one.await.expect("no panic"));
        }
        answers.sort_unstable();
        assert_eq!(answers, [200, 401, 401, 401, 401, 401]);
    }
}
