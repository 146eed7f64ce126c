//! The public part of a key: read from a JWK (RFC 7517), checked, and turned into a verifier.
//!
//! josekit sees nothing of a JWK but what is written here again from checked values. Lengths are exact (RFC 7518
//! sections 6.2 and 6.3, RFC 8037), so that one key has one spelling and one thumbprint.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws;
use josekit::jws::JwsVerifier;
use model::client::SigningAlg;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::guard::{Fault, guarded};
use crate::weak;

/// The smallest RSA modulus, in bits.
pub(crate) const RSA_BITS_MIN: usize = 2048;
/// The largest RSA modulus, in bits; beyond it verifying becomes a way to keep us busy.
pub(crate) const RSA_BITS_MAX: usize = 4096;
/// The longest key id, in bytes.
pub(crate) const KID_BYTES_MAX: usize = 128;

/// What is wrong with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A member of a private key is present.
    #[error("the private member `{0}` is present")]
    PrivateMember(&'static str),
    /// The key is a shared secret.
    #[error("the key is symmetric")]
    Symmetric,
    /// A member that must be there is not.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A member has the wrong type, alphabet or length.
    #[error("`{0}` is malformed")]
    Malformed(&'static str),
    /// `kid` is empty, longer than 128 bytes or has characters that key ids do not need.
    #[error("`kid` must be 1 to 128 of A-Z a-z 0-9 . _ ~ : @ # / + = -")]
    KidNotAllowed,
    /// The modulus is not 2048 to 4096 bits long.
    #[error("an RSA modulus must have 2048 to 4096 bits")]
    RsaSize,
    /// The exponent is even, below 65537 or longer than 32 bits.
    #[error("an RSA exponent must be odd, at least 65537 and below 2^32")]
    RsaExponent,
    /// The modulus was made by a generator whose keys can be factored (CVE-2017-15361).
    #[error("the RSA key is of a kind that can be factored (CVE-2017-15361)")]
    RsaFactorable,
    /// The point is not on its curve or has a small order.
    #[error("the point is not on the curve or has a small order")]
    WeakPoint,
    /// The library did not take the key.
    #[error("the key was refused by the cryptographic library")]
    Library,
}

/// Checked public key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Material {
    P256 { x: String, y: String },
    Ed25519 { x: String },
    Rsa { n: String, e: String },
}

impl Material {
    /// Reads the public members. `None` means a type or curve that we do not use, which RFC 7517 section 5 says to
    /// pass over.
    pub(crate) fn from_jwk(jwk: &Map<String, Value>) -> Result<Option<Self>, KeyFault> {
        match text(jwk, "kty")? {
            "EC" if text(jwk, "crv")? == "P-256" => Self::p256(jwk).map(Some),
            "OKP" if text(jwk, "crv")? == "Ed25519" => Self::ed25519(jwk).map(Some),
            "RSA" => Self::rsa(jwk).map(Some),
            "oct" => Err(KeyFault::Symmetric),
            _ => Ok(None),
        }
    }

    fn p256(jwk: &Map<String, Value>) -> Result<Self, KeyFault> {
        for name in ["x", "y"] {
            if bytes(jwk, name)?.len() != 32 {
                return Err(KeyFault::Malformed(name));
            }
        }
        Ok(Self::P256 {
            x: text(jwk, "x")?.to_owned(),
            y: text(jwk, "y")?.to_owned(),
        })
    }

    fn ed25519(jwk: &Map<String, Value>) -> Result<Self, KeyFault> {
        let x = bytes(jwk, "x")?;
        if x.len() != 32 {
            return Err(KeyFault::Malformed("x"));
        }
        if weak::is_small_order_point(&x) {
            return Err(KeyFault::WeakPoint);
        }
        Ok(Self::Ed25519 {
            x: text(jwk, "x")?.to_owned(),
        })
    }

