//! Writing tokens: JWS compact serialisation (RFC 7515 section 7.1) with a header of `alg`, `kid` and `typ`.
//!
//! `typ` is always there, because it is what keeps one kind of token from being taken for another (RFC 8725 section
//! 3.11). Which key signs is [`crate::ring`]'s business.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jws::JwsSigner;
use model::client::SigningAlg;

use crate::guard::guarded;
use crate::key::PrivateKey;

/// The kinds of token that we sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenType {
    /// An ID token, and whatever else its specification calls only a JWT.
    Jwt,
    /// An access token (RFC 9068).
    AccessToken,
    /// A logout token (OpenID Connect Back-Channel Logout 2.4).
    LogoutToken,
    /// A security event (RFC 8417).
    SecurityEvent,
    /// An answer of token introspection (RFC 9701).
    TokenIntrospection,
}

impl TokenType {
    /// The value of `typ`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
            Self::SecurityEvent => "secevent+jwt",
            Self::TokenIntrospection => "token-introspection+jwt",
        }
    }
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// No key is current for the algorithm.
    #[error("no key is current for {}", .0.name())]
    NoCurrentKey(SigningAlg),
    /// The library did not sign.
    #[error("the cryptographic library did not sign")]
    Library,
}

/// Signs any header over any payload with a key at hand: for tests of whoever reads tokens, in this crate and others.
/// Nothing else calls it.
pub fn craft(key: &PrivateKey, header_json: &str, claims_json: &str) -> Result<String, SignError> {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header_json),
        URL_SAFE_NO_PAD.encode(claims_json)
    );
    let signature = guarded(|| key.signer().sign(input.as_bytes())).map_err(|_| SignError::Library)?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Writes one token. `kid` is a thumbprint and the other two are words of ours, so the header needs no escaping.
pub(crate) fn compact(
    signer: &dyn JwsSigner,
    alg: SigningAlg,
    kid: &str,
    typ: TokenType,
    claims_json: &str,
) -> Result<String, SignError> {
    let header = format!(
        r#"{{"alg":"{}","kid":"{kid}","typ":"{}"}}"#,
        alg.name(),
        typ.name()
    );
    // Four characters for three bytes, and the signature: at most 342 characters for the keys that we make.
    let mut token = String::with_capacity((header.len() + claims_json.len()).div_ceil(3) * 4 + 360);
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims_json, &mut token);
    let signature = guarded(|| signer.sign(token.as_bytes())).map_err(|_| SignError::Library)?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}
