//! Signing out as browsers and sub-sites meet it.

mod deliver;
mod front;
mod page;

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

/// The page that says that it is done, behind the redirect to it.
async fn is_done(browser: &Browser<'_>, seen: &Seen) -> Seen {
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.body);
    assert!(seen.location().starts_with("/logout/done"), "{}", seen.location());
    let page = browser.get(seen.location()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("data-page=\"signed-out\""), "{}", page.body);
    page
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
    let seen = logout(&browser, &[("id_token_hint", &hint)]).await;
    is_done(&browser, &seen).await;
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
    let done = is_done(&browser, &confirm(&browser, &[]).await).await;
    assert!(
        done.body.contains("https://hefei.example/"),
        "the site that was signed in to is named"
    );
    assert!(!done.body.contains("wuhu"));
    assert!(!is_signed_in(&browser).await);
    is_done(&browser, &logout(&browser, &[]).await).await;

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
    for world in testing::worlds().await {
        let world = prepared(world).await;
        let browser = Browser::signed_in(&world).await;
        let hint = id_token(&browser, "hefei").await;
        let fields = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", BACK),
            ("state", "x"),
        ];
        let seen = browser.post_from_outside("/logout", &fields).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER);
        let payload = hint.split('.').nth(1).expect("a payload");
        assert!(
            !seen.location().contains(payload),
            "no token in an address of ours"
        );
        let kept = seen.location().to_owned();
        assert!(kept.starts_with("/logout?continue=") && browser.holds_session());
        // Another person's browser is asked, whatever address it was given.
        let stranger = Browser::new(&world);
        stranger
            .sign_in(world.another_resident("13900139000").await)
            .await;
        asks(&stranger.get(&kept).await);
        assert_eq!(browser.get(&kept).await.at(BACK)["state"], "x");
        assert!(!browser.holds_session());
        // The moment passes, and nobody makes up such an address.
        world.clock.advance(TimeDelta::minutes(2));
        browser.get(&kept).await.is_page("logout-request");
        browser
            .get("/logout?continue=AAAA")
            .await
            .is_page("logout-request");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_where_the_cookies_are() {
    let world = world().await;
    let browser = Browser::signed_in(&world).await;
    let hint = id_token(&browser, "hefei").await;
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
    // A hint that is none of ours leads nobody back.
    let forged = [
        ("id_token_hint", "x"),
        ("client_id", "hefei"),
        ("post_logout_redirect_uri", BACK),
    ];
    let seen = browser.post_from_outside("/logout", &forged).await;
    assert_eq!(seen.location(), "/logout?client_id=hefei");
    let fields = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BACK),
        ("state", "x"),
    ];
    assert_eq!(browser.post("/logout", &fields).await.at(BACK)["state"], "x");
    assert!(!browser.holds_session());
}

#[tokio::test]
async fn parameters_alone_and_together_do_what_the_standard_says() {
    let world = world().await;
    let browser = Browser::signed_in(&world).await;
    let hint = id_token(&browser, "hefei").await;
    for parameters in [
        &[("logout_hint", "someone@example.cn")][..],
        &[("ui_locales", "vi xx")],
        &[("unknown", "x")],
    ] {
        let seen = logout(&browser, parameters).await;
        asks(&seen);
        assert!(!seen.body.contains("someone@"));
    }
    let vi = logout(&browser, &[("ui_locales", "xx vi")]).await;
    assert!(vi.body.contains("lang=\"vi\""), "{}", vi.body);
    let twice = [("logout_hint", "a"), ("logout_hint", "b")];
    logout(&browser, &twice).await.is_page("logout-request");
    // Weeks later the hint is as good as ever, as long as its key is known; here somebody else is signed in.
    world.clock.advance(TimeDelta::minutes(50));
    let stranger = Browser::new(&world);
    stranger
        .sign_in(world.another_resident("13900139000").await)
        .await;
    asks(&logout(&stranger, &[("id_token_hint", &hint)]).await);
    // Nobody is signed in: nothing to ask, and the way back is as registered.
    let nobody = Browser::new(&world);
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BACK),
    ];
    assert!(
        logout(&nobody, &parameters).await.at(BACK).is_empty(),
        "no state without state"
    );
    is_done(&nobody, &logout(&nobody, &[("state", "x")]).await).await;
    let state = [("id_token_hint", hint.as_str()), ("state", "x")];
    is_done(&browser, &logout(&browser, &state).await).await;
    assert!(!browser.holds_session());
}

