//! What a person typed to say who they are: a phone number, a citizen ID number (HB-53), an e-mail address or a user name.
//!
//! The namespaces are apart by their form, so that none can look like another: an e-mail address has an `@`, a user name
//! begins with a letter, numbers begin with neither, and a citizen ID number has more digits than any phone. A phone, a
//! number and an address count only once they are proven.

use chrono::NaiveDate;
use model::citizen_id::CitizenId;
use model::email::Email;
use model::phone::Phone;
use model::username::Username;
use store::accounts::{self, Account};
use store::{StoreError, Tx};

/// The most bytes that are looked at.
const TYPED_BYTES: usize = 256;

/// An identifier. Whether anybody has it is another matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// A phone number.
    Phone(Phone),
    /// A citizen ID number.
    CitizenId(CitizenId),
    /// An e-mail address.
    Email(Email),
    /// A user name.
    Username(Username),
}

/// The text is none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable;

impl Identifier {
    /// Reads what was typed.
    pub fn parse(typed: &str, today: NaiveDate) -> Result<Self, Unusable> {
        if typed.len() > TYPED_BYTES {
            return Err(Unusable);
        }
        let trimmed = typed.trim();
        if trimmed.contains(['@', '\u{ff20}']) {
            return Email::parse(trimmed).map(Self::Email).map_err(|_| Unusable);
        }
        if trimmed.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Username::parse(trimmed).map(Self::Username).map_err(|_| Unusable);
        }
        let phone = Phone::parse(typed).map(Self::Phone);
        phone
            .or_else(|_| CitizenId::parse(typed, today).map(Self::CitizenId))
            .map_err(|_| Unusable)
    }

    /// The form under which tries are counted: one for every spelling.
    pub fn key(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.e164(),
            Self::CitizenId(number) => number.as_str(),
            Self::Email(email) => email.as_str(),
            Self::Username(name) => name.as_str(),
        }
    }

    /// The account, not closed, that has it.
    pub async fn find(&self, tx: &Tx) -> Result<Option<Account>, StoreError> {
        match self {
            Self::Phone(phone) => accounts::find_by_phone(tx, phone).await,
            Self::CitizenId(number) => accounts::find_by_citizen_id(tx, number).await,
            Self::Email(email) => accounts::find_by_email(tx, email).await,
            Self::Username(name) => accounts::find_by_username(tx, name).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<Identifier, Unusable> {
        Identifier::parse(typed, NaiveDate::from_ymd_opt(2026, 6, 1).unwrap())
    }

    #[test]
    fn source_hb_53_a_phone_or_an_id_number_in_any_spelling_is_one_identifier() {
        let key = |typed: &str| parse(typed).unwrap().key().to_owned();
        assert_eq!(key("138 0000 0001"), "+8613800000001");
        assert_eq!(key("+86 13800000001"), key("13800000001"));
        assert_eq!(key("34000019930510007x"), "34000019930510007X");
        assert_eq!(key("３４０００019930510007Ｘ"), "34000019930510007X");
    }

    #[test]
    fn each_namespace_has_a_form_of_its_own() {
        let kind = |typed: &str| match parse(typed).unwrap() {
            Identifier::Phone(_) => "phone",
            Identifier::CitizenId(_) => "number",
            Identifier::Email(_) => "e-mail",
            Identifier::Username(_) => "name",
        };
        for (typed, expected) in [
            ("13800000001", "phone"),
            ("34000019930510007X", "number"),
            (" Zhang.Wei@Example.CN ", "e-mail"),
            ("13800000001@139.com", "e-mail"),
            ("Zhang.Wei", "name"),
            ("a13800000001", "name"),
        ] {
            assert_eq!(kind(typed), expected, "{typed}");
        }
        assert_eq!(
            parse("ZHANG.wei").unwrap().key(),
            parse("zhang.wei").unwrap().key()
        );
    }

    #[test]
    fn anything_else_is_no_identifier() {
        for typed in [
            "",
            " ",
            "abc",
            "@",
            "a@",
            "x@y@z.cn",
            "12345",
            "340000199003070013",
            "张伟张伟",
            &"1".repeat(4096),
            &"a".repeat(4096),
        ] {
            assert_eq!(parse(typed), Err(Unusable), "{typed:.20}");
        }
    }
}
