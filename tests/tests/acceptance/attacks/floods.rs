//! Too much of everything: what it costs, and that others are served meanwhile.

use std::time::{Duration, Instant};

use acceptance::engine;
use acceptance::journey::{code_for, newcomer};
use acceptance::party::Party;
use acceptance::raw;
use acceptance::visitor::Visitor;
use acceptance::world::{Kind, Setup, World};
use tokio::io::AsyncWriteExt as _;

#[tokio::test]
async fn attack_301_a_flood_of_passwords_gets_honest_answers_and_tokens_flow_on() {
    let changes = "[account.password]\nmemory_kib = 19456\npasses = 2\npermits = 1\nqueue = 4\nwait_ms = 300\n\
                   [account.signin]\naddress_captcha_after = 1000000\naddress_limit = 1000000\n";
    let world = Setup::new(Kind::Sqlite).with(changes).start().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let ask = party.ask();
    let code = code_for(&mut visitor, &party, &ask).await;
    let flood: Vec<_> = (0..40)
        .map(|_| {
            let mut attacker = Visitor::new(&world);
            tokio::spawn(async move {
                attacker.open("/sign-in").await;
                let phone = acceptance::people::Person::new().phone;
                attacker
                    .fill("identifier", &phone)
                    .fill("password", "wrong-password-1")
                    .press("")
                    .await;
                (
                    attacker.status.as_u16(),
                    attacker.headers.contains_key("retry-after"),
                )
            })
        })
        .collect();
    let began = Instant::now();
    assert_eq!(party.redeem(&code, &ask).await.status.as_u16(), 200);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "the token endpoint answers meanwhile: {:?}",
        began.elapsed()
    );
    let mut answers = Vec::new();
    for one in flood {
        answers.push(one.await.expect("an answer"));
    }
    let busy = answers.iter().filter(|(status, _)| *status == 429).count();
    assert!(
        busy > 0 && busy < 40,
        "some are served, some are told to come back: {answers:?}"
    );
    assert!(
        answers
            .iter()
            .all(|(status, retry)| *status == 422 || *status == 200 || (*status == 429 && *retry)),
        "{answers:?}"
    );
}

