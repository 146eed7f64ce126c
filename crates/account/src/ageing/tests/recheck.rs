//! The register is asked again about people that it has confirmed, and nothing that it says is lost.

use std::sync::Arc;

use async_trait::async_trait;
use model::citizen_id::CitizenId;
use model::person_name::PersonName;
use store::cases::Input;
use tokio::sync::Notify;

use super::*;
use crate::Config;
use crate::ageing::recheck;
use crate::evidence::source::tests::Scripted;
use crate::evidence::source::{Reply, Source, Word};
use crate::evidence::{Sources, breaker};
use crate::testing::worlds_with_sources;

/// A register that says that somebody has died, as soon as it may answer.
#[derive(Debug, Default)]
struct Slow {
    asked: Notify,
    answers: Notify,
}

#[async_trait]
impl Source for Slow {
    async fn ask(&self, _: &Input) -> Reply {
        self.asked.notify_one();
        self.answers.notified().await;
        Reply::bare(Word::Restricted)
    }
}

#[tokio::test]
async fn news_of_a_death_are_asked_for_again_when_the_node_stopped_before_they_were_written() {
    let mut config = Config::default();
    config.ageing.recheck_register_days = 365;
    let registers = std::sync::Mutex::new(Vec::new());
    let made = worlds_with_sources(config, || {
        let slow = Arc::new(Slow::default());
        registers.lock().unwrap().push(Arc::clone(&slow));
        let source: Arc<dyn Source> = slow;
        let register = SourceId::parse("population_register").unwrap();
        Sources::new([(register, source)], breaker::Limits::default())
    })
    .await;
    for (world, slow) in made.into_iter().zip(registers.into_inner().unwrap()) {
        let account = world.resident(Language::ZhCn).await;
        let now = world.clock.now();
        let number = CitizenId::parse("340000199003070012", now.date_naive()).unwrap();
        let name = PersonName::parse("张明远").unwrap();
        let tx = world.service.store().read();
        let identity = (&name, &number);
        assert!(accounts::set_identity(&tx, account, identity, now).await.unwrap());
        world.prove(account, "population_register").await;
        assert_eq!(recheck::register(&world.service).await.unwrap(), 0, "too early");

        world.clock.advance(TimeDelta::days(366));
        tokio::select! {
            () = slow.asked.notified() => {}
            asked = recheck::register(&world.service) => panic!("{asked:?} without an answer"),
        }
        assert_eq!(
            recheck::register(&world.service).await.unwrap(),
            0,
            "{}: while another node may still be asking",
            world.kind
        );
        world.clock.advance(TimeDelta::hours(1));
        slow.answers.notify_one();
        assert_eq!(recheck::register(&world.service).await.unwrap(), 1);
        assert_eq!(world.account(account).await.status, accounts::Status::Frozen);
        assert_eq!(world.held(account).await, ["phone_sms"]);
        world.clock.advance(TimeDelta::hours(1));
        assert_eq!(recheck::register(&world.service).await.unwrap(), 0, "once");
    }
}

/// The numbers of people who were born on the same day.
fn number(sequence: u32, today: chrono::NaiveDate) -> CitizenId {
    let digits = format!("34000019900307{sequence:03}");
    let check = |last: char| CitizenId::parse(&format!("{digits}{last}"), today).ok();
    "0123456789X".chars().find_map(check).unwrap()
}

#[tokio::test]
async fn a_walk_leaves_most_of_the_day_to_residents_and_ends_when_nobody_answers() {
    let mut config = Config::default();
    config.ageing.recheck_register_days = 365;
    config.ageing.recheck_register_per_day = 4;
    let registers = std::sync::Mutex::new(Vec::new());
    let made = worlds_with_sources(config, || {
        let script = Arc::new(Scripted::saying(Word::Unavailable));
        registers.lock().unwrap().push(Arc::clone(&script));
        let source: Arc<dyn Source> = script;
        let register = SourceId::parse("population_register").unwrap();
        Sources::new([(register, source)], breaker::Limits::default())
    })
    .await;
    for (world, script) in made.into_iter().zip(registers.into_inner().unwrap()) {
        let (now, tx) = (world.clock.now(), world.service.store().read());
        let name = PersonName::parse("张明远").unwrap();
        for sequence in 1..=6 {
            let new = NewAccount {
                id: AccountId::new(now, world.service.rng()),
                kind: AccountKind::Resident,
                language: Language::En,
                phone: Phone::parse(&format!("+861380013800{sequence}")).unwrap(),
                created_at: now,
            };
            accounts::create(&tx, &new).await.unwrap();
            let number = number(sequence, now.date_naive());
            let identity = (&name, &number);
            assert!(accounts::set_identity(&tx, new.id, identity, now).await.unwrap());
            world.prove(new.id, "population_register").await;
        }
        world.clock.advance(TimeDelta::days(366));
        let walk = || recheck::register(&world.service);
        assert_eq!(walk().await.unwrap(), 3, "{}: nobody answers", world.kind);
        script.say(Word::Match);
        world.clock.advance(TimeDelta::days(1));
        assert_eq!(walk().await.unwrap(), 4, "no more on a day");
        assert_eq!(walk().await.unwrap(), 0);
        world.clock.advance(TimeDelta::days(1));
        assert_eq!(walk().await.unwrap(), 2, "the others on the next");
        world.clock.advance(TimeDelta::days(1));
        assert_eq!(walk().await.unwrap(), 0, "each once");
    }
}
