//! The cookies, their names and attributes, and what is believed when a browser sends them.
//!
//! Over https the names carry `__Host-` (RFC 6265bis, 4.1.3.2) so that no sibling host can plant them; with an http
//! issuer, which only development has, the prefix and `Secure` go, because browsers and plain HTTP clients would
//! drop the cookies otherwise. Two cookies of one name mean that somebody planted one: both are refused and cleared
//! (A155). Cookies hold a random value only; what it stands for is in the database.
//!
//! A browser sends the cookies of parent domains in the same header (RFC 6265, 5.4), in any bytes and any number. They
//! are not ours to judge: only pairs with a name of ours count. How long the header may be is the listener's limit.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use model::language::Language;
use model::secret::Token;

/// How long preferences are remembered, in seconds.
pub const PREFERENCES_SECONDS: i64 = 365 * 24 * 3600;
/// How long a device is remembered that somebody signed in from, in seconds.
pub const DEVICE_SECONDS: i64 = 365 * 24 * 3600;
/// How long the browser token is kept, in seconds.
pub const BROWSER_SECONDS: i64 = 180 * 24 * 3600;

/// Which form cookies take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieMode {
    /// `__Host-` names, `Secure`.
    Secure,
    /// Plain names, for development over http.
    Development,
}

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Tells one browser from another before anybody has signed in.
    Browser,
    /// The sign-in.
    Session,
    /// The sign-in of an operator, at the console only.
    Operator,
    /// That somebody signed in from here before: for notices about new devices. It opens nothing.
    Device,
    /// Language and print size; no secret.
    Preferences,
}

impl Cookie {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Browser,
        Self::Session,
        Self::Operator,
        Self::Device,
        Self::Preferences,
    ];

    /// The name on the wire.
    pub const fn name(self, mode: CookieMode) -> &'static str {
        match (mode, self) {
            (CookieMode::Secure, Self::Browser) => "__Host-denizen_browser",
            (CookieMode::Secure, Self::Session) => "__Host-denizen_session",
            (CookieMode::Secure, Self::Operator) => "__Host-denizen_operator",
            (CookieMode::Secure, Self::Device) => "__Host-denizen_device",
            (CookieMode::Secure, Self::Preferences) => "__Host-denizen_prefs",
            (CookieMode::Development, Self::Browser) => "denizen_browser",
            (CookieMode::Development, Self::Session) => "denizen_session",
            (CookieMode::Development, Self::Operator) => "denizen_operator",
            (CookieMode::Development, Self::Device) => "denizen_device",
            (CookieMode::Development, Self::Preferences) => "denizen_prefs",
        }
    }

    /// Whether a browser sends it with a link that another site's page has. Residents come from sub-sites; nobody has
    /// to come to the console from elsewhere.
    const fn same_site(self) -> &'static str {
        match self {
            Self::Operator => "Strict",
            Self::Browser | Self::Session | Self::Device | Self::Preferences => "Lax",
        }
    }
}

/// What the browser sent under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing.
    Nothing,
    /// One value.
    One(String),
    /// More than one: none is believed, and the name is cleared.
    Several,
}

/// Reads one cookie from the request's headers.
pub fn read(headers: &HeaderMap, mode: CookieMode, cookie: Cookie) -> Sent {
    let name = cookie.name(mode).as_bytes();
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let (key, value) = (parts.next()?, parts.next()?);
        (key.trim_ascii() == name).then(|| value.trim_ascii())
    });
    match (values.next(), values.next()) {
        (None, _) => Sent::Nothing,
        (Some(value), None) => match std::str::from_utf8(value) {
            Ok(value) if value.is_ascii() => Sent::One(value.to_owned()),
            // Our values are ASCII: this one was never given out.
            _ => Sent::Nothing,
        },
        (Some(_), Some(_)) => Sent::Several,
    }
}

/// A `Set-Cookie` line; `max_age_seconds` of `None` lasts until the browser closes.
pub fn set(mode: CookieMode, cookie: Cookie, value: &str, max_age_seconds: Option<i64>) -> HeaderValue {
    let (name, same_site) = (cookie.name(mode), cookie.same_site());
    let mut line = format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}");
    if mode == CookieMode::Secure {
        line.push_str("; Secure");
    }
    if let Some(seconds) = max_age_seconds {
        line.push_str("; Max-Age=");
        line.push_str(&seconds.to_string());
    }
    // Our values are base64url or words of this file; a value that is not fit for a header clears the cookie.
    HeaderValue::from_str(&line).unwrap_or_else(|_| clear(mode, cookie))
}

/// A `Set-Cookie` line that sends a bearer value.
pub fn set_token(
    mode: CookieMode,
    cookie: Cookie,
    token: &Token,
    max_age_seconds: Option<i64>,
) -> HeaderValue {
    let mut line = set(mode, cookie, token.expose(), max_age_seconds);
    line.set_sensitive(true);
    line
}

