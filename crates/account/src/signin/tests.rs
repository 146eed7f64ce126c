//! Signing in and out through the real router, on every database at hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::citizen_id::CitizenId;
use model::interaction::resume_path;
use model::person_name::PersonName;
use store::accounts;

use super::testing::{
    PASSWORD, answers, interrupted, interrupted_in, live, resident, sign_in, signed_in, wants,
};
use crate::testing::{Seen, World, worlds, worlds_with};

mod factors;
mod more;
mod rows;
mod twice;

const PHONE: &str = "13800000001";
const OTHER: &str = "13900000002";
const NUMBER: &str = "340000199003070012";

async fn prove(world: &World, phone: &str) {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let phone = model::phone::Phone::parse(phone).unwrap();
    let account = accounts::find_by_phone(&tx, &phone).await.unwrap().unwrap();
    let name = PersonName::parse("张明远").unwrap();
    let number = CitizenId::parse(NUMBER, now.date_naive()).unwrap();
    assert!(
        accounts::set_identity(&tx, account.id, (&name, &number), now)
            .await
            .unwrap()
    );
}

/// A page without what differs from one answer to the next anyway.
fn plain(seen: &Seen, typed: &str) -> String {
    let mut text = seen.body.replace(typed, "TYPED");
    for (before, after) in [
        ("name=\"csrf\" value=\"", "\""),
        ("name=\"captcha_id\" value=\"", "\""),
        ("name=\"passkey\" value=\"", "\""),
        ("data-passkey=\"", "\""),
    ] {
        while let Some((head, tail)) = text.split_once(before) {
            let rest = tail.split_once(after).map_or("", |(_, rest)| rest);
            text = format!("{head}CUT{rest}");
        }
    }
    let captcha = text
        .split("/captcha/")
        .nth(1)
        .and_then(|rest| rest.split('.').next())
        .map(str::to_owned);
    captcha.map_or(text.clone(), |id| text.replace(&id, "ID"))
}

#[tokio::test]
async fn source_hb_53_a_phone_signs_in_and_an_id_number_does_once_it_is_proven() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = world.browser();
        assert_eq!(
            sign_in(&mut browser, NUMBER, PASSWORD).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        prove(&world, PHONE).await;
        for identifier in [PHONE, "+86 138 0000 0001", NUMBER] {
            let mut browser = world.browser();
            let seen = sign_in(&mut browser, identifier, PASSWORD).await;
            assert_eq!(
                (seen.status, seen.location.as_deref()),
                (StatusCode::SEE_OTHER, Some("/account"))
            );
            assert_eq!(
                live(&world, &browser).await.unwrap().methods.amr(),
                ["pwd"],
                "{}",
                world.kind
            );
        }
    }
}

