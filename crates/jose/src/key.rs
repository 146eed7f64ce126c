//! Our signing keys: making, keeping, naming (RFC 7517, RFC 7638).
//!
//! A key is made here by OpenSSL, leaves once as a private JWK in bytes that wipe themselves (the store seals them),
//! and comes back the same way. One algorithm to a key, and the thumbprint is its id, so a key cannot be published
//! under a name that another key has. Making an RSA key takes a few hundred milliseconds: not on an async thread.
//!
//! What it does not do: keep keys in hardware, and wipe what josekit and OpenSSL copy while a key is read.

use std::fmt;
use std::sync::Arc;

use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws;
use josekit::jws::JwsSigner;
use model::client::SigningAlg;
use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

pub use crate::material::KeyFault;

use crate::guard::guarded;
use crate::key_set::PublicKey;
use crate::material::{Material, text};
use crate::strict_json;

/// The size of the RSA keys that we make. With Debian 12's OpenSSL a 3072-bit key signs seven times more slowly.
const RSA_BITS: u32 = 2048;
/// Members of a private JWK in the form that we keep.
const PRIVATE_MEMBERS: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The library could not make a key.
    #[error("no key could be made")]
    NotMade,
    /// The bytes are not strict JSON.
    #[error("the private key is no strict JSON: {0}")]
    NotStrictJson(#[from] strict_json::StrictJsonError),
    /// The key is of a type that we do not use, or names an algorithm that is not its own.
    #[error("the private key's type and algorithm are none that we use")]
    Unsupported,
    /// The public part is wrong, or a private member is missing.
    #[error("the private key is wrong: {0}")]
    Fault(#[from] KeyFault),
    /// The id is not the key's thumbprint.
    #[error("the private key's `kid` is not its thumbprint")]
    KidMismatch,
    /// What the private part signs, the public part does not verify.
    #[error("the private and the public part do not belong together")]
    PartsDiffer,
}

/// A public key of ours, as it is published: key parameters, `kid`, `use` and `alg`; nothing private can be in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicJwk {
    kid: String,
    alg: SigningAlg,
    material: Material,
}

impl PublicJwk {
    /// The key id, which is the RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm that the key is for.
    pub const fn alg(&self) -> SigningAlg {
        self.alg
    }

    /// The JWK.
    pub fn to_value(&self) -> Value {
        Value::Object(self.to_map())
    }

    fn to_map(&self) -> Map<String, Value> {
        let labels = [
            ("kid", self.kid.as_str()),
            ("use", "sig"),
            ("alg", self.alg.name()),
        ];
        let members = self.material.members().into_iter().chain(labels);
        members
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect()
    }

    pub(crate) fn to_public_key(&self) -> Result<PublicKey, KeyFault> {
        PublicKey::new(Some(self.kid.clone()), &self.material, &[self.alg])
    }
}

/// A private key with its signer, which was made once.
pub struct PrivateKey {
    public: PublicJwk,
    private_jwk: Zeroizing<Vec<u8>>,
    signer: Arc<dyn JwsSigner>,
}

impl PrivateKey {
    /// Makes a new key.
    pub fn generate(alg: SigningAlg) -> Result<Self, KeyError> {
        let made = guarded(|| match alg {
            SigningAlg::Es256 => Jwk::generate_ec_key(EcCurve::P256),
            SigningAlg::Rs256 | SigningAlg::Ps256 => Jwk::generate_rsa_key(RSA_BITS),
            SigningAlg::EdDsa => Jwk::generate_ed_key(EdCurve::Ed25519),
        });
        let made = Wiped(made.map_err(|_| KeyError::NotMade)?.into());
        let material = Material::from_jwk(&made.0)?.ok_or(KeyError::Unsupported)?;
        let public = PublicJwk {
            kid: material.thumbprint(),
            alg,
            material,
        };
        let mut whole = Wiped(public.to_map());
        for name in PRIVATE_MEMBERS {
            if let Some(value) = made.0.get(name) {
                whole.0.insert(name.to_owned(), value.clone());
            }
        }
        Self::import(&whole.to_bytes()?)
    }

    /// Reads what [`Self::export`] wrote, and tries the key once.
    pub fn import(private_jwk: &[u8]) -> Result<Self, KeyError> {
        let map = Wiped(strict_json::object(private_jwk)?);
        let material = Material::from_jwk(&map.0)?.ok_or(KeyError::Unsupported)?;
        let alg = SigningAlg::from_name(text(&map.0, "alg")?).ok_or(KeyError::Unsupported)?;
        if !material.algs().contains(&alg) {
            return Err(KeyError::Unsupported);
        }
        let kid = material.thumbprint();
        if text(&map.0, "kid")? != kid {
            return Err(KeyError::KidMismatch);
        }
        let public = PublicJwk { kid, alg, material };
        let signer = signer(&public, &map.0)?;
        let key = Self {
            public,
            private_jwk: Zeroizing::new(private_jwk.to_vec()),
            signer,
        };
        key.try_once()?;
        Ok(key)
    }

    /// The private JWK. Whoever takes it seals it and lets it go.
    pub fn export(&self) -> Zeroizing<Vec<u8>> {
        self.private_jwk.clone()
    }

    /// The key id, which is the RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// The one algorithm that the key is for.
    pub const fn alg(&self) -> SigningAlg {
        self.public.alg
    }

    /// The part that is published.
    pub const fn public(&self) -> &PublicJwk {
        &self.public
    }

    pub(crate) fn signer(&self) -> Arc<dyn JwsSigner> {
        Arc::clone(&self.signer)
    }

    fn try_once(&self) -> Result<(), KeyError> {
        let probe = b"do the two parts belong together";
        let verifier = self.public.material.verifier(self.public.alg)?;
        guarded(|| verifier.verify(probe, &self.signer.sign(probe)?)).map_err(|_| KeyError::PartsDiffer)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("kid", &self.kid())
            .field("alg", &self.alg())
            .finish_non_exhaustive()
    }
}

fn signer(public: &PublicJwk, private: &Map<String, Value>) -> Result<Arc<dyn JwsSigner>, KeyError> {
    let wanted: &[&'static str] = match public.material {
        Material::P256 { .. } | Material::Ed25519 { .. } => &["d"],
        Material::Rsa { .. } => &PRIVATE_MEMBERS,
    };
    let mut map = public.to_map();
    for &name in wanted {
        map.insert(name.to_owned(), Value::from(text(private, name)?));
    }
    let jwk = guarded(|| Jwk::from_map(map)).map_err(|_| KeyFault::Library)?;
    let signer = guarded(|| {
        let signer: Arc<dyn JwsSigner> = match public.alg {
            SigningAlg::Es256 => Arc::new(jws::ES256.signer_from_jwk(&jwk)?),
            SigningAlg::Rs256 => Arc::new(jws::RS256.signer_from_jwk(&jwk)?),
            SigningAlg::Ps256 => Arc::new(jws::PS256.signer_from_jwk(&jwk)?),
            SigningAlg::EdDsa => Arc::new(jws::EdDSA.signer_from_jwk(&jwk)?),
        };
        Ok(signer)
    });
    drop(Wiped(jwk.into()));
    Ok(signer.map_err(|_| KeyFault::Library)?)
}

/// A JWK's members, overwritten when they go.
struct Wiped(Map<String, Value>);

impl Wiped {
    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        // Room for the largest key we make, so that growing leaves no copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        serde_json::to_writer(&mut *bytes, &self.0).map_err(|_| KeyError::NotMade)?;
        Ok(bytes)
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

#[cfg(test)]
mod tests;
