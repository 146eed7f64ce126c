//! The page after a sign-out.

use chrono::TimeDelta;
use http::StatusCode;
use model::client::Client;
use model::language::Language;
use store::letters::{self, Ending};
use store::logouts::Site;

use super::{confirm, id_token, is_done, logout, site};
use crate::authorize::tests::browser::{Browser, Seen};
use crate::testing::{self, World};

fn told(id: &str) -> Client {
    let mut client = site(id);
    client.backchannel_logout_uri = Some(format!("https://{id}.example/told"));
    client
}

async fn prepared(world: World) -> World {
    world.apply(told("hefei")).await;
    world.apply(site("wuhu")).await;
    world
}

/// A person signs out who was signed in at Hefei, which can be told, and Wuhu, which cannot. The page's address.
async fn signed_out(browser: &Browser<'_>) -> String {
    id_token(browser, "hefei").await;
    id_token(browser, "wuhu").await;
    let seen = confirm(browser, &[]).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.body);
    seen.location().to_owned()
}

fn states(seen: &Seen) -> Vec<String> {
    let parts = seen.body.split("data-state=\"").skip(1);
    parts
        .map(|part| part.split('"').next().expect("a state").to_owned())
        .collect()
}

/// Where the page looks again, without script.
fn next(seen: &Seen) -> Option<String> {
    let (_, rest) = seen.body.split_once("http-equiv=\"refresh\" content=\"")?;
    let (_, rest) = rest.split_once(";url=")?;
    let address = rest.split('"').next()?;
    Some(address.replace("&amp;", "&").replace("&#38;", "&"))
}

/// Notes an answer of Hefei, as the worker would.
async fn answer(world: &World, ending: Option<Ending>) {
    let (tx, now) = (world.store.read(), world.now());
    for due in letters::due::<Site>(&tx, now, &std::collections::BTreeSet::new(), 10)
        .await
        .expect("rows")
    {
        if due.letter.client.as_str() != "hefei" {
            continue;
        }
        let taken = letters::take(&tx, &due, now, TimeDelta::seconds(1))
            .await
            .expect("a row");
        let taken = taken.expect("nobody else takes it");
        match ending {
            Some(ending) => assert!(letters::give_up(&tx, &taken, ending, now).await.expect("noted")),
            None => letters::confirmed(&tx, &taken, now).await.expect("noted"),
        }
    }
}

