//! Tokens that are bound to a key (RFC 9449): a site proves that it has the key, a resource server checks the proof.
//!
//! The resource server gives nonces (section 9) and takes each proof once (section 11.1). It keeps both in memory, as a
//! server that runs alone may.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use model::clock::Clock;
use model::rng::Rng;
use model::secret::Token;
use openidconnect::core::CoreJsonWebKey;
use serde_json::{Map, Value, json};

use crate::jws::{Compact, OwnKey, sha256, thumbprint};
use crate::world::lock;

/// How old a proof may be.
const PROOF_LIFE: TimeDelta = TimeDelta::seconds(60);
/// By how much clocks may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(10);
/// How long a nonce is good for; its predecessor is good for as long again.
const NONCE_LIFE: TimeDelta = TimeDelta::minutes(5);
/// How many proofs are remembered.
const SEEN_MAX: usize = 10_000;

/// A site's side: a key, and the nonces that servers gave.
pub(crate) struct Prover {
    key: OwnKey,
    clock: Clock,
    rng: Rng,
    nonces: Mutex<HashMap<String, String>>,
}

impl Prover {
    /// A prover with a new key.
    pub(crate) fn new(clock: Clock, rng: Rng) -> anyhow::Result<Self> {
        Ok(Self {
            key: OwnKey::generate(&rng)?,
            clock,
            rng,
            nonces: Mutex::default(),
        })
    }

    /// The name of the key, which an authorization request can be bound to (section 10).
    pub(crate) fn thumbprint(&self) -> &str {
        &self.key.kid
    }

    /// A proof for one request (section 4.2). `url` is read without query and fragment.
    pub(crate) fn prove(
        &self,
        method: &str,
        url: &url::Url,
        access_token: Option<&str>,
    ) -> anyhow::Result<String> {
        let mut target = url.clone();
        target.set_query(None);
        target.set_fragment(None);
        let now = self.clock.now();
        let mut claims = json!({
            "jti": Token::generate(&self.rng).expose(),
            "htm": method,
            "htu": target.as_str(),
            "iat": now.timestamp(),
        });
        if let Some(fields) = claims.as_object_mut() {
            if let Some(token) = access_token {
                fields.insert("ath".to_owned(), json!(sha256(token)));
            }
            if let Some(nonce) = lock(&self.nonces).get(&url.origin().ascii_serialization()) {
                fields.insert("nonce".to_owned(), json!(nonce));
            }
        }
        self.key
            .sign(&json!({ "typ": "dpop+jwt", "jwk": self.key.jwk }), &claims)
    }

    /// Remembers the nonce that a server gave (section 8.2).
    pub(crate) fn remember_nonce(&self, url: &url::Url, nonce: &str) {
        lock(&self.nonces).insert(url.origin().ascii_serialization(), nonce.to_owned());
    }
}

/// What is wrong with a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProofFault {
    /// It is not what it must be; the word says why.
    Invalid(&'static str),
    /// It lacks the server's nonce.
    NonceNeeded,
}

struct Nonces {
    current: String,
    previous: String,
    since: DateTime<Utc>,
}

/// A resource server's side.
pub(crate) struct Checker {
    clock: Clock,
    rng: Rng,
    nonces: Mutex<Nonces>,
    seen: Mutex<HashMap<String, DateTime<Utc>>>,
}

/// The request that a proof must be for.
pub(crate) struct Target<'a> {
    /// The method.
    pub method: &'a str,
    /// The address without query and fragment.
    pub url: &'a str,
    /// The access token that came with it.
    pub token: &'a str,
}

impl Checker {
    pub(crate) fn new(clock: Clock, rng: Rng) -> Self {
        let nonces = Nonces {
            current: Token::generate(&rng).expose().to_owned(),
            previous: Token::generate(&rng).expose().to_owned(),
            since: clock.now(),
        };
        Self {
            clock,
            rng,
            nonces: Mutex::new(nonces),
            seen: Mutex::default(),
        }
    }

    /// The nonce to use next.
    pub(crate) fn nonce(&self) -> String {
        let now = self.clock.now();
        let mut nonces = lock(&self.nonces);
        if now - nonces.since > NONCE_LIFE {
            let fresh = Token::generate(&self.rng).expose().to_owned();
            nonces.previous = std::mem::replace(&mut nonces.current, fresh);
            nonces.since = now;
        }
        nonces.current.clone()
    }

    /// The thumbprint of the key that made a proof for this very request (section 4.3).
    pub(crate) fn check(&self, proof: &str, target: &Target<'_>) -> Result<String, ProofFault> {
        use ProofFault::Invalid;

        let parsed = Compact::parse(proof).ok_or(Invalid("not a signed token"))?;
        if !parsed.is_of_type("dpop+jwt") {
            return Err(Invalid("typ is not dpop+jwt"));
        }
        let jwk = parsed
            .header
            .get("jwk")
            .and_then(Value::as_object)
            .ok_or(Invalid("no key"))?;
        if ["d", "k", "p", "q", "dp", "dq", "qi", "oth"]
            .iter()
            .any(|private| jwk.contains_key(*private))
        {
            return Err(Invalid("the key is not public"));
        }
        let key: CoreJsonWebKey = serde_json::from_value(Value::Object(jwk.clone()))
            .map_err(|_| Invalid("the key cannot be read"))?;
        let claims = parsed
            .verify(&key)
            .ok_or(Invalid("the signature is not the key's"))?;
        let jti = self.check_claims(claims, target)?;
        let jkt = thumbprint(jwk).ok_or(Invalid("the key cannot be named"))?;
        self.spend(&jkt, jti)?;
        Ok(jkt)
    }

