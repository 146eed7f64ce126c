//! Secrets: bearer values, their hashes, and a wrapper for everything that must not be printed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, Zeroizing};

use crate::rng::Rng;

/// A bearer value of 256 random bits as 43 characters of base64url: cookies, codes, tokens, links.
/// Only its [`TokenHash`] is ever stored.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// A new value.
    pub fn generate(rng: &Rng) -> Self {
        let bytes = Zeroizing::new(rng.bytes::<32>());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
    }

    /// Reads a value that somebody sent. Anything that is not exactly 43 characters of the canonical alphabet
    /// is no token, so that no two spellings name one secret.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        (text.len() == 43 && bytes.len() == 32).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a bearer value. Equality takes the same time wherever the difference lies.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a bearer value's text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Takes over a stored hash; `None` when it is not 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The stored form.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A value that must not reach a log, a page by accident or an error text.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Unwraps the value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: Zeroize> Zeroize for Sensitive<T> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Sensitive<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_047_only_the_exact_token_parses_to_the_same_hash() {
        let token = Token::generate(&Rng::system());
        let text = token.expose().to_owned();
        assert_eq!(Token::parse(&text).map(|t| t.hash()), Some(token.hash()));
        assert!(Token::parse(text.get(..42).unwrap()).is_none());
        assert!(Token::parse(&format!("{text}A")).is_none());
        assert!(Token::parse(&format!("{text}=")).is_none());
        assert!(Token::parse(&"A".repeat(1 << 20)).is_none());
    }

    #[test]
    fn attack_290_secrets_do_not_print() {
        let token = Token::generate(&Rng::seeded(1));
        assert!(!format!("{token:?} {:?}", token.hash()).contains(token.expose()));
        assert_eq!(format!("{:?}", Sensitive::new("marker")), "Sensitive(…)");
    }
}
