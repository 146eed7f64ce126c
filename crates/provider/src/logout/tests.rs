//! Signing out as browsers and sub-sites meet it.

use chrono::TimeDelta;
use http::StatusCode;
use model::client::Client;
use model::scope::Scope;
use model::secret::Token;

use crate::authorize::tests::browser::{Browser, Seen};
use crate::testing::{self, World};

const BACK: &str = "https://hefei.example/signed-out";

async fn world() -> World {
    prepared(testing::world().await).await
}

async fn prepared(world: World) -> World {
    world.apply(site("hefei")).await;
    world
}

fn site(id: &str) -> Client {
    let mut client = testing::client(id);
    client.post_logout_redirect_uris = vec![format!("https://{id}.example/signed-out")];
    client.home_uri = Some(format!("https://{id}.example/"));
    client
}

/// Signs in at a sub-site; the ID token that it then has.
async fn id_token(browser: &Browser<'_>, client: &str) -> String {
    let code = browser.authorize(client, &[]).await.code(client);
    let tokens = browser.world.redeem(client, &code).await;
    tokens.json["id_token"].as_str().expect("an ID token").to_owned()
}

async fn logout(browser: &Browser<'_>, parameters: &[(&str, &str)]) -> Seen {
    browser
        .get(&format!(
            "/logout?{}",
            serde_urlencoded::to_string(parameters).expect("a query")
        ))
        .await
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    let reply = browser
        .authorize("hefei", &[("prompt", "none")])
        .await
        .reply("hefei");
    reply.get("error").is_none_or(|error| {
        assert_eq!(error, "login_required");
        false
    })
}

/// The page that asks.
fn asks(seen: &Seen) {
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert!(seen.body.contains("data-page=\"logout\"") && seen.body.contains("action=\"/logout/confirm\""));
}

/// The page that says that it is done.
fn is_done(seen: &Seen) {
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert!(seen.body.contains("data-page=\"signed-out\""), "{}", seen.body);
}

async fn confirm(browser: &Browser<'_>, fields: &[(&str, &str)]) -> Seen {
    let token = Token::parse(&browser.cookie("denizen_browser").expect("a browser")).expect("a token");
    let proof = browser
        .world
        .service
        .kit()
        .csrf_key()
        .token(&token.hash(), "logout");
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", proof.as_str())]).collect();
    browser.post("/logout/confirm", &fields).await
}

#[tokio::test]
async fn a_sub_site_with_a_hint_signs_the_resident_out_and_gets_them_back() {
    for world in testing::worlds().await {
        let world = prepared(world).await;
        let browser = Browser::signed_in(&world).await;
        let hint = id_token(&browser, "hefei").await;
        // An expired ID token is as good a hint as a fresh one.
        world.clock.advance(TimeDelta::minutes(30));
        let state = "s".repeat(128);
        let seen = logout(
            &browser,
            &[
                ("id_token_hint", &hint),
                ("post_logout_redirect_uri", BACK),
                ("state", &state),
            ],
        )
        .await;
        let reply = seen.at(BACK);
        assert_eq!(reply.len(), 1);
        assert_eq!(reply["state"], state);
        assert!(!browser.holds_session());
        assert!(!is_signed_in(&browser).await);
        assert!(
            logout(
                &browser,
                &[("client_id", "hefei"), ("post_logout_redirect_uri", BACK)]
            )
            .await
            .at(BACK)
            .is_empty()
        );
    }
}

