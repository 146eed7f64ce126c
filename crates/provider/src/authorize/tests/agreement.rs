//! Requests of people who have to answer an agreement first (NA-39).

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
        let later = Answers {
            agreement_put_off: true,
            ..Answers::default()
        };
        answer(&world, &id, later).await;
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
