//! Proofs of possession at our endpoints (RFC 9449): read, used once, with nonces of ours.
//!
//! A proof is read without the database; that its `jti` is good once is a row in the transaction that acts
//! ([`Proof::spend`]). A nonce is a time with a keyed check value, so every node knows those of the others and nothing
//! is stored. Each answer to a request with a proof brings a fresh one ([`offer`]); whether a proof must have one is
//! `[provider] dpop_nonces`. What it does not do: compare the key with the one that a code or token is bound to, which
//! is its reader's business.

use std::time::Duration;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use jose::dpop::Demanded;
use serde::Deserialize;
use sha2::Sha256;
use store::vault::Vault;
use store::{Tx, assertions};
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::Service;
use crate::error::DpopError;

pub use jose::dpop::{ALGS, is_thumbprint};

/// The header with a proof.
pub const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header with a nonce for the next proof.
pub const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// How far a sender's clock may be ahead of ours.
const LEEWAY: Duration = Duration::from_secs(30);
/// How old a proof may be.
const MAX_AGE: Duration = Duration::from_mins(2);
/// How long one nonce is handed out, in seconds.
const NONCE_TURN_SECONDS: i64 = 60;
/// How many turns a nonce is good after its own.
const NONCE_TURNS: i64 = 4;

/// Whether proofs must have a nonce of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nonces {
    /// One is handed out with each answer; a proof with none is taken.
    #[default]
    Offered,
    /// A proof with none is refused.
    Required,
}

/// Makes and knows nonces.
pub struct NonceKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceKey(…)")
    }
}

impl NonceKey {
    /// The key that all nodes have.
    pub fn new(vault: &Vault) -> Self {
        Self(vault.derive("dpop nonce"))
    }

    /// The nonce of this moment.
    fn make(&self, now: DateTime<Utc>) -> String {
        self.of_turn(now.timestamp().div_euclid(NONCE_TURN_SECONDS))
    }

    fn of_turn(&self, turn: i64) -> String {
        let turn = turn.to_be_bytes();
        let check = self.check(&turn).unwrap_or_default();
        let (half, _) = check.split_at(check.len() / 2);
        URL_SAFE_NO_PAD.encode([turn.as_slice(), half].concat())
    }

    fn check(&self, turn: &[u8]) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        mac.update(turn);
        Some(mac.finalize().into_bytes().into())
    }

    /// Whether a nonce is ours and not old. The next turn is known too, because another node's clock may be ahead.
    fn knows(&self, nonce: &str, now: DateTime<Utc>) -> bool {
        let turn = now.timestamp().div_euclid(NONCE_TURN_SECONDS);
        // Every turn is compared, each in constant time.
        let known = (turn - NONCE_TURNS..=turn + 1)
            .map(|turn| self.of_turn(turn).as_bytes().ct_eq(nonce.as_bytes()))
            .fold(Choice::from(0), |known, this| known | this);
        known.into()
    }
}

/// A proof that is right for its request, and not yet used.
#[derive(Debug)]
pub struct Proof {
    /// The thumbprint of the sender's key: what tokens are bound to.
    pub jkt: String,
    jti: String,
    expires_at: DateTime<Utc>,
}

impl Proof {
    /// Reads the proof of a request, if it has one. `path` is one of ours; `access_token` the one that comes along.
    pub fn read(
        service: &Service,
        headers: &HeaderMap,
        (method, path): (&str, &str),
        access_token: Option<&str>,
    ) -> Result<Option<Self>, DpopError> {
        let mut lines = headers.get_all(PROOF).iter();
        let proof = match (lines.next(), lines.next()) {
            (None, _) => return Ok(None),
            (Some(line), None) => line.to_str().map_err(|_| DpopError::SeveralProofs)?,
            (Some(_), Some(_)) => return Err(DpopError::SeveralProofs),
        };
        let now = service.now();
        let wanted = Demanded {
            method,
            url: &format!("{}{path}", service.issuer()),
            access_token,
            now,
            leeway: LEEWAY,
            max_age: MAX_AGE,
        };
        let proof = jose::dpop::verify(proof, &wanted).map_err(|error| {
            tracing::info!(path, cause = %error, "proof of possession refused");
            DpopError::ProofRefused
        })?;
        match (&proof.nonce, service.config().dpop_nonces) {
            (Some(nonce), _) if !service.nonce_key().knows(nonce, now) => return Err(DpopError::NonceStale),
            (None, Nonces::Required) => return Err(DpopError::NonceMissing),
            _ => {}
        }
        Ok(Some(Self {
            jkt: proof.thumbprint,
            jti: proof.token_id,
            expires_at: proof.expires_at,
        }))
    }

    /// Notes that the proof was used, once.
    pub async fn spend(&self, tx: &Tx) -> Result<(), DpopError> {
        if assertions::spend_proof(tx, &self.jkt, &self.jti, self.expires_at).await? {
            Ok(())
        } else {
            Err(DpopError::ProofReplayed)
        }
    }
}

/// Adds a fresh nonce to the answer to a request that has a proof (RFC 9449 section 8.2).
pub fn offer(service: &Service, headers: &HeaderMap, mut response: Response) -> Response {
    if headers.contains_key(PROOF)
        && let Ok(nonce) = HeaderValue::try_from(service.nonce_key().make(service.now()))
    {
        response.headers_mut().insert(NONCE, nonce);
    }
    response
}

/// The challenge of a resource that takes bound tokens (RFC 9449 section 7.1). The words are those of an error's row.
pub fn challenge(error: &str, description: &str) -> Option<HeaderValue> {
    let algs = ALGS.map(model::client::SigningAlg::name).join(" ");
    HeaderValue::try_from(format!(
        "DPoP error=\"{error}\", error_description=\"{description}\", algs=\"{algs}\""
    ))
    .ok()
}

#[cfg(test)]
mod tests;
