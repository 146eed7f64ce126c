//! Returns on both databases: who takes one, for how long, how often, and what stays.

use model::rng::Rng;
use model::secret::Token;

use super::*;
use crate::testing::{TestStore, stores};

const LEASE: TimeDelta = TimeDelta::minutes(2);

struct One {
    state: TokenHash,
    browser: TokenHash,
    source: SourceId,
    account: AccountId,
    session: SessionId,
}

impl One {
    fn new(test: &TestStore) -> Self {
        let (now, rng) = (test.clock.now(), Rng::system());
        Self {
            state: Token::generate(&rng).hash(),
            browser: Token::generate(&rng).hash(),
            source: SourceId::parse("face").unwrap(),
            account: AccountId::new(now, &rng),
            session: SessionId::new(now, &rng),
        }
    }

    fn traveller(&self) -> Traveller<'_> {
        Traveller {
            account: self.account,
            errand: Errand::Evidence(self.session),
            browser: &self.browser,
            source: &self.source,
        }
    }

    async fn left(&self, test: &TestStore) {
        let now = test.clock.now();
        let new = NewRoundTrip {
            state: &self.state,
            traveller: self.traveller(),
            kept: b"nonce",
            now,
            expires_at: now + TimeDelta::minutes(10),
        };
        begin(&test.store.read(), &new).await.unwrap();
    }

    /// Comes back.
    async fn back(&self, test: &TestStore, now: DateTime<Utc>) -> Result<Taken, Refused> {
        let tx = test.store.read();
        take(&tx, &self.state, &self.traveller(), (now, now + LEASE), |_| None)
            .await
            .unwrap()
    }

    async fn row(&self, test: &TestStore) -> Model {
        let row = Entity::find_by_id(self.state.as_bytes().to_vec());
        row.one(&test.store.read()).await.unwrap().unwrap()
    }
}

fn kept(taken: Result<Taken, Refused>) -> Result<Vec<u8>, Refused> {
    taken.map(|taken| taken.kept.to_vec())
}

#[tokio::test]
async fn attack_270_a_return_counts_in_its_own_browser_account_errand_source_and_time() {
    for test in stores().await {
        let (tx, now, rng) = (test.store.read(), test.clock.now(), Rng::system());
        let one = One::new(&test);
        one.left(&test).await;
        let (browser, source) = (
            Token::generate(&rng).hash(),
            SourceId::parse("trusted_sign_in").unwrap(),
        );
        let mine = one.traveller();
        let others = [
            (
                Traveller {
                    browser: &browser,
                    ..mine.clone()
                },
                Refused::OtherBrowser,
            ),
            (
                Traveller {
                    account: AccountId::new(now, &rng),
                    ..mine.clone()
                },
                Refused::OtherAccount,
            ),
            (
                Traveller {
                    errand: Errand::Evidence(SessionId::new(now, &rng)),
                    ..mine.clone()
                },
                Refused::OtherErrand,
            ),
            (
                // The same number does not make it the same errand.
                Traveller {
                    errand: Errand::Recovery(ChangeId::from_uuid(one.session.as_uuid())),
                    ..mine.clone()
                },
                Refused::OtherErrand,
            ),
            (
                Traveller {
                    source: &source,
                    ..mine.clone()
                },
                Refused::Unknown,
            ),
        ];
        let times = (now, now + LEASE);
        for (who, refused) in &others {
            let back = take(&tx, &one.state, who, times, |_| None).await.unwrap();
            assert_eq!(kept(back), Err(*refused));
        }
        let late = one.back(&test, now + TimeDelta::minutes(10)).await;
        assert_eq!(kept(late), Err(Refused::Expired));
        let taken = one.back(&test, now).await.unwrap();
        assert_eq!(taken.kept.as_slice(), b"nonce", "none of them took it");
        assert_eq!(kept(one.back(&test, now).await), Err(Refused::Busy));
        // An unfinished one is theirs no more than a fresh one, and nothing is told of it.
        let over = now + LEASE;
        for (who, refused) in &others {
            let back = take(&tx, &one.state, who, (over, over + LEASE), |_| None).await;
            assert_eq!(kept(back.unwrap()), Err(*refused));
            assert_eq!(find_kept(&tx, &one.state, who).await.unwrap(), None);
        }
        assert!(settle(&tx, &taken.lease, b"").await.unwrap());
        assert_eq!(kept(one.back(&test, now).await), Err(Refused::Used));
        assert_eq!(kept(one.back(&test, over).await), Err(Refused::Used));
        let unknown = Token::generate(&rng).hash();
        let unknown = take(&tx, &unknown, &mine, times, |_| None).await.unwrap();
        assert_eq!(kept(unknown), Err(Refused::Unknown));
    }
}

