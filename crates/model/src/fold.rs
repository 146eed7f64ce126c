//! Small foldings that several parsers share: what an input method or a copied page puts where plain ASCII was
//! meant. Nothing here decides what is valid.

/// The most bytes of a number that are looked at; full-width characters and spaces included.
const INPUT_BYTES_MAX: usize = 128;

/// The ASCII character that a full-width form stands for (`１` to `1`, `Ｘ` to `X`, the ideographic space to a
/// space); every other character stays. Narrower than NFKC on purpose: a circled or superscript digit is not
/// something a person types for a number.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    }
}

/// Characters without a shape that come along when a number is copied from a page or an address book: zero-width
/// spaces and joiners, marks of direction, the soft hyphen.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// What a person typed for a number: full-width forms narrowed, spaces and what nobody sees taken out, letters made capital. `None` for
/// far too much text.
pub(crate) fn typed_number(input: &str) -> Option<String> {
    let narrow = |input: &str| -> String {
        let characters = input.chars().filter(|c| !is_invisible(*c)).map(half_width);
        let characters = characters.filter(|c| !c.is_whitespace());
        characters.map(|c| c.to_ascii_uppercase()).collect()
    };
    (input.len() <= INPUT_BYTES_MAX).then(|| narrow(input))
}

/// The identifiers that other implementations are tested with as well.
#[cfg(test)]
pub(crate) fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../vectors/identifiers.json")).unwrap()
}

/// The texts of a list, or the keys of a table.
#[cfg(test)]
pub(crate) fn texts(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Array(list) => list.iter().map(|v| v.as_str().unwrap().to_owned()).collect(),
        serde_json::Value::Object(table) => table.keys().cloned().collect(),
        _ => panic!("neither a list nor a table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_shared_vectors_has_a_test() {
        let mut kinds = texts(&vectors());
        kinds.sort_unstable();
        let tested = [
            "about",
            "citizen_id_15_import_only",
            "citizen_id_18",
            "credit_code",
            "foreign_permanent_residence_15",
            "foreign_permanent_residence_18",
            "mobile_cn",
            "person_name",
            "residence_permit_hk_macao_taiwan",
        ];
        assert_eq!(kinds, tested);
    }

    #[test]
    fn full_width_forms_become_ascii_and_nothing_else_changes() {
        let folded: String = "１９Ｘｘ＋\u{3000}①張é".chars().map(half_width).collect();
        assert_eq!(folded, "19Xx+ ①張é");
    }

    #[test]
    fn what_is_typed_for_a_number_loses_spaces_and_what_nobody_sees() {
        let typed = "\u{feff}１ 2\u{200b}\u{3000}x\u{202d}-\u{ad}①\u{2060}\u{a0}";
        assert_eq!(typed_number(typed).as_deref(), Some("12X-①"));
        assert_eq!(typed_number(&"1".repeat(128)).map(|text| text.len()), Some(128));
        assert_eq!(typed_number(&"1".repeat(129)), None);
        for seen in [
            'a', '-', '\u{2010}', '\u{2029}', '\u{205f}', '\u{206a}', '\u{fefe}',
        ] {
            assert!(!is_invisible(seen), "{seen:?}");
        }
    }
}
