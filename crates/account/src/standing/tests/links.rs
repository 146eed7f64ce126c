//! The link of a decision is for that decision (A231, A238).

use super::*;

/// Sends the form that one link shows with the value of another.
async fn object(world: &World, shown: &str, link: &str) -> Seen {
    let mut browser = world.browser();
    let led = browser.get(shown).await.location.unwrap();
    let page = browser.get(&led).await;
    assert_eq!(page.page(), Some("appeal-write"), "{led}");
    let value = link.rsplit('/').next().unwrap();
    let fields = [("link", value), ("text", "Look again.")];
    browser.post("/appeal/link", &page, &fields).await
}

async fn restore(world: &World, id: AccountId) {
    let before = account(world, id).await;
    let tx = world.service.store().begin().await.unwrap();
    let restored = super::super::restore(&world.service, &tx, &before, &misuse(world)).await;
    assert_eq!(restored.unwrap(), Some(Status::Active));
    tx.commit().await.unwrap();
}

/// Suspends the account, and answers the link.
async fn suspended(world: &World, id: AccountId) -> String {
    assert!(suspend(world, id, &misuse(world)).await);
    link_in(&world.newest_sms(TO).await.unwrap())
}

#[tokio::test]
async fn attack_231_238_the_link_of_a_lifted_decision_objects_to_no_later_one() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let first = suspended(&world, id).await;
        world.clock.advance(TimeDelta::days(2));
        restore(&world, id).await;
        let mut browser = world.browser();
        assert_eq!(
            browser.get(&first).await.page(),
            Some("link-over"),
            "it ended with the decision"
        );
        world.clock.advance(TimeDelta::days(28));
        let second = suspended(&world, id).await;
        assert_ne!(first, second);
        let old = object(&world, &second, &first).await;
        assert_eq!(old.page(), Some("appeal-over"), "{}: {}", world.kind, old.body);
        let own = object(&world, &second, &second).await;
        assert_eq!(own.page(), Some("appeal-done"), "{}", own.body);
    }
}

#[tokio::test]
async fn attack_238_a_link_for_another_decision_files_nothing_and_is_not_used_up() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        let tx = world.service.store().begin().await.unwrap();
        let about = model::ids::StandingChangeId::new(world.clock.now(), world.service.rng());
        let new = crate::links::New {
            purpose: crate::links::Purpose::Appeal,
            account: id,
            about: Some(about.as_uuid()),
            target: None,
            life: TimeDelta::days(60),
        };
        let other = crate::links::make(&world.service, &tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        let other = link_in(&other);
        let own = suspended(&world, id).await;
        let mut browser = world.browser();
        let led = browser.get(&other).await.location.unwrap();
        assert_eq!(browser.get(&led).await.page(), Some("appeal-over"), "{led}");
        let seen = object(&world, &own, &other).await;
        assert_eq!(seen.page(), Some("appeal-over"), "{}", seen.body);
        let value = other.rsplit('/').next().unwrap();
        let left = crate::links::look(&world.service, value).await.unwrap();
        assert!(left.is_some(), "nothing happened: {}", world.kind);
        let open = standing_changes::open_appeals(&world.service.store().read()).await;
        assert!(open.unwrap().is_empty());
    }
}
