//! Names of people, as registers write them.
//!
//! The rules follow the notice 民委发〔2016〕33号: one separator (U+00B7), long names, every character of
//! GB 18030 including the supplementary planes. Names are folded so that two spellings of one name compare equal,
//! and never cut, transliterated or changed in case. What this does not do: it cannot know that two registers
//! hold different characters for one name.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::fold::half_width;

/// The longest name, in characters after folding.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// The most bytes that are looked at.
const INPUT_BYTES_MAX: usize = 1024;
/// The most marks on one letter. Two are needed (Vietnamese, written apart); more is ornament.
const MARKS_MAX: usize = 3;
/// The separator between the parts of a name.
const MIDDLE_DOT: char = '\u{b7}';

/// A name, folded. Its text never appears in `Debug`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PersonNameError {
    /// Nothing, or nothing but spaces and separators.
    #[error("no name")]
    Empty,
    /// More than 100 characters.
    #[error("more than 100 characters")]
    Length,
    /// A digit.
    #[error("a digit")]
    Digit,
    /// A control character, a character that changes the direction of writing, an emoji, a symbol.
    #[error("a character that is not part of a name")]
    Character,
    /// A separator at an end, or two of them together.
    #[error("a separator without a name on both sides")]
    Separator,
}

impl PersonName {
    /// Parses and folds what a person typed, or what an older system kept.
    pub fn parse(input: &str) -> Result<Self, PersonNameError> {
        if input.len() > INPUT_BYTES_MAX {
            return Err(PersonNameError::Length);
        }
        let text = fold(input)?;
        if !text.chars().any(char::is_alphabetic) {
            return Err(PersonNameError::Empty);
        }
        if text.chars().count() > NAME_CHARACTERS_MAX {
            return Err(PersonNameError::Length);
        }
        check_order(&text)?;
        Ok(Self(text))
    }

    /// Parses what a machine sent: a name that is folded already, so that nothing had to be guessed.
    pub fn parse_strict(text: &str) -> Result<Self, PersonNameError> {
        let name = Self::parse(text)?;
        if name.0 == text {
            Ok(name)
        } else {
            Err(PersonNameError::Character)
        }
    }

    /// The name, folded: what is shown, stored and sent to registers.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough for the owner to recognise it: `张*`, `买**·***`.
    pub fn masked(&self) -> String {
        let keep = |c: char| c == MIDDLE_DOT || c == ' ';
        let visible = self.0.chars().filter(|c| !is_combining_mark(*c));
        visible
            .enumerate()
            .map(|(at, c)| if at == 0 || keep(c) { c } else { '*' })
            .collect()
    }

    /// Whether two names are the same but for the case of letters and for invisible variants of a character.
    pub fn same_as(&self, other: &Self) -> bool {
        let key = |name: &Self| -> String {
            name.0
                .chars()
                .filter(|c| !is_ideographic_variation(*c))
                .flat_map(char::to_lowercase)
                .collect()
        };
        key(self) == key(other)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// NFC, ASCII for full-width letters, one kind of separator, apostrophe, hyphen and space, and no spaces where
/// people do not write any: between Han characters and around separators.
fn fold(input: &str) -> Result<String, PersonNameError> {
    let composed: Vec<char> = input.trim().nfc().map(fold_character).collect();
    let mut text = String::with_capacity(input.len());
    let mut last: Option<char> = None;
    let mut rest = composed.iter().copied().peekable();
    while let Some(mut c) = rest.next() {
        if c == '.' && is_between_letters(last, rest.peek().copied()) {
            c = MIDDLE_DOT;
        }
        if c == ' ' {
            while rest.next_if_eq(&' ').is_some() {}
            if !space_belongs(last, rest.peek().copied()) {
                continue;
            }
        }
        check_character(c)?;
        text.push(c);
        last = Some(c);
    }
    Ok(text)
}

fn fold_character(c: char) -> char {
    match half_width(c) {
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{30fb}' | '\u{ff65}' | '\u{387}' => MIDDLE_DOT,
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        '\u{a0}' => ' ',
        c => c,
    }
}

/// A full stop stands for the separator only between two letters; `J. Smith` keeps it.
fn is_between_letters(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(char::is_alphabetic) && after.is_some_and(char::is_alphabetic)
}

fn space_belongs(before: Option<char>, after: Option<char>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => {
            before != MIDDLE_DOT && !is_separator(after) && !(is_han(before) && is_han(after))
        }
        _ => false,
    }
}

fn is_separator(c: char) -> bool {
    fold_character(c) == MIDDLE_DOT
}

/// Han characters of every plane; what is not assigned yet there is taken as Han too.
fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}')
}