#[tokio::test]
async fn attack_270_what_left_for_a_recovery_comes_back_to_that_recovery_alone() {
    for test in stores().await {
        let (tx, now, rng) = (test.store.read(), test.clock.now(), Rng::system());
        let one = One::new(&test);
        let mine = Traveller {
            errand: Errand::Recovery(ChangeId::from_uuid(one.session.as_uuid())),
            ..one.traveller()
        };
        let new = NewRoundTrip {
            state: &one.state,
            traveller: mine.clone(),
            kept: b"nonce",
            now,
            expires_at: now + TimeDelta::minutes(10),
        };
        begin(&tx, &new).await.unwrap();
        let another = Errand::Recovery(ChangeId::new(now, &rng));
        for errand in [one.traveller().errand, another] {
            let who = Traveller {
                errand,
                ..mine.clone()
            };
            let back = take(&tx, &one.state, &who, (now, now + LEASE), |_| None).await;
            assert_eq!(kept(back.unwrap()), Err(Refused::OtherErrand));
            assert_eq!(find_kept(&tx, &one.state, &who).await.unwrap(), None);
        }
        let back = take(&tx, &one.state, &mine, (now, now + LEASE), |_| None).await;
        assert_eq!(kept(back.unwrap()), Ok(b"nonce".to_vec()));
    }
}

/// Of so many at once, on as many connections, how many took it.
async fn rush(test: &TestStore, one: &std::sync::Arc<One>, now: DateTime<Utc>) -> Vec<Taken> {
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (store, one) = (test.store.clone(), std::sync::Arc::clone(one));
        tries.spawn(async move {
            let times = (now, now + LEASE);
            let back = take(&store.read(), &one.state, &one.traveller(), times, |_| None).await;
            back.unwrap().ok()
        });
    }
    tries.join_all().await.into_iter().flatten().collect()
}

#[tokio::test]
async fn attack_270_of_32_returns_with_one_value_one_is_looked_at_and_once_settled_nothing_stays() {
    for test in stores().await {
        let now = test.clock.now();
        let one = std::sync::Arc::new(One::new(&test));
        one.left(&test).await;
        let taken = rush(&test, &one, now).await;
        assert_eq!(taken.len(), 1, "{}", test.database.kind());
        assert!(!one.row(&test).await.kept_sealed.is_empty(), "it is not settled");
        assert!(settle(&test.store.read(), &taken[0].lease, b"").await.unwrap());
        assert!(rush(&test, &one, now).await.is_empty());
        assert!(rush(&test, &one, now + LEASE).await.is_empty());
        assert!(
            one.row(&test).await.kept_sealed.is_empty(),
            "what was kept is forgotten"
        );
    }
}

