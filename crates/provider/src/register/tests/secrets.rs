//! Secrets over their life.

use serde_json::{Value, json};

use super::*;
use crate::testing::{basic, fields};

/// Whether the secret is let in: what fails afterwards is the code, which is none.
async fn proves(world: &World, id: &str, secret: &str) -> bool {
    let answer = world.token(Some(&basic(id, secret)), &fields(id, "x")).await;
    answer.error() == "invalid_grant"
}

#[tokio::test]
async fn a_secret_ends_and_a_change_near_its_end_gives_a_new_one() {
    for world in worlds().await {
        let client = Registered::new(&world, json!({})).await;
        let end = world.now() + TimeDelta::days(365);
        assert_eq!(client.json["client_secret_expires_at"], end.timestamp());
        assert!(proves(&world, &client.id, client.secret()).await);

        // Early, the secret stays.
        world.clock.advance(TimeDelta::days(300));
        let early = client.change(&world, json!({})).await.json;
        assert_eq!(early["client_secret"], Value::Null);
        assert_eq!(early["client_secret_expires_at"], end.timestamp());

        // In its last days there is a new one, and the old one is good to its end.
        world.clock.advance(TimeDelta::days(40));
        let late = client.change(&world, json!({})).await.json;
        let new = late["client_secret"].as_str().unwrap();
        assert_eq!(
            late["client_secret_expires_at"],
            (world.now() + TimeDelta::days(365)).timestamp()
        );
        assert!(proves(&world, &client.id, client.secret()).await);
        assert!(proves(&world, &client.id, new).await);
        world.clock.advance(TimeDelta::days(25));
        assert!(!proves(&world, &client.id, client.secret()).await, "over");
        assert!(proves(&world, &client.id, new).await);
    }
}

#[tokio::test]
async fn a_secret_without_end_says_so_and_a_public_client_has_none() {
    let mut config = settings();
    config.registration.secret_days = 0;
    for world in worlds_with(config).await {
        let client = Registered::new(&world, json!({})).await;
        assert_eq!(client.json["client_secret_expires_at"], 0);
        let public = Registered::new(&world, json!({ "token_endpoint_auth_method": "none" })).await;
        for key in ["client_secret", "client_secret_expires_at"] {
            assert_eq!(public.json[key], Value::Null);
        }
    }
}

#[tokio::test]
async fn a_client_that_signs_with_its_secret_gets_one_that_is_kept_sealed() {
    for world in worlds().await {
        let client = Registered::new(&world, json!({})).await;
        let change = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
        // Only the hash of the first was kept, so it cannot verify signatures.
        let changed = client.change(&world, change.clone()).await.json;
        let secret = changed["client_secret"].as_str().unwrap();
        assert_ne!(secret, client.secret());
        assert!(!proves(&world, &client.id, client.secret()).await);
        let id = model::ids::ClientId::parse(&client.id).unwrap();
        let stored = world.service.client(&id).unwrap();
        let signing: Vec<_> = stored
            .signing_secrets(world.now())
            .map(|secret| secret.expose().clone())
            .collect();
        assert_eq!(signing, [secret]);
        assert_eq!(
            client.change(&world, change).await.json["client_secret"],
            Value::Null
        );
        // Back to a method that needs the hash alone: the same secret, not kept itself any more.
        let back = client.change(&world, json!({})).await.json;
        assert_eq!(back["client_secret"], Value::Null);
        assert!(proves(&world, &client.id, secret).await);
        let stored = world.service.client(&id).unwrap();
        assert_eq!(stored.signing_secrets(world.now()).count(), 0);
    }
}

#[tokio::test]
async fn a_short_secret_is_renewed_in_the_last_quarter_of_its_life_and_once() {
    for days in [1, 8, 20] {
        let mut config = settings();
        config.registration.secret_days = days;
        for world in worlds_with(config).await {
            let client = Registered::new(&world, json!({})).await;
            let renewed = async || client.change(&world, json!({})).await.json["client_secret"].clone();
            assert_eq!(renewed().await, Value::Null, "{days}: at once");
            world.clock.advance(TimeDelta::hours(i64::from(days) * 17));
            assert_eq!(renewed().await, Value::Null, "{days}: early");
            world.clock.advance(TimeDelta::hours(i64::from(days) * 2));
            let new = renewed().await;
            let new = new.as_str().unwrap();
            assert_eq!(renewed().await, Value::Null, "{days}: again");
            for secret in [client.secret(), new] {
                assert!(proves(&world, &client.id, secret).await, "{days}");
            }
        }
    }
}
