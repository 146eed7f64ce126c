//! What every answer changes and what it leaves alone: the case, the audit log, who is told; the same facts again, and
//! an account that somebody changed while the source was asked.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use model::person_name::PersonName;
use model::phone::Phone;
use serde_json::{Value, json};
use store::accounts::Status;
use store::audit::read::{Filter, read};
use store::cases::{self, CaseNumber, State};

use super::*;
use crate::evidence::check::{self, Attempt, Outcome};
use crate::evidence::filing::{self, Opened};
use crate::evidence::source::tests::facts;
use crate::evidence::source::{Denial, Reply, judge};
use crate::signin::testing::resident;

pub(super) const CARD: &str = "6200000000000000018";
pub(super) const OTHER_CARD: &str = "4111111111111111";

/// Every word, with the state in which a case ends by it.
const WORDS: [(Word, State); 6] = [
    (Word::Match, State::Passed),
    (Word::Mismatch, State::Mismatch),
    (Word::NotFound, State::NotFound),
    (Word::Restricted, State::Restricted),
    (Word::Unavailable, State::Unavailable),
    (Word::Refused, State::Unavailable),
];

pub(super) fn attempt(account: AccountId, source: &str) -> Attempt {
    Attempt {
        account,
        source: SourceId::parse(source).unwrap(),
        facts: facts(),
        request_id: Some("req-1".to_owned()),
    }
}

/// The same with a card, which is kept nowhere.
pub(super) fn with_card(account: AccountId, card: &str) -> Attempt {
    let mut attempt = attempt(account, "bank_card");
    attempt.facts.more = attempt.facts.more.with("card", card.to_owned(), false);
    attempt
}

pub(super) async fn run(world: &World, attempt: &Attempt) -> Outcome {
    check::run(&world.service, attempt).await.unwrap()
}

/// Files an answer to a case that is open.
pub(super) async fn settle(world: &World, attempt: &Attempt, case: &Opened, word: Word) -> Outcome {
    let finding = judge(&attempt.source, &attempt.facts, Reply::bare(word));
    filing::settle(&world.service, attempt, case, (word, finding), 2)
        .await
        .unwrap()
}

pub(super) async fn open(world: &World, attempt: &Attempt) -> Opened {
    filing::open(&world.service, attempt).await.unwrap()
}

pub(super) async fn state_of(world: &World, account: AccountId, number: &CaseNumber) -> State {
    let tx = world.service.store().read();
    cases::find(&tx, account, number).await.unwrap().unwrap().state
}

/// What the audit log says about an account: event, request, details; in the order of their names.
pub(super) async fn audited(world: &World, account: AccountId) -> Vec<(String, Option<String>, Value)> {
    let filter = Filter {
        account: Some(account),
        ..Filter::default()
    };
    let entries = read(&world.service.store().read(), &filter).await.unwrap();
    let mut said: Vec<_> = entries
        .into_iter()
        .map(|entry| {
            let details = serde_json::from_str(&entry.details).unwrap();
            (entry.event, entry.request_id, details)
        })
        .collect();
    said.sort_by(|one, other| one.0.cmp(&other.0));
    said
}

async fn status(world: &World, account: AccountId) -> Status {
    let tx = world.service.store().read();
    accounts::find(&tx, account).await.unwrap().unwrap().status
}

/// Whether the delivery worker was woken since the last look.
pub(super) async fn is_woken(world: &World) -> bool {
    tokio::time::timeout(Duration::ZERO, world.service.delivery_kicked())
        .await
        .is_ok()
}

