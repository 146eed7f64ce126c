//! "This wasn't me" in the history, at the entry of a change.

use store::history::What;

use super::*;

const NOT_ME: &str = "/account/security/not-me";

/// Changes the phone by codes to both.
async fn change_phone(world: &World, browser: &mut Browser) {
    ask(browser, &[("phone", NEW)]).await;
    let page = browser.get("/account/contact/phone/code").await;
    let (new, old) = (world.code(NEW_E164).await, world.code(E164).await);
    let fields = [("new_code", new.as_str()), ("old_code", old.as_str())];
    let done = browser.post("/account/contact/phone/code", &page, &fields).await;
    assert_eq!(done.location.as_deref(), Some("/account/contact?done=phone"));
}

async fn entry(world: &World, id: AccountId, what: What) -> String {
    let tx = world.service.store().read();
    let list = store::history::list(&tx, id, None).await.unwrap();
    let found = list.iter().find(|entry| entry.what == what);
    found.unwrap().id.to_string()
}

#[tokio::test]
async fn attack_235_locking_at_the_change_of_a_phone_puts_the_phone_back_and_locks_the_account() {
    for (what, back) in [
        (What::ContactChanged, true),
        // Another entry is not about the phone.
        (What::SignedIn, false),
    ] {
        for world in worlds().await {
            let id = resident(&world, PHONE).await;
            let mut owner = signed_in(&world, PHONE).await;
            let mut thief = signed_in(&world, PHONE).await;
            change_phone(&world, &mut thief).await;
            world.clock.advance(TimeDelta::minutes(2));
            let entry = entry(&world, id, what).await;
            let page = owner.get(&format!("{NOT_ME}?entry={entry}")).await;
            assert_eq!(page.page(), Some("account-not-me"), "{:?}", page.location);
            let fields = [("entry", entry.as_str()), ("hold", "yes")];
            let held = owner.post(NOT_ME, &page, &fields).await;
            assert_eq!(held.page(), Some("account-held"), "{:?}", held.location);
            assert_eq!(account(&world, id).await.status, Status::Held);
            let expected = if back { E164 } else { NEW_E164 };
            assert_eq!(
                phone(&world, id).await.as_deref(),
                Some(expected),
                "{what:?} {}",
                world.kind
            );
            assert!(live(&world, &thief).await.is_none());
        }
    }
}
