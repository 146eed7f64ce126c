//! Permanent residence cards of foreigners. Two editions are in use side by side:
//!
//! - since 2023, 18 characters: `9`, two digits of the issuing province, three of the country (ISO 3166-1), eight of
//!   birth date, three of sequence (the last one odd for men), and the check character of the resident ID number;
//! - since 2017, 15 characters: three letters of the country, four digits of the issuing area, six of birth date,
//!   one more, and a check digit with the weights 7, 3, 1 of machine-readable travel documents.
//!
//! What this does not do: it does not read the sex from a card of 2017, whose digit is not documented well enough.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};

use crate::citizen_id::{Sex, calendar_date, check_character};
use crate::country::Country;
use crate::fold::typed_number;

/// Nobody alive was born before.
const BIRTH_YEAR_MIN: i32 = 1870;
/// The weights of machine-readable travel documents (ICAO 9303).
const TRAVEL_WEIGHTS: [u32; 3] = [7, 3, 1];
/// The provinces that issue cards (GB/T 2260).
const PROVINCES: [&str; 31] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
];

/// Which edition of the card a number is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// 15 characters.
    Of2017,
    /// 18 characters.
    Of2023,
}

/// A number that passes every check. Its text never appears in `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForeignCard {
    text: String,
    edition: Edition,
    country: Country,
    birth_date: NaiveDate,
    sex: Option<Sex>,
}

/// Why a text is not a number, in the order in which it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ForeignCardError {
    /// Neither 15 nor 18 characters.
    #[error("neither 15 nor 18 characters")]
    Length,
    /// A character where it does not belong.
    #[error("a character that does not belong there")]
    Character,
    /// 18 characters that do not begin with 9: the number of a citizen.
    #[error("the number does not begin with 9")]
    Kind,
    /// No province issues such cards.
    #[error("no province has issued the card")]
    Issuer,
    /// No foreign country has this code.
    #[error("no foreign country has this code")]
    Country,
    /// The birth date is not in the calendar.
    #[error("the birth date does not exist")]
    Date,
    /// The birth date is after today.
    #[error("the birth date is in the future")]
    Future,
    /// The last character does not fit the others.
    #[error("the check character is wrong")]
    Check,
}

impl ForeignCard {
    /// Parses what a person typed: full-width characters, spaces and small letters are accepted.
    pub fn parse(input: &str, today: NaiveDate) -> Result<Self, ForeignCardError> {
        let text = typed_number(input).ok_or(ForeignCardError::Length)?;
        Self::parse_strict(&text, today)
    }

    /// Parses what a machine sent: exactly the characters of the card.
    pub fn parse_strict(text: &str, today: NaiveDate) -> Result<Self, ForeignCardError> {
        // Neither edition has characters of more than one byte, so bytes may be counted once that is known.
        match (text.is_ascii(), text.len()) {
            (true, 18) => Self::of_2023(text, today),
            (true, 15) => Self::of_2017(text, today),
            (false, 15..=72) => Err(ForeignCardError::Character),
            _ => Err(ForeignCardError::Length),
        }
    }

    fn of_2023(text: &str, today: NaiveDate) -> Result<Self, ForeignCardError> {
        let part = |range| text.get(range).ok_or(ForeignCardError::Character);
        let check = text.chars().next_back();
        let digits = part(0..17)?.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !matches!(check, Some('0'..='9' | 'X')) {
            return Err(ForeignCardError::Character);
        }
        if !text.starts_with('9') {
            return Err(ForeignCardError::Kind);
        }
        check_issuer(part(1..3)?)?;
        let country = foreign(Country::from_digits(part(3..6)?))?;
        let birth_date = calendar_date(part(6..14)?)
            .filter(|date| date.year() >= BIRTH_YEAR_MIN)
            .ok_or(ForeignCardError::Date)?;
        if birth_date > today {
            return Err(ForeignCardError::Future);
        }
        if check != check_character(text) {
            return Err(ForeignCardError::Check);
        }
        let odd = part(16..17)?.bytes().all(|digit| digit % 2 == 1);
        Ok(Self {
            text: text.to_owned(),
            edition: Edition::Of2023,
            country,
            birth_date,
            sex: Some(if odd { Sex::Male } else { Sex::Female }),
        })
    }

    fn of_2017(text: &str, today: NaiveDate) -> Result<Self, ForeignCardError> {
        let part = |range| text.get(range).ok_or(ForeignCardError::Character);
        let letters = part(0..3)?;
        let digits = part(3..15)?.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !letters.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(ForeignCardError::Character);
        }
        check_issuer(part(3..5)?)?;
        let country = foreign(Country::from_letters(letters))?;
        let birth_date = birth_of_six(part(7..13)?, today).ok_or(ForeignCardError::Date)?;
        if text.chars().next_back() != travel_check(text) {
            return Err(ForeignCardError::Check);
        }
        Ok(Self {
            text: text.to_owned(),
            edition: Edition::Of2017,
            country,
            birth_date,
            sex: None,
        })
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The edition. One person's two cards have two numbers.
    pub const fn edition(&self) -> Edition {
        self.edition
    }

