//! What an account comes back to when operators lift what they did: what its owner or a register said before them holds.

use model::ids::{AppealId, StandingChangeId};
use model::secret::Sensitive;
use model::standing::{Answer, Entry, answer};
use store::changes::{self, Kind};
use store::history::What;
use store::standing_changes::{Appeal, Change};

use super::*;
use crate::standing::{decide, hold, restore, terminate};

/// Two operators end it, whatever it was when the first one proposed.
async fn end(world: &World, id: AccountId, proposed: Status) -> Change {
    let (one, two, now) = (operator(world), operator(world), world.clock.now());
    let waits = Change {
        id: StandingChangeId::new(now, world.service.rng()),
        account: id,
        from: proposed,
        to: Status::Terminated,
        reason: Reason::Misuse.as_str().to_owned(),
        note: None,
        operator: Some(one),
        second: None,
        at: now,
        until: Some(now + TimeDelta::days(7)),
        doubted_from: None,
    };
    let tx = world.service.store().begin().await.unwrap();
    standing_changes::record(&tx, &waits).await.unwrap();
    let before = account(world, id).await;
    assert!(
        standing_changes::second(&tx, waits.id, (two, before.status), now)
            .await
            .unwrap()
    );
    assert!(
        terminate(&world.service, &tx, &before, (&waits, two))
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    world.clock.advance(TimeDelta::seconds(1));
    waits
}

/// Its owner objects to what it is now.
async fn object(world: &World, id: AccountId) -> Appeal {
    let tx = world.service.store().read();
    let stopped = account(world, id).await;
    let change = standing_changes::newest_to(&tx, id, stopped.status)
        .await
        .unwrap();
    let appeal = Appeal {
        id: AppealId::new(world.clock.now(), world.service.rng()),
        change: change.unwrap().id,
        account: id,
        text: Sensitive::new("I did not do that.".to_owned()),
        at: world.clock.now(),
        decided: None,
    };
    assert!(standing_changes::appeal(&tx, &appeal).await.unwrap());
    appeal
}

async fn grant(world: &World, appeal: &Appeal) -> Option<Status> {
    let tx = world.service.store().begin().await.unwrap();
    let by = (operator(world), Outcome::Granted);
    let to = decide(&world.service, &tx, appeal, by).await.unwrap();
    if to.is_some() {
        tx.commit().await.unwrap();
    }
    to
}

async fn suspended(world: &World, id: AccountId) {
    assert!(suspend(world, id, &misuse(world)).await);
    world.clock.advance(TimeDelta::seconds(1));
}

#[tokio::test]
async fn attack_241_an_objection_gives_back_the_last_standing_that_no_operator_made_and_says_which() {
    for world in worlds().await {
        for (number, (before, words)) in [
            (Status::Active, "it was granted."),
            (Status::Held, "stays locked"),
            (Status::Frozen, "stays frozen"),
            (Status::Closing, "goes on being closed"),
        ]
        .into_iter()
        .enumerate()
        {
            // Ended at once, after a suspension, and after the owner or the register spoke between the two operators.
            for (road, through) in ["at once", "suspended", "meanwhile"].into_iter().enumerate() {
                let phone = format!("138000003{number}{road}");
                let id = resident(&world, &phone).await;
                world.test.set_status(id, before).await.unwrap();
                if through == "suspended" {
                    suspended(&world, id).await;
                }
                let proposed = match through {
                    "meanwhile" => Status::Active,
                    _ => account(&world, id).await.status,
                };
                end(&world, id, proposed).await;
                let appeal = object(&world, id).await;
                let to = grant(&world, &appeal).await;
                assert_eq!(to, Some(before), "{before:?} {through} {}", world.kind);
                assert_eq!(account(&world, id).await.status, before);
                let told = world.has_told(&format!("+86{phone}"), words).await;
                assert!(told, "{before:?} {through}");
                assert_eq!(grant(&world, &appeal).await, None, "once");
            }
        }
    }
}

#[tokio::test]
async fn source_na_40_a_suspended_account_that_was_closing_goes_on_with_its_days_anew() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        world.test.set_status(id, Status::Closing).await.unwrap();
        let open = async || {
            let tx = world.service.store().read();
            changes::find_open(&tx, id, Kind::Closing).await.unwrap()
        };
        suspended(&world, id).await;
        assert!(open().await.is_none(), "nothing is erased while operators look");
        world.clock.advance(TimeDelta::days(10));
        let tx = world.service.store().begin().await.unwrap();
        let because = Because::of(Reason::Settled, By::Operator(operator(&world)));
        let before = account(&world, id).await;
        let to = restore(&world.service, &tx, &before, &because).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(to, Some(Status::Closing), "{}", world.kind);
        let days = TimeDelta::days(world.service.config().closing.cooling_off_days);
        assert_eq!(open().await.unwrap().effective_at, world.clock.now() + days);
        let told = world.newest_sms(TO).await.unwrap();
        assert!(told.contains("will be closed"), "{told}");
        world.clock.advance(days);
        crate::changes::worker::apply_due(&world.service).await.unwrap();
        assert_eq!(account(&world, id).await.status, Status::Closed);
    }
}

