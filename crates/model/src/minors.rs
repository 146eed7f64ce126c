//! Who is too young: under 14 nobody registers at all, under 18 nobody gets past level 0 alone (Regulations on the
//! Protection of Minors in Cyberspace, and the Identity Measures of 2025, which let guardians apply for those
//! under 14). Both ages are configuration.
//!
//! The age comes from an identity number, so it is known at the first check and not before. What this does not do:
//! it does not register a child for a guardian; pages say where that is done.

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::citizen_id::CitizenId;
use crate::foreign_card::ForeignCard;
use crate::ladder::Level;
use crate::personal_number::PersonalNumber;
use crate::residence_permit::ResidencePermit;

/// Nobody has to be older than this for anything here.
const AGE_MAX: u8 = 21;

/// What a number says about the birth of its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Birth {
    /// The day.
    Day(NaiveDate),
    /// Only the year. The holder counts as born on its last day, so that nobody is taken for older than they are.
    Year(i32),
}

impl Birth {
    /// The age in full years on a day; zero before birth.
    pub fn age_on(self, today: NaiveDate) -> u32 {
        match self {
            Self::Day(birth) => today.years_since(birth).unwrap_or(0),
            Self::Year(year) => NaiveDate::from_ymd_opt(year, 12, 31)
                .and_then(|birth| today.years_since(birth))
                .unwrap_or(0),
        }
    }
}

impl From<&CitizenId> for Birth {
    fn from(id: &CitizenId) -> Self {
        Self::Day(id.birth_date())
    }
}

impl From<&ResidencePermit> for Birth {
    fn from(permit: &ResidencePermit) -> Self {
        Self::Day(permit.birth_date())
    }
}

impl From<&ForeignCard> for Birth {
    fn from(card: &ForeignCard) -> Self {
        Self::Day(card.birth_date())
    }
}

impl From<&PersonalNumber> for Birth {
    fn from(number: &PersonalNumber) -> Self {
        Self::Year(number.birth_year())
    }
}

/// What a person may do alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Too young for an account: a guardian has to come.
    Child,
    /// May have an account, at level 0.
    Minor,
    /// May do everything.
    Adult,
}

impl Standing {
    /// Whether the person may have an account.
    pub fn may_register(self) -> bool {
        self > Self::Child
    }

    /// Whether the person may reach a level alone.
    pub fn may_reach(self, level: Level) -> bool {
        match self {
            Self::Adult => true,
            Self::Minor => level == Level::REGISTERED,
            Self::Child => false,
        }
    }
}

/// The two ages, as the configuration writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Ages {
    register_from: u8,
    adult_from: u8,
}

/// The ages cannot be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write ages from 0 to 21, and adult_from not below register_from")]
pub struct InvalidAges;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    register_from: u8,
    adult_from: u8,
}

impl Default for Written {
    fn default() -> Self {
        Ages::default().into()
    }
}

impl Default for Ages {
    fn default() -> Self {
        Self {
            register_from: 14,
            adult_from: 18,
        }
    }
}

impl TryFrom<Written> for Ages {
    type Error = InvalidAges;
    fn try_from(written: Written) -> Result<Self, InvalidAges> {
        Self::new(written.register_from, written.adult_from)
    }
}

impl From<Ages> for Written {
    fn from(ages: Ages) -> Self {
        Self {
            register_from: ages.register_from,
            adult_from: ages.adult_from,
        }
    }
}

impl Ages {
    /// The age from which people may have an account, and the age from which they may rise alone.
    pub fn new(register_from: u8, adult_from: u8) -> Result<Self, InvalidAges> {
        if register_from <= adult_from && adult_from <= AGE_MAX {
            Ok(Self {
                register_from,
                adult_from,
            })
        } else {
            Err(InvalidAges)
        }
    }

    /// From this age on people may have an account.
    pub const fn register_from(self) -> u8 {
        self.register_from
    }

    /// From this age on people may rise past level 0 alone.
    pub const fn adult_from(self) -> u8 {
        self.adult_from
    }

    /// What somebody may do on a day (the calendar of the country, not of UTC).
    pub fn standing(self, birth: impl Into<Birth>, today: NaiveDate) -> Standing {
        let age = birth.into().age_on(today);
        if age < u32::from(self.register_from) {
            Standing::Child
        } else if age < u32::from(self.adult_from) {
            Standing::Minor
        } else {
            Standing::Adult
        }
    }