/// Chooses between registered variants of one Han character.
fn is_ideographic_variation(c: char) -> bool {
    matches!(c, '\u{e0100}'..='\u{e01ef}')
}

/// Letters that are pictures or enclosures: circled letters, regional indicators, squared letters.
fn is_enclosed(c: char) -> bool {
    matches!(c, '\u{2460}'..='\u{24ff}' | '\u{1f000}'..='\u{1faff}')
}

fn check_character(c: char) -> Result<(), PersonNameError> {
    if is_han(c) || matches!(c, MIDDLE_DOT | ' ' | '\'' | '-' | '.') || is_ideographic_variation(c) {
        return Ok(());
    }
    if c.is_numeric() {
        return Err(PersonNameError::Digit);
    }
    // U+034F and the variation selectors of the first plane are marks that nobody sees.
    let invisible = matches!(c, '\u{34f}' | '\u{fe00}'..='\u{fe0f}');
    let letter = (c.is_alphabetic() || is_combining_mark(c)) && !is_enclosed(c) && !invisible;
    if letter {
        Ok(())
    } else {
        Err(PersonNameError::Character)
    }
}

/// Separators stand between letters, marks stand on letters.
fn check_order(text: &str) -> Result<(), PersonNameError> {
    let joins = |c: char| matches!(c, MIDDLE_DOT | '-' | '\'');
    let mut last = None;
    let mut marks = 0;
    for c in text.chars() {
        if is_combining_mark(c) {
            marks += 1;
            let on_letter = last.is_some_and(|c: char| c.is_alphabetic() || is_combining_mark(c));
            if marks > MARKS_MAX || !on_letter {
                return Err(PersonNameError::Character);
            }
        } else {
            marks = 0;
            let after_join = last.is_none_or(joins);
            if (joins(c) || c == '.') && after_join || c == '.' && matches!(last, Some(' ' | '.')) {
                return Err(PersonNameError::Separator);
            }
        }
        last = Some(c);
    }
    if last.is_some_and(|c| matches!(c, MIDDLE_DOT | '-')) {
        Err(PersonNameError::Separator)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> Result<String, PersonNameError> {
        PersonName::parse(text).map(|name| name.as_str().to_owned())
    }

    #[test]
    fn attack_246_names_of_every_people_are_kept_as_written() {
        for text in [
            "张三",
            "欧阳某某",
            "买买提·吐尔逊",
            "阿卜杜热西提·买买提·依明",
            "𠮷某",
            "Nguyễn Văn A",
            "JOHN MICHAEL SMITH",
            "Jean-Luc O'Brien",
            "J. Smith Jr.",
            "〇某",
            "ئابدۇراخمان",
        ] {
            assert_eq!(folded(text).as_deref(), Ok(text));
        }
        let longest = "某".repeat(100);
        assert_eq!(folded(&longest), Ok(longest));
    }

    #[test]
    fn attack_246_variants_of_separators_spaces_and_widths_are_folded_to_one() {
        for (text, kept) in [
            ("买买提•吐尔逊", "买买提·吐尔逊"),
            ("买买提.吐尔逊", "买买提·吐尔逊"),
            ("买买提．吐尔逊", "买买提·吐尔逊"),
            ("买买提・吐尔逊", "买买提·吐尔逊"),
            ("买买提･吐尔逊", "买买提·吐尔逊"),
            ("买买提 · 吐尔逊", "买买提·吐尔逊"),
            (" 张三 ", "张三"),
            ("张\u{3000}三", "张三"),
            ("ＪＯＨＮ\u{3000}\u{a0} ＳＭＩＴＨ", "JOHN SMITH"),
            ("Nguye\u{302}\u{303}n Va\u{306}n A", "Nguyễn Văn A"),
            ("O\u{2019}Brien", "O'Brien"),
        ] {
            assert_eq!(folded(text).as_deref(), Ok(kept), "{text}");
            let strict = PersonName::parse_strict(text);
            assert_eq!(strict, Err(PersonNameError::Character), "{text}");
            assert_eq!(PersonName::parse_strict(kept).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn faults_are_told_apart() {
        let long = "某".repeat(101);
        let marks = format!("a{}", "\u{316}".repeat(4));
        for (text, fault) in [
            ("", PersonNameError::Empty),
            ("  ", PersonNameError::Empty),
            (" · ", PersonNameError::Empty),
            (long.as_str(), PersonNameError::Length),
            ("张3", PersonNameError::Digit),
            ("张３", PersonNameError::Digit),
            ("张²", PersonNameError::Digit),
            ("张三😀", PersonNameError::Character),
            ("张三🅰", PersonNameError::Character),
            ("张Ⓐ", PersonNameError::Character),
            ("张\u{202e}三", PersonNameError::Character),
            ("张\u{200b}三", PersonNameError::Character),
            ("张\u{feff}三", PersonNameError::Character),
            ("张\u{0}三", PersonNameError::Character),
            ("张\n三", PersonNameError::Character),
            ("张<b>", PersonNameError::Character),
            ("张\u{e000}", PersonNameError::Character),
            (marks.as_str(), PersonNameError::Character),
            ("\u{301}a", PersonNameError::Character),
            ("买买提··吐尔逊", PersonNameError::Separator),
            ("·吐尔逊", PersonNameError::Separator),
            ("买买提·", PersonNameError::Separator),
            ("a--b", PersonNameError::Separator),
        ] {
            assert_eq!(folded(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn a_mebibyte_is_refused_by_its_length() {
        assert_eq!(folded(&"某".repeat(1 << 20)), Err(PersonNameError::Length));
    }

    #[test]
    fn names_compare_without_case_and_invisible_variants() {
        let same = |a, b| {
            PersonName::parse(a)
                .unwrap()
                .same_as(&PersonName::parse(b).unwrap())
        };
        assert!(same("John Smith", "JOHN SMITH"));
        assert!(same("买买提•吐尔逊", "买买提·吐尔逊"));
        assert!(same("葛\u{e0100}某", "葛某"));
        assert!(!same("张三", "张二"));
    }

    #[test]
    fn the_name_is_masked_and_not_printed() {
        let masked = |text| PersonName::parse(text).unwrap().masked();
        assert_eq!(masked("张三"), "张*");
        assert_eq!(masked("买买提·吐尔逊"), "买**·***");
        assert_eq!(masked("Nguyễn Văn A"), "N***** *** *");
        assert_eq!(
            format!("{:?}", PersonName::parse("张三").unwrap()),
            "PersonName(…)"
        );
    }

    #[test]
    fn the_shared_vectors_hold() {
        let vectors = crate::fold::vectors();
        let names = &vectors["person_name"];
        for text in crate::fold::texts(&names["valid"]) {
            assert_eq!(folded(&text), Ok(text.clone()));
        }
        for (text, kept) in names["folds_to"].as_object().unwrap() {
            assert_eq!(folded(text).ok().as_deref(), kept.as_str());
        }
        for text in crate::fold::texts(&names["invalid"]) {
            assert!(folded(&text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_parses_again(
            text in "\\PC{0,40}|[张三李买提 ·.•A-Za-z'-]{0,30}|[\u{300}-\u{36f}a-e]{0,10}"
        ) {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse_strict(name.as_str()), Ok(name.clone()));
                prop_assert!(name.same_as(&name));
                prop_assert!(name.as_str().chars().count() <= NAME_CHARACTERS_MAX);
            }
        }
    }
}
