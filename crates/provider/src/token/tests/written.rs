//! What is refused and what comes again is written down, and not without end.

use model::scope::Scope;

use super::refresh::{begin, public, refresh, refreshing, text};
use super::{ALL, refused};
use crate::testing::{self, SECRET, World, basic, fields};

async fn written(world: &World, kind: &str) -> usize {
    let events = world.audited().await;
    events.iter().filter(|event| *event == kind).count()
}

/// Transactions since the last look.
fn begun(world: &World) -> usize {
    let sent = world.store.journal().take();
    sent.iter().filter(|one| one.starts_with("BEGIN")).count()
}

async fn messages(world: &World) -> usize {
    let (tx, lease) = (world.store.read(), chrono::TimeDelta::zero());
    store::outbox::claim(&tx, world.now(), lease, 50)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn attack_087_a_used_refresh_token_that_comes_again_and_again_writes_a_bounded_number_of_rows() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        let first = begin(&world, "hefei", &ALL).await;
        let used = text(&first, "refresh_token");
        let second = refresh(&world, "hefei", used, &[]).await;
        for _ in 0..14 {
            refused(
                &refresh(&world, "hefei", used, &[]).await,
                400,
                "invalid_grant",
                "used",
            );
        }
        let dead = text(&second, "refresh_token");
        for _ in 0..14 {
            refused(
                &refresh(&world, "hefei", dead, &[]).await,
                400,
                "invalid_grant",
                "revoked",
            );
        }
        assert_eq!(written(&world, "refresh_replayed").await, 10);
        assert_eq!(written(&world, "refresh_refused").await, 10);
        assert_eq!(messages(&world).await, 1);
        begun(&world);
        for token in [used, dead] {
            refused(
                &refresh(&world, "hefei", token, &[]).await,
                400,
                "invalid_grant",
                "still",
            );
        }
        assert_eq!(
            begun(&world),
            0,
            "nothing is written for a client without a credential"
        );
    }
}

#[tokio::test]
async fn attack_087_a_family_that_dies_late_is_written_down_whatever_came_before() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        world.apply(public("wuhu")).await;
        let first = begin(&world, "hefei", &ALL).await;
        let token = text(&first, "refresh_token");
        for _ in 0..14 {
            refused(
                &refresh(&world, "wuhu", token, &[]).await,
                400,
                "invalid_grant",
                "not its own",
            );
        }
        assert_eq!(written(&world, "refresh_refused").await, 10);
        let second = refresh(&world, "hefei", token, &[]).await;
        assert_eq!(second.status, 200, "{}", second.json);
        refused(
            &refresh(&world, "wuhu", token, &[]).await,
            400,
            "invalid_grant",
            "used",
        );
        assert_eq!(world.userinfo(text(&second, "access_token")).await.status, 401);
        assert_eq!(written(&world, "refresh_replayed").await, 1);
        assert_eq!(messages(&world).await, 1);
    }
}

#[tokio::test]
async fn attack_087_one_account_is_told_three_times_a_day_and_every_family_dies_all_the_same() {
    for world in testing::worlds().await {
        world.apply(public("hefei")).await;
        for family in 1..=5 {
            let first = begin(&world, "hefei", &[Scope::Openid]).await;
            let used = text(&first, "refresh_token");
            let second = refresh(&world, "hefei", used, &[]).await;
            refused(
                &refresh(&world, "hefei", used, &[]).await,
                400,
                "invalid_grant",
                "used",
            );
            assert_eq!(world.userinfo(text(&second, "access_token")).await.status, 401);
            assert_eq!(written(&world, "refresh_replayed").await, family);
        }
        assert_eq!(messages(&world).await, 3);
    }
}

#[tokio::test]
async fn attack_041_a_used_code_that_comes_again_and_again_writes_a_bounded_number_of_rows() {
    for world in testing::worlds().await {
        world.apply(refreshing("hefei")).await;
        let code = world.issue("hefei", &world.details(ALL)).await;
        assert_eq!(world.redeem("hefei", &code).await.status, 200);
        for _ in 0..14 {
            refused(&world.redeem("hefei", &code).await, 400, "invalid_grant", "used");
        }
        assert_eq!(written(&world, "code_replayed").await, 10);

        world.apply(public("wuhu")).await;
        let mut form = fields("wuhu", &code).to_vec();
        form.push(("client_id", "wuhu"));
        begun(&world);
        refused(
            &world.token(None, &form).await,
            400,
            "invalid_grant",
            "by anybody",
        );
        assert_eq!(begun(&world), 0);
        assert_eq!(written(&world, "code_replayed").await, 10);
    }
}

#[tokio::test]
async fn attack_045_055_a_code_that_is_spent_for_nothing_is_written_down_once() {
    for world in testing::worlds().await {
        let redirect = testing::redirect_uri("hefei");
        for (round, (redirect, verifier)) in [
            ("https://hefei.example/other", testing::VERIFIER),
            (redirect.as_str(), "another-verifier-of-forty-three-characters-x"),
        ]
        .into_iter()
        .enumerate()
        {
            let code = world.issue("hefei", &world.details(ALL)).await;
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", redirect),
                ("code_verifier", verifier),
            ];
            for _ in 0..2 {
                let answer = world.token(Some(&basic("hefei", SECRET)), &form).await;
                refused(&answer, 400, "invalid_grant", redirect);
            }
            assert_eq!(written(&world, "code_refused").await, round + 1);
        }
        let mut client = testing::client("hefei");
        client.floor_level = model::ladder::Level::new(3);
        world.apply(client).await;
        let code = world.issue("hefei", &world.details(ALL)).await;
        refused(
            &world.redeem("hefei", &code).await,
            400,
            "invalid_grant",
            "no level",
        );
        assert_eq!(written(&world, "code_refused").await, 3);
        assert_eq!(written(&world, "code_redeemed").await, 0);
    }
}
