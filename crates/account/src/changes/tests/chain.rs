//! A change upon a change: the link that the owner has is about the first.

use super::*;

pub(super) const THIRD: &str = "13700009999";
pub(super) const THIRD_E164: &str = "+8613700009999";

/// Changes the phone with the codes of both.
pub(super) async fn both_agree(world: &World, browser: &mut Browser, (from, to, typed): (&str, &str, &str)) {
    ask(browser, &[("phone", typed)]).await;
    let page = browser.get("/account/contact/phone/code").await;
    let (new, old) = (world.code(to).await, world.code(from).await);
    let fields = [("new_code", new.as_str()), ("old_code", old.as_str())];
    let done = browser.post("/account/contact/phone/code", &page, &fields).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/account/contact?done=phone"),
        "{}",
        done.body
    );
    world.clock.advance(TimeDelta::seconds(61));
}

#[tokio::test]
async fn attack_235_the_link_of_the_first_change_takes_the_later_ones_back_too() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut thief = signed_in(&world, PHONE).await;
        both_agree(&world, &mut thief, (E164, NEW_E164, NEW)).await;
        both_agree(&world, &mut thief, (NEW_E164, THIRD_E164, THIRD)).await;
        assert_eq!(phone(&world, id).await.as_deref(), Some(THIRD_E164));
        let link = link_in(&world.newest_sms(E164).await.unwrap());
        let seen = press(&world, &link).await;
        assert_eq!(seen.page(), Some("link-done"), "{}", seen.body);
        assert!(seen.body.contains("Later changes"), "{}", seen.body);
        assert_eq!(phone(&world, id).await.as_deref(), Some(E164), "{}", world.kind);
        assert!(live(&world, &thief).await.is_none());
        // What the thief's phone was sent takes nothing back any more.
        let theirs = link_in(&world.newest_sms(NEW_E164).await.unwrap());
        assert_ne!(press(&world, &theirs).await.page(), Some("link-done"));
        assert_eq!(phone(&world, id).await.as_deref(), Some(E164));
    }
}

#[tokio::test]
async fn attack_235_this_was_not_me_about_the_first_change_locks_the_account_with_its_own_phone() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut thief = signed_in(&world, PHONE).await;
        both_agree(&world, &mut thief, (E164, NEW_E164, NEW)).await;
        let tx = world.service.store().begin().await.unwrap();
        let first = changes::list(&tx, id).await.unwrap()[0].id.as_uuid();
        let link = crate::links::not_me(&world.service, &tx, id, Some(first))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        both_agree(&world, &mut thief, (NEW_E164, THIRD_E164, THIRD)).await;
        press(&world, &link_in(&link)).await;
        let held = account(&world, id).await;
        assert_eq!(held.status, Status::Held);
        assert_eq!(held.phone.as_ref().map(Phone::e164), Some(E164), "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_235_a_later_change_alone_goes_back_by_one_step() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let mut browser = signed_in(&world, PHONE).await;
        let here = "/account/contact/username";
        for name in ["zhang.one", "zhang.two", "zhang.three"] {
            let page = browser.get(here).await;
            let done = browser.post(here, &page, &[("username", name)]).await;
            assert_eq!(
                done.location.as_deref(),
                Some("/account/contact?done=username"),
                "{}",
                done.body
            );
            world.clock.advance(TimeDelta::seconds(61));
        }
        let list = changes::list(&world.service.store().read(), id).await.unwrap();
        for (at, left) in [(0, Some("zhang.two")), (2, None)] {
            let mut browser = signed_in(&world, PHONE).await;
            let page = browser.get("/account/contact").await;
            let change = list[at].id.to_string();
            let seen = browser
                .post("/account/contact/stop", &page, &[("change", &change)])
                .await;
            assert_eq!(
                seen.location.as_deref(),
                Some("/account/contact?done=undone"),
                "{}",
                seen.body
            );
            let now_has = account(&world, id).await.username;
            assert_eq!(
                now_has.as_ref().map(model::username::Username::as_str),
                left,
                "{}",
                world.kind
            );
        }
    }
}

#[tokio::test]
async fn attack_237_a_phone_that_was_lost_locks_the_account_and_never_becomes_its_phone_again() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        give_email(&world, id, EMAIL).await;
        let mut owner = signed_in(&world, PHONE).await;
        ask(&mut owner, &[("phone", NEW), ("lost", "yes")]).await;
        let page = owner.get("/account/contact/phone/code").await;
        let new = world.code(NEW_E164).await;
        owner
            .post(
                "/account/contact/phone/code",
                &page,
                &[("new_code", new.as_str())],
            )
            .await;
        pass(&world, 72).await;
        assert_eq!(phone(&world, id).await.as_deref(), Some(NEW_E164));
        let link = link_in(&world.newest_sms(E164).await.unwrap());
        press(&world, &link).await;
        let held = account(&world, id).await;
        assert_eq!(held.status, Status::Held, "{}", world.kind);
        assert_eq!(held.phone.as_ref().map(Phone::e164), Some(NEW_E164));
    }
}
