//! Phone, e-mail address and user name through the real router, on every database at hand.

use axum::http::StatusCode;
use chrono::TimeDelta;
use model::email::Email;
use model::ids::AccountId;
use model::phone::Phone;
use model::standing::Status;
use store::accounts::{self, Account};
use store::changes::{self, Kind};

use super::worker;
use crate::signin::testing::{live, resident, signed_in};
use crate::testing::{Browser, Seen, World, link_in, worlds};

mod chain;
mod disowned;
mod ends;
mod kept;
mod mailbox;
mod once;
mod proofs;

const PHONE: &str = "13800001234";
const E164: &str = "+8613800001234";
const NEW: &str = "13900005678";
const NEW_E164: &str = "+8613900005678";
const EMAIL: &str = "zhang@example.com";

async fn account(world: &World, id: AccountId) -> Account {
    let tx = world.service.store().read();
    accounts::find(&tx, id).await.unwrap().unwrap()
}

async fn phone(world: &World, id: AccountId) -> Option<String> {
    account(world, id)
        .await
        .phone
        .map(|phone| phone.e164().to_owned())
}

async fn give_email(world: &World, id: AccountId, email: &str) {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let email = Email::parse(email).unwrap();
    let old = account(world, id).await.email;
    assert!(
        accounts::set_email(&tx, id, (old.as_ref(), Some(&email)), now)
            .await
            .unwrap()
    );
}

async fn ask(browser: &mut Browser, fields: &[(&str, &str)]) -> Seen {
    let page = browser.get("/account/contact/phone").await;
    browser.post("/account/contact/phone", &page, fields).await
}

/// Presses the button of a link in a fresh browser.
async fn press(world: &World, link: &str) -> Seen {
    let mut browser = world.browser();
    let page = browser.get(link).await;
    browser.post(link, &page, &[]).await
}

async fn pass(world: &World, hours: i64) {
    world.clock.advance(TimeDelta::hours(hours));
    worker::apply_due(&world.service).await.unwrap();
}

#[tokio::test]
async fn source_na_18_a_new_phone_counts_when_both_agree_and_the_old_one_can_take_it_back() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let sent = ask(&mut browser, &[("phone", NEW)]).await;
        assert_eq!(
            sent.location.as_deref(),
            Some("/account/contact/phone/code"),
            "{}",
            sent.body
        );
        let page = browser.get("/account/contact/phone/code").await;
        let (new, old) = (world.code(NEW_E164).await, world.code(E164).await);
        let fields = [("new_code", new.as_str()), ("old_code", "000000")];
        let wrong = browser.post("/account/contact/phone/code", &page, &fields).await;
        assert!(wrong.errors().contains(&"register-code-wrong") || old == "000000");
        assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
        let fields = [("new_code", new.as_str()), ("old_code", old.as_str())];
        let done = browser.post("/account/contact/phone/code", &page, &fields).await;
        assert_eq!(
            done.location.as_deref(),
            Some("/account/contact?done=phone"),
            "{}",
            done.body
        );
        assert_eq!(
            phone(&world, id).await.as_deref(),
            Some(NEW_E164),
            "{}",
            world.kind
        );
        // A second click changes nothing more.
        let again = browser.post("/account/contact/phone/code", &page, &fields).await;
        assert_eq!(again.location.as_deref(), Some("/account/contact"));
        let link = link_in(&world.newest_sms(E164).await.unwrap());
        assert_eq!(press(&world, &link).await.status, StatusCode::OK);
        assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
        assert!(
            live(&world, &browser).await.is_none(),
            "whoever changed it is signed out"
        );
        assert_ne!(press(&world, &link).await.page(), Some("link-done"), "A231");
    }
}

#[tokio::test]
async fn where_the_old_phone_is_lost_the_change_waits_and_can_be_stopped() {
    for stopped in [false, true] {
        for world in worlds().await {
            let id = resident(&world, PHONE).await;
            give_email(&world, id, EMAIL).await;
            let mut browser = signed_in(&world, PHONE).await;
            ask(&mut browser, &[("phone", NEW), ("lost", "yes")]).await;
            let page = browser.get("/account/contact/phone/code").await;
            let new = world.code(NEW_E164).await;
            let fields = [("new_code", new.as_str())];
            let done = browser.post("/account/contact/phone/code", &page, &fields).await;
            assert_eq!(
                done.location.as_deref(),
                Some("/account/contact?done=waits"),
                "{}",
                done.body
            );
            let shown = browser.get("/account/contact").await;
            assert!(shown.body.contains("Stop it"), "{}", shown.body);
            if stopped {
                let link = link_in(&world.newest_mail(EMAIL).await.unwrap());
                assert_eq!(press(&world, &link).await.status, StatusCode::OK);
            }
            pass(&world, 71).await;
            assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
            pass(&world, 1).await;
            let expected = if stopped { E164 } else { NEW_E164 };
            assert_eq!(
                phone(&world, id).await.as_deref(),
                Some(expected),
                "{}",
                world.kind
            );
        }
    }
}

