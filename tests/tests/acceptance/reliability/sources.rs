//! Sources and gateways that are slow, down, talk nonsense or refuse us (R24, R25): no wrong level, an honest page,
//! and the work is done later.

use std::time::Duration;

use acceptance::journey::{ask_for_code, confirm, level, prove_name, register, sign_in};
use acceptance::people::Person;
use acceptance::visitor::Visitor;
use acceptance::wait;
use acceptance::world::{Kind, Setup, World};
use chrono::TimeDelta;

const REGISTER: &str = "population-register";

async fn asked(world: &World) -> (Visitor, Person) {
    let person = world.outside.person().await;
    let mut visitor = Visitor::new(world);
    register(&mut visitor, world, &person).await;
    (visitor, person)
}

#[tokio::test]
async fn attack_251_a_register_that_fails_gives_nobody_a_level_and_is_asked_again_later() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        let mut waiting = Vec::new();
        // Being refused is an answer; the others are five failures in a row.
        for fault in ["refused", "slow", "down", "garbage", "wrong", "down"] {
            let (mut visitor, person) = asked(&world).await;
            world.outside.fault(REGISTER, fault).await;
            prove_name(&mut visitor, &person).await;
            // The slow one would have answered well, had anybody waited for it.
            visitor.sees("verify-waiting");
            assert!(
                visitor.page.find("[data-case]").is_some(),
                "{fault}: a case number"
            );
            assert_eq!(
                level(&mut visitor).await,
                0,
                "{fault}: unavailable is never a pass"
            );
            // Whoever hangs up on a slow register is not in its journal.
            let asked = world
                .outside
                .asked_about(REGISTER, &person.citizen_id)
                .await
                .len();
            assert!(asked == 1 || fault == "slow", "{fault}: {asked}");
            waiting.push((visitor, person));
        }
        // The register is left alone, and the page answers at once.
        let (mut visitor, person) = asked(&world).await;
        prove_name(&mut visitor, &person).await;
        visitor.sees("verify-waiting");
        assert!(
            world
                .outside
                .asked_about(REGISTER, &person.citizen_id)
                .await
                .is_empty(),
            "the breaker is open"
        );
        waiting.push((visitor, person));
        // It heals; the cases come up by themselves, and their owners are told.
        world.outside.fault(REGISTER, "none").await;
        world.advance(TimeDelta::seconds(90));
        for (visitor, person) in &mut waiting {
            let before = 1;
            wait::until_true("the case to come up again", Duration::from_secs(45), || async {
                world.outside.message_count(&person.phone).await > before
            })
            .await;
            assert_eq!(level(visitor).await, 1);
            let notice = world.outside.messages(&person.phone).await[0].clone();
            assert!(
                notice["code"].is_null() && !notice["text"].as_str().unwrap().contains(&person.name),
                "{notice}"
            );
        }
    }
}

/// Every source that is asked, with what a person types there beside name and number.
const ASKED: [(&str, &[(&str, &str)]); 6] = [
    ("population-register", &[]),
    ("mobile-operator", &[]),
    ("bank-card", &[("card", "6200 0000 0000 0000 018")]),
    ("social-security", &[("account", "AH3400001")]),
    ("provident-fund", &[("account", "055100000001")]),
    ("driving-licence", &[("file_number", "340100000001")]),
];

/// Every way in which the sandbox's registers fail.
const FAULTS: [&str; 12] = [
    "hang", "down", "500", "redirect", "garbage", "wrong", "refused", "quota", "empty", "cut", "huge",
    "twice",
];

/// Fills in the form of a source on its page and sends it.
async fn ask(visitor: &mut Visitor, person: &Person, (source, fields): (&str, &[(&str, &str)])) {
    visitor.open(&format!("/verify/{source}")).await;
    visitor.sees(&format!("verify-{source}"));
    if source == REGISTER {
        prove_name(visitor, person).await;
        return;
    }
    for (name, value) in fields {
        visitor.fill(name, value);
    }
    visitor.press("confirm").await;
}

