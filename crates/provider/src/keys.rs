//! The life of the signing keys (OpenID Connect Core 10.1.1): made, published as `next`, signing as `current`,
//! published while `retiring`, dead.
//!
//! Rows are the truth and are the same for all nodes; each node keeps a [`Ring`] of them in memory and looks again
//! when the store's counter says so. A row that cannot be read is logged and left out, so that the others go on.
//!
//! Keys are rotated by command ([`rotate`]) and by schedule ([`upkeep`]); a guarded statement sees to it that of
//! several nodes one does it.

mod make;

use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use jose::key::{KeyError, PrivateKey};
use jose::ring::{KeyState, Ring, RingError, SharedRing};
use model::client::SigningAlg;
use model::event::Event;
use store::audit::{self, Entry};
use store::keys::{Listed, NewKey, State};
use store::revisions::{self, Revision};
use store::{Store, StoreError, Tx};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::wire::Document;
use make::make;

/// For how long a key is published before it signs: sub-sites cache the key set for up to a day.
pub const ANNOUNCED_HOURS: i64 = 24;

/// What happens to keys by itself, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// For how long a key signs; `None` leaves rotation to the command.
    pub rotate_every: Option<TimeDelta>,
    /// For how long a key is published before it signs.
    pub announced: TimeDelta,
    /// For how long a key is published after it signed.
    pub retired_after: TimeDelta,
}

impl Schedule {
    /// The schedule with the usual waiting times; 0 days leave rotation to the command.
    pub fn every_days(days: u16) -> Self {
        Self {
            rotate_every: (days > 0).then(|| TimeDelta::days(days.into())),
            announced: TimeDelta::hours(ANNOUNCED_HOURS),
            retired_after: TimeDelta::hours(crate::KEY_RETIREMENT_HOURS),
        }
    }
}

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
    document: ArcSwap<Document>,
    revision: AtomicI64,
    /// Whoever holds it looks again: what was read earlier does not take the place of what was read later.
    turn: Mutex<()>,
}

impl Keys {
    /// Makes what is missing, then reads all keys.
    pub async fn start(store: &Store) -> Result<Self, KeysError> {
        ensure(store).await?;
        let (revision, ring) = read(store).await?;
        Ok(Self {
            document: ArcSwap::from_pointee(Document::of(&ring.jwks())),
            ring: SharedRing::new(ring),
            revision: AtomicI64::new(revision),
            turn: Mutex::new(()),
        })
    }

    /// The ring of this moment.
    pub const fn ring(&self) -> &SharedRing {
        &self.ring
    }

    /// The published key set of this moment.
    pub fn document(&self) -> std::sync::Arc<Document> {
        self.document.load_full()
    }

    /// Looks again if something changed; answers whether it did.
    pub async fn refresh(&self, store: &Store) -> Result<bool, KeysError> {
        let _turn = self.turn.lock().await;
        let number = revisions::number(&store.read(), Revision::Keys).await?;
        if number == self.revision.load(Ordering::Acquire) {
            return Ok(false);
        }
        let (revision, ring) = read(store).await?;
        // Published before it signs, be it by a moment.
        self.document.store(Document::of(&ring.jwks()).into());
        self.ring.replace(ring);
        self.revision.store(revision, Ordering::Release);
        Ok(true)
    }
}

async fn read(store: &Store) -> Result<(i64, Ring), KeysError> {
    let tx = store.read();
    // The number first: what changes after it is read again next time.
    let revision = revisions::number(&tx, Revision::Keys).await?;
    let opened = store::keys::open(&tx).await?;
    let keys: Vec<_> = opened
        .into_iter()
        .filter_map(|(listed, private)| Some((ring_state(listed.state), import(&listed, &private)?)))
        .collect();
    for alg in SigningAlg::OFFERED {
        if !keys
            .iter()
            .any(|(state, key)| *state == KeyState::Current && key.alg() == alg)
        {
            tracing::error!(
                alg = alg.name(),
                "no key signs; `denizen keys rotate --now` promotes the next one"
            );
        }
    }
    Ok((revision, Ring::new(keys)?))
}

