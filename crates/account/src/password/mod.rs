//! Passwords: what may be chosen (`policy`), how good a choice is (`strength`), which ones everybody tries first
//! (`breached`), how they are kept and checked (`hash`), and the page on which people change theirs (`pages`). Requirements HB-10, GG-12 and GG-13.
//!
//! What this does not do: it does not count attempts (the sign-in does) and it stores nothing.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

pub mod breached;
pub mod hash;
pub(crate) mod pages;
pub mod policy;
pub mod strength;
mod threads;

pub use breached::{BreachedError, BreachedList};
pub use hash::{Hashing, HashingError, HashingSettings, StoredPassword, Verdict};
pub use policy::{About, PasswordFault, PasswordPolicy};
pub use strength::{Score, score};

/// The most code points that are looked at when somebody signs in. More than may be chosen, so that the rule for
/// choosing can change without locking anybody out.
pub const TYPED_CHARACTERS_MAX: usize = 128;
/// The most bytes that are looked at: 128 code points of four bytes, written decomposed.
const TYPED_BYTES_MAX: usize = 1_536;

/// A password as a person typed it, in NFC, so that the same keys on another keyboard or browser give the same
/// bytes. It is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

/// Longer than any password can be. Nothing was normalised or hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("longer than a password can be")]
pub struct TooLong;

impl Password {
    /// Takes what was typed. Nothing is trimmed: a space at the end is part of the password.
    pub fn typed(text: &str) -> Result<Self, TooLong> {
        if text.len() > TYPED_BYTES_MAX {
            return Err(TooLong);
        }
        let composed = Zeroizing::new(text.nfc().collect::<String>());
        if composed.chars().count() > TYPED_CHARACTERS_MAX {
            return Err(TooLong);
        }
        Ok(Self(composed))
    }

    /// The text, for the hash and the checks.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attack_211_composed_and_decomposed_letters_are_the_same_password() {
        let composed = Password::typed("mậtkhẩu2026").unwrap();
        let decomposed = Password::typed("mâ\u{323}tkha\u{302}\u{309}u2026").unwrap();
        assert_eq!(composed, decomposed);
        assert_eq!(Password::typed(" a ").unwrap().expose(), " a ");
    }

    #[test]
    fn attack_211_a_mebibyte_and_129_characters_are_refused_before_any_work() {
        assert_eq!(Password::typed(&"a".repeat(1 << 20)), Err(TooLong));
        assert_eq!(Password::typed(&"a".repeat(129)), Err(TooLong));
        assert!(Password::typed(&"😀".repeat(128)).is_ok());
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(format!("{:?}", Password::typed("marker").unwrap()), "Password(…)");
    }

    proptest! {
        #[test]
        fn typing_never_panics_and_normalising_twice_changes_nothing(text in "\\PC{0,140}") {
            if let Ok(password) = Password::typed(&text) {
                prop_assert_eq!(Password::typed(password.expose()), Ok(password.clone()));
            }
        }
    }
}
