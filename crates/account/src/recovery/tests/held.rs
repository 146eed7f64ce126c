//! An account that its owner had locked: what opens it, and what does not.

use model::ids::FactorId;
use store::changes::{self, Kind};
use store::factors::{self, NewFactor, What};
use store::recovery_codes;

use super::*;
use crate::factors::totp;
use crate::links;

const OLD: &[u8] = b"the secret of the owner.";
pub(super) const NEWER: &[u8] = b"the secret of the thief.";
const PRINTED: &str = "ABCDEFGHJKMNPQRS";

pub(super) async fn app(world: &World, id: AccountId, secret: &[u8]) -> FactorId {
    let now = world.clock.now();
    let new = NewFactor {
        id: FactorId::new(now, world.service.rng()),
        account: id,
        name: "App",
        what: What::Totp { secret, step: 1 },
        now,
    };
    factors::add(&world.service.store().read(), &new).await.unwrap();
    new.id
}

async fn sheet(world: &World, id: AccountId) {
    let codes = [PRINTED];
    let (tx, now) = (world.service.store().read(), world.clock.now());
    let made = recovery_codes::replace(&tx, world.service.rng(), id, (&codes, now)).await;
    made.unwrap();
}

/// The owner follows a link of a notice.
pub(super) async fn hold(world: &World, id: AccountId) {
    let tx = world.service.store().begin().await.unwrap();
    let link = links::not_me(&world.service, &tx, id, None).await.unwrap();
    tx.commit().await.unwrap();
    let (mut owner, link) = (world.browser(), link_in(&link));
    let page = owner.get(&link).await;
    owner.post(&link, &page, &[]).await;
    assert_eq!(status(world, id).await, Status::Held);
}

async fn try_app(world: &World, browser: &mut Browser, page: &Seen, secret: &[u8]) -> Seen {
    let code = totp::code_at(secret, world.clock.now());
    let fields = [("way", "totp"), ("totp", code.as_str())];
    browser.post("/recover/proof", page, &fields).await
}

#[tokio::test]
async fn attack_225_235_what_a_thief_enrolled_before_this_was_not_me_does_not_open_the_account() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        app(&world, id, NEWER).await;
        sheet(&world, id).await;
        world.clock.advance(TimeDelta::days(6));
        hold(&world, id).await;
        // Nor does it grow old while the account is locked.
        for days in [0, 30] {
            world.clock.advance(TimeDelta::days(days));
            let mut thief = proven(&world).await;
            let page = thief.get("/recover/proof").await;
            assert_eq!(page.page(), Some("recover-proof"), "{}", world.kind);
            let seen = try_app(&world, &mut thief, &page, NEWER).await;
            assert_eq!(seen.location, None, "{days}");
            let printed = [("way", "code"), ("recovery_code", PRINTED)];
            let seen = thief.post("/recover/proof", &page, &printed).await;
            assert_eq!(seen.location, None, "{days}");
            assert_eq!(status(&world, id).await, Status::Held);
        }
    }
}

