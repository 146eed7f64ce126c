//! "This wasn't me" at an entry of the history: what was enrolled since then is doubted, however long ago that was.

use store::history::What;

use super::held::{NEWER, app};
use super::*;
use crate::factors::totp;

const NOT_ME: &str = "/account/security/not-me";
const OWN: &[u8] = b"the secret of the owner.";

/// What the history has of it, newest first.
async fn entry(world: &World, id: AccountId, what: What) -> String {
    let tx = world.service.store().read();
    let list = store::history::list(&tx, id, None).await.unwrap();
    let found = list.iter().find(|entry| entry.what == what);
    found.unwrap().id.to_string()
}

/// The owner has the account held at an entry.
async fn hold_at(world: &World, id: AccountId, entry: &str) {
    let mut owner = signed_in_with_app(world).await;
    let ask = owner.get(&format!("{NOT_ME}?entry={entry}")).await;
    let held = owner
        .post(NOT_ME, &ask, &[("entry", entry), ("hold", "yes")])
        .await;
    assert_eq!(
        held.page(),
        Some("account-held"),
        "{:?} {}",
        held.location,
        held.body
    );
    assert_eq!(status(world, id).await, Status::Held);
}

/// A browser in which the owner has signed in, with their own application.
async fn signed_in_with_app(world: &World) -> Browser {
    let mut browser = world.browser();
    let seen = sign_in(&mut browser, PHONE, PASSWORD).await;
    let page = browser.get(&seen.location.unwrap()).await;
    let code = totp::code_at(OWN, world.clock.now());
    let [step, by] = ["step", "by"].map(|name| page.hidden(name).unwrap().to_owned());
    let fields = [
        ("step", step.as_str()),
        ("by", by.as_str()),
        ("code", code.as_str()),
    ];
    let seen = browser.post("/sign-in/second", &page, &fields).await;
    assert_eq!(seen.location.as_deref(), Some("/account"), "{}", seen.body);
    browser
}

#[tokio::test]
async fn attack_225_235_what_was_enrolled_since_the_entry_that_is_disowned_opens_nothing_and_goes() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        app(&world, id, OWN).await;
        world.clock.advance(TimeDelta::days(2));
        // The history is written a moment after what it tells of.
        app(&world, id, NEWER).await;
        world.clock.advance(TimeDelta::seconds(1));
        let tx = world.service.store().read();
        let happening = crate::history::Happening::new(id, What::FactorAdded);
        crate::history::note_aside(&world.service, &tx, &happening)
            .await
            .unwrap();
        let entry = entry(&world, id, What::FactorAdded).await;
        // Longer ago than a link in a message works.
        world.clock.advance(TimeDelta::days(10));
        hold_at(&world, id, &entry).await;
        world.clock.advance(TimeDelta::minutes(2));
        let mut thief = proven(&world).await;
        let page = thief.get("/recover/proof").await;
        let code = totp::code_at(NEWER, world.clock.now());
        let seen = thief
            .post("/recover/proof", &page, &[("way", "totp"), ("totp", &code)])
            .await;
        assert_eq!(seen.location, None, "the thief's: {}", world.kind);
        assert_eq!(status(&world, id).await, Status::Held);
        let code = totp::code_at(OWN, world.clock.now());
        let seen = thief
            .post("/recover/proof", &page, &[("way", "totp"), ("totp", &code)])
            .await;
        assert_eq!(
            seen.location.as_deref(),
            Some("/recover/password"),
            "{}",
            seen.body
        );
        choose(&mut thief).await;
        assert_eq!(status(&world, id).await, Status::Active, "{}", world.kind);
        let left = store::factors::list(&tx, id).await.unwrap();
        assert_eq!(left.len(), 1, "the thief's is gone");
    }
}
