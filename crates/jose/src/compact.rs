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
const REFUSED_MEMBERS: [&str; 6] = ["crit", "b64", "jwk", "jku", "x5u", "x5c"];

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

/// A token taken apart.
#[derive(Debug)]
pub(crate) struct Compact<'a> {
    pub(crate) header: Header,
    pub(crate) signing_input: &'a str,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    pub(crate) fn parse(token: &'a str) -> Result<Self, VerifyError> {
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
        let header = Header::parse(&decode(header, Part::Header)?)?;
        Ok(Self {
            header,
            signing_input,
            payload: decode(payload, Part::Payload)?,
            signature: decode(signature, Part::Signature)?,
        })
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, VerifyError> {
        let map = strict_json::object(bytes).map_err(|error| VerifyError::NotStrictJson {
            part: Part::Header,
            error,
        })?;
        if let Some(name) = REFUSED_MEMBERS.into_iter().find(|name| map.contains_key(*name)) {
            return Err(VerifyError::HeaderMemberRefused(name));
        }
        let alg = text(&map, "alg")?
            .and_then(SigningAlg::from_name)
            .ok_or(VerifyError::AlgNotAccepted)?;
        let kid = text(&map, "kid")?;
        if kid.is_some_and(|kid| !kid_is_plain(kid)) {
            return Err(VerifyError::KidNotAllowed);
        }
        Ok(Self {
            alg,
            kid: kid.map(str::to_owned),
            typ: text(&map, "typ")?.map(str::to_owned),
        })
    }
}

fn text<'a>(map: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, VerifyError> {
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
