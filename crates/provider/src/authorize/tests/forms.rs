//! Answers that the browser posts (OAuth 2.0 Form Post Response Mode).

use std::collections::BTreeMap;

use http::StatusCode;
use model::client::ResponseMode;

use super::browser::{Browser, Seen, parameters};
use crate::testing::{self, redirect_uri};

const FORM: (&str, &str) = ("response_mode", "form_post");

/// The text behind the escapes that our templates write.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("&#");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(';').expect("an escape");
        let number: u32 = number.parse().expect("a number");
        plain.push(char::from_u32(number).expect("a character"));
        plain.push_str(rest);
    }
    plain
}

/// What the page would post, and where to.
fn posted(seen: &Seen) -> (String, BTreeMap<String, String>) {
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!(seen.location(), "", "nothing in an address");
    let attribute = |text: &str, name: &str| {
        let (_, rest) = text.split_once(&format!(" {name}=\"")).expect("an attribute");
        unescaped(rest.split('"').next().expect("a value"))
    };
    let (_, form) = seen.body.split_once("<form ").expect("a form");
    let action = attribute(&format!(" {form}"), "action");
    let inputs = form.split("<input ").skip(1);
    let inputs = inputs.map(|input| {
        let input = format!(" {input}");
        (attribute(&input, "name"), attribute(&input, "value"))
    });
    (action, inputs.collect())
}

#[tokio::test]
async fn codes_and_errors_are_posted_and_nothing_stands_in_an_address() {
    for world in testing::worlds().await {
        let browser = Browser::signed_in(&world).await;
        let seen = browser.authorize("hefei", &[FORM, ("prompt", "none")]).await;
        let (action, answer) = posted(&seen);
        assert_eq!(action, redirect_uri("hefei"));
        assert_eq!(answer.keys().collect::<Vec<_>>(), ["code", "iss", "state"]);
        assert_eq!(
            (answer["state"].as_str(), answer["iss"].as_str()),
            ("a state", world.service.issuer())
        );
        assert_eq!(
            world.redeem("hefei", &answer["code"]).await.status,
            StatusCode::OK
        );
        assert_eq!(seen.headers["cache-control"], "no-store");
        assert_eq!(seen.headers["content-type"], "text/html; charset=utf-8");
        let policy = seen.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("form-action https://hefei.example; "), "{policy}");
        assert!(
            policy.contains("script-src 'self';") && !policy.contains("unsafe"),
            "{policy}"
        );

        // Without a script there is a button, and the script is a file of ours.
        assert!(seen.body.contains("<button type=\"submit\">Continue</button>"));
        let (_, script) = seen.body.split_once("<script src=\"").expect("a script");
        let script = browser.get(script.split('"').next().expect("a path")).await;
        assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
        assert!(script.body.contains("submit()"));

        let (action, answer) = posted(&browser.authorize("hefei", &[FORM, ("prompt", "wrong")]).await);
        assert_eq!(action, redirect_uri("hefei"));
        assert_eq!(
            answer.keys().collect::<Vec<_>>(),
            ["error", "error_description", "iss", "state"]
        );
        assert_eq!(answer["error"], "invalid_request");
        let nobody = Browser::new(&world);
        let (_, answer) = posted(&nobody.authorize("hefei", &[FORM, ("prompt", "none")]).await);
        assert_eq!(answer["error"], "login_required");
        let id = nobody.authorize("hefei", &[FORM]).await.asks("/sign-in");
        nobody.answer(&id, |answers| answers.cancelled = true).await;
        assert_eq!(posted(&nobody.resume(&id).await).1["error"], "access_denied");
    }
}

#[tokio::test]
async fn the_page_speaks_the_language_of_the_request() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    for (tag, button) in [("zh-CN", "继续"), ("en", "Continue"), ("vi", "Tiếp tục")] {
        let seen = browser.authorize("hefei", &[FORM, ("ui_locales", tag)]).await;
        posted(&seen);
        assert!(seen.body.contains(&format!("<html lang=\"{tag}\"")), "{tag}");
        assert!(seen.body.contains(&format!(">{button}</button>")), "{tag}");
    }
}

