//! How long refresh tokens live, and what they die with.

use super::*;

#[tokio::test]
async fn idle_and_absolute_limits_hold_and_use_moves_only_the_idle_one() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let token = world.start().await;
        let keep = async |until: DateTime<Utc>| {
            let kept = world.find(&token).await;
            let how = (Reach::Beyond, Use::Keep(Ord::min(until, kept.life.expires_at)));
            redeem(&test.store.read(), &kept, how, world.now())
                .await
                .expect("asked")
                .is_some()
        };
        for _ in 0..6 {
            test.clock.advance(TimeDelta::days(13));
            assert!(keep(world.now() + TimeDelta::days(14)).await);
        }
        test.clock.advance(TimeDelta::days(12));
        assert!(!keep(world.now()).await, "ninety days");
        let kept = world.find(&token).await;
        assert_eq!(kept.fault(&world.client, world.now()), Some(Worthless::Expired));

        let idle = world_again(&test).await.start().await;
        test.clock.advance(TimeDelta::days(14));
        let kept = world.find(&idle).await;
        assert_eq!(kept.fault(&world.client, world.now()), Some(Worthless::Expired));
        let how = (Reach::Beyond, Use::Keep(world.now()));
        assert!(
            redeem(&test.store.read(), &kept, how, world.now())
                .await
                .expect("asked")
                .is_none()
        );
    }
}

#[tokio::test]
async fn attack_090_a_token_dies_with_sign_out_password_account_and_consent_and_reaches_no_further_than_granted()
 {
    for test in testing::stores().await {
        let world = world(&test).await;
        let (tx, now) = (test.store.read(), world.now());
        let beyond = async |token: &TokenHash| {
            let kept = world.find(token).await;
            let how = (Reach::Beyond, Use::Keep(world.now() + TimeDelta::days(1)));
            let won = redeem(&tx, &kept, how, world.now())
                .await
                .expect("asked")
                .is_some();
            assert!(!won || kept.stands(Reach::Beyond, world.now()));
            won
        };

        let phc = Sensitive::new("phc".to_owned());
        credentials::create_password(&tx, test.store.rng(), world.account, &phc, now)
            .await
            .expect("password");
        let token = world.start().await;
        credentials::change_password(&tx, world.account, &phc, now)
            .await
            .expect("changed");
        assert_eq!(
            world.find(&token).await.fault(&world.client, now),
            Some(Worthless::Revoked),
            "password"
        );

        let token = world.start().await;
        assert!(beyond(&token).await);
        grants::revoke(&tx, world.account, world.grant, now)
            .await
            .expect("revoked");
        world.decide(GrantId::new(now, test.store.rng())).await;
        assert!(!beyond(&token).await, "a new consent does not bring it back");

        let token = world.start().await;
        test.clock.advance(TimeDelta::hours(12));
        assert!(world.spend(&token).await.is_none(), "the sign-in is over");
        assert!(!world.find(&token).await.stands(Reach::SignIn, world.now()));
        assert!(beyond(&token).await, "access beyond it goes on");
        sessions::end(&tx, world.session, world.now())
            .await
            .expect("ended");
        assert!(!beyond(&token).await, "signed out");
        assert_eq!(world.find(&token).await.holder.sign_in_over, None);

        let world = world_again(&test).await;
        let token = world.start().await;
        accounts::freeze(&tx, world.account, world.now())
            .await
            .expect("frozen");
        assert!(world.spend(&token).await.is_none(), "frozen");
    }
}

#[tokio::test]
async fn attack_090_a_code_that_waits_while_the_password_is_changed_gives_nothing() {
    for test in testing::stores().await {
        let world = world(&test).await;
        let (tx, now) = (test.store.read(), world.now());
        let phc = Sensitive::new("phc".to_owned());
        credentials::create_password(&tx, test.store.rng(), world.account, &phc, now)
            .await
            .expect("password");
        let code = Token::generate(test.store.rng());
        let new = NewCode {
            code: &code,
            client_id: &world.client,
            account: world.account,
            session: world.session,
            redirect_uri: "https://hefei.example/callback",
            code_challenge: None,
            details: &world.details(),
            now,
            expires_at: now + TimeDelta::minutes(1),
        };
        codes::issue(&tx, &new).await.expect("code");
        credentials::change_password(&tx, world.account, &phc, now)
            .await
            .expect("changed");
        let redeemed = codes::redeem(&tx, &code.hash(), &world.client, now)
            .await
            .expect("asked");
        assert!(
            matches!(redeemed, Redemption::Refused(_)),
            "{}: {redeemed:?}",
            test.database.kind()
        );
    }
}

