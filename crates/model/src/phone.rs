//! Telephone numbers that can receive a code by SMS: mainland China, Hong Kong, Macao, Taiwan and Vietnam.
//!
//! Numbers are kept in E.164 form. People may type full-width digits, spaces, hyphens and the country code with
//! `+`, `00` or nothing. What this does not do: it cannot know whether a number is in use, nor by whom; only a
//! code that came back proves that, and operators hand numbers on to new owners.

use std::fmt;

use crate::fold::{half_width, is_invisible};

/// The most bytes that are looked at. The longest honest spelling, in full-width digits, is far below it.
const INPUT_BYTES_MAX: usize = 96;

/// Where a number belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// Mainland China, +86.
    Mainland,
    /// Hong Kong, +852.
    HongKong,
    /// Macao, +853.
    Macao,
    /// Taiwan, +886.
    Taiwan,
    /// Vietnam, +84.
    Vietnam,
}

impl Region {
    /// All regions served, the commonest first.
    pub const ALL: [Self; 5] = [
        Self::Mainland,
        Self::HongKong,
        Self::Macao,
        Self::Taiwan,
        Self::Vietnam,
    ];

    /// The country calling code without a sign.
    pub const fn calling_code(self) -> &'static str {
        match self {
            Self::Mainland => "86",
            Self::HongKong => "852",
            Self::Macao => "853",
            Self::Taiwan => "886",
            Self::Vietnam => "84",
        }
    }

    /// How many digits follow the country calling code.
    const fn digits(self) -> usize {
        match self {
            Self::Mainland => 11,
            Self::HongKong | Self::Macao => 8,
            Self::Taiwan | Self::Vietnam => 9,
        }
    }

    /// Whether people dial a zero before the number inside the region.
    const fn has_trunk_zero(self) -> bool {
        matches!(self, Self::Taiwan | Self::Vietnam)
    }

    /// Whether digits of the right count begin like a mobile number.
    fn begins_like_mobile(self, digits: &str) -> bool {
        let mut bytes = digits.bytes();
        let (first, second) = (bytes.next(), bytes.next());
        match self {
            Self::Mainland => first == Some(b'1') && matches!(second, Some(b'3'..=b'9')),
            // Eight digits are all that is known for certain of these two; no number begins with 0 or 1.
            Self::HongKong | Self::Macao => matches!(first, Some(b'2'..=b'9')),
            Self::Taiwan => first == Some(b'9'),
            Self::Vietnam => matches!(first, Some(b'3' | b'5' | b'7' | b'8' | b'9')),
        }
    }
}

/// A mobile number. Its text never appears in `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone {
    e164: String,
    significant: String,
    region: Region,
}

/// Why a text is not a telephone number that we serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PhoneError {
    /// Too few or too many digits, or far too much text.
    #[error("the number of digits is wrong")]
    Length,
    /// A character that does not belong into a telephone number.
    #[error("a character that is not part of a telephone number")]
    Character,
    /// The country calling code is not one that we send codes to.
    #[error("a country that is not served")]
    Country,
    /// The digits are not those of a mobile number.
    #[error("not a mobile number")]
    NotMobile,
}

impl Phone {
    /// Parses what a machine sent: E.164 form, or the eleven digits of a mainland number, in ASCII.
    pub fn parse_strict(text: &str) -> Result<Self, PhoneError> {
        let phone = Self::parse(text)?;
        if text == phone.e164 || (phone.region == Region::Mainland && text == phone.significant) {
            Ok(phone)
        } else {
            Err(PhoneError::Character)
        }
    }

    /// Parses what a person typed who may have left out the country code of a region: `0912345678` is a number of
    /// Taiwan and of Vietnam. Numbers with a country code are understood whatever the region.
    pub fn parse_in(region: Region, input: &str) -> Result<Self, PhoneError> {
        if input.len() > INPUT_BYTES_MAX {
            return Err(PhoneError::Length);
        }
        let cleaned = clean(input)?;
        if cleaned.international {
            return Self::from_international(&cleaned.digits);
        }
        Self::in_region(region, &cleaned.digits).or_else(|fault| Self::parse(input).map_err(|_| fault))
    }

    /// Parses what a person typed.
    pub fn parse(input: &str) -> Result<Self, PhoneError> {
        if input.len() > INPUT_BYTES_MAX {
            return Err(PhoneError::Length);
        }
        let Cleaned {
            digits,
            international,
        } = clean(input)?;
        if digits.is_empty() {
            return Err(PhoneError::Length);
        }
        if international {
            return Self::from_international(&digits);
        }
        if digits.len() == Region::Mainland.digits() && digits.starts_with('1') {
            return Self::in_region(Region::Mainland, &digits);
        }
        // A bare country code: people write `86 159…`, and a form that forgot to encode `+` sends a space.
        match Self::from_international(&digits) {
            Err(PhoneError::Country | PhoneError::Length) => Err(PhoneError::Length),
            other => other,
        }
    }

