//! Proof that whoever sends a request holds a key (RFC 9449, DPoP).
//!
//! The one place where a key that comes with a token is used, because here the key is the claim: what a proof shows is
//! *this is the key with that thumbprint*, never who holds it. The key must be public, of a kind that we use, and fit
//! the algorithm. What this module does not do: remember `jti` values, make nonces, and know which thumbprint a token
//! is bound to; the caller does all three.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use model::client::SigningAlg;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::compact::{Parts, plain_kid, refuse_members, text};
use crate::key_set::{PublicKey, read_bare_key};
use crate::material::{KeyFault, Material};
use crate::verify::{Claims, Demand, Typ, VerifyError, check_signature, check_typ};

/// The algorithms of proofs: those of FAPI 2.0, for everybody.
pub const ALGS: [SigningAlg; 3] = SigningAlg::FAPI;

/// Header members that a proof has no use for.
const REFUSED_MEMBERS: [&str; 5] = ["crit", "b64", "jku", "x5u", "x5c"];

/// The longest `nonce` that is looked at, in bytes.
const NONCE_BYTES_MAX: usize = 256;

/// What a proof must be. All of it is mandatory.
#[derive(Clone, Copy, Debug)]
pub struct Demanded<'a> {
    /// The method of the request: `htm`.
    pub method: &'a str,
    /// The address of the request: `htu`, compared without query and fragment.
    pub url: &'a str,
    /// The access token that comes along, whose hash `ath` must be.
    pub access_token: Option<&'a str>,
    /// The time now.
    pub now: DateTime<Utc>,
    /// How far `iat` may be ahead of our clock.
    pub leeway: Duration,
    /// How old `iat` may be.
    pub max_age: Duration,
}

/// Why a proof is refused. For our log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is no token that could be one.
    #[error(transparent)]
    Token(#[from] VerifyError),
    /// The header has no `jwk`.
    #[error("the header has no `jwk`")]
    KeyMissing,
    /// The key is of a kind that we do not use, or is not meant for this.
    #[error("the key is not for signatures that we accept")]
    KeyUnsupported,
    /// The key is wrong, or not public.
    #[error("the key is wrong: {0}")]
    Key(#[from] KeyFault),
    /// `htm` is another method.
    #[error("`htm` is not the method of the request")]
    MethodMismatch,
    /// `htu` is another address.
    #[error("`htu` is not the address of the request")]
    UrlMismatch,
    /// `ath` is not the hash of the access token.
    #[error("`ath` is not the hash of the access token")]
    TokenMismatch,
}

/// A proof that is what it had to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The thumbprint of the key.
    pub thumbprint: String,
    /// `jti`, which must not come again before [`Self::expires_at`].
    pub token_id: String,
    /// `nonce`, if there is one; the caller made it or did not.
    pub nonce: Option<String>,
    /// From when on the proof is too old.
    pub expires_at: DateTime<Utc>,
}

/// Checks one proof (RFC 9449 section 4.3, but for the points that need memory).
pub fn verify(proof: &str, wanted: &Demanded<'_>) -> Result<Proof, ProofError> {
    let parts = Parts::split(proof)?;
    refuse_members(&parts.header, &REFUSED_MEMBERS)?;
    check_typ(text(&parts.header, "typ")?, Typ::OneOf(&["dpop+jwt"]))?;
    let alg = text(&parts.header, "alg")?
        .and_then(SigningAlg::from_name)
        .filter(|alg| ALGS.contains(alg))
        .ok_or(VerifyError::AlgNotAccepted)?;
    plain_kid(&parts.header)?;
    let (material, key) = read_key(&parts.header)?;
    let verifier = key.verifier(alg).ok_or(VerifyError::AlgNotForKey)?;
    check_signature(verifier, alg, (parts.signing_input, &parts.signature))?;

    let claims = Claims::parse(&parts.payload)?;
    let missing = |name| VerifyError::ClaimMissing(name);
    if claims.text("htm")?.ok_or(missing("htm"))? != wanted.method {
        return Err(ProofError::MethodMismatch);
    }
    if !same_address(claims.text("htu")?.ok_or(missing("htu"))?, wanted.url) {
        return Err(ProofError::UrlMismatch);
    }
    claims.check_issued_at(Demand::Required, wanted.now, wanted.leeway, wanted.max_age)?;
    claims.check_token_id(Demand::Required)?;
    if let Some(token) = wanted.access_token {
        let hash = claims.text("ath")?.ok_or(missing("ath"))?;
        if hash != token_hash(token) {
            return Err(ProofError::TokenMismatch);
        }
    }
    let nonce = claims.text("nonce")?;
    if nonce.is_some_and(|nonce| nonce.len() > NONCE_BYTES_MAX) {
        return Err(VerifyError::ClaimMalformed("nonce").into());
    }
    let issued_at = claims
        .instant("iat")?
        .and_then(|at| DateTime::from_timestamp(at, 0));
    // Times are compared in whole seconds, so it is good until its last second is over.
    let life = wanted.max_age + wanted.leeway + Duration::from_secs(1);
    let life = TimeDelta::from_std(life).unwrap_or(TimeDelta::MAX);
    Ok(Proof {
        thumbprint: material.thumbprint(),
        token_id: claims.text("jti")?.unwrap_or_default().to_owned(),
        nonce: nonce.map(str::to_owned),
        expires_at: issued_at
            .and_then(|at| at.checked_add_signed(life))
            .unwrap_or(DateTime::<Utc>::MAX_UTC),
    })
}

/// The `ath` of an access token: its SHA-256 in base64url.
pub fn token_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(access_token.as_bytes()))
}

/// Whether a text could be a thumbprint: a SHA-256 in the only spelling of base64url. For `dpop_jkt`.
pub fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|hash| hash.len() == 32)
}

fn read_key(header: &Map<String, Value>) -> Result<(Material, PublicKey), ProofError> {
    let jwk = match header.get("jwk") {
        None => return Err(ProofError::KeyMissing),
        Some(Value::Object(jwk)) => jwk,
        Some(_) => return Err(VerifyError::HeaderMemberMalformed("jwk").into()),
    };
    read_bare_key(jwk)?.ok_or(ProofError::KeyUnsupported)
}

/// Whether two addresses are one, without query and fragment. Scheme and host are compared without case, and the port
/// that a scheme has anyway may be left out (RFC 9449 section 4.3, RFC 3986 section 6.2).
fn same_address(sent: &str, wanted: &str) -> bool {
    let normal = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        let bare = url.username().is_empty() && url.password().is_none() && url.has_host();
        url.set_query(None);
        url.set_fragment(None);
        bare.then_some(url)
    };
    normal(sent).is_some_and(|sent| Some(sent) == normal(wanted))
}

#[cfg(test)]
mod tests;
