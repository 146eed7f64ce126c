//! Second factors, passkeys, and the factor that a sub-site wants beside.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use model::authn::Strength;
use model::ids::{AccountId, FactorId};
use model::interaction::resume_path;
use model::secret::TokenHash;
use store::factors::{NewFactor, What};
use webauthn_rs::prelude::RegisterPublicKeyCredential;

use super::{OTHER, PHONE};
use crate::factors::soft::{Soft, Ways};
use crate::factors::totp;
use crate::signin::testing::{PASSWORD, answers, interrupted, live, resident, sign_in, signed_in, wants};
use crate::testing::{Browser, Seen, World, worlds};

const SECRET: &[u8] = b"12345678901234567890";

pub(super) async fn with_app(world: &World, phone: &str) -> AccountId {
    let account = resident(world, phone).await;
    let now = world.clock.now();
    let new = NewFactor {
        id: FactorId::new(now, world.service.rng()),
        account,
        name: "my phone",
        what: What::Totp {
            secret: SECRET,
            step: 0,
        },
        now,
    };
    store::factors::add(&world.service.store().read(), &new)
        .await
        .unwrap();
    account
}

pub(super) async fn with_passkey(world: &World, phone: &str, id: &[u8]) -> (AccountId, Soft) {
    let account = resident(world, phone).await;
    let mut soft = Soft::new(id);
    let webauthn = world.service.passkeys().unwrap();
    let (options, state) = webauthn
        .start_passkey_registration(account.as_uuid(), "who", "who", None)
        .unwrap();
    let made = soft.make(&serde_json::to_string(&options).unwrap(), &Ways::default());
    let made: RegisterPublicKeyCredential = serde_json::from_str(&made).unwrap();
    let passkey = webauthn.finish_passkey_registration(&made, &state).unwrap();
    let now = world.clock.now();
    let new = NewFactor {
        id: FactorId::new(now, world.service.rng()),
        account,
        name: "my key",
        what: What::Passkey {
            credential: &serde_json::to_vec(&passkey).unwrap(),
            identifier: &TokenHash::of(&URL_SAFE_NO_PAD.encode(id)),
        },
        now,
    };
    store::factors::add(&world.service.store().read(), &new)
        .await
        .unwrap();
    (account, soft)
}

pub(super) fn code(world: &World) -> String {
    totp::code_at(SECRET, world.clock.now())
}

/// The page that a redirect leads to.
pub(super) async fn follow(browser: &mut Browser, seen: &Seen) -> Seen {
    let to = seen
        .location
        .clone()
        .unwrap_or_else(|| panic!("no redirect: {}", seen.body));
    browser.get(&to).await
}

/// The second step after the right password.
pub(super) async fn second(browser: &mut Browser, phone: &str) -> Seen {
    let seen = sign_in(browser, phone, PASSWORD).await;
    assert!(
        seen.location
            .as_deref()
            .unwrap()
            .starts_with("/sign-in/second?step=")
    );
    let page = follow(browser, &seen).await;
    assert_eq!(page.page(), Some("sign-in-second"), "{}", page.body);
    page
}

pub(super) async fn give(browser: &mut Browser, page: &Seen, fields: &[(&str, &str)]) -> Seen {
    let step = page.hidden("step").unwrap().to_owned();
    let by = page.hidden("by").unwrap().to_owned();
    let own = [("step", step.as_str()), ("by", by.as_str())];
    let fields: Vec<_> = own.into_iter().chain(fields.iter().copied()).collect();
    browser.post("/sign-in/second", page, &fields).await
}

/// What a page asks about passkeys.
pub(super) fn question(page: &Seen) -> String {
    let text = page.body.split("data-passkey=\"").nth(1).expect("a question");
    let text = text.split('"').next().unwrap();
    ["&quot;", "&#34;", "&#x22;"]
        .iter()
        .fold(text.to_owned(), |text, entity| text.replace(entity, "\""))
        .replace("&amp;", "&")
}