    fn from_international(digits: &str) -> Result<Self, PhoneError> {
        let (region, rest) = Region::ALL
            .into_iter()
            .find_map(|region| {
                digits
                    .strip_prefix(region.calling_code())
                    .map(|rest| (region, rest))
            })
            .ok_or(PhoneError::Country)?;
        Self::in_region(region, rest)
    }

    fn in_region(region: Region, digits: &str) -> Result<Self, PhoneError> {
        let digits = match digits.strip_prefix('0') {
            Some(rest) if region.has_trunk_zero() => rest,
            _ => digits,
        };
        if digits.len() != region.digits() {
            return Err(PhoneError::Length);
        }
        if !region.begins_like_mobile(digits) {
            return Err(PhoneError::NotMobile);
        }
        Ok(Self {
            e164: format!("+{}{digits}", region.calling_code()),
            significant: digits.to_owned(),
            region,
        })
    }

    /// The number in E.164 form, `+8613800000000`: what is stored, looked up and sent to.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The number as people dial it inside its region: `13800000000`, `0912345678`.
    pub fn national(&self) -> String {
        let trunk = if self.region.has_trunk_zero() { "0" } else { "" };
        format!("{trunk}{}", self.significant)
    }

    /// Where the number belongs.
    pub const fn region(&self) -> Region {
        self.region
    }