#[tokio::test]
async fn an_objection_against_what_another_decision_has_overtaken_brings_nothing_back() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        suspended(&world, id).await;
        let old = object(&world, id).await;
        end(&world, id, Status::Suspended).await;
        let tx = world.service.store().read();
        assert!(standing_changes::open_appeals(&tx).await.unwrap().is_empty());
        assert_eq!(grant(&world, &old).await, None, "{}", world.kind);
        assert_eq!(account(&world, id).await.status, Status::Terminated);
        // The owner can object to the end, and is heard.
        let new = object(&world, id).await;
        assert_eq!(grant(&world, &new).await, Some(Status::Active));
        let seen = store::history::list(&tx, id, None).await.unwrap();
        for what in [What::Suspended, What::Terminated, What::Released] {
            let count = seen.iter().filter(|entry| entry.what == what).count();
            assert_eq!(count, 1, "{what:?}");
        }
    }
}

#[tokio::test]
async fn one_of_many_presses_holds_an_account_and_the_history_says_so_once() {
    for world in worlds().await {
        let id = resident(&world, PHONE).await;
        signed_in(&world, PHONE).await;
        let mut mine = signed_in(&world, PHONE).await;
        let page = mine.get("/account/security").await;
        let (_, rest) = page.body.split_once("/account/security/not-me?entry=").unwrap();
        let entry: String = rest.chars().take_while(|letter| *letter != '"').collect();
        let path = "/account/security/not-me";
        let ask = mine.get(&format!("{path}?entry={entry}")).await;
        let mut presses = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (mut browser, ask, entry) = (mine.clone(), ask.clone(), entry.clone());
            presses.spawn(async move {
                let fields = [("entry", entry.as_str()), ("hold", "yes")];
                browser.post(path, &ask, &fields).await.page() == Some("account-held")
            });
        }
        let held = presses.join_all().await.into_iter().filter(|held| *held).count();
        assert_eq!(held, 1, "{}", world.kind);
        let tx = world.service.store().read();
        let seen = store::history::list(&tx, id, None).await.unwrap();
        let count = seen.iter().filter(|entry| entry.what == What::Held).count();
        assert_eq!(count, 1);
        // What operators stopped is not the owner's to turn into what a recovery opens.
        world.test.set_status(id, Status::Suspended).await.unwrap();
        let tx = world.service.store().begin().await.unwrap();
        let because = Because::of(Reason::NotMe, By::Owner);
        let before = account(&world, id).await;
        assert!(!hold(&world.service, &tx, &before, &because).await.unwrap());
        assert_eq!(answer(before.status, Entry::Recovery), Answer::OnlyTheNumber);
    }
}

