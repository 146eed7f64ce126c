use axum::http::StatusCode;
use store::operators::{self, Status};

use crate::roles::Role;
use crate::testing::{Browser, COOKIE_NAME, PASSWORD, Seen, World, worlds, worlds_with};
use crate::{Config, people, totp};

#[tokio::test]
async fn an_operator_signs_in_with_password_and_code_and_out_again() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Reviewer]).await;
        let mut browser = world.browser();
        let seen = browser.get("/operator/audit?event=signed_in").await;
        let sign_in = seen.location.unwrap();
        assert!(sign_in.starts_with("/operator/sign-in?return_to="), "{sign_in}");
        let page = browser.get(&sign_in).await;
        assert_eq!(page.page(), Some("operator-sign-in"));
        assert_eq!(page.body.matches("<h1>").count(), 1);
        let fields = [("login", " Wang.LI "), ("password", PASSWORD)];
        let seen = browser.post("/operator/sign-in", &page, &fields).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", world.kind);
        let page = browser.follow(seen).await;
        assert_eq!(page.page(), Some("operator-code"));
        let code = world.code(&person);
        let seen = browser
            .post("/operator/sign-in/code", &page, &[("code", &code)])
            .await;
        assert_eq!(seen.location.as_deref(), Some("/operator/audit?event=signed_in"));
        let home = browser.get("/operator").await;
        assert_eq!(home.page(), Some("operator-home"));
        assert!(home.body.contains("Name of wang.li") && home.body.contains("/operator/queue"));
        assert!(!home.body.contains("/operator/operators"), "not a reviewer's");
        let cookie = browser.cookies[COOKIE_NAME].clone();
        let seen = browser.post("/operator/sign-out", &home, &[]).await;
        assert_eq!(seen.location.as_deref(), Some("/operator/sign-in"));
        browser.cookies.insert(COOKIE_NAME.to_owned(), cookie);
        assert!(is_out(&mut browser).await, "the cookie is dead on the server");
    }
}

async fn is_out(browser: &mut Browser) -> bool {
    let seen = browser.get("/operator").await;
    seen.location.as_deref() == Some("/operator/sign-in")
}

#[tokio::test]
async fn attack_223_a_password_alone_opens_nothing_and_no_step_is_skipped() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Administrator]).await;
        let mut browser = world.browser();
        let page = browser.get("/operator/sign-in/code").await;
        assert_eq!(
            page.location.as_deref(),
            Some("/operator/sign-in"),
            "no password yet"
        );
        let seen = browser.give_password("wang.li", PASSWORD).await;
        let page = browser.follow(seen).await;
        for path in [
            "/operator",
            "/operator/operators",
            "/operator/security",
            "/operator/confirm",
        ] {
            let seen = browser.get(path).await;
            let location = seen.location.unwrap_or_default();
            assert!(location.starts_with("/operator/sign-in"), "{path}: {location}");
        }
        let seen = browser
            .post("/operator/sign-in/code", &page, &[("code", "")])
            .await;
        assert_eq!(seen.errors(), ["operator-code-unreadable"]);
        // What waits for the second proof does not wait for ever.
        world.wait(11 * 60);
        let code = world.code(&person);
        let seen = browser
            .post("/operator/sign-in/code", &page, &[("code", &code)])
            .await;
        assert_eq!(seen.location.as_deref(), Some("/operator/sign-in"));
        assert!(is_out(&mut browser).await);
    }
}

/// What a browser sees of an answer that is not its own doing.
fn comparable(seen: &Seen, login: &str) -> (StatusCode, String, usize) {
    (
        seen.status,
        seen.main().replace(login, "LOGIN"),
        seen.set_cookie.len(),
    )
}

