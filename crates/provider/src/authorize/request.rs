//! What a sub-site asks: the parameters of an authorization request, read once into types that cannot be wrong
//! (OpenID Connect Core 3.1.2.1, RFC 6749 sections 3.1 and 4.1.1, RFC 7636 section 4.3, RFC 8707 section 2, RFC 9449
//! section 10).
//!
//! Pure: whether this client may ask it is [`super::steps`]'s business. A parameter without a value counts as left
//! out, unknown parameters are ignored, and a known one may be there only once, apart from `resource`. `display` and
//! `claims_locales` are taken and change nothing: pages fit any window, and no claim exists in several languages.

use chrono::{DateTime, TimeDelta, Utc};
use model::client::ResponseMode;
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use url::Url;

use crate::authorize::claims_request::ClaimsRequest;
use crate::authorize::raw::{KNOWN, REPEATABLE, login_hint};
pub use crate::authorize::raw::{Raw, STATE_BYTES_MAX, Way};
use crate::error::AuthorizeError;

/// The longest all parameters that are kept may be together, names and values, in bytes: each request that waits for
/// the resident is a row of about this size (A311).
pub const KEPT_BYTES_MAX: usize = 8 * 1024;
/// The longest `nonce`, in bytes.
const NONCE_BYTES_MAX: usize = 512;
/// The longest `scope` and `acr_values`, in bytes.
const LIST_BYTES_MAX: usize = 2048;
/// The most words in `scope`, `acr_values` and `prompt`.
const WORDS_MAX: usize = 64;
/// The longest `max_age`, in seconds: a year.
const MAX_AGE_SECONDS_MAX: i64 = 31_536_000;
/// The most resources of one request, and the longest name of one, in bytes.
const RESOURCES_MAX: usize = 16;
const RESOURCE_BYTES_MAX: usize = 512;

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
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// The thumbprint of the key that the code is bound to.
    pub dpop_jkt: Option<String>,
    /// The resources that access is asked for.
    pub resources: Vec<String>,
}

impl Request {
    /// Reads the parameters.
    pub fn parse(raw: &Raw) -> Result<Self, AuthorizeError> {
        for name in KNOWN.into_iter().filter(|name| *name != REPEATABLE) {
            raw.one(name)?;
        }
        refuse_other_protocols(raw)?;
        let response_mode = response_mode(raw)?;
        check_state(raw.one("state")?.unwrap_or_default(), response_mode)?;
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
            dpop_jkt: raw.one("dpop_jkt")?.map(thumbprint).transpose()?,
            resources: resources(raw)?,
            response_mode,
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
    if raw.one("registration")?.is_some() {
        return Err(AuthorizeError::Registration);
    }
    match raw.one("response_type")? {
        Some("code") => Ok(()),
        Some(_) => Err(AuthorizeError::ResponseTypeUnsupported),
        None => Err(AuthorizeError::ResponseTypeMissing),
    }
}

fn response_mode(raw: &Raw) -> Result<ResponseMode, AuthorizeError> {
    let word = raw.one("response_mode")?;
    word.map_or(Ok(ResponseMode::Query), |word| {
        ResponseMode::from_word(word).ok_or(AuthorizeError::ResponseModeUnsupported)
    })
}

fn check_state(state: &str, mode: ResponseMode) -> Result<(), AuthorizeError> {
    if state.len() > STATE_BYTES_MAX {
        Err(AuthorizeError::StateTooLong)
    } else if carries(mode, state) {
        Ok(())
    } else {
        Err(AuthorizeError::StateNotForForm)
    }
}

/// Whether a text arrives as it was sent: browsers change the ends of lines in forms, and zeros in pages.
pub(super) fn carries(mode: ResponseMode, text: &str) -> bool {
    mode == ResponseMode::Query || !text.contains(['\r', '\n', '\0'])
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
            if is_sha256(challenge) {
                Ok(Some(challenge.to_owned()))
            } else {
                Err(AuthorizeError::ChallengeMalformed)
            }
        }
        (Some(_), _) => Err(AuthorizeError::ChallengeMethod),
    }
}

/// Whether a text has the form of a SHA-256 value in base64url.
fn is_sha256(text: &str) -> bool {
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == 43 && text.bytes().all(base64url)
}

fn thumbprint(text: &str) -> Result<String, AuthorizeError> {
    if is_sha256(text) {
        Ok(text.to_owned())
    } else {
        Err(AuthorizeError::ThumbprintMalformed)
    }
}

/// Absolute addresses without a fragment (RFC 8707 section 2), each once.
fn resources(raw: &Raw) -> Result<Vec<String>, AuthorizeError> {
    let mut resources: Vec<String> = Vec::new();
    for text in raw.all(REPEATABLE) {
        let absolute = |text: &str| Url::parse(text).is_ok_and(|url| url.fragment().is_none());
        if text.len() > RESOURCE_BYTES_MAX || !absolute(text) {
            return Err(AuthorizeError::ResourceMalformed);
        }
        if !resources.iter().any(|known| known == text) {
            resources.push(text.to_owned());
        }
    }
    if resources.len() > RESOURCES_MAX {
        return Err(AuthorizeError::ResourceMalformed);
    }
    Ok(resources)
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

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
