//! What the person's own history says of sub-sites that they visit while they are signed in.

use chrono::TimeDelta;
use model::ladder::Level;
use store::history::{self, Entry, What};

use super::browser::Browser;
use crate::testing::{self, World};

async fn visits(world: &World) -> Vec<Entry> {
    let tx = world.store.read();
    let all = history::list(&tx, world.account, None).await.expect("a list");
    all.into_iter().filter(|one| one.what == What::Visited).collect()
}

#[tokio::test]
async fn silent_visits_stand_in_the_persons_own_history_once_for_each_sign_in_and_sub_site() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        for client in ["hefei", "hefei", "wuhu", "hefei"] {
            world.clock.advance(TimeDelta::seconds(30));
            let silent = [("prompt", "none"), ("scope", "openid phone")];
            browser.authorize(client, &silent).await.code(client);
        }
        let listed = visits(&world).await;
        let clients: Vec<_> = listed
            .iter()
            .map(|one| one.client.as_ref().expect("a sub-site").as_str())
            .collect();
        assert_eq!(clients, ["wuhu", "hefei"], "newest first");
        for one in &listed {
            assert_eq!(one.level, Level::new(1));
            assert!(one.session.is_some() && one.methods.is_some() && one.place.is_some());
        }
        let first = world.now() - TimeDelta::seconds(90);
        assert_eq!(listed[1].at, first, "the time of the first visit");
        // Another sign-in of the same person is another line.
        let other = Browser::signed_in(&world).await;
        other
            .authorize("hefei", &[("prompt", "none")])
            .await
            .code("hefei");
        assert_eq!(visits(&world).await.len(), 3);
    }
}

#[tokio::test]
async fn a_level_that_rose_is_a_line_of_its_own() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        browser.authorize("hefei", &[]).await.code("hefei");
        world.clock.advance(TimeDelta::seconds(1));
        world.prove("mobile_operator").await;
        browser.authorize("hefei", &[]).await.code("hefei");
        let levels: Vec<_> = visits(&world).await.iter().map(|one| one.level).collect();
        assert_eq!(levels, [Level::new(2), Level::new(1)]);
    }
}

#[tokio::test]
async fn what_is_refused_or_asks_first_is_no_visit() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        world.apply(testing::client("yichang")).await;
        let silent = browser.authorize("yichang", &[("prompt", "none")]).await;
        assert_eq!(silent.error("yichang"), "consent_required");
        browser.authorize("yichang", &[]).await.asks("/consent");
        let garbage = browser.authorize("hefei", &[("response_type", "token")]).await;
        assert!(garbage.reply("hefei").contains_key("error"));
        assert!(visits(&world).await.is_empty());
    }
}