#[tokio::test]
async fn attack_203_207_who_exists_cannot_be_told_from_answers_work_or_waits() {
    for world in worlds().await {
        let active = world.operator("active", &[Role::Reviewer]).await;
        let gone = world.operator("gone", &[Role::Auditor]).await;
        let locked = world.operator("locked", &[Role::Auditor]).await;
        let store = world.service.store();
        people::disable(store, gone.id, people::By::Command)
            .await
            .unwrap();
        operators::lock(&store.read(), locked.id, world.clock.now())
            .await
            .unwrap();
        // Each from an address of its own, so that they do not count for each other.
        let logins = ["active", "nobody", "gone", "locked", "not a login!"];
        let mut answers = Vec::new();
        for (index, login) in logins.into_iter().enumerate() {
            let mut browser = world.browser();
            browser.address = std::net::Ipv4Addr::new(10, 1, 0, u8::try_from(index).unwrap()).into();
            let mut seen = Vec::new();
            for number in 0..7 {
                // The right password is of no use to one who may not sign in.
                let right = matches!(login, "gone" | "locked") && number == 2;
                let password = if right { PASSWORD } else { "wrong-Password-1" };
                let answer = browser.give_password(login, password).await;
                seen.push(comparable(&answer, login));
            }
            answers.push(seen);
        }
        for (login, seen) in logins.iter().zip(&answers) {
            let shape = |seen: &Vec<(StatusCode, String, usize)>| {
                let cleaned = seen.iter().map(|(status, body, cookies)| {
                    let csrf = body.split("name=\"csrf\" value=\"").nth(1).unwrap();
                    let csrf = csrf.split('"').next().unwrap();
                    (*status, body.replace(csrf, "CSRF"), *cookies)
                });
                cleaned.collect::<Vec<_>>()
            };
            assert_eq!(shape(seen), shape(&answers[0]), "{login}, {}", world.kind);
        }
        assert_eq!(answers[0][4].0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answers[0][5].0, StatusCode::TOO_MANY_REQUESTS);
        drop(active);
    }
}

#[tokio::test]
async fn attack_217_a_code_signs_in_once_whoever_types_it() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Reviewer]).await;
        let mut first = world.browser();
        let seen = first.sign_in(&world, &person).await;
        assert_eq!(seen.location.as_deref(), Some("/operator"));
        let mut other = world.browser();
        let seen = other.sign_in(&world, &person).await;
        assert_eq!(seen.errors(), ["operator-code-wrong"], "{}", world.kind);
        // An older code that was never used is no better.
        let page = other.get("/operator/sign-in/code").await;
        let old = totp::code_at(&person.secret, world.clock.now() - chrono::TimeDelta::seconds(30));
        let seen = other
            .post("/operator/sign-in/code", &page, &[("code", &old)])
            .await;
        assert_eq!(seen.errors(), ["operator-code-wrong"]);
        world.wait(30);
        let seen = other.sign_in(&world, &person).await;
        assert_eq!(seen.location.as_deref(), Some("/operator"));
        assert!(!is_out(&mut first).await, "both are signed in");
    }
}

#[tokio::test]
async fn attack_217_one_of_many_browsers_with_the_same_code_at_once_gets_in() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Reviewer]).await;
        let mut waiting = Vec::new();
        for number in 0..4 {
            let mut browser = world.browser();
            browser.address = std::net::Ipv4Addr::new(10, 2, 0, number).into();
            let seen = browser.give_password("wang.li", PASSWORD).await;
            let page = browser.follow(seen).await;
            waiting.push((browser, page));
        }
        let code = world.code(&person);
        let mut tries = waiting.iter_mut().map(async |(browser, page)| {
            let seen = browser
                .post("/operator/sign-in/code", page, &[("code", &code)])
                .await;
            seen.location.as_deref() == Some("/operator")
        });
        let (a, b, c, d) = tokio::join!(
            tries.next().unwrap(),
            tries.next().unwrap(),
            tries.next().unwrap(),
            tries.next().unwrap()
        );
        let held = [a, b, c, d].iter().filter(|held| **held).count();
        assert_eq!(held, 1, "{}", world.kind);
    }
}

async fn waiting_for_code(world: &World, login: &str) -> (Browser, Seen) {
    let mut browser = world.browser();
    let seen = browser.give_password(login, PASSWORD).await;
    let page = browser.follow(seen).await;
    assert_eq!(page.page(), Some("operator-code"));
    (browser, page)
}

#[tokio::test]
async fn attack_213_ten_wrong_codes_lock_however_slowly_and_only_a_reset_helps() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Reviewer]).await;
        let mut elsewhere = world.browser_of(&person).await;
        for number in 0..10 {
            // A new sign-in and a day of waiting reset nothing.
            world.wait(25 * 3600);
            let (mut browser, page) = waiting_for_code(&world, "wang.li").await;
            let wrong = not(&world.code(&person));
            let seen = browser
                .post("/operator/sign-in/code", &page, &[("code", &wrong)])
                .await;
            let expected = if number < 9 {
                "operator-code"
            } else {
                "operator-locked"
            };
            assert_eq!(seen.page(), Some(expected), "{number}, {}", world.kind);
        }
        let found = operators::find(&world.service.store().read(), person.id)
            .await
            .unwrap();
        assert_eq!(found.unwrap().status, Status::Locked);
        assert!(is_out(&mut elsewhere).await);
        let seen = world.browser().give_password("wang.li", PASSWORD).await;
        assert_eq!(
            seen.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "like a wrong password"
        );
        let store = world.service.store();
        let link = people::reset(store, &Config::default(), person.id, people::By::Command).await;
        assert!(link.unwrap().is_ok());
        let audited: Vec<_> = world.test.audited().await.unwrap();
        let of = |name: &str| audited.iter().filter(|(event, _, _)| event == name).count();
        assert_eq!((of("operator_locked"), of("operator_invited")), (1, 1));
    }
}