#[tokio::test]
async fn attack_237_the_phone_of_another_account_is_not_taken_and_its_owner_is_told() {
    for world in worlds().await {
        let (mine, theirs) = (resident(&world, PHONE).await, resident(&world, NEW).await);
        give_email(&world, theirs, EMAIL).await;
        let mut browser = signed_in(&world, PHONE).await;
        ask(&mut browser, &[("phone", NEW)]).await;
        let page = browser.get("/account/contact/phone/code").await;
        let (new, old) = (world.code(NEW_E164).await, world.code(E164).await);
        let fields = [("new_code", new.as_str()), ("old_code", old.as_str())];
        let done = browser.post("/account/contact/phone/code", &page, &fields).await;
        assert_eq!(done.location.as_deref(), Some("/account/contact?done=elsewhere"));
        assert_eq!(phone(&world, mine).await.as_deref(), Some(E164), "{}", world.kind);
        assert_eq!(phone(&world, theirs).await.as_deref(), Some(NEW_E164));
        assert!(world.newest_mail(EMAIL).await.unwrap().contains("/link/"));
        let tx = world.service.store().read();
        let open = changes::find_open(&tx, theirs, Kind::NumberDispute).await;
        assert!(open.unwrap().is_some());
    }
}

#[tokio::test]
async fn attack_238_239_an_address_is_confirmed_by_its_own_link_once_and_a_new_one_needs_the_old() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let page = browser.get("/account/contact/email").await;
        browser
            .post("/account/contact/email", &page, &[("email", EMAIL)])
            .await;
        let link = link_in(&world.newest_mail(EMAIL).await.unwrap());
        assert_eq!(account(&world, id).await.email, None, "nothing without the link");
        assert_eq!(press(&world, &link).await.page(), Some("link-done"));
        assert_eq!(
            account(&world, id).await.email,
            Email::parse(EMAIL).ok(),
            "{}",
            world.kind
        );
        assert_ne!(press(&world, &link).await.page(), Some("link-done"));
        // The second one: the new address alone waits.
        let page = browser.get("/account/contact/email").await;
        let other = "wei@example.org";
        browser
            .post("/account/contact/email", &page, &[("email", other)])
            .await;
        let new = link_in(&world.newest_mail(other).await.unwrap());
        press(&world, &new).await;
        assert_eq!(account(&world, id).await.email, Email::parse(EMAIL).ok());
        pass(&world, 72).await;
        assert_eq!(
            account(&world, id).await.email,
            Email::parse(other).ok(),
            "{}",
            world.kind
        );
        // The old address takes it back.
        let undo = link_in(&world.newest_mail(EMAIL).await.unwrap());
        press(&world, &undo).await;
        assert_eq!(account(&world, id).await.email, Email::parse(EMAIL).ok());
    }
}

#[tokio::test]
async fn a_user_name_is_taken_once_and_put_back_by_its_owner_alone() {
    for world in worlds().await {
        let (id, _) = (resident(&world, PHONE).await, resident(&world, NEW).await);
        let (mut mine, mut theirs) = (signed_in(&world, PHONE).await, signed_in(&world, NEW).await);
        let here = "/account/contact/username";
        let page = mine.get(here).await;
        for (typed, error) in [
            ("ab", "contact-username-length"),
            ("13800001234", "contact-username-shape"),
        ] {
            let seen = mine.post(here, &page, &[("username", typed)]).await;
            assert_eq!(seen.errors(), [error], "{typed}");
        }
        let done = mine.post(here, &page, &[("username", "Zhang.Wei")]).await;
        assert_eq!(
            done.location.as_deref(),
            Some("/account/contact?done=username"),
            "{}",
            done.body
        );
        let name = account(&world, id).await.username;
        assert_eq!(
            name.as_ref().map(model::username::Username::as_str),
            Some("zhang.wei")
        );
        let page = theirs.get(here).await;
        let taken = theirs.post(here, &page, &[("username", "zhang.wei")]).await;
        assert_eq!(taken.errors(), ["contact-username-taken"]);
        let list = changes::list(&world.service.store().read(), id).await.unwrap();
        let change = list[0].id.to_string();
        let page = theirs.get("/account/contact").await;
        let csrf = mine.get("/account/contact").await;
        let stolen = theirs
            .post("/account/contact/stop", &page, &[("change", &change)])
            .await;
        assert_ne!(stolen.status, StatusCode::SEE_OTHER, "A261: not theirs");
        let undone = mine
            .post("/account/contact/stop", &csrf, &[("change", &change)])
            .await;
        assert_eq!(
            undone.location.as_deref(),
            Some("/account/contact?done=undone"),
            "{}",
            undone.body
        );
        assert!(account(&world, id).await.username.is_none(), "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_225_a_stolen_sign_in_changes_nothing_without_a_fresh_proof() {
    for world in worlds().await {
        resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        world.clock.advance(TimeDelta::minutes(11));
        for path in [
            "/account/contact/phone",
            "/account/contact/email",
            "/account/contact/username",
        ] {
            let seen = browser.get(path).await;
            let to = seen.location.unwrap_or_default();
            assert!(to.starts_with("/account/confirm?"), "{path} {to}");
        }
    }
}

#[tokio::test]
async fn attack_203_a_link_of_a_closed_account_is_over() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let tx = world.service.store().begin().await.unwrap();
        let link = crate::links::not_me(&world.service, &tx, id, None).await.unwrap();
        tx.commit().await.unwrap();
        let read = world.service.store().read();
        let step = (Status::Active, Status::Closed);
        assert!(
            accounts::change_status(&read, id, step, world.clock.now())
                .await
                .unwrap()
        );
        assert_ne!(
            press(&world, &link_in(&link)).await.page(),
            Some("link-done"),
            "{}",
            world.kind
        );
        let phone = Phone::parse(PHONE).unwrap();
        assert!(accounts::find_by_phone(&read, &phone).await.unwrap().is_none());
    }
}
