//! The counters of tries, each alone and all together: what every one of them allows, what a refusal takes from
//! nobody, and what an outage gives back (A251, A253).

use chrono::TimeDelta;
use model::citizen_id::CitizenId;
use model::person_name::PersonName;
use store::throttles::{self, DayRule};

use super::*;
use crate::evidence::check::Attempt;
use crate::evidence::source::tests::facts;
use crate::evidence::tries::{count, day, left, take_back};
use crate::signin::testing::resident;
use crate::testing::worlds_with;

const SOME_OTHER: &str = "420000198511150022";

/// So many that no test gets there.
const PLENTY: i64 = 100;

/// Limits by account at one source, by number at one source, and at all sources.
fn limits(account: i64, number: i64, all: i64) -> Config {
    let mut config = Config::default();
    config.sources.tries_per_day = account;
    config.sources.tries_per_day_for_number = number;
    config.sources.tries_per_day_in_all = all;
    config
}

fn about(account: AccountId, source: &str, number: &str) -> Attempt {
    let mut facts = facts();
    facts.citizen_id = CitizenId::parse(number, store::testing::start_time().date_naive()).unwrap();
    Attempt {
        account,
        source: SourceId::parse(source).unwrap(),
        facts,
        request_id: None,
    }
}

async fn residents<const N: usize>(world: &World) -> [AccountId; N] {
    let mut made = Vec::new();
    for number in 0..N {
        made.push(resident(world, &format!("1380000010{number}")).await);
    }
    made.try_into().unwrap()
}

/// Counts a try; answers how many are left.
async fn tried(world: &World, account: AccountId, source: &str, number: &str) -> Option<i64> {
    count(&world.service, &about(account, source, number))
        .await
        .unwrap()
}

#[tokio::test]
async fn attack_253_an_account_has_its_tries_at_each_source_until_the_day_is_over() {
    for world in worlds_with(limits(2, PLENTY, PLENTY)).await {
        let [one, two] = residents(&world).await;
        for left in [Some(1), Some(0), None, None] {
            assert_eq!(
                tried(&world, one, "population_register", NUMBER).await,
                left,
                "{}",
                world.kind
            );
        }
        assert_eq!(tried(&world, one, "social_security", NUMBER).await, Some(1));
        assert_eq!(tried(&world, two, "population_register", NUMBER).await, Some(1));
        // The tests' clock starts at 16:00 where the people are.
        world.clock.advance(TimeDelta::hours(8) - TimeDelta::seconds(1));
        assert_eq!(tried(&world, one, "population_register", NUMBER).await, None);
        world.clock.advance(TimeDelta::seconds(1));
        assert_eq!(
            tried(&world, one, "population_register", NUMBER).await,
            Some(1),
            "a new day"
        );
    }
}

#[tokio::test]
async fn attack_253_an_account_has_its_tries_at_all_sources_together() {
    for world in worlds_with(limits(PLENTY, PLENTY, 2)).await {
        let [one, two] = residents(&world).await;
        assert_eq!(tried(&world, one, "population_register", NUMBER).await, Some(1));
        assert_eq!(
            tried(&world, one, "social_security", NUMBER).await,
            Some(0),
            "{}",
            world.kind
        );
        assert_eq!(tried(&world, one, "provident_fund", SOME_OTHER).await, None);
        assert_eq!(tried(&world, two, "provident_fund", SOME_OTHER).await, Some(1));
    }
}

#[tokio::test]
async fn attack_253_a_number_has_its_tries_at_each_source_whoever_asks() {
    for world in worlds_with(limits(PLENTY, 2, PLENTY)).await {
        let [one, two, three] = residents(&world).await;
        for (account, expected) in [(one, Some(1)), (two, Some(0)), (three, None)] {
            let attempt = about(account, "population_register", NUMBER);
            let before = left(&world.service, &attempt).await.unwrap();
            assert_eq!(before, expected.map_or(0, |after| after + 1), "{}", world.kind);
            assert_eq!(count(&world.service, &attempt).await.unwrap(), expected);
        }
        assert_eq!(
            tried(&world, three, "social_security", NUMBER).await,
            Some(1),
            "elsewhere"
        );
        let other = tried(&world, three, "population_register", SOME_OTHER).await;
        assert_eq!(other, Some(1), "another number");
    }
}

