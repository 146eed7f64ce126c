//! Links that are pressed where nothing can happen, twice, and after one another.

use model::standing_reason::Reason;
use store::changes::State;

use super::chain::{THIRD, both_agree};
use super::*;
use crate::standing::{Because, By};

async fn set_phone(world: &World, id: AccountId, to: &str) {
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let old = account(world, id).await.phone;
    let to = Phone::parse(to).unwrap();
    assert!(
        accounts::set_phone(&tx, id, (old.as_ref(), Some(&to)), now)
            .await
            .unwrap()
    );
}

async fn change_username(browser: &mut Browser, name: &str) {
    let here = "/account/contact/username";
    let page = browser.get(here).await;
    let done = browser.post(here, &page, &[("username", name)]).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/account/contact?done=username"),
        "{}",
        done.body
    );
}

async fn not_me(world: &World, id: AccountId, about: Option<uuid::Uuid>) -> String {
    let tx = world.service.store().begin().await.unwrap();
    let link = crate::links::not_me(&world.service, &tx, id, about)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    link_in(&link)
}

#[tokio::test]
async fn attack_231_a_link_is_used_up_only_if_something_happened_and_then_it_is() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        both_agree(&world, &mut browser, (E164, NEW_E164, NEW)).await;
        let link = link_in(&world.newest_sms(E164).await.unwrap());
        // Something else came after it.
        set_phone(&world, id, THIRD).await;
        let seen = press(&world, &link).await;
        assert_eq!(seen.page(), Some("link-not-done"), "{}", seen.body);
        assert!(
            seen.body.contains("something else was changed after it"),
            "{}",
            seen.body
        );
        set_phone(&world, id, NEW).await;
        // Somebody else has the number of before.
        let other = resident(&world, PHONE).await;
        let seen = press(&world, &link).await;
        assert_eq!(seen.page(), Some("link-not-done"), "{}", seen.body);
        assert!(seen.body.contains("belongs to another account"), "{}", seen.body);
        assert_eq!(
            phone(&world, id).await.as_deref(),
            Some(NEW_E164),
            "{}",
            world.kind
        );
        world.test.set_status(other, Status::Closed).await.unwrap();
        // Two presses at once: one of them does it.
        let (mut one, mut two) = (world.browser(), world.browser());
        let (first, second) = (one.get(&link).await, two.get(&link).await);
        let (one, two) = tokio::join!(one.post(&link, &first, &[]), two.post(&link, &second, &[]));
        let done = [one.page(), two.page()]
            .iter()
            .filter(|page| **page == Some("link-done"))
            .count();
        assert_eq!(done, 1, "{}: {:?} {:?}", world.kind, one.page(), two.page());
        assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
        assert_ne!(press(&world, &link).await.page(), Some("link-done"));
    }
}

#[tokio::test]
async fn attack_239_a_link_that_is_pressed_while_the_account_is_suspended_works_when_it_is_back() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let link = not_me(&world, id, None).await;
        let (tx, service) = (world.service.store().begin().await.unwrap(), &world.service);
        let because = Because::of(Reason::Misuse, By::Program);
        let active = account(&world, id).await;
        assert!(
            crate::standing::suspend(service, &tx, &active, &because)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert_eq!(press(&world, &link).await.page(), Some("link-over"));
        let tx = world.service.store().begin().await.unwrap();
        let suspended = account(&world, id).await;
        crate::standing::restore(service, &tx, &suspended, &because)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            press(&world, &link).await.page(),
            Some("link-done"),
            "{}",
            world.kind
        );
        assert_eq!(account(&world, id).await.status, Status::Held);
        assert_ne!(press(&world, &link).await.page(), Some("link-done"), "once");
    }
}

#[tokio::test]
async fn attack_235_a_second_this_was_not_me_takes_back_what_it_is_about_although_the_account_is_held() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut thief = signed_in(&world, PHONE).await;
        change_username(&mut thief, "zhang.thief").await;
        let change = changes::list(&world.service.store().read(), id).await.unwrap()[0].clone();
        let (first, second) = (
            not_me(&world, id, None).await,
            not_me(&world, id, Some(change.id.as_uuid())).await,
        );
        assert_eq!(press(&world, &first).await.page(), Some("link-done"));
        assert_eq!(account(&world, id).await.status, Status::Held);
        assert!(account(&world, id).await.username.is_some());
        let seen = press(&world, &second).await;
        assert_eq!(seen.page(), Some("link-done"), "{}", seen.body);
        assert!(account(&world, id).await.username.is_none(), "{}", world.kind);
        assert_eq!(account(&world, id).await.status, Status::Held);
        let tx = world.service.store().read();
        let after = changes::find(&tx, change.id).await.unwrap().unwrap();
        assert_eq!(after.state, State::Ended);
        // One that is about nothing finds nothing to do, and stays.
        let third = not_me(&world, id, None).await;
        assert_eq!(press(&world, &third).await.page(), Some("link-over"));
        world.test.set_status(id, Status::Active).await.unwrap();
        assert_eq!(press(&world, &third).await.page(), Some("link-done"));
    }
}

#[tokio::test]
async fn attack_261_a_number_that_another_browser_has_just_brought_is_not_disputed_with_oneself() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let (mut one, mut two) = (signed_in(&world, PHONE).await, signed_in(&world, PHONE).await);
        ask(&mut one, &[("phone", NEW), ("lost", "yes")]).await;
        let page = one.get("/account/contact/phone/code").await;
        let new = world.code(NEW_E164).await;
        world.clock.advance(TimeDelta::seconds(61));
        both_agree(&world, &mut two, (E164, NEW_E164, NEW)).await;
        let fields = [("new_code", new.as_str())];
        let late = one.post("/account/contact/phone/code", &page, &fields).await;
        assert_ne!(
            late.location.as_deref(),
            Some("/account/contact?done=elsewhere"),
            "{}",
            world.kind
        );
        let tx = world.service.store().read();
        let open = changes::find_open(&tx, id, Kind::NumberDispute).await.unwrap();
        assert!(open.is_none(), "its own number would leave it");
    }
}
