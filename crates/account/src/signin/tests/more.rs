//! A sub-site that wants a stronger sign-in: what is missing is asked for, or set up first, and the request goes on.

use model::authn::{Method, Methods, Strength};
use model::interaction::resume_path;
use model::secret::TokenHash;
use store::sessions::Renewal;

use super::PHONE;
use super::factors::{code, follow, give, question, second, with_app};
use crate::factors::soft::{Soft, Ways};
use crate::factors::testing::options;
use crate::signin::testing::{PASSWORD, interrupted, live, resident, signed_in, wants};
use crate::testing::{Browser, Seen, World, worlds};

/// Where a link of a page leads whose address begins so.
fn link(page: &Seen, begins: &str) -> String {
    let (_, rest) = page
        .body
        .split_once(&format!("href=\"{begins}"))
        .unwrap_or_else(|| panic!("no link to {begins}: {}", page.body));
    let rest = rest.split('"').next().unwrap();
    format!("{begins}{rest}")
        .replace("&amp;", "&")
        .replace("&#38;", "&")
}

/// As after registering: only a code by SMS was given.
async fn by_sms_alone(world: &World, browser: &Browser) {
    let session = live(world, browser).await.unwrap();
    let renewal = Renewal {
        token_hash: TokenHash::of(&browser.cookies["denizen_session"]),
        methods: &Methods::new([Method::Sms]),
        auth_time: session.auth_time,
    };
    let tx = world.service.store().read();
    assert!(store::sessions::renew(&tx, session.id, &renewal).await.unwrap());
}

#[tokio::test]
async fn a_passkey_is_set_up_on_the_way_and_the_sub_sites_request_goes_on() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let here = format!("/sign-in/more?want=3&interaction={}", id.expose());
        let page = browser.get(&here).await;
        let list = browser.get(&link(&page, "/account/security/passkeys?")).await;
        assert_eq!(list.page(), Some("account-passkeys"), "{:?}", list.location);
        let new = link(&list, "/account/security/passkeys/new?");
        // The proof is asked for in between, and the way is kept through that page as well.
        crate::factors::testing::wait(&world, 11 * 60);
        let asked = browser.get(&new).await;
        let fields = [("method", "password"), ("password", PASSWORD)];
        let back = crate::factors::testing::confirm(&mut browser, &asked.location.unwrap(), &fields).await;
        assert_eq!(back.location.as_deref(), Some(new.as_str()), "{}", back.body);
        let page = browser.get(&new).await;
        let mut soft = Soft::new(b"credential-1");
        let answer = soft.make(&options(&page), &Ways::default());
        let fields = [
            ("ceremony", page.hidden("ceremony").unwrap()),
            ("credential", answer.as_str()),
        ];
        let done = browser
            .post("/account/security/passkeys/new", &page, &fields)
            .await;
        let list = follow(&mut browser, &done).await;
        assert!(list.body.contains("The passkey is there"), "{}", list.body);
        let more = browser.get(&link(&list, "/sign-in/more?")).await;
        assert_eq!(more.page(), Some("sign-in-more"), "{:?}", more.location);
        let own = [("want", "3"), ("by", "passkey"), ("method", "passkey")];
        let asked = browser.post("/sign-in/more", &more, &own).await;
        let page = follow(&mut browser, &asked).await;
        let answer = soft.prove(&question(&page), &Ways::default()).to_string();
        let give = [own[0], own[1], own[2], ("credential", answer.as_str())];
        let seen = browser.post("/sign-in/more", &page, &give).await;
        assert_eq!(seen.location, Some(resume_path(&id)), "{}", world.kind);
        let session = live(&world, &browser).await.unwrap();
        assert_eq!(session.methods.strength(), Strength::A3);
    }
}