#[tokio::test]
async fn what_operators_lift_is_told_where_the_account_stays_out_of_use() {
    for world in worlds().await {
        for (number, (before, words)) in [
            (Status::Held, "stays locked, as you asked"),
            (Status::Frozen, "stays frozen, as it was"),
        ]
        .into_iter()
        .enumerate()
        {
            for (road, through) in ["operator", "time", "objection"].into_iter().enumerate() {
                let phone = format!("138000004{number}{road}");
                let id = resident(&world, &phone).await;
                world.test.set_status(id, before).await.unwrap();
                let because = Because {
                    until: Some(world.clock.now() + TimeDelta::days(1)),
                    ..misuse(&world)
                };
                assert!(suspend(&world, id, &because).await);
                world.clock.advance(TimeDelta::seconds(1));
                match through {
                    "operator" => {
                        let tx = world.service.store().begin().await.unwrap();
                        let because = Because::of(Reason::Settled, By::Operator(operator(&world)));
                        let was = account(&world, id).await;
                        restore(&world.service, &tx, &was, &because).await.unwrap();
                        tx.commit().await.unwrap();
                    }
                    "time" => {
                        world.clock.advance(TimeDelta::days(1));
                        crate::standing::worker::end_due(&world.service).await.unwrap();
                    }
                    _ => {
                        let appeal = object(&world, id).await;
                        grant(&world, &appeal).await;
                    }
                }
                assert_eq!(account(&world, id).await.status, before);
                let told = world.newest_sms(&format!("+86{phone}")).await.unwrap();
                let words = if through == "objection" {
                    "it was granted"
                } else {
                    words
                };
                assert!(
                    told.contains(words),
                    "{before:?} {through} {}: {told}",
                    world.kind
                );
                assert!(!told.contains("register"), "an objection freezes, too: {told}");
                let tx = world.service.store().read();
                let seen = store::history::list(&tx, id, None).await.unwrap();
                let count = seen.iter().filter(|entry| entry.what == What::Lifted).count();
                assert_eq!(count, 1, "{before:?} {through} {}", world.kind);
            }
        }
    }
}

#[tokio::test]
async fn what_waited_for_an_account_that_is_shut_has_its_line_in_the_history() {
    for world in worlds().await {
        for (number, shut) in [Status::Held, Status::Suspended, Status::Frozen]
            .into_iter()
            .enumerate()
        {
            let id = resident(&world, &format!("1380000050{number}")).await;
            let now = world.clock.now();
            for kind in [Kind::Phone, Kind::Email, Kind::Factor, Kind::Username] {
                let new = changes::NewChange {
                    id: model::ids::ChangeId::new(now, world.service.rng()),
                    account: id,
                    kind,
                    state: changes::State::Waiting,
                    details: None,
                    now,
                    effective_at: now + TimeDelta::days(7),
                    reversible_until: None,
                };
                let tx = world.service.store().read();
                assert!(changes::begin(&tx, &new).await.unwrap());
            }
            let before = account(&world, id).await;
            let tx = world.service.store().begin().await.unwrap();
            let service = &world.service;
            match shut {
                Status::Held => {
                    let because = Because::of(Reason::NotMe, By::Owner);
                    assert!(hold(service, &tx, &before, &because).await.unwrap());
                }
                Status::Suspended => {
                    let because = misuse(&world);
                    assert!(
                        crate::standing::suspend(service, &tx, &before, &because)
                            .await
                            .unwrap()
                    );
                }
                _ => {
                    assert!(accounts::freeze(&tx, id, now).await.unwrap());
                    crate::standing::froze(service, &tx, id).await.unwrap();
                }
            }
            tx.commit().await.unwrap();
            let tx = world.service.store().read();
            assert!(changes::open(&tx, id).await.unwrap().is_empty());
            let seen = store::history::list(&tx, id, None).await.unwrap();
            let count = |what| seen.iter().filter(|entry| entry.what == what).count();
            let counts = (count(What::ChangeEnded), count(What::FactorKept));
            assert_eq!(counts, (2, 1), "{shut:?} {}", world.kind);
        }
    }
}