#[tokio::test]
async fn attack_253_the_same_facts_get_the_same_word_for_two_minutes_and_are_asked_about_again_later() {
    for (word, denial) in [
        (Word::Mismatch, Denial::Mismatch),
        (Word::NotFound, Denial::NotFound),
    ] {
        for (world, script) in worlds(word).await {
            let attempt = attempt(resident(&world, PHONE).await, POPULATION_REGISTER);
            let first = run(&world, &attempt).await;
            let Outcome::Denied { case, .. } = first.clone() else {
                panic!("{first:?}")
            };
            assert_eq!(
                first,
                Outcome::Denied {
                    denial,
                    case: case.clone(),
                    tries_left: 2
                }
            );
            for seconds in [0, 119] {
                world.clock.advance(TimeDelta::seconds(seconds));
                assert_eq!(run(&world, &attempt).await, first, "{}", world.kind);
            }
            let mut other = attempt.clone();
            other.facts.name = PersonName::parse("李静宜").unwrap();
            assert_ne!(run(&world, &other).await, first, "other facts");
            assert_eq!(script.asked.load(Ordering::SeqCst), 2);
            world.clock.advance(TimeDelta::seconds(2));
            let later = run(&world, &attempt).await;
            assert!(
                matches!(&later, Outcome::Denied { tries_left: 0, case: other, .. } if *other != case),
                "{later:?}"
            );
            assert_eq!(script.asked.load(Ordering::SeqCst), 3);
        }
    }
}

