//! What the forms of several sources ask for: reading what a person typed for a number or a day. A source's own file
//! uses these or brings its own.

use chrono::NaiveDate;

/// The most bytes that are looked at.
const BYTES_MAX: usize = 128;

/// What a person typed for a number: full-width forms narrowed; spaces, hyphens and dots between groups taken out;
/// letters made capital. `None` for nothing and for far too much.
pub fn number(typed: &str) -> Option<String> {
    if typed.len() > BYTES_MAX {
        return None;
    }
    let between = |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '·' | '\u{2010}'..='\u{2015}');
    let read: String = typed
        .chars()
        .map(half_width)
        .filter(|c| !between(*c))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    (!read.is_empty()).then_some(read)
}

/// Whether a text is of ASCII digits only.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the last digit is the check digit of the others (ISO/IEC 7812-1, Luhn).
pub fn has_luhn_digit(digits: &str) -> bool {
    let sum = digits
        .chars()
        .rev()
        .enumerate()
        .try_fold(0_u32, |sum, (place, c)| {
            let digit = c.to_digit(10)?;
            let weighed = if place % 2 == 1 { digit * 2 } else { digit };
            sum.checked_add(weighed / 10 + weighed % 10)
        });
    sum.is_some_and(|sum| sum % 10 == 0)
}

/// A day as a card prints it and people type it: `2016.05.04`, `2016-5-4`, `20160504`, `2016年5月4日`.
pub fn day(typed: &str) -> Option<NaiveDate> {
    if typed.len() > BYTES_MAX {
        return None;
    }
    let narrow: String = typed.trim().chars().map(half_width).collect();
    if is_digits(&narrow) && narrow.len() == 8 {
        return NaiveDate::parse_from_str(&narrow, "%Y%m%d").ok();
    }
    let parts: Vec<&str> = narrow
        .split(|c: char| matches!(c, '.' | '-' | '/' | '年' | '月' | '日') || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let read = |part: &str, longest: usize| {
        (is_digits(part) && part.len() <= longest)
            .then(|| part.parse().ok())
            .flatten()
    };
    if year.len() != 4 {
        return None;
    }
    let year = i32::try_from(read(year, 4)?).ok()?;
    NaiveDate::from_ymd_opt(year, read(month, 2)?, read(day, 2)?)
}

/// The ASCII character that a full-width form stands for.
fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(number(" 6200-0000 ００１８ ").as_deref(), Some("620000000018"));
        assert_eq!(number("ah3400001").as_deref(), Some("AH3400001"));
        assert_eq!(number(" - "), None);
        assert_eq!(number(&"1".repeat(129)), None);
    }

    #[test]
    fn a_check_digit_finds_a_mistyped_card() {
        for good in ["4111111111111111", "6200000000000000018", "0"] {
            assert!(has_luhn_digit(good), "{good}");
        }
        for bad in ["4111111111111112", "4111111111111a11", "１"] {
            assert!(!has_luhn_digit(bad), "{bad}");
        }
    }

    #[test]
    fn days_are_read_as_cards_print_them_and_only_days_that_exist() {
        let day_of = |text| day(text).map(|day| day.to_string());
        for good in [
            "2016.05.04",
            "2016-5-4",
            "20160504",
            " 2016年5月4日 ",
            "２０１６．０５．０４",
            "2016/05/04",
        ] {
            assert_eq!(day_of(good).as_deref(), Some("2016-05-04"), "{good}");
        }
        for bad in [
            "",
            "2016.02.30",
            "04.05.2016",
            "2016",
            "2016.05",
            "2016.05.04.1",
            "20160230",
            "长期",
        ] {
            assert_eq!(day_of(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in "\\PC{0,200}") {
            drop((number(&text), day(&text), has_luhn_digit(&text)));
        }

        #[test]
        fn one_wrong_digit_is_always_found(digits in "[0-9]{15,18}", place in 0_usize..15, by in 1_u32..10) {
            let check = (0..10).map(|last| format!("{digits}{last}")).find(|all| has_luhn_digit(all)).unwrap();
            let mut other: Vec<char> = check.chars().collect();
            other[place] = char::from_digit((other[place].to_digit(10).unwrap() + by) % 10, 10).unwrap();
            let other: String = other.into_iter().collect();
            prop_assert!(!has_luhn_digit(&other));
        }
    }
}
