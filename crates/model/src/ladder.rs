//! The ladder.

use serde::{Deserialize, Serialize};

/// An identity level, 0 to 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

impl Level {
    /// The level of an account with nothing proven but a channel.
    pub const REGISTERED: Self = Self(0);
    /// The highest level.
    pub const HIGHEST: Self = Self(4);

    /// A level from its number.
    pub const fn new(number: u8) -> Option<Self> {
        if number <= 4 { Some(Self(number)) } else { None }
    }

    /// The number that claims carry.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The `acr` value.
    pub fn acr(self) -> String {
        format!("urn:denizen:loa:{}", self.0)
    }

    /// Reads an `acr` value; `None` for values that are not ours.
    pub fn from_acr(acr: &str) -> Option<Self> {
        acr.strip_prefix("urn:denizen:loa:")?.parse().ok().filter(|_| acr.len() == 17).and_then(Self::new)
    }
}

impl TryFrom<u8> for Level {
    type Error = String;
    fn try_from(number: u8) -> Result<Self, String> {
        Self::new(number).ok_or_else(|| format!("{number} is not a level from 0 to 4"))
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}
