//! Headers and paths that claim to be somebody or somewhere else.

use acceptance::journey::newcomer;
use acceptance::raw;
use acceptance::world::{Kind, Setup, World};

/// An answer without what is new each time.
fn redacted(answer: &raw::RawAnswer) -> String {
    answer
        .text
        .lines()
        .filter(|line| {
            let line = line.to_ascii_lowercase();
            !["date:", "x-request-id:", "set-cookie:"]
                .iter()
                .any(|name| line.starts_with(name))
        })
        .map(|line| {
            if line.contains("nonce") || line.contains("csrf") {
                ""
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn attack_194_headers_of_proxies_move_nothing_when_nobody_named_the_proxy() {
    let world = World::any().await;
    let issuer = &world.issuer;
    for path in ["/.well-known/openid-configuration", "/account", "/authorize"] {
        let plain = raw::send(issuer, &raw::get(issuer, path, "Connection: close\r\n")).await;
        for header in [
            "X-Forwarded-Proto: http",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: evil.example",
            "X-Forwarded-Uri: /account",
            "X-Forwarded-Prefix: /evil",
            "X-Original-URL: /sign-in",
            "X-Rewrite-URL: /sign-in",
            "X-HTTP-Method-Override: POST",
            "Forwarded: proto=http;host=evil.example",
        ] {
            let sent = format!("{header}\r\nConnection: close\r\n");
            let answer = raw::send(issuer, &raw::get(issuer, path, &sent)).await;
            assert_eq!(answer.status, plain.status, "{path} with {header}");
            assert!(!answer.text.contains("evil"), "{path} with {header}");
            if path != "/authorize" {
                assert_eq!(redacted(&answer), redacted(&plain), "{path} with {header}");
            }
        }
    }
}

#[tokio::test]
async fn attack_197_no_spelling_of_a_path_and_no_program_skips_the_sign_in() {
    let world = World::any().await;
    let issuer = &world.issuer;
    let (mut visitor, _) = newcomer(&world).await;
    visitor.open("/account").await.sees("account");
    for path in [
        "/account",
        "/account/",
        "//account",
        "/./account",
        "/account;x",
        "/account%00",
        "/%61ccount",
        "/account%2fsecurity",
        "/assets/../account",
        "/assets/..%2faccount",
        "/%2e%2e/account",
        "/health/live/../../account",
        "/account?x=/assets/style.css",
        "/account/security/.css",
        "/account/sharing#/sign-in",
    ] {
        for agent in ["kube-probe/1.31", "ELB-HealthChecker/2.0", "Mozilla/5.0"] {
            let sent = format!("User-Agent: {agent}\r\nConnection: close\r\n");
            let answer = raw::send(issuer, &raw::get(issuer, path, &sent)).await;
            let kept_out = match answer.status {
                // To the sign-in, or to the same place in its one spelling, where the same question is asked again.
                303 | 307 | 308 => !answer.text.contains("data-page=\"account"),
                400 | 404 | 405 => true,
                _ => false,
            };
            assert!(kept_out, "{path} as {agent}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn attack_202_a_header_writes_no_line_of_its_own_into_the_log() {
    let filter = "[log]\nfilter = \"info,server=trace,web=trace,account=trace,provider=trace\"\n";
    let mut world = Setup::new(Kind::Sqlite).with(filter).in_processes().start().await;
    let issuer = world.issuer.clone();
    for header in [
        "User-Agent: planted\x1b[31mred\x07",
        "User-Agent: planted\\n{\"level\":\"ERROR\",\"planted\":1}",
        "User-Agent: planted\u{2028}{\"planted\":2}",
        "X-Request-Id: planted\x1b]0;title\x07",
        "Referer: http://planted.example/\x1b[2J",
    ] {
        for path in [
            "/sign-in",
            "/no-such-page-%0aplanted",
            "/authorize?client_id=planted%0d%0aplanted%1b[31m",
        ] {
            let sent = format!("{header}\r\nConnection: close\r\n");
            raw::send(&issuer, &raw::get(&issuer, path, &sent)).await;
        }
    }
    assert!(world.process(0).terminate().await);
    let said = world.process(0).said();
    assert!(said.lines().count() > 5, "there is a log:\n{said}");
    for line in said.lines() {
        let object: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("not structured: {line}"));
        assert!(object.get("planted").is_none(), "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[tokio::test]
async fn attack_306_http_2_is_not_offered_so_that_none_of_its_floods_begin() {
    let world = World::any().await;
    let issuer = &world.issuer;
    let preface = raw::send(issuer, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!([0, 400, 505].contains(&preface.status), "{}", preface.text);
    assert!(preface.closed, "nothing after it is read");
    let upgrade =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    let answer = raw::send(issuer, &raw::get(issuer, "/sign-in", upgrade)).await;
    assert_ne!(answer.status, 101, "{}", answer.text);
}
