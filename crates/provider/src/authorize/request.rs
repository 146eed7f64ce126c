//! What a sub-site asks: the parameters of an authorization request, read once into types that cannot be wrong
//! (OpenID Connect Core 3.1.2.1, RFC 6749 sections 3.1 and 4.1.1, RFC 7636 section 4.3).
//!
//! Pure: whether this client may ask it is [`super::steps`]'s business. A parameter without a value counts as left
//! out, unknown parameters are ignored, and a known one may be there only once.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};

use crate::authorize::claims_request::ClaimsRequest;
use crate::error::AuthorizeError;

/// Every parameter that is looked at.
const KNOWN: [&str; 21] = [
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
    "request",
    "request_uri",
    "registration",
];

/// Those of them that are refused or ignored, and so need not wait with the rest.
const NOT_KEPT: [&str; 5] = [
    "claims_locales",
    "display",
    "request",
    "request_uri",
    "registration",
];

/// The longest all parameters that are kept may be together, names and values, in bytes: each request that waits for
/// the resident is a row of about this size (A311).
pub const KEPT_BYTES_MAX: usize = 8 * 1024;
/// The longest `state`, in bytes. It comes back whole or not at all (A023).
pub const STATE_BYTES_MAX: usize = 1024;
/// The longest `nonce`, in bytes.
const NONCE_BYTES_MAX: usize = 512;
/// The longest `scope` and `acr_values`, in bytes.
const LIST_BYTES_MAX: usize = 2048;
/// The most words in `scope`, `acr_values` and `prompt`.
const WORDS_MAX: usize = 64;
/// What is kept of `login_hint`, in characters (A033).
const LOGIN_HINT_CHARS_MAX: usize = 100;
/// The longest `ui_locales` that is passed on, in bytes.
const LOCALES_BYTES_MAX: usize = 128;
/// The longest `max_age`, in seconds: a year.
const MAX_AGE_SECONDS_MAX: i64 = 31_536_000;

/// The parameters as they came, in order, as far as anybody looks at them.
#[derive(Clone, Default)]
pub struct Raw(Vec<(String, String)>);

impl fmt::Debug for Raw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hints and requests are about people.
        out.debug_tuple("Raw").field(&self.0.len()).finish()
    }
}

impl Raw {
    /// Takes parameters over; those that nobody looks at are left behind.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            pairs
                .into_iter()
                .filter(|(name, _)| KNOWN.contains(&name.as_str()))
                .collect(),
        )
    }

    /// The parameters.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// What is stored while the resident is asked: the parameters that are read again when the request goes on, as
    /// far as they are read.
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
        Self(self.0.iter().filter_map(keep).collect())
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// A parameter that has a value.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, AuthorizeError> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(AuthorizeError::ParameterRepeated),
        }
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

/// What is wished of the pages (`prompt`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Nothing may be asked.
    pub none: bool,
    /// A new sign-in.
    pub login: bool,
    /// A new decision about the release.
    pub consent: bool,
    /// The choice of another account. Done by signing in anew: whoever wants the other account signs in with it.
    pub select_account: bool,
    /// A new account (Initiating User Registration via OpenID Connect 1.0).
    pub create: bool,
}

impl Prompt {
    /// Whether a sign-in from before the request is not good enough.
    pub const fn demands_sign_in(self) -> bool {
        self.login || self.select_account || self.create
    }

    fn parse(text: &str) -> Result<Self, AuthorizeError> {
        let mut prompt = Self::default();
        for word in words(text) {
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                "create" => prompt.create = true,
                _ => return Err(AuthorizeError::PromptUnknown),
            }
        }
        if prompt.none && (prompt.demands_sign_in() || prompt.consent) {
            return Err(AuthorizeError::PromptNoneNotAlone);
        }
        Ok(prompt)
    }
}

/// Which level is asked for. Values that are not ours are as good as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AskedLevel {
    /// None; the registration's own default counts.
    #[default]
    Nothing,
    /// This one if the resident agrees, else what there is.
    Wished(Level),
    /// One of these or an error (5.5.1.1); empty when none of the values is ours.
    Demanded(Vec<Level>),
}

/// A request that is right in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What would be released, as far as anything is offered under these words.
    pub scopes: ScopeSet,
    /// Goes into the ID token.
    pub nonce: Option<String>,
    /// The PKCE challenge, method S256.
    pub code_challenge: Option<String>,
    /// What is wished of the pages.
    pub prompt: Prompt,
    /// How old the sign-in may be.
    pub max_age: Option<TimeDelta>,
    /// The level asked for.
    pub level: AskedLevel,
    /// Single claims.
    pub claims: ClaimsRequest,
    /// An earlier ID token that names the person, not yet verified.
    pub id_token_hint: Option<String>,
    /// What the sign-in form is filled with.
    pub login_hint: Option<String>,
}

