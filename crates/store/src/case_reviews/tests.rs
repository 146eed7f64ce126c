//! Who gets which case, and that nothing is decided twice, on both databases.

use model::citizen_id::CitizenId;
use model::evidence::SourceId;
use tokio::task::JoinSet;

use super::*;
use crate::case_history;
use crate::cases::{Factors, Input, NewCase, State};
use crate::testing::{TestStore, stores};

const LEASE: TimeDelta = TimeDelta::minutes(20);
const GOOD: Reason = Reason::DocumentsAgree;

fn someone(test: &TestStore) -> OperatorId {
    OperatorId::new(test.clock.now(), test.store.rng())
}

const fn taker(operator: OperatorId) -> Taker {
    Taker {
        operator,
        confirms: true,
    }
}

async fn queued(test: &TestStore, level: u8) -> Case {
    queued_as(test, level, State::InReview).await
}

async fn queued_as(test: &TestStore, level: u8, state: State) -> Case {
    let (now, rng, tx) = (test.clock.now(), test.store.rng(), test.store.read());
    let new = NewCase {
        id: CaseId::new(now, rng),
        number: CaseNumber::generate(now, rng),
        account: AccountId::new(now, rng),
        source: SourceId::parse("document_review").unwrap(),
        state,
        input: Input {
            name: PersonName::parse("张明远").unwrap(),
            citizen_id: CitizenId::parse("340000199003070012", now.date_naive()).unwrap(),
            phone: None,
            more: Factors::none(),
        },
        next_attempt_at: None,
        reference: None,
        created_at: now,
    };
    assert!(cases::create(&tx, &new).await.unwrap());
    enqueue(&tx, new.id, new.account, Level::new(level).unwrap(), now)
        .await
        .unwrap();
    find(&tx, &new.number).await.unwrap().unwrap().0
}

async fn take(test: &TestStore, case: &Case, operator: OperatorId) -> bool {
    claim(&test.store.read(), case.id, operator, (test.clock.now(), LEASE))
        .await
        .unwrap()
}

async fn settle(
    test: &TestStore,
    case: &Case,
    (operator, verdict, reason): (OperatorId, Verdict, Reason),
    eyes: Eyes,
) -> bool {
    let step = (operator, verdict, reason);
    decide(&test.store.read(), case.id, step, eyes, test.clock.now())
        .await
        .unwrap()
}

async fn suggest(test: &TestStore, case: &Case, by: OperatorId) -> bool {
    let proposal = Proposal { by, reason: GOOD };
    propose(&test.store.read(), case.id, &proposal, test.clock.now())
        .await
        .unwrap()
}

#[tokio::test]
async fn of_many_operators_who_press_at_once_one_gets_the_case() {
    for test in stores().await {
        let case = queued(&test, 2).await;
        let mut racing = JoinSet::new();
        for _ in 0..16 {
            let (store, id, now, me) = (test.store.clone(), case.id, test.clock.now(), someone(&test));
            racing.spawn(async move { claim(&store.read(), id, me, (now, LEASE)).await.unwrap() });
        }
        let winners = racing.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(winners, 1, "{}", test.database.kind());
    }
}

#[tokio::test]
async fn attack_291_what_was_typed_is_opened_by_its_holder_alone_and_not_after_the_lease() {
    for test in stores().await {
        let (case, me, other) = (queued(&test, 2).await, someone(&test), someone(&test));
        let tx = test.store.read();
        let open_now = |who| {
            let (number, now) = (case.number.clone(), test.clock.now());
            let tx = test.store.read();
            async move { open(&tx, &number, who, now).await.unwrap() }
        };
        assert!(case.input.is_none(), "found by its number, but not opened");
        assert!(open_now(me).await.is_none(), "not claimed");
        assert!(take(&test, &case, me).await);
        assert!(!take(&test, &case, other).await);
        assert!(open_now(me).await.unwrap().0.input.is_some());
        assert!(open_now(other).await.is_none());
        test.clock.advance(LEASE);
        assert!(open_now(me).await.is_none(), "the lease is over");
        assert!(!release(&tx, case.id, me, test.clock.now()).await.unwrap());
        assert!(take(&test, &case, other).await, "a colleague takes over");
        assert!(!settle(&test, &case, (me, Verdict::Approve, GOOD), Eyes::Two).await);
        assert!(settle(&test, &case, (other, Verdict::Approve, GOOD), Eyes::Two).await);
        assert!(open_now(other).await.is_none(), "decided: closed");
        assert!(!settle(&test, &case, (other, Verdict::Reject, GOOD), Eyes::Two).await);
    }
}

