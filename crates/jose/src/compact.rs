//! The shape of a compact token, checked before any key is looked at (RFC 7515 sections 3.1 and 5.2, RFC 8725).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::client::SigningAlg;
use serde_json::{Map, Value};

use crate::material::kid_is_plain;
use crate::strict_json;
use crate::verify::{Part, VerifyError};

/// The longest token, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The longest header as it is sent, in bytes.
pub(crate) const HEADER_BYTES_MAX: usize = 2 * 1024;

/// Header members that change what a signature covers, or bring a key along. None is needed by anybody who has
/// registered keys, and each has been somebody's vulnerability. Certificate thumbprints stay allowed: they bring
/// nothing.
pub(crate) const REFUSED_MEMBERS: [&str; 6] = ["crit", "b64", "jwk", "jku", "x5u", "x5c"];

/// What we read of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm: on our list, not yet on the caller's.
    pub alg: SigningAlg,
    /// The key that the token names, if it names one.
    pub kid: Option<String>,
    /// What kind of token it says it is.
    pub typ: Option<String>,
}

/// A token taken apart, with a header that was read (as [`Compact`]) or not yet ([`Parts`]).
#[derive(Debug)]
pub(crate) struct Compact<'a, H = Header> {
    pub(crate) header: H,
    pub(crate) signing_input: &'a str,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// A token whose header is one JSON object and nothing more is known of it.
pub(crate) type Parts<'a> = Compact<'a, Map<String, Value>>;

impl<'a> Compact<'a> {
    /// A token that is signed with a registered key.
    pub(crate) fn parse(token: &'a str) -> Result<Self, VerifyError> {
        let parts = Parts::split(token)?;
        Ok(Self {
            header: Header::read(&parts.header)?,
            signing_input: parts.signing_input,
            payload: parts.payload,
            signature: parts.signature,
        })
    }
}

impl<'a> Parts<'a> {
    pub(crate) fn split(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(VerifyError::TooLong(Part::Token));
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(VerifyError::NotThreeParts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(VerifyError::NotThreeParts)?;
        if payload.contains('.') {
            return Err(VerifyError::NotThreeParts);
        }
        if header.len() > HEADER_BYTES_MAX {
            return Err(VerifyError::TooLong(Part::Header));
        }
        let header = strict_json::object(&decode(header, Part::Header)?).map_err(|error| {
            VerifyError::NotStrictJson {
                part: Part::Header,
                error,
            }
        })?;
        Ok(Self {
            header,
            signing_input,
            payload: decode(payload, Part::Payload)?,
            signature: decode(signature, Part::Signature)?,
        })
    }
}

impl Header {
    fn read(map: &Map<String, Value>) -> Result<Self, VerifyError> {
        refuse_members(map, &REFUSED_MEMBERS)?;
        let alg = text(map, "alg")?
            .and_then(SigningAlg::from_name)
            .ok_or(VerifyError::AlgNotAccepted)?;
        Ok(Self {
            alg,
            kid: plain_kid(map)?.map(str::to_owned),
            typ: text(map, "typ")?.map(str::to_owned),
        })
    }
}

/// Refuses a header that has one of these members.
pub(crate) fn refuse_members(map: &Map<String, Value>, members: &[&'static str]) -> Result<(), VerifyError> {
    match members.iter().find(|name| map.contains_key(**name)) {
        Some(name) => Err(VerifyError::HeaderMemberRefused(name)),
        None => Ok(()),
    }
}

/// The key id of a header, if it has one.
pub(crate) fn plain_kid(map: &Map<String, Value>) -> Result<Option<&str>, VerifyError> {
    let kid = text(map, "kid")?;
    if kid.is_some_and(|kid| !kid_is_plain(kid)) {
        return Err(VerifyError::KidNotAllowed);
    }
    Ok(kid)
}

/// A member of a header that is a string if it is there.
pub(crate) fn text<'a>(
    map: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, VerifyError> {
    match map.get(name) {
        None => Ok(None),
        Some(Value::String(value)) => Ok(Some(value)),
        Some(_) => Err(VerifyError::HeaderMemberMalformed(name)),
    }
}

/// Base64url without padding, in its only spelling: stray bits at the end are refused too.
fn decode(part: &str, name: Part) -> Result<Vec<u8>, VerifyError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| VerifyError::NotBase64Url(name))
}