    /// Enough for the owner to recognise it: `138****0000`, `+852 91***678`.
    pub fn masked(&self) -> String {
        let (head, tail) = if self.region == Region::Mainland {
            (3, 4)
        } else {
            (2, 3)
        };
        let last = self.significant.len().saturating_sub(tail);
        let masked: String = self
            .significant
            .chars()
            .enumerate()
            .map(|(at, c)| if at < head || at >= last { c } else { '*' })
            .collect();
        match self.region {
            Region::Mainland => masked,
            region => format!("+{} {masked}", region.calling_code()),
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

struct Cleaned {
    digits: String,
    international: bool,
}

/// Takes spaces, hyphens and the international prefix off.
fn clean(input: &str) -> Result<Cleaned, PhoneError> {
    let mut digits = String::with_capacity(16);
    let mut plus = false;
    let seen = input.trim().chars().filter(|c| !is_invisible(*c));
    for c in seen.map(half_width) {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !plus => plus = true,
            ' ' | '\u{a0}' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            _ => return Err(PhoneError::Character),
        }
    }
    match digits.strip_prefix("00") {
        Some(rest) if !plus => Ok(Cleaned {
            digits: rest.to_owned(),
            international: true,
        }),
        _ => Ok(Cleaned {
            digits,
            international: plus,
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mainland_numbers_are_understood_in_every_usual_spelling() {
        for text in [
            "13800000000",
            "+8613800000000",
            "86 13800000000",
            "0086-138-0000-0000",
            " 138 0000 0000 ",
            "１３８００００００００",
            "＋86 138\u{3000}0000 0000",
            "+86\u{a0}138\u{2013}0000\u{2013}0000",
            "\u{202a}138\u{200b}0000 0000\u{202c}",
            "\t13800000000\r\n",
        ] {
            assert_eq!(Phone::parse(text).unwrap().e164(), "+8613800000000", "{text}");
        }
    }

    #[test]
    fn neighbouring_regions_are_understood_with_their_code() {
        for (text, e164, national, masked) in [
            ("+852 9123 4567", "+85291234567", "91234567", "+852 91***567"),
            ("00853 66123456", "+85366123456", "66123456", "+853 66***456"),
            (
                "+886 0912-345-678",
                "+886912345678",
                "0912345678",
                "+886 91****678",
            ),
            ("+84 912 345 678", "+84912345678", "0912345678", "+84 91****678"),
            ("84 0312345678", "+84312345678", "0312345678", "+84 31****678"),
        ] {
            let phone = Phone::parse(text).unwrap();
            assert_eq!((phone.e164(), phone.national().as_str()), (e164, national));
            assert_eq!(phone.masked(), masked);
        }
    }

    #[test]
    fn faults_are_told_apart() {
        for (text, fault) in [
            ("", PhoneError::Length),
            ("+", PhoneError::Length),
            ("12800000005", PhoneError::NotMobile),
            ("1380000000", PhoneError::Length),
            ("138000000000", PhoneError::Length),
            ("1380000000a", PhoneError::Character),
            ("138+0000000", PhoneError::Character),
            ("++8613800000000", PhoneError::Character),
            ("+8529000000", PhoneError::Length),
            ("+1 202 555 0100", PhoneError::Country),
            ("+84 212345678", PhoneError::NotMobile),
            ("１３８٠٠٠٠٠٠٠٠", PhoneError::Character),
        ] {
            assert_eq!(Phone::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_number_without_its_country_belongs_to_the_region_that_was_chosen() {
        for (region, text, e164) in [
            (Region::Vietnam, "0912345678", "+84912345678"),
            (Region::Vietnam, "912 345 678", "+84912345678"),
            (Region::Vietnam, "０３１２３４５６７８", "+84312345678"),
            (Region::Taiwan, "0912345678", "+886912345678"),
            (Region::HongKong, "9123 4567", "+85291234567"),
            (Region::Macao, "66123456", "+85366123456"),
            (Region::Mainland, "13800000000", "+8613800000000"),
            (Region::Vietnam, "13800000000", "+8613800000000"),
            (Region::Mainland, "+84 912 345 678", "+84912345678"),
            (Region::Mainland, "84 0912345678", "+84912345678"),
            (Region::Vietnam, "0084912345678", "+84912345678"),
        ] {
            assert_eq!(
                Phone::parse_in(region, text).unwrap().e164(),
                e164,
                "{region:?} {text}"
            );
        }
        for (region, text, fault) in [
            (Region::Vietnam, "0212345678", PhoneError::NotMobile),
            (Region::Vietnam, "091234567", PhoneError::Length),
            (Region::Mainland, "0912345678", PhoneError::Length),
            (Region::Vietnam, "09123a5678", PhoneError::Character),
            (Region::Vietnam, "+1 202 555 0100", PhoneError::Country),
            (Region::Vietnam, "", PhoneError::Length),
        ] {
            assert_eq!(Phone::parse_in(region, text), Err(fault), "{region:?} {text}");
        }
    }

    #[test]
    fn every_mobile_beginning_of_vietnam_is_known_and_no_other() {
        for first in 0..10 {
            let good = [3, 5, 7, 8, 9].contains(&first);
            let phone = Phone::parse(&format!("+84{first}12345678"));
            assert_eq!(phone.is_ok(), good, "{first}");
        }
    }

    #[test]
    fn machines_send_e164_or_eleven_digits() {
        for text in ["+8613800000000", "13800000000", "+84912345678", "+85291234567"] {
            assert!(Phone::parse_strict(text).is_ok(), "{text}");
        }
        for text in [
            "8613800000000",
            "0086 13800000000",
            " 13800000000",
            "138-0000-0000",
            "１３８００００００００",
            "＋8613800000000",
            "+840912345678",
            "84912345678",
            "85291234567",
        ] {
            assert_eq!(Phone::parse_strict(text), Err(PhoneError::Character), "{text}");
        }
        assert_eq!(Phone::parse_strict("12800000005"), Err(PhoneError::NotMobile));
    }

    #[test]
    fn a_mebibyte_is_refused_by_its_length() {
        let long = "1".repeat(1 << 20);
        assert_eq!(Phone::parse(&long), Err(PhoneError::Length));
        assert_eq!(Phone::parse_strict(&long), Err(PhoneError::Length));
        assert_eq!(Phone::parse_in(Region::Vietnam, &long), Err(PhoneError::Length));
    }

    #[test]
    fn the_number_is_masked_and_not_printed() {
        let phone = Phone::parse("13800000000").unwrap();
        assert_eq!(phone.masked(), "138****0000");
        assert_eq!(format!("{phone:?}"), "Phone(…)");
    }

    #[test]
    fn the_shared_vectors_hold() {
        let vectors = crate::fold::vectors();
        for text in crate::fold::texts(&vectors["mobile_cn"]["valid"]) {
            assert!(Phone::parse(&text).is_ok(), "{text}");
        }
        for text in crate::fold::texts(&vectors["mobile_cn"]["invalid"]) {
            assert!(Phone::parse(&text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(text in "\\PC{0,40}|[+0-9 -]{0,20}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse_strict(phone.e164()), Ok(phone.clone()));
                prop_assert_eq!(Phone::parse_in(phone.region(), &phone.national()), Ok(phone.clone()));
                prop_assert!(!phone.masked().contains(&phone.national()));
            }
        }

        #[test]
        fn every_mainland_number_survives_a_round_trip(digits in "1[3-9][0-9]{9}") {
            let phone = Phone::parse(&digits).unwrap();
            prop_assert_eq!(phone.national(), digits);
        }
    }
}
