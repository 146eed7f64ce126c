//! Unified social credit codes of organisations, GB 32100-2015.
//!
//! One character for the registering authority, one for the category, six digits of region, nine characters of
//! organisation code (GB 11714, with a check of its own) and one check character. A wrong outer check refuses
//! the code; a wrong inner check is only reported, because early codes break it.

use std::fmt;

use crate::fold::typed_number;

const LENGTH: usize = 18;
/// The characters in the order of their values: no I, O, S, V, Z.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The authorities that register.
const AUTHORITIES: &str = "123456789ANY";
/// The weights of the outer check, `3^i mod 31`.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// The weights of the inner check.
const INNER_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal: $($code:literal),+;)*) => {
        /// What an organisation is, by the first two characters of its code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum OrganisationKind {
            $($(#[$doc])* $kind,)*
        }

        impl OrganisationKind {
            /// The word in claims and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($($code)|+ => Some(Self::$kind),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// An organ of the state (机关).
    GovernmentOrgan = "government_organ": "11";
    /// A public institution (事业单位).
    PublicInstitution = "public_institution": "12";
    /// A mass organisation whose staffing the central office manages (群众团体).
    MassOrganisation = "mass_organisation": "13";
    /// Other bodies under the staffing office.
    OtherPublicBody = "other_public_body": "19";
    /// A resident office of foreign affairs.
    ForeignAffairsBody = "foreign_affairs_body": "21", "29";
    /// A law firm.
    LawFirm = "law_firm": "31";
    /// A notary office.
    NotaryOffice = "notary_office": "32";
    /// A grassroots legal service.
    GrassrootsLegalService = "grassroots_legal_service": "33";
    /// A forensic institution.
    ForensicInstitution = "forensic_institution": "34";
    /// An arbitration commission.
    ArbitrationCommission = "arbitration_commission": "35";
    /// Other bodies of justice.
    OtherJusticeBody = "other_justice_body": "39";
    /// A body of culture.
    CultureBody = "culture_body": "41", "49";
    /// A social organisation (社会团体).
    SocialOrganisation = "social_organisation": "51";
    /// A private non-enterprise unit (民办非企业单位).
    PrivateNonEnterprise = "private_non_enterprise": "52";
    /// A foundation (基金会).
    Foundation = "foundation": "53";
    /// Other bodies of civil affairs.
    OtherCivilBody = "other_civil_body": "59";
    /// A body of tourism.
    TourismBody = "tourism_body": "61", "62", "69";
    /// A body of religion.
    ReligiousBody = "religious_body": "71", "72", "79";
    /// A trade union.
    TradeUnion = "trade_union": "81", "89";
    /// An enterprise (企业).
    Enterprise = "enterprise": "91";
    /// An individual business (个体工商户).
    IndividualBusiness = "individual_business": "92";
    /// A farmers' cooperative (农民专业合作社).
    FarmersCooperative = "farmers_cooperative": "93";
    /// A unit of the army.
    ArmyUnit = "army_unit": "A1", "A9";
    /// A collective of a village group (组级集体经济组织).
    GroupCollective = "group_collective": "N1";
    /// A collective of a village (村级集体经济组织).
    VillageCollective = "village_collective": "N2";
    /// A collective of a township (乡镇级集体经济组织).
    TownshipCollective = "township_collective": "N3";
    /// Other collectives of agriculture.
    OtherCollective = "other_collective": "N9";
    /// Bodies of other registering authorities.
    Other = "other": "Y1";
}

/// A code that passes every check but perhaps the inner one. Codes of individual businesses lead to a person,
/// so `Debug` does not show the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode {
    text: String,
    kind: OrganisationKind,
    inner_check_holds: bool,
}

/// Why a text is not a code, in the order in which it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CreditCodeError {
    /// Not 18 characters.
    #[error("not 18 characters")]
    Length,
    /// A character outside the alphabet, or a letter in the region.
    #[error("a character that credit codes do not use")]
    Character,
    /// The first character names no registering authority.
    #[error("the first character names no registering authority")]
    Authority,
    /// The first two characters name no category.
    #[error("the first two characters name no category")]
    Category,
    /// The last character does not fit the others.
    #[error("the check character is wrong")]
    Check,
}

impl CreditCode {
    /// Parses what a person typed; full-width characters, spaces, hyphens and small letters are accepted.
    pub fn parse(input: &str) -> Result<Self, CreditCodeError> {
        let typed = typed_number(input).ok_or(CreditCodeError::Length)?;
        let text: String = typed.chars().filter(|c| *c != '-').collect();
        Self::parse_strict(&text)
    }