#[tokio::test]
async fn a_password_alone_does_not_sign_in_where_there_is_a_second_factor() {
    for world in worlds().await {
        with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        assert!(live(&world, &browser).await.is_none(), "{}", world.kind);
        let wrong = give(&mut browser, &page, &[("code", "000000")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.errors(), ["factors-code-wrong"]);
        let right = give(&mut browser, &wrong, &[("code", &code(&world))]).await;
        assert_eq!(right.location.as_deref(), Some("/account"), "{}", right.body);
        assert_eq!(
            live(&world, &browser).await.unwrap().methods.amr(),
            ["pwd", "otp", "mfa"]
        );
        // A217: neither the step nor the code is good a second time.
        let used = code(&world);
        world.clock.advance(TimeDelta::seconds(31));
        let again = give(&mut browser, &page, &[("code", &used)]).await;
        assert_eq!(again.location.as_deref(), Some("/sign-in?late=yes"));
        let mut other = world.browser();
        let page = second(&mut other, PHONE).await;
        let replayed = give(&mut other, &page, &[("code", &used)]).await;
        assert_eq!(replayed.errors(), ["factors-code-wrong"]);
    }
}

#[tokio::test]
async fn attack_223_half_a_sign_in_is_the_browsers_own_and_ends_by_itself() {
    for world in worlds().await {
        with_app(&world, PHONE).await;
        let (mut browser, mut stranger) = (world.browser(), world.browser());
        let page = second(&mut browser, PHONE).await;
        let foreign = stranger.get("/sign-in").await;
        let step = page.hidden("step").unwrap().to_owned();
        let fields = [("step", step.as_str()), ("by", "totp"), ("code", &code(&world))];
        let seen = stranger.post("/sign-in/second", &foreign, &fields).await;
        assert!(live(&world, &stranger).await.is_none(), "{:?}", seen.location);
        world.clock.advance(TimeDelta::minutes(11));
        let late = give(&mut browser, &page, &[("code", &code(&world))]).await;
        assert_eq!(late.location.as_deref(), Some("/sign-in?late=yes"));
        let page = follow(&mut browser, &late).await;
        assert!(page.body.contains("The time for this step is over"));
        assert!(live(&world, &browser).await.is_none(), "{}", world.kind);
        for bad in ["", "x", &"A".repeat(43)] {
            let seen = browser.get(&format!("/sign-in/second?step={bad}")).await;
            assert_eq!(seen.location.as_deref(), Some("/sign-in?late=yes"), "{bad}");
        }
    }
}

#[tokio::test]
async fn attack_215_a_code_by_sms_is_a_second_factor_in_its_own_browser() {
    for world in worlds().await {
        with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        assert!(page.body.contains("by=sms") && !page.body.contains(PHONE));
        let sent = give(&mut browser, &page, &[("method", "sms")]).await;
        let page = follow(&mut browser, &sent).await;
        assert!(page.body.contains("138****0001"), "{}", page.body);
        let typed = world.code("+8613800000001").await;
        let mut other = world.browser();
        let theirs = second(&mut other, PHONE).await;
        let step = theirs.hidden("step").unwrap().to_owned();
        let fields = [("step", step.as_str()), ("by", "sms"), ("code", typed.as_str())];
        let refused = other.post("/sign-in/second", &theirs, &fields).await;
        assert_eq!(refused.errors(), ["evidence-code-expired"], "{}", world.kind);
        let right = give(&mut browser, &page, &[("code", &typed)]).await;
        assert_eq!(right.location.as_deref(), Some("/account"), "{}", right.body);
        assert_eq!(
            live(&world, &browser).await.unwrap().methods.amr(),
            ["pwd", "sms", "mfa"]
        );
    }
}

#[tokio::test]
async fn attack_213_codes_cannot_be_guessed_by_beginning_again() {
    for world in worlds().await {
        with_app(&world, PHONE).await;
        let mut status = StatusCode::OK;
        for _ in 0..6 {
            let mut browser = world.browser();
            let page = second(&mut browser, PHONE).await;
            for _ in 0..2 {
                status = give(&mut browser, &page, &[("code", "000000")]).await.status;
            }
        }
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{}", world.kind);
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        let seen = give(&mut browser, &page, &[("code", &code(&world))]).await;
        assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS, "even the right one");
    }
}

#[tokio::test]
async fn attack_203_a_frozen_account_does_not_get_in_by_its_second_factor() {
    for world in worlds().await {
        let account = with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        let tx = world.service.store().read();
        assert!(
            store::accounts::freeze(&tx, account, world.clock.now())
                .await
                .unwrap()
        );
        let seen = give(&mut browser, &page, &[("code", &code(&world))]).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/sign-in?late=yes"),
            "{}",
            world.kind
        );
        assert!(live(&world, &browser).await.is_none());
    }
}