#[tokio::test]
async fn a_decision_sent_many_times_at_once_is_made_once() {
    for test in stores().await {
        let (case, me) = (queued(&test, 2).await, someone(&test));
        assert!(take(&test, &case, me).await);
        let mut racing = JoinSet::new();
        for turn in 0..16 {
            let (store, id, now) = (test.store.clone(), case.id, test.clock.now());
            let verdict = if turn % 2 == 0 {
                Verdict::Approve
            } else {
                Verdict::Reject
            };
            racing.spawn(async move {
                let tx = store.begin().await.unwrap();
                let done = decide(&tx, id, (me, verdict, GOOD), Eyes::Two, now)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                done
            });
        }
        let made = racing.join_all().await.into_iter().filter(|made| *made).count();
        assert_eq!(made, 1, "{}", test.database.kind());
    }
}

#[tokio::test]
async fn attack_241_what_takes_two_people_is_never_decided_by_one() {
    for test in stores().await {
        let (case, me, other) = (queued(&test, 3).await, someone(&test), someone(&test));
        assert!(take(&test, &case, me).await);
        let approve = |who| (who, Verdict::Approve, GOOD);
        assert!(
            !settle(&test, &case, approve(me), Eyes::Four).await,
            "nobody proposed it"
        );
        assert!(suggest(&test, &case, me).await);
        assert!(!suggest(&test, &case, me).await, "once");
        assert!(!take(&test, &case, me).await, "the proposer does not confirm");
        assert!(take(&test, &case, other).await);
        assert!(
            !settle(&test, &case, approve(other), Eyes::Two).await,
            "a proposal is not overtaken"
        );
        let another = (other, Verdict::Approve, Reason::NameVariant);
        assert!(!settle(&test, &case, another, Eyes::Four).await, "another reason");
        let against = (other, Verdict::Reject, GOOD);
        assert!(
            !settle(&test, &case, against, Eyes::Four).await,
            "another verdict"
        );
        assert!(settle(&test, &case, approve(other), Eyes::Four).await);
    }
}

#[tokio::test]
async fn a_proposal_that_is_sent_back_opens_the_case_for_everybody() {
    for test in stores().await {
        let (case, me, other) = (queued(&test, 3).await, someone(&test), someone(&test));
        let tx = test.store.read();
        let now = test.clock.now();
        assert!(take(&test, &case, me).await && suggest(&test, &case, me).await);
        assert!(!send_back(&tx, case.id, other, now).await.unwrap(), "not held");
        assert!(take(&test, &case, other).await);
        assert!(send_back(&tx, case.id, other, now).await.unwrap());
        assert!(!send_back(&tx, case.id, other, now).await.unwrap(), "once");
        let review = find_review(&tx, case.id).await.unwrap().unwrap();
        assert_eq!((review.proposal, review.claim), (None, None));
        assert!(take(&test, &case, me).await);
    }
}

