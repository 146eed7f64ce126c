//! The browser's session: fixation, planted cookies, frames, shared computers.

use acceptance::journey::{newcomer, prove_name, prove_phone, register, resident, sign_in, tokens_for};
use acceptance::party::{Party, peek};
use acceptance::visitor::Visitor;
use acceptance::world::World;

const SESSION: &str = "denizen_session";

async fn is_alive(world: &World, session: &str, browser: &str) -> bool {
    let mut other = Visitor::new(world);
    other.set_cookie(SESSION, Some(session));
    other.set_cookie("denizen_browser", Some(browser));
    other.open("/account").await;
    other.page.name() == "account"
}

#[tokio::test]
async fn attack_151_every_step_up_gets_a_new_cookie_and_the_old_one_is_dead() {
    for world in World::shared().await {
        let person = world.outside.person().await;
        let mut visitor = Visitor::new(&world);
        // A value planted before signing in is worth nothing afterwards.
        visitor.open("/register").await;
        let planted = "A".repeat(43);
        visitor.set_cookie(SESSION, Some(&planted));
        register(&mut visitor, &world, &person).await;
        let browser = visitor.cookie("denizen_browser").expect("a cookie");
        let mut values = vec![planted, visitor.cookie(SESSION).expect("a session")];
        prove_name(&mut visitor, &person).await;
        values.push(visitor.cookie(SESSION).expect("a session"));
        visitor.open("/verify/mobile-operator").await;
        prove_phone(&mut visitor, &world, &person).await;
        values.push(visitor.cookie(SESSION).expect("a session"));
        visitor.press("confirm").await;
        values.push(visitor.cookie(SESSION).expect("a session"));
        sign_in_again(&mut visitor, &person.phone, &person.password).await;
        values.push(visitor.cookie(SESSION).expect("a session"));
        let last = values.pop().expect("a value");
        for (index, old) in values.iter().enumerate() {
            assert_ne!(*old, last, "step {index}");
            assert!(
                index == 3 || !is_alive(&world, old, &browser).await,
                "step {index}: the old value still works"
            );
        }
        assert!(is_alive(&world, &last, &browser).await);
    }
}

async fn sign_in_again(visitor: &mut Visitor, phone: &str, password: &str) {
    visitor.open("/account").await;
    visitor.press_action("/sign-out").await;
    sign_in(visitor, phone, password).await;
    visitor.sees("account");
}

#[tokio::test]
async fn attack_155_two_cookies_of_one_name_are_refused_and_cleared() {
    let world = World::any().await;
    let (visitor, _) = newcomer(&world).await;
    let session = visitor.cookie(SESSION).expect("a session");
    let browser = visitor.cookie("denizen_browser").expect("a cookie");
    for cookies in [
        format!("{SESSION}={session}; {SESSION}=planted; denizen_browser={browser}"),
        format!("{SESSION}=planted; {SESSION}={session}; denizen_browser={browser}"),
        format!("{SESSION}={session}; {SESSION}={session}; denizen_browser={browser}"),
    ] {
        let request = world.http.get(world.at("/account")).header("cookie", cookies);
        let answer = acceptance::engine::send(request).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 303, "not signed in");
        let cleared = answer.headers().get_all("set-cookie").iter();
        let cleared = cleared
            .map(|line| line.to_str().unwrap())
            .any(|line| line.starts_with(&format!("{SESSION}=;")));
        assert!(cleared, "the browser is told to forget it");
    }
    let two = format!("denizen_browser={browser}; denizen_browser=planted; {SESSION}={session}");
    let request = world.http.get(world.at("/register")).header("cookie", two);
    let answer = acceptance::engine::send(request).await.expect("an answer");
    let lines: Vec<&str> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap())
        .collect();
    assert!(
        lines.iter().any(|line| line.starts_with("denizen_browser=")),
        "a fresh one or none: {lines:?}"
    );
}

