//! Resident ID numbers of GB 11643-1999, with the residence permits of Hong Kong, Macao and Taiwan residents,
//! which use the same 18 characters under the addresses 810000, 820000 and 830000.
//!
//! Six characters of address, eight of birth date, three of sequence (the last one odd for men), one check
//! character (ISO 7064 MOD 11-2). County codes of earlier decades stay valid for their holders, so only the
//! province is checked. Permanent residence cards of foreigners (first digit 9, [`crate::foreign_card`]) and the
//! 15-digit form of 1989 are not accepted here; [`CitizenId::import_15`] converts the latter when legacy accounts
//! are taken over. Whether a number is a permit tells [`crate::residence_permit`].

use std::fmt;

use chrono::{Datelike as _, NaiveDate};

use crate::fold::typed_number;

/// The length of a number.
const LENGTH: usize = 18;
/// Nobody alive was born before.
const BIRTH_YEAR_MIN: i32 = 1870;
/// The weights of the check, `2^(17-i) mod 11`.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The check characters by remainder.
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";
/// The two-digit codes of the provinces (GB/T 2260).
const PROVINCES: [&str; 35] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
    "83",
];

/// The sex that the sequence tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// An odd sequence.
    Male,
    /// An even sequence.
    Female,
}

/// A number that passes every check. Its text never appears in `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CitizenId {
    text: String,
    birth_date: NaiveDate,
    sex: Sex,
}

/// Why a text is not a number, in the order in which it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CitizenIdError {
    /// Not 18 characters.
    #[error("not 18 characters")]
    Length,
    /// Something other than digits and a final X.
    #[error("a character other than digits and a final X")]
    Character,
    /// No province begins so, or it belongs to another kind of card.
    #[error("the number does not begin with a province")]
    Region,
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

impl CitizenId {
    /// Parses what a person typed: full-width characters, spaces and a small x are accepted.
    pub fn parse(input: &str, today: NaiveDate) -> Result<Self, CitizenIdError> {
        let text = typed_number(input).ok_or(CitizenIdError::Length)?;
        Self::parse_strict(&text, today)
    }

    /// Parses what a machine sent: exactly the 18 characters, with a capital X.
    pub fn parse_strict(text: &str, today: NaiveDate) -> Result<Self, CitizenIdError> {
        if text.len() > 4 * LENGTH || text.chars().count() != LENGTH {
            return Err(CitizenIdError::Length);
        }
        let mut characters = text.chars();
        let check = characters.next_back();
        if !characters.all(|c| c.is_ascii_digit()) || !matches!(check, Some('0'..='9' | 'X')) {
            return Err(CitizenIdError::Character);
        }
        check_region(text)?;
        let birth_date = text
            .get(6..14)
            .and_then(calendar_date)
            .ok_or(CitizenIdError::Date)?;
        if birth_date.year() < BIRTH_YEAR_MIN {
            return Err(CitizenIdError::Date);
        }
        if birth_date > today {
            return Err(CitizenIdError::Future);
        }
        if check != check_character(text) {
            return Err(CitizenIdError::Check);
        }
        let odd = text.as_bytes().get(16).is_some_and(|digit| digit % 2 == 1);
        let sex = if odd { Sex::Male } else { Sex::Female };
        Ok(Self {
            text: text.to_owned(),
            birth_date,
            sex,
        })
    }

