//! The meter beside the password field: 0 (refused) to 4 (very good). Advice only; what may be chosen is decided by
//! [`super::policy`]. Own, small rules: a character counts less when it repeats its neighbour, follows it in the
//! alphabet or on the keyboard, or belongs to a block that was there before.

use super::breached::BreachedList;
use super::policy::{Kinds, LENGTH_MIN};

/// Rows of keys that fingers walk along.
const KEYBOARD_ROWS: [&str; 8] = [
    "1234567890-=",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
];
/// What a character is worth, in quarters.
const WHOLE: usize = 4;
/// What a character is worth that its neighbour foretells.
const FORETOLD: usize = 1;
/// What each kind of character after the first adds, in quarters.
const KIND: usize = 8;

/// How good a password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Score {
    /// Too short, or among those that everybody tries.
    Refused,
    /// Guessed quickly.
    Weak,
    /// Fair.
    Fair,
    /// Good.
    Good,
    /// Very good.
    VeryGood,
}

impl Score {
    /// 0 to 4, for a `<meter>`.
    pub const fn number(self) -> u8 {
        match self {
            Self::Refused => 0,
            Self::Weak => 1,
            Self::Fair => 2,
            Self::Good => 3,
            Self::VeryGood => 4,
        }
    }
}

/// Scores a password (in NFC, as [`super::Password::expose`] gives it).
pub fn score(password: &str, breached: &BreachedList) -> Score {
    let characters: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    if password.chars().count() < LENGTH_MIN || breached.contains(password) {
        return Score::Refused;
    }
    let kinds = Kinds::of(password).counted().saturating_sub(1);
    match (worth(&characters) + kinds * KIND) / WHOLE {
        0..=9 => Score::Weak,
        10..=13 => Score::Fair,
        14..=17 => Score::Good,
        _ => Score::VeryGood,
    }
}

/// The worth of the characters in quarters of one.
fn worth(characters: &[char]) -> usize {
    let fresh = characters.get(..period(characters)).unwrap_or(characters);
    let repeats = usize::from(fresh.len() < characters.len());
    let followers = fresh.windows(2).map(|pair| match pair {
        [a, b] if foretells(*a, *b) => FORETOLD,
        _ => WHOLE,
    });
    WHOLE + followers.sum::<usize>() + repeats * WHOLE
}

/// The length of the block that the whole text repeats (`abcabcab` has 3); the text's length when it does not.
fn period(characters: &[char]) -> usize {
    let repeats = |length: usize| {
        characters
            .iter()
            .skip(length)
            .eq(characters.iter().take(characters.len() - length))
    };
    (1..=characters.len() / 2)
        .find(|length| repeats(*length))
        .unwrap_or(characters.len())
}

fn foretells(a: char, b: char) -> bool {
    let neighbours = u32::from(a).abs_diff(u32::from(b)) <= 1;
    let adjacent = |row: &str| {
        let place = |key: char| row.chars().position(|c| c == key);
        place(a).zip(place(b)).is_some_and(|(a, b)| a.abs_diff(b) == 1)
    };
    neighbours || KEYBOARD_ROWS.iter().any(|row| adjacent(row))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list() -> BreachedList {
        BreachedList::load(None).unwrap()
    }

    #[test]
    fn source_gg_12_the_meter_tells_weak_from_good() {
        let list = list();
        for (password, expected) in [
            ("", Score::Refused),
            ("Kv7#", Score::Refused),
            ("password1", Score::Refused),
            ("aaaaaaaaaaaaaaa1", Score::Weak),
            ("abcdefghij1", Score::Weak),
            ("qwertyuiopasdf1", Score::Weak),
            ("x7x7x7x7x7x7x7x7", Score::Weak),
            ("kvtulm27", Score::Weak),
            ("kvtulm2758", Score::Fair),
            ("kvt-ulm27w!", Score::Good),
            ("Kvt-ulm27w!xP9g", Score::VeryGood),
            ("pferd batterie heftklammer", Score::VeryGood),
        ] {
            assert_eq!(score(password, &list), expected, "{password}");
        }
    }

    #[test]
    fn numbers_rise_with_the_score() {
        let all = [
            Score::Refused,
            Score::Weak,
            Score::Fair,
            Score::Good,
            Score::VeryGood,
        ];
        assert_eq!(all.map(Score::number), [0, 1, 2, 3, 4]);
        assert!(all.is_sorted());
    }

    proptest! {
        #[test]
        fn scoring_never_panics(text in "\\PC{0,70}") {
            static LIST: std::sync::LazyLock<BreachedList> = std::sync::LazyLock::new(list);
            let _ = score(&text, &LIST);
        }
    }
}
