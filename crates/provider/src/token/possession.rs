//! The key that a client shows with a token request (RFC 9449 section 5): read before anything is spent, spent in the
//! transaction that acts.

use http::HeaderMap;
use store::Tx;

use crate::Service;
use crate::client_auth::{Caller, Refusal};
use crate::dpop::Proof;
use crate::error::{DpopError, TokenError};
use crate::router::paths;

/// What was shown.
#[derive(Debug)]
pub(super) struct Possession(Option<Proof>);

impl Possession {
    /// Reads the proof; without one only a client goes on whose tokens need not be bound.
    pub(super) fn read(service: &Service, caller: &Caller, headers: &HeaderMap) -> Result<Self, DpopError> {
        match Proof::read(service, headers, ("POST", paths::TOKEN), None)? {
            None if caller.client().binds_tokens() => Err(DpopError::ProofMissing),
            proof => Ok(Self(proof)),
        }
    }

    /// The thumbprint of the key.
    pub(super) fn jkt(&self) -> Option<&str> {
        self.0.as_ref().map(|proof| proof.jkt.as_str())
    }

    /// Whether it is the key that something is bound to, if it is bound to one.
    pub(super) fn fits(&self, bound: Option<&String>) -> Result<(), TokenError> {
        match (bound, self.jkt()) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(TokenError::KeyMissing),
            (Some(bound), Some(shown)) if bound == shown => Ok(()),
            (Some(_), Some(_)) => Err(TokenError::KeyMismatch),
        }
    }

    /// Spends the proof: it is good once.
    pub(super) async fn spend(&self, tx: &Tx) -> Result<(), Refusal> {
        if let Some(proof) = &self.0 {
            proof.spend(tx).await?;
        }
        Ok(())
    }
}
