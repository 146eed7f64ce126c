//! From made to dead, by command and by schedule.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode};
use jose::sign::TokenType;

use super::*;

fn states(list: &[Listed]) -> Vec<(SigningAlg, State)> {
    let mut states: Vec<_> = list.iter().map(|key| (key.alg, key.state)).collect();
    states.sort();
    states
}

#[tokio::test]
async fn attack_122_keys_pass_from_next_to_dead_and_nodes_follow() {
    for test in store::testing::stores().await {
        let store = &test.store;
        let (one, two) = (
            Keys::start(store).await.unwrap(),
            Keys::start(store).await.unwrap(),
        );
        let es256 = |keys: &Keys| {
            keys.ring()
                .load()
                .current_kid(SigningAlg::Es256)
                .map(str::to_owned)
        };
        assert_eq!(es256(&one), es256(&two), "nodes agree");
        let (current, next) = (State::Current, State::Next);
        let es = SigningAlg::Es256;
        let start = states(&list(store).await.unwrap());
        let expected = SigningAlg::ALL.map(|alg| [(alg, next), (alg, current)]);
        assert_eq!(start, expected.as_flattened());
        let token = one.ring().load().sign(es, TokenType::Jwt, "{}").unwrap();

        let before = es256(&one);
        assert_eq!(rotate(store, None).await.unwrap().len(), 12);
        assert!(one.refresh(store).await.unwrap());
        assert!(two.refresh(store).await.unwrap());
        assert!(!two.refresh(store).await.unwrap());
        assert_ne!(es256(&one), before);
        assert_eq!(es256(&one), es256(&two));
        let jwks = String::from_utf8(one.ring().load().jwks().to_vec()).unwrap();
        assert!(
            jwks.contains(before.as_deref().unwrap()),
            "the old key is still published"
        );
        assert!(
            !token.is_empty() && !jwks.contains("\"d\""),
            "attack_123: nothing private is published"
        );

        test.clock.advance(TimeDelta::hours(23));
        assert!(retire(store, TimeDelta::hours(24)).await.unwrap().is_empty());
        test.clock.advance(TimeDelta::hours(1));
        assert_eq!(retire(store, TimeDelta::hours(24)).await.unwrap().len(), 4);
        assert!(one.refresh(store).await.unwrap());
        let jwks = String::from_utf8(one.ring().load().jwks().to_vec()).unwrap();
        assert!(!jwks.contains(before.as_deref().unwrap()), "the dead key is gone");
    }
}

#[tokio::test]
async fn attack_122_a_key_signs_only_when_it_was_announced_for_a_day() {
    for test in store::testing::stores().await {
        let (store, day) = (&test.store, TimeDelta::hours(ANNOUNCED_HOURS));
        ensure(store).await.unwrap();
        let before = list(store).await.unwrap();
        test.clock.advance(day - TimeDelta::seconds(1));
        let refused = rotate(store, Some(day)).await;
        assert!(matches!(refused, Err(KeysError::TooYoung { .. })), "{refused:?}");
        assert_eq!(list(store).await.unwrap(), before, "nothing has changed");
        test.clock.advance(TimeDelta::seconds(1));
        rotate(store, Some(day)).await.unwrap();
        let refused = rotate(store, Some(day)).await;
        assert!(matches!(refused, Err(KeysError::TooYoung { .. })), "{refused:?}");
        rotate(store, None).await.unwrap();
    }
}

#[tokio::test]
async fn of_two_rotations_at_once_one_happens() {
    for test in store::testing::stores().await {
        let (store, day) = (&test.store, TimeDelta::hours(ANNOUNCED_HOURS));
        ensure(store).await.unwrap();
        test.clock.advance(day);
        let (one, two) = tokio::join!(rotate(store, Some(day)), rotate(store, Some(day)));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(list(store).await.unwrap().len(), 12);
    }
}

