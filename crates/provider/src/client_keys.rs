//! The keys of sub-sites that publish them at an address of their own (`jwks_uri`, OpenID Connect Registration 2,
//! RFC 7517).
//!
//! One entry for each registered sub-site and none for anything that a request says (A318). An entry is read again when
//! it is old, and when a signature names a key that it lacks, then at most once a minute (A142, A314); who comes while
//! it is being read waits for the same answer, or takes the old keys where there are some; who hangs up meanwhile keeps
//! nobody from it. A sub-site that is down is still known by its old keys for a day. What may be asked at all is
//! [`web::outbound`]'s business, and what makes a good set is that of [`jose::key_set`] (A141).

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use jose::key_set::{PublicKeySet, SET_BYTES_MAX};
use jose::verify::VerifyError;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::Instrument as _;
use web::outbound::Guarded;

use crate::Service;
use crate::clients::Registered;

/// How long keys are taken as they were read.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// How long keys are good when they cannot be read again.
const STALE: TimeDelta = TimeDelta::hours(24);
/// How long after a look for a key that is not there the next one is. The first such look waits for nothing: a sub-site
/// that changes its keys is not kept waiting because somebody just read them.
const UNKNOWN_KEY_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// How long after a look that failed the next one is.
const FAILURE_PAUSE: TimeDelta = TimeDelta::seconds(10);

/// The keys at one sub-site's address.
pub struct RemoteKeys {
    uri: String,
    held: ArcSwapOption<Held>,
    /// Whoever holds it asks.
    turn: Arc<Mutex<Turn>>,
}

/// When the address was asked last.
#[derive(Default)]
struct Turn {
    /// For whatever reason.
    asked_at: Option<DateTime<Utc>>,
    /// Because a key was missing.
    renewed_at: Option<DateTime<Utc>>,
}

struct Held {
    keys: PublicKeySet,
    read_at: DateTime<Utc>,
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys")
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}

impl RemoteKeys {
    /// An entry that nothing was read for yet.
    pub fn new(uri: String) -> Self {
        Self {
            uri,
            held: ArcSwapOption::empty(),
            turn: Arc::default(),
        }
    }

    /// The address.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The keys, read if they are old.
    async fn current(self: &Arc<Self>, outbound: &Guarded, now: DateTime<Utc>) -> Option<PublicKeySet> {
        let held = self.held(now);
        if let Some(held) = held.as_deref().filter(|held| now - held.read_at < FRESH) {
            return Some(held.keys.clone());
        }
        let mut turn = match held {
            // Old keys are better than waiting for a sub-site that may hang.
            Some(held) => match Arc::clone(&self.turn).try_lock_owned() {
                Ok(turn) => turn,
                Err(_) => return Some(held.keys.clone()),
            },
            None => Arc::clone(&self.turn).lock_owned().await,
        };
        let read_meanwhile = self.held(now).is_some_and(|held| now - held.read_at < FRESH);
        let failed_just_now = turn
            .asked_at
            .is_some_and(|asked_at| now - asked_at < FAILURE_PAUSE);
        if !read_meanwhile && !failed_just_now {
            turn.asked_at = Some(now);
            self.read_to_the_end(turn, outbound, now).await;
        }
        self.held(now).map(|held| held.keys.clone())
    }

    /// The keys, read again because one is missing; `None` when that was tried not long ago.
    async fn renewed(self: &Arc<Self>, outbound: &Guarded, now: DateTime<Utc>) -> Option<PublicKeySet> {
        let before = self.held(now).map(|held| held.read_at);
        let mut turn = Arc::clone(&self.turn).lock_owned().await;
        if self.held(now).map(|held| held.read_at) == before {
            if turn
                .renewed_at
                .is_some_and(|renewed_at| now - renewed_at < UNKNOWN_KEY_PAUSE)
            {
                return None;
            }
            turn.asked_at = Some(now);
            turn.renewed_at = Some(now);
            if !self.read_to_the_end(turn, outbound, now).await {
                return None;
            }
        }
        self.held(now).map(|held| held.keys.clone())
    }

    fn held(&self, now: DateTime<Utc>) -> Option<Arc<Held>> {
        self.held.load_full().filter(|held| now - held.read_at < STALE)
    }

    /// Reads in a task of its own, which has the turn until it is done: whoever asks may hang up, and then their request is
    /// dropped where it waits, but what was begun for everybody must come to its end. There is one for each sub-site at
    /// most, and the client's time limits end it.
    async fn read_to_the_end(
        self: &Arc<Self>,
        turn: OwnedMutexGuard<Turn>,
        outbound: &Guarded,
        now: DateTime<Utc>,
    ) -> bool {
        let (this, outbound) = (Arc::clone(self), outbound.clone());
        let reading = async move {
            let read = this.read(&outbound, now).await;
            drop(turn);
            read
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "must outlive the request that waits for it; bounded in number and in time, and writes nothing"
        )]
        let task = tokio::spawn(reading.in_current_span());
        task.await.unwrap_or(false)
    }

    async fn read(&self, outbound: &Guarded, now: DateTime<Utc>) -> bool {
        let document = match outbound.get_json(&self.uri, SET_BYTES_MAX).await {
            Ok(document) => document,
            Err(error) => {
                tracing::warn!(uri = self.uri, cause = %error, "a sub-site's keys cannot be read");
                return false;
            }
        };
        match PublicKeySet::from_json(&document) {
            Ok(keys) => {
                self.held.store(Some(Arc::new(Held { keys, read_at: now })));
                true
            }
            Err(error) => {
                tracing::warn!(uri = self.uri, cause = %error, "a sub-site's key set is refused");
                false
            }
        }
    }
}

/// Checks something that a sub-site signed with its keys, wherever it has them. `check` runs a second time when the
/// sub-site's address had newer keys.
pub async fn verify<T>(
    service: &Service,
    registered: &Registered,
    check: impl Fn(&PublicKeySet) -> Result<T, VerifyError>,
) -> Result<T, VerifyError> {
    let Some(remote) = &registered.remote else {
        return check(registered.keys.as_ref().ok_or(VerifyError::UnknownKey)?);
    };
    let (outbound, now) = (service.outbound(), service.now());
    let keys = remote.current(outbound, now).await;
    let outcome = check(keys.as_ref().ok_or(VerifyError::UnknownKey)?);
    if !matches!(outcome, Err(VerifyError::UnknownKey)) {
        return outcome;
    }
    match remote.renewed(outbound, now).await {
        Some(keys) => check(&keys),
        None => outcome,
    }
}

#[cfg(test)]
pub(crate) mod tests;