    /// The day on which somebody comes of age and may rise alone: what a page can tell them.
    pub fn adult_on(self, birth: impl Into<Birth>) -> Option<NaiveDate> {
        let born = match birth.into() {
            Birth::Day(day) => day,
            Birth::Year(year) => NaiveDate::from_ymd_opt(year, 12, 31)?,
        };
        let year = born.year().checked_add(i32::from(self.adult_from))?;
        // Whoever was born on 29 February grows older on 1 March in common years.
        born.with_year(year)
            .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn on(birth: Birth, today: NaiveDate) -> Standing {
        Ages::default().standing(birth, today)
    }

    #[test]
    fn under_14_is_a_child_under_18_a_minor_and_the_birthday_itself_counts() {
        let born = Birth::Day(day(2010, 6, 15));
        assert_eq!(on(born, day(2010, 6, 14)), Standing::Child);
        assert_eq!(on(born, day(2024, 6, 14)), Standing::Child);
        assert_eq!(on(born, day(2024, 6, 15)), Standing::Minor);
        assert_eq!(on(born, day(2028, 6, 14)), Standing::Minor);
        assert_eq!(on(born, day(2028, 6, 15)), Standing::Adult);
        assert_eq!(Ages::default().adult_on(born), Some(day(2028, 6, 15)));
    }

    #[test]
    fn whoever_was_born_on_a_leap_day_comes_of_age_on_the_first_of_march() {
        let born = Birth::Day(day(2008, 2, 29));
        assert_eq!(on(born, day(2026, 2, 28)), Standing::Minor);
        assert_eq!(on(born, day(2026, 3, 1)), Standing::Adult);
        assert_eq!(Ages::default().adult_on(born), Some(day(2026, 3, 1)));
    }

    #[test]
    fn a_year_alone_never_makes_anybody_older() {
        let born = Birth::Year(2008);
        assert_eq!(on(born, day(2026, 12, 30)), Standing::Minor);
        assert_eq!(on(born, day(2026, 12, 31)), Standing::Adult);
        assert_eq!(on(Birth::Year(2012), day(2026, 6, 1)), Standing::Child);
        assert_eq!(Birth::Year(i32::MAX).age_on(day(2026, 1, 1)), 0);
        assert_eq!(Ages::default().adult_on(born), Some(day(2026, 12, 31)));
        assert_eq!(Ages::default().adult_on(Birth::Year(i32::MAX)), None);
    }

    #[test]
    fn a_child_may_nothing_a_minor_level_0_and_an_adult_everything() {
        for level in Level::ALL {
            assert!(!Standing::Child.may_reach(level));
            assert_eq!(Standing::Minor.may_reach(level), level.number() == 0);
            assert!(Standing::Adult.may_reach(level));
        }
        let may = [Standing::Child, Standing::Minor, Standing::Adult].map(Standing::may_register);
        assert_eq!(may, [false, true, true]);
    }

    #[test]
    fn the_age_is_read_from_every_kind_of_number() {
        let today = day(2026, 5, 4);
        let ages = Ages::default();
        let citizen = CitizenId::parse("650000201506010241", today).unwrap();
        assert_eq!(ages.standing(&citizen, today), Standing::Child);
        let permit = ResidencePermit::parse("820000200309090147", today).unwrap();
        assert_eq!(ages.standing(&permit, today), Standing::Adult);
        let card = ForeignCard::parse("950704200109090145", today).unwrap();
        assert_eq!(ages.standing(&card, today), Standing::Adult);
        let number = PersonalNumber::parse("031315000004", today).unwrap();
        assert_eq!(ages.standing(&number, today), Standing::Child);
    }

    #[test]
    fn the_ages_are_configuration_that_must_make_sense() {
        let read = |text: &str| toml::from_str::<Ages>(text);
        assert_eq!(read("").unwrap(), Ages::default());
        assert_eq!(read("register_from = 16").unwrap(), Ages::new(16, 18).unwrap());
        let free = read("register_from = 0\nadult_from = 0").unwrap();
        assert_eq!(
            free.standing(Birth::Day(day(2026, 1, 1)), day(2026, 1, 1)),
            Standing::Adult
        );
        assert_eq!((free.register_from(), free.adult_from()), (0, 0));
        assert!(Ages::new(18, 18).is_ok() && Ages::new(21, 21).is_ok());
        for bad in [
            "register_from = 19",
            "adult_from = 22",
            "adult_from = -1",
            "adult = 18",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(
            read("register_from = 19")
                .unwrap_err()
                .to_string()
                .contains("not below register_from")
        );
    }

    proptest! {
        #[test]
        fn nobody_is_an_adult_before_the_day_that_they_are_told(days in 0i64..60_000, young in 0u8..22, old in 0u8..22) {
            prop_assume!(young <= old);
            let ages = Ages::new(young, old).unwrap();
            let birth = Birth::Day(day(1880, 1, 1) + chrono::TimeDelta::days(days));
            let adult = ages.adult_on(birth).unwrap();
            prop_assert_eq!(ages.standing(birth, adult), Standing::Adult);
            if old > 0 {
                prop_assert!(ages.standing(birth, adult.pred_opt().unwrap()) < Standing::Adult);
            }
        }
    }
}
