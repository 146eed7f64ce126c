//! What was told to be coming and did not come; and the worker, on two nodes and over rows that nothing can be done with.

use model::ids::ChangeId;
use model::secret::Sensitive;
use store::changes::{How, NewChange, State};

use super::*;
use crate::factors::testing::with_app;

const OTHER: &str = "wei@example.org";

async fn ask_email(browser: &mut Browser, email: &str) {
    let page = browser.get("/account/contact/email").await;
    let seen = browser
        .post("/account/contact/email", &page, &[("email", email)])
        .await;
    assert_eq!(
        seen.location.as_deref(),
        Some("/account/contact?done=mail"),
        "{}",
        seen.body
    );
}

async fn newest(world: &World, id: AccountId) -> changes::Change {
    let tx = world.service.store().read();
    changes::list(&tx, id).await.unwrap()[0].clone()
}

/// A change that waits and is due in an hour.
async fn waits(world: &World, id: AccountId, (kind, details): (Kind, &str)) -> ChangeId {
    let now = world.clock.now();
    let new = NewChange {
        id: ChangeId::new(now, world.service.rng()),
        account: id,
        kind,
        state: State::Waiting,
        details: Some(details),
        now,
        effective_at: now + TimeDelta::hours(1),
        reversible_until: None,
    };
    assert!(changes::begin(&world.service.store().read(), &new).await.unwrap());
    new.id
}

#[tokio::test]
async fn attack_235_an_address_that_nobody_confirmed_ends_aloud_once_whoever_applies_it() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        give_email(&world, id, EMAIL).await;
        ask_email(&mut signed_in(&world, PHONE).await, OTHER).await;
        let before = world.mail_count().await;
        world.clock.advance(TimeDelta::hours(73));
        // Two nodes at once, and once more.
        let (one, two) = tokio::join!(
            worker::apply_due(&world.service),
            worker::apply_due(&world.service)
        );
        assert_eq!(one.unwrap() + two.unwrap(), 0);
        pass(&world, 1).await;
        assert_eq!(world.mail_count().await - before, 1, "{}", world.kind);
        let told = world.newest_mail(EMAIL).await.unwrap();
        assert!(told.contains("A change did not happen"), "{told}");
        assert_eq!(account(&world, id).await.email, Email::parse(EMAIL).ok());
        let change = newest(&world, id).await;
        assert_eq!(
            (change.state, change.ended_how),
            (State::Ended, Some(How::Failed))
        );
    }
}

#[tokio::test]
async fn of_a_first_address_that_nobody_confirmed_nobody_was_told_and_nobody_is() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        ask_email(&mut signed_in(&world, PHONE).await, OTHER).await;
        let before = (world.mail_count().await, world.sms_count().await);
        pass(&world, 73).await;
        let after = (world.mail_count().await, world.sms_count().await);
        assert_eq!(after, before, "{}", world.kind);
        assert_eq!(newest(&world, id).await.state, State::Ended);
    }
}

#[tokio::test]
async fn attack_235_a_number_that_was_taken_meanwhile_ends_aloud() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        give_email(&world, id, EMAIL).await;
        let mut browser = signed_in(&world, PHONE).await;
        ask(&mut browser, &[("phone", NEW), ("lost", "yes")]).await;
        let page = browser.get("/account/contact/phone/code").await;
        let new = world.code(NEW_E164).await;
        let fields = [("new_code", new.as_str())];
        browser.post("/account/contact/phone/code", &page, &fields).await;
        resident(&world, NEW).await;
        pass(&world, 73).await;
        assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
        for told in [
            world.newest_mail(EMAIL).await.unwrap(),
            world.newest_sms(E164).await.unwrap(),
        ] {
            assert!(told.contains("It has come to nothing"), "{}: {told}", world.kind);
        }
    }
}

#[tokio::test]
async fn attack_235_a_recovery_whose_password_was_changed_ends_aloud() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        give_email(&world, id, EMAIL).await;
        let kept = format!("{{\"phone\":\"{E164}\",\"phc\":\"x\"}}");
        waits(&world, id, (Kind::Recovery, &kept)).await;
        world.clock.advance(TimeDelta::minutes(5));
        let tx = world.service.store().read();
        let old = store::credentials::find_password(&tx, id).await.unwrap().unwrap();
        let new = Sensitive::new("another".to_owned());
        let (rng, now) = (world.service.rng(), world.clock.now());
        assert!(
            store::credentials::retire_password(&tx, rng, id, (&old.phc, &new), now)
                .await
                .unwrap()
        );
        pass(&world, 1).await;
        let told = world.newest_mail(EMAIL).await.unwrap();
        assert!(told.contains("Recovery was stopped"), "{}: {told}", world.kind);
        let password = store::credentials::find_password(&tx, id).await.unwrap().unwrap();
        assert_eq!(password.phc.expose(), "another");
    }
}

