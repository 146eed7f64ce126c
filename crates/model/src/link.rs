//! Links that are sent to people: what each is for, and the value in it.
//!
//! A link is a bearer value. It is short enough for a text message, and following it changes nothing: programs that look
//! at mail follow links too (A175). What it is for happens when the person presses the button on its page.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::rng::Rng;
use crate::secret::TokenHash;

/// What a link is for. One that was sent for one purpose is nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Makes an account usable that was registered by e-mail.
    ActivateEmail,
    /// Confirms an address that an account is to have.
    ConfirmEmail,
    /// "This wasn't me": holds the account and ends every sign-in.
    NotMe,
    /// Takes a change back.
    UndoChange,
    /// Opens the page on which somebody objects to a decision.
    Appeal,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ActivateEmail,
        Self::ConfirmEmail,
        Self::NotMe,
        Self::UndoChange,
        Self::Appeal,
    ];

    /// The word in the database and in keys of texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActivateEmail => "activate-email",
            Self::ConfirmEmail => "confirm-email",
            Self::NotMe => "not-me",
            Self::UndoChange => "undo-change",
            Self::Appeal => "appeal",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }
}

/// How many characters a value has.
const CHARACTERS: usize = 22;
/// How many random bytes.
const BYTES: usize = 16;

/// The value of a link: 128 random bits as 22 characters of base64url. Only its [`TokenHash`] is ever stored.
#[derive(Clone)]
pub struct LinkToken(Zeroizing<String>);

impl LinkToken {
    /// A new value.
    pub fn generate(rng: &Rng) -> Self {
        let bytes = Zeroizing::new(rng.bytes::<BYTES>());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
    }

    /// Reads a value that somebody sent; nothing but the canonical spelling is one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != CHARACTERS {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        (bytes.len() == BYTES).then(|| Self(Zeroizing::new(text.to_owned())))
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

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_are_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::parse(purpose.as_str()), Some(purpose));
        }
        assert_eq!(Purpose::parse("not_me"), None);
    }

    #[test]
    fn attack_047_only_the_exact_value_of_a_link_is_one() {
        let token = LinkToken::generate(&Rng::system());
        let text = token.expose().to_owned();
        assert_eq!(LinkToken::parse(&text).map(|t| t.hash()), Some(token.hash()));
        for other in [
            text.get(..21).unwrap().to_owned(),
            format!("{text}A"),
            format!("{text}="),
            format!("{}/", text.get(..21).unwrap()),
            "A".repeat(1 << 20),
            String::new(),
        ] {
            assert!(LinkToken::parse(&other).is_none(), "{other:.30}");
        }
        assert!(!format!("{token:?}").contains(&text));
    }
}
