//! A certificate and a signature as a person pastes them: nothing before, nothing after, nothing twice.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use openssl::bn::BigNum;
use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Padding;
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Verifier};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::evidence::port::CertificateFault as Fault;

/// The longest text of a certificate, in bytes.
pub(super) const TEXT_BYTES: usize = 16 * 1024;
/// The shortest and the longest RSA key, in bits: a longer one costs time.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;
/// The length of an ECDSA signature over P-256 as two numbers side by side, in bytes.
const PAIR_BYTES: usize = 64;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads base64 with line breaks.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64.decode(text).ok().filter(|bytes| !bytes.is_empty())
}

/// The bytes of one certificate: PEM, or DER in base64.
pub(super) fn certificate(text: &str) -> Result<Vec<u8>, Fault> {
    let text = text.trim();
    if text.len() > TEXT_BYTES {
        return Err(Fault::Unreadable);
    }
    let inner = match text.strip_prefix(BEGIN) {
        Some(rest) => rest.strip_suffix(END).ok_or(Fault::Unreadable)?,
        None => text,
    };
    let der = base64(inner).ok_or(Fault::Unreadable)?;
    let (rest, _) = X509Certificate::from_der(&der).map_err(|_| Fault::Unreadable)?;
    if rest.is_empty() {
        Ok(der)
    } else {
        Err(Fault::Unreadable)
    }
}

/// The bytes of a signature.
pub(super) fn signature(text: &str) -> Result<Vec<u8>, Fault> {
    base64(text.trim())
        .filter(|bytes| bytes.len() <= 1024)
        .ok_or(Fault::Signature)
}

/// Whether a key is one that we check signatures of, and strong enough.
pub(super) fn check_key(key: &PKey<Public>) -> Result<(), Fault> {
    let good = match key.id() {
        Id::RSA => RSA_BITS.contains(&key.bits()),
        Id::EC => key
            .ec_key()
            .is_ok_and(|key| key.group().curve_name() == Some(Nid::X9_62_PRIME256V1)),
        _ => false,
    };
    if good { Ok(()) } else { Err(Fault::Weak) }
}

/// Whether a signature over a text is a key's: ES256, RS256 or PS256.
pub(super) fn verify(key: &PKey<Public>, text: &str, signature: &[u8]) -> Result<(), Fault> {
    check_key(key)?;
    let holds = match key.id() {
        Id::EC => key.ec_key().and_then(|key| verify_ecdsa(&key, text, signature)),
        _ => verify_rsa(key, text, signature),
    };
    // Whatever the library does not understand is no signature.
    if matches!(holds, Ok(true)) {
        Ok(())
    } else {
        Err(Fault::Signature)
    }
}

fn verify_ecdsa(key: &EcKey<Public>, text: &str, signature: &[u8]) -> Result<bool, ErrorStack> {
    let parsed = match signature.split_at_checked(PAIR_BYTES / 2) {
        Some((r, s)) if signature.len() == PAIR_BYTES => {
            EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?
        }
        _ => EcdsaSig::from_der(signature)?,
    };
    if signature.len() != PAIR_BYTES && parsed.to_der()? != signature {
        return Ok(false);
    }
    parsed.verify(&sha256(text.as_bytes()), key)
}

fn verify_rsa(key: &PKey<Public>, text: &str, signature: &[u8]) -> Result<bool, ErrorStack> {
    let mut verifier = Verifier::new(MessageDigest::sha256(), key)?;
    verifier.set_rsa_padding(Padding::PKCS1)?;
    if matches!(verifier.verify_oneshot(signature, text.as_bytes()), Ok(true)) {
        return Ok(true);
    }
    let mut verifier = Verifier::new(MessageDigest::sha256(), key)?;
    verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
    verifier.set_rsa_mgf1_md(MessageDigest::sha256())?;
    verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    verifier.verify_oneshot(signature, text.as_bytes())
}
