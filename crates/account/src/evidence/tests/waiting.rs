//! What waits and for how long, what takes whose place, and two that write at the same moment.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use model::ids::CaseId;
use model::person_name::PersonName;
use serde_json::json;
use store::cases::{self, CaseNumber, NewCase, State};

use super::answers::*;
use super::*;
use crate::evidence::check::{self, Outcome};
use crate::evidence::filing::{self, Opened};
use crate::evidence::source::tests::facts;
use crate::signin::testing::{live, resident, signed_in};

#[tokio::test]
async fn attack_251_an_outage_is_asked_again_after_a_minute_and_not_before() {
    for (world, script) in worlds(Word::Unavailable).await {
        let account = resident(&world, PHONE).await;
        let waiting = run(&world, &attempt(account, POPULATION_REGISTER)).await;
        assert!(matches!(waiting, Outcome::Waiting { .. }), "{waiting:?}");
        script.say(Word::Match);
        world.clock.advance(TimeDelta::seconds(59));
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 0);
        assert!(!is_woken(&world).await);
        world.clock.advance(TimeDelta::seconds(1));
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        assert!(is_woken(&world).await, "{}: somebody is told", world.kind);
        assert_eq!(level(&world, account).await, 1);
    }
}

#[tokio::test]
async fn source_na_22_what_must_be_typed_again_is_waited_for_a_week_and_not_longer() {
    for (world, script) in worlds_of_all(Config::default(), Word::Unavailable).await {
        let (answered, cut_off) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        run(&world, &with_card(answered, CARD)).await;
        let case = open(&world, &with_card(cut_off, OTHER_CARD)).await;
        world.clock.advance(TimeDelta::seconds(120));
        let asked = script.asked.load(Ordering::SeqCst);
        assert_eq!(crate::case::retry_due(&world.service).await.unwrap(), 1);
        assert_eq!(
            script.asked.load(Ordering::SeqCst),
            asked,
            "nobody is asked without it"
        );
        assert!(is_woken(&world).await, "its owner is told");
        assert_eq!(
            state_of(&world, cut_off, &case.number).await,
            State::NeedsMoreInformation
        );
        let said = audited(&world, cut_off).await;
        let more = State::NeedsMoreInformation.as_str();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(
            (said[0].0.as_str(), &said[0].2["state"]),
            ("case_changed", &json!(more))
        );
        let open = async |account| {
            let tx = world.service.store().read();
            cases::list_open(&tx, account).await.unwrap().len()
        };
        // To the second: a week after the answer, and a week after its owner was asked.
        for (seconds, left) in [
            (7 * 86_400 - 121, (1, 1)),
            (1, (0, 1)),
            (119, (0, 1)),
            (1, (0, 0)),
        ] {
            world.clock.advance(TimeDelta::seconds(seconds));
            crate::case::retry_due(&world.service).await.unwrap();
            assert_eq!(
                (open(answered).await, open(cut_off).await),
                left,
                "{}",
                world.kind
            );
        }
    }
}

