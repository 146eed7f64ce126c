use chrono::TimeDelta;
use model::client::AccountKind;
use model::language::Language;
use model::phone::Phone;

use super::*;
use crate::accounts::{self, NewAccount};
use crate::testing::{TestStore, stores};

async fn account(test: &TestStore) -> AccountId {
    let now = test.clock.now();
    let new = NewAccount {
        id: AccountId::new(now, test.store.rng()),
        kind: AccountKind::Resident,
        language: Language::En,
        phone: Phone::parse("13800000001").unwrap(),
        created_at: now,
    };
    accounts::create(&test.store.read(), &new).await.unwrap();
    new.id
}

fn operator(test: &TestStore) -> OperatorId {
    OperatorId::new(test.clock.now(), test.store.rng())
}

fn proposal(test: &TestStore, account: AccountId, by: OperatorId) -> Change {
    let now = test.clock.now();
    Change {
        id: StandingChangeId::new(now, test.store.rng()),
        account,
        from: Status::Suspended,
        to: Status::Terminated,
        reason: "misuse".to_owned(),
        note: Some(Sensitive::new("seen twice".to_owned())),
        operator: Some(by),
        second: None,
        at: now,
        until: Some(now + TimeDelta::days(7)),
    }
}

#[tokio::test]
async fn attack_241_ending_an_account_takes_another_operator_once_and_in_time() {
    for test in stores().await {
        let (account, one, two) = (account(&test).await, operator(&test), operator(&test));
        let (tx, now) = (test.store.read(), test.clock.now());
        let waits = proposal(&test, account, one);
        record(&tx, &waits).await.unwrap();
        assert!(
            newest_to(&tx, account, Status::Terminated)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(proposals(&tx, now).await.unwrap().len(), 1);
        assert!(!second(&tx, waits.id, one, now).await.unwrap(), "their own");
        let late = now + TimeDelta::days(7);
        assert!(!second(&tx, waits.id, two, late).await.unwrap(), "too late");
        let mut operators = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (store, id, other) = (test.store.clone(), waits.id, operator(&test));
            operators.spawn(async move { second(&store.read(), id, other, now).await.unwrap() });
        }
        let agreed = operators
            .join_all()
            .await
            .into_iter()
            .filter(|done| *done)
            .count();
        assert_eq!(agreed, 1, "{}", test.database.kind());
        let done = newest_to(&tx, account, Status::Terminated)
            .await
            .unwrap()
            .unwrap();
        assert!(!done.is_proposal() && done.is_by(one) && !done.is_by(two));
        assert_eq!(done.note.unwrap().expose(), "seen twice");
        assert!(!drop_proposal(&tx, waits.id, now).await.unwrap(), "it is done");
        assert!(proposals(&tx, now).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_proposal_is_taken_back_and_nothing_is_left_of_it() {
    for test in stores().await {
        let (account, one, two) = (account(&test).await, operator(&test), operator(&test));
        let (tx, now) = (test.store.read(), test.clock.now());
        let waits = proposal(&test, account, one);
        record(&tx, &waits).await.unwrap();
        assert!(drop_proposal(&tx, waits.id, now).await.unwrap());
        assert!(!second(&tx, waits.id, two, now).await.unwrap());
        assert!(list(&tx, account).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn there_is_one_appeal_against_a_change_and_another_operator_decides_it_once() {
    for test in stores().await {
        let (account, one, two) = (account(&test).await, operator(&test), operator(&test));
        let (tx, now) = (test.store.read(), test.clock.now());
        let change = Change {
            second: Some(two),
            ..proposal(&test, account, one)
        };
        record(&tx, &change).await.unwrap();
        let new = |text: &str| Appeal {
            id: AppealId::new(now, test.store.rng()),
            change: change.id,
            account,
            text: Sensitive::new(text.to_owned()),
            at: now,
            decided: None,
        };
        let first = new("It was not me.");
        assert!(appeal(&tx, &first).await.unwrap());
        assert!(!appeal(&tx, &new("Again.")).await.unwrap());
        assert_eq!(open_appeals(&tx).await.unwrap().len(), 1);
        for took_part in [one, two] {
            let decision = (took_part, Outcome::Refused, "stands");
            assert!(!decide(&tx, first.id, decision, now).await.unwrap());
        }
        let mut operators = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (store, id, other) = (test.store.clone(), first.id, operator(&test));
            operators.spawn(async move {
                let decision = (other, Outcome::Granted, "mistake");
                decide(&store.read(), id, decision, now).await.unwrap()
            });
        }
        let decided = operators
            .join_all()
            .await
            .into_iter()
            .filter(|done| *done)
            .count();
        assert_eq!(decided, 1, "{}", test.database.kind());
        let read = appeal_against(&tx, change.id).await.unwrap().unwrap();
        assert_eq!(read.text.expose(), "It was not me.");
        assert_eq!(read.decided, Some((Outcome::Granted, now)));
    }
}
