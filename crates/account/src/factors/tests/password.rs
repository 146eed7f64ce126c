//! Changing the password, choosing the first one, and the gentle word about an old one.

use axum::http::StatusCode;
use model::secret::Sensitive;
use model::username::Username;

use super::super::testing::wait;
use super::PHONE;
use crate::factors::Tried;
use crate::signin::testing::{PASSWORD, live, resident, sign_in, signed_in};
use crate::testing::{Browser, Seen, worlds};

const PATH: &str = "/account/security/password";

async fn change(browser: &mut Browser, current: &str, new: &str) -> Seen {
    let page = browser.get(PATH).await;
    assert_eq!(page.page(), Some("account-password"), "{:?}", page.location);
    let fields = [("current", current), ("password", new), ("password_again", new)];
    browser.post(PATH, &page, &fields).await
}

fn is_done(seen: &Seen) -> bool {
    seen.location.as_deref() == Some("/account/security?done=password")
}

#[tokio::test]
async fn attack_090_a_new_password_ends_the_other_sign_ins_and_is_told() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let mut other = signed_in(&world, PHONE).await;
        let before = browser.cookies["denizen_session"].clone();
        let seen = change(&mut browser, PASSWORD, "Lantern-771-harbour").await;
        assert!(is_done(&seen), "{}", seen.body);
        assert_ne!(browser.cookies["denizen_session"], before, "A151");
        assert!(live(&world, &browser).await.is_some(), "{}", world.kind);
        assert!(live(&world, &other).await.is_none());
        let told = world.newest_sms("+8613800001234").await.unwrap();
        assert!(told.contains("password") && told.contains("/link/"), "{told}");
        let seen = sign_in(&mut other, PHONE, PASSWORD).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        let seen = sign_in(&mut other, PHONE, "Lantern-771-harbour").await;
        assert_eq!(seen.location.as_deref(), Some("/account"));
    }
}

#[tokio::test]
async fn the_current_password_and_the_five_before_are_not_chosen_again() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let seen = change(&mut browser, PASSWORD, PASSWORD).await;
        assert_eq!(seen.errors(), ["factors-password-used"], "{}", world.kind);
        let mut current = PASSWORD.to_owned();
        for number in 0..6 {
            let new = format!("Lantern-77{number}-harbour");
            wait(&world, 1);
            assert!(is_done(&change(&mut browser, &current, &new).await), "{number}");
            current = new;
            if number < 5 {
                let seen = change(&mut browser, &current, PASSWORD).await;
                assert_eq!(seen.errors(), ["factors-password-used"], "{number}");
            }
        }
        let seen = change(&mut browser, &current, PASSWORD).await;
        assert!(is_done(&seen), "six changes ago");
    }
}

#[tokio::test]
async fn attack_209_the_current_password_is_not_guessed_on_the_page_that_changes_it() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        for _ in 0..10 {
            let seen = change(&mut browser, "wrong-guess-1", "Lantern-771-harbour").await;
            assert_eq!(seen.errors(), ["factors-password-current-wrong"]);
        }
        let seen = change(&mut browser, PASSWORD, "Lantern-771-harbour").await;
        assert_eq!(seen.errors(), ["factors-paused"], "{}", world.kind);
    }
}

#[tokio::test]
async fn a_bad_choice_says_why_and_nothing_changes() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        for (new, error) in [
            ("short1", "password-fault-too-short"),
            ("onlyletters", "password-fault-too-few-kinds"),
            ("x13800001234", "password-fault-contains-phone"),
            ("", "register-password-missing"),
        ] {
            let seen = change(&mut browser, PASSWORD, new).await;
            assert_eq!(seen.errors(), [error], "{}", world.kind);
        }
        let page = browser.get(PATH).await;
        let fields = [
            ("current", ""),
            ("password", "Lantern-771-harbour"),
            ("password_again", "Lantern-772-harbour"),
        ];
        let seen = browser.post(PATH, &page, &fields).await;
        let errors = ["factors-password-current-missing", "register-password-differs"];
        assert_eq!(seen.errors(), errors);
        assert!(!seen.body.contains("Lantern"), "never echoed");
    }
}

#[tokio::test]
async fn source_hb_33_an_account_without_a_password_chooses_its_first_one() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        world.test.forget_password(id).await.unwrap();
        let page = browser.get(PATH).await;
        assert_eq!(page.page(), Some("account-password"), "{:?}", page.location);
        assert!(!page.body.contains("name=\"current\""), "{}", world.kind);
        let new = "Lantern-771-harbour";
        let fields = [("password", new), ("password_again", new)];
        assert!(is_done(&browser.post(PATH, &page, &fields).await));
        let seen = sign_in(&mut world.browser(), PHONE, new).await;
        assert_eq!(seen.location.as_deref(), Some("/account"));
    }
}