#[tokio::test]
async fn a_newer_question_takes_the_place_of_what_waits_for_the_same_source_and_an_answer_of_everything_open()
{
    for (world, _) in worlds_of_all(Config::default(), Word::Match).await {
        let (account, other) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let card = with_card(account, CARD);
        let kept = attempt(account, "bank_card");
        let elsewhere = open(&world, &attempt(account, "social_security")).await;
        settle(
            &world,
            &attempt(account, "social_security"),
            &elsewhere,
            Word::Unavailable,
        )
        .await;
        let theirs = open(&world, &attempt(other, "bank_card")).await;
        settle(&world, &attempt(other, "bank_card"), &theirs, Word::Unavailable).await;
        let state = async |case: &Opened| state_of(&world, account, &case.number).await;
        // What is asked about stays while something newer is asked about; what waits does not.
        let asked = open(&world, &card).await;
        for (word, waiting) in [
            (Word::Unavailable, State::Unavailable),
            (Word::Unavailable, State::NeedsMoreInformation),
        ] {
            let attempt = if waiting == State::Unavailable {
                &kept
            } else {
                &card
            };
            let case = open(&world, attempt).await;
            settle(&world, attempt, &case, word).await;
            assert_eq!(state(&case).await, waiting, "{}", world.kind);
            let newer = open(&world, &card).await;
            assert_eq!(state(&case).await, State::Replaced, "{}", world.kind);
            assert_eq!(state(&newer).await, State::Checking);
        }
        assert_eq!(state(&asked).await, State::Checking);
        // One of each kind, and the answer.
        let (first, second, third) = (
            open(&world, &kept).await,
            open(&world, &card).await,
            open(&world, &card).await,
        );
        settle(&world, &kept, &first, Word::Unavailable).await;
        settle(&world, &card, &second, Word::Unavailable).await;
        assert_eq!(
            (state(&first).await, state(&second).await),
            (State::Unavailable, State::NeedsMoreInformation)
        );
        assert_eq!(settle(&world, &card, &third, Word::Match).await, Outcome::Passed);
        for case in [&asked, &first, &second] {
            assert_eq!(state(case).await, State::Replaced, "{}", world.kind);
        }
        assert_eq!(state(&third).await, State::Passed);
        assert_eq!(state(&elsewhere).await, State::Unavailable, "another source");
        let theirs = state_of(&world, other, &theirs.number).await;
        assert_eq!(theirs, State::Unavailable, "another account");
    }
}

#[tokio::test]
async fn what_was_typed_in_advance_is_forgotten_when_it_is_asked_about() {
    for (world, _) in worlds(Word::Unavailable).await {
        let account = resident(&world, PHONE).await;
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let sources = [POPULATION_REGISTER, MOBILE_OPERATOR].map(|name| SourceId::parse(name).unwrap());
        for source in &sources {
            let draft = NewCase {
                id: CaseId::new(now, world.service.rng()),
                number: CaseNumber::generate(now, world.service.rng()),
                account,
                source: source.clone(),
                state: State::Started,
                input: facts(),
                next_attempt_at: Some(now + TimeDelta::minutes(30)),
                reference: None,
                created_at: now,
            };
            assert!(cases::create(&tx, &draft).await.unwrap());
        }
        run(&world, &attempt(account, POPULATION_REGISTER)).await;
        let draft = async |source| cases::find_draft(&tx, account, source, now).await.unwrap();
        assert_eq!(draft(&sources[0]).await, None, "{}", world.kind);
        assert_eq!(draft(&sources[1]).await, Some(facts()));
    }
}

#[tokio::test]
async fn an_answer_waits_for_who_is_writing_a_name_into_the_account_and_does_not_change_it() {
    for (world, script) in worlds(Word::Match).await {
        let attempt = attempt(resident(&world, PHONE).await, POPULATION_REGISTER);
        let account = attempt.account;
        let asking = check::run(&world.service, &attempt);
        tokio::pin!(asking);
        let tx = world.service.store().begin().await.unwrap();
        accounts::take_turns(&tx, account).await.unwrap();
        let name = PersonName::parse("张远").unwrap();
        let identity = (&name, &attempt.facts.citizen_id);
        assert!(
            accounts::set_identity(&tx, account, identity, world.clock.now())
                .await
                .unwrap()
        );
        let waiting = tokio::time::timeout(Duration::from_millis(300), &mut asking).await;
        assert!(waiting.is_err(), "{}: it is not written meanwhile", world.kind);
        tx.commit().await.unwrap();
        assert_eq!(asking.await.unwrap(), Outcome::Gone, "{}", world.kind);
        assert_eq!(script.asked.load(Ordering::SeqCst), 1);
        let read = world.service.store().read();
        let held = accounts::find(&read, account).await.unwrap().unwrap();
        assert_eq!(held.name, Some(name));
        assert_eq!(level(&world, account).await, 0);
    }
}

