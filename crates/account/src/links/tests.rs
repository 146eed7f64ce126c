//! The page of a link, on every database at hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use store::accounts::Status;
use store::{accounts, sessions};

use super::*;
use crate::signin::testing::{live, resident, signed_in};
use crate::testing::{World, link_in, worlds};

const PHONE: &str = "13800001234";

async fn not_me_link(world: &World, account: AccountId) -> String {
    let tx = world.service.store().begin().await.unwrap();
    let link = not_me(&world.service, &tx, account, None).await.unwrap();
    tx.commit().await.unwrap();
    link_in(&link)
}

async fn status(world: &World, account: AccountId) -> Status {
    let tx = world.service.store().read();
    accounts::find(&tx, account).await.unwrap().unwrap().status
}

#[tokio::test]
async fn attack_175_scanners_that_follow_a_link_change_nothing_and_the_button_works_once_in_any_browser() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let thief = signed_in(&world, PHONE).await;
        let link = not_me_link(&world, account).await;
        for _ in 0..3 {
            let seen = world.browser().get(&link).await;
            assert_eq!(
                (seen.status, seen.page()),
                (StatusCode::OK, Some("link")),
                "{}",
                seen.body
            );
        }
        assert_eq!(status(&world, account).await, Status::Active);
        assert!(live(&world, &thief).await.is_some());

        let mut owner = world.browser();
        let page = owner.get(&link).await;
        let done = owner.post(&link, &page, &[]).await;
        assert_eq!(
            (done.status, done.page()),
            (StatusCode::OK, Some("link-done")),
            "{}",
            done.body
        );
        assert_eq!(status(&world, account).await, Status::Held, "{}", world.kind);
        assert!(live(&world, &thief).await.is_none(), "every sign-in has ended");
        let (tx, limits) = (world.service.store().read(), sessions::Limits::default());
        let list = sessions::list(&tx, account, &limits, world.clock.now()).await;
        assert!(list.unwrap().is_empty());
        // A second click, the back button, another browser.
        for mut browser in [owner, world.browser()] {
            let seen = browser.get(&link).await;
            assert_eq!(
                (seen.status, seen.page()),
                (StatusCode::NOT_FOUND, Some("link-over"))
            );
            let again = browser.post(&link, &page, &[]).await;
            assert_ne!(again.page(), Some("link-done"), "{}", again.body);
        }
    }
}

#[tokio::test]
async fn attack_231_a_link_that_is_too_old_unknown_or_garbage_is_answered_the_same() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let link = not_me_link(&world, account).await;
        let mut browser = world.browser();
        let page = browser.get(&link).await;
        world.clock.advance(TimeDelta::days(8));
        let mut answers = vec![browser.post(&link, &page, &[]).await];
        for path in [
            link.as_str(),
            "/link/AAAAAAAAAAAAAAAAAAAAAA",
            "/link/x",
            "/link/%00%ff",
            &format!("/link/{}", "A".repeat(4000)),
        ] {
            answers.push(browser.get(path).await);
        }
        let text = |seen: &crate::testing::Seen| {
            let main = seen.body.split_once("<h1").map(|(_, rest)| rest.to_owned());
            let main = main.unwrap_or_default();
            main.split_once("</main>")
                .map_or(String::new(), |(main, _)| main.to_owned())
        };
        for seen in &answers {
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{}", seen.body);
            if seen.page().is_some() {
                assert_eq!(text(seen), text(&answers[0]));
            }
        }
        assert_eq!(status(&world, account).await, Status::Active);
    }
}

#[tokio::test]
async fn a_post_without_the_proof_of_the_page_uses_nothing_up() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let link = not_me_link(&world, account).await;
        let mut browser = world.browser();
        let page = browser.get(&link).await;
        let forged = browser.post(&link, &page, &[("csrf", "forged")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        assert_eq!(status(&world, account).await, Status::Active);
        assert_eq!(browser.get(&link).await.page(), Some("link"));
    }
}

#[tokio::test]
async fn two_presses_at_once_do_it_once() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let link = not_me_link(&world, account).await;
        let mut one = world.browser();
        let page = one.get(&link).await;
        let mut two = one.clone();
        let (first, second) = tokio::join!(one.post(&link, &page, &[]), two.post(&link, &page, &[]));
        let pages = [first.page(), second.page()];
        assert!(
            pages.contains(&Some("link-done")) && pages.contains(&Some("link-over")),
            "{pages:?}"
        );
    }
}

#[tokio::test]
async fn an_appeal_is_written_on_its_own_page_and_the_link_stays_good_until_it_is_sent() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let tx = world.service.store().begin().await.unwrap();
        let new = New {
            purpose: Purpose::Appeal,
            account,
            about: None,
            target: None,
            life: TimeDelta::days(30),
        };
        let link = link_in(&make(&world.service, &tx, &new).await.unwrap());
        tx.commit().await.unwrap();
        let token = link.trim_start_matches("/link/").to_owned();
        let seen = world.browser().get(&link).await;
        assert_eq!(
            seen.location.as_deref(),
            Some(format!("/appeal?link={token}").as_str())
        );
        let found = look(&world.service, &token).await.unwrap().unwrap();
        assert_eq!((found.purpose, found.account), (Purpose::Appeal, account));
        let tx = world.service.store().begin().await.unwrap();
        assert!(
            take(&world.service, &tx, &token, Purpose::NotMe)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            take(&world.service, &tx, &token, Purpose::Appeal)
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            take(&world.service, &tx, &token, Purpose::Appeal)
                .await
                .unwrap()
                .is_none()
        );
    }
}