    /// The nationality.
    pub const fn country(&self) -> Country {
        self.country
    }

    /// The day of birth. Cards of 2017 write two digits of the year; the holder is taken for the younger of the two
    /// people that it could be.
    pub const fn birth_date(&self) -> NaiveDate {
        self.birth_date
    }

    /// The sex, on cards that tell it.
    pub const fn sex(&self) -> Option<Sex> {
        self.sex
    }

    /// The age in full years on a day; zero before birth.
    pub fn age_on(&self, date: NaiveDate) -> u32 {
        date.years_since(self.birth_date).unwrap_or(0)
    }

    /// Enough for the owner to recognise it: the beginning and the end, no birth date.
    pub fn masked(&self) -> String {
        let hidden = match self.edition {
            Edition::Of2017 => 3..13,
            Edition::Of2023 => 3..14,
        };
        self.text
            .chars()
            .enumerate()
            .map(|(at, c)| if hidden.contains(&at) { '*' } else { c })
            .collect()
    }
}

impl fmt::Debug for ForeignCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignCard(…)")
    }
}

fn check_issuer(province: &str) -> Result<(), ForeignCardError> {
    if PROVINCES.contains(&province) {
        Ok(())
    } else {
        Err(ForeignCardError::Issuer)
    }
}

fn foreign(country: Option<Country>) -> Result<Country, ForeignCardError> {
    country
        .filter(|country| !country.is_china())
        .ok_or(ForeignCardError::Country)
}

/// The latest day that six digits can mean and that is not after today.
fn birth_of_six(six: &str, today: NaiveDate) -> Option<NaiveDate> {
    ["20", "19"]
        .into_iter()
        .filter_map(|century| calendar_date(&format!("{century}{six}")))
        .find(|date| *date <= today)
}

