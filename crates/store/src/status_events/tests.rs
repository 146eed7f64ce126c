use model::rng::Rng;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use sea_orm::sea_query::Expr;

use super::*;
use crate::letters::{Ending, confirmed, due, give_up, give_up_expired, take};
use crate::testing::{TestStore, stores};

fn notice(test: &TestStore, client: &str) -> Notice {
    let (now, rng) = (test.clock.now(), Rng::system());
    Notice {
        id: StatusEventId::new(now, &rng),
        client: ClientId::parse(client).unwrap(),
        account: AccountId::new(now, &rng),
        said: Said::Fell(LevelFell {
            from: Level::new(2).unwrap(),
            to: Level::new(1).unwrap(),
            at: now,
            cause: Cause::Lapsed,
            verified_at: None,
            lapses_at: Some(now + TimeDelta::days(9)),
            dates: true,
        }),
        created_at: now,
    }
}

#[tokio::test]
async fn a_notice_is_taken_by_one_node_and_by_another_after_the_lease() {
    for test in stores().await {
        let (now, lease) = (test.clock.now(), TimeDelta::seconds(30));
        let one = notice(&test, "hefei");
        put(&test.store.read(), std::slice::from_ref(&one)).await.unwrap();
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let store = test.store.clone();
            nodes.spawn(async move {
                let tx = store.read();
                let due = due::<Notice>(&tx, now, &BTreeSet::new(), 10).await.unwrap();
                let mut won = 0;
                for row in due {
                    won += u32::from(take(&tx, &row, now, lease).await.unwrap().is_some());
                }
                won
            });
        }
        let won: u32 = nodes.join_all().await.into_iter().sum();
        assert_eq!(won, 1, "{}", test.database.kind());
        let tx = test.store.read();
        let rows = due(&tx, now + lease, &BTreeSet::new(), 10).await.unwrap();
        let again = take(&tx, &rows[0], now + lease, lease).await.unwrap().unwrap();
        assert_eq!((again.attempt(), &again.letter), (2, &one));
    }
}

#[tokio::test]
async fn what_is_confirmed_dead_or_late_is_not_told_again() {
    for test in stores().await {
        let (tx, now, lease) = (test.store.read(), test.clock.now(), TimeDelta::seconds(1));
        let all = ["hefei", "wuhu", "anqing"].map(|client| notice(&test, client));
        put(&tx, &all).await.unwrap();
        let none = BTreeSet::new();
        let without = BTreeSet::from([ClientId::parse("anqing").unwrap()]);
        let rows = due::<Notice>(&tx, now, &without, 10).await.unwrap();
        assert_eq!(rows.len(), 2);
        for row in rows {
            let taken = take(&tx, &row, now, lease).await.unwrap().unwrap();
            if taken.letter.client.as_str() == "hefei" {
                confirmed(&tx, &taken, now).await.unwrap();
                assert!(!give_up(&tx, &taken, Ending::NoAnswer, now).await.unwrap());
            } else {
                assert!(give_up(&tx, &taken, Ending::NoAnswer, now).await.unwrap());
                assert!(
                    !give_up(&tx, &taken, Ending::NoAnswer, now).await.unwrap(),
                    "once"
                );
            }
        }
        let later = now + TimeDelta::hours(LIFE_HOURS);
        assert!(due::<Notice>(&tx, later, &none, 10).await.unwrap().is_empty());
        let late = give_up_expired::<Notice>(&tx, later).await.unwrap();
        assert_eq!(late, [all[2].clone()]);
        assert!(give_up_expired::<Notice>(&tx, later).await.unwrap().is_empty());
        let states: Vec<State> = {
            let mut states = Vec::new();
            for one in &all {
                states.push(of_account(&tx, one.account).await.unwrap()[0].1);
            }
            states
        };
        assert_eq!(states, [State::Confirmed, State::Dead, State::Dead]);
        crate::cleanup::sweep(&tx, later + TimeDelta::days(8))
            .await
            .unwrap();
        assert!(of_account(&tx, all[0].account).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_keeps_nobody_elses_from_being_told_and_ends_in_time() {
    for test in stores().await {
        let (tx, now, none) = (test.store.read(), test.clock.now(), BTreeSet::new());
        let all = ["hefei", "wuhu"].map(|client| notice(&test, client));
        put(&tx, &all).await.unwrap();
        Entity::update_many()
            .col_expr(Column::Details, Expr::value("{\"cause\":\"newer\"}"))
            .filter(Column::Id.eq(all[0].id.as_uuid()))
            .exec(&tx)
            .await
            .unwrap();
        let rows = due::<Notice>(&tx, now, &none, 10).await.unwrap();
        assert_eq!(rows.len(), 1, "{}", test.database.kind());
        assert_eq!(rows[0].letter, all[1]);
        // Left alone for a while, so that a limit is not used up by it.
        assert_eq!(due::<Notice>(&tx, now, &none, 1).await.unwrap().len(), 1);
        let later = now + TimeDelta::hours(LIFE_HOURS);
        let late = give_up_expired::<Notice>(&tx, later).await.unwrap();
        assert_eq!(late, [all[1].clone()]);
        let open = Entity::find()
            .filter(Column::DeadAt.is_null())
            .all(&tx)
            .await
            .unwrap();
        assert!(open.is_empty(), "both have ended");
    }
}