/// Another code.
fn not(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 123_456) % 1_000_000)
}

#[tokio::test]
async fn attack_213_parallel_wrong_codes_are_all_counted() {
    let config = Config {
        wrong_codes: 3,
        ..Config::default()
    };
    for world in worlds_with(config).await {
        let person = world.operator("wang.li", &[Role::Reviewer]).await;
        let (browser, page) = waiting_for_code(&world, "wang.li").await;
        let wrong = not(&world.code(&person));
        let one = async || {
            let mut browser = browser.clone();
            browser
                .post("/operator/sign-in/code", &page, &[("code", &wrong)])
                .await
        };
        let seen = tokio::join!(one(), one(), one(), one(), one(), one());
        drop(seen);
        let mut late = browser.clone();
        let code = world.code(&person);
        let seen = late
            .post("/operator/sign-in/code", &page, &[("code", &code)])
            .await;
        assert_ne!(seen.location.as_deref(), Some("/operator"), "{}", world.kind);
        assert!(is_out(&mut late).await);
    }
}

#[tokio::test]
async fn a_right_code_forgets_the_wrong_ones_before_it() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Reviewer]).await;
        for _ in 0..2 {
            world.wait(3600);
            let (mut browser, page) = waiting_for_code(&world, "wang.li").await;
            for _ in 0..9 {
                let wrong = not(&world.code(&person));
                let seen = browser
                    .post("/operator/sign-in/code", &page, &[("code", &wrong)])
                    .await;
                assert_eq!(seen.errors(), ["operator-code-wrong"]);
            }
            let code = world.code(&person);
            let seen = browser
                .post("/operator/sign-in/code", &page, &[("code", &code)])
                .await;
            assert_eq!(seen.location.as_deref(), Some("/operator"), "{}", world.kind);
        }
    }
}