    /// Parses what a machine sent: exactly the 18 characters, letters capital.
    pub fn parse_strict(text: &str) -> Result<Self, CreditCodeError> {
        if text.len() > 4 * LENGTH || text.chars().count() != LENGTH {
            return Err(CreditCodeError::Length);
        }
        if !text.chars().all(|c| ALPHABET.contains(c)) {
            return Err(CreditCodeError::Character);
        }
        if !text.starts_with(|c| AUTHORITIES.contains(c)) {
            return Err(CreditCodeError::Authority);
        }
        let kind = text
            .get(..2)
            .and_then(OrganisationKind::from_code)
            .ok_or(CreditCodeError::Category)?;
        if !text
            .get(2..8)
            .is_some_and(|region| region.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(CreditCodeError::Character);
        }
        if text.chars().next_back() != check_character(text) {
            return Err(CreditCodeError::Check);
        }
        let inner_check_holds = text.get(8..17).is_some_and(inner_check_holds);
        Ok(Self {
            text: text.to_owned(),
            kind,
            inner_check_holds,
        })
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the organisation is.
    pub const fn kind(&self) -> OrganisationKind {
        self.kind
    }

    /// Whether the organisation code inside has the right check character. A warning for reviewers, no refusal.
    pub const fn inner_check_holds(&self) -> bool {
        self.inner_check_holds
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreditCode(…)")
    }
}

/// The check character for the first 17 characters.
fn check_character(text: &str) -> Option<char> {
    let sum: usize = text
        .chars()
        .zip(WEIGHTS)
        .map(|(c, weight)| ALPHABET.find(c).unwrap_or(0) * weight)
        .sum();
    ALPHABET.chars().nth((31 - sum % 31) % 31)
}

/// GB 11714: digits count for themselves, letters from 10.
fn inner_check_holds(nine: &str) -> bool {
    let sum: u32 = nine
        .chars()
        .zip(INNER_WEIGHTS)
        .map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight)
        .sum();
    let check = match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        value => char::from_digit(value, 10),
    };
    nine.chars().next_back() == check
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn public_codes_of_known_companies_pass_both_checks() {
        for text in ["91330100799655058B", "9144030071526726XG", "914403001922038216"] {
            let code = CreditCode::parse(text).unwrap();
            assert_eq!(code.kind(), OrganisationKind::Enterprise);
            assert!(code.inner_check_holds(), "{text}");
        }
    }

    #[test]
    fn people_may_type_small_letters_spaces_and_full_width() {
        for text in [
            "91340000ma00te5t27",
            "9134 0000 MA00TE5T27",
            "９１３４００００ＭＡ００ＴＥ５Ｔ２７",
        ] {
            assert_eq!(CreditCode::parse(text).unwrap().as_str(), "91340000MA00TE5T27");
            assert!(CreditCode::parse_strict(text).is_err());
        }
    }

    #[test]
    fn attack_255_confused_letters_and_wrong_checks_are_refused_and_told_apart() {
        for (text, fault) in [
            ("91340000MA00TE5T28", CreditCodeError::Check),
            ("91340000M0A0TE5T27", CreditCodeError::Check),
            ("91340000OA00TE5T27", CreditCodeError::Character),
            ("91340000IA00TE5T27", CreditCodeError::Character),
            ("91340000MAOOTE5T27", CreditCodeError::Character),
            ("9I340000MA00TE5T27", CreditCodeError::Character),
            ("340000000000000", CreditCodeError::Length),
            ("9134A000MA00TE5T27", CreditCodeError::Character),
            ("91340000MA00TE5T2", CreditCodeError::Length),
            ("", CreditCodeError::Length),
            ("01340000MA00TE5T27", CreditCodeError::Authority),
            ("94340000MA00TE5T27", CreditCodeError::Category),
        ] {
            assert_eq!(CreditCode::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_wrong_inner_check_is_reported_but_not_refused() {
        let seventeen = "91340000MA00TE5T3";
        let text = format!("{seventeen}{}", check_character(seventeen).unwrap());
        assert!(!CreditCode::parse(&text).unwrap().inner_check_holds());
    }

    #[test]
    fn a_mebibyte_is_refused_by_its_length() {
        assert_eq!(
            CreditCode::parse(&"9".repeat(1 << 20)),
            Err(CreditCodeError::Length)
        );
        assert_eq!(
            CreditCode::parse_strict(&"9".repeat(1 << 20)),
            Err(CreditCodeError::Length)
        );
    }

    #[test]
    fn the_shared_vectors_hold() {
        let vectors = crate::fold::vectors();
        for (text, kind) in vectors["credit_code"]["valid"].as_object().unwrap() {
            let code = CreditCode::parse(text).unwrap();
            assert_eq!(Some(code.kind().as_str()), kind.as_str(), "{text}");
        }
        for (text, fault) in vectors["credit_code"]["invalid"].as_object().unwrap() {
            let found = format!("{:?}", CreditCode::parse(text).unwrap_err()).to_lowercase();
            assert_eq!(Some(found.as_str()), fault.as_str(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(text in "\\PC{0,40}|9[123][0-9]{6}[0-9A-Y]{10}") {
            if let Ok(code) = CreditCode::parse(&text) {
                prop_assert_eq!(CreditCode::parse_strict(code.as_str()), Ok(code));
            }
        }

        #[test]
        fn one_wrong_character_never_passes(middle in "[0-9]{6}[0-9A-HJ-NP-RTUWXY]{9}", at in 2usize..18, by in 1usize..10) {
            let seventeen = format!("91{middle}");
            let text = format!("{seventeen}{}", check_character(&seventeen).unwrap());
            prop_assert!(CreditCode::parse(&text).is_ok());
            let alphabet: Vec<char> = ALPHABET.chars().collect();
            let mut wrong: Vec<char> = text.chars().collect();
            let value = alphabet.iter().position(|c| *c == wrong[at]).unwrap();
            wrong[at] = alphabet[(value + by) % 31];
            prop_assert!(CreditCode::parse(&wrong.into_iter().collect::<String>()).is_err());
        }
    }
}