#[tokio::test]
async fn a_sign_in_that_lapsed_ends_for_its_sub_sites_when_one_of_them_vouches() {
    for world in testing::worlds().await {
        let world = prepared(world).await;
        let browser = Browser::new(&world);
        let session = browser.sign_in(world.account).await;
        let hint = id_token(&browser, "hefei").await;
        world.clock.advance(TimeDelta::minutes(61));
        let rows = async || {
            let tx = world.store.read();
            store::logouts::of_session(&tx, session)
                .await
                .expect("rows")
                .len()
        };
        let cookie = browser.cookie("denizen_session").expect("a cookie");
        // Anybody's page could have sent this.
        is_done(&browser, &logout(&browser, &[]).await).await;
        assert_eq!(rows().await, 0);
        browser.set_cookie("denizen_session", &cookie);
        let seen = logout(&browser, &[("id_token_hint", &hint)]).await;
        is_done(&browser, &seen).await;
        assert_eq!(rows().await, 1);
    }
}

#[tokio::test]
async fn signing_out_in_one_tab_is_said_in_the_other_that_waits_and_leads_back() {
    for world in testing::worlds().await {
        let world = prepared(world).await;
        let browser = Browser::signed_in(&world).await;
        let hint = id_token(&browser, "hefei").await;
        let waiting = browser
            .authorize("hefei", &[("prompt", "login")])
            .await
            .asks("/sign-in");
        let answered = browser
            .authorize("wuhu", &[("prompt", "login")])
            .await
            .asks("/sign-in");
        is_done(&browser, &logout(&browser, &[("id_token_hint", &hint)]).await).await;
        let seen = browser.resume(&waiting).await;
        assert_eq!(seen.status, StatusCode::GONE, "{}", seen.body);
        assert!(
            seen.body
                .contains("You signed out in this browser while this request was waiting.")
        );
        assert!(seen.body.contains("href=\"https://hefei.example/\""));
        assert_eq!(browser.resume(&answered).await.status, StatusCode::GONE);
        // A form of that tab lost its proof with the sign-out; the page that says so leads on.
        browser.sign_in(world.account).await;
        let stale = browser
            .post(
                "/logout/confirm",
                &[("csrf", "x"), ("interaction", waiting.expose())],
            )
            .await;
        assert_eq!(stale.status, StatusCode::FORBIDDEN);
        let resume = model::interaction::resume_path(&waiting);
        assert!(
            stale.body.contains(&format!("href=\"{resume}\"")),
            "{}",
            stale.body
        );
        // Attack 037: what other browsers start stays theirs.
        let other = Browser::new(&world);
        let theirs = other.authorize("hefei", &[]).await.asks("/sign-in");
        browser.resume(&theirs).await.is_page("authorize-not-here");
    }
}

#[tokio::test]
async fn attack_174_no_page_watches_sign_ins_from_a_frame() {
    let world = world().await;
    let metadata = world.get("/.well-known/openid-configuration").await;
    assert!(metadata.json.get("check_session_iframe").is_none());
    let browser = Browser::signed_in(&world).await;
    let reply = browser.authorize("hefei", &[]).await.reply("hefei");
    assert!(!reply.contains_key("session_state"));
    let seen = logout(&browser, &[]).await;
    assert_eq!(seen.headers["cross-origin-opener-policy"], "same-origin");
    assert_eq!(seen.headers["x-frame-options"], "DENY");
    let policy = seen.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("frame-src"));
}

#[tokio::test]
async fn attack_173_a_confirmation_that_another_site_sends_is_refused() {
    let world = world().await;
    let browser = Browser::signed_in(&world).await;
    id_token(&browser, "hefei").await;
    let seen = browser
        .send_with(
            "/logout/confirm",
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")],
        )
        .await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(browser.holds_session() && is_signed_in(&browser).await);
}
