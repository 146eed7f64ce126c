//! The metadata as they were sent: one JSON object in which nothing is said twice, each member of its own type and
//! within its limit (RFC 7591 section 2). Members that nobody knows are ignored, as the standard says; `null` means
//! that the member is not there (RFC 7592 section 2.2).

use jose::strict_json;
use model::language::Language;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::error::RegisterError;

/// The most members.
const MEMBERS_MAX: usize = 100;
/// The longest text of one member, in bytes.
const TEXT_BYTES_MAX: usize = 2048;
/// The most values of one list; what a list may hold at all is fewer.
const LIST_MAX: usize = 50;

pub(super) struct Sent(Map<String, Value>);

impl Sent {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut members = strict_json::object(body).map_err(|_| RegisterError::NotJson)?;
        members.retain(|_, value| !value.is_null());
        if members.len() > MEMBERS_MAX {
            return Err(RegisterError::TooLarge.into());
        }
        Ok(Self(members))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Refusal> {
        self.0.get(key).map(|value| text(key, value)).transpose()
    }

    pub(super) fn list(&self, key: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.0.get(key) else {
            return Ok(None);
        };
        match value.as_array() {
            Some(values) if values.len() <= LIST_MAX => values
                .iter()
                .map(|value| text(key, value))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(Refusal::member(key, "has too many values")),
            None => Err(Refusal::member(key, "must be a list of texts")),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, Refusal> {
        let flag = |value: &Value| {
            value
                .as_bool()
                .ok_or_else(|| Refusal::member(key, "must be true or false"))
        };
        self.0.get(key).map(flag).transpose()
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<i64>, Refusal> {
        let number = |value: &Value| {
            value
                .as_i64()
                .ok_or_else(|| Refusal::member(key, "must be a whole number"))
        };
        self.0.get(key).map(number).transpose()
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The words of a list or one word, each of which must be known.
    pub(super) fn words<T>(
        &self,
        key: &str,
        read: fn(&str) -> Option<T>,
        known: &str,
    ) -> Result<Option<Vec<T>>, Refusal> {
        let Some(words) = self.list(key)? else {
            return Ok(None);
        };
        let read = |word: &String| read(word).ok_or_else(|| Refusal::member(key, known));
        words.iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn word<T>(
        &self,
        key: &str,
        read: fn(&str) -> Option<T>,
        known: &str,
    ) -> Result<Option<T>, Refusal> {
        let Some(word) = self.text(key)? else {
            return Ok(None);
        };
        read(&word).map(Some).ok_or_else(|| Refusal::member(key, known))
    }

    /// A text for people in a language (RFC 7591 section 2.2): the member of exactly this language, or one of another
    /// region.
    pub(super) fn in_language(&self, key: &str, language: Language) -> Result<Option<String>, Refusal> {
        let tag = |member: &str| {
            let (name, tag) = member.split_once('#')?;
            (name == key).then(|| tag.to_owned())
        };
        let mut members: Vec<_> = self
            .0
            .keys()
            .filter(|member| tag(member).and_then(|tag| Language::from_tag(&tag)) == Some(language))
            .collect();
        members
            .sort_by_key(|member| !tag(member).is_some_and(|tag| tag.eq_ignore_ascii_case(language.tag())));
        members.first().map_or(Ok(None), |member| self.text(member))
    }
}

fn text(key: &str, value: &Value) -> Result<String, Refusal> {
    match value.as_str() {
        Some(text) if text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control) => {
            Ok(text.to_owned())
        }
        Some(_) => Err(Refusal::member(key, "is too long or has control characters")),
        None => Err(Refusal::member(key, "must be text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(result: Result<impl Sized, Refusal>) -> RegisterError {
        result.map(|_| ()).unwrap_err().error
    }

    #[test]
    fn nothing_is_said_twice_at_any_depth() {
        for body in [
            "",
            "[]",
            "7",
            "{",
            "{} x",
            r#"{"scope":"openid","scope":"openid phone"}"#,
            r#"{"jwks":{"keys":[{"kid":"a","kid":"b"}]}}"#,
        ] {
            assert_eq!(
                error(Sent::read(body.as_bytes())),
                RegisterError::NotJson,
                "{body}"
            );
        }
        let many: Map<_, _> = (0..=MEMBERS_MAX)
            .map(|n| (n.to_string(), Value::from(1)))
            .collect();
        let many = serde_json::to_vec(&many).unwrap();
        assert_eq!(error(Sent::read(&many)), RegisterError::TooLarge);
    }

    #[test]
    fn members_have_their_types_and_null_is_none() {
        let body = r#"{"a":"x","b":["x","y"],"c":true,"d":7,"e":null,"f":[1],"g":"\u0000"}"#;
        let sent = Sent::read(body.as_bytes()).unwrap();
        assert_eq!(sent.text("a").unwrap().as_deref(), Some("x"));
        assert_eq!(sent.list("b").unwrap().unwrap(), ["x", "y"]);
        assert_eq!(sent.flag("c").unwrap(), Some(true));
        assert_eq!(sent.number("d").unwrap(), Some(7));
        assert!(!sent.has("e") && sent.text("e").unwrap().is_none());
        for result in [
            sent.text("b").map(drop),
            sent.text("g").map(drop),
            sent.list("a").map(drop),
            sent.list("f").map(drop),
            sent.flag("a").map(drop),
            sent.number("a").map(drop),
        ] {
            assert_eq!(error(result), RegisterError::Metadata);
        }
    }

    #[test]
    fn texts_for_people_are_found_by_their_language() {
        let body = r#"{"client_name":"x","client_name#zh-Hans":"b","client_name#zh-CN":"a","client_name#fr":"c","other#vi":"d"}"#;
        let sent = Sent::read(body.as_bytes()).unwrap();
        let name = |language| sent.in_language("client_name", language).unwrap();
        assert_eq!(name(Language::ZhCn).as_deref(), Some("a"));
        assert_eq!(name(Language::En), None);
        assert_eq!(name(Language::Vi), None);
    }
}