#[tokio::test]
async fn where_the_password_is_missing_it_is_asked_for_and_not_another_thing_that_one_has() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        by_sms_alone(&world, &browser).await;
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let here = format!("/sign-in/more?want=2&interaction={}", id.expose());
        let page = browser.get(&here).await;
        assert!(page.body.contains("name=\"password\""), "{}", page.body);
        assert!(!page.body.contains("by=sms") && !page.body.contains("authenticator"));
        let old = browser.clone();
        for (typed, error) in [
            ("", "signin-password-missing"),
            ("wrong-1", "confirm-password-wrong"),
        ] {
            let fields = [("want", "2"), ("by", "password"), ("password", typed)];
            let seen = browser.post("/sign-in/more", &page, &fields).await;
            assert_eq!(seen.errors(), [error], "{}", world.kind);
        }
        let fields = [("want", "2"), ("by", "password"), ("password", PASSWORD)];
        let seen = browser.post("/sign-in/more", &page, &fields).await;
        assert_eq!(seen.location, Some(resume_path(&id)), "{}", seen.body);
        let session = live(&world, &browser).await.unwrap();
        assert_eq!(session.methods.strength(), Strength::A2);
        assert!(live(&world, &old).await.is_none(), "A151: a new cookie");
    }
}

#[tokio::test]
async fn attack_029_a_password_typed_now_does_not_make_the_rest_of_a_sign_in_fresh() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let begun = live(&world, &browser).await.unwrap();
        for (methods, moves) in [
            (vec![Method::Passkey], false),
            (vec![Method::Password, Method::Sms], false),
            (vec![Method::Password], true),
        ] {
            let renewal = Renewal {
                token_hash: TokenHash::of(&browser.cookies["denizen_session"]),
                methods: &Methods::new(methods),
                auth_time: begun.auth_time,
            };
            let tx = world.service.store().read();
            assert!(store::sessions::renew(&tx, begun.id, &renewal).await.unwrap());
            crate::factors::testing::wait(&world, 11 * 60);
            let asked = browser.get("/account/contact/username").await;
            let fields = [("method", "password"), ("password", PASSWORD)];
            crate::factors::testing::confirm(&mut browser, &asked.location.unwrap(), &fields).await;
            assert_eq!(
                browser.get("/account/contact/username").await.status,
                200,
                "the page is open"
            );
            let session = live(&world, &browser).await.unwrap();
            let moved = session.auth_time > begun.auth_time;
            assert_eq!(moved, moves, "{:?} {}", session.methods, world.kind);
        }
    }
}

#[tokio::test]
async fn what_is_proposed_to_set_up_is_what_helps_and_the_way_ends() {
    for world in worlds().await {
        let account = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        by_sms_alone(&world, &browser).await;
        world.test.forget_password(account).await.unwrap();
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let here = format!("/sign-in/more?want=2&interaction={}", id.expose());
        let page = browser.get(&here).await;
        assert!(
            !page.body.contains("/account/security/authenticator"),
            "{}",
            page.body
        );
        assert!(page.body.contains("/account/security/passkeys?"));
        let form = browser.get(&link(&page, "/account/security/password?")).await;
        assert_eq!(form.page(), Some("account-password"), "{:?}", form.location);
        let new = "Lantern-771-harbour";
        let fields = [("password", new), ("password_again", new)];
        let done = browser.post("/account/security/password", &form, &fields).await;
        let more = follow(&mut browser, &done).await;
        assert_eq!(more.page(), Some("sign-in-more"), "{:?}", more.location);
        let fields = [("want", "2"), ("by", "password"), ("password", new)];
        let seen = browser.post("/sign-in/more", &more, &fields).await;
        assert_eq!(seen.location, Some(resume_path(&id)), "{}", world.kind);
    }
}

#[tokio::test]
async fn who_has_an_app_of_the_same_kind_as_their_sign_in_is_not_told_that_they_have_none() {
    for world in worlds().await {
        let account = with_app(&world, PHONE).await;
        let mut browser = world.browser();
        let page = second(&mut browser, PHONE).await;
        give(&mut browser, &page, &[("code", &code(&world))]).await;
        by_sms_alone(&world, &browser).await;
        world.test.forget_password(account).await.unwrap();
        let id = interrupted(&world, &browser, wants(None, None)).await;
        let page = browser
            .get(&format!("/sign-in/more?want=2&interaction={}", id.expose()))
            .await;
        assert_eq!(
            page.page(),
            Some("sign-in-more"),
            "{}: {:?}",
            world.kind,
            page.location
        );
        assert!(page.body.contains("of the same kind"), "{}", page.body);
        assert!(!page.body.contains("you have none yet"));
    }
}
