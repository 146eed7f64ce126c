//! Vietnamese personal numbers, which are the numbers of citizen identity cards too (Decree 137/2015 article 13,
//! Circular 59/2021).
//!
//! Twelve digits: three of the province or country where the birth was registered, one of century and sex, two of
//! the year, six at random. There is no check digit, so a slip of the pen can only be found by asking a register.
//! Provinces merged later; issued numbers did not change. Old numbers of nine digits are not accepted.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};

use crate::citizen_id::Sex;
use crate::fold::typed_number;

/// The length of a number.
const LENGTH: usize = 12;
/// The codes below the first country that belong to no province.
const UNUSED: [u16; 33] = [
    3, 5, 7, 9, 13, 16, 18, 21, 23, 28, 29, 32, 39, 41, 43, 47, 50, 53, 55, 57, 59, 61, 63, 65, 69, 71, 73,
    76, 78, 81, 85, 88, 90,
];
/// The last code of a province.
const PROVINCE_MAX: u16 = 96;
/// Births registered abroad carry the code of a country, from here on.
const COUNTRY_MIN: u16 = 101;

/// A number that passes every check. Its text never appears in `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonalNumber {
    text: String,
    birth_year: i32,
    sex: Sex,
}

/// Why a text is not a number, in the order in which it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PersonalNumberError {
    /// Not 12 characters.
    #[error("not 12 digits")]
    Length,
    /// Something other than digits.
    #[error("a character other than digits")]
    Character,
    /// Neither a province nor a country has the code.
    #[error("neither a province nor a country has this code")]
    Region,
    /// The year of birth is after this one.
    #[error("the year of birth is in the future")]
    Future,
}

impl PersonalNumber {
    /// Parses what a person typed: full-width digits and spaces are accepted.
    pub fn parse(input: &str, today: NaiveDate) -> Result<Self, PersonalNumberError> {
        let text = typed_number(input).ok_or(PersonalNumberError::Length)?;
        Self::parse_strict(&text, today)
    }

    /// Parses what a machine sent: exactly twelve ASCII digits.
    pub fn parse_strict(text: &str, today: NaiveDate) -> Result<Self, PersonalNumberError> {
        if text.len() > 4 * LENGTH || text.chars().count() != LENGTH {
            return Err(PersonalNumberError::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PersonalNumberError::Character);
        }
        let region = text.get(..3).and_then(|code| code.parse().ok());
        if !region.is_some_and(is_region) {
            return Err(PersonalNumberError::Region);
        }
        let century_and_sex: Option<i32> = text.get(3..4).and_then(|digit| digit.parse().ok());
        let year: Option<i32> = text.get(4..6).and_then(|digits| digits.parse().ok());
        let (Some(century_and_sex), Some(year)) = (century_and_sex, year) else {
            return Err(PersonalNumberError::Character);
        };
        let birth_year = 1900 + century_and_sex / 2 * 100 + year;
        if birth_year > today.year() {
            return Err(PersonalNumberError::Future);
        }
        let even = century_and_sex % 2 == 0;
        Ok(Self {
            text: text.to_owned(),
            birth_year,
            sex: if even { Sex::Male } else { Sex::Female },
        })
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The year of birth; the day is not in the number.
    pub const fn birth_year(&self) -> i32 {
        self.birth_year
    }

    /// The sex.
    pub const fn sex(&self) -> Sex {
        self.sex
    }

    /// Enough for the owner to recognise it: the first three and the last three digits.
    pub fn masked(&self) -> String {
        self.text
            .chars()
            .enumerate()
            .map(|(at, c)| if (3..9).contains(&at) { '*' } else { c })
            .collect()
    }
}

impl fmt::Debug for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalNumber(…)")
    }
}

fn is_region(code: u16) -> bool {
    let is_province = (1..=PROVINCE_MAX).contains(&code) && !UNUSED.contains(&code);
    is_province || code >= COUNTRY_MIN
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 5, 4).unwrap()
    }

    fn parse(text: &str) -> Result<PersonalNumber, PersonalNumberError> {
        PersonalNumber::parse(text, today())
    }

    #[test]
    fn century_year_and_sex_are_read_from_the_number() {
        for (text, year, sex) in [
            ("001090000001", 1990, Sex::Male),
            ("079185000002", 1985, Sex::Female),
            ("048200000003", 2000, Sex::Male),
            ("031315000004", 2015, Sex::Female),
            ("101088000005", 1988, Sex::Male),
            ("087084000999", 1984, Sex::Male),
            ("001226000001", 2026, Sex::Male),
        ] {
            let number = parse(text).unwrap();
            assert_eq!((number.birth_year(), number.sex()), (year, sex), "{text}");
        }
    }

    #[test]
    fn faults_are_told_apart() {
        for (text, fault) in [
            ("", PersonalNumberError::Length),
            ("00109000000", PersonalNumberError::Length),
            ("0010900000011", PersonalNumberError::Length),
            ("123456789", PersonalNumberError::Length),
            ("00109000000A", PersonalNumberError::Character),
            ("00109000000١", PersonalNumberError::Character),
            ("003090000001", PersonalNumberError::Region),
            ("000090000001", PersonalNumberError::Region),
            ("097090000001", PersonalNumberError::Region),
            ("100090000001", PersonalNumberError::Region),
            ("001490000001", PersonalNumberError::Future),
            ("001230000001", PersonalNumberError::Future),
            ("001227000001", PersonalNumberError::Future),
            ("001990000001", PersonalNumberError::Future),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
        let long = "0".repeat(1 << 20);
        assert_eq!(parse(&long), Err(PersonalNumberError::Length));
        assert_eq!(
            PersonalNumber::parse_strict(&long, today()),
            Err(PersonalNumberError::Length)
        );
    }

    #[test]
    fn there_are_sixty_three_provinces_as_listed() {
        let listed = [
            1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37,
            38, 40, 42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77,
            79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94, 95, 96,
        ];
        let found: Vec<u16> = (0..COUNTRY_MIN).filter(|code| is_region(*code)).collect();
        assert_eq!((found.len(), found), (63, listed.to_vec()));
    }

    #[test]
    fn people_may_type_full_width_and_machines_may_not() {
        for text in ["００１０９０００００\u{3000}０１", "001 090 000 001"] {
            assert_eq!(parse(text).unwrap().as_str(), "001090000001");
            assert!(PersonalNumber::parse_strict(text, today()).is_err());
        }
    }

    #[test]
    fn the_number_is_masked_and_not_printed() {
        let number = parse("087084000999").unwrap();
        assert_eq!(number.masked(), "087******999");
        assert_eq!(format!("{number:?}"), "PersonalNumber(…)");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(text in "\\PC{0,40}|[0-9]{10,14}|0[0-9]{2}[0-3][0-9]{8}") {
            if let Ok(number) = parse(&text) {
                prop_assert!((1900..=2026).contains(&number.birth_year()));
                prop_assert_eq!(PersonalNumber::parse_strict(number.as_str(), today()), Ok(number));
            }
        }
    }
}