#[tokio::test]
async fn a_key_that_leaked_is_buried_at_once_by_its_name() {
    for test in store::testing::stores().await {
        let store = &test.store;
        ensure(store).await.unwrap();
        let keys = rotate(store, None).await.unwrap();
        let named = |state| keys.iter().find(|key| key.state == state).unwrap().kid.as_str();
        let (day, current, retiring) = (
            TimeDelta::hours(24),
            named(State::Current),
            named(State::Retiring),
        );
        let none = TimeDelta::zero();
        for (kid, life) in [(current, none), (retiring, day), ("nobody", none)] {
            let refused = retire_one(store, kid, life).await;
            assert!(
                matches!(refused, Err(KeysError::NotRetiring(_))),
                "{kid} {refused:?}"
            );
        }
        retire_one(store, retiring, none).await.unwrap();
        let dead = list(store)
            .await
            .unwrap()
            .into_iter()
            .filter(|key| key.state == State::Dead);
        assert_eq!(dead.map(|key| key.kid).collect::<Vec<_>>(), [retiring]);
    }
}

#[tokio::test]
async fn nodes_that_start_together_agree_on_the_keys() {
    for test in store::testing::stores().await {
        let (one, two) = tokio::join!(Keys::start(&test.store), Keys::start(&test.store));
        let (one, two) = (one.unwrap().ring().load(), two.unwrap().ring().load());
        assert_eq!(
            one.current_kid(SigningAlg::Es256),
            two.current_kid(SigningAlg::Es256)
        );
        assert_eq!(one.jwks(), two.jwks());
    }
}

/// A store with a running node on it.
async fn running(test: &store::testing::TestStore) -> (&Store, Keys) {
    (&test.store, Keys::start(&test.store).await.unwrap())
}

const DAYS: u16 = 90;

#[tokio::test]
async fn attack_122_the_schedule_rotates_each_key_after_its_time_and_not_before() {
    for test in store::testing::stores().await {
        let (store, keys) = running(&test).await;
        let schedule = Schedule::every_days(DAYS);
        let kid = |keys: &Keys| {
            keys.ring()
                .load()
                .current_kid(SigningAlg::Ps256)
                .unwrap()
                .to_owned()
        };
        let first = kid(&keys);
        test.clock
            .advance(TimeDelta::days(DAYS.into()) - TimeDelta::seconds(1));
        upkeep(store, &schedule).await.unwrap();
        assert!(!keys.refresh(store).await.unwrap(), "not yet");
        upkeep(store, &Schedule::every_days(0)).await.unwrap();
        test.clock.advance(TimeDelta::seconds(1));
        upkeep(store, &Schedule::every_days(0)).await.unwrap();
        assert!(
            !keys.refresh(store).await.unwrap(),
            "0 days leave it to the command"
        );

        upkeep(store, &schedule).await.unwrap();
        assert!(keys.refresh(store).await.unwrap());
        let second = kid(&keys);
        assert_ne!(first, second);
        let set = String::from_utf8(keys.ring().load().jwks().to_vec()).unwrap();
        assert!(set.contains(&first), "kept for what it signed");
        upkeep(store, &schedule).await.unwrap();
        assert!(!keys.refresh(store).await.unwrap(), "once");

        test.clock.advance(TimeDelta::hours(crate::KEY_RETIREMENT_HOURS));
        upkeep(store, &schedule).await.unwrap();
        assert!(keys.refresh(store).await.unwrap());
        let set = String::from_utf8(keys.ring().load().jwks().to_vec()).unwrap();
        assert!(
            !set.contains(&first) && set.contains(&second),
            "dead when its time is over"
        );
        let told: Vec<_> = test
            .audited()
            .await
            .unwrap()
            .into_iter()
            .map(|(_, _, details)| details)
            .collect();
        for (kid, state) in [(&first, "retiring"), (&first, "dead"), (&second, "current")] {
            let entry = serde_json::json!({ "kid": kid, "state": state });
            assert!(told.contains(&entry), "{entry}");
        }
    }
}

#[tokio::test]
async fn of_two_nodes_one_rotates_by_schedule() {
    for test in store::testing::stores().await {
        let (store, _) = running(&test).await;
        test.clock.advance(TimeDelta::days(DAYS.into()));
        let (every, day) = (TimeDelta::days(DAYS.into()), TimeDelta::hours(ANNOUNCED_HOURS));
        let (one, two) = tokio::join!(rotate_due(store, every, day), rotate_due(store, every, day));
        let mut rotated = one.unwrap();
        rotated.extend(two.unwrap());
        rotated.sort();
        assert_eq!(rotated, SigningAlg::OFFERED, "each algorithm once");
        assert_eq!(list(store).await.unwrap().len(), 12);
    }
}

