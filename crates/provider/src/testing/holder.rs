//! Proofs of possession for tests (RFC 9449).

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use jose::key::PrivateKey;
use model::client::SigningAlg;
use serde_json::Value;

/// A program that holds a key (RFC 9449).
pub struct Holder(PrivateKey);

impl Holder {
    pub fn new() -> Self {
        Self(PrivateKey::generate(SigningAlg::Es256).unwrap())
    }

    /// The thumbprint of its key.
    pub fn jkt(&self) -> &str {
        self.0.kid()
    }

    /// A proof for one request; `change` may spoil it.
    pub fn proof_with(
        &self,
        (method, url): (&str, &str),
        now: DateTime<Utc>,
        change: impl FnOnce(&mut Value, &mut Value),
    ) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let jti = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut header =
            serde_json::json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.0.public().to_value() });
        let mut claims = serde_json::json!({
            "jti": format!("proof-{jti}"), "htm": method, "htu": url, "iat": now.timestamp(),
        });
        change(&mut header, &mut claims);
        jose::sign::craft(&self.0, &header.to_string(), &claims.to_string()).unwrap()
    }

    /// A proof for one request.
    pub fn proof(&self, request: (&str, &str), now: DateTime<Utc>) -> String {
        self.proof_with(request, now, |_, _| ())
    }

    /// A proof for one request that brings an access token along.
    pub fn proof_for(&self, request: (&str, &str), token: &str, now: DateTime<Utc>) -> String {
        self.proof_with(request, now, |_, claims| {
            claims["ath"] = jose::dpop::token_hash(token).into();
        })
    }
}