    /// Converts a 15-digit number of GB 11643-1989 by adding the century and the check character. For the import
    /// of legacy accounts only: cards with such numbers are no longer valid documents.
    pub fn import_15(text: &str, today: NaiveDate) -> Result<Self, CitizenIdError> {
        if text.len() != 15 {
            return Err(CitizenIdError::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CitizenIdError::Character);
        }
        let (address, rest) = text.split_at_checked(6).ok_or(CitizenIdError::Character)?;
        let seventeen = format!("{address}19{rest}");
        let check = check_character(&seventeen).ok_or(CitizenIdError::Character)?;
        Self::parse_strict(&format!("{seventeen}{check}"), today)
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The day of birth.
    pub const fn birth_date(&self) -> NaiveDate {
        self.birth_date
    }

    /// The sex.
    pub const fn sex(&self) -> Sex {
        self.sex
    }

    /// The age in full years on a day; zero before birth. Whoever was born on 29 February grows older on 1 March
    /// in common years.
    pub fn age_on(&self, date: NaiveDate) -> u32 {
        date.years_since(self.birth_date).unwrap_or(0)
    }

    /// Enough for the owner to recognise it: the first three and the last four characters, no birth date.
    pub fn masked(&self) -> String {
        self.text
            .chars()
            .enumerate()
            .map(|(at, c)| if (3..14).contains(&at) { '*' } else { c })
            .collect()
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CitizenId(…)")
    }
}

/// The province must exist, and the three permit addresses have no counties.
fn check_region(text: &str) -> Result<(), CitizenIdError> {
    let (province, county) = (text.get(..2), text.get(2..6));
    let known = province.is_some_and(|code| PROVINCES.contains(&code));
    let is_permit = matches!(province, Some("81" | "82" | "83"));
    if known && (!is_permit || county == Some("0000")) {
        Ok(())
    } else {
        Err(CitizenIdError::Region)
    }
}

/// The day of eight digits.
pub(crate) fn calendar_date(eight: &str) -> Option<NaiveDate> {
    let year = eight.get(..4)?.parse().ok()?;
    let month = eight.get(4..6)?.parse().ok()?;
    let day = eight.get(6..)?.parse().ok()?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The check character for the first 17 digits.
pub(crate) fn check_character(text: &str) -> Option<char> {
    let sum: u32 = text
        .chars()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit.to_digit(10).unwrap_or(0) * weight)
        .sum();
    CHECK_CHARACTERS
        .get(usize::try_from(sum % 11).ok()?)
        .map(|byte| char::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 5, 4).unwrap()
    }

    fn parse(text: &str) -> Result<CitizenId, CitizenIdError> {
        CitizenId::parse(text, today())
    }

