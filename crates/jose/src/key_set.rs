//! Whose keys those are: a set of public keys with their verifiers (RFC 7517 section 5).
//!
//! A set comes from a sub-site's registration, or from our own ring. What is merely not for us is passed over (other
//! key types and curves, encryption keys); what is wrong refuses the whole set, so that the sub-site's operator
//! learns of it when the set is read and not when somebody signs in. It does not fetch anything.

use std::collections::HashSet;
use std::sync::Arc;

use josekit::jws::JwsVerifier;
use model::client::SigningAlg;
use serde_json::{Map, Value};

use crate::compact::Header;
use crate::material::{KeyFault, Material, kid_is_plain, text};
use crate::strict_json;
use crate::verify::VerifyError;

/// The most keys in one set.
pub const KEYS_MAX: usize = 16;
/// The longest set, in bytes.
pub const SET_BYTES_MAX: usize = 64 * 1024;

/// Members that only a private or symmetric key has (RFC 7518 section 6, RFC 8037 section 2).
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// Why a key set is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Longer than 64 KiB.
    #[error("the key set is longer than 64 KiB")]
    TooLong,
    /// Not JSON, or something is said twice in it.
    #[error("the key set is no strict JSON: {0}")]
    NotStrictJson(#[from] strict_json::StrictJsonError),
    /// There is no list of objects named `keys`.
    #[error("the key set must have a list of objects named `keys`")]
    NotAKeySet,
    /// More than 16 keys.
    #[error("the key set has more than 16 keys")]
    TooManyKeys,
    /// Two keys have the same id.
    #[error("two keys have the same `kid`")]
    DuplicateKid,
    /// Nothing in the set can verify a signature that we accept.
    #[error("no key of the set is for RS256, PS256, ES256 or EdDSA signatures")]
    NoUsableKey,
    /// One key is wrong.
    #[error("key {index} of the set: {fault}")]
    Key {
        /// Which one, counted from zero.
        index: usize,
        /// What is wrong with it.
        fault: KeyFault,
    },
}

/// One public key and its verifiers, one for each algorithm it may be used with.
#[derive(Debug)]
pub(crate) struct PublicKey {
    kid: Option<String>,
    verifiers: Vec<(SigningAlg, Box<dyn JwsVerifier>)>,
}

impl PublicKey {
    pub(crate) fn new(
        kid: Option<String>,
        material: &Material,
        algs: &[SigningAlg],
    ) -> Result<Self, KeyFault> {
        let verifiers = algs
            .iter()
            .map(|&alg| Ok((alg, material.verifier(alg)?)))
            .collect::<Result<Vec<_>, KeyFault>>()?;
        Ok(Self { kid, verifiers })
    }

    pub(crate) fn verifier(&self, alg: SigningAlg) -> Option<&dyn JwsVerifier> {
        self.verifiers
            .iter()
            .find(|(own, _)| *own == alg)
            .map(|(_, verifier)| &**verifier)
    }
}

/// Public keys, ready to verify with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PublicKeySet {
    keys: Arc<[PublicKey]>,
}

impl PublicKeySet {
    /// Reads a JWK set from its text.
    pub fn from_json(text: &[u8]) -> Result<Self, KeySetError> {
        if text.len() > SET_BYTES_MAX {
            return Err(KeySetError::TooLong);
        }
        Self::from_map(&strict_json::object(text)?)
    }

    /// Reads a JWK set from a value whose reader already refused repeated members.
    pub fn from_value(set: &Value) -> Result<Self, KeySetError> {
        Self::from_map(set.as_object().ok_or(KeySetError::NotAKeySet)?)
    }

