//! Authorization requests that are wrong in themselves: the sub-site is told, and nobody else learns anything.

use acceptance::journey::{code_for, newcomer};
use acceptance::party::{Party, challenge};
use acceptance::visitor::Visitor;
use acceptance::world::World;
use reqwest::Method;

#[tokio::test]
async fn attack_017_018_a_repeated_parameter_is_refused() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    let (mut visitor, _) = newcomer(&world).await;
    for name in ["client_id", "redirect_uri"] {
        let ask = party.ask();
        let value = ask
            .parameters
            .iter()
            .find(|(other, _)| other == name)
            .expect("there")
            .1
            .clone();
        visitor.open(&ask.also(name, &value).url()).await;
        assert_eq!(visitor.away, None, "{name}");
        visitor.sees_problem(400);
    }
    for (name, value) in [
        ("scope", "openid"),
        ("nonce", "n"),
        ("code_challenge", "x"),
        ("code_challenge_method", "S256"),
        ("response_type", "code"),
        ("prompt", "none"),
        ("max_age", "1"),
        ("acr_values", "x"),
        ("claims", "{}"),
        ("login_hint", "x"),
        ("id_token_hint", "x"),
        ("ui_locales", "en"),
        ("request", "x"),
    ] {
        let ask = party.ask().with(name, value).also(name, value);
        visitor.open(&ask.url()).await;
        let answer = visitor.answer();
        let error = answer.get("error").map(String::as_str);
        assert_eq!(error, Some("invalid_request"), "{name}: {answer:?}");
    }
    let ask = party.ask().also("state", "other");
    visitor.open(&ask.url()).await;
    let answer = visitor.answer();
    assert_eq!(answer.get("error").map(String::as_str), Some("invalid_request"));
    assert!(
        !answer.contains_key("state"),
        "neither of two states is the right one"
    );

    // Once in the address and once in the body is twice.
    for name in ["client_id", "scope"] {
        let ask = party.ask();
        let value = ask
            .parameters
            .iter()
            .find(|(other, _)| other == name)
            .expect("there")
            .1
            .clone();
        let fields: Vec<(&str, &str)> = ask
            .parameters
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let place = format!("/authorize?{name}={value}");
        visitor.post(&place, &fields).await;
        match name {
            "client_id" => {
                visitor.sees_problem(400);
            }
            _ => party.is_refused(&visitor, &ask, "invalid_request"),
        }
    }
}

#[tokio::test]
async fn attack_019_021_only_codes_by_query_are_given() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    let (mut visitor, _) = newcomer(&world).await;
    for kind in [
        "token",
        "id_token",
        "code token",
        "code id_token",
        "none",
        "",
        "CODE",
        "code ",
        "device",
    ] {
        let ask = party.ask().with("response_type", kind);
        visitor.open(&ask.url()).await;
        let error = visitor.answer().get("error").cloned().unwrap_or_default();
        assert!(
            ["unsupported_response_type", "invalid_request"].contains(&error.as_str()),
            "{kind:?}: {error}"
        );
        party.is_refused(&visitor, &ask, &error);
        assert_eq!(visitor.away.as_ref().unwrap().fragment(), None);
    }
    let ask = party.ask().without("response_type");
    visitor.open(&ask.url()).await;
    party.is_refused(&visitor, &ask, "invalid_request");
    for mode in [
        "fragment",
        "FORM_POST",
        "query.jwt",
        "jwt",
        "web_message",
        "QUERY",
    ] {
        let ask = party.ask().with("response_mode", mode);
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "invalid_request");
    }
}

