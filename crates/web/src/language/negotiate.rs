//! Which language a page is in: what the request asks for, then what the browser remembers, then what it says.
//!
//! The list of languages is closed. `Accept-Language` (RFC 9110, 12.5.4) is read up to a size and a count, because
//! a long header must not cost more than a short one (A201).

use model::language::Language;

/// How much of `Accept-Language` is considered, in bytes.
pub const ACCEPT_LANGUAGE_BYTES: usize = 4096;
/// How many of its entries are considered.
pub const ACCEPT_LANGUAGE_ENTRIES: usize = 32;
/// How many tags of `ui_locales` are considered.
pub const UI_LOCALES_ENTRIES: usize = 8;

/// Chooses the language: `ui_locales`, the remembered choice, `Accept-Language`, Chinese.
pub fn choose(
    ui_locales: Option<&str>,
    remembered: Option<Language>,
    accept_language: Option<&str>,
) -> Language {
    ui_locales
        .and_then(from_ui_locales)
        .or(remembered)
        .or_else(|| accept_language.and_then(from_accept_language))
        .unwrap_or_default()
}

/// The first tag of a space-separated list that names one of our languages (OpenID Connect Core 3.1.2.1).
pub fn from_ui_locales(list: &str) -> Option<Language> {
    list.split(' ')
        .filter(|tag| !tag.is_empty())
        .take(UI_LOCALES_ENTRIES)
        .find_map(from_short_tag)
}

/// The language that an `Accept-Language` header prefers among ours; the earlier one of equals.
pub fn from_accept_language(header: &str) -> Option<Language> {
    if header.len() > ACCEPT_LANGUAGE_BYTES {
        return None;
    }
    let mut best: Option<(Language, u16)> = None;
    for entry in header.split(',').take(ACCEPT_LANGUAGE_ENTRIES) {
        let mut parts = entry.trim().split(';');
        let Some(language) = parts.next().and_then(from_short_tag) else {
            continue;
        };
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(1000, thousandths);
        if weight > 0 && best.is_none_or(|(_, heaviest)| weight > heaviest) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

fn from_short_tag(tag: &str) -> Option<Language> {
    (tag.len() <= 35).then(|| Language::from_tag(tag)).flatten()
}

/// A quality value such as `0.8` in thousandths; 0 when it is not one.
fn thousandths(quality: &str) -> u16 {
    let quality = quality.trim();
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" => 1000,
        "0" => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_wins_then_the_choice_then_the_browser_then_chinese() {
        let vi = Some(Language::Vi);
        assert_eq!(choose(Some("fr en-GB"), vi, Some("zh")), Language::En);
        assert_eq!(choose(Some("fr de"), vi, Some("en")), Language::Vi);
        assert_eq!(choose(None, None, Some("fr, en;q=0.8, vi;q=0.9")), Language::Vi);
        assert_eq!(choose(None, None, Some("*")), Language::ZhCn);
        assert_eq!(choose(None, None, None), Language::ZhCn);
    }

    #[test]
    fn weights_of_nought_and_nonsense_are_not_wishes() {
        assert_eq!(from_accept_language("en;q=0, vi;q=0.001"), Some(Language::Vi));
        assert_eq!(from_accept_language("en;q=2"), None);
        assert_eq!(from_accept_language("en;q=1.0000"), None);
        assert_eq!(from_accept_language(";;;,,,q=1"), None);
    }

    #[test]
    fn attack_201_a_huge_accept_language_is_not_read() {
        assert_eq!(
            from_accept_language(&format!("en,{}", "x,".repeat(32 * 1024))),
            None
        );
        let many = "fr,".repeat(1000) + "en";
        assert_eq!(from_accept_language(&many), None);
        assert_eq!(from_ui_locales(&("fr ".repeat(10_000) + "en")), None);
        assert_eq!(from_ui_locales(&"e".repeat(64 * 1024)), None);
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_without_harm(header in ".{0,300}") {
            let _ = choose(Some(&header), None, Some(&header));
        }
    }
}