impl Request {
    /// Reads the parameters.
    pub fn parse(raw: &Raw) -> Result<Self, AuthorizeError> {
        for name in KNOWN {
            raw.one(name)?;
        }
        refuse_other_protocols(raw)?;
        if raw
            .one("state")?
            .is_some_and(|state| state.len() > STATE_BYTES_MAX)
        {
            return Err(AuthorizeError::StateTooLong);
        }
        let claims = raw
            .one("claims")?
            .map(ClaimsRequest::parse)
            .transpose()?
            .unwrap_or_default();
        let request = Self {
            scopes: scopes(raw.one("scope")?.unwrap_or_default())?,
            nonce: limited(raw, "nonce", NONCE_BYTES_MAX)?,
            code_challenge: challenge(raw)?,
            prompt: Prompt::parse(&limited(raw, "prompt", LIST_BYTES_MAX)?.unwrap_or_default())?,
            max_age: raw.one("max_age")?.map(max_age).transpose()?,
            level: level(
                &claims,
                &limited(raw, "acr_values", LIST_BYTES_MAX)?.unwrap_or_default(),
            ),
            claims,
            id_token_hint: raw.one("id_token_hint")?.map(str::to_owned),
            login_hint: raw.one("login_hint")?.map(login_hint),
        };
        // Last, because what is too long alone is said more precisely above.
        if raw.kept().bytes() > KEPT_BYTES_MAX {
            return Err(AuthorizeError::RequestTooLong);
        }
        Ok(request)
    }

    /// When the sign-in must have been, at the earliest, for a request that arrives now.
    pub fn auth_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.prompt.demands_sign_in() {
            Some(now)
        } else {
            self.max_age.map(|age| now - age)
        }
    }

    /// Whether the token must say when the sign-in was.
    pub fn wants_auth_time(&self) -> bool {
        let claim = self.claims.claims.id_token.get("auth_time");
        self.max_age.is_some() || claim.is_some_and(|claim| claim.essential)
    }
}

fn refuse_other_protocols(raw: &Raw) -> Result<(), AuthorizeError> {
    for (name, fault) in [
        ("request", AuthorizeError::RequestObject),
        ("request_uri", AuthorizeError::RequestUri),
        ("registration", AuthorizeError::Registration),
    ] {
        if raw.one(name)?.is_some() {
            return Err(fault);
        }
    }
    match raw.one("response_type")? {
        Some("code") => {}
        Some(_) => return Err(AuthorizeError::ResponseTypeUnsupported),
        None => return Err(AuthorizeError::ResponseTypeMissing),
    }
    match raw.one("response_mode")? {
        None | Some("query") => Ok(()),
        Some(_) => Err(AuthorizeError::ResponseModeUnsupported),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

fn limited(raw: &Raw, name: &'static str, bytes: usize) -> Result<Option<String>, AuthorizeError> {
    match raw.one(name)? {
        Some(text) if text.len() > bytes => Err(AuthorizeError::TooLong),
        value => Ok(value.map(str::to_owned)),
    }
}

/// The scopes that something can be released for. Other words are ignored (RFC 6749 section 3.3, Core 3.1.2.1).
fn scopes(text: &str) -> Result<ScopeSet, AuthorizeError> {
    if text.len() > LIST_BYTES_MAX || words(text).count() > WORDS_MAX {
        return Err(AuthorizeError::ScopeTooLong);
    }
    let offered = |scope: &Scope| Scope::OFFERED.contains(scope);
    let scopes: ScopeSet = words(text).filter_map(Scope::parse).filter(offered).collect();
    if scopes.contains(Scope::Openid) {
        Ok(scopes)
    } else {
        Err(AuthorizeError::OpenidMissing)
    }
}

fn challenge(raw: &Raw) -> Result<Option<String>, AuthorizeError> {
    let (challenge, method) = (raw.one("code_challenge")?, raw.one("code_challenge_method")?);
    match (challenge, method) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(AuthorizeError::ChallengeMissing),
        // Without a method the meaning would be `plain` (RFC 7636 section 4.3).
        (Some(challenge), Some("S256")) => {
            let base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if challenge.len() == 43 && challenge.bytes().all(base64url) {
                Ok(Some(challenge.to_owned()))
            } else {
                Err(AuthorizeError::ChallengeMalformed)
            }
        }
        (Some(_), _) => Err(AuthorizeError::ChallengeMethod),
    }
}

fn max_age(text: &str) -> Result<TimeDelta, AuthorizeError> {
    if text.len() > 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AuthorizeError::MaxAgeMalformed);
    }
    match text.parse() {
        Ok(seconds @ 0..=MAX_AGE_SECONDS_MAX) => Ok(TimeDelta::seconds(seconds)),
        _ => Err(AuthorizeError::MaxAgeMalformed),
    }
}

/// The claim is more precise than the parameter, so it counts first.
fn level(claims: &ClaimsRequest, acr_values: &str) -> AskedLevel {
    let known = |values: &[String]| {
        values
            .iter()
            .filter_map(|value| Level::from_acr(value))
            .collect::<Vec<_>>()
    };
    let by_claim = claims.acr.as_ref().filter(|acr| !acr.values.is_empty());
    if let Some(acr) = by_claim.filter(|acr| acr.essential) {
        return AskedLevel::Demanded(known(&acr.values));
    }
    let wished = by_claim.and_then(|acr| known(&acr.values).first().copied());
    let wished = wished.or_else(|| words(acr_values).take(WORDS_MAX).find_map(Level::from_acr));
    wished.map_or(AskedLevel::Nothing, AskedLevel::Wished)
}

fn login_hint(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(LOGIN_HINT_CHARS_MAX)
        .collect()
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
