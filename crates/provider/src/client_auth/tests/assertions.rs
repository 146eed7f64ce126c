//! Assertions made with a key: what they must say, by profile.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

async fn taken(world: &World, key: &Key, change: impl FnOnce(&mut Value)) -> bool {
    taken_at(world, key, Endpoint::Token, change).await
}

async fn taken_at(world: &World, key: &Key, endpoint: Endpoint, change: impl FnOnce(&mut Value)) -> bool {
    let mut claims = claims(world);
    change(&mut claims);
    if let Value::Object(map) = &mut claims {
        map.retain(|_, value| !value.is_null());
    }
    Sent::assertion(&key.sign(&claims)).taken(world, endpoint).await
}

#[tokio::test]
async fn attack_070_the_audience_is_one_string_and_the_profile_says_which() {
    for world in testing::worlds().await {
        let key = Key::new(SigningAlg::Es256);
        let path = |endpoint: Endpoint| format!("{ISSUER}{}", endpoint.path());
        for profile in [Profile::Oidc, Profile::Fapi2Security] {
            world.apply(with_key(&key, profile)).await;
            let plain = profile == Profile::Oidc;
            for called in Endpoint::ALL {
                let taken = async |audience: Value| {
                    taken_at(&world, &key, called, |claims| claims["aud"] = audience).await
                };
                assert!(taken(json!(ISSUER)).await, "the issuer at {called:?}");
                for named in Endpoint::ALL {
                    let right = plain && (named == Endpoint::Token || named == called);
                    assert_eq!(taken(json!(path(named))).await, right, "{named:?} at {called:?}");
                }
                assert!(!taken(json!([ISSUER])).await, "a list");
                assert!(!taken(json!([ISSUER, path(called)])).await, "a list of both");
                assert!(!taken(json!(format!("{ISSUER}/"))).await, "a slash");
                world.clock.advance(chrono::TimeDelta::minutes(10));
            }
        }
    }
}

#[tokio::test]
async fn times_are_held_to_the_rules_of_fapi() {
    let world = testing::world().await;
    let key = Key::new(SigningAlg::Es256);
    for profile in [Profile::Oidc, Profile::Fapi2Security] {
        world.apply(with_key(&key, profile)).await;
        let at = world.now().timestamp();
        for (case, name, value, right) in [
            ("8 seconds ahead", "nbf", json!(at + 8), true),
            ("61 seconds ahead", "nbf", json!(at + 61), false),
            ("8 seconds ahead", "iat", json!(at + 8), true),
            ("61 seconds ahead", "iat", json!(at + 61), false),
            ("no time of issue", "iat", Value::Null, true),
            ("over for 5 minutes", "exp", json!(at - 300), false),
            (
                "good for an hour",
                "exp",
                json!(at + 3600),
                profile == Profile::Oidc,
            ),
            ("good for two hours", "exp", json!(at + 7200), false),
            ("no end", "exp", Value::Null, false),
            ("no subject", "sub", Value::Null, false),
            ("no issuer", "iss", Value::Null, false),
            ("no audience", "aud", Value::Null, false),
            ("no number", "jti", Value::Null, false),
        ] {
            let taken = taken(&world, &key, |claims| claims[name] = value).await;
            assert_eq!(taken, right, "{name}: {case}");
        }
        world.clock.advance(chrono::TimeDelta::minutes(10));
    }
}

#[tokio::test]
async fn under_fapi_only_keys_prove_and_rs256_does_not() {
    let world = testing::world().await;
    for alg in SigningAlg::ALL {
        let key = Key::new(alg);
        for profile in [Profile::Oidc, Profile::Fapi2Security] {
            world.apply(with_key(&key, profile)).await;
            let right = profile == Profile::Oidc || alg != SigningAlg::Rs256;
            assert_eq!(
                taken(&world, &key, |_| ()).await,
                right,
                "{alg:?} under {profile:?}"
            );
        }
    }
    // However the registration came to say so.
    for method in [
        AuthMethod::ClientSecretBasic,
        AuthMethod::ClientSecretPost,
        AuthMethod::None,
    ] {
        let mut client = testing::client("hefei");
        client.profile = Profile::Fapi2Security;
        client.auth_method = method;
        world.apply(client).await;
        let sent = match method {
            AuthMethod::ClientSecretBasic => Sent::secret("hefei", testing::SECRET),
            AuthMethod::ClientSecretPost => Sent::default()
                .field("client_id", "hefei")
                .field("client_secret", testing::SECRET),
            _ => Sent::default().field("client_id", "hefei"),
        };
        assert!(!sent.taken(&world, Endpoint::Token).await, "{method:?}");
    }
}

