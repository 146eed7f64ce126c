//! Our signing keys together: which signs, which are published (OpenID Connect Core 10.1.1).
//!
//! A key is first `Next` (published, so that sub-sites know it before they meet it), then `Current` (signs), then
//! `Retiring` (published for as long as something that it signed may live), then `Dead`. A [`Ring`] is a snapshot that
//! never changes: a rotation builds another and swaps it in. Whatever is published is also accepted, `Next`
//! included, because another node may have moved on a moment before this one.
//!
//! What it does not do: decide when to rotate, or store anything.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use josekit::jws::JwsSigner;
use model::client::SigningAlg;
use serde_json::json;

use crate::key::{KeyFault, PrivateKey, PublicJwk};
use crate::key_set::PublicKeySet;
use crate::sign::{self, SignError, TokenType};
use crate::verify::{self, Verified, VerifyError};

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, does not sign yet.
    Next,
    /// Published, signs.
    Current,
    /// Published, does not sign any more.
    Retiring,
    /// Neither published nor accepted.
    Dead,
}

impl KeyState {
    /// Every state, in the order in which a key passes through them.
    pub const ALL: [Self; 4] = [Self::Next, Self::Current, Self::Retiring, Self::Dead];

    /// The word for it that is stored and shown to operators.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retiring => "retiring",
            Self::Dead => "dead",
        }
    }

    /// Reads [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Why some keys make no ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// Two keys of one algorithm are current.
    #[error("two keys are current for {}", .0.name())]
    TwoCurrent(SigningAlg),
    /// One key is there twice.
    #[error("a key is in the ring twice")]
    DuplicateKey,
    /// A key cannot verify.
    #[error("a key of the ring is wrong: {0}")]
    Fault(#[from] KeyFault),
}

struct CurrentKey {
    alg: SigningAlg,
    kid: String,
    signer: Arc<dyn JwsSigner>,
}

/// A snapshot of our keys. Of the private keys it keeps only the signers.
pub struct Ring {
    current: Vec<CurrentKey>,
    published: PublicKeySet,
    jwks: Arc<[u8]>,
}

impl Ring {
    /// Builds the snapshot. Dead keys are left out whether or not the caller left them out.
    pub fn new(keys: impl IntoIterator<Item = (KeyState, PrivateKey)>) -> Result<Self, RingError> {
        let mut keys: Vec<_> = keys
            .into_iter()
            .filter(|(state, _)| *state != KeyState::Dead)
            .collect();
        // Sites that take the first key that fits should meet the one that signs.
        keys.sort_by_key(|(state, key)| (*state != KeyState::Current, *state != KeyState::Next, key.alg()));
        let mut current: Vec<CurrentKey> = Vec::new();
        let mut published = Vec::new();
        let mut jwks: Vec<&PublicJwk> = Vec::new();
        for (state, key) in &keys {
            if jwks.iter().any(|other| other.kid() == key.kid()) {
                return Err(RingError::DuplicateKey);
            }
            if *state == KeyState::Current {
                if current.iter().any(|other| other.alg == key.alg()) {
                    return Err(RingError::TwoCurrent(key.alg()));
                }
                current.push(CurrentKey {
                    alg: key.alg(),
                    kid: key.kid().to_owned(),
                    signer: key.signer(),
                });
            }
            published.push(key.public().to_public_key()?);
            jwks.push(key.public());
        }
        let jwks: Vec<_> = jwks.into_iter().map(PublicJwk::to_value).collect();
        Ok(Self {
            current,
            published: PublicKeySet::from_keys(published),
            jwks: json!({ "keys": jwks }).to_string().into_bytes().into(),
        })
    }

    /// The JWK set document that is published.
    pub fn jwks(&self) -> Arc<[u8]> {
        Arc::clone(&self.jwks)
    }

    /// The published keys, to verify our own tokens with.
    pub const fn keys(&self) -> &PublicKeySet {
        &self.published
    }

    /// The algorithms that can be signed with now.
    pub fn algs(&self) -> Vec<SigningAlg> {
        self.current.iter().map(|signer| signer.alg).collect()
    }

    /// The id of the key that signs with an algorithm now.
    pub fn current_kid(&self, alg: SigningAlg) -> Option<&str> {
        self.current_signer(alg).map(|signer| signer.kid.as_str())
    }

    /// Signs claims that are already JSON.
    pub fn sign(&self, alg: SigningAlg, typ: TokenType, claims_json: &str) -> Result<String, SignError> {
        let signer = self.current_signer(alg).ok_or(SignError::NoCurrentKey(alg))?;
        sign::compact(&*signer.signer, alg, &signer.kid, typ, claims_json)
    }

    /// Reads an `id_token_hint`: an ID token of ours for any of our clients, which may have expired (OpenID Connect
    /// Core 3.1.2.1, RP-Initiated Logout 2). The caller compares the audience and the subject with whom it is
    /// talking to. A hint never proves that somebody is signed in.
    pub fn id_token_hint(
        &self,
        token: &str,
        issuer: &str,
        now: DateTime<Utc>,
        leeway: Duration,
    ) -> Result<Verified, VerifyError> {
        verify::id_token_hint(&self.published, token, issuer, now, leeway)
    }

    /// Reads an access token of ours that is a JWT (RFC 9068 section 4), for whatever resource it is. Whether it was
    /// revoked is in the store; the caller also compares the audience.
    pub fn access_token(
        &self,
        token: &str,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<Verified, VerifyError> {
        verify::access_token(&self.published, token, issuer, now)
    }

    fn current_signer(&self, alg: SigningAlg) -> Option<&CurrentKey> {
        self.current.iter().find(|signer| signer.alg == alg)
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current: Vec<_> = self
            .current
            .iter()
            .map(|signer| (signer.alg, &signer.kid))
            .collect();
        f.debug_struct("Ring")
            .field("current", &current)
            .field("published", &self.published.len())
            .finish_non_exhaustive()
    }
}

/// The ring of a running process: every reader sees one whole snapshot, a rotation replaces it.
#[derive(Clone, Debug)]
pub struct SharedRing(Arc<ArcSwap<Ring>>);

impl SharedRing {
    /// Starts with a snapshot.
    pub fn new(ring: Ring) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(ring)))
    }

    /// The snapshot of this moment.
    pub fn load(&self) -> Arc<Ring> {
        self.0.load_full()
    }

    /// Puts another in its place, for all clones.
    pub fn replace(&self, ring: Ring) {
        self.0.store(Arc::new(ring));
    }
}

#[cfg(test)]
mod tests;
