use axum::body::Body;
use axum::response::Response;
use http::Request;
use model::client::{AccessTokenFormat, AuthMethod};
use tower::ServiceExt as _;

use crate::testing::{self, SECRET, World, basic};
use crate::token::tests::ALL;
use crate::token::tests::refresh::{begin, public, refresh, refreshing, text};
use crate::token::tests::service::{ask, service};

async fn send(world: &World, authorization: Option<&str>, form: &[(&str, &str)]) -> Response {
    let mut request = Request::post("/revoke").header("content-type", "application/x-www-form-urlencoded");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let body = Body::from(serde_urlencoded::to_string(form).unwrap());
    world.node().oneshot(request.body(body).unwrap()).await.unwrap()
}

/// Gives a token back and looks that the answer is nothing.
async fn revoke(world: &World, who: &str, form: &[(&str, &str)]) {
    let response = send(world, Some(&basic(who, SECRET)), form).await;
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("content-type"));
    let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
    assert!(body.is_empty());
}

async fn is_active(world: &World, token: &str) -> bool {
    world.userinfo(token).await.status == 200
}

fn count(events: &[String]) -> usize {
    events.iter().filter(|event| *event == "token_revoked").count()
}

#[tokio::test]
async fn an_access_token_goes_alone_and_a_refresh_token_takes_its_family_along() {
    for world in testing::worlds().await {
        for format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
            let mut client = refreshing("hefei");
            client.access_token_format = format;
            world.apply(client).await;
            let first = begin(&world, "hefei", &ALL).await;
            let token = text(&first, "refresh_token");
            let second = refresh(&world, "hefei", token, &[]).await;
            let (one, two) = (text(&first, "access_token"), text(&second, "access_token"));
            let before = count(&world.audited().await);
            revoke(&world, "hefei", &[("token", one)]).await;
            assert!(!is_active(&world, one).await && is_active(&world, two).await);
            revoke(
                &world,
                "hefei",
                &[("token", token), ("token_type_hint", "access_token")],
            )
            .await;
            assert!(!is_active(&world, two).await);
            assert_eq!(
                refresh(&world, "hefei", token, &[]).await.error(),
                "invalid_grant"
            );
            assert_eq!(count(&world.audited().await), before + 2);
            revoke(&world, "hefei", &[("token", one)]).await;
            revoke(&world, "hefei", &[("token", token)]).await;
            assert_eq!(
                count(&world.audited().await),
                before + 2,
                "nothing happened the second time"
            );
        }
    }
}

#[tokio::test]
async fn attack_085_a_token_of_another_client_stays_and_the_answer_is_the_same() {
    for world in testing::worlds().await {
        let mut client = refreshing("hefei");
        world.apply(client.clone()).await;
        world.apply(refreshing("wuhu")).await;
        let given = begin(&world, "hefei", &ALL).await;
        client.access_token_format = AccessTokenFormat::Jwt;
        world.apply(client).await;
        let signed = begin(&world, "hefei", &ALL).await;
        for token in [
            text(&given, "access_token"),
            text(&given, "refresh_token"),
            text(&signed, "access_token"),
        ] {
            revoke(&world, "wuhu", &[("token", token)]).await;
        }
        for bad in [
            "nothing of ours",
            "a.b.c",
            &"A".repeat(20_000),
            text(&given, "id_token"),
        ] {
            revoke(&world, "wuhu", &[("token", bad)]).await;
        }
        assert_eq!(count(&world.audited().await), 0);
        assert!(is_active(&world, text(&given, "access_token")).await);
        assert!(is_active(&world, text(&signed, "access_token")).await);
        assert_eq!(
            refresh(&world, "hefei", text(&given, "refresh_token"), &[])
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn a_services_token_is_remembered_by_its_identifier_until_it_is_over() {
    for world in testing::worlds().await {
        world.apply(service("hefei")).await;
        let token = text(&ask(&world, &[]).await, "access_token").to_owned();
        let jti = testing::claims(&token)["jti"].as_str().unwrap().to_owned();
        revoke(&world, "wuhu", &[("token", &token)]).await;
        assert!(
            !store::revoked::holds(&world.store.read(), &jti).await.unwrap(),
            "attack_085"
        );
        revoke(&world, "hefei", &[("token", &token), ("token_type_hint", "pct")]).await;
        assert!(store::revoked::holds(&world.store.read(), &jti).await.unwrap());
        assert_eq!(count(&world.audited().await), 1);
        // Its ten minutes, and as long as clocks may differ.
        world.clock.advance(chrono::TimeDelta::minutes(16));
        store::cleanup::sweep(&world.store.read(), world.now())
            .await
            .unwrap();
        assert!(
            !store::revoked::holds(&world.store.read(), &jti).await.unwrap(),
            "swept"
        );
    }
}

#[tokio::test]
async fn public_clients_give_back_their_own() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        let given = begin(&world, "hefei", &ALL).await;
        let token = text(&given, "refresh_token");
        let form = [("token", token), ("client_id", "hefei")];
        assert_eq!(send(&world, None, &form).await.status(), 200);
        assert_eq!(
            refresh(&world, "hefei", token, &[]).await.error(),
            "invalid_grant"
        );
        assert!(!is_active(&world, text(&given, "access_token")).await);
    }
}

#[tokio::test]
async fn attack_086_what_was_never_a_public_clients_token_costs_no_transaction() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        world.apply(refreshing("wuhu")).await;
        let other = begin(&world, "wuhu", &ALL).await;
        let own = begin(&world, "hefei", &ALL).await;
        let begun = || {
            let sent = world.store.journal().take();
            sent.iter().filter(|one| one.starts_with("BEGIN")).count()
        };
        begun();
        for token in [
            "nothing of ours",
            "a.b.c",
            &"A".repeat(43),
            text(&own, "id_token"),
            text(&other, "access_token"),
            text(&other, "refresh_token"),
        ] {
            let form = [("token", token), ("client_id", "hefei")];
            assert_eq!(send(&world, None, &form).await.status(), 200, "{token}");
            assert_eq!(begun(), 0, "{token}");
        }
        assert!(is_active(&world, text(&other, "access_token")).await);
        let form = [("token", text(&own, "access_token")), ("client_id", "hefei")];
        assert_eq!(send(&world, None, &form).await.status(), 200);
        assert!(!is_active(&world, text(&own, "access_token")).await);
        assert_eq!(count(&world.audited().await), 1);
    }
}

#[tokio::test]
async fn attack_086_when_the_store_fails_it_says_so_and_what_is_no_request_is_refused() {
    for world in testing::worlds().await {
        let token = text(&begin(&world, "hefei", &ALL).await, "access_token").to_owned();
        let authorization = basic("hefei", SECRET);
        let none = send(&world, Some(&authorization), &[]).await;
        assert_eq!(none.status(), 400);
        assert_eq!(none.headers()["content-type"], "application/json");
        let stranger = send(&world, Some(&basic("hefei", "wrong")), &[("token", &token)]).await;
        assert_eq!(stranger.status(), 401);
        let mut confidential = testing::client("hefei");
        confidential.auth_method = AuthMethod::ClientSecretBasic;
        world.apply(confidential).await;
        let bare = send(&world, None, &[("token", &token), ("client_id", "hefei")]).await;
        assert_eq!(bare.status(), 401, "without its secret");
        assert_eq!(world.get("/revoke").await.status, 405);
        world.store.close().await.unwrap();
        let failed = send(&world, Some(&authorization), &[("token", &token)]).await;
        assert_eq!(failed.status(), 503);
    }
}