#[tokio::test]
async fn attack_302_slow_and_silent_connections_are_cut_while_others_are_served() {
    let changes = "[limits]\nheader_timeout_ms = 400\nrequest_timeout_ms = 1500\nidle_timeout_ms = 400\n[listen]\ntrusted_proxies = []\n";
    let world = Setup::new(Kind::Sqlite).with(changes).start().await;
    let mut slow = Vec::new();
    for number in 0..100 {
        let mut stream = raw::connect(&world.issuer).await;
        let begin: &[u8] = match number % 4 {
            0 => b"",
            1 => b"GET / HT",
            2 => b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n",
            _ => b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant",
        };
        stream.write_all(begin).await.expect("a connection");
        slow.push(stream);
    }
    let began = Instant::now();
    let mut visitor = Visitor::new(&world);
    visitor.open("/sign-in").await;
    visitor.sees("sign-in");
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "others are served: {:?}",
        began.elapsed()
    );
    for mut stream in slow {
        // Closed, with or without a word.
        let answer = raw::read(&mut stream).await;
        assert!(
            answer.closed || [0, 408, 421, 400].contains(&answer.status),
            "{answer:?}"
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "cut at the limits: {:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn attack_303_oversized_heads_are_refused_with_their_status() {
    let world = World::any().await;
    let issuer = &world.issuer;
    let many: String = (0..101).map(|number| format!("X-{number}: y\r\n")).collect();
    for (case, bytes, wanted) in [
        (
            "a header of 420 KiB",
            raw::get(issuer, "/", &format!("X-A: {}\r\n", "a".repeat(420 * 1024))),
            &[431, 400][..],
        ),
        ("101 headers", raw::get(issuer, "/", &many), &[431, 400]),
        (
            "an address of 64 KiB",
            raw::get(issuer, &format!("/{}", "a".repeat(64 * 1024)), ""),
            &[414, 431],
        ),
        (
            "a cookie of 16 KiB",
            raw::get(
                issuer,
                "/sign-in",
                &format!("Cookie: a={}\r\n", "b".repeat(16 * 1024)),
            ),
            &[431, 400],
        ),
        ("no host", b"GET / HTTP/1.1\r\n\r\n".to_vec(), &[400]),
        (
            "two hosts",
            raw::get(issuer, "/", "Host: evil.example\r\n"),
            &[400],
        ),
        ("a space in a name", raw::get(issuer, "/", "X A: b\r\n"), &[400]),
        (
            "not HTTP",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
            &[400, 0],
        ),
        (
            "A306: HTTP/2 without being asked",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            &[400, 505, 0],
        ),
        (
            "two lengths",
            raw::get(issuer, "/", "Content-Length: 1\r\nContent-Length: 2\r\n"),
            &[400],
        ),
        (
            "a length and chunks",
            raw::get(issuer, "/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
            &[400],
        ),
    ] {
        let answer = raw::send(issuer, &bytes).await;
        assert!(
            wanted.contains(&answer.status),
            "{case}: {} {}",
            answer.status,
            answer.text.chars().take(200).collect::<String>()
        );
        assert!(answer.closed, "{case}: nothing after it is believed");
    }
    let other_host = "GET /sign-in HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    assert_eq!(
        raw::send(issuer, other_host.as_bytes()).await.status,
        421,
        "another host is not served"
    );
}

#[tokio::test]
async fn attack_309_310_worst_cases_for_parsers_cost_nothing() {
    let world = World::any().await;
    let (visitor, _) = newcomer(&world).await;
    let long = "1".repeat(60_000);
    let (spaces, han, marks) = (" ".repeat(60_000), "中".repeat(6_000), "a\u{301}".repeat(6_000));
    for text in [&long, &spaces, &han, &marks] {
        for (path, field) in [
            ("/sign-in", "identifier"),
            ("/register", "phone"),
            ("/verify/population-register", "name"),
            ("/verify/population-register", "citizen_id"),
        ] {
            let mut visitor = visitor.clone();
            if path == "/sign-in" {
                visitor.set_cookie("denizen_session", None);
            }
            visitor.open(path).await;
            let page = visitor.page.name();
            let began = Instant::now();
            visitor.fill(field, text).press("").await;
            assert!(
                began.elapsed() < Duration::from_secs(3),
                "{path} {field}: {:?}",
                began.elapsed()
            );
            assert!(
                [200, 413, 422].contains(&visitor.status.as_u16()),
                "{path} {field}: {}",
                visitor.status
            );
            assert!(
                visitor.status.as_u16() == 413 || visitor.page.name() == page,
                "{path} {field}"
            );
        }
    }
}

#[tokio::test]
async fn attack_314_315_storms_are_answered_from_memory_or_refused() {
    let world = Setup::new(Kind::Sqlite)
        .with("[account.captcha]\nper_address_ten_minutes = 10\n")
        .start()
        .await;
    let began = Instant::now();
    let storm: Vec<_> = (0..300)
        .map(|number| {
            let path = if number % 2 == 0 {
                "/.well-known/openid-configuration"
            } else {
                "/jwks.json"
            };
            let request = world.http.get(world.at(path));
            tokio::spawn(async move { engine::send(request).await.expect("an answer").status().as_u16() })
        })
        .collect();
    for one in storm {
        assert_eq!(one.await.expect("an answer"), 200);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let mut statuses = Vec::new();
    let mut visitor = Visitor::new(&world);
    for _ in 0..12 {
        visitor.open("/register").await;
        statuses.push(visitor.status.as_u16());
    }
    assert_eq!(&statuses[..10], [200; 10]);
    assert_eq!(
        &statuses[10..],
        [429, 429],
        "A315: refused before anything is drawn"
    );
    assert!(visitor.headers.contains_key("retry-after"));
    let mut other = Visitor::new(&world);
    other.open("/register").await;
    other.sees("register");
    // One picture is drawn only so often.
    let id = other.page.value("captcha_id").expect("an id");
    let mut drawn = Vec::new();
    for _ in 0..10 {
        other.open(&format!("/captcha/{id}.png")).await;
        drawn.push(other.status.as_u16());
    }
    assert_eq!(
        drawn.iter().filter(|status| **status == 200).count(),
        8,
        "{drawn:?}"
    );
}

#[tokio::test]
async fn one_address_holds_only_so_many_connections() {
    let world = Setup::new(Kind::Sqlite)
        .with("[limits]\nconnections_per_address = 8\n[listen]\ntrusted_proxies = []\n")
        .start()
        .await;
    let mut held = Vec::new();
    for _ in 0..40 {
        held.push(raw::connect(&world.issuer).await);
    }
    let mut served = 0;
    for stream in &mut held {
        let request = raw::get(&world.issuer, "/jwks.json", "Connection: close\r\n");
        if stream.write_all(&request).await.is_ok() && raw::read(stream).await.status == 200 {
            served += 1;
        }
    }
    assert!(
        (1..=16).contains(&served),
        "{served} of 40 connections were served"
    );
    drop(held);
    acceptance::wait::until_true(
        "the address to be welcome again",
        Duration::from_secs(5),
        || async {
            raw::send(
                &world.issuer,
                &raw::get(&world.issuer, "/jwks.json", "Connection: close\r\n"),
            )
            .await
            .status
                == 200
        },
    )
    .await;
}
