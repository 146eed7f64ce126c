//! Forms that another site sends, and forms that nobody was shown.

use acceptance::engine;
use acceptance::journey::{newcomer, sign_in};
use acceptance::party::Party;
use acceptance::visitor::Visitor;
use acceptance::world::World;

/// Every form of ours, with what it might be sent.
const FORMS: &[(&str, &[(&str, &str)])] = &[
    ("/sign-in", &[("identifier", "13800000000"), ("password", "x")]),
    (
        "/register",
        &[("kind", "resident"), ("phone", "13800000000"), ("captcha", "x")],
    ),
    (
        "/register/confirm",
        &[("sms_code", "123456"), ("password", "x"), ("agree", "yes")],
    ),
    (
        "/verify/population-register",
        &[("name", "x"), ("citizen_id", "x")],
    ),
    ("/verify/confirm-phone", &[("resend", "yes")]),
    ("/verify/mobile-operator", &[("confirm", "yes")]),
    ("/verify/review", &[("review", "yes"), ("case", "x")]),
    ("/verify/decline", &[("decline", "yes")]),
    ("/consent", &[("decision", "allow"), ("interaction", "x")]),
    ("/account/sharing", &[("grant", "x")]),
    ("/account/security/end", &[("others", "yes")]),
    ("/sign-out", &[]),
    ("/logout/confirm", &[]),
];

/// A form token of another browser for the same form, or of the same browser for another form.
async fn csrf(visitor: &mut Visitor, path: &str) -> String {
    visitor.open(path).await;
    let forms = visitor.page.forms();
    let own = forms
        .into_iter()
        .find(|form| form.action == path)
        .expect("the form");
    own.fields
        .into_iter()
        .find(|field| field.name == "csrf")
        .expect("its token")
        .value
}

#[tokio::test]
async fn attack_154_a_form_without_its_own_token_changes_nothing() {
    for world in World::shared().await {
        let (visitor, _) = newcomer(&world).await;
        let mut stranger = Visitor::new(&world);
        let theirs = csrf(&mut stranger, "/sign-in").await;
        let others = csrf(&mut visitor.clone(), "/register").await;
        for (path, fields) in FORMS {
            for token in [
                None,
                Some(""),
                Some("x"),
                Some(theirs.as_str()),
                Some(others.as_str()),
            ] {
                if token == Some(others.as_str()) && *path == "/register" {
                    continue;
                }
                let mut visitor = visitor.clone();
                let mut fields = fields.to_vec();
                fields.extend(token.map(|token| ("csrf", token)));
                visitor.post(path, &fields).await;
                assert_eq!(
                    visitor.hops[0].status.as_u16(),
                    403,
                    "{path} with token {token:?}"
                );
                visitor.sees_problem(403);
            }
            let mut twice = visitor.clone();
            let mut double = fields.to_vec();
            double.extend([("csrf", theirs.as_str()), ("csrf", theirs.as_str())]);
            twice.post(path, &double).await;
            assert_eq!(twice.hops[0].status.as_u16(), 403, "{path} with two tokens");
        }
        let mut still = visitor.clone();
        still.open("/account").await;
        still.sees("account");
    }
}

#[tokio::test]
async fn attack_154_a_form_of_another_content_type_or_by_get_changes_nothing() {
    let world = World::any().await;
    let (visitor, _) = newcomer(&world).await;
    let cookie = format!(
        "denizen_session={}; denizen_browser={}",
        visitor.cookie("denizen_session").unwrap(),
        visitor.cookie("denizen_browser").unwrap()
    );
    for (path, fields) in FORMS {
        let encoded = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(*fields)
            .finish();
        for kind in [
            "text/plain",
            "application/json",
            "multipart/form-data; boundary=x",
            "",
        ] {
            let mut request = world
                .http
                .post(world.at(path))
                .header("cookie", &cookie)
                .body(encoded.clone());
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
            let answer = engine::send(request).await.expect("an answer");
            assert!(
                [400, 403, 415].contains(&answer.status().as_u16()),
                "{path} as {kind:?}: {}",
                answer.status()
            );
        }
        let request = world
            .http
            .get(format!("{}?{encoded}", world.at(path)))
            .header("cookie", &cookie);
        let answer = engine::send(request).await.expect("an answer");
        assert!(answer.status().as_u16() < 500, "{path}");
    }
    let mut still = visitor.clone();
    still.open("/account").await;
    still.sees("account");
}

