use axum::http::StatusCode;
use model::secret::Token;
use store::operators::{self, Status};

use crate::roles::Role;
use crate::testing::{Browser, PASSWORD, Person, Seen, World, worlds};
use crate::{people, totp};

/// A link for an operator who has no proofs.
async fn link(world: &World, login: &str) -> (Person, String) {
    let person = world.operator(login, &[Role::Reviewer]).await;
    let (store, config) = (world.service.store(), world.service.config());
    let token = people::reset(store, config, person.id, people::By::Command)
        .await
        .unwrap();
    let token: Token = token.unwrap();
    (person, format!("/operator/enrol?token={}", token.expose()))
}

const NEW: &str = "Ulmen-garten-77";

async fn choose(browser: &mut Browser, link: &str, first: &str, again: &str) -> Seen {
    let page = browser.get(link).await;
    assert_eq!(page.page(), Some("operator-enrol"), "{}", page.body);
    let fields = [("password", first), ("password_again", again)];
    browser.post("/operator/enrol", &page, &fields).await
}

/// The secret that a page shows, as somebody types it into an application.
fn secret(page: &Seen) -> Vec<u8> {
    let spelled = page.body.split("data-secret>").nth(1).unwrap();
    let spelled: String = spelled.split('<').next().unwrap().split(' ').collect();
    totp_rs::Secret::try_from_base32(&spelled).unwrap().to_vec()
}

async fn confirm(world: &World, browser: &mut Browser, page: &Seen) -> Seen {
    let code = totp::code_at(&secret(page), world.clock.now());
    browser
        .post("/operator/enrol/factor", page, &[("code", &code)])
        .await
}

#[tokio::test]
async fn somebody_enrols_by_the_link_and_is_signed_in_and_the_link_is_used_up() {
    for world in worlds().await {
        let (person, link) = link(&world, "wang.li").await;
        let mut browser = world.browser();
        // A scanner of messages that looks at the link uses nothing up (A175).
        for _ in 0..3 {
            assert_eq!(world.browser().get(&link).await.status, StatusCode::OK);
        }
        let seen = choose(&mut browser, &link, NEW, NEW).await;
        assert_eq!(seen.location.as_deref(), Some("/operator/enrol/factor"));
        let page = browser.follow(seen).await;
        assert!(page.body.contains("data-qr") && page.body.contains("<svg"));
        assert!(!browser.get("/operator").await.status.is_success(), "not yet");
        let seen = browser
            .post("/operator/enrol/factor", &page, &[("code", "000000")])
            .await;
        assert_eq!(seen.errors(), ["operator-totp-wrong"]);
        assert_eq!(
            secret(&seen),
            secret(&page),
            "the same secret, already in the application"
        );
        let seen = confirm(&world, &mut browser, &page).await;
        assert_eq!(seen.location.as_deref(), Some("/operator"), "{}", world.kind);
        assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
        let dead = world.browser().get(&link).await;
        assert_eq!(dead.status, StatusCode::GONE);
        // The code that confirmed signs nobody in (A217); the next one does.
        let mut other = world.browser();
        let seen = other.give_password("wang.li", NEW).await;
        let code_page = other.follow(seen).await;
        let secret = secret(&page);
        let code = totp::code_at(&secret, world.clock.now());
        let seen = other
            .post("/operator/sign-in/code", &code_page, &[("code", &code)])
            .await;
        assert_eq!(seen.errors(), ["operator-code-wrong"]);
        world.wait(30);
        let code = totp::code_at(&secret, world.clock.now());
        let seen = other
            .post("/operator/sign-in/code", &code_page, &[("code", &code)])
            .await;
        assert_eq!(seen.location.as_deref(), Some("/operator"));
        drop(person);
    }
}

