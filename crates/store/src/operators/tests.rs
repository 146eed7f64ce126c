use chrono::TimeDelta;
use model::ids::OperatorSessionId;
use model::rng::Rng;
use model::secret::Token;
use zeroize::Zeroizing;

use super::signins::{NewSignIn, Rise, Stage};
use super::*;
use crate::testing::{TestStore, stores};

fn token() -> TokenHash {
    Token::generate(&Rng::system()).hash()
}

async fn active(test: &TestStore, login: &str, roles: &[&str]) -> OperatorId {
    active_by(test, login, roles, None).await
}

async fn active_by(test: &TestStore, login: &str, roles: &[&str], by: Option<OperatorId>) -> OperatorId {
    let (tx, now) = (test.store.read(), test.clock.now());
    let (id, hash) = (OperatorId::new(now, test.store.rng()), token());
    let link = Link {
        hash,
        expires_at: now + TimeDelta::hours(1),
        by,
    };
    let new = NewOperator {
        id,
        login,
        name: "Operator",
        roles,
        language: Language::En,
        link,
        now,
    };
    create(&tx, &new).await.unwrap();
    assert!(
        !finish_enrolling(&tx, id, None, now).await.unwrap(),
        "no password yet"
    );
    assert!(choose_password(&tx, (id, &hash), "phc", now).await.unwrap());
    let totp = Totp {
        secret: Zeroizing::new(vec![1; 20]),
        step: 100,
    };
    assert!(finish_enrolling(&tx, id, Some(&totp), now).await.unwrap());
    assert!(
        !finish_enrolling(&tx, id, Some(&totp), now).await.unwrap(),
        "once"
    );
    assert!(find_by_link(&tx, &hash, now).await.unwrap().is_none());
    id
}

#[tokio::test]
async fn attack_217_a_step_of_the_codes_is_used_once_by_one_of_many() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let id = active(&test, "a", &["auditor"]).await;
        assert!(!use_step(&tx, id, 100, now).await.unwrap(), "confirmed with it");
        let tries = tokio::join!(
            use_step(&tx, id, 101, now),
            use_step(&tx, id, 101, now),
            use_step(&tx, id, 101, now)
        );
        let held = [tries.0, tries.1, tries.2].map(Result::unwrap);
        assert_eq!(
            held.iter().filter(|held| **held).count(),
            1,
            "{}",
            test.database.kind()
        );
        assert!(!use_step(&tx, id, 100, now).await.unwrap(), "older");
        assert!(lock(&tx, id, now).await.unwrap());
        assert!(!use_step(&tx, id, 102, now).await.unwrap(), "locked");
    }
}

#[tokio::test]
async fn two_administrators_who_remove_each_other_at_once_leave_one() {
    for test in stores().await {
        let now = test.clock.now();
        let one = active(&test, "one", &[ADMINISTRATOR]).await;
        let other = active(&test, "other", &["auditor", ADMINISTRATOR]).await;
        let remove = async |id| {
            let tx = test.store.begin().await.unwrap();
            let changed = disable(&tx, id, now).await.unwrap();
            tx.commit().await.unwrap();
            changed
        };
        let strip = async |id| {
            let tx = test.store.begin().await.unwrap();
            let changed = change_roles(&tx, id, &["auditor"], now).await.unwrap();
            tx.commit().await.unwrap();
            changed
        };
        let (first, second) = tokio::join!(remove(one), strip(other));
        let done = [first, second]
            .iter()
            .filter(|one| **one == Changed::Done)
            .count();
        assert_eq!(done, 1, "{}: {first:?} {second:?}", test.database.kind());
        assert!(has_administrator(&test.store.read()).await.unwrap());
    }
}

#[tokio::test]
async fn attack_151_a_sign_in_rises_once_and_its_old_cookie_is_dead() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let operator = active(&test, "a", &["reviewer"]).await;
        let (id, old, new) = (OperatorSessionId::new(now, test.store.rng()), token(), token());
        let expires_at = now + TimeDelta::minutes(10);
        let started = NewSignIn {
            id,
            token_hash: old,
            operator: Some(operator),
            stage: Stage::Second,
            now,
            expires_at,
        };
        signins::create(&tx, &started).await.unwrap();
        signins::keep(&tx, id, b"kept").await.unwrap();
        assert_eq!(signins::look(&tx, id).await.unwrap().unwrap(), b"kept");
        let taken = tokio::join!(signins::take(&tx, id), signins::take(&tx, id));
        let taken = [taken.0.unwrap(), taken.1.unwrap()];
        assert_eq!(taken.iter().flatten().count(), 1);
        let rise = Rise {
            from: Stage::Second,
            operator,
            token_hash: new,
            now,
            expires_at,
        };
        assert!(signins::rise(&tx, id, &rise).await.unwrap());
        assert!(!signins::rise(&tx, id, &rise).await.unwrap());
        let idle = TimeDelta::minutes(5);
        let live = async |hash, at| signins::find_live(&tx, &hash, idle, at).await.unwrap();
        assert!(live(old, now).await.is_none());
        assert_eq!(live(new, now).await.unwrap().stage, Stage::Full);
        assert!(live(new, now + idle).await.is_none(), "idle");
        assert_eq!(
            disable(&test.store.begin().await.unwrap(), operator, now)
                .await
                .unwrap(),
            Changed::Done
        );
    }
}

