//! What registers other than the population register know about a person: the identity card itself, a bank card,
//! accounts and licences. What a person lacks is simply not known there.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The word of cards that do not expire.
pub(crate) const LONG_TERM: &str = "long_term";

/// Everything a person holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Holdings {
    /// The identity card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// A bank card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_card: Option<BankCard>,
    /// The number of the social-security card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub social_security: Option<String>,
    /// The personal account of the housing provident fund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provident_fund: Option<String>,
    /// The file number of the driving licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driving_licence: Option<String>,
    /// The number plate of a vehicle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<String>,
}

impl Holdings {
    /// Whether no further register knows the person.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Everything as a person would type it, under the key of its words.
    pub(crate) fn list(&self) -> Vec<(&'static str, String)> {
        let document = self.document.as_ref();
        let document = document.map(|card| format!("{} / {}", card.issued_on, card.expires_on));
        let card = self.bank_card.as_ref().map(|card| card.number.clone());
        [
            ("world-holding-document", document),
            ("world-holding-bank-card", card),
            ("world-holding-social-security", self.social_security.clone()),
            ("world-holding-provident-fund", self.provident_fund.clone()),
            ("world-holding-driving-licence", self.driving_licence.clone()),
            ("world-holding-vehicle", self.vehicle.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
    }
}

/// An identity card, as it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub issued_on: NaiveDate,
    /// A date, or `long_term`.
    pub expires_on: String,
}

impl Document {
    /// Whether the card is valid on a day and these are its dates, letter by letter.
    pub(crate) fn agrees(&self, issued_on: &str, expires_on: &str, today: NaiveDate) -> bool {
        let valid = self.expires_on == LONG_TERM
            || self
                .expires_on
                .parse::<NaiveDate>()
                .is_ok_and(|last| today <= last);
        valid && self.issued_on.to_string() == issued_on && self.expires_on == expires_on
    }
}

/// A bank card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BankCard {
    pub number: String,
    /// The phone reserved at the bank, where it is not the person's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether the card was reported lost: it agrees with nothing then.
    #[serde(default)]
    pub lost: bool,
}

/// Whether this is the number of a bank card: 16 to 19 digits, the last a check digit (ISO/IEC 7812-1).
pub(crate) fn is_card_number(text: &str) -> bool {
    if !(16..=19).contains(&text.len()) {
        return false;
    }
    let sum = text.chars().rev().enumerate().try_fold(0, |sum, (place, c)| {
        let digit = c.to_digit(10)?;
        let twice = if place % 2 == 1 { digit * 2 } else { digit };
        Some(sum + twice / 10 + twice % 10)
    });
    sum.is_some_and(|sum| sum % 10 == 0)
}

/// Whether this is so many digits.
pub(crate) fn is_digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this is the number of a social-security card: capital letters and digits.
pub(crate) fn is_social_security(text: &str) -> bool {
    (8..=18).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// Whether a text is a day as registers write it.
pub(crate) fn is_day(text: &str) -> bool {
    text.parse::<NaiveDate>().is_ok_and(|day| day.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_carry_a_check_digit() {
        for good in ["4111111111111111", "6200000000000000018", "62000000000000190"] {
            assert!(is_card_number(good), "{good}");
        }
        for bad in [
            "4111111111111112",
            "6200000000000000017",
            "411111111111",
            "4111 1111 1111 1111",
            "",
        ] {
            assert!(!is_card_number(bad), "{bad}");
        }
    }

    #[test]
    fn a_card_of_other_dates_and_one_that_has_expired_do_not_agree() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let card = |last: &str| Document {
            issued_on: day("2016-05-04"),
            expires_on: last.to_owned(),
        };
        let today = day("2026-05-04");
        assert!(card("2026-05-04").agrees("2016-05-04", "2026-05-04", today));
        assert!(card(LONG_TERM).agrees("2016-05-04", LONG_TERM, today));
        assert!(!card("2026-05-03").agrees("2016-05-04", "2026-05-03", today));
        assert!(!card("2036-05-04").agrees("2016-05-05", "2036-05-04", today));
        assert!(!card("2036-05-04").agrees("2016-05-04", LONG_TERM, today));
    }
}
