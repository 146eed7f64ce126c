//! Is this token what it must be? (RFC 7515, RFC 7519 section 7.2, RFC 7523 section 3, RFC 8725)
//!
//! In order: the shape, the header, the algorithm against the caller's list, the key, the algorithm against the key,
//! the signature, and only then the payload and its claims. Every field of [`Verification`] must be written, so that
//! a check is left out in words or not at all. `exp` is always demanded.
//!
//! For a client assertion (`private_key_jwt`) the caller sets issuer and subject to the client's id, the audience to
//! [`Audience::ExactlyOneOf`] what it accepts there, demands the token id and remembers it until
//! [`Verified::expires_at`]. What it does not do: that remembering, and fetching keys when
//! [`VerifyError::UnknownKey`] suggests that the sender has new ones.

mod claims;
mod own;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use josekit::jws::JwsVerifier;
use model::client::SigningAlg;
use serde_json::{Map, Value};

pub use crate::compact::Header;

use crate::compact::Compact;
use crate::guard::{Fault, guarded};
use crate::key_set::PublicKeySet;
use crate::strict_json::StrictJsonError;

pub(crate) use claims::{Claims, Wanted};
pub(crate) use own::{access_token, id_token_hint};

/// What a token must be. All of it is mandatory.
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    /// The keys of whoever must have signed.
    pub keys: &'a PublicKeySet,
    /// The algorithms that this sender may use.
    pub algs: &'a [SigningAlg],
    /// What `typ` may be.
    pub typ: Typ<'a>,
    /// Who must have issued it: `iss`, byte for byte.
    pub issuer: &'a str,
    /// Whom it must be about: `sub`.
    pub subject: Subject<'a>,
    /// For whom it must be: `aud`.
    pub audience: Audience<'a>,
    /// Whether `iat` must be there. If it is there, it is checked.
    pub issued_at: Demand,
    /// Whether `jti` must be there, with 1 to 256 characters.
    pub token_id: Demand,
    /// The time now.
    pub now: DateTime<Utc>,
    /// How far the sender's clock may be from ours.
    pub leeway: Duration,
    /// The longest time since `iat`, and the longest time until `exp`.
    pub max_age: Duration,
}

impl<'a> Verification<'a> {
    const fn claims(&self) -> Wanted<'a> {
        Wanted {
            issuer: self.issuer,
            subject: self.subject,
            audience: self.audience,
            issued_at: self.issued_at,
            token_id: self.token_id,
            now: self.now,
            leeway: self.leeway,
            max_age: self.max_age,
        }
    }
}

/// What `typ` may be. Compared as media types: case does not count, nor does a leading `application/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typ<'a> {
    /// It must be there and be one of these.
    OneOf(&'a [&'a str]),
    /// It may be missing; if it is there, it must be one of these.
    AbsentOrOneOf(&'a [&'a str]),
}

/// Whom a token must be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// `sub` must be this, byte for byte.
    Exactly(&'a str),
    /// `sub` must be there; the caller looks at it.
    Reported,
    /// `sub` may be missing; the caller looks at it if it matters.
    Optional,
}

/// For whom a token must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience<'a> {
    /// `aud` must be one string, not a list, and one of these. A list would let one token be good at two places
    /// (the audience injection of CVE-2025-27370).
    ExactlyOneOf(&'a [&'a str]),
    /// `aud` must be one of these, or a list in which one of these is.
    Contains(&'a [&'a str]),
}

/// Whether a claim must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Without it the token is refused.
    Required,
    /// It is checked if it is there.
    IfPresent,
}

