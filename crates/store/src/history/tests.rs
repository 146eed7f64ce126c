//! What is written, read a page at a time, and forgotten; on both databases.

use chrono::TimeDelta;
use model::authn::Method;

use super::*;
use crate::testing::{TestStore, stores};

fn account(test: &TestStore) -> AccountId {
    AccountId::new(test.clock.now(), test.store.rng())
}

fn entry<'a>(test: &TestStore, account: AccountId, methods: &'a Methods) -> NewEntry<'a> {
    NewEntry {
        account,
        what: What::SignedIn,
        at: test.clock.now(),
        session: Some(SessionId::new(test.clock.now(), test.store.rng())),
        client: None,
        methods: Some(methods),
        level: Level::new(2),
        place: Some(Place {
            device: "Firefox, Linux".to_owned(),
            network: "192.0.2.7".to_owned(),
        }),
    }
}

#[test]
fn words_are_read_back_and_differ() {
    for what in What::ALL {
        assert_eq!(What::parse(what.as_str()), Some(*what));
    }
    assert_eq!(What::parse("signed_in"), None);
}

#[tokio::test]
async fn what_happened_is_read_newest_first_a_page_at_a_time_by_its_owner_only() {
    for test in stores().await {
        let (tx, rng) = (test.store.read(), test.store.rng());
        let (mine, theirs) = (account(&test), account(&test));
        let methods = Methods::new([Method::Password, Method::Totp]);
        let first = record(&tx, rng, &entry(&test, theirs, &methods)).await.unwrap();
        for _ in 0..=PAGE {
            test.clock.advance(TimeDelta::seconds(1));
            record(&tx, rng, &entry(&test, mine, &methods)).await.unwrap();
        }
        let page = list(&tx, mine, None).await.unwrap();
        assert_eq!(page.len(), 30, "{}", test.database.kind());
        assert!(page.windows(2).all(|pair| pair[0].at > pair[1].at));
        let newest = &page[0];
        assert_eq!(newest.methods.as_ref(), Some(&methods));
        assert_eq!(newest.place.as_ref().unwrap().network, "192.0.2.7");
        let rest = list(&tx, mine, Some(page[29].id)).await.unwrap();
        assert_eq!(rest.len(), 1);
        // A262: nobody reads what is another's.
        assert!(find(&tx, mine, first).await.unwrap().is_none());
        assert!(find(&tx, theirs, first).await.unwrap().is_some());
        let session = newest.session.unwrap();
        assert_eq!(beginnings(&tx, mine, &[session]).await.unwrap().len(), 1);
        assert!(beginnings(&tx, theirs, &[session]).await.unwrap().is_empty());
        assert_eq!(
            forget_before(&tx, rest[0].at + TimeDelta::seconds(1), 10)
                .await
                .unwrap(),
            2
        );
        assert_eq!(forget_all(&tx, mine).await.unwrap(), 30);
    }
}

#[tokio::test]
async fn visits_of_a_day_are_one_row_for_each_sign_in_sub_site_and_level_however_many_come_at_once() {
    for test in stores().await {
        let (tx, rng, mine) = (test.store.read(), test.store.rng(), account(&test));
        let methods = Methods::new([Method::Password]);
        let [hefei, yichang] = ["hefei", "yichang"].map(|name| ClientId::parse(name).unwrap());
        let session = SessionId::new(test.clock.now(), rng);
        let visit = |client, level| NewEntry {
            what: What::Visited,
            session: Some(session),
            client: Some(client),
            level: Level::new(level),
            ..entry(&test, mine, &methods)
        };
        let (today, tomorrow) = ("2026-05-04".parse().unwrap(), "2026-05-05".parse().unwrap());
        for (client, level, day, new) in [
            (&hefei, 1, today, true),
            (&hefei, 1, today, false),
            (&yichang, 1, today, true),
            (&hefei, 2, today, true),
            (&hefei, 1, tomorrow, true),
            (&yichang, 1, today, false),
        ] {
            let written = record_visit(&tx, rng, &visit(client, level), day).await.unwrap();
            assert_eq!(written, new, "{client} {level} {day}, {}", test.database.kind());
        }
        let other = NewEntry {
            session: Some(SessionId::new(test.clock.now(), rng)),
            ..visit(&hefei, 1)
        };
        assert!(
            record_visit(&tx, rng, &other, today).await.unwrap(),
            "another sign-in"
        );
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (store, client, account, at) = (test.store.clone(), hefei.clone(), mine, test.clock.now());
            tries.spawn(async move {
                let new = NewEntry {
                    account,
                    what: What::Visited,
                    at,
                    session: None,
                    client: Some(&client),
                    methods: None,
                    level: None,
                    place: None,
                };
                let day = "2026-05-04".parse().unwrap();
                record_visit(&store.read(), store.rng(), &new, day).await.unwrap()
            });
        }
        let won = tries.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "{}", test.database.kind());
        let listed = list(&tx, mine, None).await.unwrap();
        assert_eq!(listed.len(), 6);
        assert!(listed.iter().all(|one| one.what == What::Visited));
    }
}