/// The check digit for the first 14 characters: digits count for themselves, letters from 10.
fn travel_check(text: &str) -> Option<char> {
    let sum: u32 = text
        .chars()
        .take(14)
        .zip(TRAVEL_WEIGHTS.into_iter().cycle())
        .map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight)
        .sum();
    char::from_digit(sum % 10, 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        day(2026, 5, 4)
    }

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn parse(text: &str) -> Result<ForeignCard, ForeignCardError> {
        ForeignCard::parse(text, today())
    }

    fn with_check(seventeen: &str) -> String {
        format!("{seventeen}{}", check_character(seventeen).unwrap())
    }

    #[test]
    fn cards_of_2023_tell_country_birth_and_sex() {
        for (text, country, birth, sex) in [
            ("911840199003070014", "USA", day(1990, 3, 7), Sex::Male),
            ("931826198511150020", "GBR", day(1985, 11, 15), Sex::Female),
            ("944392197907040035", "JPN", day(1979, 7, 4), Sex::Male),
            ("950704200109090145", "VNM", day(2001, 9, 9), Sex::Female),
            ("934276196502280258", "DEU", day(1965, 2, 28), Sex::Male),
        ] {
            let card = parse(text).unwrap();
            assert_eq!(card.edition(), Edition::Of2023);
            assert_eq!(
                (card.country().letters(), card.birth_date(), card.sex()),
                (country, birth, Some(sex)),
                "{text}"
            );
        }
        assert_eq!(parse("911840199003070014").unwrap().age_on(today()), 36);
        assert_eq!(parse("911840199003070014").unwrap().age_on(day(1980, 1, 1)), 0);
    }

    #[test]
    fn cards_of_2017_tell_country_and_birth() {
        for (text, country, birth) in [
            ("KAZ110090123105", "KAZ", day(1990, 12, 31)),
            ("USA110090030712", "USA", day(1990, 3, 7)),
            ("GBR310085111527", "GBR", day(1985, 11, 15)),
            ("DEU440179070438", "DEU", day(1979, 7, 4)),
        ] {
            let card = parse(text).unwrap();
            assert_eq!((card.edition(), card.sex()), (Edition::Of2017, None));
            assert_eq!(
                (card.country().letters(), card.birth_date()),
                (country, birth),
                "{text}"
            );
        }
    }

    #[test]
    fn two_digits_of_a_year_mean_the_younger_of_two_people() {
        assert_eq!(birth_of_six("260504", today()), Some(day(2026, 5, 4)));
        assert_eq!(birth_of_six("260505", today()), Some(day(1926, 5, 5)));
        assert_eq!(birth_of_six("000229", today()), Some(day(2000, 2, 29)));
        assert_eq!(birth_of_six("270229", today()), None);
        assert_eq!(birth_of_six("901301", today()), None);
    }

    #[test]
    fn faults_are_told_apart() {
        for (text, fault) in [
            ("", ForeignCardError::Length),
            ("9118401990030700", ForeignCardError::Length),
            ("KAZ1100901231055", ForeignCardError::Length),
            ("911840199003070010", ForeignCardError::Check),
            ("91184019900307001Y", ForeignCardError::Character),
            ("9118401990030X0014", ForeignCardError::Character),
            ("91184O199003070014", ForeignCardError::Character),
            ("91184019900307001١", ForeignCardError::Character),
            ("811840199003070016", ForeignCardError::Kind),
            ("340000199003070012", ForeignCardError::Kind),
            ("999840199003070016", ForeignCardError::Issuer),
            ("971840199003070016", ForeignCardError::Issuer),
            ("911999199003070010", ForeignCardError::Country),
            ("911156199003070010", ForeignCardError::Country),
            ("911344199003070010", ForeignCardError::Country),
            ("911840199013320013", ForeignCardError::Date),
            ("911840186903070013", ForeignCardError::Date),
            ("911840202605050013", ForeignCardError::Future),
            ("KAZ110090123104", ForeignCardError::Check),
            ("KAZ990090123105", ForeignCardError::Issuer),
            ("KAX110090123105", ForeignCardError::Country),
            ("CHN110090123105", ForeignCardError::Country),
            ("KAZ110090133105", ForeignCardError::Date),
            ("K1Z110090123105", ForeignCardError::Character),
            ("KAZ11009012310A", ForeignCardError::Character),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn the_first_year_and_today_are_good_birth_days() {
        for seventeen in ["91184018700101001", "91184020260504001"] {
            assert!(parse(&with_check(seventeen)).is_ok(), "{seventeen}");
        }
    }

    #[test]
    fn people_may_type_full_width_and_machines_may_not() {
        for (text, card) in [
            ("kaz 1100 9012 3105", "KAZ110090123105"),
            ("ＫＡＺ１１００９０１２３１０５", "KAZ110090123105"),
            ("９１１８４０１９９００３０７００１４", "911840199003070014"),
        ] {
            assert_eq!(parse(text).unwrap().as_str(), card);
            assert!(ForeignCard::parse_strict(text, today()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mebibyte_is_refused_by_its_length() {
        for text in ["9".repeat(1 << 20), "九".repeat(1 << 18)] {
            assert_eq!(parse(&text), Err(ForeignCardError::Length));
            assert_eq!(
                ForeignCard::parse_strict(&text, today()),
                Err(ForeignCardError::Length)
            );
        }
    }

    #[test]
    fn the_number_is_masked_and_not_printed() {
        let card = parse("911840199003070014").unwrap();
        assert_eq!(card.masked(), "911***********0014");
        assert_eq!(format!("{card:?}"), "ForeignCard(…)");
        assert_eq!(parse("KAZ110090123105").unwrap().masked(), "KAZ**********05");
    }

    #[test]
    fn the_shared_vectors_hold() {
        let vectors = crate::fold::vectors();
        for (list, edition) in [
            (
                &vectors["foreign_permanent_residence_18"]["valid"],
                Edition::Of2023,
            ),
            (
                &vectors["foreign_permanent_residence_15"]["valid"],
                Edition::Of2017,
            ),
        ] {
            for text in crate::fold::texts(list) {
                let card = ForeignCard::parse_strict(&text, today()).unwrap();
                assert_eq!(card.edition(), edition, "{text}");
            }
        }
        for text in crate::fold::texts(&vectors["foreign_permanent_residence_18"]["invalid"]) {
            assert!(parse(&text).is_err(), "{text}");
        }
        for text in crate::fold::texts(&vectors["citizen_id_18"]["valid"]) {
            assert_eq!(parse(&text), Err(ForeignCardError::Kind), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(
            text in "\\PC{0,40}|9[0-9]{16}[0-9Xx]|[A-Za-z]{3}[0-9]{12}|USA1100[0-9]{8}"
        ) {
            if let Ok(card) = parse(&text) {
                prop_assert_eq!(ForeignCard::parse_strict(card.as_str(), today()), Ok(card));
            }
        }

        #[test]
        fn a_wrong_digit_never_passes(days in 0i64..50_000, sequence in 0u32..1000, at in 14usize..17) {
            let date = day(1880, 1, 1) + chrono::TimeDelta::days(days);
            let text = with_check(&format!("911840{}{sequence:03}", date.format("%Y%m%d")));
            let card = parse(&text).unwrap();
            prop_assert_eq!(card.birth_date(), date);
            prop_assert_eq!(card.sex() == Some(Sex::Male), sequence % 2 == 1);
            let mut bytes = text.into_bytes();
            bytes[at] = b'0' + (bytes[at] - b'0' + 1) % 10;
            prop_assert_eq!(parse(&String::from_utf8(bytes).unwrap()), Err(ForeignCardError::Check));
        }
    }
}