#[tokio::test]
async fn attack_203_wrong_password_unknown_frozen_and_closed_look_the_same() {
    for world in worlds().await {
        let (known, frozen) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let tx = world.service.store().read();
        assert!(accounts::freeze(&tx, frozen, world.clock.now()).await.unwrap());
        let mut seen = Vec::new();
        for (phone, password) in [(PHONE, "wrong-27"), ("13700000003", PASSWORD), (OTHER, PASSWORD)] {
            let mut browser = world.browser();
            let answer = sign_in(&mut browser, phone, password).await;
            assert!(!browser.cookies.contains_key("denizen_session"));
            seen.push((
                answer.status,
                plain(&answer, phone),
                browser.cookies.keys().cloned().collect::<Vec<_>>(),
            ));
        }
        assert_eq!(seen[0].0, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            seen[0].1.contains("value=\"TYPED\"") && !seen[0].1.contains("wrong-27"),
            "only the password goes"
        );
        assert!(seen.iter().all(|one| one == &seen[0]), "{}", world.kind);
        assert!(accounts::find(&tx, known).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn attack_207_the_captcha_comes_by_failures_and_not_by_who_exists_and_stands_before_the_password() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut pages = Vec::new();
        for phone in [PHONE, "13700000003"] {
            let mut browser = world.browser();
            for failure in 1..=3 {
                let seen = sign_in(&mut browser, phone, "wrong-27").await;
                assert_eq!(
                    seen.hidden("captcha_id").is_some(),
                    failure == 3,
                    "{phone} {failure}"
                );
                pages.push(plain(&seen, phone));
            }
            // The right password without a captcha, and with a wrong one, is not even looked at.
            let bare = sign_in(&mut browser, phone, PASSWORD).await;
            assert_eq!(bare.errors(), ["captcha-missing"]);
            let fields = [
                ("identifier", phone),
                ("password", PASSWORD),
                ("captcha", "wrong"),
            ];
            let wrong = browser.post("/sign-in", &bare, &fields).await;
            assert_eq!(wrong.errors(), ["captcha-wrong"]);
            let answer = browser.look_at_captcha(&wrong).await;
            let fields = [
                ("identifier", phone),
                ("password", PASSWORD),
                ("captcha", answer.as_str()),
            ];
            let last = browser.post("/sign-in", &wrong, &fields).await;
            assert_eq!(
                last.status == StatusCode::SEE_OTHER,
                phone == PHONE,
                "{}",
                last.body
            );
        }
        assert_eq!(pages[..3], pages[3..], "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_203_the_pause_after_many_failures_is_the_same_for_everybody() {
    let mut config = crate::Config::default();
    config.signin.identifier_limit = 20;
    for world in worlds_with(config).await {
        resident(&world, PHONE).await;
        let mut answers = Vec::new();
        for phone in [PHONE, "13700000003"] {
            let rule = store::throttles::Rule {
                name: "sign_in_identifier",
                limit: 20,
                window_seconds: 900,
            };
            let key = model::phone::Phone::parse(phone).unwrap().e164().to_owned();
            for _ in 0..20 {
                store::throttles::hit(&world.service.store().read(), &rule, &key, world.clock.now())
                    .await
                    .unwrap();
            }
            let seen = sign_in(&mut world.browser(), phone, PASSWORD).await;
            assert!(
                seen.page() == Some("sign-in") && seen.body.contains(&format!("value=\"{phone}\"")),
                "what was typed stays"
            );
            answers.push((seen.status, plain(&seen, phone)));
        }
        assert_eq!(answers[0].0, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answers[0], answers[1]);
        world.clock.advance(TimeDelta::seconds(901));
        assert_eq!(
            sign_in(&mut world.browser(), PHONE, PASSWORD).await.status,
            StatusCode::SEE_OTHER
        );
    }
}

#[tokio::test]
async fn attack_151_171_signing_in_again_gives_a_new_cookie_and_ends_the_old_session() {
    for world in worlds().await {
        let (first, second) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let mut browser = signed_in(&world, PHONE).await;
        let old = browser.clone();
        assert_eq!(live(&world, &old).await.unwrap().account.id, first);
        // Another person, because a request demands a fresh sign-in.
        world.clock.advance(TimeDelta::seconds(5));
        let id = interrupted(&world, &browser, wants(None, Some(world.clock.now()))).await;
        let page = browser
            .get(&format!("/sign-in?interaction={}", id.expose()))
            .await;
        assert!(
            page.body.contains("138****0001"),
            "who is signed in is shown masked"
        );
        let seen = browser
            .post(
                "/sign-in",
                &page,
                &[("identifier", OTHER), ("password", PASSWORD)],
            )
            .await;
        assert_eq!(seen.location, Some(resume_path(&id)));
        assert!(
            live(&world, &old).await.is_none(),
            "the first person's session is dead"
        );
        let now = live(&world, &browser).await.unwrap();
        assert_eq!(now.account.id, second);
        let home = browser.get("/account").await;
        assert!(
            home.body.contains("139****0002") && !home.body.contains("138****0001"),
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn attack_029_leaving_a_demanded_sign_in_changes_nothing_and_says_so_to_the_site() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let before = live(&world, &browser).await.unwrap();
        world.clock.advance(TimeDelta::seconds(5));
        let id = interrupted(&world, &browser, wants(None, Some(world.clock.now()))).await;
        let page = browser
            .get(&format!("/sign-in?interaction={}", id.expose()))
            .await;
        assert_eq!(page.page(), Some("sign-in"));
        let left = browser
            .post(
                "/sign-in",
                &page,
                &[("cancel", "yes"), ("identifier", ""), ("password", "")],
            )
            .await;
        assert_eq!(left.location, Some(resume_path(&id)));
        assert!(answers(&world, &browser, &id).await.cancelled);
        assert_eq!(live(&world, &browser).await.unwrap().id, before.id);
        // Nothing newer asked for: straight on.
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let seen = browser
            .get(&format!("/sign-in?interaction={}", id.expose()))
            .await;
        assert_eq!(seen.location, Some(resume_path(&id)));
    }
}

#[tokio::test]
async fn attack_037_a_strangers_interaction_is_not_cancelled_by_another_browser() {
    for world in worlds().await {
        let (mut mine, mut other) = (world.browser(), world.browser());
        mine.get("/sign-in").await;
        let id = interrupted(&world, &mine, wants(None, None)).await;
        let page = other.get(&format!("/sign-in?interaction={}", id.expose())).await;
        other.post("/sign-in", &page, &[("cancel", "yes")]).await;
        assert!(!answers(&world, &mine, &id).await.cancelled);
    }
}

#[tokio::test]
async fn source_hb_68_a_public_computer_is_signed_out_soon() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = world.browser();
        let page = browser.get("/sign-in").await;
        let fields = [
            ("identifier", PHONE),
            ("password", PASSWORD),
            ("public_computer", "yes"),
        ];
        browser.post("/sign-in", &page, &fields).await;
        assert!(live(&world, &browser).await.unwrap().public_computer);
        world.clock.advance(TimeDelta::minutes(11));
        assert!(live(&world, &browser).await.is_none());
        let seen = browser.get("/account").await;
        assert_eq!(seen.location.as_deref(), Some("/sign-in?return_to=%2Faccount"));
    }
}

#[tokio::test]
async fn attack_154_165_forms_without_proof_are_refused_and_get_does_not_sign_out() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let ask = browser.get("/sign-out").await;
        assert_eq!(ask.page(), Some("sign-out"));
        assert!(live(&world, &browser).await.is_some());
        let foreign = world.browser().get("/register").await;
        for csrf in ["", "AAAA", foreign.hidden("csrf").unwrap_or("none")] {
            let seen = browser.post("/sign-out", &ask, &[("csrf", csrf)]).await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN);
        }
        let old = browser.clone();
        assert_eq!(
            browser.post("/sign-out", &ask, &[]).await.location.as_deref(),
            Some("/sign-out")
        );
        assert!(live(&world, &old).await.is_none());
        assert_ne!(
            old.cookies["denizen_browser"], browser.cookies["denizen_browser"],
            "A170: nothing stays bound"
        );
        assert_eq!(browser.get("/sign-out").await.page(), Some("signed-out"));
    }
}