#[tokio::test]
async fn attack_027_contradictions_and_nonsense_are_refused() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    let (mut visitor, _) = newcomer(&world).await;
    for (name, value) in [
        ("prompt", "none login"),
        ("prompt", "none consent"),
        ("prompt", "none create"),
        ("prompt", "now"),
        ("prompt", "NONE"),
        ("max_age", "-1"),
        ("max_age", "1e9"),
        ("max_age", "abc"),
        ("max_age", "1.5"),
        ("max_age", "99999999999999999999"),
        ("max_age", " 1"),
        ("max_age", "+1"),
        ("scope", "profile"),
        ("scope", ""),
    ] {
        let ask = party.ask().with(name, value);
        visitor.open(&ask.url()).await;
        let error = visitor.answer().get("error").cloned().unwrap_or_default();
        let wanted = if name == "scope" {
            "invalid_scope"
        } else {
            "invalid_request"
        };
        assert!(
            error == wanted || error == "invalid_request",
            "{name}={value:?}: {error}"
        );
        party.is_refused(&visitor, &ask, &error);
    }
    let frugal = Party::new(&world, "frugal");
    let ask = frugal.ask().with("scope", "openid phone");
    visitor.open(&ask.url()).await;
    frugal.is_refused(&visitor, &ask, "invalid_scope");
}

#[tokio::test]
async fn attack_049_050_051_pkce_is_s256_and_well_formed_for_everybody() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    for client in ["basic", "public", "key", "rs256"] {
        let party = Party::new(&world, client);
        let ask = party
            .ask()
            .without("code_challenge")
            .without("code_challenge_method");
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "invalid_request");
    }
    let party = Party::new(&world, "public");
    for method in ["plain", "s256", "S512", "", "S256 "] {
        let ask = party.ask().with("code_challenge_method", method);
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "invalid_request");
    }
    let ask = party.ask().without("code_challenge_method");
    visitor.open(&ask.url()).await;
    party.is_refused(&visitor, &ask, "invalid_request");
    let good = challenge("verifier");
    for bad in [
        String::new(),
        good[..42].to_owned(),
        format!("{good}A"),
        "a".repeat(129),
        good.replace(&good[..1], "+"),
        good.replace(&good[..1], "="),
        format!("{}=", &good[..42]),
        "中".repeat(43),
        format!("{}\n", &good[..42]),
    ] {
        let ask = party.ask().with("code_challenge", &bad);
        visitor.open(&ask.url()).await;
        party.is_refused(&visitor, &ask, "invalid_request");
    }
}

/// What is covered is the client that nobody registered. A registered one is told of its errors at its registered
/// address without a page, as RFC 6749 section 4.1.2.1 wants: who registers is reviewed or invited by the operator,
/// and can be disabled.
#[tokio::test]
async fn attack_025_an_error_of_an_unknown_client_bounces_nobody() {
    let world = World::any().await;
    let mut visitor = Visitor::new(&world);
    let party = Party::new(&world, "basic");
    let phishing = party
        .ask()
        .with("client_id", "phish")
        .with("redirect_uri", "https://evil.example/")
        .with("scope", "bad");
    visitor.open(&phishing.url()).await;
    assert_eq!(visitor.away, None);
    visitor.sees_problem(400);
}