/// A part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole of it.
    Token,
    /// The first part.
    Header,
    /// The second part.
    Payload,
    /// The third part.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// Why a token is refused. For our log: the sender is told no more than that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// More than 16 KiB in all, or more than 2 KiB of header.
    #[error("the {0} is too long")]
    TooLong(Part),
    /// Not a compact signed token.
    #[error("not three parts")]
    NotThreeParts,
    /// A part has padding, foreign characters or stray bits.
    #[error("the {0} is no strict base64url")]
    NotBase64Url(Part),
    /// A part is not one JSON object without repeated members.
    #[error("the {part} is no strict JSON: {error}")]
    NotStrictJson {
        /// Which part.
        part: Part,
        /// What is wrong with it.
        error: StrictJsonError,
    },
    /// The header brings a key along or changes what is signed.
    #[error("the header must not have `{0}`")]
    HeaderMemberRefused(&'static str),
    /// A member of the header has the wrong type.
    #[error("the header's `{0}` is malformed")]
    HeaderMemberMalformed(&'static str),
    /// The algorithm is missing, not ours, or not one that this sender may use.
    #[error("the algorithm is not accepted here")]
    AlgNotAccepted,
    /// The key that the header names is for another algorithm.
    #[error("the algorithm is not the key's")]
    AlgNotForKey,
    /// The key id is too long or has characters that key ids do not need.
    #[error("the `kid` is not allowed")]
    KidNotAllowed,
    /// No key of the set fits the header.
    #[error("no such key")]
    UnknownKey,
    /// Several keys of the set fit, and the header names none.
    #[error("a `kid` is needed to tell the keys apart")]
    KidRequired,
    /// The token is of another kind.
    #[error("the `typ` is not the one expected")]
    TypMismatch,
    /// The signature has the wrong length or forbidden values.
    #[error("the signature is malformed")]
    SignatureMalformed,
    /// The signature is not of this key over this token.
    #[error("the signature is wrong")]
    SignatureWrong,
    /// The library panicked.
    #[error("the cryptographic library failed")]
    Library,
    /// A claim that must be there is not.
    #[error("`{0}` is missing")]
    ClaimMissing(&'static str),
    /// A claim has the wrong type or size.
    #[error("`{0}` is malformed")]
    ClaimMalformed(&'static str),
    /// Issued by somebody else.
    #[error("`iss` is not the one expected")]
    IssuerMismatch,
    /// About somebody else.
    #[error("`sub` is not the one expected")]
    SubjectMismatch,
    /// Meant for somebody else, or for several.
    #[error("`aud` is not the one expected")]
    AudienceMismatch,
    /// `exp` has passed.
    #[error("expired")]
    Expired,
    /// `exp` is further away than the longest age.
    #[error("`exp` is too far away")]
    ExpiresTooLate,
    /// `nbf` is still to come.
    #[error("not valid yet")]
    NotYetValid,
    /// `iat` is still to come.
    #[error("issued in the future")]
    IssuedInFuture,
    /// `iat` is longer ago than the longest age.
    #[error("issued too long ago")]
    TooOld,
}

/// A token that is what it had to be.
#[derive(Clone)]
pub struct Verified {
    header: Header,
    claims: Map<String, Value>,
    expires_at: DateTime<Utc>,
}

impl Verified {
    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// All claims.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// A claim that is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// `jti`. Its length has been checked.
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// `aud`, whether it was one string or a list.
    pub fn audience(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// `exp`, without leeway. To remember a token id, add the leeway.
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Claims are about people.
        f.debug_struct("Verified")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Checks one token.
pub fn verify(token: &str, wanted: &Verification<'_>) -> Result<Verified, VerifyError> {
    let (header, payload) = verify_signature(token, wanted.keys, wanted.algs)?;
    check_typ(header.typ.as_deref(), wanted.typ)?;
    let claims = Claims::parse(&payload)?;
    let expires_at = claims.check(&wanted.claims())?;
    Ok(Verified {
        header,
        claims: claims.into_map(),
        expires_at,
    })
}

/// The header and the payload of a token whose signature is right. Says nothing about what the payload is.
fn verify_signature(
    token: &str,
    keys: &PublicKeySet,
    algs: &[SigningAlg],
) -> Result<(Header, Vec<u8>), VerifyError> {
    let Compact {
        header,
        signing_input,
        payload,
        signature,
    } = Compact::parse(token)?;
    if !algs.contains(&header.alg) {
        return Err(VerifyError::AlgNotAccepted);
    }
    let verifier = keys.select(&header)?;
    check_signature(verifier, header.alg, (signing_input, &signature))?;
    Ok((header, payload))
}

/// Whether a signature is the key's over a text.
pub(crate) fn check_signature(
    verifier: &dyn JwsVerifier,
    alg: SigningAlg,
    (text, signature): (&str, &[u8]),
) -> Result<(), VerifyError> {
    if !signature_is_well_formed(alg, signature) {
        return Err(VerifyError::SignatureMalformed);
    }
    guarded(|| verifier.verify(text.as_bytes(), signature)).map_err(|fault| match fault {
        Fault::Refused => VerifyError::SignatureWrong,
        Fault::Panicked => VerifyError::Library,
    })
}

/// The order of the group of P-256 (SEC 2 section 2.4.2), big-endian.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Lengths, and for ES256 that both numbers are from 1 to below the order: a library that forgets it takes zeros for
/// anybody's signature over anything (CVE-2022-21449).
fn signature_is_well_formed(alg: SigningAlg, signature: &[u8]) -> bool {
    match alg {
        SigningAlg::Es256 => signature.split_at_checked(32).is_some_and(|(r, s)| {
            let in_range =
                |n: &[u8]| n.len() == 32 && n.iter().any(|&byte| byte != 0) && n < P256_ORDER.as_slice();
            in_range(r) && in_range(s)
        }),
        SigningAlg::EdDsa => signature.len() == 64,
        SigningAlg::Rs256 | SigningAlg::Ps256 => (256..=512).contains(&signature.len()),
    }
}

pub(crate) fn check_typ(typ: Option<&str>, wanted: Typ<'_>) -> Result<(), VerifyError> {
    let (list, absent_is_right) = match wanted {
        Typ::OneOf(list) => (list, false),
        Typ::AbsentOrOneOf(list) => (list, true),
    };
    let right = typ.map_or(absent_is_right, |typ| {
        list.iter()
            .any(|one| media_type(one).eq_ignore_ascii_case(media_type(typ)))
    });
    if right {
        Ok(())
    } else {
        Err(VerifyError::TypMismatch)
    }
}

/// A media type without `application/`, which RFC 7515 section 4.1.9 lets a sender leave out.
fn media_type(typ: &str) -> &str {
    match typ.split_once('/') {
        Some((family, rest)) if family.eq_ignore_ascii_case("application") && !rest.contains('/') => rest,
        _ => typ,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;
