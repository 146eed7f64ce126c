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
    fn attack_127_a_million_tokens_repeat_nothing_and_look_like_noise() {
        const TOKENS: usize = 1_000_000;
        let rng = Rng::system();
        let mut heads: Vec<u64> = Vec::with_capacity(TOKENS);
        let mut counts = [[0_u32; 64]; 43];
        for _ in 0..TOKENS {
            let token = Token::generate(&rng);
            let text = token.expose().as_bytes();
            assert_eq!(text.len(), 43, "256 bits in base64url");
            heads.push(
                text.iter()
                    .take(10)
                    .fold(0, |head, byte| head << 6 | u64::from(sextet(*byte))),
            );
            for (place, byte) in counts.iter_mut().zip(text) {
                place[usize::from(sextet(*byte))] += 1;
            }
        }
        // Of a million heads of 60 bits, two are the same once in two million runs.
        heads.sort_unstable();
        assert!(
            heads.windows(2).all(|pair| pair[0] != pair[1]),
            "a token came twice"
        );
        for (place, counts) in counts.iter().enumerate() {
            // The last character carries four bits.
            let kinds = if place == 42 { 16 } else { 64 };
            let expected = f64::from(u32::try_from(TOKENS).unwrap()) / f64::from(kinds);
            let seen = counts.iter().filter(|count| **count > 0);
            let distance: f64 = seen
                .clone()
                .map(|count| (f64::from(*count) - expected).powi(2) / expected)
                .sum();
            assert_eq!(seen.count(), usize::try_from(kinds).unwrap(), "place {place}");
            // Mean 63, deviation 11.2 (or 15 and 5.5): eight deviations is once in far more than a lifetime.
            assert!(
                distance < f64::from(kinds - 1) + 8.0 * (2.0 * f64::from(kinds - 1)).sqrt(),
                "place {place}: {distance}"
            );
        }
    }

    /// The value of a character of base64url.
    fn sextet(byte: u8) -> u8 {
        match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            other => panic!("{other} is not of base64url"),
        }
    }

    #[test]
    fn attack_290_secrets_do_not_print() {
        let token = Token::generate(&Rng::seeded(1));
        assert!(!format!("{token:?} {:?}", token.hash()).contains(token.expose()));
        assert_eq!(format!("{:?}", Sensitive::new("marker")), "Sensitive(…)");
    }
}