#[tokio::test]
async fn attack_158_174_no_page_can_be_framed_or_talk_to_its_opener() {
    let world = World::any().await;
    let (visitor, _) = newcomer(&world).await;
    let party = Party::new(&world, "basic");
    let consent = party.ask().with("scope", "openid phone").url();
    for path in [
        "/sign-in",
        "/register",
        "/account",
        "/account/level",
        "/no-such-page",
        "/logout",
        consent.as_str(),
    ] {
        let mut visitor = visitor.clone();
        visitor.open(path).await;
        for hop in &visitor.hops {
            let policy = hop.header("content-security-policy").expect("a policy");
            assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert_eq!(hop.header("x-frame-options").as_deref(), Some("DENY"), "{path}");
            assert_eq!(
                hop.header("cross-origin-opener-policy").as_deref(),
                Some("same-origin"),
                "{path}"
            );
            assert_eq!(
                hop.header("x-content-type-options").as_deref(),
                Some("nosniff"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn attack_170_nothing_of_a_signed_in_person_may_be_kept_by_a_cache() {
    let world = World::any().await;
    let (mut visitor, _) = resident(&world).await;
    for path in [
        "/account",
        "/account/level",
        "/account/sharing",
        "/account/security",
    ] {
        visitor.open(path).await;
        assert!(
            visitor.headers["cache-control"]
                .to_str()
                .unwrap()
                .contains("no-store"),
            "{path}"
        );
    }
    visitor.open("/account").await;
    visitor.press_action("/sign-out").await;
    for path in [
        "/account",
        "/account/level",
        "/account/sharing",
        "/account/security",
    ] {
        visitor.open(path).await;
        visitor.sees("sign-in");
    }
}

#[tokio::test]
async fn attack_171_the_next_person_at_the_same_browser_sees_nothing_of_the_last() {
    for world in World::shared().await {
        let (mut visitor, first) = resident(&world).await;
        let party = Party::new(&world, "basic");
        let of_first = tokens_for(&mut visitor, &party, &party.ask().with("scope", "openid phone")).await;
        let (_, second) = newcomer(&world).await;
        let ask = party.ask().with("prompt", "login").with("scope", "openid phone");
        visitor.open(&ask.url()).await;
        sign_in(&mut visitor, &second.phone, &second.password).await;
        // The other's consent is not theirs.
        visitor.sees("consent");
        visitor.press("decision=allow").await;
        let code = party.code(&visitor, &ask);
        let of_second = party.redeem(&code, &ask).await;
        let (one, two) = (peek(of_first.id_token()), peek(of_second.id_token()));
        assert_ne!(one["sub"], two["sub"]);
        assert!(!one.contains_key("sid") || one.get("sid") != two.get("sid"));
        assert_eq!(
            party.userinfo(of_second.access_token()).await.body["phone_number"],
            second.e164()
        );
        assert_eq!(
            party.userinfo(of_first.access_token()).await.status.as_u16(),
            401,
            "the first sign-in has ended"
        );
        for path in [
            "/account",
            "/account/sharing",
            "/account/security",
            "/account/level",
        ] {
            visitor.open(path).await;
            for secret in [&first.name, &first.phone, &first.citizen_id] {
                assert!(!visitor.page.html.contains(secret.as_str()), "{path}");
            }
        }
        visitor.open("/account").await;
        assert_eq!(
            visitor
                .page
                .get("[data-level]")
                .attribute("data-level")
                .as_deref(),
            Some("0")
        );
    }
}

#[tokio::test]
async fn a_registration_in_the_browser_of_somebody_else_is_the_new_persons_alone() {
    for world in World::shared().await {
        let (mut visitor, first) = resident(&world).await;
        let person = world.outside.person().await;
        visitor.open("/register").await;
        register(&mut visitor, &world, &person).await;
        visitor.press("skip").await;
        visitor.open("/account").await;
        assert_eq!(
            visitor
                .page
                .get("[data-level]")
                .attribute("data-level")
                .as_deref(),
            Some("0")
        );
        assert!(!visitor.page.html.contains(&first.citizen_id));
    }
}