#[tokio::test]
async fn attack_209_waits_after_wrong_passwords_grow_and_another_network_is_not_kept_out() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Reviewer]).await;
        // Begins where every window begins.
        let past = world.clock.now().timestamp().rem_euclid(86_400);
        world.wait(86_400 - past);
        let mut browser = world.browser();
        let (mut tries, mut waited, mut waits) = (0, 0, Vec::new());
        while tries < 30 {
            let seen = browser.give_password("wang.li", "wrong-Password-1").await;
            if seen.status == StatusCode::TOO_MANY_REQUESTS {
                world.wait(60);
                waited += 60;
                if waits.last().is_none_or(|(at, _)| *at != tries) {
                    waits.push((tries, 0));
                }
                waits.last_mut().unwrap().1 += 60;
            } else {
                tries += 1;
            }
        }
        assert!(waited >= 2 * 15 * 60, "{waits:?}");
        let after = |number| {
            waits
                .iter()
                .find(|(at, _)| *at == number)
                .map(|(_, waited)| *waited)
        };
        assert_eq!(after(5), Some(60), "{waits:?}");
        assert!(after(10) > after(5), "{waits:?}");
        let seen = browser.give_password("wang.li", PASSWORD).await;
        assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS, "for the day");
        let mut other = world.browser();
        other.address = std::net::Ipv4Addr::new(10, 9, 9, 9).into();
        let seen = other.sign_in(&world, &person).await;
        assert_eq!(seen.location.as_deref(), Some("/operator"), "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_209_a_network_that_tries_many_logins_has_to_wait_too() {
    for world in worlds().await {
        let mut browser = world.browser();
        let mut last = StatusCode::OK;
        for number in 0..21 {
            let login = format!("login{number}");
            last = browser.give_password(&login, "wrong-Password-1").await.status;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_151_each_rise_gives_a_new_cookie_and_a_planted_one_is_worth_nothing() {
    for world in worlds().await {
        let person = world.operator("wang.li", &[Role::Reviewer]).await;
        let mut attacker = world.browser();
        let seen = attacker.give_password("wang.li", PASSWORD).await;
        attacker.follow(seen).await;
        let planted = attacker.cookies[COOKIE_NAME].clone();
        let mut victim = world.browser();
        victim.cookies.insert(COOKIE_NAME.to_owned(), planted.clone());
        let seen = victim.give_password("wang.li", PASSWORD).await;
        let page = victim.follow(seen).await;
        let second = victim.cookies[COOKIE_NAME].clone();
        let code = world.code(&person);
        victim
            .post("/operator/sign-in/code", &page, &[("code", &code)])
            .await;
        let full = victim.cookies[COOKIE_NAME].clone();
        assert!(
            planted != second && second != full && planted != full,
            "{}",
            world.kind
        );
        assert!(!is_out(&mut victim).await);
        assert!(is_out(&mut attacker).await, "the planted one");
        attacker.cookies.insert(COOKIE_NAME.to_owned(), second);
        assert!(is_out(&mut attacker).await, "the one of the first step");
        // A fresh proof is a rise too.
        world.wait(30);
        let page = victim.get("/operator/confirm").await;
        let code = world.code(&person);
        victim.post("/operator/confirm", &page, &[("code", &code)]).await;
        assert_ne!(victim.cookies[COOKIE_NAME], full);
        attacker.cookies.insert(COOKIE_NAME.to_owned(), full);
        assert!(is_out(&mut attacker).await);
    }
}

#[tokio::test]
async fn attack_163_a_sign_in_ends_when_idle_and_after_its_time_whatever_happens() {
    for world in worlds().await {
        let (mut browser, person) = world.signed_in("wang.li", &[Role::Reviewer]).await;
        let began = world.clock.now();
        while world.clock.now() - began < chrono::TimeDelta::minutes(12 * 60 - 25) {
            world.wait(25 * 60);
            if world.clock.now() - began < chrono::TimeDelta::hours(12) {
                assert!(!is_out(&mut browser).await, "used all the time");
            }
            if world.clock.now() - began > chrono::TimeDelta::hours(6) {
                let page = browser.get("/operator/confirm").await;
                let code = world.code(&person);
                browser.post("/operator/confirm", &page, &[("code", &code)]).await;
            }
        }
        world.wait(25 * 60);
        assert!(is_out(&mut browser).await, "twelve hours, {}", world.kind);
        let mut idle = world.browser_of(&person).await;
        world.wait(29 * 60);
        assert!(!is_out(&mut idle).await);
        world.wait(30 * 60);
        assert!(is_out(&mut idle).await, "half an hour");
    }
}

#[tokio::test]
async fn attack_171_a_residents_cookie_is_nothing_here_and_an_operators_nothing_there() {
    for world in worlds().await {
        let (browser, _) = world.signed_in("wang.li", &[Role::Administrator]).await;
        let token = browser.cookies[COOKIE_NAME].clone();
        let mut as_resident = world.browser();
        as_resident
            .cookies
            .insert("denizen_session".to_owned(), token.clone());
        assert!(is_out(&mut as_resident).await);
        let hash = model::secret::TokenHash::of(&token);
        let limits = store::sessions::Limits::default();
        let tx = world.service.store().read();
        let found = store::sessions::find_live(&tx, &hash, &limits, world.clock.now()).await;
        assert!(found.unwrap().is_none(), "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_155_two_cookies_of_the_console_are_both_refused() {
    for world in worlds().await {
        let (mut browser, _) = world.signed_in("wang.li", &[Role::Reviewer]).await;
        let token = browser.cookies[COOKIE_NAME].clone();
        browser.headers.push(("cookie", format!("{COOKIE_NAME}={token}")));
        assert!(is_out(&mut browser).await, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_162_225_what_changes_proofs_and_people_needs_a_fresh_proof() {
    for world in worlds().await {
        let (mut browser, person) = world.signed_in("wang.li", &[Role::Administrator]).await;
        let paths = [
            "/operator/operators/new",
            "/operator/security/password",
            "/operator/security/codes",
        ];
        for path in paths {
            assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
        }
        world.wait(16 * 60);
        for path in paths {
            let seen = browser.get(path).await;
            let location = seen.location.unwrap_or_default();
            assert!(
                location.starts_with("/operator/confirm?return_to="),
                "{path}: {location}"
            );
        }
        let page = browser
            .get("/operator/confirm?return_to=%2Foperator%2Foperators%2Fnew")
            .await;
        let seen = browser
            .post("/operator/confirm", &page, &[("code", "000000")])
            .await;
        assert_eq!(seen.errors(), ["operator-code-wrong"]);
        let code = world.code(&person);
        let seen = browser.post("/operator/confirm", &page, &[("code", &code)]).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/operator/operators/new"),
            "{}",
            world.kind
        );
        assert_eq!(
            browser.get("/operator/operators/new").await.status,
            StatusCode::OK
        );
    }
}
