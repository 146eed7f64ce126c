//! Signing and verifying of JSON web tokens; the only crate that names josekit.
//!
//! | Question | Module | Standard |
//! | --- | --- | --- |
//! | which algorithms, and what is `at_hash` | [`alg`] | RFC 7518, RFC 8037, OpenID Connect Core 3.1.3.6 |
//! | how a key is made, kept and named | [`key`] | RFC 7517, RFC 7638 |
//! | which key signs now, which are published | [`ring`] | OpenID Connect Core 10.1.1 |
//! | how a token is written | [`sign`] | RFC 7515 |
//! | whose keys are those | [`key_set`] | RFC 7517 |
//! | is this token what it must be | [`verify`] | RFC 7515, RFC 7519, RFC 8725 |
//! | did the holder of a secret make this assertion | [`mac`] | RFC 7518 section 3.2 |
//! | does the sender hold this key | [`dpop`] | RFC 9449 |
//! | JSON in which nothing is said twice | [`strict_json`] | RFC 8725 section 2.4 |
//!
//! josekit is good at arithmetic and trusting in everything else, so it is only ever handed a message, a signature
//! and a verifier that was made from checked key material. Splitting, decoding, headers and claims are read here,
//! before or after it, and a panic inside it becomes an error. Two rules carry the rest: a verifier is never chosen
//! by the header alone (the algorithm must be on the caller's list *and* be the key's own), and every expectation in
//! [`verify::Verification`] must be written down by the caller, because a check that can be left out will be.
//!
//! Signers and verifiers are made once and kept; making one costs as much as seventeen ES256 signatures.
//!
//! What this crate does not do: encryption (we accept no encrypted token and send none yet), symmetric signatures
//! but for client assertions ([`mac`]), detached or unencoded payloads (RFC 7797), fetching of key sets, and
//! remembering of `jti` values. It does no input or output, and takes the time as an argument; the randomness of
//! new keys and of signatures is OpenSSL's.
//!
//! ```
//! use jose::key::PrivateKey;
//! use jose::ring::{KeyState, Ring};
//! use jose::sign::TokenType;
//! use model::client::SigningAlg;
//!
//! let key = PrivateKey::generate(SigningAlg::Es256)?;
//! let ring = Ring::new([(KeyState::Current, key)])?;
//! let token = ring.sign(SigningAlg::Es256, TokenType::Jwt, r#"{"iss":"https://id.example.gov"}"#)?;
//! assert_eq!(token.split('.').count(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod alg;
mod compact;
pub mod dpop;
mod guard;
pub mod key;
pub mod key_set;
pub mod mac;
mod material;
pub mod ring;
pub mod sign;
pub mod strict_json;
#[cfg(test)]
mod testing;
pub mod verify;
mod weak;