#[tokio::test]
async fn attack_253_what_a_person_looked_at_meanwhile_is_asked_about_again() {
    for (world, script) in worlds(Word::Mismatch).await {
        let attempt = attempt(resident(&world, PHONE).await, POPULATION_REGISTER);
        run(&world, &attempt).await;
        // What was typed is forgotten: nobody can say that it was the same.
        let tx = world.service.store().read();
        let soon = world.clock.now() + TimeDelta::seconds(1);
        assert_eq!(cases::forget_inputs(&tx, soon).await.unwrap(), 1);
        let mut other = attempt.clone();
        other.facts.name = PersonName::parse("李静宜").unwrap();
        let outcome = run(&world, &other).await;
        assert!(
            matches!(outcome, Outcome::Denied { tries_left: 1, .. }),
            "{outcome:?}"
        );
        assert_eq!(script.asked.load(Ordering::SeqCst), 2, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_251_a_card_that_nobody_checked_is_not_denied_because_another_was() {
    for (world, script) in worlds_of_all(Config::default(), Word::Mismatch).await {
        let account = resident(&world, PHONE).await;
        let denied = run(&world, &with_card(account, CARD)).await;
        assert!(
            matches!(denied, Outcome::Denied { tries_left: 2, .. }),
            "{denied:?}"
        );
        script.say(Word::Unavailable);
        for asked in [2, 3] {
            let other = run(&world, &with_card(account, OTHER_CARD)).await;
            assert!(
                matches!(other, Outcome::NeedsMore { .. }),
                "{other:?} {}",
                world.kind
            );
            assert_eq!(script.asked.load(Ordering::SeqCst), asked, "asked each time");
        }
        script.say(Word::Mismatch);
        let other = run(&world, &with_card(account, OTHER_CARD)).await;
        assert!(
            matches!(other, Outcome::Denied { tries_left: 1, .. }),
            "{other:?}"
        );
    }
}

#[tokio::test]
async fn attack_253_a_request_that_comes_to_ask_when_the_same_was_just_answered_is_answered_alike() {
    for (world, script) in worlds(Word::Mismatch).await {
        let attempt = attempt(resident(&world, PHONE).await, POPULATION_REGISTER);
        let journal = world.service.store().journal().clone();
        journal.take();
        let late = check::run(&world.service, &attempt);
        tokio::pin!(late);
        // It has had its first look, and nothing more.
        while journal.take().is_empty() {
            assert!(goes_on_once(late.as_mut()).await, "it is not over");
            tokio::task::yield_now().await;
        }
        // Whichever of them asks, the other goes on meanwhile: a mark whose owner stands still is waited for.
        let (first, late) = tokio::join!(run(&world, &attempt), late);
        assert_eq!(late.unwrap(), first, "{}", world.kind);
        assert_eq!(script.asked.load(Ordering::SeqCst), 1);
    }
}

/// Lets a future go on once; whether it still waits afterwards.
async fn goes_on_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn every_answer_is_in_the_audit_log_with_its_request_its_source_and_what_became_of_the_case() {
    for (word, state) in WORDS {
        for (world, script) in worlds(Word::Match).await {
            let (account, at) = (resident(&world, PHONE).await, format!("{word:?} {}", world.kind));
            script.say(word);
            let attempt = attempt(account, POPULATION_REGISTER);
            let messages = world.sms_count().await;
            run(&world, &attempt).await;
            let tx = world.service.store().read();
            let about = (&attempt.source, &attempt.facts.citizen_id);
            let since = world.clock.now() - TimeDelta::seconds(1);
            let case = cases::find_newest(&tx, account, about, since)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(case.state, state, "{at}");
            let request = || Some("req-1".to_owned());
            let source = json!({ "source": POPULATION_REGISTER });
            let mut said = vec![
                (
                    "case_changed".to_owned(),
                    request(),
                    json!({ "case": case.number.as_str(), "state": state.as_str() }),
                ),
                (
                    "source_asked".to_owned(),
                    request(),
                    json!({ "source": POPULATION_REGISTER, "answer": word.as_str() }),
                ),
            ];
            match word {
                Word::Match => said.insert(1, ("evidence_recorded".to_owned(), request(), source)),
                Word::Restricted => said.insert(
                    0,
                    (
                        "account_frozen".to_owned(),
                        request(),
                        json!({ "source": POPULATION_REGISTER, "reason": "restricted" }),
                    ),
                ),
                _ => {}
            }
            assert_eq!(audited(&world, account).await, said, "{at}");
            let frozen = status(&world, account).await == Status::Frozen;
            assert_eq!(frozen, word == Word::Restricted, "{at}");
            let review = store::case_reviews::find_review(&tx, case.id).await.unwrap();
            assert_eq!(review.is_some(), frozen, "{at}: a person looks at it");
            assert_eq!(
                level(&world, account).await,
                u8::from(word == Word::Match),
                "{at}"
            );
            assert_eq!(world.sms_count().await, messages, "{at}");
            assert!(
                !is_woken(&world).await,
                "{at}: nobody is told who waits at the page"
            );
        }
    }
}

#[tokio::test]
async fn attack_243_a_conflict_is_in_the_audit_log_of_who_met_it_and_of_nobody_else() {
    for (world, _) in worlds(Word::Match).await {
        let (owner, other) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        run(&world, &attempt(owner, POPULATION_REGISTER)).await;
        let before = audited(&world, owner).await;
        let outcome = run(&world, &attempt(other, POPULATION_REGISTER)).await;
        let Outcome::Conflict { case } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(state_of(&world, other, &case).await, State::Conflict);
        let said = audited(&world, other).await;
        let events: Vec<&str> = said.iter().map(|(event, ..)| event.as_str()).collect();
        assert_eq!(
            events,
            ["case_changed", "conflict_found", "source_asked"],
            "{}",
            world.kind
        );
        assert_eq!(said[0].2["state"], "conflict");
        assert_eq!(said[1].2, json!({ "source": POPULATION_REGISTER }));
        assert_eq!(audited(&world, owner).await, before);
    }
}

#[tokio::test]
async fn an_account_that_is_frozen_already_is_not_said_to_be_frozen_again() {
    for (world, _) in worlds(Word::Restricted).await {
        let account = resident(&world, PHONE).await;
        for source in [POPULATION_REGISTER, MOBILE_OPERATOR] {
            let outcome = run(&world, &attempt(account, source)).await;
            let Outcome::Restricted { case } = outcome else {
                panic!("{outcome:?}")
            };
            assert_eq!(state_of(&world, account, &case).await, State::Restricted);
        }
        let said = audited(&world, account).await;
        let frozen = said.iter().filter(|(event, ..)| event == "account_frozen");
        assert_eq!(frozen.count(), 1, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_251_an_answer_to_a_case_that_has_ended_meanwhile_changes_nothing() {
    for (world, _) in worlds(Word::Match).await {
        let (account, owner) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let tx = world.service.store().read();
        let conflicting = run(&world, &attempt(owner, POPULATION_REGISTER)).await;
        assert_eq!(conflicting, Outcome::Passed);
        let mut free = attempt(account, POPULATION_REGISTER);
        free.facts.citizen_id =
            model::citizen_id::CitizenId::parse("420000198511150022", world.clock.now().date_naive())
                .unwrap();
        let attempts = WORDS.map(|(word, _)| (word, free.clone())).into_iter().chain([
            (Word::Match, attempt(account, POPULATION_REGISTER)),
            (Word::Unavailable, with_card(account, CARD)),
        ]);
        for (word, attempt) in attempts {
            let at = format!("{word:?} {}", world.kind);
            let mut case = open(&world, &attempt).await;
            case.notify = true;
            let expired = (State::Checking, State::Expired);
            let now = world.clock.now();
            assert!(cases::change(&tx, case.id, expired, now).await.unwrap());
            let before = world.sms_count().await;
            assert_eq!(settle(&world, &attempt, &case, word).await, Outcome::Gone, "{at}");
            assert_eq!(
                state_of(&world, account, &case.number).await,
                State::Expired,
                "{at}"
            );
            assert_eq!(status(&world, account).await, Status::Active, "{at}");
            assert_eq!(level(&world, account).await, 0, "{at}");
            assert!(audited(&world, account).await.is_empty(), "{at}");
            assert_eq!(world.sms_count().await, before, "{at}");
            let held = accounts::find(&tx, account).await.unwrap().unwrap();
            assert!(held.citizen_id.is_none(), "{at}");
        }
        let case = open(&world, &with_card(account, CARD)).await;
        let expired = (State::Checking, State::Expired);
        assert!(
            cases::change(&tx, case.id, expired, world.clock.now())
                .await
                .unwrap()
        );
        let before = world.sms_count().await;
        let asked = filing::ask_its_owner(&world.service, case.id, account).await;
        assert!(!asked.unwrap(), "nothing is asked of its owner");
        assert!(audited(&world, account).await.is_empty());
        assert_eq!(world.sms_count().await, before, "{}", world.kind);
    }
}

#[tokio::test]
async fn attack_251_an_answer_for_an_account_that_changed_meanwhile_has_nobody_to_go_to_and_its_case_ends() {
    for (world, _) in worlds_of_all(Config::default(), Word::Match).await {
        let tx = world.service.store().read();
        let now = world.clock.now();
        let accounts_of = ["13800000001", "13800000002", "13800000003", "13800000004"];
        let mut residents = Vec::new();
        for phone in accounts_of {
            residents.push(resident(&world, phone).await);
        }
        // Not in use; with another number; with another name; with another phone than was compared.
        let mut attempts: Vec<Attempt> = residents
            .iter()
            .map(|account| attempt(*account, POPULATION_REGISTER))
            .collect();
        let today = now.date_naive();
        let numbers = ["420000198511150022", "110000200002290139", "340000198802290041"];
        let number = |text: &str| model::citizen_id::CitizenId::parse(text, today).unwrap();
        assert!(accounts::freeze(&tx, residents[0], now).await.unwrap());
        let name = |text: &str| PersonName::parse(text).unwrap();
        let identity = (&name(NAME), &number(numbers[0]));
        assert!(
            accounts::set_identity(&tx, residents[1], identity, now)
                .await
                .unwrap()
        );
        attempts[1].facts.citizen_id = number("650000199108240068");
        attempts[2].facts.citizen_id = number(numbers[1]);
        let identity = (&name("李静宜"), &number(numbers[1]));
        assert!(
            accounts::set_identity(&tx, residents[2], identity, now)
                .await
                .unwrap()
        );
        attempts[3].facts.citizen_id = number(numbers[2]);
        attempts[3].facts.phone = Some(Phone::parse("+8613900000099").unwrap());
        for (which, attempt) in attempts.iter().enumerate() {
            let at = format!("{which} {}", world.kind);
            assert_eq!(run(&world, attempt).await, Outcome::Gone, "{at}");
            let held = store::evidence::list(&tx, attempt.account).await.unwrap();
            assert!(
                held.iter().all(|piece| piece.source.as_str() == "phone_sms"),
                "{at}"
            );
            let all = cases::list_all(&tx, attempt.account).await.unwrap();
            let states: Vec<State> = all.iter().map(|case| case.state).collect();
            assert_eq!(states, [State::Expired], "{at}");
        }
        attempts[3].facts.phone = Some(Phone::parse("+8613800000004").unwrap());
        assert_eq!(
            run(&world, &attempts[3]).await,
            Outcome::Passed,
            "with the own phone"
        );
    }
}