#[tokio::test]
async fn attack_153_173_forms_from_other_sites_are_refused_whatever_they_hold() {
    let world = World::any().await;
    let (_, person) = newcomer(&world).await;
    for extra in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:8101"),
        ("sec-fetch-site", "nonsense"),
    ] {
        let mut visitor = Visitor::new(&world);
        visitor.open("/sign-in").await;
        let csrf = visitor.page.value("csrf").expect("a token");
        let mut request = world.http.post(world.at("/sign-in")).form(&[
            ("csrf", csrf.as_str()),
            ("identifier", &person.phone),
            ("password", &person.password),
        ]);
        request = request.header(
            "cookie",
            format!("denizen_browser={}", visitor.cookie("denizen_browser").unwrap()),
        );
        let answer = engine::send(request.header(extra.0, extra.1))
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 403, "{extra:?}");
        let set = answer
            .headers()
            .get_all("set-cookie")
            .iter()
            .any(|line| line.to_str().unwrap().starts_with("denizen_session"));
        assert!(!set, "A153: nobody is signed in by another site");
    }
}

#[tokio::test]
async fn attack_175_looking_at_a_page_changes_nothing() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        acceptance::journey::ask_for_code(&mut visitor, &world, &person.phone).await;
        let code = world.outside.code(&person.phone, 1).await;
        // A link scanner or prefetcher opens what it finds, with whatever it knows.
        for _ in 0..3 {
            let mut scanner = visitor.clone();
            scanner
                .open(&format!("/register/confirm?sms_code={code}&agree=yes&password=x"))
                .await;
            scanner.open("/register").await;
            scanner.open("/register/confirm").await;
        }
        assert_eq!(
            world.outside.message_count(&person.phone).await,
            1,
            "no message by looking"
        );
        visitor.open("/register/confirm").await;
        acceptance::journey::confirm(&mut visitor, &world, &person).await;
        visitor.sees("verify-population-register");
    }
}

#[tokio::test]
async fn attack_223_steps_are_taken_in_their_order_and_empty_ones_get_their_messages() {
    for world in World::shared().await {
        // Nobody is signed in: every page of the own space comes after signing in, and returns afterwards.
        let (_, person) = newcomer(&world).await;
        for path in [
            "/account",
            "/account/level",
            "/account/security",
            "/account/sharing",
            "/verify/population-register",
            "/verify/mobile-operator",
            "/verify/confirm-phone",
        ] {
            let mut visitor = Visitor::new(&world);
            visitor.open(path).await;
            visitor.sees("sign-in");
        }
        let mut visitor = Visitor::new(&world);
        visitor.open("/account/security").await;
        sign_in(&mut visitor, &person.phone, &person.password).await;
        visitor.sees("account-security");
        // The second step of registering before the first.
        let mut visitor = Visitor::new(&world);
        visitor.open("/register/confirm").await;
        visitor.sees("register");
        // Consent for a request that there is not.
        visitor.open("/consent?interaction=x").await;
        visitor.sees_problem(400);
        // The second source before the first.
        let (mut visitor, person) = newcomer(&world).await;
        visitor.open("/verify/mobile-operator").await;
        acceptance::journey::prove_phone(&mut visitor, &world, &person).await;
        visitor.sees("verify-population-register");
        visitor.press("").await;
        visitor.sees("verify-population-register");
        visitor.sees_error_at("name");
        visitor.sees_error_at("citizen_id");
        // Empty forms name every field.
        let mut visitor = Visitor::new(&world);
        visitor.open("/register").await;
        visitor.press("").await;
        for field in ["phone", "captcha"] {
            visitor.sees_error_at(field);
        }
        visitor.open("/sign-in").await;
        visitor.press("").await;
        for field in ["identifier", "password"] {
            visitor.sees_error_at(field);
        }
        // A step of another flow: the handle of one request at the consent page of another browser.
        let party = Party::new(&world, "basic");
        let mut other = Visitor::new(&world);
        other.open(&party.ask().url()).await;
        let handle = other.page.value("interaction").expect("the handle");
        visitor.open(&format!("/register?interaction={handle}")).await;
        assert_eq!(visitor.away, None);
    }
}
