//! User names: a namespace of its own. A user name starts with a letter, so that none can look like a phone number or
//! an ID number, and holds no `@`, so that none can look like an e-mail address.

use std::fmt;

/// The shortest user name, in characters.
pub const LENGTH_MIN: usize = 4;
/// The longest user name, in characters.
pub const LENGTH_MAX: usize = 32;
/// What may surround a name before it is trimmed, in bytes.
const INPUT_BYTES_MAX: usize = 256;
/// Names that speak for the province, or for a page of it.
const RESERVED: [&str; 14] = [
    "admin",
    "administrator",
    "denizen",
    "government",
    "help",
    "helpdesk",
    "operator",
    "police",
    "portal",
    "postmaster",
    "root",
    "security",
    "support",
    "system",
];

/// A user name, folded to lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(String);

/// Why a text is not a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum UsernameError {
    /// Shorter than four or longer than 32 characters.
    #[error("the length is wrong")]
    Length,
    /// Something other than ASCII letters, digits, dot, underscore and hyphen.
    #[error("a character that is not accepted in a user name")]
    Character,
    /// It does not start with a letter, ends with a sign, or has two signs in a row.
    #[error("not a letter first, or signs where none may be")]
    Shape,
    /// It speaks for the province.
    #[error("the name is reserved")]
    Reserved,
}

impl Username {
    /// Parses a name that a person typed: trimmed, in lower case.
    pub fn parse(input: &str) -> Result<Self, UsernameError> {
        if input.len() > INPUT_BYTES_MAX {
            return Err(UsernameError::Length);
        }
        let name = input.trim().to_ascii_lowercase();
        let sign = |c: char| matches!(c, '.' | '_' | '-');
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || sign(c)) {
            return Err(UsernameError::Character);
        }
        if !(LENGTH_MIN..=LENGTH_MAX).contains(&name.len()) {
            return Err(UsernameError::Length);
        }
        let pairs = name.chars().zip(name.chars().skip(1));
        if !name.starts_with(|c: char| c.is_ascii_lowercase())
            || name.ends_with(sign)
            || pairs.into_iter().any(|(a, b)| sign(a) && sign(b))
        {
            return Err(UsernameError::Shape);
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(UsernameError::Reserved);
        }
        Ok(Self(name))
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Username(…)")
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;
    use crate::citizen_id::CitizenId;
    use crate::email::Email;
    use crate::phone::Phone;

    #[test]
    fn a_name_is_folded_and_trimmed() {
        assert_eq!(
            Username::parse(" Zhang.Wei_88 ").unwrap().as_str(),
            "zhang.wei_88"
        );
        assert_eq!(format!("{:?}", Username::parse("zhang").unwrap()), "Username(…)");
    }

    #[test]
    fn what_is_no_name_says_why() {
        for (text, why) in [
            ("abc", UsernameError::Length),
            (&"a".repeat(33), UsernameError::Length),
            (&"a".repeat(4096), UsernameError::Length),
            ("张伟张伟", UsernameError::Character),
            ("a b c d", UsernameError::Character),
            ("a@b.cn", UsernameError::Character),
            ("\u{ff41}bcde", UsernameError::Character),
            ("1abc", UsernameError::Shape),
            (".abc", UsernameError::Shape),
            ("abc.", UsernameError::Shape),
            ("a..bc", UsernameError::Shape),
            ("Admin", UsernameError::Reserved),
        ] {
            assert_eq!(Username::parse(text), Err(why), "{text:.20}");
        }
    }

    proptest! {
        #[test]
        fn no_user_name_can_look_like_another_identifier(text in "\\PC{0,40}") {
            if Username::parse(&text).is_ok() {
                prop_assert!(Phone::parse(&text).is_err());
                prop_assert!(Email::parse(&text).is_err());
                prop_assert!(CitizenId::parse(&text, NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()).is_err());
            }
        }

        #[test]
        fn every_name_of_the_shape_is_a_name_and_no_other_identifier(text in "[a-z][a-z0-9]{5,20}x") {
            prop_assert!(Username::parse(&text).is_ok());
            prop_assert!(Phone::parse(&text).is_err() && Email::parse(&text).is_err());
        }
    }
}
