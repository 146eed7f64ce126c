//! What a person typed to say who they are: a phone number or a citizen ID number (HB-53).

use chrono::NaiveDate;
use model::citizen_id::CitizenId;
use model::phone::Phone;
use store::accounts::{self, Account};
use store::{StoreError, Tx};

/// The most bytes that are looked at.
const TYPED_BYTES: usize = 128;

/// An identifier. Whether anybody has it is another matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// A phone number.
    Phone(Phone),
    /// A citizen ID number.
    CitizenId(CitizenId),
}

/// The text is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable;

impl Identifier {
    /// Reads what was typed. A citizen ID number has 18 characters, which no phone number that we serve has.
    pub fn parse(typed: &str, today: NaiveDate) -> Result<Self, Unusable> {
        if typed.len() > TYPED_BYTES {
            return Err(Unusable);
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
        }
    }

    /// The account, not closed, that has it.
    pub async fn find(&self, tx: &Tx) -> Result<Option<Account>, StoreError> {
        match self {
            Self::Phone(phone) => accounts::find_by_phone(tx, phone).await,
            Self::CitizenId(number) => accounts::find_by_citizen_id(tx, number).await,
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
    fn anything_else_is_no_identifier() {
        for typed in [
            "",
            " ",
            "zhang",
            "12345",
            "340000199003070013",
            "a@b.cn",
            &"1".repeat(4096),
        ] {
            assert_eq!(parse(typed), Err(Unusable), "{typed:.20}");
        }
    }
}
