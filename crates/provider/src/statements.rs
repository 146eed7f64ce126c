//! What each request costs, in round trips to the database: exactly, on both databases, each with its reason. A
//! measurement on a busy machine would not notice one more; this does.

use http::Request;
use model::client::{GrantType, SigningAlg};
use model::scope::Scope;

use crate::authorize::tests::browser::{Browser, parameters};
use crate::router::paths;
use crate::testing::{self, SECRET, World, basic};

/// What was sent since the last time: the verb and the table of each statement.
fn sent(world: &World) -> Vec<String> {
    world.store.journal().take_short()
}

fn is(world: &World, what: &str, expected: &[&str]) {
    assert_eq!(sent(world), expected, "{what}");
}

async fn post(world: &World, path: &str, fields: &[(&str, &str)]) -> serde_json::Value {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic("hefei", SECRET));
    let body = serde_urlencoded::to_string(fields).unwrap();
    let answer = world.send(request.body(body.into()).unwrap()).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.json);
    answer.json
}

/// Everything that a sub-site of today does.
fn site() -> model::client::Client {
    let mut client = testing::client("hefei");
    client.grant_types = GrantType::ALL.to_vec();
    client.service_scopes = vec!["case:read".to_owned()];
    client.scopes.insert(Scope::OfflineAccess);
    client
}

#[tokio::test]
async fn every_request_costs_exactly_these_statements() {
    for world in testing::worlds().await {
        world.apply(site()).await;
        let browser = Browser::signed_in(&world).await;
        sent(&world);

        for path in [paths::OPENID_CONFIGURATION, paths::OAUTH_METADATA, paths::JWKS] {
            world.get(path).await;
            is(&world, path, &[]); // bytes that were made at the start, or when a key changed
        }

        let own_name = [("grant_type", "client_credentials")];
        post(&world, paths::TOKEN, &own_name).await;
        is(&world, "client credentials", &[]); // the client is in memory, the token says everything itself

        let authorized = browser
            .authorize("hefei", &[("scope", "openid assurance phone")])
            .await;
        let authorize = [
            "SELECT session", // with the account, its evidence, and the decision about the sub-site
            "BEGIN",
            "INSERT authorization_code", // the code, with everything that it stands for
            "INSERT audit",              // that it was issued, in the same transaction
            "INSERT account_history", // the visit in the person's own history; nothing for the next one of the day
            "COMMIT",
        ];
        is(&world, "authorize with a live session", &authorize);

        let code = authorized.code("hefei");
        let redirect = testing::redirect_uri("hefei");
        let redemption = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect),
            ("code_verifier", testing::VERIFIER),
        ];
        let given = post(&world, paths::TOKEN, &redemption).await;
        let token = [
            "SELECT authorization_code", // with the account, its evidence, and what is allowed today: signed from that
            "BEGIN",
            "UPDATE authorization_code", // the guarded statement whose row count is the answer
            "INSERT audit",              // that it was redeemed
            "INSERT access_token",       // the access token's hash
            "INSERT refresh_token",      // the refresh token's hash; not for clients that get none
            "COMMIT",
        ];
        is(&world, "token (code)", &token);

        let text = |name: &str| given[name].as_str().unwrap().to_owned();
        let (access, refresh) = (text("access_token"), text("refresh_token"));
        let again = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
        post(&world, paths::TOKEN, &again).await;
        let refreshed = [
            "SELECT refresh_token", // with the account, its evidence, and what is allowed today
            "BEGIN",
            "UPDATE refresh_token", // the guarded statement: used, idle from now
            "INSERT access_token",  // the new access token's hash
            "INSERT audit",         // that it was used
            "COMMIT",
        ];
        is(&world, "token (refresh)", &refreshed);

        assert_eq!(world.userinfo(&access).await.status, 200);
        is(&world, "userinfo", &["SELECT access_token"]); // with the account, its evidence, and what is allowed today

        let told = post(&world, paths::INTROSPECTION, &[("token", &access)]).await;
        assert_eq!(told["active"], true);
        is(&world, "introspection", &["SELECT access_token"]); // the same
    }
}

#[tokio::test]
async fn a_pushed_request_costs_these_statements_more() {
    for world in testing::worlds().await {
        world.apply(site()).await;
        let browser = Browser::signed_in(&world).await;
        sent(&world);
        let parameters = parameters("hefei", &[("scope", "openid phone")]);
        let fields: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let pushed = post(&world, paths::PUSHED_REQUEST, &fields).await;
        let push = [
            "BEGIN",
            "INSERT throttle",       // how many this client deposits: each is a row
            "INSERT pushed_request", // the request, sealed
            "COMMIT",
        ];
        is(&world, "push", &push);
        let handle = pushed["request_uri"].as_str().unwrap();
        let query = serde_urlencoded::to_string([("client_id", "hefei"), ("request_uri", handle)]).unwrap();
        browser
            .get(&format!("{}?{query}", paths::AUTHORIZE))
            .await
            .code("hefei");
        let authorize = [
            "SELECT pushed_request", // what was pushed
            "SELECT session",        // as always
            "BEGIN",
            "UPDATE pushed_request", // spent, by the transaction that answers it
            "INSERT authorization_code",
            "INSERT audit",
            "INSERT account_history",
            "COMMIT",
        ];
        is(&world, "authorize", &authorize);
    }
}

#[tokio::test]
async fn the_number_of_keys_and_of_pieces_of_evidence_changes_nothing() {
    for world in testing::worlds().await {
        let mut client = site();
        client.id_token_signed_response_alg = SigningAlg::EdDsa;
        world.apply(client).await;
        for source in ["mobile_operator", "population_register"] {
            world.prove(source).await;
        }
        crate::keys::rotate(&world.store, None).await.unwrap();
        world.service.refresh().await.unwrap();
        let browser = Browser::signed_in(&world).await;
        sent(&world);
        browser
            .authorize("hefei", &[("scope", "openid assurance phone")])
            .await
            .code("hefei");
        assert_eq!(sent(&world).len(), 6);
    }
}
