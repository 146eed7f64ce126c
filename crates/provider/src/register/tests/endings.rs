//! What a change or an end takes away from a client.

use model::ids::ClientId;
use serde_json::{Value, json};

use super::*;

/// Whether the resident's consent holds.
async fn consented(world: &World, id: &str) -> bool {
    let id = ClientId::parse(id).unwrap();
    let found = store::grants::find_active(&world.store.read(), world.account, &id).await;
    found.unwrap().is_some()
}

fn plain(more: Value) -> Value {
    let mut all = json!({ "client_name": "Club", "scope": "openid phone" });
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    all
}

#[tokio::test]
async fn consent_is_for_the_party_that_people_were_shown() {
    let reason = |text: &str| json!({ "phone": { "zh-CN": text, "en": text, "vi": text } });
    for world in worlds().await {
        let client = Registered::new(&world, plain(json!({}))).await;
        // What people are not shown.
        world.decide(&client.id, [Scope::Phone]).await;
        for more in [
            json!({}),
            json!({ "contacts": ["mail@club.example"] }),
            json!({ "redirect_uris": ["https://club.example/other"] }),
            json!({ "token_endpoint_auth_method": "none" }),
        ] {
            let answer = client.change(&world, plain(more.clone())).await;
            assert_eq!(answer.status, 200, "{}", answer.json);
            assert!(consented(&world, &client.id).await, "{more}");
        }
        for more in [
            json!({ "client_name": "City Hall" }),
            json!({ "redirect_uris": ["https://other.example/callback"] }),
            json!({ "purpose": reason("Something else") }),
        ] {
            // From the plain one each time; after an hour, for the changes are counted.
            world.clock.advance(TimeDelta::hours(1));
            assert_eq!(client.change(&world, plain(json!({}))).await.status, 200);
            world.decide(&client.id, [Scope::Phone]).await;
            let answer = client.change(&world, plain(more.clone())).await;
            assert_eq!(answer.status, 200, "{}", answer.json);
            assert!(!consented(&world, &client.id).await, "{more}");
        }
        // A reason that goes and comes back as another, in two changes.
        world.clock.advance(TimeDelta::hours(1));
        assert_eq!(client.change(&world, plain(json!({}))).await.status, 200);
        world.decide(&client.id, [Scope::Phone]).await;
        for more in [
            json!({ "scope": "openid" }),
            json!({ "purpose": reason("Something else") }),
        ] {
            assert_eq!(client.change(&world, plain(more)).await.status, 200);
        }
        assert!(!consented(&world, &client.id).await);

        world.decide(&client.id, [Scope::Phone]).await;
        assert_eq!(client.forget(&world).await.status, 204);
        assert!(
            !consented(&world, &client.id).await,
            "nor does it outlive the client"
        );
    }
}

#[tokio::test]
async fn changes_that_end_something_are_few_and_the_others_are_not_counted() {
    for world in worlds().await {
        let client = Registered::new(&world, plain(json!({}))).await;
        let rename = async |number: u32| {
            let name = json!({ "client_name": format!("Club {number}") });
            client.change(&world, plain(name)).await
        };
        for number in 0..5 {
            assert_eq!(rename(number).await.status, 200);
        }
        let refused = rename(5).await;
        assert_eq!(refused.status, 429);
        assert!(refused.headers.contains_key("retry-after"));
        assert_eq!(client.show(&world).await.json["client_name"], "Club 4");
        assert_eq!(rename(4).await.status, 200, "no other name");
        world.clock.advance(TimeDelta::hours(1));
        assert_eq!(rename(5).await.status, 200);
    }
}