#[tokio::test]
async fn attack_275_without_any_factor_a_code_to_the_phone_comes_before_the_first_password() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        world.test.forget_password(id).await.unwrap();
        wait(&world, 11 * 60);
        let at = browser.get(PATH).await.location.unwrap();
        assert!(at.starts_with("/account/confirm"), "{at}");
        let page = browser.get(&at).await;
        let seen = browser
            .post(
                "/account/confirm",
                &page,
                &[("method", "send"), ("need", "strongest")],
            )
            .await;
        let page = browser.get(&seen.location.unwrap()).await;
        let code = world.code("+8613800001234").await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let send = |code: &str| {
            [("method", "sms"), ("need", "strongest"), ("sms_code", code)].map(|(a, b)| (a, b.to_owned()))
        };
        for (code, right) in [(wrong, false), (code.as_str(), true)] {
            let fields = send(code);
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let seen = browser.post("/account/confirm", &page, &fields).await;
            assert_eq!(seen.location.as_deref() == Some(PATH), right, "{}", world.kind);
        }
        assert_eq!(browser.get(PATH).await.page(), Some("account-password"));
    }
}

#[tokio::test]
async fn an_old_password_is_spoken_of_gently_and_can_be_put_off() {
    let old = |page: &Seen| page.body.contains("data-old-password");
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        assert!(!old(&browser.get("/account/security").await));
        wait(&world, 731 * 24 * 3600);
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get("/account/security").await;
        assert!(old(&page), "{}", world.kind);
        let seen = browser
            .post(
                "/account/security/password/later",
                &page,
                &[("csrf", &later(&page))],
            )
            .await;
        assert_eq!(seen.location.as_deref(), Some("/account/security"));
        assert!(!old(&browser.get("/account/security").await));
        wait(&world, 91 * 24 * 3600);
        let mut browser = signed_in(&world, PHONE).await;
        assert!(old(&browser.get("/account/security").await));
    }
}

/// The proof in the form that puts it off: the page has other forms.
fn later(page: &Seen) -> String {
    let (_, form) = page
        .body
        .split_once("action=\"/account/security/password/later\"")
        .unwrap();
    let (_, rest) = form.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn attack_319_two_changes_at_once_leave_one_password() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let (mut one, mut two) = (signed_in(&world, PHONE).await, signed_in(&world, PHONE).await);
        let (first, second) = (
            change(&mut one, PASSWORD, "Lantern-771-harbour"),
            change(&mut two, PASSWORD, "Harbour-772-lantern"),
        );
        let (first, second) = tokio::join!(first, second);
        assert!(is_done(&first) != is_done(&second), "{}", world.kind);
        let tx = world.service.store().read();
        let former = store::credentials::former_passwords(&tx, id).await.unwrap();
        assert_eq!(former.len(), 1);
        assert!(
            former
                .iter()
                .all(|phc: &Sensitive<String>| phc.expose().starts_with("$argon2id$"))
        );
    }
}

#[tokio::test]
async fn attack_213_a_password_that_guessing_switched_off_gives_way_to_a_new_one_that_works() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let tried = async |typed: &str| {
            let tried = crate::confirm::password(&world.service, id, typed).await;
            tried.unwrap_or_else(|stop| panic!("{stop:?}"))
        };
        let mut wrong = 0;
        while wrong < 100 {
            match tried("wrong-guess-1").await {
                Tried::Wrong => wrong += 1,
                Tried::Paused(seconds) => wait(&world, seconds),
                other => panic!("{other:?} after {wrong}"),
            }
        }
        wait(&world, 3600);
        assert_eq!(tried(PASSWORD).await, Tried::Off, "{}", world.kind);
        // A new one, as a recovery sets it.
        let (tx, new) = (world.service.store().read(), "Lantern-771-harbour");
        let hash = crate::password::Password::typed(new).unwrap();
        let hash = world.service.hashing().hash(&hash).await.unwrap();
        let hash = Sensitive::new(hash.as_str().to_owned());
        let old = store::credentials::find_password(&tx, id).await.unwrap().unwrap();
        let (rng, now) = (world.service.rng(), world.clock.now());
        let both = (&old.phc, &hash);
        assert!(
            store::credentials::retire_password(&tx, rng, id, both, now)
                .await
                .unwrap()
        );
        assert_eq!(tried(PASSWORD).await, Tried::Wrong, "guesses begin anew");
        assert_eq!(tried(new).await, Tried::Right, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_162_the_current_password_is_the_proof_for_a_new_one_however_old_the_page_is() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get(PATH).await;
        wait(&world, 11 * 60);
        let new = "Lantern-771-harbour";
        let fields = [("current", "wrong"), ("password", new), ("password_again", new)];
        let seen = browser.post(PATH, &page, &fields).await;
        assert_eq!(seen.errors(), ["factors-password-current-wrong"]);
        let fields = [("current", PASSWORD), ("password", new), ("password_again", new)];
        assert!(
            is_done(&browser.post(PATH, &page, &fields).await),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_210_the_user_name_is_no_password() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let tx = world.service.store().read();
        let name = Username::parse("kiwi.garden").unwrap();
        let now = world.clock.now();
        store::accounts::set_username(&tx, id, Some(&name), now)
            .await
            .unwrap();
        let mut browser = signed_in(&world, PHONE).await;
        let seen = change(&mut browser, PASSWORD, "KiwiGarden-27").await;
        assert_eq!(
            seen.errors(),
            ["password-fault-contains-username"],
            "{}",
            world.kind
        );
    }
}
