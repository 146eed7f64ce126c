//! How many statements each request costs: as many as the module's documentation says, whatever is in the database.

use http::Request;
use model::client::AccessTokenFormat;

use super::ALL;
use super::refresh::{begin, public, refresh, refreshing, text};
use super::service::{ask, service};
use crate::testing::{self, SECRET, World, basic};

/// Statements without the beginning and the end of a transaction, and how many transactions.
fn cost(world: &World) -> (usize, usize) {
    let sent = world.store.journal().take();
    let begun = sent
        .iter()
        .filter(|statement| statement.starts_with("BEGIN"))
        .count();
    let ended = sent
        .iter()
        .filter(|statement| statement.starts_with("COMMIT"))
        .count();
    assert_eq!(begun, ended, "{sent:?}");
    (sent.len() - begun - ended, begun)
}

async fn post(world: &World, path: &str, token: &str) {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic("hefei", SECRET));
    let answer = world
        .send(request.body(format!("token={token}").into()).unwrap())
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn each_request_costs_a_small_fixed_number_of_statements() {
    for world in testing::worlds().await {
        let cost = || cost(&world);
        world.apply(testing::client("hefei")).await;
        cost();
        let code = world.issue("hefei", &world.details(ALL)).await;
        cost();
        assert_eq!(world.redeem("hefei", &code).await.status, 200);
        assert_eq!(cost(), (4, 1), "a code");

        world.apply(refreshing("hefei")).await;
        let code = world.issue("hefei", &world.details(ALL)).await;
        cost();
        let given = world.redeem("hefei", &code).await;
        assert_eq!(cost(), (5, 1), "a code that gives a refresh token");
        for _ in 0..3 {
            refresh(&world, "hefei", text(&given, "refresh_token"), &[]).await;
            assert_eq!(cost(), (4, 1), "a refresh");
        }
        let opaque = text(&given, "access_token");
        world.userinfo(opaque).await;
        assert_eq!(cost(), (1, 0), "userinfo with levels");
        post(&world, "/introspect", opaque).await;
        assert_eq!(cost(), (1, 0), "introspection");
        post(&world, "/introspect", text(&given, "refresh_token")).await;
        assert_eq!(cost(), (2, 0), "introspection of a refresh token");
        post(&world, "/revoke", opaque).await;
        assert_eq!(cost(), (2, 1), "revocation");
        post(&world, "/revoke", text(&given, "refresh_token")).await;
        assert_eq!(cost(), (6, 1), "revocation of a family");

        world.apply(public("hefei")).await;
        let given = begin(&world, "hefei", &ALL).await;
        cost();
        refresh(&world, "hefei", text(&given, "refresh_token"), &[]).await;
        assert_eq!(cost(), (5, 1), "a refresh that rotates");

        let mut client = service("hefei");
        client.access_token_format = AccessTokenFormat::Jwt;
        world.apply(client).await;
        cost();
        let given = ask(&world, &[]).await;
        assert_eq!(cost(), (0, 0), "client credentials");
        let token = text(&given, "access_token");
        post(&world, "/introspect", token).await;
        assert_eq!(cost(), (2, 0), "introspection of a service's token");
        post(&world, "/revoke", token).await;
        assert_eq!(cost(), (2, 1), "revocation of a service's token");
    }
}