#[tokio::test]
async fn an_appeal_is_for_somebody_who_took_no_part_in_the_decision() {
    for test in stores().await {
        let (case, me, other) = (queued(&test, 2).await, someone(&test), someone(&test));
        let (tx, rng) = (test.store.read(), test.store.rng());
        assert!(take(&test, &case, me).await);
        assert!(
            settle(
                &test,
                &case,
                (me, Verdict::Reject, Reason::DocumentsDiffer),
                Eyes::Two
            )
            .await
        );
        let entry = case_history::Entry::new((case.id, case.account), Happening::Rejected, test.clock.now());
        case_history::record(&tx, rng, &entry.by(me)).await.unwrap();
        test.clock.advance(TimeDelta::hours(1));
        let level = Level::new(2).unwrap();
        enqueue(&tx, case.id, case.account, level, test.clock.now())
            .await
            .unwrap();
        let review = find_review(&tx, case.id).await.unwrap().unwrap();
        assert_eq!((review.appeals, review.stage), (1, Stage::Queued));
        assert!(!take(&test, &case, me).await, "the one who decided");
        assert_eq!(
            find_next(&tx, taker(me), test.clock.now(), None).await.unwrap(),
            None
        );
        assert!(
            find_next(&tx, taker(other), test.clock.now(), None)
                .await
                .unwrap()
                .is_some()
        );
        assert!(take(&test, &case, other).await);
        assert!(settle(&test, &case, (other, Verdict::Approve, GOOD), Eyes::Two).await);
    }
}

#[tokio::test]
async fn asking_for_more_takes_the_case_out_of_the_queue_until_its_owner_answers() {
    for test in stores().await {
        let (case, me) = (queued(&test, 2).await, someone(&test));
        let (tx, now) = (test.store.read(), test.clock.now());
        assert!(take(&test, &case, me).await);
        let why = (me, Reason::NotLegible);
        assert!(ask(&tx, case.id, why, now).await.unwrap());
        assert!(!ask(&tx, case.id, why, now).await.unwrap(), "once");
        assert!(!take(&test, &case, me).await && list(&tx).await.unwrap().is_empty());
        let level = Level::new(2).unwrap();
        for _ in 0..2 {
            enqueue(&tx, case.id, case.account, level, now).await.unwrap();
        }
        let review = find_review(&tx, case.id).await.unwrap().unwrap();
        assert_eq!((review.stage, review.appeals), (Stage::Queued, 0), "no appeal");
        assert!(take(&test, &case, me).await);
        enqueue(&tx, case.id, case.account, level, now).await.unwrap();
        let review = find_review(&tx, case.id).await.unwrap().unwrap();
        assert!(review.is_held_by(me, now), "sent twice: whoever has it keeps it");
        assert!(withdraw(&tx, case.id, now).await.unwrap());
        assert!(!settle(&test, &case, (me, Verdict::Approve, GOOD), Eyes::Two).await);
    }
}

#[tokio::test]
async fn the_queue_says_how_much_waits_and_for_how_long() {
    for test in stores().await {
        let (tx, start, me, other) = (
            test.store.read(),
            test.clock.now(),
            someone(&test),
            someone(&test),
        );
        assert_eq!(count(&tx, me, start).await.unwrap(), Counts::default());
        let oldest = queued(&test, 3).await;
        test.clock.advance(TimeDelta::hours(60));
        let second = queued(&test, 2).await;
        test.clock.advance(TimeDelta::hours(20));
        let third = queued(&test, 2).await;
        let done = queued(&test, 2).await;
        assert!(take(&test, &oldest, me).await && suggest(&test, &oldest, me).await);
        assert!(take(&test, &second, other).await && take(&test, &third, me).await);
        assert!(take(&test, &done, me).await);
        assert!(settle(&test, &done, (me, Verdict::Approve, GOOD), Eyes::Two).await);
        let now = test.clock.now();
        assert_eq!(
            count(&tx, me, now).await.unwrap(),
            Counts {
                queued: 3,
                held: 2,
                mine: 1,
                proposed: 1,
                appealed: 0,
                asked: 0,
                ages: Ages {
                    oldest: Some(start),
                    late: 1,
                    very_late: 1,
                },
            },
            "{}",
            test.database.kind()
        );
        let numbers: Vec<_> = list(&tx)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.number)
            .collect();
        assert_eq!(numbers, [oldest.number.clone(), second.number, third.number]);
        assert_eq!(
            find_next(&tx, taker(me), now, None).await.unwrap(),
            None,
            "mine or taken"
        );
        let next = find_next(&tx, taker(other), now, None).await.unwrap().unwrap();
        assert_eq!(next.number, oldest.number);
        let behind = find_next(&tx, taker(other), now, Some(&next.review))
            .await
            .unwrap();
        assert_eq!(behind, None, "the others are taken");
    }
}

