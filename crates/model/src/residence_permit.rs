//! Residence permits that mainland authorities issue to residents of Hong Kong, Macao and Taiwan.
//!
//! Their numbers follow the resident ID number (GB 11643-1999) with the addresses 810000, 820000 and 830000. A
//! [`CitizenId`] may be one of them, because registers ask for both alike; this type is for where only a permit
//! will do.

use std::fmt;

use chrono::NaiveDate;

use crate::citizen_id::{CitizenId, CitizenIdError, Sex};

/// Where the holder of a permit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Hong Kong, 810000.
    HongKong,
    /// Macao, 820000.
    Macao,
    /// Taiwan, 830000.
    Taiwan,
}

/// A permit's number that passes every check. Its text never appears in `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResidencePermit {
    number: CitizenId,
    origin: Origin,
}

/// Why a text is not the number of a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ResidencePermitError {
    /// It is no number of this form at all.
    #[error(transparent)]
    Number(#[from] CitizenIdError),
    /// It is the number of a mainland resident.
    #[error("the number of a mainland resident, not of a permit")]
    Mainland,
}

impl ResidencePermit {
    /// Parses what a person typed: full-width characters, spaces and a small x are accepted.
    pub fn parse(input: &str, today: NaiveDate) -> Result<Self, ResidencePermitError> {
        Self::of(CitizenId::parse(input, today)?)
    }

    /// Parses what a machine sent: exactly the 18 characters, with a capital X.
    pub fn parse_strict(text: &str, today: NaiveDate) -> Result<Self, ResidencePermitError> {
        Self::of(CitizenId::parse_strict(text, today)?)
    }

    /// The permit that a number is, if it is one.
    pub fn of(number: CitizenId) -> Result<Self, ResidencePermitError> {
        let origin = match number.as_str().get(..2) {
            Some("81") => Origin::HongKong,
            Some("82") => Origin::Macao,
            Some("83") => Origin::Taiwan,
            _ => return Err(ResidencePermitError::Mainland),
        };
        Ok(Self { number, origin })
    }

    /// The number as registers take it.
    pub const fn number(&self) -> &CitizenId {
        &self.number
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        self.number.as_str()
    }

    /// Where the holder comes from.
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The day of birth.
    pub const fn birth_date(&self) -> NaiveDate {
        self.number.birth_date()
    }

    /// The sex.
    pub const fn sex(&self) -> Sex {
        self.number.sex()
    }

    /// Enough for the owner to recognise it: the first three and the last four characters, no birth date.
    pub fn masked(&self) -> String {
        self.number.masked()
    }
}

impl fmt::Debug for ResidencePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidencePermit(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 5, 4).unwrap()
    }

    fn parse(text: &str) -> Result<ResidencePermit, ResidencePermitError> {
        ResidencePermit::parse(text, today())
    }

    #[test]
    fn the_address_tells_where_the_holder_comes_from() {
        for (text, origin, sex) in [
            ("810000199003070015", Origin::HongKong, Sex::Male),
            ("810000198511150025", Origin::HongKong, Sex::Female),
            ("820000197907040030", Origin::Macao, Sex::Male),
            ("820000200309090147", Origin::Macao, Sex::Female),
            ("83000019650228005X", Origin::Taiwan, Sex::Male),
            ("83000019980815026X", Origin::Taiwan, Sex::Female),
        ] {
            let permit = parse(text).unwrap();
            assert_eq!((permit.origin(), permit.sex()), (origin, sex), "{text}");
        }
        let permit = parse("83000019650228005X").unwrap();
        assert_eq!(permit.birth_date(), NaiveDate::from_ymd_opt(1965, 2, 28).unwrap());
        assert_eq!(permit.number().as_str(), permit.as_str());
    }

    #[test]
    fn faults_are_told_apart() {
        let number = ResidencePermitError::Number;
        for (text, fault) in [
            ("810000199003070010", number(CitizenIdError::Check)),
            ("840000199003070016", number(CitizenIdError::Region)),
            ("810101199003070013", number(CitizenIdError::Region)),
            ("810000199002300018", number(CitizenIdError::Date)),
            ("8100001990030700", number(CitizenIdError::Length)),
            ("", number(CitizenIdError::Length)),
            ("34000019930510007X", ResidencePermitError::Mainland),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
        assert_eq!(parse(&"8".repeat(1 << 20)), Err(number(CitizenIdError::Length)));
    }

    #[test]
    fn people_may_type_full_width_and_machines_may_not() {
        for text in ["８３０００００１９６５０２２８００５ｘ", "830000 19650228 005x"] {
            assert!(ResidencePermit::parse_strict(text, today()).is_err());
        }
        let text = "８３００００１９６５０２２８００５ｘ";
        assert_eq!(parse(text).unwrap().as_str(), "83000019650228005X");
        assert!(ResidencePermit::parse_strict(text, today()).is_err());
        assert!(ResidencePermit::parse_strict("83000019650228005X", today()).is_ok());
    }

    #[test]
    fn the_number_is_masked_and_not_printed() {
        let permit = parse("810000199003070015").unwrap();
        assert_eq!(permit.masked(), "810***********0015");
        assert_eq!(format!("{permit:?}"), "ResidencePermit(…)");
    }

    #[test]
    fn the_shared_vectors_hold() {
        let vectors = crate::fold::vectors();
        let permits = &vectors["residence_permit_hk_macao_taiwan"];
        for text in crate::fold::texts(&permits["valid"]) {
            assert!(ResidencePermit::parse_strict(&text, today()).is_ok(), "{text}");
        }
        for text in crate::fold::texts(&permits["invalid"]) {
            assert!(parse(&text).is_err(), "{text}");
        }
        for text in crate::fold::texts(&vectors["citizen_id_18"]["valid"]) {
            assert_eq!(parse(&text), Err(ResidencePermitError::Mainland), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(text in "\\PC{0,40}|8[123]0000[0-9]{11}[0-9Xx]") {
            if let Ok(permit) = parse(&text) {
                prop_assert_eq!(ResidencePermit::parse_strict(permit.as_str(), today()), Ok(permit));
            }
        }
    }
}
