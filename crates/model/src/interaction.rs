//! What is asked of the resident in the middle of a sub-site's request, and what came back. The provider asks;
//! the account and consent pages answer; none of them knows the others' words.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ClientId;
use crate::ladder::Level;
use crate::language::Language;
use crate::scope::ScopeSet;
use crate::secret::{Token, TokenHash};

/// How long an interrupted request can be continued.
pub const LIFE_MINUTES: i64 = 60;

/// For how long an answered request can be answered once more, for the second click.
pub const REPEAT_SECONDS: i64 = 30;

/// The handle of an interaction, as pages carry it. Knowing it is not enough: the browser must be the one
/// that started the request.
#[derive(Clone, Debug)]
pub struct InteractionId(Token);

impl InteractionId {
    /// A new handle.
    pub fn generate(rng: &crate::rng::Rng) -> Self {
        Self(Token::generate(rng))
    }

    /// Reads a handle that a page sent back.
    pub fn parse(text: &str) -> Option<Self> {
        Token::parse(text).map(Self)
    }

    /// The handle as pages carry it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored.
    pub fn hash(&self) -> TokenHash {
        self.0.hash()
    }
}

/// A sub-site's request that waits for the resident.
#[derive(Clone, Debug)]
pub struct Interaction {
    /// Its handle.
    pub id: InteractionId,
    /// Who asks.
    pub client_id: ClientId,
    /// The request's parameters as they arrived, in order.
    pub parameters: Vec<(String, String)>,
    /// What the pages may show and must reach.
    pub wants: Wants,
    /// What the resident answered so far.
    pub answers: Answers,
    /// When the request arrived.
    pub created_at: DateTime<Utc>,
    /// When it was answered.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What a request wants of the resident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    /// A sign-in at or after this time is demanded (`prompt=login`, `max_age`).
    pub auth_after: Option<DateTime<Utc>>,
    /// The level asked for.
    pub level: Option<Level>,
    /// What the sign-in form is filled with.
    pub login_hint: Option<String>,
    /// What would be released.
    pub scopes: ScopeSet,
    /// Whether consent is asked even where it was given before (`prompt=consent`).
    pub ask_consent_again: bool,
}

/// What the resident answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// The resident does not want to raise the level now.
    pub level_declined: bool,
    /// The resident left without signing in.
    pub cancelled: bool,
    /// What the resident decided about the release.
    pub consent: Option<Decision>,
    /// The resident refuses a changed agreement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agreement_refused: bool,
    /// The resident signed out in this browser while the request waited; it cannot be answered any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed_out: bool,
}

/// The decision on a consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Agreed; the grant says to what.
    Allowed,
    /// Refused.
    Denied,
}

/// How many tags of `ui_locales` are considered.
const UI_LOCALES_MAX: usize = 8;

impl Interaction {
    /// The language that the request asked for (`ui_locales`, OpenID Connect Core 3.1.2.1): every page on its way
    /// speaks it, whichever address the page has.
    pub fn language(&self) -> Option<Language> {
        let (_, tags) = self.parameters.iter().find(|(name, _)| name == "ui_locales")?;
        tags.split(' ')
            .filter(|tag| !tag.is_empty())
            .take(UI_LOCALES_MAX)
            .find_map(Language::from_tag)
    }

    /// Whether the interaction can still be answered.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        let in_time = now < self.created_at + TimeDelta::minutes(LIFE_MINUTES);
        let again = self
            .finished_at
            .is_none_or(|at| now < at + TimeDelta::seconds(REPEAT_SECONDS));
        in_time && again
    }
}

/// Where a page sends the browser when it has done its part.
pub fn resume_path(id: &InteractionId) -> String {
    format!("/authorize/resume?interaction={}", id.expose())
}

/// The page after a sign-out; the ticket says which one.
pub const SIGNED_OUT_PATH: &str = "/logout/done";
