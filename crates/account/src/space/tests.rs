//! The own space through the real router, on every database at hand.

use axum::http::StatusCode;

use crate::notices::{self, Kind, Told};
use crate::signin::testing::{live, resident, signed_in};
use crate::testing::worlds;

const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";

#[tokio::test]
async fn source_hb_24_the_space_shows_the_level_and_the_ways_up() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let home = browser.get("/account").await;
        assert!(home.body.contains("data-page=\"account\"") && home.body.contains("data-level=\"0\""));
        assert!(!home.body.contains(PHONE), "HB-23: masked");
        let level = browser.get("/account/level").await;
        assert!(level.body.contains("data-seal=\"phone_sms\"") && level.body.contains("data-next=\"2\""));
        // A world without sources offers no road that it cannot go.
        assert!(!level.body.contains("/verify/"), "{}", level.body);
        for strange in [
            "want=9",
            "want=-1",
            "want=abc",
            "want=",
            "interaction=x&return_to=https%3A%2F%2Fevil.test",
        ] {
            assert_eq!(
                browser.get(&format!("/account/level?{strange}")).await.status,
                StatusCode::OK
            );
        }
    }
}

#[tokio::test]
async fn the_home_page_leads_everywhere_and_says_how_many_messages_are_new() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let seen = store::notices::read_until(&tx, id, now, now).await;
        seen.unwrap();
        let quiet = browser.get("/account").await;
        assert!(!quiet.body.contains("data-unread") && !quiet.body.contains("data-agreement"));
        let account = store::accounts::find(&tx, id).await.unwrap().unwrap();
        let told = Told::of(Kind::PasswordChanged);
        notices::tell(&world.service, &tx, &account, &told).await.unwrap();
        let home = browser.get("/account").await;
        assert!(
            home.body.contains("data-unread=\"1\""),
            "{}: {}",
            world.kind,
            home.body
        );
        let main = home.body.split_once("<main").unwrap().1;
        let main = main.split_once("</main>").unwrap().0;
        let links: Vec<&str> = main
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        for path in [
            "agreements",
            "export",
            "close",
            "notices",
            "contact",
            "security",
            "level",
            "cases",
        ] {
            assert!(
                links.contains(&format!("/account/{path}").as_str()),
                "{path}: {links:?}"
            );
        }
        for link in links {
            // The pages of consents are another crate's; its tests open them.
            if link == "/account/sharing" {
                continue;
            }
            let seen = browser.get(link).await;
            assert_eq!(seen.status, StatusCode::OK, "{link}: {:?}", seen.location);
        }
    }
}

#[tokio::test]
async fn sign_ins_are_listed_and_ended_by_their_owner_only() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let (mut here, there) = (signed_in(&world, PHONE).await, signed_in(&world, PHONE).await);
        let stranger = signed_in(&world, OTHER).await;
        let foreign = live(&world, &stranger).await.unwrap().id.to_string();
        let page = here.get("/account/security").await;
        assert!(page.body.contains("data-here") && !page.body.contains(&foreign));
        let refused = here
            .post("/account/security/end", &page, &[("session", &foreign)])
            .await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "A261");
        assert!(live(&world, &stranger).await.is_some());
        let other = live(&world, &there).await.unwrap().id.to_string();
        let ended = here
            .post("/account/security/end", &page, &[("session", &other)])
            .await;
        assert_eq!(ended.location.as_deref(), Some("/account/security?ended=yes"));
        assert!(live(&world, &there).await.is_none(), "{}", world.kind);
        let (third, fourth) = (signed_in(&world, PHONE).await, signed_in(&world, PHONE).await);
        here.post("/account/security/end", &page, &[("others", "yes")])
            .await;
        assert!(live(&world, &third).await.is_none() && live(&world, &fourth).await.is_none());
        assert!(live(&world, &here).await.is_some() && live(&world, &stranger).await.is_some());
    }
}