#[tokio::test]
async fn attack_231_a_link_that_is_over_replaced_or_never_was_opens_nothing() {
    for world in worlds().await {
        let (person, first) = link(&world, "wang.li").await;
        let (store, config) = (world.service.store(), world.service.config());
        let second = people::reset(store, config, person.id, people::By::Command)
            .await
            .unwrap()
            .unwrap();
        let second = format!("/operator/enrol?token={}", second.expose());
        let unknown = format!("/operator/enrol?token={}", Token::generate(store.rng()).expose());
        for link in [
            first.as_str(),
            &unknown,
            "/operator/enrol",
            "/operator/enrol?token=x",
        ] {
            let seen = world.browser().get(link).await;
            assert_eq!(seen.status, StatusCode::GONE, "{link}, {}", world.kind);
        }
        let mut browser = world.browser();
        let page = browser.get(&second).await;
        world.wait(24 * 3600 + 1);
        let fields = [("password", NEW), ("password_again", NEW)];
        let seen = browser.post("/operator/enrol", &page, &fields).await;
        assert_eq!(seen.status, StatusCode::GONE);
        let found = operators::find(&store.read(), person.id).await.unwrap().unwrap();
        assert_eq!((found.status, found.has_password), (Status::Invited, false));
    }
}

#[tokio::test]
async fn attack_210_a_password_that_is_known_short_or_ones_own_login_is_refused() {
    for world in worlds().await {
        let (_, link) = link(&world, "wang.li").await;
        let mut browser = world.browser();
        for (first, again, error) in [
            ("", "", "operator-password-missing"),
            ("Ab1!", "Ab1!", "password-fault-too-short"),
            ("Password1!", "Password1!", "password-fault-breached"),
            ("x-Wang.Li-2026", "x-Wang.Li-2026", "password-fault-contains-name"),
            (NEW, "Ulmen-garten-78", "operator-password-differs"),
        ] {
            let seen = choose(&mut browser, &link, first, again).await;
            assert_eq!(seen.errors(), [error], "{first}");
            assert!(
                first.is_empty() || !seen.main().contains(first),
                "never written back"
            );
        }
    }
}

#[tokio::test]
async fn attack_233_the_second_step_needs_the_first_and_two_browsers_with_one_link_do_not_mix() {
    for world in worlds().await {
        let (person, link) = link(&world, "wang.li").await;
        let mut nobody = world.browser();
        let seen = nobody.get("/operator/enrol/factor").await;
        assert_eq!(seen.location.as_deref(), Some("/operator/sign-in"));
        let (mut first, mut second) = (world.browser(), world.browser());
        let seen = choose(&mut first, &link, "Somebody-else-1", "Somebody-else-1").await;
        let first_page = first.follow(seen).await;
        let seen = choose(&mut second, &link, NEW, NEW).await;
        let second_page = second.follow(seen).await;
        let seen = confirm(&world, &mut first, &first_page).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/operator/sign-in"),
            "the later one counts"
        );
        let (mut twin, code) = (
            second.clone(),
            totp::code_at(&secret(&second_page), world.clock.now()),
        );
        let fields = [("code", code.as_str())];
        let both = tokio::join!(
            second.post("/operator/enrol/factor", &second_page, &fields),
            twin.post("/operator/enrol/factor", &second_page, &fields)
        );
        let both = [both.0, both.1];
        let done = both
            .iter()
            .filter(|seen| seen.location.as_deref() == Some("/operator"))
            .count();
        assert_eq!(done, 1, "{}", world.kind);
        let seen = world.browser().give_password("wang.li", "Somebody-else-1").await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        drop(person);
    }
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one_and_ends_the_other_sign_ins() {
    for world in worlds().await {
        let (mut browser, person) = world.signed_in("wang.li", &[Role::Auditor]).await;
        let mut other = world.browser_of(&person).await;
        let page = browser.get("/operator/security/password").await;
        let wrong = [("current", "wrong"), ("password", NEW), ("password_again", NEW)];
        let seen = browser.post("/operator/security/password", &page, &wrong).await;
        assert_eq!(seen.errors(), ["operator-password-current-wrong"]);
        let before = browser.cookies.clone();
        let right = [("current", PASSWORD), ("password", NEW), ("password_again", NEW)];
        let seen = browser.post("/operator/security/password", &page, &right).await;
        assert_eq!(seen.location.as_deref(), Some("/operator/security?done=password"));
        assert_ne!(browser.cookies, before, "a new cookie (A151)");
        assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
        assert!(
            !other.get("/operator").await.status.is_success(),
            "{}",
            world.kind
        );
        let seen = world.browser().give_password("wang.li", PASSWORD).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
