//! Small foldings that several parsers share: what an input method or a copied page puts where plain ASCII was
//! meant. Nothing here decides what is valid.

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

/// The identifiers shared between implementations, when the repository is checked out beside them.
#[cfg(test)]
pub(crate) fn vectors() -> Option<serde_json::Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/vectors/identifiers.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
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
    fn full_width_forms_become_ascii_and_nothing_else_changes() {
        let folded: String = "１９Ｘｘ＋\u{3000}①張é".chars().map(half_width).collect();
        assert_eq!(folded, "19Xx+ ①張é");
    }
}