#[tokio::test]
async fn the_registered_algorithm_is_the_only_one() {
    let world = testing::world().await;
    let (rs, ps) = (Key::new(SigningAlg::Rs256), Key::new(SigningAlg::Ps256));
    for (name, rs_right, ps_right) in [
        (None, true, true),
        (Some("RS256"), true, false),
        (Some("PS256"), false, true),
        (Some("HS256"), false, false),
    ] {
        for (key, right) in [(&rs, rs_right), (&ps, ps_right)] {
            let mut client = with_key(key, Profile::Oidc);
            client.token_endpoint_auth_signing_alg = name.map(str::to_owned);
            world.apply(client).await;
            assert_eq!(taken(&world, key, |_| ()).await, right, "{name:?} {:?}", key.1);
        }
    }
}

#[tokio::test]
async fn attack_071_an_assertion_lets_in_once_even_across_endpoints() {
    for world in testing::worlds().await {
        let key = Key::new(SigningAlg::Es256);
        world.apply(with_key(&key, Profile::Oidc)).await;
        let jwt = key.sign(&claims(&world));
        let first = Sent::assertion(&jwt).to(&world, Endpoint::Token).await.unwrap();
        first.admit(&world.store.read()).await.unwrap();
        for endpoint in Endpoint::ALL {
            let again = Sent::assertion(&jwt).to(&world, endpoint).await.unwrap();
            let refused = again.admit(&world.store.read()).await.unwrap_err();
            assert_eq!(refused, ClientAuthError::AssertionReplayed);
            let settled = again.settle(&world.service, refused.into()).await;
            assert_eq!(settled.row().code.as_str(), "invalid_client");
        }
        // What was never acted on can be sent again: the transaction that failed took the note with it.
        let jwt = key.sign(&claims(&world));
        let tx = world.store.begin().await.unwrap();
        let caller = Sent::assertion(&jwt).to(&world, Endpoint::Token).await.unwrap();
        caller.admit(&tx).await.unwrap();
        drop(tx);
        caller.admit(&world.store.read()).await.unwrap();
    }
}

#[tokio::test]
async fn attack_111_113_114_an_encrypted_assertion_is_refused_before_any_key_is_used() {
    let world = testing::world().await;
    let key = Key::new(SigningAlg::Es256);
    world.apply(with_key(&key, Profile::Oidc)).await;
    for header in [
        json!({ "alg": "dir", "enc": "A128GCM" }),
        json!({ "alg": "RSA1_5", "enc": "A128CBC-HS256" }),
        json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "zip": "DEF" }),
        json!({ "alg": "A128KW", "enc": "A128GCM" }),
        json!({ "alg": "ECDH-ES", "enc": "A128GCM", "epk": {} }),
        json!({ "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 1_000_000_000_000_u64, "p2s": "AAAA" }),
    ] {
        let encoded = URL_SAFE_NO_PAD.encode(header.to_string());
        for (iv, tag) in [
            ("", ""),
            ("AAAA", "AAAA"),
            ("AAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA"),
        ] {
            let jwe = format!("{encoded}.AAAA.{iv}.AAAA.{tag}");
            let sent = Sent::assertion(&jwe).field("client_id", "hefei");
            let refusal = sent.to(&world, Endpoint::Token).await.unwrap_err();
            assert_eq!(refusal.row().code.as_str(), "invalid_client", "{header}");
        }
    }
}
