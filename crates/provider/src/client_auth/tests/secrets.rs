//! Secrets: sent, or used to make an assertion; two of them while one replaces the other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use store::clients::PreviousSecret;

use super::*;

const NEW: &str = "the secret that is good from now on, 256 bits";
const OLD: &str = "the secret that was good up to now, 256 bits";

async fn register(world: &World, method: AuthMethod, alg: Option<&str>) {
    let mut client = testing::client("hefei");
    client.auth_method = method;
    client.token_endpoint_auth_signing_alg = alg.map(str::to_owned);
    let kept = |secret: &str| {
        method
            .needs_plain_secret()
            .then(|| Sensitive::new(secret.to_owned()))
    };
    let stored = StoredClient {
        secret: kept(NEW),
        previous: Some(PreviousSecret {
            hash: TokenHash::of(OLD),
            secret: kept(OLD),
            until: world.now() + TimeDelta::hours(1),
        }),
        ..StoredClient::new(client, Some(TokenHash::of(NEW)))
    };
    store::clients::put(&world.store.read(), &stored, world.now())
        .await
        .unwrap();
    world.service.refresh().await.unwrap();
}

fn assertion(claims: &Value, (alg, secret): (&str, &str)) -> Sent {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!(
        "{}.{}",
        encode(&json!({ "alg": alg, "typ": "JWT" })),
        encode(claims)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(input.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Sent::assertion(&format!("{input}.{signature}"))
}

#[tokio::test]
async fn a_secret_that_was_replaced_is_good_for_the_time_of_the_overlap() {
    for world in testing::worlds().await {
        for method in [
            AuthMethod::ClientSecretBasic,
            AuthMethod::ClientSecretPost,
            AuthMethod::ClientSecretJwt,
        ] {
            register(&world, method, None).await;
            let sent = |secret: &str| match method {
                AuthMethod::ClientSecretBasic => Sent::secret("hefei", secret),
                AuthMethod::ClientSecretPost => Sent::default()
                    .field("client_id", "hefei")
                    .field("client_secret", secret),
                _ => assertion(&claims(&world), ("HS256", secret)),
            };
            for (secret, right) in [
                (NEW, true),
                (OLD, true),
                ("a secret that never was good, as long as those", false),
            ] {
                assert_eq!(
                    sent(secret).taken(&world, Endpoint::Token).await,
                    right,
                    "{method:?}"
                );
            }
            world.clock.advance(TimeDelta::hours(1));
            for (secret, right) in [(NEW, true), (OLD, false)] {
                let sent = match method {
                    AuthMethod::ClientSecretJwt => assertion(&claims(&world), ("HS256", secret)),
                    _ => sent(secret),
                };
                assert_eq!(
                    sent.taken(&world, Endpoint::Token).await,
                    right,
                    "{method:?}, an hour later"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_assertion_with_the_secret_keeps_the_rules_of_one_with_a_key() {
    for world in testing::worlds().await {
        register(&world, AuthMethod::ClientSecretJwt, Some("HS256")).await;
        let jwt = claims(&world);
        let first = assertion(&jwt, ("HS256", NEW))
            .to(&world, Endpoint::Token)
            .await
            .unwrap();
        first.admit(&world.store.read()).await.unwrap();
        let again = assertion(&jwt, ("HS256", NEW))
            .to(&world, Endpoint::Token)
            .await
            .unwrap();
        assert_eq!(
            again.admit(&world.store.read()).await.unwrap_err(),
            ClientAuthError::AssertionReplayed,
            "attack_071"
        );
        let at = world.now().timestamp();
        for (name, value) in [
            ("aud", json!([ISSUER])),
            ("aud", json!("https://other.example")),
            ("iss", json!("wuhu")),
            ("sub", json!("wuhu")),
            ("exp", json!(at - 300)),
            ("jti", json!("")),
        ] {
            let mut claims = claims(&world);
            claims[name] = value;
            assert!(
                !assertion(&claims, ("HS256", NEW))
                    .taken(&world, Endpoint::Token)
                    .await,
                "{name}"
            );
        }
        let mut named = claims(&world);
        named["aud"] = json!(format!("{ISSUER}/token"));
        assert!(
            assertion(&named, ("HS256", NEW))
                .taken(&world, Endpoint::Token)
                .await
        );
        for alg in ["none", "HS512", "ES256"] {
            let jwt = assertion(&super::claims(&world), (alg, NEW));
            assert!(!jwt.taken(&world, Endpoint::Token).await, "{alg}");
        }
    }
}

#[tokio::test]
async fn attack_067_069_a_secret_proves_only_by_its_registered_method() {
    let world = testing::world().await;
    register(&world, AuthMethod::ClientSecretJwt, None).await;
    let sent = || {
        [
            Sent::secret("hefei", NEW),
            Sent::default()
                .field("client_id", "hefei")
                .field("client_secret", NEW),
            Sent::default().field("client_id", "hefei"),
            assertion(&claims(&world), ("HS256", "")),
        ]
    };
    for sent in sent() {
        assert!(!sent.taken(&world, Endpoint::Token).await);
    }
    // A secret makes no assertion where a key is registered, and none where the secret is to be sent; nor does the
    // text of the public key, or the hash that is kept.
    let key = Key::new(SigningAlg::Rs256);
    world.apply(with_key(&key, Profile::Oidc)).await;
    let public = key.jwks()["keys"][0].to_string();
    for secret in [testing::SECRET, NEW, &public] {
        let sent = assertion(&claims(&world), ("HS256", secret)).field("client_id", "hefei");
        assert!(!sent.taken(&world, Endpoint::Token).await);
    }
    register(&world, AuthMethod::ClientSecretBasic, None).await;
    assert!(
        !assertion(&claims(&world), ("HS256", NEW))
            .taken(&world, Endpoint::Token)
            .await
    );
    let mut client = testing::client("hefei");
    client.auth_method = AuthMethod::ClientSecretJwt;
    // Only the hash is there, as after a change of the method alone: nothing fits.
    world.apply(client).await;
    let hash = String::from_utf8_lossy(TokenHash::of(testing::SECRET).as_bytes()).into_owned();
    for secret in [testing::SECRET, &hash] {
        assert!(
            !assertion(&claims(&world), ("HS256", secret))
                .taken(&world, Endpoint::Token)
                .await
        );
    }
}
