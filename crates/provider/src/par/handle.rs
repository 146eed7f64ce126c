//! The handle of a pushed request, as sub-sites and browsers carry it.

use model::rng::Rng;
use model::secret::{Token, TokenHash};

/// What every handle begins with (RFC 9126 section 2.2). Only these are ever looked up, and nothing is ever fetched
/// (A133).
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A handle: 256 random bits.
#[derive(Clone, Debug)]
pub struct Handle(Token);

impl Handle {
    /// A new handle.
    pub fn generate(rng: &Rng) -> Self {
        Self(Token::generate(rng))
    }

    /// Reads a `request_uri`; `None` when it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        Token::parse(text.strip_prefix(PREFIX)?).map(Self)
    }

    /// The `request_uri`.
    pub fn uri(&self) -> String {
        format!("{PREFIX}{}", self.0.expose())
    }

    /// What is stored.
    pub fn hash(&self) -> TokenHash {
        self.0.hash()
    }
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.hash() == other.hash()
    }
}

impl Eq for Handle {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_133_only_handles_of_ours_are_read() {
        let handle = Handle::generate(&Rng::seeded(1));
        let uri = handle.uri();
        assert_eq!(Handle::parse(&uri), Some(handle.clone()));
        assert_eq!(uri.len(), PREFIX.len() + 43);
        let token = uri.strip_prefix(PREFIX).expect("a token");
        assert!(!format!("{handle:?}").contains(token));
        for bad in [
            "",
            PREFIX,
            token,
            "https://evil.test/request.jwt",
            &format!("{PREFIX}x"),
            &format!("{uri}x"),
            &format!("{uri}#x"),
            &format!(" {uri}"),
            &uri.to_ascii_uppercase(),
            &format!("https://evil.test/{uri}"),
        ] {
            assert_eq!(Handle::parse(bad), None, "{bad}");
        }
    }
}
