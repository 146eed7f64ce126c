//! A password that is chosen after a recovery is none of those of before, and joins them in its time.

use super::*;

async fn choosing(browser: &mut Browser, page: &Seen, password: &str) -> Seen {
    let fields = [("password", password), ("password_again", password)];
    browser.post("/recover/password", page, &fields).await
}

#[tokio::test]
async fn the_current_password_and_those_before_it_are_refused_and_the_old_one_is_remembered() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/password").await;
        let same = choosing(&mut browser, &page, PASSWORD).await;
        assert_eq!(same.errors(), ["recover-password-former"], "{}", same.body);
        assert!(signs_in(&world, PASSWORD).await);
        let done = choosing(&mut browser, &page, NEW).await;
        assert_eq!(done.location.as_deref(), Some("/recover/done"), "{}", done.body);
        let tx = world.service.store().read();
        let former = store::credentials::former_passwords(&tx, id).await.unwrap();
        assert_eq!(former.len(), 1, "the password page refuses it as well");
        world.clock.advance(TimeDelta::minutes(61));
        let mut again = proven(&world).await;
        let page = again.get("/recover/password").await;
        for before in [PASSWORD, NEW] {
            let refused = choosing(&mut again, &page, before).await;
            assert_eq!(refused.errors(), ["recover-password-former"], "{}", world.kind);
        }
    }
}

#[tokio::test]
async fn attack_213_whoever_has_the_phone_does_not_find_out_the_password_by_choosing_it() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/password").await;
        for _ in 0..10 {
            let seen = choosing(&mut browser, &page, PASSWORD).await;
            assert_eq!(seen.errors(), ["recover-password-former"]);
        }
        let seen = choosing(&mut browser, &page, PASSWORD).await;
        assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_209_guesses_at_the_password_in_a_recovery_count_where_people_sign_in() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let asked = async || {
            let mut browser = world.browser();
            let seen = sign_in(&mut browser, PHONE, "wrong-guess-1").await;
            seen.hidden("captcha_id").is_some()
        };
        assert!(!asked().await, "one failure");
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/password").await;
        choosing(&mut browser, &page, PASSWORD).await;
        assert!(asked().await, "three failures: {}", world.kind);
    }
}

#[tokio::test]
async fn attack_213_after_too_many_guesses_nobody_says_any_more_whether_one_is_the_password() {
    let config = Config {
        signin: crate::signin::Config {
            in_a_row_limit: 2,
            ..crate::signin::Config::default()
        },
        ..Config::default()
    };
    for world in crate::testing::worlds_with(config).await {
        resident(&world, PHONE).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/password").await;
        for _ in 0..2 {
            let seen = choosing(&mut browser, &page, PASSWORD).await;
            assert_eq!(seen.errors(), ["recover-password-former"], "{}", world.kind);
        }
        // It is a new password like any other, as is every other guess.
        let seen = choosing(&mut browser, &page, PASSWORD).await;
        assert_eq!(seen.location.as_deref(), Some("/recover/done"), "{}", seen.body);
    }
}
