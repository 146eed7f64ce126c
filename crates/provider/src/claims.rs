//! What a sub-site is told about a resident: one table from claim to scope and place, and the values
//! (OpenID Connect Core 5.1, 5.4, 5.5; the product's assurance claims).
//!
//! Levels are computed here from evidence at the moment of telling, never taken from a row. What is absent is left
//! out; nothing is `null` or empty. It does not decide what may be told: consent and registration did, and what
//! they permit comes in as [`Permitted`].

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use model::authn::Strength;
use model::client::Client;
use model::evidence::Evidence;
use model::ids::GrantId;
use model::ladder::{Ladder, Level, LevelNow};
use model::scope::{Scope, ScopeSet};
use serde_json::{Map, Value, json};
use store::accounts::Account;
use store::codes::RequestedClaim;

/// A claim that a scope or the `claims` parameter releases. The protocol's own claims are not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The account's level.
    IdentityLevel,
    /// How strong the sign-in was.
    AuthenticationStrength,
    /// Since when the evidence for the level has been complete.
    IdentityVerifiedAt,
    /// When the level falls if nothing is renewed.
    IdentityLapsesAt,
    /// Which sources vouch, since when.
    Seals,
    /// The language that the person chose.
    Locale,
    /// When something about the person last changed.
    UpdatedAt,
    /// The verified name. A self-declared one does not exist.
    Name,
    /// The proven citizen ID number.
    IdNumber,
    /// The proven phone.
    PhoneNumber,
    /// Always true with it: an unproven phone is not stored.
    PhoneNumberVerified,
    /// The proven e-mail address.
    Email,
    /// Always true with it: an unproven address is not stored in the account.
    EmailVerified,
}

/// The protocol's own claims, for metadata.
pub const PROTOCOL_CLAIMS: [&str; 10] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
];

/// Where a claim is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the ID token.
    IdToken,
    /// At the userinfo endpoint.
    Userinfo,
}

impl Claim {
    /// Every claim that can be released.
    pub const ALL: [Self; 13] = [
        Self::IdentityLevel,
        Self::AuthenticationStrength,
        Self::IdentityVerifiedAt,
        Self::IdentityLapsesAt,
        Self::Seals,
        Self::Locale,
        Self::UpdatedAt,
        Self::Name,
        Self::IdNumber,
        Self::PhoneNumber,
        Self::PhoneNumberVerified,
        Self::Email,
        Self::EmailVerified,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentityLevel => "identity_level",
            Self::AuthenticationStrength => "authentication_strength",
            Self::IdentityVerifiedAt => "identity_verified_at",
            Self::IdentityLapsesAt => "identity_lapses_at",
            Self::Seals => "seals",
            Self::Locale => "locale",
            Self::UpdatedAt => "updated_at",
            Self::Name => "name",
            Self::IdNumber => "id_number",
            Self::PhoneNumber => "phone_number",
            Self::PhoneNumberVerified => "phone_number_verified",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.name() == name)
    }

    /// The scope that releases it, and that must be permitted when it is asked for alone.
    pub const fn scope(self) -> Scope {
        match self {
            Self::IdentityLevel
            | Self::AuthenticationStrength
            | Self::IdentityVerifiedAt
            | Self::IdentityLapsesAt => Scope::Assurance,
            Self::Seals => Scope::Seals,
            Self::Locale | Self::UpdatedAt => Scope::Profile,
            Self::Name => Scope::RealName,
            Self::IdNumber => Scope::IdNumber,
            Self::PhoneNumber | Self::PhoneNumberVerified => Scope::Phone,
            Self::Email | Self::EmailVerified => Scope::Email,
        }
    }

    /// Whether its scope alone puts it there. Claims about the person go to userinfo and into the ID token only when
    /// the `claims` parameter says so (OpenID Connect Core 5.4); how well the person is known goes into both.
    fn comes_by_scope(self, place: Place) -> bool {
        place == Place::Userinfo || matches!(self.scope(), Scope::Assurance | Scope::Seals)
    }
}

/// The scope that a name in the `claims` parameter needs at a client; `None` for names that release nothing.
pub fn scope_of(client: &Client, name: &str) -> Option<Scope> {
    let older = client
        .level_names
        .as_ref()
        .filter(|older| older.claim == name)
        .map(|_| Scope::Assurance);
    Claim::from_name(name).map(Claim::scope).or(older)
}

/// What may be told now: asked for, still in the client's registration, and still allowed by the resident (A099).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    /// Scopes that release all of their claims.
    pub scopes: ScopeSet,
    /// Scopes whose claims may be told when they were asked for one by one.
    pub single: ScopeSet,
}