#[tokio::test]
async fn attack_225_nothing_leaves_an_account_that_was_shut_meanwhile() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        give_email(&world, id, EMAIL).await;
        with_app(&world, &mut signed_in(&world, PHONE).await).await;
        let tx = world.service.store().read();
        let factor = store::factors::list(&tx, id).await.unwrap()[0].id.to_string();
        waits(&world, id, (Kind::Factor, &factor)).await;
        world.test.set_status(id, Status::Frozen).await.unwrap();
        pass(&world, 2).await;
        assert_eq!(
            store::factors::list(&tx, id).await.unwrap().len(),
            1,
            "{}",
            world.kind
        );
        assert_eq!(newest(&world, id).await.ended_how, Some(How::Failed));
    }
}

#[tokio::test]
async fn attack_237_freezing_stops_what_waits_and_what_was_begun_in_a_browser() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        ask(&mut browser, &[("phone", NEW)]).await;
        let page = browser.get("/account/contact/phone/code").await;
        let (new, old) = (world.code(NEW_E164).await, world.code(E164).await);
        let waiting = waits(&world, id, (Kind::Factor, "x")).await;
        let tx = world.service.store().begin().await.unwrap();
        assert!(accounts::freeze(&tx, id, world.clock.now()).await.unwrap());
        crate::standing::froze(&world.service, &tx, id).await.unwrap();
        tx.commit().await.unwrap();
        let read = world.service.store().read();
        let change = changes::find(&read, waiting).await.unwrap().unwrap();
        assert_eq!(change.state, State::Ended, "{}", world.kind);
        // Neither does a page that was open bring it back, frozen or not.
        world.test.set_status(id, Status::Active).await.unwrap();
        let fields = [("new_code", new.as_str()), ("old_code", old.as_str())];
        browser.post("/account/contact/phone/code", &page, &fields).await;
        assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
    }
}

#[tokio::test]
async fn a_change_that_cannot_be_applied_keeps_none_of_the_others_from_their_turn() {
    for world in worlds().await {
        // More than one page of changes that come to nothing, and one behind them.
        let mut last = None;
        for turn in 0..60 {
            let phone = format!("138000010{turn:02}");
            let (tx, now) = (world.service.store().read(), world.clock.now());
            let id = AccountId::new(now, world.service.rng());
            let new = accounts::NewAccount {
                id,
                kind: model::client::AccountKind::Resident,
                language: model::language::Language::En,
                phone: Phone::parse(&phone).unwrap(),
                created_at: now,
            };
            accounts::create(&tx, &new).await.unwrap();
            let to = format!("{{\"phone\":\"+86{phone}\"}}");
            let details = if turn < 59 { "nonsense" } else { to.as_str() };
            waits(&world, id, (Kind::NumberDispute, details)).await;
            last = Some(id);
            world.clock.advance(TimeDelta::seconds(1));
        }
        world.clock.advance(TimeDelta::hours(2));
        assert_eq!(worker::apply_due(&world.service).await.unwrap(), 1);
        assert_eq!(phone(&world, last.unwrap()).await, None, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_231_a_node_that_is_killed_between_applying_and_its_commit_leaves_the_change_to_another() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let kept = format!("{{\"phone\":\"{E164}\"}}");
        let change = waits(&world, id, (Kind::NumberDispute, &kept)).await;
        world.clock.advance(TimeDelta::hours(2));
        let tx = world.service.store().begin().await.unwrap();
        assert!(changes::apply(&tx, change, world.clock.now()).await.unwrap());
        let old = Phone::parse(PHONE).unwrap();
        assert!(
            accounts::set_phone(&tx, id, (Some(&old), None), world.clock.now())
                .await
                .unwrap()
        );
        drop(tx);
        assert_eq!(
            phone(&world, id).await.as_deref(),
            Some(E164),
            "nothing is half done"
        );
        assert_eq!(worker::apply_due(&world.service).await.unwrap(), 1);
        assert_eq!(phone(&world, id).await, None, "{}", world.kind);
    }
}