/// The key in a row, if it is what the row says.
fn import(listed: &Listed, private: &Zeroizing<Vec<u8>>) -> Option<PrivateKey> {
    match PrivateKey::import(private) {
        Ok(key) if key.kid() == listed.kid && key.alg() == listed.alg => Some(key),
        Ok(_) => {
            tracing::error!(
                kid = listed.kid,
                "a signing key is not the one that its row names"
            );
            None
        }
        Err(error) => {
            tracing::error!(kid = listed.kid, %error, "a signing key cannot be used");
            None
        }
    }
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
    let missing: Vec<_> = SigningAlg::OFFERED
        .into_iter()
        .flat_map(|alg| [(alg, State::Current), (alg, State::Next)])
        .filter(|(alg, state)| !there.iter().any(|key| key.alg == *alg && key.state == *state))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let keys = make(store, missing.iter().map(|(alg, _)| *alg)).await?;
    let tx = store.begin().await?;
    for (key, (_, state)) in keys.iter().zip(missing) {
        if insert(&tx, key, state, store.clock().now()).await? {
            changed(store, &tx, key.kid(), state).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Gives up next keys that cannot be read, so that none of them is promoted, and makes what is missing.
async fn mend(store: &Store) -> Result<(), KeysError> {
    let tx = store.begin().await?;
    for (kid, opened) in store::keys::announced(&tx).await? {
        let usable = opened.is_some_and(|(listed, private)| import(&listed, &private).is_some());
        if !usable && store::keys::discard(&tx, &kid, store.clock().now()).await? {
            changed(store, &tx, &kid, State::Dead).await?;
        }
    }
    tx.commit().await?;
    ensure(store).await
}

/// Promotes every next key, lets the current one retire and makes another next. All or nothing. Keys that have not
/// been `announced` for so long yet do not sign; an emergency can't wait, and gives `None`.
pub async fn rotate(store: &Store, announced: Option<TimeDelta>) -> Result<Vec<Listed>, KeysError> {
    mend(store).await?;
    let fresh = make(store, SigningAlg::OFFERED).await?;
    let now = store.clock().now();
    let tx = store.begin().await?;
    if let Some(announced) = announced {
        must_be_announced(&tx, announced, now).await?;
    }
    // What the check has seen may have changed since; the statements ask again.
    let since = announced.map(|announced| now - announced);
    for key in &fresh {
        if !promote(store, &tx, key, (None, since)).await? {
            return Err(KeysError::RotatedElsewhere(key.alg()));
        }
    }
    tx.commit().await?;
    list(store).await
}

/// Puts the next key of an algorithm in the place of the current one and `fresh` in the place of the next, if the
/// current one has signed and the next one been announced since the given times. If not, the caller lets the
/// transaction go.
async fn promote(
    store: &Store,
    tx: &Tx,
    fresh: &PrivateKey,
    (signing_since, announced_since): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<bool, KeysError> {
    let (alg, now) = (fresh.alg(), store.clock().now());
    let retire = (State::Current, State::Retiring);
    let Some(retired) = store::keys::advance(tx, alg, retire, signing_since, now).await? else {
        return Ok(false);
    };
    let promote = (State::Next, State::Current);
    let Some(promoted) = store::keys::advance(tx, alg, promote, announced_since, now).await? else {
        return Ok(false);
    };
    if !insert(tx, fresh, State::Next, now).await? {
        return Ok(false);
    }
    changed(store, tx, &retired, State::Retiring).await?;
    changed(store, tx, &promoted, State::Current).await?;
    changed(store, tx, fresh.kid(), State::Next).await?;
    Ok(true)
}

/// What keeps keys young without anybody's help: makes what is missing, rotates what is due, buries what is over.
/// Every node calls it now and then.
pub async fn upkeep(store: &Store, schedule: &Schedule) -> Result<(), KeysError> {
    ensure(store).await?;
    if let Some(every) = schedule.rotate_every {
        rotate_due(store, every, schedule.announced).await?;
    }
    retire(store, schedule.retired_after).await?;
    Ok(())
}

/// Rotates the algorithms whose current key has signed for long enough; answers which.
pub async fn rotate_due(
    store: &Store,
    every: TimeDelta,
    announced: TimeDelta,
) -> Result<Vec<SigningAlg>, KeysError> {
    let (signing_since, announced_since) = (store.clock().now() - every, store.clock().now() - announced);
    let due = |keys: &[Listed]| -> Vec<SigningAlg> {
        let older = |alg, state, since| {
            let old = |key: &Listed| key.alg == alg && key.state == state && key.state_changed_at <= since;
            keys.iter().any(old)
        };
        SigningAlg::OFFERED
            .into_iter()
            .filter(|alg| {
                older(*alg, State::Current, signing_since) && older(*alg, State::Next, announced_since)
            })
            .collect()
    };
    if due(&list(store).await?).is_empty() {
        return Ok(Vec::new());
    }
    mend(store).await?;
    let mut rotated = Vec::new();
    for fresh in make(store, due(&list(store).await?)).await? {
        let tx = store.begin().await?;
        // The first of several nodes does it; for the others the keys are young by now.
        if promote(store, &tx, &fresh, (Some(signing_since), Some(announced_since))).await? {
            tx.commit().await?;
            tracing::info!(alg = fresh.alg().name(), "signing keys rotated by schedule");
            rotated.push(fresh.alg());
        }
    }
    Ok(rotated)
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

#[cfg(test)]
mod tests;