    fn check_claims<'c>(
        &self,
        claims: &'c Map<String, Value>,
        target: &Target<'_>,
    ) -> Result<&'c str, ProofFault> {
        use ProofFault::Invalid;

        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("htm") != Some(target.method) {
            return Err(Invalid("for another method"));
        }
        if !text("htu").is_some_and(|htu| is_same_address(htu, target.url)) {
            return Err(Invalid("for another address"));
        }
        if text("ath") != Some(sha256(target.token).as_str()) {
            return Err(Invalid("for another access token"));
        }
        let made_at = claims
            .get("iat")
            .and_then(Value::as_i64)
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or(Invalid("no iat"))?;
        let age = self.clock.now() - made_at;
        if age > PROOF_LIFE || age < -LEEWAY {
            return Err(Invalid("not of this moment"));
        }
        let current = self.nonce();
        let known =
            text("nonce").is_some_and(|nonce| nonce == current || nonce == lock(&self.nonces).previous);
        if !known {
            return Err(ProofFault::NonceNeeded);
        }
        text("jti")
            .filter(|jti| !jti.is_empty() && jti.len() <= 200)
            .ok_or(Invalid("no jti"))
    }

    /// Takes a proof's identifier once.
    fn spend(&self, jkt: &str, jti: &str) -> Result<(), ProofFault> {
        let now = self.clock.now();
        let mut seen = lock(&self.seen);
        if seen.len() >= SEEN_MAX {
            seen.retain(|_, at| now - *at <= PROOF_LIFE + LEEWAY);
        }
        if seen.len() >= SEEN_MAX {
            return Err(ProofFault::Invalid("too many proofs at once"));
        }
        match seen.insert(sha256(&format!("{jkt} {jti}")), now) {
            Some(at) if now - at <= PROOF_LIFE + LEEWAY => Err(ProofFault::Invalid("used already")),
            _ => Ok(()),
        }
    }
}

/// Whether two addresses are the same once written in their normal form (section 4.3, point 9).
fn is_same_address(given: &str, wanted: &str) -> bool {
    let normal = |text: &str| {
        let mut url = url::Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    normal(given).is_some_and(|url| Some(url) == normal(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:8104/api/records";

    struct Pair {
        prover: Prover,
        checker: Checker,
        clock: Clock,
    }

    fn pair() -> Pair {
        let clock = Clock::manual(DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let pair = Pair {
            prover: Prover::new(clock.clone(), Rng::seeded(1)).unwrap(),
            checker: Checker::new(clock.clone(), Rng::seeded(2)),
            clock,
        };
        pair.prover
            .remember_nonce(&URL.parse().unwrap(), &pair.checker.nonce());
        pair
    }

    impl Pair {
        fn proof(&self, method: &str, url: &str, token: &str) -> String {
            self.prover
                .prove(method, &url.parse().unwrap(), Some(token))
                .unwrap()
        }

        fn check(&self, proof: &str) -> Result<String, ProofFault> {
            let target = Target {
                method: "GET",
                url: URL,
                token: "token",
            };
            self.checker.check(proof, &target)
        }
    }

    #[test]
    fn a_proof_serves_its_own_request_once_and_in_time() {
        let pair = pair();
        let good = pair.proof("GET", &format!("{URL}?page=1"), "token");
        assert_eq!(pair.check(&good).unwrap(), pair.prover.thumbprint());
        assert_eq!(pair.check(&good), Err(ProofFault::Invalid("used already")));
        for (method, url, token, why) in [
            ("POST", URL, "token", "for another method"),
            (
                "GET",
                "http://127.0.0.1:8104/api/tax-file",
                "token",
                "for another address",
            ),
            ("GET", URL, "other", "for another access token"),
        ] {
            assert_eq!(
                pair.check(&pair.proof(method, url, token)),
                Err(ProofFault::Invalid(why))
            );
        }
        let old = pair.proof("GET", URL, "token");
        pair.clock.advance(TimeDelta::minutes(2));
        assert_eq!(pair.check(&old), Err(ProofFault::Invalid("not of this moment")));
    }

    #[test]
    fn a_proof_without_the_servers_nonce_or_with_an_old_one_is_asked_for_again() {
        let pair = pair();
        pair.clock.advance(TimeDelta::minutes(6));
        pair.checker.nonce();
        pair.check(&pair.proof("GET", URL, "token")).unwrap();
        pair.clock.advance(TimeDelta::minutes(6));
        pair.checker.nonce();
        assert_eq!(
            pair.check(&pair.proof("GET", URL, "token")),
            Err(ProofFault::NonceNeeded)
        );
    }

    #[test]
    fn a_private_key_or_another_type_is_no_proof() {
        let pair = pair();
        let key = OwnKey::generate(&Rng::seeded(3)).unwrap();
        let mut private = key.jwk.clone();
        private.insert("d".to_owned(), json!("x"));
        let token = key
            .sign(&json!({ "typ": "dpop+jwt", "jwk": private }), &json!({}))
            .unwrap();
        assert_eq!(
            pair.check(&token),
            Err(ProofFault::Invalid("the key is not public"))
        );
        let token = key
            .sign(&json!({ "typ": "JWT", "jwk": key.jwk }), &json!({}))
            .unwrap();
        assert_eq!(
            pair.check(&token),
            Err(ProofFault::Invalid("typ is not dpop+jwt"))
        );
    }
}
