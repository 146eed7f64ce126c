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
    let (tx, now) = (test.store.read(), test.clock.now());
    let (id, hash) = (OperatorId::new(now, test.store.rng()), token());
    let link = Link {
        hash,
        expires_at: now + TimeDelta::hours(1),
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
