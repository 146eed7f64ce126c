//! The life of a case in the database.

use chrono::TimeDelta;
use model::rng::Rng;

use super::*;
use crate::testing::{self, TestStore};

fn input(test: &TestStore) -> Input {
    let today = test.clock.now().date_naive();
    Input {
        name: PersonName::parse("张明远").unwrap(),
        citizen_id: CitizenId::parse("340000199003070012", today).unwrap(),
        phone: Some(Phone::parse("+8613800000001").unwrap()),
        more: Factors::none(),
    }
}

async fn case(test: &TestStore, state: State, next: Option<i64>) -> NewCase {
    let (now, rng) = (test.clock.now(), test.store.rng());
    let new = NewCase {
        id: CaseId::new(now, rng),
        number: CaseNumber::generate(now, rng),
        account: AccountId::new(now, rng),
        source: SourceId::parse("population_register").unwrap(),
        state,
        input: input(test),
        next_attempt_at: next.map(|seconds| now + TimeDelta::seconds(seconds)),
        reference: None,
        created_at: now,
    };
    assert!(create(&test.store.read(), &new).await.unwrap());
    new
}

async fn load(test: &TestStore, new: &NewCase) -> Case {
    find(&test.store.read(), new.account, &new.number)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn what_was_typed_comes_back_while_it_is_needed_and_goes_with_the_end_of_the_case() {
    for test in testing::stores().await {
        let waiting = case(&test, State::Unavailable, Some(60)).await;
        assert_eq!(load(&test, &waiting).await.input, Some(input(&test)));
        let tx = test.store.read();
        let passed = (State::Unavailable, State::Passed);
        assert!(change(&tx, waiting.id, passed, test.clock.now()).await.unwrap());
        assert!(
            !change(&tx, waiting.id, passed, test.clock.now()).await.unwrap(),
            "moved once"
        );
        let ended = load(&test, &waiting).await;
        assert_eq!((ended.state, ended.input), (State::Passed, None));
        assert!(
            load(&test, &case(&test, State::Passed, None).await)
                .await
                .input
                .is_none()
        );
    }
}

#[tokio::test]
async fn attack_261_a_case_is_found_only_by_its_own_account() {
    for test in testing::stores().await {
        let mine = case(&test, State::InReview, None).await;
        let other = AccountId::new(test.clock.now(), test.store.rng());
        assert!(
            find(&test.store.read(), other, &mine.number)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(
            list_open(&test.store.read(), mine.account).await.unwrap().len(),
            1
        );
        assert!(list_open(&test.store.read(), other).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_due_case_is_taken_by_one_of_two_nodes_and_again_only_when_due_again() {
    for test in testing::stores().await {
        let new = case(&test, State::Unavailable, Some(60)).await;
        let (one, two) = (test.store.read(), test.store.read());
        let claim = |at: DateTime<Utc>| (at, at + TimeDelta::seconds(120));
        let early = claim_due(&one, claim(test.clock.now()), 10).await.unwrap();
        assert!(early.is_empty(), "not due yet");
        test.clock.advance(TimeDelta::seconds(61));
        let now = test.clock.now();
        let (first, second) = tokio::join!(claim_due(&one, claim(now), 10), claim_due(&two, claim(now), 10));
        let taken: Vec<Case> = first.unwrap().into_iter().chain(second.unwrap()).collect();
        assert_eq!(taken.len(), 1);
        assert_eq!((taken[0].id, taken[0].attempts), (new.id, 1));
        test.clock.advance(TimeDelta::seconds(121));
        let again = claim_due(&one, claim(test.clock.now()), 10).await.unwrap();
        assert_eq!(again[0].attempts, 2);
    }
}

#[tokio::test]
async fn a_newer_case_takes_the_place_of_a_waiting_one() {
    for test in testing::stores().await {
        let old = case(&test, State::Unavailable, Some(0)).await;
        let (tx, now) = (test.store.read(), test.clock.now());
        assert_eq!(
            replace_waiting(&tx, (old.account, &old.source), &[State::Unavailable], None, now)
                .await
                .unwrap(),
            1
        );
        assert!(claim_due(&tx, (now, now), 10).await.unwrap().is_empty());
        assert!(!postpone(&tx, old.id, now, now).await.unwrap());
        assert_eq!(load(&test, &old).await.state, State::Replaced);
    }
}

#[tokio::test]
async fn attack_251_a_case_whose_node_stopped_while_it_asked_is_taken_up_again_when_its_lease_is_over() {
    for test in testing::stores().await {
        let new = case(&test, State::Checking, Some(120)).await;
        let tx = test.store.read();
        let claim = |at: DateTime<Utc>| (at, at + TimeDelta::seconds(120));
        assert!(
            claim_due(&tx, claim(test.clock.now()), 10)
                .await
                .unwrap()
                .is_empty()
        );
        test.clock.advance(TimeDelta::seconds(120));
        let now = test.clock.now();
        let taken = claim_due(&tx, claim(now), 10).await.unwrap();
        assert_eq!((taken.len(), taken[0].state), (1, State::Checking));
        assert!(postpone(&tx, new.id, now, now).await.unwrap());
        assert_eq!(load(&test, &new).await.state, State::Unavailable);
        let taken = claim_due(&tx, claim(now), 10).await.unwrap();
        assert_eq!(taken[0].state, State::Unavailable, "the state before");
        assert_eq!(load(&test, &new).await.state, State::Checking);
    }
}

#[tokio::test]
async fn what_could_not_be_kept_is_waited_for_and_the_case_ends_when_it_does_not_come() {
    for test in testing::stores().await {
        let new = case(&test, State::Checking, Some(0)).await;
        let (tx, now) = (test.store.read(), test.clock.now());
        let until = now + TimeDelta::days(7);
        assert!(need_more(&tx, new.id, until, now).await.unwrap());
        assert!(!need_more(&tx, new.id, until, now).await.unwrap());
        let found = find_needing_more(&tx, new.account, &new.source).await.unwrap();
        assert_eq!(found.map(|case| case.id), Some(new.id));
        assert!(claim_due(&tx, (until, until), 10).await.unwrap().is_empty());
        assert!(expire_unanswered(&tx, now, 10).await.unwrap().is_empty());
        let expired = expire_unanswered(&tx, until, 10).await.unwrap();
        assert_eq!(expired, [(new.id, new.account)], "{}", test.database.kind());
        let case = load(&test, &new).await;
        assert_eq!((case.state, case.input), (State::Expired, None));
    }
}

#[tokio::test]
async fn what_was_typed_for_a_denied_case_is_forgotten_in_time_and_a_review_keeps_it() {
    for test in testing::stores().await {
        let denied = case(&test, State::Mismatch, None).await;
        let review = case(&test, State::InReview, None).await;
        let tx = test.store.read();
        assert_eq!(forget_inputs(&tx, test.clock.now()).await.unwrap(), 0);
        assert_eq!(
            forget_inputs(&tx, test.clock.now() + TimeDelta::seconds(1))
                .await
                .unwrap(),
            1
        );
        assert!(load(&test, &denied).await.input.is_none());
        assert!(load(&test, &review).await.input.is_some());
    }
}

#[tokio::test]
async fn what_was_typed_for_a_rejected_case_stays_for_an_appeal_and_goes_after_it_or_with_the_account() {
    for test in testing::stores().await {
        let late = case(&test, State::Rejected, None).await;
        let (tx, now) = (test.store.read(), test.clock.now());
        test.clock.advance(TimeDelta::seconds(1));
        let young = case(&test, State::Rejected, None).await;
        assert_eq!(forget_rejected(&tx, now).await.unwrap(), 0);
        assert_eq!(forget_rejected(&tx, test.clock.now()).await.unwrap(), 1);
        assert!(
            load(&test, &late).await.input.is_none(),
            "{}",
            test.database.kind()
        );
        assert!(load(&test, &young).await.input.is_some());
        end_all(&tx, young.account, test.clock.now()).await.unwrap();
        let ended = load(&test, &young).await;
        assert_eq!((ended.state, ended.input), (State::Rejected, None));
    }
}

#[tokio::test]
async fn a_case_that_cannot_be_read_does_not_keep_the_others_from_being_tried() {
    for test in testing::stores().await {
        let bad = case(&test, State::Unavailable, Some(0)).await;
        let good = case(&test, State::Unavailable, Some(1)).await;
        let tx = test.store.read();
        verification_case::Entity::update_many()
            .col_expr(verification_case::Column::InputSealed, Expr::value(vec![0_u8]))
            .filter(verification_case::Column::Id.eq(bad.id.as_uuid()))
            .exec(&tx)
            .await
            .unwrap();
        let now = test.clock.now() + TimeDelta::seconds(1);
        let taken = claim_due(&tx, (now, now + TimeDelta::seconds(120)), 10)
            .await
            .unwrap();
        let taken: Vec<CaseId> = taken.into_iter().map(|case| case.id).collect();
        assert_eq!(taken, [good.id], "{}", test.database.kind());
    }
}

#[tokio::test]
async fn a_number_that_is_taken_is_refused_and_the_transaction_goes_on() {
    for test in testing::stores().await {
        let first = case(&test, State::Mismatch, None).await;
        let tx = test.store.begin().await.unwrap();
        let id = CaseId::new(test.clock.now(), test.store.rng());
        let mut second = NewCase {
            id,
            account: AccountId::new(test.clock.now(), test.store.rng()),
            ..first.clone()
        };
        assert!(!create(&tx, &second).await.unwrap(), "{}", test.database.kind());
        second.number = CaseNumber::parse("260601-00000001").unwrap();
        assert!(create(&tx, &second).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(load(&test, &first).await.id, first.id);
        assert_eq!(load(&test, &second).await.id, id);
    }
}

#[tokio::test]
async fn denied_cases_are_listed_for_a_time_whenever_they_were_denied() {
    for test in testing::stores().await {
        let waiting = case(&test, State::Unavailable, Some(60)).await;
        let (tx, start) = (test.store.read(), test.clock.now());
        test.clock.advance(TimeDelta::days(1));
        let denied = (State::Unavailable, State::NotFound);
        assert!(change(&tx, waiting.id, denied, test.clock.now()).await.unwrap());
        let since = start + TimeDelta::hours(1);
        let list = list_denied(&tx, waiting.account, since).await.unwrap();
        assert_eq!(
            (list.len(), list[0].id),
            (1, waiting.id),
            "{}",
            test.database.kind()
        );
        assert!(
            list_denied(&tx, waiting.account, test.clock.now())
                .await
                .unwrap()
                .is_empty()
        );
        let other = case(&test, State::Unavailable, None).await;
        assert!(list_denied(&tx, other.account, start).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_draft_comes_back_for_its_time_and_is_no_case_for_anybody_else() {
    for test in testing::stores().await {
        let draft = case(&test, State::Started, Some(60)).await;
        let (tx, now) = (test.store.read(), test.clock.now());
        let found = async |at| find_draft(&tx, draft.account, &draft.source, at).await.unwrap();
        assert_eq!(found(now).await, Some(input(&test)), "{}", test.database.kind());
        let over = now + TimeDelta::seconds(60);
        assert_eq!(found(over).await, None);
        assert!(
            claim_due(&tx, (over, over), 10).await.unwrap().is_empty(),
            "nobody asks by itself"
        );
        assert!(list_open(&tx, draft.account).await.unwrap().is_empty());
        assert_eq!(forget_old_drafts(&tx, now).await.unwrap(), 0);
        assert_eq!(forget_old_drafts(&tx, over).await.unwrap(), 1);
        let draft = case(&test, State::Started, Some(60)).await;
        forget_draft(&tx, draft.account, &draft.source).await.unwrap();
        assert_eq!(
            find_draft(&tx, draft.account, &draft.source, now).await.unwrap(),
            None
        );
    }
}

#[test]
fn case_numbers_read_back_and_nothing_else_does() {
    let number = CaseNumber::generate(testing::start_time(), &Rng::seeded(1));
    assert_eq!(CaseNumber::parse(number.as_str()), Some(number));
    for bad in [
        "",
        "260601",
        "260601-1",
        "２60601-12345678",
        "260601-12345678x",
        "-",
    ] {
        assert_eq!(CaseNumber::parse(bad), None, "{bad}");
    }
}
