//! Addresses inside this service that a request may name as the place to go next (A011).
//!
//! A return address from outside is followed only if every browser must read it as a path of ours. Whatever could be
//! read otherwise (`//host`, backslashes, control characters, encoded separators, dot segments) is refused, not
//! repaired.

use std::borrow::Cow;
use std::fmt;

/// How long a return address may be, in bytes.
pub const LOCAL_PATH_BYTES: usize = 2048;

/// A path of this service, with an optional query, safe to redirect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalPath(Cow<'static, str>);

/// The text is not a path of this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of this service")]
pub struct NotLocal;

impl LocalPath {
    /// A path that the program itself names.
    pub const fn known(path: &'static str) -> Self {
        Self(Cow::Borrowed(path))
    }

    /// Reads a path that somebody sent.
    pub fn parse(text: &str) -> Result<Self, NotLocal> {
        if text.len() > LOCAL_PATH_BYTES || !text.starts_with('/') {
            return Err(NotLocal);
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        if !path.bytes().all(path_byte) || !query.bytes().all(query_byte) {
            return Err(NotLocal);
        }
        if path.contains("//") || path.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(NotLocal);
        }
        if !escapes_are_harmless(path, true) || !escapes_are_harmless(query, false) {
            return Err(NotLocal);
        }
        Ok(Self(Cow::Owned(text.to_owned())))
    }

    /// The path with one more query parameter, encoded.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let mut text = self.0.into_owned();
        text.push(if text.contains('?') { '&' } else { '?' });
        let pair = serde_urlencoded::to_string([(name, value)]).unwrap_or_default();
        text.push_str(&pair);
        Self(Cow::Owned(text))
    }

    /// The path without some of its query parameters.
    #[must_use]
    pub fn without(self, names: &[&str]) -> Self {
        let Some((path, query)) = self.0.split_once('?') else {
            return self;
        };
        let kept =
            url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| !names.contains(&name.as_ref()));
        let start = Self(Cow::Owned(path.to_owned()));
        kept.fold(start, |path, (name, value)| path.with(&name, &value))
    }

    /// The path with its query, as a redirect names it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or("/")
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~' | b'%' | b'@' | b'+')
}

fn query_byte(byte: u8) -> bool {
    path_byte(byte)
        || matches!(
            byte,
            b'=' | b'&' | b':' | b',' | b'!' | b'*' | b'\'' | b'(' | b')' | b'?'
        )
}

/// Every `%` must start an escape; in the path it must not hide a separator, a dot, a percent or a control.
fn escapes_are_harmless(text: &str, in_path: bool) -> bool {
    let mut pieces = text.split('%');
    pieces.next();
    pieces.all(|piece| {
        let Some(byte) = piece.get(..2).and_then(hex_byte) else {
            return false;
        };
        let control = byte < 0x20 || byte == 0x7f;
        let hides = in_path && matches!(byte, b'/' | b'\\' | b'.' | b'%' | b'?' | b'#');
        !(control || hides)
    })
}

fn hex_byte(digits: &str) -> Option<u8> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_ours_are_taken_as_they_are() {
        for path in [
            "/",
            "/account",
            "/account/level?want=2",
            "/sign-in?return_to=%2Faccount&x=a+b",
            "/a/%E5%90%88",
        ] {
            assert_eq!(LocalPath::parse(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn attack_011_what_could_lead_elsewhere_is_refused() {
        for path in [
            "",
            "account",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/a//b",
            "/..//evil.test",
            "/../x",
            "/./x",
            "/%2e%2e/x",
            "/%2Fevil.test",
            "/%5Cevil.test",
            "/%255c",
            "/%09/evil.test",
            "/\tevil",
            "/\nSet-Cookie: a=b",
            "/a\r\n",
            "/a%0d%0ab",
            "/a?x=%0d%0a",
            "/a#b",
            "https://evil.test",
            "javascript:alert(1)",
            "/a%",
            "/a%2",
            "/a%zz",
            " /a",
            "/a b",
            "/a;b",
            "/@evil.test\u{2028}",
            "/合肥",
            "/a?x=\"",
            "/a?<script>",
            "/%00",
            "//",
            "/\u{ff0f}evil.test",
        ] {
            assert_eq!(LocalPath::parse(path), Err(NotLocal), "{path:?}");
        }
        assert_eq!(
            LocalPath::parse(&format!("/{}", "a".repeat(LOCAL_PATH_BYTES))),
            Err(NotLocal)
        );
    }

    #[test]
    fn parameters_are_encoded() {
        let path = LocalPath::known("/sign-in")
            .with("interaction", "a b&c=d")
            .with("x", "/y");
        assert_eq!(path.as_str(), "/sign-in?interaction=a+b%26c%3Dd&x=%2Fy");
        assert!(LocalPath::parse(path.as_str()).is_ok());
        assert_eq!(path.path(), "/sign-in");
        assert_eq!(path.without(&["x"]).as_str(), "/sign-in?interaction=a+b%26c%3Dd");
        assert_eq!(LocalPath::known("/a?lang=vi").without(&["lang"]).as_str(), "/a");
    }

    proptest::proptest! {
        #[test]
        fn what_is_taken_resolves_to_our_own_host(text in "[/\\\\.%a-z0-9?#@:;\\t\\n ]{0,24}") {
            if let Ok(path) = LocalPath::parse(&text) {
                let base = url::Url::parse("https://id.example.test/sign-in").unwrap();
                let there = base.join(path.as_str()).unwrap();
                proptest::prop_assert_eq!(there.origin(), base.origin());
            }
        }
    }
}
