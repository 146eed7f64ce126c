//! The sub-sites as relying parties: what they ask for, what they refuse, and what a resident sees.

use std::collections::BTreeMap;

use crate::support::stage::{Browser, Stage, refused};
use chrono::TimeDelta;
use model::clock::Clock;
use reqwest::header::ORIGIN;
use sandbox::{Bound, Config};
use url::Url;

#[tokio::test]
async fn a_resident_signs_in_and_sees_name_level_seals_and_dates() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    let asked = stage.start(&mut browser, "/start").await;
    assert_eq!(asked["client_id"], "hefei-portal");
    assert_eq!(asked["redirect_uri"], format!("{}/callback", stage.sites[0]));
    assert_eq!(asked["scope"], "openid assurance seals real_name phone");
    assert_eq!(
        (
            asked["response_type"].as_str(),
            asked["code_challenge_method"].as_str()
        ),
        ("code", "S256")
    );
    assert_eq!(asked["ui_locales"], "en");
    assert!(!asked.contains_key("acr_values") && !asked.contains_key("claims"));
    let before = browser.cookies["hefei_session"].clone();
    let shown = stage
        .open(&mut browser, &stage.answer(&asked["state"], &[("code", "c")]))
        .await;
    assert_eq!(
        (shown.status, shown.location.as_deref()),
        (303, Some("/")),
        "{}",
        shown.html
    );
    assert_ne!(
        browser.cookies["hefei_session"], before,
        "a planted session is worth nothing after signing in"
    );
    let home = stage.open(&mut browser, "/").await.html;
    for part in [
        "<code id=\"subject\">p.1</code>",
        "data-level=\"1\"",
        "张明远&#60;",
        "Population register <time datetime=\"2026-05-04\"",
        "data-source=\"moon\"",
        "id=\"lapses-at\" datetime=\"2028-05-04\"",
        "id=\"sign-out\"",
    ] {
        assert!(home.contains(part), "{part} is not in {home}");
    }
    assert!(!home.contains("id=\"sign-in\""));
    let script = stage.provider.script();
    assert!(script.seen_authorization.unwrap().starts_with("Basic "));
    let developer = stage.open(&mut browser, "/developer").await.html;
    assert!(
        developer.contains("id=\"raw-id-token\"") && developer.contains("urn:denizen:loa:1"),
        "{developer}"
    );
    assert!(developer.contains("phone_number") && developer.contains("not shown"));
}

#[tokio::test]
async fn the_other_city_sends_its_secret_in_the_form_and_keeps_its_own_cookie() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    let site = stage.sites[1].clone();
    let asked = stage.start(&mut browser, &format!("{site}/start")).await;
    let address = stage
        .answer(&asked["state"], &[("code", "c")])
        .replace(&stage.sites[0], &site);
    assert_eq!(stage.open(&mut browser, &address).await.status, 303);
    let form = stage.provider.script().seen_form;
    assert_eq!(form["client_id"], "yichang-portal");
    assert!(form.contains_key("client_secret"));
    assert!(
        browser.cookies.contains_key("yichang_session") && !browser.cookies.contains_key("hefei_session")
    );
}

#[tokio::test]
async fn services_open_by_level_and_ask_for_what_is_missing() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    assert_eq!(stage.open(&mut browser, "/services/guide").await.status, 200);

    let shown = stage.open(&mut browser, "/services/bills").await;
    assert_eq!(shown.location.as_deref(), Some("/start?service=bills"));
    stage.provider.change(|script| script.acr = Some(0));
    let asked = stage.start(&mut browser, "/start?service=bills").await;
    assert_eq!(asked["acr_values"], "urn:denizen:loa:1");
    let back = stage
        .open(&mut browser, &stage.answer(&asked["state"], &[("code", "c")]))
        .await;
    assert_eq!(back.location.as_deref(), Some("/services/bills?asked=1"));
    let page = stage.open(&mut browser, "/services/bills?asked=1").await;
    assert_eq!(page.status, 403);
    assert!(
        page.html.contains("data-page=\"level-needed\"") && page.html.contains("needs level 1"),
        "{}",
        page.html
    );
    assert!(page.html.contains("You have level 0"));

    stage.provider.change(|script| script.acr = Some(1));
    stage.sign_in(&mut browser, "/start?service=bills").await;
    assert!(
        stage
            .open(&mut browser, "/services/bills")
            .await
            .html
            .contains("id=\"service-content\"")
    );

    let asked = stage.start(&mut browser, "/start?service=provident-fund").await;
    let claims: serde_json::Value = serde_json::from_str(&asked["claims"]).unwrap();
    assert_eq!(claims["id_token"]["acr"]["essential"], true);
    assert_eq!(claims["id_token"]["acr"]["values"][0], "urn:denizen:loa:2");
    let refusal = [
        ("error", "unmet_authentication_requirements"),
        ("error_description", "level 2 needed"),
    ];
    let page = stage
        .open(&mut browser, &stage.answer(&asked["state"], &refusal))
        .await;
    assert_eq!(page.status, 403);
    assert!(
        page.html
            .contains("<code id=\"error-code\">unmet_authentication_requirements</code>"),
        "{}",
        page.html
    );
    assert!(page.html.contains("needs level 2") && page.html.contains("You have level 1"));
}

