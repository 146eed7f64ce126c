//! `offline_access` (OpenID Connect Core 11).

use model::client::{Client, GrantType};
use model::ids::{ClientId, GrantId};
use model::interaction::Decision;
use model::scope::{Scope, ScopeSet};
use store::grants::Grant;

use super::browser::Browser;
use crate::testing::{self, World};

const ASKED: (&str, &str) = ("scope", "openid offline_access");

fn client() -> Client {
    let mut client = testing::client("hefei");
    client.scopes.insert(Scope::OfflineAccess);
    client.grant_types.push(GrantType::RefreshToken);
    client
}

/// What the code gives.
async fn scopes(world: &World, browser: &Browser<'_>, changes: &[(&str, &str)]) -> String {
    let code = browser.authorize("hefei", changes).await.code("hefei");
    let tokens = world.redeem("hefei", &code).await;
    tokens.json["scope"].as_str().expect("scopes").to_owned()
}

/// What the page stores when it asked for offline access.
async fn decide(world: &World, allowed: &str) {
    let grant = Grant {
        id: GrantId::new(world.now(), world.store.rng()),
        client_id: ClientId::parse("hefei").expect("an id"),
        allowed: ScopeSet::parse_lenient(allowed),
        asked: ScopeSet::from_iter([Scope::OfflineAccess]),
        receipt: serde_json::Value::Null,
        created_at: world.now(),
        revoked_at: None,
    };
    store::grants::put(&world.store.read(), world.account, &grant)
        .await
        .expect("stored");
}

#[tokio::test]
async fn offline_access_needs_a_question_or_an_earlier_answer() {
    for world in testing::worlds().await {
        world.apply(client()).await;
        world.decide("hefei", []).await;
        let browser = Browser::signed_in(&world).await;
        // Nobody was asked, and the request does not demand that anybody is: it is as good as not there.
        assert_eq!(scopes(&world, &browser, &[ASKED]).await, "openid");
        assert_eq!(
            scopes(&world, &browser, &[ASKED, ("prompt", "none")]).await,
            "openid"
        );

        let id = browser
            .authorize("hefei", &[ASKED, ("prompt", "consent")])
            .await
            .asks("/consent");
        let wants = browser.interaction(&id).await.wants;
        assert_eq!(wants.scopes.to_string(), "offline_access");
        // The page's box was not ticked.
        decide(&world, "").await;
        browser
            .answer(&id, |answers| answers.consent = Some(Decision::Allowed))
            .await;
        let code = browser.resume(&id).await.code("hefei");
        assert_eq!(world.redeem("hefei", &code).await.json["scope"], "openid");

        let id = browser
            .authorize("hefei", &[ASKED, ("prompt", "consent")])
            .await
            .asks("/consent");
        decide(&world, "offline_access").await;
        browser
            .answer(&id, |answers| answers.consent = Some(Decision::Allowed))
            .await;
        let code = browser.resume(&id).await.code("hefei");
        assert_eq!(
            world.redeem("hefei", &code).await.json["scope"],
            "openid offline_access"
        );
        // From now on it was allowed before.
        let silent = [ASKED, ("prompt", "none")];
        assert_eq!(scopes(&world, &browser, &silent).await, "openid offline_access");
        assert_eq!(scopes(&world, &browser, &[]).await, "openid", "not asked for");
    }
}

#[tokio::test]
async fn offline_access_is_ignored_for_clients_that_get_no_refresh_tokens() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let mut without_grant = client();
    without_grant.grant_types = vec![GrantType::AuthorizationCode];
    let mut without_scope = client();
    without_scope.scopes = testing::client("hefei").scopes;
    for client in [without_grant, without_scope] {
        world.apply(client).await;
        world.decide("hefei", Scope::OFFERED).await;
        assert_eq!(scopes(&world, &browser, &[ASKED]).await, "openid");
        let id = browser
            .authorize("hefei", &[ASKED, ("prompt", "consent")])
            .await
            .asks("/consent");
        assert!(browser.interaction(&id).await.wants.scopes.is_empty());
    }
}