#[tokio::test]
async fn attack_251_every_fault_at_every_source_gives_nobody_a_level_costs_no_try_and_is_over_with_it() {
    for kind in Kind::all() {
        let world = Setup::new(kind)
            .with("[account.sources]\nbreaker_failures = 1000\n")
            .start()
            .await;
        for (source, fields) in ASKED {
            let person = Person::new();
            let holdings = serde_json::json!({
                "bank_card": { "number": "6200000000000000018" },
                "social_security": "AH3400001",
                "provident_fund": "055100000001",
                "driving_licence": "340100000001",
            });
            world
                .outside
                .add_as(&person, serde_json::json!({ "holdings": holdings }))
                .await;
            let mut visitor = Visitor::new(&world);
            register(&mut visitor, &world, &person).await;
            let before = u8::from(source != REGISTER);
            if before == 1 {
                prove_name(&mut visitor, &person).await;
            }
            for fault in FAULTS {
                world.outside.fault(source, fault).await;
                ask(&mut visitor, &person, (source, fields)).await;
                let waiting = if source == "bank-card" {
                    "verify-again"
                } else {
                    "verify-waiting"
                };
                visitor.sees(waiting);
                assert_eq!(level(&mut visitor).await, before, "{source} {fault}");
            }
            let journal = world.outside.asked_about(source, &person.citizen_id).await;
            assert!(
                !format!("{journal:?}").contains("6200000000000000018"),
                "no card number in a journal"
            );
            world.outside.fault(source, "none").await;
            ask(&mut visitor, &person, (source, fields)).await;
            visitor.sees("account-level");
            assert_eq!(level(&mut visitor).await, before + 1, "{source}");
        }
    }
}

#[tokio::test]
async fn what_is_unavailable_costs_no_try() {
    for kind in Kind::all() {
        let world = Setup::new(kind)
            .with("[account.sources]\nbreaker_failures = 1000\n")
            .start()
            .await;
        let (mut visitor, person) = asked(&world).await;
        world.outside.fault(REGISTER, "down").await;
        for _ in 0..5 {
            visitor.open("/verify/population-register").await;
            prove_name(&mut visitor, &person).await;
            visitor.sees("verify-waiting");
        }
        world.outside.fault(REGISTER, "none").await;
        visitor.open("/verify/population-register").await;
        prove_name(&mut visitor, &person).await;
        visitor.sees("account-level");
        assert_eq!(level(&mut visitor).await, 1);
    }
}

#[tokio::test]
async fn a_slow_register_holds_up_nobody_else() {
    let patient = "[account.sources.population_register]\ntime_limit_ms = 6000\n";
    let world = Setup::new(Kind::Sqlite).with(patient).start().await;
    let mut slow = Vec::new();
    for _ in 0..6 {
        slow.push(asked(&world).await);
    }
    let (_, other) = asked(&world).await;
    world.outside.stall(REGISTER, 6).await;
    let asking: Vec<_> = slow
        .into_iter()
        .map(|(mut visitor, person)| tokio::spawn(async move { prove_name(&mut visitor, &person).await }))
        .collect();
    let mut visitor = Visitor::new(&world);
    sign_in(&mut visitor, &other.phone, &other.password).await;
    visitor.sees("account");
    assert!(
        !asking.iter().any(|one| one.is_finished()),
        "the others still wait"
    );
    for one in asking {
        one.await.expect("an answer");
    }
}

#[tokio::test]
async fn an_sms_gateway_that_fails_delivers_later_and_once() {
    for kind in Kind::all() {
        let world = Setup::new(kind).with_own_clock().start().await;
        for fault in ["down", "garbage", "wrong", "refused"] {
            let person = world.outside.person().await;
            world.outside.fault("sms", fault).await;
            let mut visitor = Visitor::new(&world);
            ask_for_code(&mut visitor, &world, &person.phone).await;
            visitor.sees("register-confirm");
            world.outside.fault("sms", "none").await;
            // Pauses between attempts are the program's clock; the look into the outbox is the computer's.
            wait::until_true("the message", Duration::from_secs(20), || async {
                world.advance(TimeDelta::seconds(1));
                world.outside.message_count(&person.phone).await == 1
                    || fault == "garbage"
                    || fault == "wrong"
            })
            .await;
            if world.outside.message_count(&person.phone).await == 1 {
                confirm(&mut visitor, &world, &person).await;
                visitor.sees("verify-population-register");
                assert_eq!(
                    world.outside.message_count(&person.phone).await,
                    1,
                    "{fault}: delivered once"
                );
            }
        }
    }
}