#[tokio::test]
async fn a_silent_attempt_shows_no_page_when_nobody_is_signed_in() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    let shown = stage.open(&mut browser, "/?silent=1").await;
    assert_eq!(shown.location.as_deref(), Some("/start?prompt=none"));
    let asked = stage.start(&mut browser, "/start?prompt=none").await;
    assert_eq!(asked["prompt"], "none");
    let back = stage
        .open(
            &mut browser,
            &stage.answer(&asked["state"], &[("error", "login_required")]),
        )
        .await;
    assert_eq!(back.location.as_deref(), Some("/"));
    assert!(stage.open(&mut browser, "/").await.html.contains("id=\"notice\""));
    assert!(
        !stage.open(&mut browser, "/").await.html.contains("id=\"notice\""),
        "the notice is shown once"
    );
}

#[tokio::test]
async fn attack_028_a_state_serves_one_answer_of_one_browser() {
    let stage = Stage::set().await;
    let mut mine = Browser::default();
    let asked = stage.start(&mut mine, "/start").await;
    let answer = stage.answer(&asked["state"], &[("code", "c")]);
    refused(&stage, &mut Browser::default(), &answer, "state_mismatch").await;
    refused(&stage, &mut mine, &format!("{answer}&state=x"), "state_mismatch").await;
    assert_eq!(stage.open(&mut mine, &answer).await.status, 303);
    refused(&stage, &mut mine, &answer, "state_mismatch").await;
}

#[tokio::test]
async fn attack_029_answers_of_another_issuer_or_of_nobody_are_refused() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    let asked = stage.start(&mut browser, "/start").await;
    let forged = format!(
        "/callback?state={}&code=c&iss=https://evil.example",
        asked["state"]
    );
    refused(&stage, &mut browser, &forged, "issuer_mismatch").await;
    let asked = stage.start(&mut browser, "/start").await;
    refused(
        &stage,
        &mut browser,
        &format!("/callback?state={}&code=c", asked["state"]),
        "issuer_missing",
    )
    .await;
}

#[tokio::test]
async fn attack_044_tokens_with_the_wrong_nonce_issuer_key_level_or_age_sign_nobody_in() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    let asked = stage.start(&mut browser, "/start").await;
    stage.provider.change(|script| script.nonce = "other".to_owned());
    refused(
        &stage,
        &mut browser,
        &stage.answer(&asked["state"], &[("code", "c")]),
        "invalid_id_token",
    )
    .await;

    let asked = stage.start(&mut browser, "/start").await;
    stage
        .provider
        .change(|script| script.issuer = "https://evil.example".to_owned());
    refused(
        &stage,
        &mut browser,
        &stage.answer(&asked["state"], &[("code", "c")]),
        "invalid_id_token",
    )
    .await;
    stage
        .provider
        .change(|script| script.issuer = stage.provider.issuer.clone());

    let asked = stage.start(&mut browser, "/start").await;
    stage.provider.change(|script| script.key = 9);
    refused(
        &stage,
        &mut browser,
        &stage.answer(&asked["state"], &[("code", "c")]),
        "unknown_key",
    )
    .await;
    stage.provider.change(|script| script.key = 1);

    let asked = stage.start(&mut browser, "/start").await;
    stage
        .provider
        .change(|script| script.challenge = "other".to_owned());
    refused(
        &stage,
        &mut browser,
        &stage.answer(&asked["state"], &[("code", "c")]),
        "invalid_grant",
    )
    .await;

    let asked = stage.start(&mut browser, "/start?acr=2&essential=1").await;
    refused(
        &stage,
        &mut browser,
        &stage.answer(&asked["state"], &[("code", "c")]),
        "acr_too_low",
    )
    .await;

    let asked = stage.start(&mut browser, "/start?max_age=60").await;
    assert_eq!(asked["max_age"], "60");
    stage
        .provider
        .change(|script| script.auth_time = Some(Clock::system().now() - TimeDelta::hours(1)));
    refused(
        &stage,
        &mut browser,
        &stage.answer(&asked["state"], &[("code", "c")]),
        "auth_time_too_old",
    )
    .await;
    assert!(
        stage
            .open(&mut browser, "/")
            .await
            .html
            .contains("id=\"sign-in\"")
    );
}

