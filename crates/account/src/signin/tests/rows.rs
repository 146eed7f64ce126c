//! Identifiers of other kinds, failures in a row, and what the owner hears and sees of sign-ins.

use axum::http::StatusCode;
use model::email::Email;
use model::username::Username;
use store::accounts;

use super::{OTHER, PHONE};
use crate::signin::testing::{PASSWORD, live, resident, sign_in, signed_in};
use crate::testing::{worlds, worlds_with};

#[tokio::test]
async fn a_user_name_and_a_confirmed_address_sign_in_and_an_unconfirmed_one_is_unknown() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let refused = sign_in(&mut world.browser(), "zhang@example.cn", PASSWORD).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let email = Email::parse("zhang@example.cn").unwrap();
        let name = Username::parse("zhang.wei").unwrap();
        accounts::set_email(&tx, account, (None, Some(&email)), now)
            .await
            .unwrap();
        accounts::set_username(&tx, account, Some(&name), now)
            .await
            .unwrap();
        for typed in ["Zhang@Example.CN", " ZHANG.wei ", PHONE] {
            let mut browser = world.browser();
            let seen = sign_in(&mut browser, typed, PASSWORD).await;
            assert_eq!(
                seen.location.as_deref(),
                Some("/account"),
                "{typed} {}",
                world.kind
            );
            assert_eq!(live(&world, &browser).await.unwrap().account.id, account);
        }
    }
}

#[tokio::test]
async fn attack_203_after_very_many_failures_in_a_row_a_password_opens_nothing_but_on_its_owners_device() {
    let mut config = crate::Config::default();
    config.signin.in_a_row_limit = 3;
    config.signin.captcha_after = 1000;
    for world in worlds_with(config).await {
        resident(&world, PHONE).await;
        let mine = signed_in(&world, PHONE).await;
        let mut answers = Vec::new();
        for phone in [PHONE, "13700000003"] {
            for _ in 0..3 {
                sign_in(&mut world.browser(), phone, "wrong-27").await;
            }
            let seen = sign_in(&mut world.browser(), phone, PASSWORD).await;
            answers.push((seen.status, super::plain(&seen, phone)));
        }
        assert_eq!(answers[0].0, StatusCode::UNPROCESSABLE_ENTITY, "{}", world.kind);
        assert_eq!(answers[0], answers[1]);
        // The owner's own device has its own count.
        let mut own = mine.clone();
        own.cookies.remove("denizen_session");
        let seen = sign_in(&mut own, PHONE, PASSWORD).await;
        assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
        // Another password begins another row.
        let tx = world.service.store().read();
        let phone = model::phone::Phone::parse(PHONE).unwrap();
        let account = accounts::find_by_phone(&tx, &phone).await.unwrap().unwrap();
        world.clock.advance(chrono::TimeDelta::minutes(20));
        let hash = world
            .service
            .hashing()
            .hash(&crate::password::Password::typed("another-27x").unwrap())
            .await
            .unwrap();
        let phc = model::secret::Sensitive::new(hash.as_str().to_owned());
        store::credentials::change_password(&tx, account.id, &phc, world.clock.now())
            .await
            .unwrap();
        let seen = sign_in(&mut world.browser(), PHONE, "another-27x").await;
        assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
    }
}

#[tokio::test]
async fn attack_203_a_row_of_failures_neither_begins_anew_nor_ends_with_time_but_with_a_right_password() {
    let mut config = crate::Config::default();
    config.signin.in_a_row_limit = 3;
    config.signin.captcha_after = 1000;
    for world in worlds_with(config).await {
        resident(&world, PHONE).await;
        let wrong = async || sign_in(&mut world.browser(), PHONE, "wrong-27").await;
        let right = async || sign_in(&mut world.browser(), PHONE, PASSWORD).await;
        // Whatever the windows were, one of these is over.
        let month = || world.clock.advance(chrono::TimeDelta::days(31));
        for _ in 0..2 {
            wrong().await;
        }
        assert_eq!(
            right().await.location.as_deref(),
            Some("/account"),
            "{}",
            world.kind
        );
        for _ in 0..3 {
            month();
            wrong().await;
        }
        for _ in 0..2 {
            let off = right().await;
            assert_eq!(off.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", world.kind);
            month();
        }
    }
}

#[tokio::test]
async fn attack_226_the_owner_hears_of_a_device_that_is_new_and_of_no_other() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut first = signed_in(&world, PHONE).await;
        // Also of the first one: this account was made elsewhere.
        let page = first.get("/account/notices").await;
        assert!(page.body.contains("new-device"), "{}", page.body);
        // Signed out and in again: the device is known.
        let ask = first.get("/sign-out").await;
        first.post("/sign-out", &ask, &[]).await;
        assert!(first.cookies.contains_key("denizen_device"));
        sign_in(&mut first, PHONE, PASSWORD).await;
        let tx = world.service.store().read();
        let told = async |account| store::notices::list(&tx, account, (0, 50)).await.unwrap().len();
        let account = live(&world, &first).await.unwrap().account.id;
        assert_eq!(told(account).await, 1, "{}", world.kind);
        signed_in(&world, PHONE).await;
        assert_eq!(told(account).await, 2, "{}", world.kind);
        // HB-68: on a shared computer nothing stays behind.
        let mut shared = world.browser();
        let page = shared.get("/sign-in").await;
        let fields = [
            ("identifier", PHONE),
            ("password", PASSWORD),
            ("public_computer", "yes"),
        ];
        shared.post("/sign-in", &page, &fields).await;
        assert!(!shared.cookies.contains_key("denizen_device"));
        assert_eq!(told(account).await, 3);
    }
}

