//! The life of the signing keys (OpenID Connect Core 10.1.1): made, published as `next`, signing as `current`,
//! published while `retiring`, dead.
//!
//! Rows are the truth and are the same for all nodes; each node keeps a [`Ring`] of them in memory and looks again
//! when the store's counter says so. Making keys is done on a thread of its own, because an RSA key takes long.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use jose::key::{KeyError, PrivateKey};
use jose::ring::{KeyState, Ring, RingError, SharedRing};
use model::client::SigningAlg;
use model::event::Event;
use store::audit::{self, Entry};
use store::keys::{Listed, NewKey, State};
use store::revisions::{self, Revision};
use store::{Store, StoreError, Tx};

/// For how long a key is published before it signs: sub-sites cache the key set for up to a day.
pub const ANNOUNCED_HOURS: i64 = 24;

/// Why something could not be done with the keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key could not be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The keys make no ring.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// The thread that makes keys could not be started, or is gone.
    #[error("no thread to make a key on")]
    NoThread,
    /// Somebody else rotates at this moment.
    #[error("another rotation is under way for {}; look at the list of keys", .0.name())]
    RotatedElsewhere(SigningAlg),
    /// Sub-sites may not know the next key yet.
    #[error(
        "the next key for {} is not published for long enough: rotate after {}, or at once (--now) if a key leaked",
        .alg.name(), .ready_at.format("%Y-%m-%d %H:%M:%SZ")
    )]
    TooYoung {
        /// The algorithm of the key.
        alg: SigningAlg,
        /// When it may sign.
        ready_at: DateTime<Utc>,
    },
    /// No key of this name may be buried.
    #[error("{0} is not retiring, or not for long enough yet; look at the list of keys")]
    NotRetiring(String),
}

/// The keys as this node knows them.
#[derive(Debug)]
pub struct Keys {
    ring: SharedRing,
    revision: AtomicI64,
}

impl Keys {
    /// Makes what is missing, then reads all keys.
    pub async fn start(store: &Store) -> Result<Self, KeysError> {
        ensure(store).await?;
        let (revision, ring) = read(store).await?;
        Ok(Self {
            ring: SharedRing::new(ring),
            revision: AtomicI64::new(revision),
        })
    }

    /// The ring of this moment.
    pub const fn ring(&self) -> &SharedRing {
        &self.ring
    }

    /// Looks again if something changed; answers whether it did.
    pub async fn refresh(&self, store: &Store) -> Result<bool, KeysError> {
        let number = revisions::number(&store.read(), Revision::Keys).await?;
        if number == self.revision.load(Ordering::Acquire) {
            return Ok(false);
        }
        let (revision, ring) = read(store).await?;
        self.ring.replace(ring);
        self.revision.store(revision, Ordering::Release);
        Ok(true)
    }
}

async fn read(store: &Store) -> Result<(i64, Ring), KeysError> {
    let tx = store.read();
    // The number first: what changes after it is read again next time.
    let revision = revisions::number(&tx, Revision::Keys).await?;
    let keys = store::keys::open(&tx).await?;
    let keys = keys
        .into_iter()
        .map(|(listed, private)| Ok((ring_state(listed.state), PrivateKey::import(&private)?)))
        .collect::<Result<Vec<_>, KeyError>>()?;
    Ok((revision, Ring::new(keys)?))
}

const fn ring_state(state: State) -> KeyState {
    match state {
        State::Next => KeyState::Next,
        State::Current => KeyState::Current,
        State::Retiring => KeyState::Retiring,
        State::Dead => KeyState::Dead,
    }
}

