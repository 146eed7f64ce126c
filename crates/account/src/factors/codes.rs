//! Recovery codes, printed: how one looks, and how what was typed is read. Sixteen characters of Crockford's base32, 80
//! bits (at least 64 are asked for, NIST SP 800-63B-4 section 3.1.2.1); letters that look like digits are read as them.

use std::fmt::Write as _;

use model::rng::Rng;
use zeroize::Zeroizing;

/// How many codes are on a sheet.
pub const CODES: usize = 10;
/// The characters of a code.
const CHARACTERS: usize = 16;
/// The most characters that are looked at.
const TYPED_MAX: usize = 64;
/// Crockford's base32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new sheet: codes as they are stored.
pub(super) fn sheet(rng: &Rng) -> Vec<Zeroizing<String>> {
    (0..CODES).map(|_| one(rng)).collect()
}

fn one(rng: &Rng) -> Zeroizing<String> {
    let bytes = Zeroizing::new(rng.bytes::<CHARACTERS>());
    // 32 divides 256: every character is as likely as any other.
    let letters = bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)).copied());
    Zeroizing::new(letters.map(char::from).collect())
}

/// A code as it is printed: four groups of four.
pub(super) fn spelled(code: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(CHARACTERS + 3));
    for (place, letter) in code.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push('-');
        }
        // Writing to a text does not fail.
        let _ = write!(text, "{letter}");
    }
    text
}

/// What was typed, as it is stored; `None` when it cannot be a code.
pub(super) fn read(typed: &str) -> Option<Zeroizing<String>> {
    let letters = typed
        .chars()
        .take(TYPED_MAX)
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—' | '－'));
    let code: Zeroizing<String> = Zeroizing::new(letters.map(folded).collect());
    let good = code.len() == CHARACTERS && code.bytes().all(|byte| ALPHABET.contains(&byte));
    good.then_some(code)
}

fn folded(letter: char) -> char {
    // Full-width forms come from keyboards for Chinese.
    let narrow = match letter {
        '\u{ff01}'..='\u{ff5e}' => u32::from(letter)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(letter),
        _ => letter,
    };
    match narrow.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use model::rng::Rng;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{CODES, read, sheet, spelled};

    #[test]
    fn a_code_is_read_as_it_was_printed_and_as_people_type_it() {
        let sheet = sheet(&Rng::seeded(3));
        assert_eq!(sheet.len(), CODES);
        for code in &sheet {
            let printed = spelled(code);
            assert_eq!(printed.len(), 19, "{}", printed.as_str());
            assert_eq!(read(&printed).as_deref(), Some(&**code));
            assert_eq!(read(&printed.to_lowercase()).as_deref(), Some(&**code));
            let spaced = format!(" {} ", printed.replace('-', " "));
            assert_eq!(read(&spaced).as_deref(), Some(&**code));
        }
        assert_eq!(read("oOiIlL00-00000000").unwrap().as_str(), "0011110000000000");
        assert_eq!(read("０１２３456789ABCDEF").unwrap().as_str(), "0123456789ABCDEF");
        for bad in [
            "",
            "123456",
            "0123456789ABCDE",
            "0123456789ABCDEFG",
            "0123456789ABCDEU",
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_gives_sixteen_or_nothing(text in "\\PC{0,90}") {
            if let Some(code) = read(&text) {
                prop_assert_eq!(code.chars().count(), 16);
            }
        }
    }
}