impl Permitted {
    /// From the scopes that the request was granted, the registration of today, and what the person allows today, if
    /// there was a decision behind the request (`needed`). `None` when it is gone: nothing is released then. Where
    /// nobody was asked, nothing goes beyond what the request was granted.
    pub fn today(
        granted: &ScopeSet,
        client: &Client,
        needed: Option<GrantId>,
        allowed: Option<&ScopeSet>,
    ) -> Option<Self> {
        let asked_for = |scope: Scope| scope.releases_personal_data() || scope == Scope::OfflineAccess;
        let single: ScopeSet = match (needed, allowed) {
            (Some(_), None) => return None,
            (Some(_), Some(allowed)) => client
                .scopes
                .iter()
                .filter(|scope| !asked_for(*scope) || allowed.contains(*scope))
                .collect(),
            (None, _) => client.scopes.intersection(granted),
        };
        Some(Self {
            scopes: granted.intersection(&single),
            single,
        })
    }

    /// The same for fewer scopes: a refresh may ask for less. What was asked for one by one stays.
    #[must_use]
    pub fn narrowed(&self, scopes: &ScopeSet) -> Self {
        Self {
            scopes: self.scopes.intersection(scopes),
            single: self.single.clone(),
        }
    }
}

/// What was asked for, and where it would be told.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Where.
    pub place: Place,
    /// What may be told.
    pub permitted: &'a Permitted,
    /// Asked for one by one, for this place.
    pub requested: &'a BTreeMap<String, RequestedClaim>,
}

impl Wanted<'_> {
    fn holds(&self, claim: Claim) -> bool {
        self.by_scope(claim) || self.alone(claim).is_some()
    }

    fn by_scope(&self, claim: Claim) -> bool {
        self.permitted.scopes.contains(claim.scope()) && claim.comes_by_scope(self.place)
    }

    fn alone(&self, claim: Claim) -> Option<&RequestedClaim> {
        let permitted = self.permitted.single.contains(claim.scope());
        self.requested.get(claim.name()).filter(|_| permitted)
    }

    /// Whether a value is told: a claim that was asked for with a value is left out when it is another one
    /// (OpenID Connect Core 5.5.1), unless its scope was asked for as a whole.
    fn takes(&self, claim: Claim, value: &Value) -> bool {
        self.by_scope(claim) || self.alone(claim).is_some_and(|asked| asked.takes(value))
    }
}

/// What is known.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The account.
    pub account: &'a Account,
    /// Its evidence.
    pub evidence: &'a [Evidence],
    /// How strong the sign-in was.
    pub strength: Strength,
    /// The rules.
    pub ladder: &'a Ladder,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Facts<'_> {
    /// The account's level now.
    pub fn level(&self) -> LevelNow {
        self.ladder.level(self.account.kind, self.evidence, self.now)
    }

    /// What is told.
    pub fn tell(&self, wanted: &Wanted<'_>) -> Map<String, Value> {
        let level = self.level();
        Claim::ALL
            .into_iter()
            .filter(|claim| wanted.holds(*claim))
            .filter_map(|claim| Some((claim, self.value(claim, &level)?)))
            .filter(|(claim, value)| wanted.takes(*claim, value))
            .map(|(claim, value)| (claim.name().to_owned(), value))
            .collect()
    }

    fn value(&self, claim: Claim, level: &LevelNow) -> Option<Value> {
        match claim {
            Claim::IdentityLevel => Some(level.level.number().into()),
            Claim::AuthenticationStrength => Some(self.strength.number().into()),
            // Nothing about an identity is verified at the lowest level.
            Claim::IdentityVerifiedAt => level
                .since
                .filter(|_| level.level > Level::REGISTERED)
                .map(timestamp)
                .map(Value::from),
            Claim::IdentityLapsesAt => level.lapses_at.map(timestamp).map(Value::from),
            Claim::Seals => self.seals(),
            Claim::Locale => Some(self.account.language.tag().into()),
            Claim::UpdatedAt => Some(self.account.updated_at.timestamp().into()),
            Claim::Name => self.account.name.as_ref().map(|name| name.as_str().into()),
            Claim::IdNumber => self
                .account
                .citizen_id
                .as_ref()
                .map(|number| number.as_str().into()),
            Claim::PhoneNumber => self.account.phone.as_ref().map(|phone| phone.e164().into()),
            Claim::PhoneNumberVerified => self.account.phone.as_ref().map(|_| true.into()),
            Claim::Email => self.account.email.as_ref().map(|email| email.as_str().into()),
            Claim::EmailVerified => self.account.email.as_ref().map(|_| true.into()),
        }
    }

    /// One seal for each piece of evidence that counts today, oldest first.
    fn seals(&self) -> Option<Value> {
        let mut pieces: Vec<_> = self.evidence.iter().filter(|piece| self.counts(piece)).collect();
        pieces.sort_by_key(|piece| (piece.issued_at, &piece.source));
        let seals: Vec<_> = pieces
            .into_iter()
            .map(|piece| json!({ "source": piece.source, "at": piece.issued_at.date_naive() }))
            .collect();
        (!seals.is_empty()).then_some(Value::Array(seals))
    }

    /// Whether a piece of evidence counts now.
    pub(crate) fn counts(&self, piece: &Evidence) -> bool {
        let in_life = self
            .ladder
            .expiry(&piece.source, piece.issued_at)
            .is_none_or(|end| self.now < end);
        piece.holds_at(self.now) && in_life && self.ladder.source(&piece.source).is_some()
    }
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests;
