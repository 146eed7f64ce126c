//! The signature algorithms that we make and accept (RFC 7518 section 3, RFC 8037), and the hashes that follow
//! from them.
//!
//! The list is closed. `none` and everything symmetric are not on it and cannot be configured: with a symmetric
//! algorithm a public key would be as good as a secret, which is the oldest confusion there is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256, Sha512};

pub use model::client::SigningAlg;

/// What we accept from others, in the order in which metadata lists it.
pub const ACCEPTED: [SigningAlg; 4] = SigningAlg::ALL;

/// The `at_hash` of an access token, or the `c_hash` of a code: the left half of its hash, in base64url
/// (OpenID Connect Core 3.1.3.6). Ed25519 has SHA-512 inside, so that is its hash here too.
pub fn at_hash(alg: SigningAlg, token: &str) -> String {
    match alg {
        SigningAlg::Es256 | SigningAlg::Rs256 | SigningAlg::Ps256 => {
            left_half(&Sha256::digest(token.as_bytes()))
        }
        SigningAlg::EdDsa => left_half(&Sha512::digest(token.as_bytes())),
    }
}

fn left_half(digest: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest.get(..digest.len() / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_hash_is_the_left_half_of_the_algorithms_hash() {
        // The example of OpenID Connect Core A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(SigningAlg::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            at_hash(SigningAlg::Es256, token),
            at_hash(SigningAlg::Ps256, token)
        );
        assert_eq!(at_hash(SigningAlg::EdDsa, token).len(), 43);
    }

    #[test]
    fn attack_103_names_that_are_not_on_the_list_are_no_algorithms() {
        for name in [
            "none", "None", "HS256", "HS512", "RS384", "ES512", "ES256K", "es256", "RS256 ", "", "Ed25519",
        ] {
            assert_eq!(SigningAlg::from_name(name), None, "{name:?}");
        }
        assert_eq!(
            ACCEPTED.map(SigningAlg::name),
            ["ES256", "RS256", "PS256", "EdDSA"]
        );
    }
}
