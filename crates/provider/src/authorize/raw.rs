//! The parameters of a request as they came, and by which way: in the address or a form, pushed beforehand (RFC 9126),
//! inside a signed request object (RFC 9101).

use std::fmt;

use crate::error::AuthorizeError;
use crate::par::Handle;

/// Every parameter that is looked at.
pub(super) const KNOWN: [&str; 23] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "acr_values",
    "claims",
    "id_token_hint",
    "login_hint",
    "ui_locales",
    "claims_locales",
    "display",
    "dpop_jkt",
    "resource",
    "request",
    "request_uri",
    "registration",
];

/// The one of them that may be there several times (RFC 8707 section 2).
pub(super) const REPEATABLE: &str = "resource";

/// Those of them that are refused or ignored, and so need not wait with the rest.
const NOT_KEPT: [&str; 5] = [
    "claims_locales",
    "display",
    "request",
    "request_uri",
    "registration",
];

/// What the stored parameters hold as `request` when they came inside a signed object.
const SIGNED: &str = "signed";

/// The longest `state`, in bytes. It comes back whole or not at all (A023).
pub const STATE_BYTES_MAX: usize = 1024;
/// What is kept of `login_hint`, in characters (A033).
pub(super) const LOGIN_HINT_CHARS_MAX: usize = 100;
/// The longest `ui_locales` that is passed on, in bytes.
const LOCALES_BYTES_MAX: usize = 128;

/// By which way parameters came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The handle under which they were pushed.
    pub pushed: Option<Handle>,
    /// Whether the client signed them.
    pub signed: bool,
}

/// The parameters as they came, in order, as far as anybody looks at them.
#[derive(Clone, Default)]
pub struct Raw {
    pairs: Vec<(String, String)>,
    way: Way,
}

impl fmt::Debug for Raw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hints and requests are about people.
        out.debug_struct("Raw")
            .field("pairs", &self.pairs.len())
            .field("way", &self.way)
            .finish()
    }
}

impl Raw {
    /// Takes parameters over; those that nobody looks at are left behind.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            pairs: pairs
                .into_iter()
                .filter(|(name, _)| KNOWN.contains(&name.as_str()))
                .collect(),
            way: Way::default(),
        }
    }

    /// Says by which way they came.
    #[must_use]
    pub fn by(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    /// Takes parameters over that [`Self::to_stored`] made. Nobody but us can write them, so what they say about
    /// their way is believed.
    pub fn stored(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut way = Way::default();
        let mut rest = Vec::new();
        for (name, value) in pairs {
            match name.as_str() {
                "request_uri" => way.pushed = Handle::parse(&value),
                "request" => way.signed = value == SIGNED,
                _ => rest.push((name, value)),
            }
        }
        Self::new(rest).by(way)
    }

    /// What is stored while the resident is asked: what is kept, and as `request_uri` and `request` the way.
    pub fn to_stored(&self) -> Vec<(String, String)> {
        let way = [
            self.way
                .pushed
                .as_ref()
                .map(|handle| ("request_uri", handle.uri())),
            self.way.signed.then(|| ("request", SIGNED.to_owned())),
        ];
        let way = way.into_iter().flatten();
        self.kept()
            .pairs
            .into_iter()
            .chain(way.map(|(name, value)| (name.to_owned(), value)))
            .collect()
    }

    /// The parameters.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// By which way they came.
    pub const fn way(&self) -> &Way {
        &self.way
    }

    /// The parameters that are read again when the request goes on, as far as they are read.
    #[must_use]
    pub fn kept(&self) -> Self {
        let keep = |(name, value): &(String, String)| {
            let value = match name.as_str() {
                name if NOT_KEPT.contains(&name) => return None,
                "ui_locales" => self.ui_locales()?.to_owned(),
                "login_hint" => login_hint(value),
                _ => value.clone(),
            };
            (!value.is_empty()).then(|| (name.clone(), value))
        };
        Self {
            pairs: self.pairs.iter().filter_map(keep).collect(),
            way: self.way.clone(),
        }
    }

    /// The parameters without some.
    #[must_use]
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.pairs.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// The parameters with one more.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn bytes(&self) -> usize {
        let bytes = |(name, value): &(String, String)| name.len() + value.len();
        self.pairs.iter().map(bytes).sum()
    }

    /// A parameter that has a value.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, AuthorizeError> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(AuthorizeError::ParameterRepeated),
        }
    }

    /// Every value of a parameter that may be repeated.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.values(name).filter(|value| !value.is_empty())
    }

    fn values(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The `state` that errors carry: none when it cannot be sent back as it came.
    pub fn state(&self) -> Option<&str> {
        self.one("state")
            .ok()
            .flatten()
            .filter(|state| state.len() <= STATE_BYTES_MAX)
    }

    /// The languages that the sub-site would like pages in, if it is a plain list of tags.
    pub fn ui_locales(&self) -> Option<&str> {
        let plain = |text: &&str| {
            text.len() <= LOCALES_BYTES_MAX
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' '))
        };
        self.one("ui_locales").ok().flatten().filter(plain)
    }
}

/// What is kept of a login hint.
pub(super) fn login_hint(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(LOGIN_HINT_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_054_the_way_is_stored_and_cannot_be_said_in_a_request() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let handle = Handle::generate(&model::rng::Rng::seeded(7));
        let way = Way {
            pushed: Some(handle.clone()),
            signed: true,
        };
        let raw = Raw::new([
            pair("scope", "openid"),
            pair("other", "x"),
            pair("display", "page"),
        ])
        .by(way.clone());
        let stored = raw.to_stored();
        assert_eq!(
            stored,
            [
                pair("scope", "openid"),
                pair("request_uri", &handle.uri()),
                pair("request", SIGNED)
            ]
        );
        let again = Raw::stored(stored.clone());
        assert_eq!(again.way(), &way);
        assert_eq!(again.pairs(), [pair("scope", "openid")]);
        // The same words in a request are parameters like any other.
        assert_eq!(Raw::new(stored).way(), &Way::default());
    }
}
