//! Frames (Front-Channel Logout 1.0).

use http::StatusCode;
use model::client::Client;
use url::Url;

use super::{BACK, confirm, id_token, is_done, logout, site};
use crate::authorize::tests::browser::{Browser, Seen};
use crate::testing::{self, World};

fn framed(id: &str) -> Client {
    let mut client = site(id);
    client.frontchannel_logout_uri = Some(format!("https://{id}.example:8443/frame?lang=zh&x=1"));
    client
}

async fn prepared(world: World) -> World {
    for id in ["hefei", "wuhu"] {
        world.apply(framed(id)).await;
    }
    world
}

/// The addresses of the frames, as a browser with script would open them.
fn frames(seen: &Seen) -> Vec<Url> {
    let parts = seen.body.split("<iframe data-src=\"").skip(1);
    parts
        .map(|part| {
            let address = part.split('"').next().expect("an address");
            Url::parse(&address.replace("&amp;", "&").replace("&#38;", "&")).expect("an address")
        })
        .collect()
}

#[tokio::test]
async fn the_page_frames_each_sub_site_with_iss_and_sid_and_nothing_else_may_be_framed() {
    for world in testing::worlds().await {
        let world = prepared(world).await;
        let browser = Browser::signed_in(&world).await;
        let hint = id_token(&browser, "hefei").await;
        let sid = testing::claims(&hint)["sid"].as_str().expect("a sid").to_owned();
        let page = is_done(&browser, &logout(&browser, &[("id_token_hint", &hint)]).await).await;
        let seen = frames(&page);
        assert_eq!(seen.len(), 1, "wuhu has no sign-in");
        let pairs: Vec<_> = seen[0].query_pairs().into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            pairs,
            [
                pair("lang", "zh"),
                pair("x", "1"),
                pair("iss", world.service.issuer()),
                pair("sid", &sid)
            ]
        );
        assert_eq!(seen[0].host_str(), Some("hefei.example"));
        let policy = page.headers["content-security-policy"].to_str().expect("text");
        assert!(
            policy.ends_with("; frame-src https://hefei.example:8443"),
            "{policy}"
        );
        assert_eq!(
            page.body
                .matches("sandbox=\"allow-scripts allow-same-origin allow-forms\"")
                .count(),
            2
        );
        assert!(
            page.body.contains("data-state=\"no-answer\""),
            "nothing is confirmed by it"
        );
    }
}

#[tokio::test]
async fn the_browser_goes_back_to_the_sub_site_once_the_frames_had_their_time() {
    let world = prepared(testing::world().await).await;
    let browser = Browser::signed_in(&world).await;
    let hint = id_token(&browser, "hefei").await;
    id_token(&browser, "wuhu").await;
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BACK),
        ("state", "a&b\"<"),
    ];
    let page = is_done(&browser, &logout(&browser, &parameters).await).await;
    assert!(!browser.holds_session(), "nothing waits for the frames");
    assert_eq!(frames(&page).len(), 2);
    let back = format!("{BACK}?state=a%26b%22%3C");
    for expected in [
        format!("data-then=\"{back}\""),
        format!("data-limit=\"{}\"", super::super::front::WAIT_MS),
        format!("<noscript><meta http-equiv=\"refresh\" content=\"4;url={back}\"></noscript>"),
        format!("<a class=\"button\" href=\"{back}\""),
    ] {
        assert!(
            page.body.contains(&expected),
            "{expected} is missing in {}",
            page.body
        );
    }
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.ends_with("frame-src https://hefei.example:8443 https://wuhu.example:8443"));
}

#[tokio::test]
async fn a_sub_site_without_frames_is_gone_back_to_at_once() {
    let world = prepared(testing::world().await).await;
    world.apply(site("hefei")).await;
    let browser = Browser::signed_in(&world).await;
    let hint = id_token(&browser, "hefei").await;
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BACK),
    ];
    assert!(logout(&browser, &parameters).await.at(BACK).is_empty());
}

#[tokio::test]
async fn a_sub_site_that_is_switched_off_is_not_framed_and_a_confirmed_sign_out_is() {
    let world = prepared(testing::world().await).await;
    let browser = Browser::signed_in(&world).await;
    id_token(&browser, "hefei").await;
    id_token(&browser, "wuhu").await;
    let mut off = framed("wuhu");
    off.disabled = true;
    world.apply(off).await;
    let page = is_done(&browser, &confirm(&browser, &[]).await).await;
    assert_eq!(frames(&page).len(), 1);
    assert_eq!(page.status, StatusCode::OK);
}
