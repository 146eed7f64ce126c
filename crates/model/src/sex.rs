//! Codes of sex of GB/T 2261.1, as national interfaces exchange them. Provinces deviate (1 and 0, 0 and 1); adapters
//! of sources translate to these.

use crate::citizen_id::Sex;
use crate::fold::typed_number;

/// A code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SexCode {
    /// 0, not known.
    Unknown,
    /// 1.
    Male,
    /// 2.
    Female,
    /// 9, not stated.
    Unspecified,
}

/// The text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a code of sex is 0, 1, 2 or 9")]
pub struct InvalidSexCode;

impl SexCode {
    /// Parses what a person typed; a full-width digit and spaces are accepted.
    pub fn parse(input: &str) -> Result<Self, InvalidSexCode> {
        Self::parse_strict(&typed_number(input).ok_or(InvalidSexCode)?)
    }

    /// Parses what a machine sent: one ASCII digit.
    pub fn parse_strict(text: &str) -> Result<Self, InvalidSexCode> {
        match text {
            "0" => Ok(Self::Unknown),
            "1" => Ok(Self::Male),
            "2" => Ok(Self::Female),
            "9" => Ok(Self::Unspecified),
            _ => Err(InvalidSexCode),
        }
    }

    /// The digit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "0",
            Self::Male => "1",
            Self::Female => "2",
            Self::Unspecified => "9",
        }
    }

    /// Whether it says what a number says. Not knowing is not agreeing.
    pub const fn agrees_with(self, sex: Sex) -> bool {
        matches!((self, sex), (Self::Male, Sex::Male) | (Self::Female, Sex::Female))
    }
}

impl From<Sex> for SexCode {
    fn from(sex: Sex) -> Self {
        match sex {
            Sex::Male => Self::Male,
            Sex::Female => Self::Female,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [SexCode; 4] = [
        SexCode::Unknown,
        SexCode::Male,
        SexCode::Female,
        SexCode::Unspecified,
    ];

    #[test]
    fn there_are_four_codes() {
        for (code, text) in ALL.into_iter().zip(["0", "1", "2", "9"]) {
            assert_eq!((SexCode::parse_strict(text), code.as_str()), (Ok(code), text));
        }
        for text in ["", "3", "01", "M", "男", "１", " 1", "-1"] {
            assert_eq!(SexCode::parse_strict(text), Err(InvalidSexCode), "{text}");
        }
    }

    #[test]
    fn people_may_type_a_full_width_digit() {
        assert_eq!(SexCode::parse(" １ "), Ok(SexCode::Male));
        for text in ["男", "M", "", &"1".repeat(1 << 20)] {
            assert_eq!(SexCode::parse(text), Err(InvalidSexCode));
        }
    }

    #[test]
    fn only_the_code_of_the_number_agrees_with_it() {
        for sex in [Sex::Male, Sex::Female] {
            let agreeing: Vec<_> = ALL.into_iter().filter(|code| code.agrees_with(sex)).collect();
            assert_eq!(agreeing, [SexCode::from(sex)]);
        }
    }
}
