use chrono::TimeDelta;
use model::client::AccountKind;
use model::evidence::{Details, SourceId};
use model::ids::EvidenceId;
use model::language::Language;
use model::phone::Phone;

use super::*;
use crate::accounts::NewAccount;
use crate::evidence::NewEvidence;
use crate::testing::{self, TestStore};

async fn account(test: &TestStore, phone: &str) -> AccountId {
    let now = test.clock.now();
    let new = NewAccount {
        id: AccountId::new(now, test.store.rng()),
        kind: AccountKind::Resident,
        language: Language::Vi,
        phone: Phone::parse(phone).unwrap(),
        created_at: now,
    };
    accounts::create(&test.store.read(), &new).await.unwrap();
    new.id
}

async fn prove(test: &TestStore, tx: &Tx, account: AccountId, source: &str) {
    let now = test.clock.now();
    let new = NewEvidence {
        evidence: Evidence {
            id: EvidenceId::new(now, test.store.rng()),
            source: SourceId::parse(source).unwrap(),
            issued_at: now,
            expires_at: None,
            ended_at: None,
        },
        account,
        reference: None,
        case: None,
        details: Details::default(),
    };
    pieces::record(tx, &new).await.unwrap();
}

async fn take(test: &TestStore, limit: u64) -> Vec<Due> {
    let now = test.clock.now();
    let tx = test.store.begin().await.unwrap();
    let due = take_due(&tx, (now, now + TimeDelta::minutes(5)), limit)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    due
}

#[tokio::test]
async fn whatever_changes_evidence_has_the_level_looked_at_and_a_look_is_one_nodes() {
    for test in testing::stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let one = account(&test, "13800138001").await;
        assert!(!is_any_due(&tx, now).await.unwrap());
        prove(&test, &tx, one, "phone_sms").await;
        prove(&test, &tx, one, "bank_card").await;
        assert!(is_any_due(&tx, now).await.unwrap());
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = test.store.clone();
            nodes.spawn(async move {
                let tx = store.begin().await.unwrap();
                let due = take_due(&tx, (now, now + TimeDelta::minutes(5)), 10)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                due
            });
        }
        let taken: Vec<Due> = nodes.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken.len(), 1, "{}", test.database.kind());
        assert_eq!(taken[0].account.language, Language::Vi);
        assert_eq!(taken[0].evidence.len(), 2);
        assert!(take(&test, 10).await.is_empty(), "the lease holds");

        let bank = SourceId::parse("bank_card").unwrap();
        let ended = pieces::end_source(&tx, one, &bank, (now, "test")).await.unwrap();
        assert_eq!(ended, 1);
        let again = take(&test, 10).await;
        assert_eq!(again[0].evidence.len(), 1);
        assert_eq!(
            pieces::end_source(&tx, one, &bank, (now, "test")).await.unwrap(),
            0
        );
        assert!(take(&test, 10).await.is_empty(), "nothing changed");
        let piece = again[0].evidence[0].id;
        assert_eq!(
            pieces::end_pieces(
                &tx,
                AccountId::new(now, test.store.rng()),
                &[piece],
                (now, "test")
            )
            .await
            .unwrap(),
            0,
            "not another account's"
        );
        pieces::end_pieces(&tx, one, &[piece], (now, "test"))
            .await
            .unwrap();
        assert!(take(&test, 10).await[0].evidence.is_empty());

        // As when a number moves to another account.
        prove(&test, &tx, one, "bank_card").await;
        take(&test, 10).await;
        assert_eq!(pieces::end_all(&tx, one, (now, "test")).await.unwrap(), 1);
        assert!(take(&test, 10).await[0].evidence.is_empty());
        assert_eq!(pieces::end_all(&tx, one, (now, "test")).await.unwrap(), 0);
        assert!(take(&test, 10).await.is_empty(), "nothing changed");
    }
}

#[tokio::test]
async fn what_was_seen_is_kept_and_a_wake_only_moves_the_next_look() {
    for test in testing::stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let one = account(&test, "13800138001").await;
        prove(&test, &tx, one, "bank_card").await;
        let mut seen = take(&test, 10).await.remove(0).seen;
        seen.level = Level::new(2).unwrap();
        seen.lapses_at = Some(now + TimeDelta::days(40));
        seen.next_look_at = now + TimeDelta::days(10);
        seen.reminded_days = Some(30);
        settle(&tx, std::slice::from_ref(&seen), now).await.unwrap();
        assert_eq!(find(&tx, one).await.unwrap(), Some(seen.clone()));
        wake(&tx, one, now).await.unwrap();
        let woken = Watch {
            next_look_at: now,
            ..seen
        };
        assert_eq!(find(&tx, one).await.unwrap(), Some(woken));
    }
}

#[tokio::test]
async fn accounts_of_an_older_release_are_adopted_once_and_in_parts() {
    for test in testing::stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        for number in 0..5 {
            let one = account(&test, &format!("1380013800{number}")).await;
            prove(&test, &tx, one, "phone_sms").await;
            prove(&test, &tx, one, "bank_card").await;
        }
        Entity::delete_many().exec(&tx).await.unwrap();
        assert_eq!(adopt(&tx, now, 3).await.unwrap(), 3);
        assert_eq!(adopt(&tx, now, 3).await.unwrap(), 2);
        assert_eq!(adopt(&tx, now, 3).await.unwrap(), 0);
        assert_eq!(take(&test, 4).await.len(), 4, "the limit holds");
        assert_eq!(take(&test, 4).await.len(), 1);
    }
}