#[tokio::test]
async fn a_provider_that_changes_its_key_is_asked_for_the_new_one() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, "/start").await.status, 303);
    stage
        .provider
        .change(|script| (script.key, script.published_key) = (2, 2));
    let shown = stage.sign_in(&mut browser, "/start").await;
    assert_eq!(shown.status, 303, "{}", shown.html);
}

#[tokio::test]
async fn signing_out_ends_the_local_session_and_goes_on_to_the_provider() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, "/start").await;
    let post = || stage.client.post(stage.absolute("/sign-out"));

    let foreign = stage
        .send(&mut browser, post().header(ORIGIN, stage.sites[1].as_str()))
        .await;
    assert_eq!(foreign.status, 403);
    assert!(
        stage
            .open(&mut browser, "/")
            .await
            .html
            .contains("id=\"sign-out\"")
    );

    let shown = stage
        .send(&mut browser, post().header(ORIGIN, stage.sites[0].as_str()))
        .await;
    let url = Url::parse(&shown.location.unwrap()).unwrap();
    let asked: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(url.path(), "/logout");
    assert_eq!(asked["id_token_hint"].split('.').count(), 3);
    assert_eq!(
        asked["post_logout_redirect_uri"],
        format!("{}/signed-out", stage.sites[0])
    );
    assert!(
        stage
            .open(&mut browser, "/")
            .await
            .html
            .contains("id=\"sign-in\"")
    );
    let done = stage
        .open(&mut browser, &format!("/signed-out?state={}", asked["state"]))
        .await;
    assert!(done.html.contains("data-confirmed=\"true\""), "{}", done.html);
    let again = stage
        .open(&mut browser, &format!("/signed-out?state={}", asked["state"]))
        .await;
    assert!(again.html.contains("data-confirmed=\"false\""));
}

#[tokio::test]
async fn a_site_whose_provider_is_not_there_yet_says_so_and_works_once_it_is() {
    let bound = Bound::bind(Config::on_free_ports()).await.unwrap();
    let site = bound.addresses().sites[0].clone();
    // A port that nobody listens on: bound and let go.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let _running = bound.start(&format!("http://{free}")).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(format!("{site}/start")).send().await.unwrap();
    assert_eq!(response.status(), 502);
    assert!(response.text().await.unwrap().contains("provider_unreachable"));
    assert_eq!(client.get(format!("{site}/")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn every_page_exists_in_every_language_with_one_heading() {
    let stage = Stage::set().await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, "/start").await;
    for site in &stage.sites {
        for path in [
            "/",
            "/services/guide",
            "/services/bills",
            "/developer",
            "/signed-out",
            "/nothing",
        ] {
            for tag in ["zh-CN", "en", "vi"] {
                let shown = stage
                    .open(&mut browser, &format!("{site}{path}?lang={tag}"))
                    .await;
                if shown.location.is_some() {
                    continue;
                }
                assert_eq!(shown.html.matches("<h1>").count(), 1, "{path}");
                assert!(shown.html.contains(&format!("<html lang=\"{tag}\"")), "{path}");
                let missing = shown.html.split('[').skip(1).find(|rest| {
                    [
                        "site-",
                        "city-",
                        "home-",
                        "level-",
                        "service-",
                        "problem-",
                        "developer-",
                    ]
                    .iter()
                    .any(|prefix| rest.starts_with(prefix))
                });
                assert_eq!(missing, None, "{path} {tag}");
            }
        }
    }
    assert_eq!(browser.cookies["hefei_lang"], "vi");
}
