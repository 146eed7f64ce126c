//! Travel permits to the mainland: of Hong Kong and Macao residents (`H` or `M` and eight digits for life, printed
//! with two digits that count the renewals) and of Taiwan residents (eight digits).
//!
//! There is no check character and no birth date in them, so only the form is checked, and the age of the holder
//! must come from somewhere else.

use std::fmt;

use crate::fold::typed_number;

/// The digits of the holder.
const HOLDER_DIGITS: usize = 8;
/// The digits of the renewal count.
const RENEWAL_DIGITS: usize = 2;

/// Whose permit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A resident of Hong Kong.
    HongKong,
    /// A resident of Macao.
    Macao,
    /// A resident of Taiwan.
    Taiwan,
}

/// A permit's number of good form. Its text never appears in `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TravelPermit {
    number: String,
    renewal: Option<String>,
    holder: Holder,
}

/// Why a text is not the number of a travel permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TravelPermitError {
    /// The number of characters fits no permit.
    #[error("the number of characters is wrong")]
    Length,
    /// Something other than digits after the letter.
    #[error("a character other than digits")]
    Character,
    /// A letter other than H and M in front.
    #[error("the number begins with neither H nor M nor a digit")]
    Kind,
}

impl TravelPermit {
    /// Parses what a person typed: full-width characters, spaces and a small letter are accepted.
    pub fn parse(input: &str) -> Result<Self, TravelPermitError> {
        let text = typed_number(input).ok_or(TravelPermitError::Length)?;
        Self::parse_strict(&text)
    }

    /// Parses what a machine sent: a capital letter or none, and ASCII digits.
    pub fn parse_strict(text: &str) -> Result<Self, TravelPermitError> {
        let first = text.chars().next().ok_or(TravelPermitError::Length)?;
        let (holder, digits) = match first {
            'H' => (Holder::HongKong, text.get(1..)),
            'M' => (Holder::Macao, text.get(1..)),
            '0'..='9' => (Holder::Taiwan, Some(text)),
            _ => return Err(TravelPermitError::Kind),
        };
        let digits = digits.ok_or(TravelPermitError::Character)?;
        let with_renewal = digits.len() == HOLDER_DIGITS + RENEWAL_DIGITS && holder != Holder::Taiwan;
        if digits.len() != HOLDER_DIGITS && !with_renewal {
            return Err(TravelPermitError::Length);
        }
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TravelPermitError::Character);
        }
        let at = text
            .len()
            .saturating_sub(if with_renewal { RENEWAL_DIGITS } else { 0 });
        let (number, renewal) = text.split_at_checked(at).ok_or(TravelPermitError::Character)?;
        Ok(Self {
            number: number.to_owned(),
            renewal: with_renewal.then(|| renewal.to_owned()),
            holder,
        })
    }

    /// What stays the same for life: the number without the renewal count. This is what identifies the person.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The two digits that count the renewals, if they were given. They change with each new permit.
    pub fn renewal(&self) -> Option<&str> {
        self.renewal.as_deref()
    }

    /// Whose permit it is.
    pub const fn holder(&self) -> Holder {
        self.holder
    }

    /// Enough for the owner to recognise it: the letter and the last three digits, `H*****001`.
    pub fn masked(&self) -> String {
        let last = self.number.len().saturating_sub(3);
        self.number
            .chars()
            .enumerate()
            .map(|(at, c)| if c.is_ascii_digit() && at < last { '*' } else { c })
            .collect()
    }
}

impl fmt::Debug for TravelPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TravelPermit(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn permits_of_three_regions_are_told_apart_and_the_renewal_is_no_part_of_the_number() {
        for (text, holder, number, renewal, masked) in [
            ("H00000001", Holder::HongKong, "H00000001", None, "H*****001"),
            ("M00000002", Holder::Macao, "M00000002", None, "M*****002"),
            (
                "H0000000301",
                Holder::HongKong,
                "H00000003",
                Some("01"),
                "H*****003",
            ),
            ("M1234567899", Holder::Macao, "M12345678", Some("99"), "M*****678"),
            ("00000004", Holder::Taiwan, "00000004", None, "*****004"),
            ("00000005", Holder::Taiwan, "00000005", None, "*****005"),
        ] {
            let permit = TravelPermit::parse_strict(text).unwrap();
            assert_eq!((permit.holder(), permit.number()), (holder, number), "{text}");
            assert_eq!(
                (permit.renewal(), permit.masked().as_str()),
                (renewal, masked),
                "{text}"
            );
        }
    }

    #[test]
    fn faults_are_told_apart() {
        for (text, fault) in [
            ("", TravelPermitError::Length),
            ("H", TravelPermitError::Length),
            ("H0000001", TravelPermitError::Length),
            ("H000000012", TravelPermitError::Length),
            ("H000000030101", TravelPermitError::Length),
            ("0000004", TravelPermitError::Length),
            ("000000040", TravelPermitError::Length),
            ("0000000401", TravelPermitError::Length),
            ("K00000001", TravelPermitError::Kind),
            ("张00000001", TravelPermitError::Kind),
            ("H0000000A", TravelPermitError::Character),
            ("0000000A", TravelPermitError::Character),
            (
                "H0000000301".replace("01", "0A").as_str(),
                TravelPermitError::Character,
            ),
        ] {
            assert_eq!(TravelPermit::parse(text), Err(fault), "{text}");
        }
        let long = "0".repeat(1 << 20);
        assert_eq!(TravelPermit::parse(&long), Err(TravelPermitError::Length));
        assert_eq!(TravelPermit::parse_strict(&long), Err(TravelPermitError::Length));
    }

    #[test]
    fn people_may_type_full_width_and_machines_may_not() {
        for text in ["ｈ００００００01", "h 0000 0001", "Ｈ００００\u{3000}０００１"] {
            assert_eq!(TravelPermit::parse(text).unwrap().number(), "H00000001");
            assert!(TravelPermit::parse_strict(text).is_err());
        }
        assert!(TravelPermit::parse_strict("H٠٠٠٠").is_err());
    }

    #[test]
    fn the_number_is_not_printed() {
        let permit = TravelPermit::parse("H00000001").unwrap();
        assert_eq!(format!("{permit:?}"), "TravelPermit(…)");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(text in "\\PC{0,40}|[HMK]?[0-9]{6,12}") {
            if let Ok(permit) = TravelPermit::parse(&text) {
                let whole = format!("{}{}", permit.number(), permit.renewal().unwrap_or(""));
                prop_assert_eq!(TravelPermit::parse_strict(&whole), Ok(permit.clone()));
                prop_assert!(!permit.masked().contains(permit.number()));
            }
        }
    }
}
