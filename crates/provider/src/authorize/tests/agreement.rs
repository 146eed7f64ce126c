//! Requests of people who have to answer an agreement first (NA-39).

use account::agreements::{Agreements, RESIDENT};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use model::client::AccountKind;
use model::ids::AccountId;
use model::interaction::{Answers, InteractionId};
use model::language::Language;
use model::phone::Phone;
use store::accounts::NewAccount;

use super::browser::Browser;
use crate::testing::{self, World};

const CHANGE: &str = "/account/agreements/change";

/// Somebody whose acceptance is of a version that no file holds, as after taking over older accounts.
async fn somebody(world: &World) -> AccountId {
    let new = NewAccount {
        id: AccountId::new(world.now(), world.store.rng()),
        kind: AccountKind::Resident,
        language: Language::En,
        phone: Phone::parse("13900139000").expect("a phone"),
        created_at: world.now(),
    };
    store::accounts::create(&world.store.read(), &new)
        .await
        .expect("created");
    new.id
}

async fn answer(world: &World, id: &InteractionId, answers: Answers) {
    store::interactions::answer(&world.store.read(), id, &answers)
        .await
        .expect("answered");
}

#[tokio::test]
async fn source_na_39_no_code_before_the_agreement_is_accepted_and_the_request_goes_on_afterwards() {
    for world in testing::worlds().await {
        let account = somebody(&world).await;
        let browser = Browser::new(&world);
        browser.sign_in(account).await;
        let id = browser.authorize("hefei", &[]).await.asks(CHANGE);
        // Coming back without an answer asks once more, and so does putting off what cannot be put off.
        assert_eq!(browser.resume(&id).await.asks(CHANGE).hash(), id.hash());
        world.put_off_agreement(account).await;
        assert_eq!(browser.resume(&id).await.asks(CHANGE).hash(), id.hash());
        world.accept_agreement(account).await;
        browser.resume(&id).await.asks("/consent");
    }
}

#[tokio::test]
async fn source_na_38_a_refusal_tells_the_sub_site_and_gives_no_code() {
    for world in testing::worlds().await {
        let account = somebody(&world).await;
        let browser = Browser::new(&world);
        browser.sign_in(account).await;
        let id = browser.authorize("hefei", &[]).await.asks(CHANGE);
        let refused = Answers {
            agreement_refused: true,
            ..Answers::default()
        };
        answer(&world, &id, refused).await;
        assert_eq!(browser.resume(&id).await.error("hefei"), "access_denied");
    }
}

#[tokio::test]
async fn attack_026_nothing_is_said_about_agreements_to_a_site_that_the_person_agreed_to_nothing_at() {
    let world = testing::world().await;
    let account = somebody(&world).await;
    let browser = Browser::new(&world);
    browser.sign_in(account).await;
    let silent = browser.authorize("hefei", &[("prompt", "none")]).await;
    assert_eq!(silent.error("hefei"), "consent_required");
}

/// A first version, and a material change of it from the 12th of June on, which may be put off for a day.
async fn changing() -> Vec<World> {
    let shipped = Agreements::shipped().unwrap();
    let first = shipped.current(RESIDENT, day("2026-06-01")).unwrap().clone();
    let mut second = first.clone();
    second.version = "second".to_owned();
    second.effective = day("2026-06-12");
    second.grace_days = 1;
    second.summary = Some(first.title.clone());
    let agreements = Agreements::of(vec![first, second]).unwrap();
    let mut worlds = Vec::new();
    for world in testing::worlds().await {
        let world = world.with_agreements(agreements.clone()).await;
        world.accept_agreement(world.account).await;
        worlds.push(world);
    }
    worlds
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// The clock of the world goes on to this moment in the province's time.
fn go_to(world: &World, text: &str) {
    let at: DateTime<Utc> = format!("{text}+08:00").parse().expect("a moment");
    world.clock.advance(at - world.now());
}

#[tokio::test]
async fn source_na_39_later_holds_for_a_day_at_every_sub_site_and_never_past_the_last_day() {
    for world in changing().await {
        go_to(&world, "2026-06-11T23:59:59");
        let browser = Browser::signed_in(&world).await;
        browser.authorize("hefei", &[]).await.code("hefei");
        // The day begins where the people are.
        go_to(&world, "2026-06-12T00:00:00");
        for client in ["hefei", "wuhu"] {
            browser.authorize(client, &[]).await.asks(CHANGE);
        }
        // Nothing is in the way of a request without a page while it may be put off.
        browser
            .authorize("wuhu", &[("prompt", "none")])
            .await
            .code("wuhu");
        world.put_off_agreement(world.account).await;
        let other = Browser::signed_in(&world).await;
        for client in ["hefei", "wuhu"] {
            browser.authorize(client, &[]).await.code(client);
            other.authorize(client, &[]).await.code(client);
        }
        go_to(&world, "2026-06-13T00:00:00");
        let browser = Browser::signed_in(&world).await;
        browser.authorize("hefei", &[]).await.asks(CHANGE);
        go_to(&world, "2026-06-13T23:59:59");
        world.put_off_agreement(world.account).await;
        let browser = Browser::signed_in(&world).await;
        browser.authorize("hefei", &[]).await.code("hefei");
        go_to(&world, "2026-06-14T00:00:00");
        browser.authorize("hefei", &[]).await.asks(CHANGE);
        let silent = browser.authorize("hefei", &[("prompt", "none")]).await;
        assert_eq!(silent.error("hefei"), "interaction_required");
    }
}

#[tokio::test]
async fn source_na_39_what_another_person_or_another_version_put_off_is_asked() {
    for world in changing().await {
        go_to(&world, "2026-06-12T09:00:00");
        let (now, tx) = (world.now(), world.store.read());
        let until = (now, now + TimeDelta::days(1));
        let rng = world.store.rng();
        let stranger = AccountId::new(now, rng);
        for (account, version) in [(stranger, "second"), (world.account, "third")] {
            store::agreements::put_off(&tx, rng, account, (RESIDENT, version), until)
                .await
                .expect("put off");
        }
        let browser = Browser::signed_in(&world).await;
        browser.authorize("hefei", &[]).await.asks(CHANGE);
    }
}