#[tokio::test]
async fn a_passkey_signs_in_with_nothing_typed_and_each_question_is_answered_once() {
    for world in worlds().await {
        let (account, mut soft) = with_passkey(&world, PHONE, b"credential-1").await;
        let mut browser = world.browser();
        let page = browser.get("/sign-in").await;
        assert!(page.body.contains("username webauthn"));
        let answer = soft.prove(&question(&page), &Ways::default()).to_string();
        let sealed = page.hidden("passkey").unwrap().to_owned();
        let fields = [
            ("method", "passkey"),
            ("identifier", ""),
            ("password", ""),
            ("passkey", sealed.as_str()),
            ("credential", answer.as_str()),
        ];
        // A285b: what one browser was asked is nothing in another.
        let mut stranger = world.browser();
        let foreign = stranger.get("/sign-in").await;
        let refused = stranger.post("/sign-in", &foreign, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let seen = browser.post("/sign-in", &page, &fields).await;
        assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
        let session = live(&world, &browser).await.unwrap();
        assert_eq!(session.account.id, account, "{}", world.kind);
        assert_eq!(session.methods.strength(), Strength::A3);
        // A217: the same answer again.
        let replayed = browser.post("/sign-in", &page, &fields).await;
        assert_eq!(replayed.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn attack_206_279_a_passkey_of_nobody_or_without_its_user_is_refused_with_one_text() {
    for world in worlds().await {
        let (_, mut soft) = with_passkey(&world, PHONE, b"credential-1").await;
        let mut unknown = Soft::new(b"credential-9");
        unknown.user = soft.user.clone();
        let mut bodies = Vec::new();
        let careless = Ways {
            flags: crate::factors::soft::PRESENT,
            ..Ways::default()
        };
        let tries: [(&mut Soft, Ways); 2] = [(&mut unknown, Ways::default()), (&mut soft, careless)];
        for (soft, ways) in tries {
            let mut browser = world.browser();
            let page = browser.get("/sign-in").await;
            let answer = soft.prove(&question(&page), &ways).to_string();
            let sealed = page.hidden("passkey").unwrap().to_owned();
            let fields = [
                ("method", "passkey"),
                ("passkey", sealed.as_str()),
                ("credential", answer.as_str()),
            ];
            let seen = browser.post("/sign-in", &page, &fields).await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", world.kind);
            assert!(live(&world, &browser).await.is_none());
            bodies.push(super::plain(&seen, "x"));
        }
        assert_eq!(bodies[0], bodies[1]);
        let mut browser = world.browser();
        let page = browser.get("/sign-in").await;
        let seen = browser.post("/sign-in", &page, &[("method", "passkey")]).await;
        assert!(seen.body.contains("needs JavaScript"), "{}", seen.body);
    }
}

#[tokio::test]
async fn attack_283_a_passkey_of_another_person_makes_no_sign_in_stronger() {
    for world in worlds().await {
        let (_, mut mine) = with_passkey(&world, PHONE, b"credential-1").await;
        let (_, mut theirs) = with_passkey(&world, OTHER, b"credential-2").await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        let asked = give(&mut browser, &page, &[("method", "passkey")]).await;
        let page = follow(&mut browser, &asked).await;
        let answer = theirs.prove(&question(&page), &Ways::default()).to_string();
        let fields = [("method", "passkey"), ("credential", answer.as_str())];
        let refused = give(&mut browser, &page, &fields).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.body
        );
        assert!(live(&world, &browser).await.is_none(), "{}", world.kind);
        let asked = give(&mut browser, &refused, &[("method", "passkey")]).await;
        let page = follow(&mut browser, &asked).await;
        let answer = mine.prove(&question(&page), &Ways::default()).to_string();
        let fields = [("method", "passkey"), ("credential", answer.as_str())];
        let right = give(&mut browser, &page, &fields).await;
        assert_eq!(right.location.as_deref(), Some("/account"), "{}", right.body);
    }
}

#[tokio::test]
async fn just_the_missing_factor_is_asked_for_and_the_request_goes_on() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let old = browser.clone();
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let here = format!("/sign-in/more?want=2&interaction={}", id.expose());
        let page = browser.get(&here).await;
        assert_eq!(page.page(), Some("sign-in-more"), "{}", page.body);
        let more = [("want", "2"), ("by", "sms")];
        let ask = [more[0], more[1], ("method", "sms")];
        let sent = browser.post("/sign-in/more", &page, &ask).await;
        let page = follow(&mut browser, &sent).await;
        let wrong = browser
            .post("/sign-in/more", &page, &[more[0], more[1], ("code", "1")])
            .await;
        assert_eq!(wrong.errors(), ["evidence-code-form"]);
        let typed = world.code("+8613800000001").await;
        let right = [more[0], more[1], ("code", typed.as_str())];
        let seen = browser.post("/sign-in/more", &page, &right).await;
        assert_eq!(seen.location, Some(resume_path(&id)), "{}", seen.body);
        let session = live(&world, &browser).await.unwrap();
        assert_eq!(session.methods.strength(), Strength::A2, "{}", world.kind);
        assert!(live(&world, &old).await.is_none(), "A151: a new cookie");
        // Strong enough already: straight on.
        assert_eq!(browser.get(&here).await.location, Some(resume_path(&id)));
    }
}

#[tokio::test]
async fn who_has_no_passkey_is_told_so_and_led_to_one_or_says_not_now() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let here = format!("/sign-in/more?want=3&interaction={}", id.expose());
        let page = browser.get(&here).await;
        assert!(page.body.contains("you have none yet"), "{}", page.body);
        assert!(
            page.body
                .contains("/account/security/passkeys?return_to=%2Fsign-in%2Fmore")
        );
        assert!(!page.body.contains("name=\"code\""), "SMS is not enough for it");
        let left = browser
            .post("/sign-in/more", &page, &[("want", "3"), ("decline", "yes")])
            .await;
        assert_eq!(left.location, Some(resume_path(&id)));
        assert!(
            answers(&world, &browser, &id).await.level_declined,
            "{}",
            world.kind
        );
    }
}