#[tokio::test]
async fn a_sign_in_of_before_an_account_was_frozen_does_not_come_back_with_the_account() {
    for (world, _) in worlds(Word::Restricted).await {
        let account = resident(&world, PHONE).await;
        let before = signed_in(&world, PHONE).await;
        assert!(live(&world, &before).await.is_some());
        let outcome = run(&world, &attempt(account, POPULATION_REGISTER)).await;
        assert!(matches!(outcome, Outcome::Restricted { .. }), "{outcome:?}");
        let (tx, now) = (world.service.store().read(), world.clock.now());
        assert!(accounts::unfreeze(&tx, account, now).await.unwrap());
        assert!(live(&world, &before).await.is_none(), "{}", world.kind);
        let after = signed_in(&world, PHONE).await;
        assert!(live(&world, &after).await.is_some());
    }
}

#[tokio::test]
async fn attack_247_a_number_that_another_account_is_just_proving_is_a_conflict_and_no_fault() {
    for (world, _) in worlds(Word::Match).await {
        let (owner, other) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let tx = world.service.store().begin().await.unwrap();
        let (facts, now) = (facts(), world.clock.now());
        let identity = (&facts.name, &facts.citizen_id);
        assert!(accounts::set_identity(&tx, owner, identity, now).await.unwrap());
        let attempt = attempt(other, POPULATION_REGISTER);
        let asking = check::run(&world.service, &attempt);
        tokio::pin!(asking);
        let waiting = tokio::time::timeout(Duration::from_millis(300), &mut asking).await;
        assert!(
            waiting.is_err(),
            "{}: it is not known yet whose it is",
            world.kind
        );
        tx.commit().await.unwrap();
        let outcome = asking.await.unwrap();
        let Outcome::Conflict { case } = outcome else {
            panic!("{outcome:?} {}", world.kind)
        };
        assert_eq!(state_of(&world, other, &case).await, State::Conflict);
        assert_eq!(level(&world, other).await, 0);
    }
}

#[tokio::test]
async fn a_case_whose_number_is_taken_gets_another() {
    // The generator of the tests begins alike in every world: what is the first number in one is it in the other.
    let twins = worlds(Word::Match)
        .await
        .into_iter()
        .zip(worlds(Word::Match).await);
    for ((twin, _), (world, _)) in twins {
        let there = attempt(resident(&twin, PHONE).await, POPULATION_REGISTER);
        let number = open(&twin, &there).await.number;
        let (account, other) = (resident(&world, PHONE).await, resident(&world, OTHER).await);
        let (tx, now) = (world.service.store().read(), world.clock.now());
        let taken = NewCase {
            id: CaseId::new(now, world.service.store().rng()),
            number: number.clone(),
            account: other,
            source: SourceId::parse(POPULATION_REGISTER).unwrap(),
            state: State::Mismatch,
            input: facts(),
            next_attempt_at: None,
            reference: None,
            created_at: now,
        };
        assert!(cases::create(&tx, &taken).await.unwrap());
        let journal = world.service.store().journal();
        journal.take();
        let opened = open(&world, &attempt(account, POPULATION_REGISTER)).await;
        let is_insert = |line: &&String| line.starts_with("INSERT") && line.contains("verification_case");
        let inserts = journal.take().iter().filter(is_insert).count();
        assert_eq!(inserts, 2, "{}: the first number was taken", world.kind);
        assert_ne!(opened.number, number);
        assert_eq!(state_of(&world, account, &opened.number).await, State::Checking);
        assert_eq!(state_of(&world, other, &number).await, State::Mismatch);
    }
}

#[test]
fn a_case_is_complete_when_every_field_that_must_be_there_is_there() {
    for definition in crate::evidence::sources::ALL {
        let id = SourceId::parse(definition.id).unwrap();
        let fields = definition.form().map_or(&[][..], |form| form.fields);
        let needed: Vec<_> = fields.iter().filter(|field| !field.optional).collect();
        let mut input = facts();
        assert_eq!(
            filing::is_complete(&id, &input),
            needed.is_empty(),
            "{}: with nothing",
            definition.id
        );
        for (count, field) in needed.iter().enumerate() {
            input.more = input.more.with(field.name, "1".to_owned(), true);
            let all = count + 1 == needed.len();
            assert_eq!(filing::is_complete(&id, &input), all, "{}", definition.id);
        }
    }
}
