//! A level that rose and fell before anybody looked: a token may have told it.

use chrono::TimeDelta;
use model::language::Language;

use super::{Cause, SourceId, level};
use crate::testing::{World, worlds};
use model::ids::AccountId;

fn later(world: &World) {
    world.clock.advance(TimeDelta::seconds(1));
}

async fn end(world: &World, account: AccountId, source: &str) {
    let tx = world.service.store().read();
    let source = SourceId::parse(source).unwrap();
    let ended = store::evidence::end_source(&tx, account, &source, (world.clock.now(), "test")).await;
    assert_eq!(ended.unwrap(), 1);
}

#[tokio::test]
async fn a_level_that_rises_and_falls_between_two_looks_is_told_once_as_a_fall() {
    for world in worlds().await {
        let account = world.resident(Language::ZhCn).await;
        world.site("hefei", true, None).await;
        world.grant(account, "hefei", "openid assurance").await;
        world.look().await;
        for source in ["population_register", "bank_card"] {
            later(&world);
            world.prove(account, source).await;
        }
        later(&world);
        end(&world, account, "bank_card").await;
        later(&world);
        end(&world, account, "population_register").await;
        later(&world);
        world.look().await;
        let told = world.told(account).await;
        assert_eq!(told.len(), 1, "{}", world.kind);
        let fell = &told[0].1;
        assert_eq!(
            (fell.from, fell.to, fell.cause),
            (level(2), level(0), Cause::Ended)
        );
        let audited = world.test.audited().await.unwrap();
        assert_eq!(
            audited.iter().filter(|(event, ..)| event == "level_fell").count(),
            1
        );

        // What has been told is not told again, whatever is looked at next.
        later(&world);
        world.prove(account, "population_register").await;
        world.look().await;
        later(&world);
        world.prove(account, "population_register").await;
        later(&world);
        world.look().await;
        assert_eq!(
            world.told(account).await.len(),
            1,
            "evidence that is renewed is no fall"
        );
    }
}

#[tokio::test]
async fn a_level_that_is_as_high_as_the_one_between_two_looks_is_no_fall() {
    for world in worlds().await {
        let account = world.resident(Language::ZhCn).await;
        world.site("hefei", true, None).await;
        world.grant(account, "hefei", "openid assurance").await;
        for source in ["population_register", "bank_card", "driving_licence"] {
            later(&world);
            world.prove(account, source).await;
        }
        later(&world);
        end(&world, account, "bank_card").await;
        later(&world);
        world.look().await;
        assert!(
            world.told(account).await.is_empty(),
            "{}: the licence carries it",
            world.kind
        );
    }
}