#[tokio::test]
async fn a_disabled_operator_has_no_sign_in_from_that_moment_on() {
    for test in stores().await {
        let now = test.clock.now();
        let operator = active(&test, "a", &["reviewer"]).await;
        let hash = token();
        let started = NewSignIn {
            id: OperatorSessionId::new(now, test.store.rng()),
            token_hash: hash,
            operator: Some(operator),
            stage: Stage::Full,
            now,
            expires_at: now + TimeDelta::hours(1),
        };
        signins::create(&test.store.read(), &started).await.unwrap();
        let live = async || {
            signins::find_live(&test.store.read(), &hash, TimeDelta::minutes(5), now)
                .await
                .unwrap()
        };
        assert!(live().await.is_some());
        let tx = test.store.begin().await.unwrap();
        assert_eq!(disable(&tx, operator, now).await.unwrap(), Changed::Done);
        assert_eq!(disable(&tx, operator, now).await.unwrap(), Changed::Nothing);
        tx.commit().await.unwrap();
        assert!(live().await.is_none());
    }
}

#[tokio::test]
async fn attack_241_two_operators_behind_whom_one_stands_are_not_two_people() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let free = async |one, other| independent(&tx, one, [other]).await.unwrap();
        let root = active(&test, "root", &[ADMINISTRATOR]).await;
        let second = active(&test, "second", &[ADMINISTRATOR]).await;
        let one = active_by(&test, "one", &["senior_reviewer"], Some(root)).await;
        let other = active_by(&test, "other", &["senior_reviewer"], Some(root)).await;
        let third = active_by(&test, "third", &["senior_reviewer"], Some(second)).await;
        let alone = active(&test, "alone", &["senior_reviewer"]).await;
        assert!(!free(one, other).await, "{}", test.database.kind());
        assert!(!free(one, root).await && !free(root, one).await);
        assert!(free(one, third).await && free(one, alone).await && free(root, second).await);
        // A detour by another administrator is the same person.
        let link = |by| Link {
            hash: token(),
            expires_at: now + TimeDelta::hours(1),
            by,
        };
        let again = async |id, by| {
            let tx = test.store.begin().await.unwrap();
            let changed = reset(&tx, id, &link(by), now).await.unwrap();
            tx.commit().await.unwrap();
            changed
        };
        assert_eq!(again(second, Some(root)).await, Changed::Done);
        assert!(!free(one, third).await);
        // Nobody is left to reset the last one but the command line, by which each stands alone again.
        assert_eq!(again(root, Some(second)).await, Changed::LastAdministrator);
        assert_eq!(again(second, None).await, Changed::Done);
        assert!(free(one, third).await);
        assert_eq!(again(root, None).await, Changed::Done);
        // Two who vouch for each other end the search too.
        assert_eq!(again(one, Some(other)).await, Changed::Done);
        assert_eq!(again(other, Some(one)).await, Changed::Done);
        assert!(!free(one, other).await && free(one, alone).await);
    }
}

#[tokio::test]
async fn a_reset_by_an_operator_brings_back_nobody_who_was_disabled() {
    for test in stores().await {
        let now = test.clock.now();
        let root = active(&test, "root", &[ADMINISTRATOR]).await;
        let gone = active(&test, "gone", &["reviewer"]).await;
        let tx = test.store.begin().await.unwrap();
        assert_eq!(disable(&tx, gone, now).await.unwrap(), Changed::Done);
        let mut link = Link {
            hash: token(),
            expires_at: now + TimeDelta::hours(1),
            by: Some(root),
        };
        assert_eq!(reset(&tx, gone, &link, now).await.unwrap(), Changed::Nothing);
        link.by = None;
        assert_eq!(reset(&tx, gone, &link, now).await.unwrap(), Changed::Done);
        tx.commit().await.unwrap();
    }
}
