//! E-mail addresses: a deliberately small part of RFC 5321 section 4.1.2 (dot-string, ASCII, a domain name with a
//! dot). Quoted local parts, comments, address literals and internationalised addresses are refused: no
//! resident has one by accident, and each is a way around a check.
//!
//! The address is kept in lower case, the local part too. The standard lets a receiver tell cases apart, none
//! does in practice, and two accounts that differ by a capital letter are how look-ups go wrong.

use std::fmt;

/// The longest address of RFC 5321 section 4.5.3.1.3, without its angle brackets.
const ADDRESS_BYTES_MAX: usize = 254;
/// The longest local part (section 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// The longest label of a domain name (RFC 1035 section 2.3.4).
const LABEL_BYTES_MAX: usize = 63;
/// What may surround an address before it is trimmed.
const INPUT_BYTES_MAX: usize = 320;

/// An address that mail can be sent to. Its text never appears in `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EmailError {
    /// Empty, or longer than an address can be.
    #[error("the length is wrong")]
    Length,
    /// A character that we do not accept in an address.
    #[error("a character that is not accepted in an address")]
    Character,
    /// Not one `@` with something on both sides.
    #[error("not one name, one @ and one domain")]
    Shape,
    /// The part after the `@` is not a domain name with a dot.
    #[error("the domain is not a domain name")]
    Domain,
}

impl Email {
    /// Parses an address, trimmed and in lower case.
    pub fn parse(input: &str) -> Result<Self, EmailError> {
        if input.len() > INPUT_BYTES_MAX {
            return Err(EmailError::Length);
        }
        let text = input.trim();
        if text.is_empty() || text.len() > ADDRESS_BYTES_MAX {
            return Err(EmailError::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(EmailError::Character);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::Shape)?;
        if domain.contains('@') {
            return Err(EmailError::Shape);
        }
        check_local(local)?;
        check_domain(domain)?;
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The address in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// Enough for the owner to recognise it: `z***@example.com`. The stars do not tell the length.
    pub fn masked(&self) -> String {
        let first: String = self.0.chars().take(1).collect();
        format!("{first}***@{}", self.domain())
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

fn check_local(local: &str) -> Result<(), EmailError> {
    if local.is_empty() || local.len() > LOCAL_BYTES_MAX || local.split('.').any(str::is_empty) {
        return Err(EmailError::Shape);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    if local.bytes().all(allowed) {
        Ok(())
    } else {
        Err(EmailError::Character)
    }
}

fn check_domain(domain: &str) -> Result<(), EmailError> {
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL_BYTES_MAX
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // A top-level label of digits only would be an IPv4 address.
    let top_is_name = domain
        .rsplit_once('.')
        .is_some_and(|(_, top)| top.len() >= 2 && !top.bytes().all(|b| b.is_ascii_digit()));
    if top_is_name && domain.split('.').all(label_ok) {
        Ok(())
    } else {
        Err(EmailError::Domain)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_addresses_are_accepted_trimmed_and_in_lower_case() {
        for (text, kept) in [
            (" Zhang.San@Example.COM ", "zhang.san@example.com"),
            ("a+tag@mail.gov.cn", "a+tag@mail.gov.cn"),
            ("o'brien@example.vn", "o'brien@example.vn"),
            ("x@xn--fiq228c.cn", "x@xn--fiq228c.cn"),
        ] {
            assert_eq!(Email::parse(text).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn faults_are_told_apart() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long = format!("a@{}com", "b.".repeat(130));
        for (text, fault) in [
            ("", EmailError::Length),
            (long.as_str(), EmailError::Length),
            ("zhang", EmailError::Shape),
            ("@example.com", EmailError::Shape),
            ("a@b@example.com", EmailError::Shape),
            (".a@example.com", EmailError::Shape),
            ("a..b@example.com", EmailError::Shape),
            (long_local.as_str(), EmailError::Shape),
            ("a b@example.com", EmailError::Character),
            ("张三@example.com", EmailError::Character),
            ("a\r\nBcc:b@example.com", EmailError::Character),
            ("\"a b\"@example.com", EmailError::Character),
            ("\"ab\"@example.com", EmailError::Character),
            ("a,b@example.com", EmailError::Character),
            ("a@localhost", EmailError::Domain),
            ("a@", EmailError::Domain),
            ("a@127.0.0.1", EmailError::Domain),
            ("a@[127.0.0.1]", EmailError::Domain),
            ("a@-x.com", EmailError::Domain),
            ("a@x..com", EmailError::Domain),
            ("a@x.com.", EmailError::Domain),
            ("a@x_y.com", EmailError::Domain),
            (long_label.as_str(), EmailError::Domain),
        ] {
            assert_eq!(Email::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_mebibyte_is_refused_by_its_length() {
        let text = format!("{}@example.com", "a".repeat(1 << 20));
        assert_eq!(Email::parse(&text), Err(EmailError::Length));
    }

    #[test]
    fn the_address_is_masked_and_not_printed() {
        let email = Email::parse("zhang@example.com").unwrap();
        assert_eq!(email.masked(), "z***@example.com");
        assert_eq!(format!("{email:?}"), "Email(…)");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(
            text in "\\PC{0,60}|[a-zA-Z0-9.@+_ -]{0,40}|[a-z.]{1,8}@[a-z-]{1,8}\\.[a-z]{2,4}"
        ) {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert!(email.as_str().len() <= ADDRESS_BYTES_MAX);
            }
        }
    }
}