#[tokio::test]
async fn attack_122_the_schedule_waits_until_the_next_key_is_known_everywhere() {
    for test in store::testing::stores().await {
        let (store, _) = running(&test).await;
        test.clock.advance(TimeDelta::days(DAYS.into()));
        rotate(store, None).await.unwrap();
        // The current key is older than wanted, and the next one was made a moment ago.
        let (none, day) = (TimeDelta::zero(), TimeDelta::hours(ANNOUNCED_HOURS));
        test.clock.advance(day - TimeDelta::seconds(1));
        assert_eq!(rotate_due(store, none, day).await.unwrap(), []);
        test.clock.advance(TimeDelta::seconds(1));
        assert_eq!(rotate_due(store, none, day).await.unwrap(), SigningAlg::OFFERED);
    }
}

#[tokio::test]
async fn one_key_that_cannot_be_read_stops_neither_a_refresh_nor_a_start_nor_a_rotation() {
    for test in store::testing::stores().await {
        let (store, keys) = running(&test).await;
        let named = |alg, state| {
            let ours = keys.ring().load();
            let kids: Vec<_> = serde_json::from_slice::<serde_json::Value>(&ours.jwks()).unwrap()["keys"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|key| key["alg"] == SigningAlg::name(alg))
                .map(|key| key["kid"].as_str().unwrap().to_owned())
                .collect();
            // The one that signs comes first.
            kids[usize::from(state == State::Next)].clone()
        };
        let (torn_current, torn_next) = (
            named(SigningAlg::EdDsa, State::Current),
            named(SigningAlg::Es256, State::Next),
        );
        for kid in [&torn_current, &torn_next] {
            store::testing::tear_signing_key(store, kid).await.unwrap();
        }
        revisions::raise(&store.read(), Revision::Keys).await.unwrap();
        assert!(keys.refresh(store).await.unwrap());
        let after_start = Keys::start(store).await.unwrap();
        for keys in [&keys, &after_start] {
            let ring = keys.ring().load();
            assert_eq!(
                ring.algs(),
                [SigningAlg::Es256, SigningAlg::Rs256, SigningAlg::Ps256]
            );
            let set = String::from_utf8(ring.jwks().to_vec()).unwrap();
            assert!(!set.contains(&torn_current) && !set.contains(&torn_next));
        }

        rotate(store, None).await.unwrap();
        assert!(keys.refresh(store).await.unwrap());
        let ring = keys.ring().load();
        assert_eq!(ring.algs(), SigningAlg::ALL, "a rotation mends it");
        assert_ne!(
            ring.current_kid(SigningAlg::Es256),
            Some(torn_next.as_str()),
            "never promoted"
        );
    }
}

#[tokio::test]
async fn the_published_set_has_a_name_that_changes_with_it() {
    for test in store::testing::stores().await {
        let (store, keys) = running(&test).await;
        let ask = |keys: &Keys, tag: Option<&HeaderValue>| {
            let mut headers = HeaderMap::new();
            if let Some(tag) = tag {
                headers.insert("if-none-match", tag.clone());
            }
            let answer = keys.document().answer(&headers, "public, max-age=300");
            (answer.status(), answer.headers()["etag"].clone())
        };
        let (status, first) = ask(&keys, None);
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            ask(&keys, Some(&first)),
            (StatusCode::NOT_MODIFIED, first.clone())
        );
        let list = format!("\"other\", W/{}", first.to_str().unwrap());
        let list = HeaderValue::try_from(list).unwrap();
        assert_eq!(ask(&keys, Some(&list)).0, StatusCode::NOT_MODIFIED);
        rotate(store, None).await.unwrap();
        keys.refresh(store).await.unwrap();
        let (status, second) = ask(&keys, Some(&first));
        assert_eq!(status, StatusCode::OK, "whoever has the old set gets the new one");
        assert_ne!(first, second);
        let other_node = Keys::start(store).await.unwrap();
        assert_eq!(
            ask(&other_node, Some(&second)).0,
            StatusCode::NOT_MODIFIED,
            "nodes agree"
        );
        assert!(Arc::ptr_eq(&keys.document(), &keys.document()), "made once");
    }
}