#[tokio::test]
async fn a_passkey_makes_a_sign_in_with_a_password_strong_enough_for_level_3() {
    for world in worlds().await {
        let (account, mut soft) = with_passkey(&world, PHONE, b"credential-1").await;
        // Signed in by the password and a code: the passkey is at home.
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        let sent = give(&mut browser, &page, &[("method", "sms")]).await;
        let page = follow(&mut browser, &sent).await;
        let typed = world.code("+8613800000001").await;
        give(&mut browser, &page, &[("code", &typed)]).await;
        assert_eq!(
            live(&world, &browser).await.unwrap().methods.strength(),
            Strength::A2
        );
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let page = browser
            .get(&format!("/sign-in/more?want=3&interaction={}", id.expose()))
            .await;
        let fields = [("want", "3"), ("by", "passkey"), ("method", "passkey")];
        let asked = browser.post("/sign-in/more", &page, &fields).await;
        let page = follow(&mut browser, &asked).await;
        let answer = soft.prove(&question(&page), &Ways::default()).to_string();
        let fields = [fields[0], fields[1], fields[2], ("credential", answer.as_str())];
        let seen = browser.post("/sign-in/more", &page, &fields).await;
        assert_eq!(seen.location, Some(resume_path(&id)), "{}", seen.body);
        let session = live(&world, &browser).await.unwrap();
        assert_eq!(
            (session.account.id, session.methods.strength()),
            (account, Strength::A3)
        );
        let replayed = browser.post("/sign-in/more", &page, &fields).await;
        assert_eq!(
            replayed.location,
            Some(resume_path(&id)),
            "nothing is left to ask"
        );
    }
}

#[tokio::test]
async fn attack_090_half_a_sign_in_ends_with_the_others() {
    for world in worlds().await {
        let account = with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        let tx = world.service.store().read();
        crate::standing::end_sign_ins(&world.service, &tx, account, None)
            .await
            .unwrap();
        let seen = give(&mut browser, &page, &[("code", &code(&world))]).await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/sign-in?late=yes"),
            "{}",
            world.kind
        );
        assert!(live(&world, &browser).await.is_none());
    }
}

#[tokio::test]
async fn attack_217_an_answer_is_not_good_a_second_time_after_midnight() {
    for world in worlds().await {
        let (_, mut soft) = with_passkey(&world, PHONE, b"credential-1").await;
        let today = world.clock.now().timestamp().rem_euclid(86_400);
        world.clock.advance(TimeDelta::seconds(86_400 - today - 120));
        let mut browser = world.browser();
        let page = browser.get("/sign-in").await;
        let answer = soft.prove(&question(&page), &Ways::default()).to_string();
        let sealed = page.hidden("passkey").unwrap().to_owned();
        let fields = [
            ("method", "passkey"),
            ("passkey", sealed.as_str()),
            ("credential", answer.as_str()),
        ];
        let mut other = browser.clone();
        let seen = browser.post("/sign-in", &page, &fields).await;
        assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
        world.clock.advance(TimeDelta::seconds(240));
        let seen = other.post("/sign-in", &page, &fields).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", world.kind);
    }
}