#[tokio::test]
async fn attack_011_a_return_address_is_followed_only_within_this_service() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        for (return_to, expected) in [
            ("%2Faccount%2Flevel%3Fwant%3D2", "/account/level?want=2"),
            ("https%3A%2F%2Fevil.test", "/account"),
            ("%2F%2Fevil.test", "/account"),
            ("%2F%5Cevil.test", "/account"),
        ] {
            let mut browser = world.browser();
            let page = browser.get(&format!("/sign-in?return_to={return_to}")).await;
            let seen = browser
                .post(
                    "/sign-in",
                    &page,
                    &[("identifier", PHONE), ("password", PASSWORD)],
                )
                .await;
            assert_eq!(seen.location.as_deref(), Some(expected));
        }
    }
}

#[tokio::test]
async fn attack_211_a_password_of_a_mebibyte_or_none_is_answered_without_work() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = world.browser();
        assert_eq!(
            sign_in(&mut browser, PHONE, "").await.errors(),
            ["signin-password-missing"]
        );
        assert_eq!(
            sign_in(&mut browser, "abc", "x").await.errors(),
            ["signin-identifier-unusable"]
        );
        let long = sign_in(&mut browser, PHONE, &"a".repeat(60_000)).await;
        assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
        let huge = sign_in(&mut browser, PHONE, &"a".repeat(1 << 20)).await;
        assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn who_left_and_came_back_by_the_back_button_can_sign_in_after_all() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = world.browser();
        browser.get("/sign-in").await;
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let page = browser
            .get(&format!("/sign-in?interaction={}", id.expose()))
            .await;
        browser.post("/sign-in", &page, &[("cancel", "yes")]).await;
        assert!(answers(&world, &browser, &id).await.cancelled);
        let seen = browser
            .post(
                "/sign-in",
                &page,
                &[("identifier", PHONE), ("password", PASSWORD)],
            )
            .await;
        assert_eq!(seen.location, Some(resume_path(&id)));
        assert!(!answers(&world, &browser, &id).await.cancelled);
    }
}

