//! Clients in their own name (A077 to A079, A122).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::client::{AuthMethod, Client, GrantType, SigningAlg};
use serde_json::{Value, json};

use super::refresh::text;
use super::refused;
use crate::testing::{self, Answer, SECRET, World, basic, claims};

/// A service with two words and two resources.
pub(crate) fn service(id: &str) -> Client {
    let mut client = testing::client(id);
    client.grant_types.push(GrantType::ClientCredentials);
    client.service_scopes = ["case:read", "case:write"].map(str::to_owned).to_vec();
    client.resources = ["https://cases.example", "https://files.example/api"]
        .map(str::to_owned)
        .to_vec();
    client
}

pub(crate) async fn ask(world: &World, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(more);
    world.token(Some(&basic("hefei", SECRET)), &form).await
}

#[tokio::test]
async fn a_service_gets_a_signed_token_in_its_own_name_and_no_row_and_nothing_else() {
    for world in testing::worlds().await {
        world.apply(service("hefei")).await;
        let answer = ask(&world, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let mut names: Vec<_> = answer
            .json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["access_token", "expires_in", "scope", "token_type"]);
        assert_eq!(
            (&answer.json["token_type"], &answer.json["expires_in"]),
            (&json!("Bearer"), &json!(600))
        );
        let token = text(&answer, "access_token");
        let mut told = claims(token);
        assert_eq!(told["jti"].as_str().unwrap().len(), 22);
        told["jti"] = "…".into();
        let now = world.now().timestamp();
        let expected = json!({
            "iss": "http://localhost:8080", "sub": "hefei", "client_id": "hefei", "aud": "http://localhost:8080",
            "iat": now, "exp": now + 600, "jti": "…", "scope": "case:read case:write",
        });
        assert_eq!(told, expected);
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(
            (&header["typ"], &header["alg"]),
            (&json!("at+jwt"), &json!("ES256"))
        );
        let userinfo = world.userinfo(token).await;
        assert_eq!(
            (userinfo.status.as_u16(), userinfo.error()),
            (401, "invalid_token"),
            "about nobody"
        );
    }
}

#[tokio::test]
async fn attack_077_words_about_residents_and_unregistered_ones_are_refused() {
    for world in testing::worlds().await {
        world.apply(service("hefei")).await;
        for bad in [
            "openid",
            "openid case:read",
            "phone",
            "offline_access",
            "case:delete",
            "CASE:READ",
        ] {
            refused(&ask(&world, &[("scope", bad)]).await, 400, "invalid_scope", bad);
        }
        let less = ask(&world, &[("scope", "case:read")]).await;
        assert_eq!(
            (
                text(&less, "scope"),
                &claims(text(&less, "access_token"))["scope"]
            ),
            ("case:read", &json!("case:read"))
        );
    }
}

#[tokio::test]
async fn attack_078_a_resource_that_was_not_registered_is_refused() {
    for world in testing::worlds().await {
        world.apply(service("hefei")).await;
        for bad in [
            "https://other.example",
            "https://cases.example/",
            "cases",
            "https://files.example/api#x",
        ] {
            refused(
                &ask(&world, &[("resource", bad)]).await,
                400,
                "invalid_target",
                bad,
            );
        }
        let both = [
            ("resource", "https://cases.example"),
            ("resource", "https://other.example"),
        ];
        refused(&ask(&world, &both).await, 400, "invalid_target", "one of two");
        let one = ask(&world, &[("resource", "https://cases.example")]).await;
        assert_eq!(claims(text(&one, "access_token"))["aud"], "https://cases.example");
        let both = [
            ("resource", "https://files.example/api"),
            ("resource", "https://cases.example"),
        ];
        let both = ask(&world, &both).await;
        let audience = json!(["https://cases.example", "https://files.example/api"]);
        assert_eq!(claims(text(&both, "access_token"))["aud"], audience);
    }
}

#[tokio::test]
async fn attack_075_079_a_grant_type_is_offered_and_registered_or_refused() {
    for world in testing::worlds().await {
        refused(
            &ask(&world, &[]).await,
            400,
            "unauthorized_client",
            "not registered",
        );
        let mut client = service("hefei");
        client.auth_method = AuthMethod::None;
        world.apply(client).await;
        let form = [("grant_type", "client_credentials"), ("client_id", "hefei")];
        refused(
            &world.token(None, &form).await,
            400,
            "unauthorized_client",
            "a public client",
        );
        world.apply(service("hefei")).await;
        for grant in [
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:device_code",
            "password",
            "CLIENT_CREDENTIALS",
        ] {
            let answer = world
                .token(Some(&basic("hefei", SECRET)), &[("grant_type", grant)])
                .await;
            refused(&answer, 400, "unsupported_grant_type", grant);
        }
    }
}

#[tokio::test]
async fn a_service_is_signed_for_with_the_algorithm_it_takes() {
    for world in testing::worlds().await {
        for alg in SigningAlg::OFFERED {
            let mut client = service("hefei");
            client.id_token_signed_response_alg = alg;
            world.apply(client).await;
            let token = text(&ask(&world, &[]).await, "access_token").to_owned();
            let verified = world
                .service
                .ring()
                .access_token(&token, world.service.issuer(), world.now());
            assert!(verified.is_ok(), "{}", alg.name());
        }
    }
}

#[tokio::test]
async fn attack_122_a_token_of_a_retiring_key_verifies_and_one_of_a_dead_key_does_not() {
    use chrono::TimeDelta;
    for world in testing::worlds().await {
        world.apply(service("hefei")).await;
        let token = text(&ask(&world, &[]).await, "access_token").to_owned();
        let reads = || {
            let ring = world.service.ring();
            ring.access_token(&token, world.service.issuer(), world.now())
                .is_ok()
        };
        crate::keys::rotate(&world.store, None).await.unwrap();
        world.service.refresh().await.unwrap();
        assert!(reads(), "retiring");
        crate::keys::retire(&world.store, TimeDelta::zero())
            .await
            .unwrap();
        world.service.refresh().await.unwrap();
        assert!(!reads(), "dead");
    }
}

#[tokio::test]
async fn attack_127_a_hundred_thousand_tokens_of_each_kind_repeat_nothing_and_use_their_whole_alphabet() {
    for world in testing::worlds().await {
        world.apply(service("hefei")).await;
        let rng = world.store.rng();
        let jtis = (0..100_000).map(|_| crate::access_token::new_jti(&world.service));
        let tokens = (0..100_000).map(|_| model::secret::Token::generate(rng).expose().to_owned());
        for (name, bits, values) in [
            ("jti", 128, jtis.collect::<Vec<_>>()),
            ("token", 256, tokens.collect::<Vec<_>>()),
        ] {
            let distinct: std::collections::BTreeSet<_> = values.iter().collect();
            assert_eq!(distinct.len(), values.len(), "{name}");
            let mut ones = vec![0_u32; 64];
            for value in &values {
                let bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
                assert_eq!(bytes.len() * 8, bits, "{name}");
                for byte in bytes {
                    ones[usize::from(byte >> 2)] += 1;
                }
            }
            // Chi-square over 64 cells; the 99.99th percentile of 63 degrees of freedom is about 114.
            let total: u32 = ones.iter().sum();
            let expected = f64::from(total) / 64.0;
            let chi: f64 = ones
                .iter()
                .map(|n| (f64::from(*n) - expected).powi(2) / expected)
                .sum();
            assert!(chi < 120.0, "{name}: {chi}");
        }
    }
}