/// How many rows of a table carry the note that they were revoked.
async fn noted(test: &TestStore, table: &str) -> i64 {
    let tx = test.store.read();
    let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE revoked_at IS NOT NULL");
    let counted = Statement::from_string(tx.get_database_backend(), sql);
    let row = tx.query_one_raw(counted).await.expect("counted").expect("a row");
    row.try_get("", "n").expect("a number")
}

#[tokio::test]
async fn what_is_worth_nothing_as_it_is_costs_a_sign_out_nothing() {
    for test in testing::stores().await {
        for way in ["sign-out", "family", "grant"] {
            let mut world = world_again(&test).await;
            world.grant = GrantId::new(world.now(), test.store.rng());
            world.decide(world.grant).await;
            let before = (
                noted(&test, "refresh_token").await,
                noted(&test, "access_token").await,
            );
            let (tx, grounds) = (test.store.read(), world.grounds().await);
            let life = world.life();
            for _ in 0..3 {
                let old = world.give(&tx, &grounds, life).await;
                assert!(world.spend(&old).await.is_some());
                world.access(&tx, &grounds).await;
            }
            test.clock.advance(TimeDelta::minutes(12));
            let held = world.give(&tx, &grounds, life).await;
            let alive = world.access(&tx, &grounds).await;
            match way {
                "sign-out" => drop(
                    sessions::end(&tx, world.session, world.now())
                        .await
                        .expect("ended"),
                ),
                "family" => drop(
                    revoke_family(&tx, &grounds.family, world.now())
                        .await
                        .expect("revoked"),
                ),
                _ => drop(
                    grants::revoke(&tx, world.account, world.grant, world.now())
                        .await
                        .expect("revoked"),
                ),
            }
            let after = (
                noted(&test, "refresh_token").await,
                noted(&test, "access_token").await,
            );
            assert_eq!(
                (after.0 - before.0, after.1 - before.1),
                (1, 1),
                "{way}, {}",
                test.database.kind()
            );
            assert!(!world.is_alive(&alive).await);
            assert_eq!(
                world.find(&held).await.fault(&world.client, world.now()),
                Some(Worthless::Revoked)
            );
        }
    }
}

#[tokio::test]
async fn a_sign_out_and_a_revocation_at_once_do_not_wait_for_each_other_in_a_circle() {
    for test in testing::stores().await {
        if test.database.kind() != "postgres" {
            // There is one writer at a time.
            continue;
        }
        let world = world(&test).await;
        let (tx, grounds) = (test.store.read(), world.grounds().await);
        world.give(&tx, &grounds, world.life()).await;
        world.access(&tx, &grounds).await;
        // A revocation of the family that has come half of its way.
        let half = test.store.begin().await.expect("begun");
        let family = Column::CodeHash.eq(grounds.family.as_bytes().to_vec());
        revoke_where(&half, family, world.now()).await.expect("revoked");
        let sign_out = async {
            let whole = test.store.begin().await.expect("begun");
            sessions::end(&whole, world.session, world.now())
                .await
                .expect("no deadlock");
            whole.commit().await.expect("ended");
        };
        let other_half = async {
            let waiting = "SELECT COUNT(*) AS n FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            loop {
                let asked = Statement::from_string(tx.get_database_backend(), waiting);
                let row = tx.query_one_raw(asked).await.expect("asked").expect("a row");
                if row.try_get::<i64>("", "n").expect("a number") > 0 {
                    break;
                }
            }
            tokens::revoke_of_code(&half, &grounds.family, world.now())
                .await
                .expect("no deadlock");
            half.commit().await.expect("revoked");
        };
        tokio::join!(sign_out, other_half);
    }
}