#[tokio::test]
async fn attack_161_line_breaks_in_reflected_values_make_no_headers() {
    let world = World::any().await;
    let (mut visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    code_for(&mut visitor, &party, &party.ask()).await;
    for value in [
        "a\r\nX-Injected: 1",
        "a\nX-Injected: 1",
        "a\rX-Injected: 1",
        "a%0d%0aX-Injected: 1",
        "\u{560a}X-Injected: 1",
    ] {
        for ask in [
            party.ask().with("state", value),
            party
                .ask()
                .with("state", value)
                .with("prompt", "none")
                .with("max_age", "0"),
        ] {
            visitor.open(&ask.url()).await;
            for hop in &visitor.hops {
                assert!(hop.headers.get("x-injected").is_none(), "{value:?}");
            }
        }
        visitor
            .open(
                &party
                    .ask()
                    .with("prompt", "login")
                    .with("login_hint", value)
                    .with("ui_locales", value)
                    .url(),
            )
            .await;
        visitor.open("/sign-in").await;
        visitor
            .post("/preferences", &[("language", value), ("return_to", value)])
            .await;
        assert!(
            visitor
                .hops
                .iter()
                .all(|hop| hop.headers.get("x-injected").is_none()),
            "{value:?}"
        );
    }
}

#[tokio::test]
async fn attack_307_lists_and_documents_are_refused_by_size_before_anything_else() {
    let world = World::any().await;
    let party = Party::new(&world, "basic");
    let (visitor, _) = newcomer(&world).await;
    let words = "openid ".repeat(900);
    let deep = format!("{{\"id_token\":{}1{}}}", "{\"a\":".repeat(3000), "}".repeat(3000));
    for (name, value) in [
        ("scope", words.as_str()),
        ("acr_values", &words),
        ("claims", &deep),
        ("prompt", &words),
    ] {
        let mut visitor = visitor.clone();
        let ask = party.ask().with(name, value);
        let fields: Vec<(&str, &str)> = ask
            .parameters
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let began = std::time::Instant::now();
        visitor.post("/authorize", &fields).await;
        assert!(began.elapsed().as_secs() < 2, "{name}");
        let error = visitor.answer().get("error").cloned().unwrap_or_default();
        assert!(
            ["invalid_request", "invalid_scope"].contains(&error.as_str()),
            "{name}: {error}"
        );
    }
    let mut visitor = visitor.clone();
    let huge = "x".repeat(200_000);
    visitor
        .post("/authorize", &[("client_id", "basic"), ("claims", &huge)])
        .await;
    assert_eq!(visitor.status.as_u16(), 413);
}

#[tokio::test]
async fn attack_319_no_input_makes_an_internal_error() {
    let world = World::any().await;
    let (visitor, _) = newcomer(&world).await;
    let paths = [
        "/authorize",
        "/authorize/resume",
        "/token",
        "/userinfo",
        "/logout",
        "/logout/confirm",
        "/sign-in",
        "/sign-out",
        "/register",
        "/register/confirm",
        "/verify/population-register",
        "/verify/confirm-phone",
        "/verify/mobile-operator",
        "/verify/review",
        "/verify/decline",
        "/consent",
        "/account",
        "/account/level",
        "/account/security",
        "/account/security/end",
        "/account/sharing",
        "/preferences",
        "/captcha/x.png",
        "/agreements/x",
        "/jwks.json",
        "/.well-known/openid-configuration",
        "/assets/x.css",
    ];
    let names = [
        "interaction",
        "return_to",
        "want",
        "case",
        "grant",
        "session",
        "id",
        "csrf",
        "code",
        "client_id",
        "captcha_id",
        "lang",
        "kind",
        "phone",
        "then",
        "decision",
        "agreement",
        "language",
        "print",
        "state",
        "claims",
        "redirect_uri",
    ];
    let values = [
        "",
        "0",
        "-1",
        "\u{0}",
        "' OR 1=1",
        "%",
        "../../etc/passwd",
        "{}",
        "\u{202e}",
        "💥",
        "999999999999999999999",
        "a\r\nb",
    ];
    for path in paths {
        for (index, value) in values.iter().enumerate() {
            let query = names.iter().map(|name| (*name, *value));
            let url = url::Url::parse_with_params(&world.at(path), query.clone()).expect("an address");
            for method in [
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::DELETE,
                Method::HEAD,
            ] {
                let post = method == Method::POST;
                // Every method once, the ones that do something with every value.
                if index > 0 && !matches!(method, Method::GET | Method::POST) {
                    continue;
                }
                let mut request = world.http.request(
                    method.clone(),
                    if post { world.at(path) } else { url.to_string() },
                );
                request = request.header("x-forwarded-for", &visitor.address);
                if let Some(session) = visitor.cookie("denizen_session") {
                    let browser = visitor.cookie("denizen_browser").unwrap_or_default();
                    request = request.header(
                        "cookie",
                        format!("denizen_session={session}; denizen_browser={browser}"),
                    );
                }
                if post {
                    request = request.form(&query.clone().collect::<Vec<_>>());
                }
                let answer = acceptance::engine::send(request).await.expect("an answer");
                assert!(
                    answer.status().as_u16() < 500,
                    "{method} {path} with {value:?}: {}",
                    answer.status()
                );
            }
        }
    }
}