#[tokio::test]
async fn attack_235_a_factor_from_long_before_opens_it_and_the_newer_ones_are_gone() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        let own = app(&world, id, OLD).await;
        world.clock.advance(TimeDelta::days(30));
        app(&world, id, NEWER).await;
        sheet(&world, id).await;
        hold(&world, id).await;
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        let wrong = try_app(&world, &mut browser, &page, NEWER).await;
        assert_eq!(wrong.location, None, "{}", wrong.body);
        let right = try_app(&world, &mut browser, &page, OLD).await;
        assert_eq!(
            right.location.as_deref(),
            Some("/recover/password"),
            "{}",
            right.body
        );
        choose(&mut browser).await;
        assert_eq!(status(&world, id).await, Status::Active, "{}", world.kind);
        let tx = world.service.store().read();
        let left: Vec<_> = factors::list(&tx, id)
            .await
            .unwrap()
            .iter()
            .map(|one| one.id)
            .collect();
        assert_eq!(left, [own]);
        assert!(recovery_codes::find(&tx, id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn attack_234_237_the_operator_of_the_network_opens_no_locked_account() {
    for world in with_operator(Word::Match).await {
        let id = resident(&world, PHONE).await;
        name(&world, id, None).await;
        hold(&world, id).await;
        let mut thief = proven(&world).await;
        let page = thief.get("/recover/proof").await;
        let card = [("way", "identity"), ("name", NAME), ("citizen_id", NUMBER)];
        let seen = thief.post("/recover/proof", &page, &card).await;
        assert_eq!(seen.location, None, "{}", seen.body);
        assert_eq!(status(&world, id).await, Status::Held, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_237_the_operator_says_whose_the_number_is_now_which_saves_the_wait_and_not_the_level() {
    for (word, at_once) in [
        (Word::Match, true),
        (Word::Mismatch, false),
        (Word::Unavailable, false),
    ] {
        for world in with_operator(word).await {
            let id = resident(&world, PHONE).await;
            name(&world, id, None).await;
            let before = level(&world, id).await;
            let mut browser = proven(&world).await;
            let page = browser.get("/recover/proof").await;
            let stranger = [("way", "identity"), ("name", "李四"), ("citizen_id", NUMBER)];
            let wrong = browser.post("/recover/proof", &page, &stranger).await;
            assert_eq!(wrong.errors(), ["recover-identity-wrong"]);
            let own = [("way", "identity"), ("name", NAME), ("citizen_id", NUMBER)];
            let seen = browser.post("/recover/proof", &page, &own).await;
            assert_eq!(seen.location.is_some(), at_once, "{word:?} {}", seen.body);
            if at_once {
                choose(&mut browser).await;
                assert!(signs_in(&world, NEW).await);
                assert_ne!(level(&world, id).await, before, "HB-37, {}", world.kind);
            }
        }
    }
}

#[tokio::test]
async fn attack_234_where_there_are_factors_the_operator_of_the_network_is_not_asked() {
    for world in with_operator(Word::Match).await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        app(&world, id, OLD).await;
        let mut thief = proven(&world).await;
        let page = thief.get("/recover/proof").await;
        let card = [("way", "identity"), ("name", NAME), ("citizen_id", NUMBER)];
        let seen = thief.post("/recover/proof", &page, &card).await;
        assert_eq!(seen.location, None, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_237_whoever_shows_more_than_the_phone_answers_a_dispute_about_its_number() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        name(&world, id, Some(EMAIL)).await;
        app(&world, id, OLD).await;
        world.clock.advance(TimeDelta::days(30));
        // Somebody had the phone for a minute.
        let mut stranger = proven(&world).await;
        let page = stranger.get("/recover/number").await;
        stranger.post("/recover/number", &page, &[]).await;
        let tx = world.service.store().read();
        let open = async || changes::find_open(&tx, id, Kind::NumberDispute).await.unwrap();
        assert!(open().await.is_some(), "{}", world.kind);
        world.clock.advance(TimeDelta::hours(1));
        let mut browser = proven(&world).await;
        let page = browser.get("/recover/proof").await;
        try_app(&world, &mut browser, &page, OLD).await;
        choose(&mut browser).await;
        assert!(open().await.is_none(), "{}", world.kind);
    }
}

#[tokio::test]
async fn a_locked_account_with_nothing_behind_it_says_what_is_left() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        hold(&world, id).await;
        let page = proven(&world).await.get("/recover/proof").await;
        assert!(page.body.contains("This account was locked"), "{}", page.body);
        assert!(page.body.contains("no name was proven"), "{}", world.kind);
        assert!(page.body.contains("/recover/number"));
        for not in ["identity document", "href=\"/appeal\""] {
            assert!(!page.body.contains(not), "{not}: {}", page.body);
        }
        world.test.set_status(id, Status::Active).await.unwrap();
        name(&world, id, None).await;
        world.test.set_status(id, Status::Held).await.unwrap();
        world.clock.advance(TimeDelta::seconds(61));
        let page = proven(&world).await.get("/recover/proof").await;
        assert!(page.body.contains("This account was locked"), "{}", page.body);
        assert!(page.body.contains("identity document"), "the counter serves it");
        assert!(!page.body.contains("href=\"/appeal\""), "{}", world.kind);
    }
}