/// A `Set-Cookie` line that makes the browser forget the cookie.
pub fn clear(mode: CookieMode, cookie: Cookie) -> HeaderValue {
    HeaderValue::from_static(match (mode, cookie) {
        (CookieMode::Secure, Cookie::Browser) => {
            "__Host-denizen_browser=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        }
        (CookieMode::Secure, Cookie::Session) => {
            "__Host-denizen_session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        }
        (CookieMode::Secure, Cookie::Operator) => {
            "__Host-denizen_operator=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0"
        }
        (CookieMode::Secure, Cookie::Device) => {
            "__Host-denizen_device=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        }
        (CookieMode::Secure, Cookie::Preferences) => {
            "__Host-denizen_prefs=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        }
        (CookieMode::Development, Cookie::Browser) => {
            "denizen_browser=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        }
        (CookieMode::Development, Cookie::Session) => {
            "denizen_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        }
        (CookieMode::Development, Cookie::Operator) => {
            "denizen_operator=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        }
        (CookieMode::Development, Cookie::Device) => {
            "denizen_device=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        }
        (CookieMode::Development, Cookie::Preferences) => {
            "denizen_prefs=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        }
    })
}

/// What a person chose for all pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The language, if one was chosen.
    pub language: Option<Language>,
    /// Whether print is large.
    pub large_print: bool,
}

impl Preferences {
    /// Reads the cookie's value; what is not understood is not a wish.
    pub fn parse(value: &str) -> Self {
        let (tag, size) = value.split_once('.').unwrap_or((value, ""));
        let language = Language::ALL.into_iter().find(|language| language.tag() == tag);
        Self {
            language,
            large_print: size == "large",
        }
    }

    /// The cookie's value.
    pub fn to_value(self) -> String {
        let tag = self.language.map_or("any", Language::tag);
        let size = if self.large_print { "large" } else { "normal" };
        format!("{tag}.{size}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn attack_155_two_cookies_of_one_name_are_both_refused() {
        let read = |lines: &[&str]| read(&headers(lines), CookieMode::Secure, Cookie::Session);
        assert_eq!(
            read(&["__Host-denizen_session=a; x=1"]),
            Sent::One("a".to_owned())
        );
        assert_eq!(
            read(&["__Host-denizen_session=a; __Host-denizen_session=b"]),
            Sent::Several
        );
        assert_eq!(
            read(&["__Host-denizen_session=a", "__Host-denizen_session=a"]),
            Sent::Several
        );
        assert_eq!(
            read(&["denizen_session=planted; __host-denizen_session=planted"]),
            Sent::Nothing
        );
        assert_eq!(read(&[]), Sent::Nothing);
    }

    #[test]
    fn foreign_cookies_of_any_bytes_and_size_hide_none_of_ours() {
        let read = |line: &[u8]| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_bytes(line).unwrap())]);
            read(&headers, CookieMode::Secure, Cookie::Session)
        };
        let ours = Sent::One("a".to_owned());
        let large = format!("_ga={}; __Host-denizen_session=a", "x".repeat(12 * 1024));
        for line in [
            "user=张三; __Host-denizen_session=a".as_bytes(),
            "__Host-denizen_session=a; user=张三".as_bytes(),
            b"\xff\xfe; __Host-denizen_session=a; \x80=\x81",
            b";; ; =; =x; novalue; __Host-denizen_session=a;",
            b"__Host-denizen_session; __Host-denizen_session=a",
            b"\t__Host-denizen_session=a\t; x=\"; __Host\"",
            large.as_bytes(),
        ] {
            assert_eq!(read(line), ours, "{}", line.escape_ascii());
        }
        // Under our own name a broken value still counts as a second one (A155), and alone it is nothing.
        let planted = b"__Host-denizen_session=a; __Host-denizen_session=\xff";
        assert_eq!(read(planted), Sent::Several);
        assert_eq!(read(b"__Host-denizen_session=\xff"), Sent::Nothing);
    }

    #[test]
    fn attack_157_every_cookie_is_host_only_http_only_lax_or_strict_and_secure() {
        let token = Token::generate(&model::rng::Rng::seeded(1));
        for cookie in Cookie::ALL {
            for line in [
                set(CookieMode::Secure, cookie, "v", Some(60)),
                set_token(CookieMode::Secure, cookie, &token, None),
                clear(CookieMode::Secure, cookie),
            ] {
                let line = line.to_str().unwrap();
                assert!(line.starts_with("__Host-denizen_"), "{line}");
                let same_site = format!(
                    "; SameSite={};",
                    if cookie == Cookie::Operator {
                        "Strict"
                    } else {
                        "Lax"
                    }
                );
                for attribute in ["; Path=/;", "; HttpOnly", same_site.as_str(), "; Secure"] {
                    assert!(line.contains(attribute), "{line} lacks {attribute}");
                }
                assert!(!line.contains("Domain"), "{line}");
            }
        }
        assert!(
            format!(
                "{:?}",
                set_token(CookieMode::Secure, Cookie::Session, &token, None)
            )
            .contains("Sensitive")
        );
    }

    #[test]
    fn attack_161_a_value_with_line_breaks_never_reaches_a_header() {
        let line = set(CookieMode::Secure, Cookie::Session, "a\r\nSet-Cookie: b=c", None);
        assert_eq!(line, clear(CookieMode::Secure, Cookie::Session));
    }

    #[test]
    fn preferences_survive_the_round_trip_and_nonsense_is_no_wish() {
        for language in [None, Some(Language::Vi), Some(Language::ZhCn)] {
            for large_print in [true, false] {
                let preferences = Preferences {
                    language,
                    large_print,
                };
                assert_eq!(Preferences::parse(&preferences.to_value()), preferences);
            }
        }
        assert_eq!(Preferences::parse("<script>.huge"), Preferences::default());
    }
}