#[tokio::test]
async fn attack_270_an_unfinished_return_is_taken_again_by_one_for_each_lease_and_settled_by_the_last() {
    for test in stores().await {
        let (tx, now, kind) = (test.store.read(), test.clock.now(), test.database.kind());
        let one = std::sync::Arc::new(One::new(&test));
        one.left(&test).await;
        let first = one.back(&test, now).await.unwrap();
        assert!(!first.again);
        let almost = now + LEASE - TimeDelta::microseconds(1);
        assert_eq!(kept(one.back(&test, almost).await), Err(Refused::Busy));
        let over = now + LEASE;
        let second = rush(&test, &one, over).await;
        assert_eq!(second.len(), 1, "{kind}");
        assert!(second[0].again && second[0].kept.as_slice() == b"nonce");
        // The first one was only slow: it may not write any more.
        assert!(!settle(&tx, &first.lease, b"").await.unwrap(), "{kind}");
        assert!(!put_back(&tx, &first.lease, b"old", over).await.unwrap());
        let third = rush(&test, &one, over + LEASE).await;
        assert_eq!(third.len(), 1, "{kind}");
        assert!(!settle(&tx, &second[0].lease, b"").await.unwrap(), "{kind}");
        assert!(settle(&tx, &third[0].lease, b"").await.unwrap(), "{kind}");
        assert!(!settle(&tx, &third[0].lease, b"").await.unwrap(), "once");
        // Who has let go of it for long has to begin again.
        let other = One::new(&test);
        other.left(&test).await;
        other.back(&test, now).await.unwrap();
        let late = over + TimeDelta::minutes(AGAIN_MINUTES);
        assert_eq!(kept(other.back(&test, late).await), Err(Refused::Expired));
        let last = other.back(&test, late - TimeDelta::microseconds(1)).await;
        assert!(last.is_ok());
    }
}

#[tokio::test]
async fn a_settlement_that_is_not_committed_leaves_the_return_to_be_taken_again() {
    for test in stores().await {
        let now = test.clock.now();
        let one = One::new(&test);
        one.left(&test).await;
        let taken = one.back(&test, now).await.unwrap();
        let tx = test.store.begin().await.unwrap();
        assert!(settle(&tx, &taken.lease, b"").await.unwrap());
        // The node is killed here.
        drop(tx);
        let again = one.back(&test, now + LEASE).await.unwrap();
        assert!(again.again && again.kept.as_slice() == b"nonce");
        assert!(
            settle(&test.store.read(), &again.lease, b"way").await.unwrap(),
            "{}",
            test.database.kind()
        );
        let left = find_kept(&test.store.read(), &one.state, &one.traveller()).await;
        assert_eq!(left.unwrap().unwrap().as_slice(), b"way");
    }
}

#[tokio::test]
async fn what_came_back_is_kept_with_the_first_return_for_those_that_follow() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let one = One::new(&test);
        one.left(&test).await;
        let times = |now| (now, now + LEASE);
        let add = |kept: &[u8]| Some(Zeroizing::new([kept, b"+code"].concat()));
        let taken = take(&tx, &one.state, &one.traveller(), times(now), add).await;
        assert_eq!(kept(taken.unwrap()), Ok(b"nonce+code".to_vec()));
        let later = now + LEASE;
        let again = take(&tx, &one.state, &one.traveller(), times(later), add).await;
        assert_eq!(kept(again.unwrap()), Ok(b"nonce+code".to_vec()), "once");
    }
}

#[tokio::test]
async fn a_return_that_could_not_be_looked_at_may_come_again_in_its_time() {
    for test in stores().await {
        let (tx, now) = (test.store.read(), test.clock.now());
        let one = One::new(&test);
        one.left(&test).await;
        let taken = one.back(&test, now).await.unwrap();
        assert!(put_back(&tx, &taken.lease, b"again", now).await.unwrap());
        assert!(
            !put_back(&tx, &taken.lease, b"nonce", now).await.unwrap(),
            "it is open"
        );
        let taken = one.back(&test, now).await.unwrap();
        assert!(!taken.again && taken.kept.as_slice() == b"again");
        let later = now + TimeDelta::minutes(10);
        assert!(!put_back(&tx, &taken.lease, b"late", later).await.unwrap());
    }
}