#[tokio::test]
async fn attack_226_the_next_device_is_told_where_all_were_forgotten_or_none_was_kept() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let tx = world.service.store().read();
        let told = async || {
            let all = store::notices::list(&tx, account, (0, 50)).await.unwrap();
            all.iter()
                .filter(|one| one.kind == model::notice::Kind::NewDevice)
                .count()
        };
        let shared = async || {
            let mut browser = world.browser();
            let page = browser.get("/sign-in").await;
            let fields = [
                ("identifier", PHONE),
                ("password", PASSWORD),
                ("public_computer", "yes"),
            ];
            browser.post("/sign-in", &page, &fields).await;
            browser
        };
        // None was ever kept: each time on a computer of others is told.
        shared().await;
        let mut mine = shared().await;
        assert_eq!(told().await, 2, "{}", world.kind);
        // "This wasn't me" from there forgets all of them, the thief's among them.
        let mut thief = signed_in(&world, PHONE).await;
        assert_eq!(told().await, 3);
        let history = mine.get("/account/security/history").await;
        let (_, rest) = history
            .body
            .split_once("/account/security/not-me?entry=")
            .unwrap();
        let entry = rest.split('"').next().unwrap().to_owned();
        let ask = mine.get(&format!("/account/security/not-me?entry={entry}")).await;
        mine.post("/account/security/not-me", &ask, &[("entry", &entry)])
            .await;
        assert!(store::devices::list(&tx, account).await.unwrap().is_empty());
        sign_in(&mut thief, PHONE, PASSWORD).await;
        assert_eq!(told().await, 4, "{}", world.kind);
    }
}

#[tokio::test]
async fn the_history_shows_place_factors_and_level_and_this_was_not_me_acts() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let (mut mine, thief) = (signed_in(&world, PHONE).await, signed_in(&world, PHONE).await);
        let mut other = signed_in(&world, OTHER).await;
        let page = mine.get("/account/security/history").await;
        assert_eq!(page.page(), Some("account-security-history"));
        assert_eq!(
            page.body.matches("data-what=\"signed-in\"").count(),
            2,
            "{}",
            page.body
        );
        assert!(page.body.contains("<dd>0</dd>") && page.body.contains("password"));
        let links: Vec<_> = page
            .body
            .match_indices("/account/security/not-me?entry=")
            .collect();
        assert_eq!(links.len(), 1, "not for this very sign-in");
        let link = page
            .body
            .split_at(links[0].0)
            .1
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        assert_eq!(other.get(&link).await.status, StatusCode::NOT_FOUND, "A261");
        let ask = mine.get(&link).await;
        assert!(live(&world, &thief).await.is_some(), "a look changes nothing");
        let entry = link.split('=').nth(1).unwrap().to_owned();
        let done = mine
            .post("/account/security/not-me", &ask, &[("entry", &entry)])
            .await;
        assert!(
            done.location.as_deref().unwrap().ends_with("done=yes"),
            "{}",
            done.body
        );
        assert!(live(&world, &thief).await.is_none() && live(&world, &mine).await.is_some());
        let after = mine.get(done.location.as_deref().unwrap()).await;
        assert!(
            after.body.contains("/account/security/password"),
            "{}",
            world.kind
        );
        // Held: nobody is in, this browser neither, and the right password is answered like a wrong one.
        let ask = mine.get(&link).await;
        let held = mine
            .post(
                "/account/security/not-me",
                &ask,
                &[("entry", &entry), ("hold", "yes")],
            )
            .await;
        assert_eq!(held.page(), Some("account-held"), "{}", held.body);
        assert!(live(&world, &mine).await.is_none());
        let right = sign_in(&mut world.browser(), PHONE, PASSWORD).await;
        let wrong = sign_in(&mut world.browser(), PHONE, "wrong-27").await;
        assert_eq!(super::plain(&right, PHONE), super::plain(&wrong, PHONE));
        assert!(live(&world, &other).await.is_some(), "nobody else is touched");
    }
}

#[tokio::test]
async fn a_device_is_forgotten_by_its_owner_only() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        resident(&world, OTHER).await;
        let (mut mine, mut other) = (signed_in(&world, PHONE).await, signed_in(&world, OTHER).await);
        let page = mine.get("/account/security").await;
        let handle = page
            .body
            .split("name=\"device\" value=\"")
            .nth(1)
            .expect("a device");
        let handle = handle.split('"').next().unwrap().to_owned();
        let account = live(&world, &mine).await.unwrap().account.id;
        let tx = world.service.store().read();
        let theirs = other.get("/account/security").await;
        other
            .post("/account/security/forget-device", &theirs, &[("device", &handle)])
            .await;
        assert_eq!(store::devices::list(&tx, account).await.unwrap().len(), 1, "A261");
        for bad in ["", "x", "AAAA"] {
            let seen = mine
                .post("/account/security/forget-device", &page, &[("device", bad)])
                .await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{bad}");
        }
        mine.post("/account/security/forget-device", &page, &[("device", &handle)])
            .await;
        assert!(
            store::devices::list(&tx, account).await.unwrap().is_empty(),
            "{}",
            world.kind
        );
    }
}
