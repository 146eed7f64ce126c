use chrono::TimeDelta;
use model::client::AccountKind;
use model::ids::AppealId;
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
        doubted_from: None,
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
        assert!(
            !second(&tx, waits.id, (one, Status::Suspended), now)
                .await
                .unwrap(),
            "their own"
        );
        let late = now + TimeDelta::days(7);
        assert!(
            !second(&tx, waits.id, (two, Status::Suspended), late)
                .await
                .unwrap(),
            "too late"
        );
        let mut operators = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (store, id, other) = (test.store.clone(), waits.id, operator(&test));
            operators.spawn(async move {
                second(&store.read(), id, (other, Status::Active), now)
                    .await
                    .unwrap()
            });
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
        let names: Vec<OperatorId> = done.operators().collect();
        assert!(!done.is_proposal() && names.len() == 2 && names[0] == one && names[1] != two);
        assert_eq!(done.from, Status::Active, "what it was in the end");
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
        assert!(
            !second(&tx, waits.id, (two, Status::Suspended), now)
                .await
                .unwrap()
        );
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
        assert!(open_appeals(&tx).await.unwrap().is_empty(), "nothing stops it");
        test.set_status(account, Status::Terminated).await.unwrap();
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

#[tokio::test]
async fn attack_241_two_operators_of_one_administrator_neither_end_an_account_nor_decide_an_objection() {
    for test in stores().await {
        let enrolled = async |login, by| test.operator((login, "Operator"), by).await.unwrap();
        let account = account(&test).await;
        let root = enrolled("root", None).await;
        let one = enrolled("one", Some(root)).await;
        let other = enrolled("other", Some(root)).await;
        let (alone, third) = (enrolled("alone", None).await, enrolled("third", None).await);
        let (tx, now) = (test.store.read(), test.clock.now());
        let waits = proposal(&test, account, one);
        record(&tx, &waits).await.unwrap();
        for (operator, may) in [(one, false), (other, false), (root, false), (alone, true)] {
            let step = (operator, Status::Active);
            assert_eq!(
                second(&tx, waits.id, step, now).await.unwrap(),
                may,
                "{}",
                test.database.kind()
            );
        }
        let new = Appeal {
            id: AppealId::new(now, test.store.rng()),
            change: waits.id,
            account,
            text: Sensitive::new("It was not me.".to_owned()),
            at: now,
            decided: None,
        };
        assert!(appeal(&tx, &new).await.unwrap());
        // Neither of those who took part, nor whoever stands behind or beside them.
        for (operator, may) in [
            (one, false),
            (alone, false),
            (other, false),
            (root, false),
            (third, true),
        ] {
            let decision = (operator, Outcome::Refused, "");
            assert_eq!(decide(&tx, new.id, decision, now).await.unwrap(), may);
        }
    }
}

#[tokio::test]
async fn what_nobody_agreed_to_in_time_and_what_a_disabled_operator_proposed_is_gone() {
    for test in stores().await {
        let (account, now) = (account(&test).await, test.clock.now());
        let one = test.operator(("one", "Operator"), None).await.unwrap();
        let (tx, two) = (test.store.read(), operator(&test));
        let lapses = proposal(&test, account, two);
        record(&tx, &lapses).await.unwrap();
        assert_eq!(forget_lapsed(&tx, now).await.unwrap(), 0);
        let late = now + TimeDelta::days(7);
        assert_eq!(
            forget_lapsed(&tx, late).await.unwrap(),
            1,
            "{}",
            test.database.kind()
        );
        let theirs = proposal(&test, account, one);
        record(&tx, &theirs).await.unwrap();
        let tx = test.store.begin().await.unwrap();
        crate::operators::disable(&tx, one, now).await.unwrap();
        tx.commit().await.unwrap();
        let tx = test.store.read();
        assert!(list(&tx, account).await.unwrap().is_empty());
        assert!(!second(&tx, theirs.id, (two, Status::Active), now).await.unwrap());
    }
}