#[tokio::test]
async fn codes_and_tokens_end_with_the_sign_in() {
    let world = world().await;
    let browser = Browser::signed_in(&world).await;
    let code = browser.authorize("hefei", &[]).await.code("hefei");
    let tokens = world.redeem("hefei", &code).await;
    let waiting = browser.authorize("hefei", &[]).await.code("hefei");
    let hint = tokens.json["id_token"].as_str().expect("an ID token").to_owned();
    is_done(&logout(&browser, &[("id_token_hint", &hint)]).await);
    let access = tokens.json["access_token"].as_str().expect("a token");
    assert_eq!(world.userinfo(access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.redeem("hefei", &waiting).await.error(), "invalid_grant");
}

#[tokio::test]
async fn attack_165_nobody_else_can_sign_a_resident_out_without_a_question() {
    let world = world().await;
    let browser = Browser::signed_in(&world).await;
    let victim_hint = id_token(&browser, "hefei").await;
    let other = world.another_resident("13900139000").await;
    let stranger = Browser::new(&world);
    let session = stranger.sign_in(other).await;
    asks(&logout(&stranger, &[]).await);
    asks(&logout(&stranger, &[("state", "x")]).await);
    asks(
        &logout(
            &stranger,
            &[("client_id", "hefei"), ("post_logout_redirect_uri", BACK)],
        )
        .await,
    );
    asks(
        &logout(
            &stranger,
            &[
                ("id_token_hint", &victim_hint),
                ("post_logout_redirect_uri", BACK),
            ],
        )
        .await,
    );
    // A form from elsewhere has no proof.
    let forged = stranger.post("/logout/confirm", &[("csrf", "x")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert!(stranger.holds_session());
    let live = store::sessions::list(
        &world.store.read(),
        other,
        &store::sessions::Limits::default(),
        world.now(),
    )
    .await
    .expect("a list");
    assert_eq!(live.iter().map(|listed| listed.id).collect::<Vec<_>>(), [session]);
}

#[tokio::test]
async fn the_resident_confirms_and_goes_back_or_reads_what_may_remain() {
    let world = world().await;
    world.decide("hefei", [Scope::Phone]).await;
    let browser = Browser::signed_in(&world).await;
    id_token(&browser, "hefei").await;
    asks(&logout(&browser, &[]).await);
    let done = confirm(&browser, &[]).await;
    is_done(&done);
    assert!(
        done.body.contains("https://hefei.example/"),
        "the site that was signed in to is named"
    );
    assert!(!done.body.contains("wuhu"));
    assert!(!is_signed_in(&browser).await);
    is_done(&logout(&browser, &[]).await);

    browser.sign_in(world.account).await;
    asks(
        &logout(
            &browser,
            &[("client_id", "hefei"), ("post_logout_redirect_uri", BACK)],
        )
        .await,
    );
    let fields = [
        ("client_id", "hefei"),
        ("post_logout_redirect_uri", BACK),
        ("state", "a b"),
    ];
    assert_eq!(confirm(&browser, &fields).await.at(BACK)["state"], "a b");
    assert!(!browser.holds_session());
}

#[tokio::test]
async fn attack_166_nobody_is_sent_to_an_address_that_is_not_the_clients() {
    let world = world().await;
    world.apply(site("wuhu")).await;
    let browser = Browser::signed_in(&world).await;
    let (hefei, wuhu) = (
        id_token(&browser, "hefei").await,
        id_token(&browser, "wuhu").await,
    );
    let unsigned = format!(
        "eyJhbGciOiJub25lIn0.{}.",
        hefei.split('.').nth(1).expect("a payload")
    );
    let (signed, signature) = hefei.rsplit_once('.').expect("a signature");
    let altered = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    let with_query = format!("{BACK}?evil=1");
    let bad: &[&[(&str, &str)]] = &[
        &[
            ("id_token_hint", &hefei),
            ("post_logout_redirect_uri", "https://evil.test/"),
        ],
        &[
            ("id_token_hint", &hefei),
            ("post_logout_redirect_uri", &with_query),
        ],
        &[
            ("id_token_hint", &hefei),
            ("post_logout_redirect_uri", "https://wuhu.example/signed-out"),
        ],
        &[("id_token_hint", &wuhu), ("post_logout_redirect_uri", BACK)],
        &[
            ("id_token_hint", &wuhu),
            ("client_id", "hefei"),
            ("post_logout_redirect_uri", BACK),
        ],
        &[("id_token_hint", &unsigned), ("post_logout_redirect_uri", BACK)],
        &[("id_token_hint", &altered), ("post_logout_redirect_uri", BACK)],
        &[("id_token_hint", "x")],
        &[("post_logout_redirect_uri", BACK)],
        &[("client_id", "unknown"), ("post_logout_redirect_uri", BACK)],
        &[("client_id", "hefei"), ("client_id", "hefei")],
    ];
    for parameters in bad {
        logout(&browser, parameters).await.is_page("logout-request");
        assert!(browser.holds_session());
    }
    let fields = [
        ("client_id", "hefei"),
        ("post_logout_redirect_uri", "https://evil.test/"),
    ];
    confirm(&browser, &fields).await.is_page("logout-request");
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_form_of_a_sub_site_is_answered_where_the_cookies_are() {
    let world = world().await;
    let browser = Browser::signed_in(&world).await;
    let hint = id_token(&browser, "hefei").await;
    let fields = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BACK),
        ("state", "x"),
    ];
    let seen = browser.post_from_outside("/logout", &fields).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert!(!seen.location().contains(&hint), "no token in an address of ours");
    assert!(browser.holds_session());
    asks(&browser.get(seen.location()).await);
    // What is refused replaces no cookie either (`post_from_outside` looks).
    let long = "s".repeat(20_000);
    for wrong in [
        [("id_token_hint", "x"), ("client_id", "hefei")],
        [("post_logout_redirect_uri", "https://evil.test/"), ("state", "x")],
        [("state", "x"), ("state", "x")],
        [("client_id", "hefei"), ("state", &long)],
    ] {
        let seen = browser.post_from_outside("/logout", &wrong).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{wrong:?}");
        assert!(seen.location().starts_with("/logout") && seen.location().len() < 8000);
        assert!(browser.holds_session());
    }
    assert_eq!(browser.post("/logout", &fields).await.at(BACK)["state"], "x");
    assert!(!browser.holds_session());
}