/// Makes the current and the next key of every offered algorithm, as far as they are missing. Nodes that start
/// together agree: the first insert wins, and the other's key is thrown away.
pub async fn ensure(store: &Store) -> Result<(), KeysError> {
    let there = store::keys::list(&store.read()).await?;
    for alg in SigningAlg::OFFERED {
        for state in [State::Current, State::Next] {
            if there.iter().any(|key| key.alg == alg && key.state == state) {
                continue;
            }
            let key = make(alg).await?;
            let tx = store.begin().await?;
            if insert(&tx, &key, state, store.clock().now()).await? {
                changed(store, &tx, key.kid(), state).await?;
            }
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Promotes every next key, lets the current one retire and makes another next. All or nothing. Keys that have not
/// been `announced` for so long yet do not sign; an emergency can't wait, and gives `None`.
pub async fn rotate(store: &Store, announced: Option<TimeDelta>) -> Result<Vec<Listed>, KeysError> {
    ensure(store).await?;
    let mut fresh = Vec::new();
    for alg in SigningAlg::OFFERED {
        fresh.push(make(alg).await?);
    }
    let now = store.clock().now();
    let tx = store.begin().await?;
    if let Some(announced) = announced {
        must_be_announced(&tx, announced, now).await?;
    }
    // What the check has seen may have changed since; the statement asks again.
    let since = announced.map(|announced| now - announced);
    for key in &fresh {
        let retired = (State::Current, State::Retiring);
        let retired = store::keys::advance(&tx, key.alg(), retired, None, now).await?;
        let promoted = (State::Next, State::Current);
        let promoted = store::keys::advance(&tx, key.alg(), promoted, since, now).await?;
        if !(retired && promoted && insert(&tx, key, State::Next, now).await?) {
            return Err(KeysError::RotatedElsewhere(key.alg()));
        }
        changed(store, &tx, key.kid(), State::Next).await?;
    }
    tx.commit().await?;
    list(store).await
}

async fn must_be_announced(tx: &Tx, announced: TimeDelta, now: DateTime<Utc>) -> Result<(), KeysError> {
    let keys = store::keys::list(tx).await?;
    let next = keys.iter().filter(|key| key.state == State::Next);
    // All algorithms go together, so the youngest key decides.
    match next.max_by_key(|key| key.state_changed_at) {
        Some(key) if key.state_changed_at > now - announced => Err(KeysError::TooYoung {
            alg: key.alg,
            ready_at: key.state_changed_at + announced,
        }),
        _ => Ok(()),
    }
}

/// Buries the keys that have been retiring for longer than `life`, private parts and all; answers their names.
pub async fn retire(store: &Store, life: TimeDelta) -> Result<Vec<String>, KeysError> {
    bury(store, None, life).await
}

/// Buries one key that has been retiring for longer than `life`; a life of nothing is for keys that leaked.
pub async fn retire_one(store: &Store, kid: &str, life: TimeDelta) -> Result<(), KeysError> {
    if bury(store, Some(kid), life).await?.is_empty() {
        return Err(KeysError::NotRetiring(kid.to_owned()));
    }
    Ok(())
}

async fn bury(store: &Store, kid: Option<&str>, life: TimeDelta) -> Result<Vec<String>, KeysError> {
    let now = store.clock().now();
    let tx = store.begin().await?;
    let buried = store::keys::bury(&tx, kid, now - life, now).await?;
    for kid in &buried {
        changed(store, &tx, kid, State::Dead).await?;
    }
    tx.commit().await?;
    Ok(buried)
}

/// Every key, newest first.
pub async fn list(store: &Store) -> Result<Vec<Listed>, KeysError> {
    Ok(store::keys::list(&store.read()).await?)
}

async fn insert(tx: &Tx, key: &PrivateKey, state: State, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let private = key.export();
    let new = NewKey {
        kid: key.kid(),
        alg: key.alg(),
        state,
        private: &private,
        now,
    };
    store::keys::insert(tx, &new).await
}

async fn changed(store: &Store, tx: &Tx, kid: &str, state: State) -> Result<(), StoreError> {
    let details = serde_json::json!({ "kid": kid, "state": state.as_str() });
    let entry = Entry::new(Event::KeyChanged, store.clock().now()).details(details);
    audit::record(tx, store.rng(), entry).await?;
    revisions::raise(tx, Revision::Keys).await
}

async fn make(alg: SigningAlg) -> Result<PrivateKey, KeysError> {
    let (send, receive) = tokio::sync::oneshot::channel();
    let work = move || {
        // Nobody waits any more when the node is being stopped.
        let _ = send.send(PrivateKey::generate(alg));
    };
    std::thread::Builder::new()
        .name("key-maker".to_owned())
        .spawn(work)
        .map_err(|_| KeysError::NoThread)?;
    Ok(receive.await.map_err(|_| KeysError::NoThread)??)
}

#[cfg(test)]
mod tests {
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
            let (es, rs) = (SigningAlg::Es256, SigningAlg::Rs256);
            let start = states(&list(store).await.unwrap());
            assert_eq!(start, [(es, next), (es, current), (rs, next), (rs, current)]);
            let token = one.ring().load().sign(es, TokenType::Jwt, "{}").unwrap();

            let before = es256(&one);
            assert_eq!(rotate(store, None).await.unwrap().len(), 6);
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
            assert_eq!(retire(store, TimeDelta::hours(24)).await.unwrap().len(), 2);
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
            assert_eq!(list(store).await.unwrap().len(), 6);
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
}
