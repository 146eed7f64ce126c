use chrono::TimeDelta;
use model::client::AccountKind;
use model::language::Language;
use model::phone::Phone;
use model::rng::Rng;
use tokio::task::JoinSet;

use super::*;
use crate::accounts::NewAccount;
use crate::paging::After;
use crate::testing::{TestStore, stores};

async fn account(test: &TestStore) -> AccountId {
    let now = test.clock.now();
    let new = NewAccount {
        id: AccountId::new(now, &Rng::system()),
        kind: AccountKind::Resident,
        language: Language::En,
        phone: Phone::parse("13800001234").unwrap(),
        created_at: now,
    };
    accounts::create(&test.store.read(), &new).await.unwrap();
    new.id
}

fn change(test: &TestStore, account: AccountId, kind: Kind) -> NewChange<'static> {
    let now = test.clock.now();
    NewChange {
        id: ChangeId::new(now, &Rng::system()),
        account,
        kind,
        state: State::Waiting,
        details: Some("{\"to\":\"secret\"}"),
        now,
        effective_at: now + TimeDelta::hours(24),
        reversible_until: Some(now + TimeDelta::hours(48)),
    }
}

async fn begun(test: &TestStore, new: &NewChange<'_>) -> bool {
    let tx = test.store.begin().await.unwrap();
    let begun = begin(&tx, new).await.unwrap();
    tx.commit().await.unwrap();
    begun
}

#[tokio::test]
async fn a_change_waits_happens_and_can_be_taken_back_for_a_while() {
    for test in stores().await {
        let (owner, tx, now) = (account(&test).await, test.store.read(), test.clock.now());
        let new = change(&test, owner, Kind::Phone);
        assert!(begun(&test, &new).await, "{}", test.database.kind());
        assert!(
            due(&tx, now, (After::default(), 10))
                .await
                .unwrap()
                .rows
                .is_empty()
        );
        let later = now + TimeDelta::hours(24);
        let waiting = due(&tx, later, (After::default(), 10)).await.unwrap().rows;
        assert_eq!(
            waiting[0].details.as_ref().unwrap().expose(),
            "{\"to\":\"secret\"}"
        );
        let put_off = later - TimeDelta::seconds(1);
        assert!(!apply_in_time(&tx, new.id, put_off).await.unwrap(), "not yet");
        assert!(apply_in_time(&tx, new.id, later).await.unwrap());
        assert!(!apply(&tx, new.id, later).await.unwrap());
        assert!(!stop(&tx, new.id, How::Stopped, later).await.unwrap());
        assert!(
            find_reversible(&tx, owner, Kind::Phone, later)
                .await
                .unwrap()
                .is_some()
        );
        assert!(undo(&tx, new.id, How::Undone, later).await.unwrap());
        assert!(!undo(&tx, new.id, How::Undone, later).await.unwrap());
        let ended = find(&tx, new.id).await.unwrap().unwrap();
        assert_eq!((ended.state, ended.ended_how), (State::Ended, Some(How::Undone)));
        assert!(ended.details.is_none(), "what it was about is forgotten");
    }
}

#[tokio::test]
async fn attack_231_what_was_stopped_or_is_over_does_not_happen() {
    for test in stores().await {
        let (owner, tx, now) = (account(&test).await, test.store.read(), test.clock.now());
        let new = change(&test, owner, Kind::Recovery);
        begun(&test, &new).await;
        assert!(stop(&tx, new.id, How::NotMe, now).await.unwrap());
        assert!(!apply(&tx, new.id, now + TimeDelta::days(2)).await.unwrap());
        let late = now + TimeDelta::days(2);
        let waiting = due(&tx, late, (After::default(), 10)).await.unwrap();
        assert!(waiting.rows.is_empty());
        let other = change(&test, owner, Kind::Email);
        begun(&test, &other).await;
        apply(&tx, other.id, now).await.unwrap();
        let over = now + TimeDelta::hours(48);
        assert!(!undo(&tx, other.id, How::Undone, over).await.unwrap());
        assert_eq!(forget_details(&tx, over).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn of_32_that_begin_at_once_one_does_and_of_32_that_apply_one_counts() {
    for test in stores().await {
        let owner = account(&test).await;
        let mut tries = JoinSet::new();
        for _ in 0..32 {
            let (store, new) = (test.store.clone(), change(&test, owner, Kind::Recovery));
            tries.spawn(async move {
                let tx = store.begin().await.unwrap();
                let begun = begin(&tx, &new).await.unwrap();
                tx.commit().await.unwrap();
                begun.then_some(new.id)
            });
        }
        let begun: Vec<ChangeId> = tries.join_all().await.into_iter().flatten().collect();
        assert_eq!(begun.len(), 1, "{}", test.database.kind());
        let (id, now) = (begun[0], test.clock.now());
        let mut tries = JoinSet::new();
        for turn in 0..32 {
            let store = test.store.clone();
            tries.spawn(async move {
                let tx = store.read();
                if turn % 2 == 0 {
                    apply(&tx, id, now).await.unwrap()
                } else {
                    stop(&tx, id, How::Stopped, now).await.unwrap()
                }
            });
        }
        let won = tries.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "{}", test.database.kind());
    }
}

#[tokio::test]
async fn everything_that_is_open_ends_with_an_account_but_what_is_named() {
    for test in stores().await {
        let (owner, tx, now) = (account(&test).await, test.store.read(), test.clock.now());
        for kind in [Kind::Phone, Kind::Email, Kind::Closing] {
            begun(&test, &change(&test, owner, kind)).await;
        }
        let ended = stop_all(&tx, owner, Some(Kind::Closing), (How::NotMe, now)).await;
        assert_eq!(ended.unwrap(), 2);
        assert!(find_open(&tx, owner, Kind::Phone).await.unwrap().is_none());
        assert!(find_open(&tx, owner, Kind::Closing).await.unwrap().is_some());
        assert_eq!(list(&tx, owner).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn rows_at_the_front_that_cannot_be_read_keep_none_of_the_others_from_their_turn() {
    use sea_orm::ActiveModelTrait as _;
    use sea_orm::IntoActiveModel as _;

    for test in stores().await {
        let (owner, tx, now) = (account(&test).await, test.store.read(), test.clock.now());
        let kinds = [Kind::Phone, Kind::Email, Kind::Recovery, Kind::Factor];
        let mut ids = Vec::new();
        for kind in kinds {
            let new = change(&test, owner, kind);
            ids.push(new.id);
            begun(&test, &new).await;
        }
        // Two of the four, the oldest by chance or not, were written by a newer release.
        for id in &ids[..2] {
            let row = Entity::find_by_id(id.as_uuid()).one(&tx).await.unwrap().unwrap();
            let mut row = row.into_active_model();
            row.kind = Set("from-the-future".to_owned());
            row.update(&tx).await.unwrap();
        }
        let late = now + TimeDelta::days(2);
        let (mut next, mut seen) = (Some(After::default()), Vec::new());
        let mut pages = 0;
        while let Some(after) = next {
            let page = due(&tx, late, (after, 1)).await.unwrap();
            seen.extend(page.rows.into_iter().map(|change| change.id));
            (next, pages) = (page.next, pages + 1);
            assert!(pages < 9, "{}", test.database.kind());
        }
        seen.sort_unstable();
        let mut readable = ids[2..].to_vec();
        readable.sort_unstable();
        assert_eq!(seen, readable, "{}", test.database.kind());
    }
}