    #[test]
    fn the_examples_of_the_standard_pass() {
        for text in ["11010519491231002X", "440524188001010014"] {
            assert_eq!(parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn people_may_type_spaces_full_width_digits_and_a_small_x() {
        for text in [
            "34000019930510007x",
            " 340000 19930510 007X ",
            "３４００００１９９３０５１０００７ｘ",
        ] {
            assert_eq!(parse(text).unwrap().as_str(), "34000019930510007X");
            assert!(CitizenId::parse_strict(text, today()).is_err());
        }
    }

    #[test]
    fn attack_245_every_spelling_of_a_number_is_one_person_and_no_machine_may_vary_it() {
        let one = parse("34000019930510007X").unwrap();
        for text in [
            "34000019930510007x",
            "\u{200b}34000019930510007X\u{feff}",
            "340000\u{a0}1993\u{2009}0510\u{3000}007X",
            "\t34000019930510007Ｘ\n",
            "３４００００19930510007x",
        ] {
            assert_eq!(parse(text).as_ref(), Ok(&one), "{text:?}");
            assert!(CitizenId::parse_strict(text, today()).is_err(), "{text:?}");
        }
        // What only looks like a digit is not one.
        for text in [
            "34000019930510007Х",
            "34000019930510007Χ",
            "3400001993051000７٧",
            "①40000199305100070",
        ] {
            assert_eq!(parse(text), Err(CitizenIdError::Character), "{text:?}");
        }
    }

    #[test]
    fn faults_are_told_apart() {
        for (text, fault) in [
            ("340000199003070010", CitizenIdError::Check),
            ("340000199003072134", CitizenIdError::Check),
            ("34000019900307001X", CitizenIdError::Check),
            ("340000199002300015", CitizenIdError::Date),
            ("340000190002290012", CitizenIdError::Date),
            ("340000203013010012", CitizenIdError::Date),
            ("340000000003070012", CitizenIdError::Date),
            ("340000209901010018", CitizenIdError::Future),
            ("990000199003070013", CitizenIdError::Region),
            ("840000199003070016", CitizenIdError::Region),
            ("810101199003070013", CitizenIdError::Region),
            ("34000O199003070012", CitizenIdError::Character),
            ("3400001990030X0012", CitizenIdError::Character),
            ("34000019900307001Y", CitizenIdError::Character),
            ("34000019900307001١", CitizenIdError::Character),
            ("3400001990030700", CitizenIdError::Length),
            ("", CitizenIdError::Length),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_child_born_today_exists_and_one_born_tomorrow_does_not() {
        let id = |date: NaiveDate| {
            let seventeen = format!("340000{}001", date.format("%Y%m%d"));
            let check = check_character(&seventeen).unwrap();
            parse(&format!("{seventeen}{check}"))
        };
        assert!(id(today()).is_ok());
        assert_eq!(id(today().succ_opt().unwrap()), Err(CitizenIdError::Future));
    }

    #[test]
    fn birth_sex_and_age_are_read_from_the_number() {
        let id = parse("110000200002290139").unwrap();
        assert_eq!(
            (id.birth_date(), id.sex()),
            (NaiveDate::from_ymd_opt(2000, 2, 29).unwrap(), Sex::Male)
        );
        let on = |y, m, d| id.age_on(NaiveDate::from_ymd_opt(y, m, d).unwrap());
        assert_eq!(
            (on(1999, 1, 1), on(2018, 2, 28), on(2018, 3, 1), on(2020, 2, 29)),
            (0, 17, 18, 20)
        );
        assert_eq!(parse("420000198511150022").unwrap().sex(), Sex::Female);
    }

    #[test]
    fn permits_of_hong_kong_macao_and_taiwan_are_accepted() {
        for text in ["810000199003070015", "820000197907040030", "83000019650228005X"] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn fifteen_digits_are_for_the_import_only() {
        assert_eq!(parse("340000900307001"), Err(CitizenIdError::Length));
        let id = CitizenId::import_15("340000900307001", today()).unwrap();
        assert_eq!(id.as_str(), "340000199003070012");
    }

    #[test]
    fn a_mebibyte_is_refused_by_its_length() {
        let text = "3".repeat(1 << 20);
        assert_eq!(parse(&text), Err(CitizenIdError::Length));
        assert_eq!(
            CitizenId::parse_strict(&text, today()),
            Err(CitizenIdError::Length)
        );
        assert_eq!(CitizenId::import_15(&text, today()), Err(CitizenIdError::Length));
    }

    #[test]
    fn the_number_is_masked_and_not_printed() {
        let id = parse("340000199003070012").unwrap();
        assert_eq!(id.masked(), "340***********0012");
        assert_eq!(format!("{id:?}"), "CitizenId(…)");
    }

    #[test]
    fn the_shared_vectors_hold() {
        let vectors = crate::fold::vectors();
        for list in [
            &vectors["citizen_id_18"]["valid"],
            &vectors["residence_permit_hk_macao_taiwan"]["valid"],
        ] {
            for text in crate::fold::texts(list) {
                assert!(parse(&text).is_ok(), "{text}");
            }
        }
        for (text, fault) in vectors["citizen_id_18"]["invalid"].as_object().unwrap() {
            let found = format!("{:?}", parse(text).unwrap_err()).to_lowercase();
            assert_eq!(Some(found.as_str()), fault.as_str(), "{text}");
        }
        for text in crate::fold::texts(&vectors["residence_permit_hk_macao_taiwan"]["invalid"]) {
            assert!(parse(&text).is_err(), "{text}");
        }
        for text in crate::fold::texts(&vectors["foreign_permanent_residence_18"]["valid"]) {
            assert_eq!(parse(&text), Err(CitizenIdError::Region), "{text}");
        }
        let old = &vectors["citizen_id_15_import_only"];
        for (text, long) in old["valid"].as_object().unwrap() {
            assert_eq!(
                Some(CitizenId::import_15(text, today()).unwrap().as_str()),
                long.as_str()
            );
        }
        for text in crate::fold::texts(&old["invalid"]) {
            assert!(CitizenId::import_15(&text, today()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(text in "\\PC{0,40}|[0-9Xx ]{15,20}") {
            if let Ok(id) = parse(&text) {
                prop_assert_eq!(CitizenId::parse_strict(id.as_str(), today()), Ok(id));
            }
            let _ = CitizenId::import_15(&text, today());
        }

        #[test]
        fn a_wrong_digit_or_two_swapped_never_pass(days in 0i64..50_000, sequence in 0u32..1000, at in 14usize..17) {
            let date = NaiveDate::from_ymd_opt(1880, 1, 1).unwrap() + chrono::TimeDelta::days(days);
            let seventeen = format!("340000{}{sequence:03}", date.format("%Y%m%d"));
            let text = format!("{seventeen}{}", check_character(&seventeen).unwrap());
            let id = parse(&text).unwrap();
            prop_assert_eq!(id.birth_date(), date);
            let mut bytes = text.clone().into_bytes();
            bytes[at] = b'0' + (bytes[at] - b'0' + 1) % 10;
            prop_assert_eq!(parse(&String::from_utf8(bytes).unwrap()), Err(CitizenIdError::Check));
            let mut bytes = text.into_bytes();
            bytes.swap(14, 15);
            let swapped = String::from_utf8(bytes).unwrap();
            prop_assert!(swapped == id.as_str() || parse(&swapped).is_err());
        }
    }
}