#[tokio::test]
async fn a_case_that_comes_back_keeps_the_larger_level() {
    for test in stores().await {
        let (case, me) = (queued(&test, 3).await, someone(&test));
        let (tx, now) = (test.store.read(), test.clock.now());
        for (again, expected) in [(1, 3), (2, 3), (4, 4), (1, 4)] {
            assert!(take(&test, &case, me).await);
            assert!(ask(&tx, case.id, (me, Reason::PartMissing), now).await.unwrap());
            let level = Level::new(again).unwrap();
            enqueue(&tx, case.id, case.account, level, now).await.unwrap();
            let review = find_review(&tx, case.id).await.unwrap().unwrap();
            assert_eq!(review.level.number(), expected, "{}", test.database.kind());
        }
    }
}

#[tokio::test]
async fn the_next_case_of_who_does_not_confirm_is_behind_all_that_waits_for_a_second_person() {
    for test in stores().await {
        let (me, other, tx) = (someone(&test), someone(&test), test.store.read());
        for _ in 0..5 {
            queued_as(&test, 1, State::Restricted).await;
            let proposed = queued(&test, 3).await;
            assert!(take(&test, &proposed, other).await && suggest(&test, &proposed, other).await);
            test.clock.advance(TimeDelta::minutes(1));
        }
        let plain = queued(&test, 2).await;
        let reviewer = Taker {
            operator: me,
            confirms: false,
        };
        let now = test.clock.now();
        let next = find_next(&tx, reviewer, now, None).await.unwrap().unwrap();
        assert_eq!(next.number, plain.number, "{}", test.database.kind());
        let behind = find_next(&tx, reviewer, now, Some(&next.review)).await.unwrap();
        assert_eq!(behind, None);
        let senior = find_next(&tx, taker(me), now, None).await.unwrap().unwrap();
        assert_ne!(senior.number, plain.number);
    }
}

async fn enrolled(test: &TestStore, login: &str, by: Option<OperatorId>) -> OperatorId {
    test.operator((login, "Operator"), by).await.unwrap()
}

#[tokio::test]
async fn attack_241_two_operators_of_one_administrator_do_not_decide_what_takes_two() {
    for test in stores().await {
        let root = enrolled(&test, "root", None).await;
        let one = enrolled(&test, "one", Some(root)).await;
        let other = enrolled(&test, "other", Some(root)).await;
        let alone = enrolled(&test, "alone", None).await;
        let case = queued(&test, 3).await;
        assert!(take(&test, &case, one).await && suggest(&test, &case, one).await);
        for (operator, may) in [(other, false), (root, false), (alone, true)] {
            assert!(take(&test, &case, operator).await);
            let step = (operator, Verdict::Approve, GOOD);
            assert_eq!(settle(&test, &case, step, Eyes::Four).await, may);
            let tx = test.store.read();
            release(&tx, case.id, operator, test.clock.now()).await.unwrap();
        }
        // Whoever may not sign in any more proposes nothing any more, and holds nothing.
        let case = queued(&test, 3).await;
        assert!(take(&test, &case, one).await && suggest(&test, &case, one).await);
        let held = queued(&test, 3).await;
        assert!(take(&test, &held, one).await && !take(&test, &held, alone).await);
        let tx = test.store.begin().await.unwrap();
        crate::operators::disable(&tx, one, test.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(take(&test, &held, alone).await && take(&test, &case, alone).await);
        let step = (alone, Verdict::Approve, GOOD);
        assert!(
            !settle(&test, &case, step, Eyes::Four).await,
            "{}",
            test.database.kind()
        );
    }
}