#[tokio::test]
async fn the_page_says_of_each_sub_site_whether_it_confirmed() {
    for world in testing::worlds().await {
        let world = prepared(world).await;
        let browser = Browser::signed_in(&world).await;
        let path = signed_out(&browser).await;
        let page = browser.get(&path).await;
        assert_eq!(states(&page), ["waiting", "not-supported"]);
        assert!(
            page.body
                .contains("role=\"status\">We are telling these websites now. 0 of 2 have confirmed.")
        );
        answer(&world, None).await;
        let page = browser.get(&path).await;
        assert_eq!(states(&page), ["confirmed", "not-supported"]);
        assert_eq!(next(&page), None, "nothing is outstanding");
        assert!(page.body.contains("1 of 2 confirmed"), "{}", page.body);
        assert!(
            page.body.contains("Confirmed: signed out")
                && page.body.contains("Not supported: sign out there yourself")
        );
        assert_eq!(page.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn what_is_no_confirmation_is_not_called_one() {
    for (ending, words) in [
        (Ending::Refused, "Not confirmed: sign out there yourself"),
        (Ending::NoAnswer, "No answer: sign out there yourself"),
    ] {
        let world = prepared(testing::world().await).await;
        let browser = Browser::signed_in(&world).await;
        let path = signed_out(&browser).await;
        answer(&world, Some(ending)).await;
        let page = browser.get(&path).await;
        assert_eq!(states(&page), ["no-answer", "not-supported"]);
        assert!(page.body.contains(words) && !page.body.contains("Confirmed: signed out"));
    }
}

#[tokio::test]
async fn attack_167_the_page_looks_again_a_few_times_without_script_and_then_says_what_is_so() {
    let world = prepared(testing::world().await).await;
    let browser = Browser::signed_in(&world).await;
    let mut path = signed_out(&browser).await;
    assert!(!browser.holds_session(), "signed out here at once");
    let mut looks = 0;
    let last = loop {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        match next(&page) {
            Some(next) => path = next,
            None => break page,
        }
        looks += 1;
        assert!(looks < 20, "it never ends");
    };
    assert_eq!(looks, 6);
    assert_eq!(states(&last), ["no-answer", "not-supported"]);
    assert!(last.body.contains("No answer yet; we keep trying") && last.body.contains("Look again"));
}

#[tokio::test]
async fn the_page_is_seen_again_in_its_own_browser_until_its_time_is_over() {
    for world in testing::worlds().await {
        let world = prepared(world).await;
        let browser = Browser::signed_in(&world).await;
        let path = signed_out(&browser).await;
        for _ in 0..3 {
            assert_eq!(
                states(&browser.get(&path).await).len(),
                2,
                "reload, the way back, another tab"
            );
        }
        for other in [Browser::new(&world), Browser::signed_in(&world).await] {
            let seen = other.get(&path).await;
            assert_eq!(seen.status, StatusCode::OK);
            assert!(states(&seen).is_empty(), "another browser learns nothing");
        }
        for broken in [
            "/logout/done",
            "/logout/done?ticket=",
            "/logout/done?ticket=AAAA",
            "/logout/done?ticket=%00",
        ] {
            let seen = browser.get(broken).await;
            assert_eq!(
                (seen.status, states(&seen).len()),
                (StatusCode::OK, 0),
                "{broken}"
            );
        }
        world.clock.advance(TimeDelta::minutes(15));
        let seen = browser.get(&path).await;
        assert!(states(&seen).is_empty() && seen.body.contains("data-page=\"signed-out\""));
    }
}

#[tokio::test]
async fn attack_170_171_whoever_signs_in_next_in_the_browser_does_not_see_where_the_last_person_was() {
    let world = prepared(testing::world().await).await;
    let browser = Browser::signed_in(&world).await;
    let path = signed_out(&browser).await;
    browser.sign_in(world.another_resident("13900139000").await).await;
    let seen = browser.get(&path).await;
    assert!(seen.body.contains("data-page=\"signed-in-again\"") && states(&seen).is_empty());
    is_done(&browser, &confirm(&browser, &[]).await).await;
    assert!(
        states(&browser.get(&path).await).is_empty(),
        "the browser has another name now"
    );
}

#[tokio::test]
async fn the_language_that_a_sub_site_asked_for_goes_all_the_way() {
    let world = prepared(testing::world().await).await;
    let browser = Browser::signed_in(&world).await;
    id_token(&browser, "hefei").await;
    let asks = logout(&browser, &[("ui_locales", "xx vi")]).await;
    assert!(
        asks.body.contains("name=\"ui_locales\" value=\"xx vi\""),
        "{}",
        asks.body
    );
    let seen = confirm(&browser, &[("ui_locales", "xx vi")]).await;
    let mut page = browser.get(seen.location()).await;
    for _ in 0..2 {
        assert!(page.body.contains("<html lang=\"vi\""), "{}", page.body);
        page = browser.get(&next(&page).expect("a next look")).await;
    }
}

#[tokio::test]
async fn attack_165_167_a_second_tab_that_signs_out_too_does_no_harm() {
    let world = prepared(testing::world().await).await;
    let browser = Browser::signed_in(&world).await;
    let path = signed_out(&browser).await;
    // Its form lost its proof with the first tab's sign-out.
    let late = browser.post("/logout/confirm", &[("csrf", "AAAA")]).await;
    is_done(&browser, &late).await;
    is_done(&browser, &logout(&browser, &[]).await).await;
    assert_eq!(
        states(&browser.get(&path).await).len(),
        2,
        "the first tab's page is still good"
    );
}

#[tokio::test]
async fn the_page_speaks_three_languages_completely() {
    let world = prepared(testing::world().await).await;
    let browser = Browser::signed_in(&world).await;
    let path = signed_out(&browser).await;
    for language in Language::ALL {
        let page = browser.get(&format!("{path}&lang={}", language.tag())).await;
        assert!(page.body.contains(&format!("<html lang=\"{}\"", language.tag())));
        for text in ["logout-", "{$", "{ $", "\u{2068}"] {
            let main = page.body.split("<main").nth(1).expect("main");
            let main = main.split("</main").next().expect("main");
            assert!(!main.replace("/logout/", "/").contains(text), "{text}: {main}");
        }
    }
}