#[tokio::test]
async fn attack_203_a_frozen_account_gets_no_sign_in_by_any_way() {
    use axum::extract::FromRequestParts as _;
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let (mut parts, ()) = axum::http::Request::get("/").body(()).unwrap().into_parts();
        let visit = web::Visit::from_request_parts(&mut parts, &world.service)
            .await
            .unwrap();
        let start = async || {
            let beginning = crate::session::Beginning {
                account,
                methods: model::authn::Methods::new([model::authn::Method::Password]),
                public_computer: false,
                client: None,
                made: crate::session::Made::Before,
            };
            let tx = world.service.store().begin().await.unwrap();
            let started = crate::session::begin(&world.service, &tx, &visit, &beginning).await;
            tx.commit().await.unwrap();
            started.unwrap().is_some()
        };
        assert!(start().await);
        let tx = world.service.store().read();
        assert!(accounts::freeze(&tx, account, world.clock.now()).await.unwrap());
        assert!(!start().await, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_151_the_same_person_again_keeps_the_sign_in_under_a_new_cookie() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = world.browser();
        let (one, two) = (browser.get("/sign-in").await, browser.get("/sign-in").await);
        let fields = [("identifier", PHONE), ("password", PASSWORD)];
        browser.post("/sign-in", &one, &fields).await;
        let (old, before) = (browser.clone(), live(&world, &browser).await.unwrap());
        world.clock.advance(TimeDelta::minutes(5));
        // The second tab, for another sub-site: what the first holds of the sign-in stays good.
        browser.post("/sign-in", &two, &fields).await;
        let after = live(&world, &browser).await.unwrap();
        assert_eq!(after.id, before.id, "{}", world.kind);
        assert_eq!(after.auth_time, world.clock.now());
        assert_ne!(old.cookies["denizen_session"], browser.cookies["denizen_session"]);
        assert!(live(&world, &old).await.is_none(), "the old cookie is dead");
    }
}

#[tokio::test]
async fn a_switch_of_language_after_an_error_keeps_the_waiting_site_and_its_language() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = world.browser();
        browser.get("/sign-in").await;
        let id = interrupted_in(&world, &browser, wants(None, None), "vi").await;
        let here = format!("/sign-in?interaction={}", id.expose());
        let page = browser.get(&here).await;
        let fields = [("identifier", PHONE), ("password", "wrong-27")];
        let seen = browser.post("/sign-in", &page, &fields).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            seen.body
                .contains(&format!("name=\"return_to\" value=\"{here}\"")),
            "{}",
            seen.body
        );
        assert!(seen.body.contains("lang=\"vi\"") && page.body.contains("lang=\"vi\""));
    }
}