    fn rsa(jwk: &Map<String, Value>) -> Result<Self, KeyFault> {
        let n = bytes(jwk, "n")?;
        let bits = bit_length(&n).ok_or(KeyFault::Malformed("n"))?;
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err(KeyFault::RsaSize);
        }
        let e = bytes(jwk, "e")?;
        let exponent_bits = bit_length(&e).ok_or(KeyFault::Malformed("e"))?;
        if !(17..=32).contains(&exponent_bits) || e.last().is_some_and(|last| last % 2 == 0) {
            return Err(KeyFault::RsaExponent);
        }
        if weak::is_roca_modulus(&n) {
            return Err(KeyFault::RsaFactorable);
        }
        Ok(Self::Rsa {
            n: text(jwk, "n")?.to_owned(),
            e: text(jwk, "e")?.to_owned(),
        })
    }

    /// The algorithms that such a key can be for.
    pub(crate) const fn algs(&self) -> &'static [SigningAlg] {
        match self {
            Self::P256 { .. } => &[SigningAlg::Es256],
            Self::Ed25519 { .. } => &[SigningAlg::EdDsa],
            Self::Rsa { .. } => &[SigningAlg::Rs256, SigningAlg::Ps256],
        }
    }

    /// The public members and nothing else, in the order that RFC 7638 section 3.2 wants.
    pub(crate) fn members(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::P256 { x, y } => vec![("crv", "P-256"), ("kty", "EC"), ("x", x), ("y", y)],
            Self::Ed25519 { x } => vec![("crv", "Ed25519"), ("kty", "OKP"), ("x", x)],
            Self::Rsa { n, e } => vec![("e", e), ("kty", "RSA"), ("n", n)],
        }
    }

    /// The thumbprint of RFC 7638 with SHA-256, in base64url.
    pub(crate) fn thumbprint(&self) -> String {
        // Every value is base64url or one of our own words, so nothing needs escaping.
        let members: Vec<_> = self
            .members()
            .iter()
            .map(|(name, value)| format!(r#""{name}":"{value}""#))
            .collect();
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(",")).as_bytes()))
    }

    /// A verifier for one of [`Self::algs`]. Expensive; make it once.
    pub(crate) fn verifier(&self, alg: SigningAlg) -> Result<Box<dyn JwsVerifier>, KeyFault> {
        let map: Map<String, Value> = self
            .members()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        guarded(|| {
            let jwk = Jwk::from_map(map)?;
            let verifier: Box<dyn JwsVerifier> = match alg {
                SigningAlg::Es256 => Box::new(jws::ES256.verifier_from_jwk(&jwk)?),
                SigningAlg::Rs256 => Box::new(jws::RS256.verifier_from_jwk(&jwk)?),
                SigningAlg::Ps256 => Box::new(jws::PS256.verifier_from_jwk(&jwk)?),
                SigningAlg::EdDsa => Box::new(jws::EdDSA.verifier_from_jwk(&jwk)?),
            };
            Ok(verifier)
        })
        .map_err(|fault| match (fault, self) {
            // With its lengths checked, a point can only be refused for where it lies.
            (Fault::Refused, Self::P256 { .. } | Self::Ed25519 { .. }) => KeyFault::WeakPoint,
            _ => KeyFault::Library,
        })
    }
}

/// Whether a key id is short and plain. Ids in the wild are hashes in either base64 alphabet, dates, addresses and
/// URIs; none needs a space, a quote, a backslash or a control character.
pub(crate) fn kid_is_plain(kid: &str) -> bool {
    (1..=KID_BYTES_MAX).contains(&kid.len())
        && kid
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._~:@#/+=-".contains(&b))
}

/// A member that must be a string.
pub(crate) fn text<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, KeyFault> {
    match jwk.get(name) {
        Some(Value::String(value)) => Ok(value),
        Some(_) => Err(KeyFault::Malformed(name)),
        None => Err(KeyFault::Missing(name)),
    }
}

fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, KeyFault> {
    URL_SAFE_NO_PAD
        .decode(text(jwk, name)?)
        .map_err(|_| KeyFault::Malformed(name))
}

/// The length of a big-endian integer in bits; `None` for nothing and for leading zeros, which RFC 7518 section
/// 6.3.1 forbids.
fn bit_length(integer: &[u8]) -> Option<usize> {
    let (&first, rest) = integer.split_first()?;
    let unused = usize::try_from(first.leading_zeros()).ok()?;
    (first != 0).then_some(8 * rest.len() + 8 - unused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict_json;

    fn material(text: &str) -> Material {
        Material::from_jwk(&strict_json::object(text.as_bytes()).unwrap())
            .unwrap()
            .unwrap()
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        let key = material(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        );
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        let key =
            material(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn attack_107_key_ids_are_short_and_plain() {
        for kid in [
            "2011-04-29",
            "bilbo.baggins@hobbiton.example",
            "a/b+c=",
            "urn:x:1",
            &"k".repeat(128),
        ] {
            assert!(kid_is_plain(kid), "{kid}");
        }
        for kid in [
            "",
            "a b",
            "a'b",
            "a\"b",
            "a\0b",
            "a\\b",
            "a;b",
            "钥匙",
            "a\nb",
            "a%00",
            &"k".repeat(129),
        ] {
            assert!(!kid_is_plain(kid), "{kid:?}");
        }
    }
}