    fn from_map(set: &Map<String, Value>) -> Result<Self, KeySetError> {
        let Some(Value::Array(list)) = set.get("keys") else {
            return Err(KeySetError::NotAKeySet);
        };
        if list.len() > KEYS_MAX {
            return Err(KeySetError::TooManyKeys);
        }
        let mut kids = HashSet::new();
        let mut keys = Vec::new();
        for (index, jwk) in list.iter().enumerate() {
            let jwk = jwk.as_object().ok_or(KeySetError::NotAKeySet)?;
            let fault = |fault| KeySetError::Key { index, fault };
            let kid = read_kid(jwk).map_err(fault)?;
            if kid.is_some_and(|kid| !kids.insert(kid)) {
                return Err(KeySetError::DuplicateKid);
            }
            keys.extend(read_key(jwk, kid).map_err(fault)?);
        }
        if keys.is_empty() {
            return Err(KeySetError::NoUsableKey);
        }
        Ok(Self { keys: keys.into() })
    }

    pub(crate) fn from_keys(keys: Vec<PublicKey>) -> Self {
        Self { keys: keys.into() }
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can be used.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that a header names, if the algorithm is that key's own. Without a `kid` there must be exactly one key
    /// for the algorithm: trying several would let an attacker choose.
    pub(crate) fn select(&self, header: &Header) -> Result<&dyn JwsVerifier, VerifyError> {
        if let Some(kid) = header.kid.as_deref() {
            let key = self.keys.iter().find(|key| key.kid.as_deref() == Some(kid));
            return key
                .ok_or(VerifyError::UnknownKey)?
                .verifier(header.alg)
                .ok_or(VerifyError::AlgNotForKey);
        }
        let mut fitting = self.keys.iter().filter_map(|key| key.verifier(header.alg));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(VerifyError::UnknownKey),
            (Some(_), Some(_)) => Err(VerifyError::KidRequired),
        }
    }
}

fn read_kid(jwk: &Map<String, Value>) -> Result<Option<&str>, KeyFault> {
    match text(jwk, "kid") {
        Ok(kid) if kid_is_plain(kid) => Ok(Some(kid)),
        Ok(_) => Err(KeyFault::KidNotAllowed),
        Err(KeyFault::Missing(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// One key; `None` when it is not for verifying signatures that we accept.
fn read_key(jwk: &Map<String, Value>, kid: Option<&str>) -> Result<Option<PublicKey>, KeyFault> {
    let Some((material, algs)) = read_material(jwk)? else {
        return Ok(None);
    };
    PublicKey::new(kid.map(str::to_owned), &material, &algs).map(Some)
}

/// A key that stands alone, without a name; see [`crate::dpop`].
pub(crate) fn read_bare_key(jwk: &Map<String, Value>) -> Result<Option<(Material, PublicKey)>, KeyFault> {
    let Some((material, algs)) = read_material(jwk)? else {
        return Ok(None);
    };
    let key = PublicKey::new(None, &material, &algs)?;
    Ok(Some((material, key)))
}

fn read_material(jwk: &Map<String, Value>) -> Result<Option<(Material, Vec<SigningAlg>)>, KeyFault> {
    if jwk.get("kty").is_some_and(|kty| kty == "oct") {
        return Err(KeyFault::Symmetric);
    }
    if let Some(name) = PRIVATE_MEMBERS.into_iter().find(|name| jwk.contains_key(*name)) {
        return Err(KeyFault::PrivateMember(name));
    }
    if !is_for_verifying(jwk)? {
        return Ok(None);
    }
    let Some(material) = Material::from_jwk(jwk)? else {
        return Ok(None);
    };
    let algs: Vec<_> = match optional_text(jwk, "alg")? {
        None => material.algs().to_vec(),
        Some(name) => material
            .algs()
            .iter()
            .copied()
            .filter(|alg| alg.name() == name)
            .collect(),
    };
    Ok((!algs.is_empty()).then_some((material, algs)))
}

fn is_for_verifying(jwk: &Map<String, Value>) -> Result<bool, KeyFault> {
    if optional_text(jwk, "use")?.is_some_and(|usage| usage != "sig") {
        return Ok(false);
    }
    match jwk.get("key_ops") {
        None => Ok(true),
        Some(Value::Array(operations)) => Ok(operations.iter().any(|operation| operation == "verify")),
        Some(_) => Err(KeyFault::Malformed("key_ops")),
    }
}

fn optional_text<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, KeyFault> {
    match text(jwk, name) {
        Ok(value) => Ok(Some(value)),
        Err(KeyFault::Missing(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests;
