//! Passwords that everybody tries first, known offline. A binary fuse filter of 16-bit fingerprints: a listed
//! password is always found, and one unlisted password in 65 536 is refused by mistake, which is harmless.
//!
//! The list that ships is small and made of patterns. A province that has a larger list names its file in the
//! configuration; the file has one password a line, in UTF-8, and is read once at start.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use xorf::{BinaryFuse16, Filter as _};

/// The list that ships.
const SHIPPED: &str = include_str!("../../data/breached-passwords.txt");
/// Its keys, made once however often the list is loaded (tests load it often).
static SHIPPED_KEYS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    SHIPPED
        .lines()
        .filter_map(entry)
        .map(|text| key(&normalise(text)))
        .collect()
});
/// The most passwords a file may hold: 80 MB of keys while the filter is built, 23 MB afterwards.
const ENTRIES_MAX: usize = 10_000_000;
/// The longest line.
const LINE_BYTES_MAX: u64 = 4_096;

/// The passwords that nobody may choose.
#[derive(Debug, Clone)]
pub struct BreachedList {
    filter: BinaryFuse16,
    entries: usize,
}

/// Why the list could not be made. The server does not start without it.
#[derive(Debug, thiserror::Error)]
pub enum BreachedError {
    /// The file cannot be read.
    #[error("the list of breached passwords cannot be read")]
    Unreadable(#[source] io::Error),
    /// A line is not a password.
    #[error("line {0} of the list of breached passwords is too long")]
    LineTooLong(usize),
    /// Too many lines.
    #[error("the list of breached passwords has more than 10000000 lines")]
    TooMany,
    /// The filter could not be built.
    #[error("the filter of breached passwords could not be built: {0}")]
    Filter(&'static str),
}

impl BreachedList {
    /// The list that ships, together with a file if one is configured. Work for the start of the program: it reads
    /// and hashes every line.
    pub fn load(file: Option<&Path>) -> Result<Self, BreachedError> {
        let mut keys = SHIPPED_KEYS.clone();
        if let Some(path) = file {
            let file = File::open(path).map_err(BreachedError::Unreadable)?;
            read_lines(BufReader::new(file), &mut keys)?;
        }
        keys.sort_unstable();
        keys.dedup();
        let entries = keys.len();
        let filter = BinaryFuse16::try_from(keys).map_err(BreachedError::Filter)?;
        Ok(Self { filter, entries })
    }

    /// Whether a password is on the list: as typed, or without the signs that people put around a common one to
    /// satisfy a rule (`Password1!`). Case does not count.
    pub fn contains(&self, password: &str) -> bool {
        let whole = normalise(password);
        let bare = whole.trim_matches(|c: char| !c.is_alphanumeric());
        self.holds(&whole) || (!bare.is_empty() && bare.len() < whole.len() && self.holds(bare))
    }

    /// How many passwords are listed.
    pub const fn entries(&self) -> usize {
        self.entries
    }

    fn holds(&self, normalised: &str) -> bool {
        self.filter.contains(&key(normalised))
    }
}

fn read_lines(mut reader: impl BufRead, keys: &mut Vec<u64>) -> Result<(), BreachedError> {
    let mut line = Vec::new();
    let mut number = 0_usize;
    loop {
        line.clear();
        let mut limited = io::Read::take(&mut reader, LINE_BYTES_MAX + 1);
        if limited
            .read_until(b'\n', &mut line)
            .map_err(BreachedError::Unreadable)?
            == 0
        {
            return Ok(());
        }
        number += 1;
        if u64::try_from(line.len()).is_ok_and(|length| length > LINE_BYTES_MAX) {
            return Err(BreachedError::LineTooLong(number));
        }
        // Lists in circulation have lines in other encodings; they match nothing that can be typed here.
        let Ok(text) = std::str::from_utf8(&line) else {
            continue;
        };
        let Some(text) = entry(text) else { continue };
        if keys.len() >= ENTRIES_MAX {
            return Err(BreachedError::TooMany);
        }
        keys.push(key(&normalise(text)));
    }
}

/// The password of a line, unless the line is empty or a comment.
fn entry(line: &str) -> Option<&str> {
    let text = line.trim_end_matches(['\n', '\r']);
    (!text.is_empty() && !text.starts_with("# ")).then_some(text)
}

fn normalise(password: &str) -> String {
    password.nfc().flat_map(char::to_lowercase).collect()
}

fn key(normalised: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(normalised.as_bytes()).into();
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn attack_210_common_passwords_are_on_the_list_that_ships() {
        let list = BreachedList::load(None).unwrap();
        assert!(list.entries() > 2_000);
        for password in [
            "password1",
            "Password1",
            "PASSWORD1!",
            "a123456789",
            "woaini1314",
            "qwe123456",
            "abc12345",
            "zhang123",
            "1qaz2wsx",
            "admin123",
            "wang1990",
            "matkhau1",
            "anhyeuem1",
            "5201314a",
            "***woaini520***",
        ] {
            assert!(list.contains(password), "{password}");
        }
    }

    #[test]
    fn a_password_of_no_pattern_is_not_on_the_list() {
        let list = BreachedList::load(None).unwrap();
        let refused = (0..2_000)
            .filter(|number| list.contains(&format!("kVt{number}~ulmen-garten")))
            .count();
        assert!(refused <= 2, "{refused} of 2000 refused by mistake");
        assert!(!list.contains("!!!!"));
        assert!(!list.contains(""));
    }

    #[test]
    fn a_larger_list_is_read_from_a_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"# a comment\r\nUlmenGarten7\r\n\xff\xfe\n\nUlmenGarten7\n")
            .unwrap();
        let list = BreachedList::load(Some(file.path())).unwrap();
        assert!(list.contains("ulmengarten7"));
        assert!(list.contains("password1"), "the list that ships still counts");
        assert_eq!(list.entries(), BreachedList::load(None).unwrap().entries() + 1);
    }

    #[test]
    fn a_file_that_is_missing_or_no_list_stops_the_start() {
        let missing = BreachedList::load(Some(Path::new("/nonexistent/list")));
        assert!(matches!(missing, Err(BreachedError::Unreadable(_))));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"a\n").unwrap();
        file.write_all(&[b'a'; 5_000]).unwrap();
        assert!(matches!(
            BreachedList::load(Some(file.path())),
            Err(BreachedError::LineTooLong(2))
        ));
    }

    #[test]
    fn the_passwords_of_test_people_are_not_taken_for_breached_ones() {
        let list = BreachedList::load(None).unwrap();
        for number in 0..1000 {
            let password = format!("Harbour-{number:03}-lantern");
            assert!(!list.contains(&password), "{password}");
        }
    }
}