#[tokio::test]
async fn attack_022_a_hostile_state_is_a_value_and_never_markup() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    for state in [
        "\"><script>alert(1)</script>",
        "'><img src=x onerror=alert(1)>",
        "</form><form action=https://evil.test>",
        "&quot;&#34;&amp;",
        "é😀+%25&=#\\ \u{1}\t end",
        "{{ state }}",
    ] {
        for prompt in ["none", "wrong"] {
            let seen = browser
                .authorize("hefei", &[FORM, ("state", state), ("prompt", prompt)])
                .await;
            let (_, answer) = posted(&seen);
            assert_eq!(answer["state"], state);
            assert_eq!(seen.body.matches("<script").count(), 1, "{state}");
            assert_eq!(seen.body.matches("<form").count(), 1, "{state}");
            assert!(!seen.body.contains("<img"), "{state}");
        }
    }
    // What a form would change on its way is not taken, and not sent back either (A023).
    let (_, answer) = posted(&browser.authorize("hefei", &[FORM, ("state", "a\r\nb")]).await);
    assert_eq!(answer["error"], "invalid_request");
    assert!(!answer.contains_key("state"));
}

#[tokio::test]
async fn attack_021_a_client_is_answered_only_in_its_registered_ways() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let mut client = testing::client("hefei");
    client.response_modes = vec![ResponseMode::Query];
    world.apply(client.clone()).await;
    for mode in ["form_post", "fragment", "query.jwt", "web_message", "jwt"] {
        let seen = browser.authorize("hefei", &[("response_mode", mode)]).await;
        assert_eq!(seen.error("hefei"), "invalid_request", "{mode}");
    }
    browser
        .authorize("hefei", &[("response_mode", "query")])
        .await
        .code("hefei");
    client.response_modes = vec![ResponseMode::FormPost];
    world.apply(client).await;
    for changes in [[("response_mode", "query")], [("response_mode", "")]] {
        let (_, answer) = posted(&browser.authorize("hefei", &changes).await);
        assert_eq!(answer["error"], "invalid_request", "{changes:?}");
    }
    let (_, answer) = posted(&browser.authorize("hefei", &[FORM]).await);
    assert!(answer.contains_key("code"));
}

#[tokio::test]
async fn registered_queries_stay_in_the_address_of_the_form() {
    let world = testing::world().await;
    let mut client = testing::client("hefei");
    let uri = "https://hefei.example:8443/cb?foo=b%20r&x";
    client.redirect_uris = vec![uri.to_owned()];
    world.apply(client).await;
    let browser = Browser::signed_in(&world).await;
    let seen = browser.authorize("hefei", &[FORM, ("redirect_uri", uri)]).await;
    assert_eq!(posted(&seen).0, uri);
    let policy = seen.headers["content-security-policy"].to_str().expect("text");
    assert!(
        policy.contains("form-action https://hefei.example:8443;"),
        "{policy}"
    );
}

#[tokio::test]
async fn a_form_without_our_cookies_is_answered_by_a_form_without_cookies() {
    let world = testing::world().await;
    let browser = Browser::signed_in(&world).await;
    let wrong = parameters("hefei", &[FORM, ("prompt", "wrong")]);
    let wrong: Vec<_> = wrong
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let seen = browser.post_from_outside("/authorize", &wrong).await;
    assert_eq!(posted(&seen).1["error"], "invalid_request");
    assert!(!seen.headers.contains_key("set-cookie"));
    let right = parameters("hefei", &[FORM]);
    let right: Vec<_> = right
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let seen = browser.post_from_outside("/authorize", &right).await;
    assert!(posted(&browser.get(seen.location()).await).1.contains_key("code"));
}

#[tokio::test]
async fn attack_158_a_host_writes_nothing_into_the_policy_of_the_form() {
    for world in testing::worlds().await {
        let odd = "https://!;sandbox/";
        let mut client = testing::client("hefei");
        client.redirect_uris = vec![odd.to_owned()];
        // As it would be stored since before such names were refused.
        world.apply(client).await;
        let browser = Browser::signed_in(&world).await;
        let seen = browser
            .authorize("hefei", &[FORM, ("prompt", "none"), ("redirect_uri", odd)])
            .await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
        let policy = seen.headers["content-security-policy"].to_str().expect("text");
        assert!(
            policy.contains("form-action 'none'; ") && !policy.contains("sandbox"),
            "{policy}"
        );
    }
}