#[tokio::test]
async fn attack_253_a_number_has_at_all_sources_the_larger_of_the_two_limits() {
    for (number, all, most) in [(2, 3, 3), (3, 2, 3)] {
        for world in worlds_with(limits(PLENTY, number, all)).await {
            let accounts: [AccountId; 4] = residents(&world).await;
            let sources = ["population_register", "social_security"];
            let mut counted = 0;
            for (turn, account) in accounts.into_iter().enumerate() {
                let tried = tried(&world, account, sources[turn % 2], NUMBER).await;
                assert_eq!(
                    tried.is_some(),
                    turn < most,
                    "{number} {all} {turn} {}",
                    world.kind
                );
                counted += usize::from(tried.is_some());
            }
            assert_eq!(counted, most);
        }
    }
}

#[tokio::test]
async fn attack_253_who_has_proven_a_number_asks_about_it_freely_and_about_another_as_everybody() {
    for world in worlds_with(limits(PLENTY, 1, PLENTY)).await {
        let [owner, stranger, third] = residents(&world).await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let name = PersonName::parse(NAME).unwrap();
        let number = CitizenId::parse(NUMBER, now.date_naive()).unwrap();
        assert!(
            accounts::set_identity(&tx, owner, (&name, &number), now)
                .await
                .unwrap()
        );
        let register = "population_register";
        for left in [99, 98] {
            assert_eq!(tried(&world, owner, register, NUMBER).await, Some(left));
        }
        assert_eq!(
            tried(&world, stranger, register, NUMBER).await,
            Some(0),
            "{}: the owner's took none",
            world.kind
        );
        assert_eq!(tried(&world, stranger, register, NUMBER).await, None);
        assert_eq!(tried(&world, owner, register, NUMBER).await, Some(97));
        assert_eq!(tried(&world, owner, register, SOME_OTHER).await, Some(0));
        assert_eq!(tried(&world, third, register, SOME_OTHER).await, None);
    }
}

#[tokio::test]
async fn attack_253_a_try_that_is_refused_is_given_back_where_it_was_counted_and_nowhere_else() {
    for world in worlds_with(limits(1, 2, PLENTY)).await {
        let [one, two, three] = residents(&world).await;
        let register = "population_register";
        assert_eq!(tried(&world, one, register, NUMBER).await, Some(0));
        for _ in 0..3 {
            let refused = tried(&world, one, register, NUMBER).await;
            assert_eq!(refused, None, "{}: by its own limit", world.kind);
        }
        assert_eq!(tried(&world, two, register, NUMBER).await, Some(0));
        for _ in 0..3 {
            let refused = tried(&world, three, register, NUMBER).await;
            assert_eq!(
                refused, None,
                "by the number's, of which one's refusals freed nothing"
            );
        }
        // Nobody was asked about one's: everything is as before it, and three has all of its own.
        take_back(&world.service, &about(one, register, NUMBER))
            .await
            .unwrap();
        assert_eq!(tried(&world, three, register, NUMBER).await, Some(0));
        take_back(&world.service, &about(three, register, NUMBER))
            .await
            .unwrap();
        assert_eq!(tried(&world, one, register, NUMBER).await, Some(0));
    }
}

#[tokio::test]
async fn attack_251_what_was_not_checked_is_given_back_to_the_account_and_to_the_number_here_and_in_all() {
    for world in worlds_with(limits(1, 1, 1)).await {
        let [one, two] = residents(&world).await;
        for (account, source) in [
            (one, "population_register"),
            (one, "social_security"),
            (two, "social_security"),
            (two, "population_register"),
        ] {
            assert_eq!(
                tried(&world, account, source, NUMBER).await,
                Some(0),
                "{source} {}",
                world.kind
            );
            let attempt = about(account, source, NUMBER);
            assert_eq!(left(&world.service, &attempt).await.unwrap(), 0);
            take_back(&world.service, &attempt).await.unwrap();
            assert_eq!(left(&world.service, &attempt).await.unwrap(), 1);
        }
    }
}

#[tokio::test]
async fn nobody_has_less_than_no_try_after_the_configuration_allows_fewer() {
    for world in worlds_with(limits(3, PLENTY, PLENTY)).await {
        let [account] = residents(&world).await;
        let attempt = about(account, "population_register", NUMBER);
        let rule = DayRule {
            name: "verify_account",
            limit: 3,
        };
        let (tx, key) = (
            world.service.store().read(),
            format!("population_register:{account}"),
        );
        for _ in 0..5 {
            throttles::hit_on(&tx, &rule, &key, day(&world.service))
                .await
                .unwrap();
        }
        assert_eq!(left(&world.service, &attempt).await.unwrap(), 0, "{}", world.kind);
        assert_eq!(count(&world.service, &attempt).await.unwrap(), None);
    }
}
