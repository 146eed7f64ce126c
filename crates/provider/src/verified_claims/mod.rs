//! `verified_claims`: what is proven about a person, together with how (OpenID Connect for Identity Assurance 1.0, OpenID
//! Identity Assurance Schema Definition 1.0), for ID tokens and userinfo.
//!
//! | Question | Module |
//! | --- | --- |
//! | what is asked | [`request`] |
//! | what can a verification consist of | [`shape`] |
//! | what is a source in the words of the standard | [`kinds`] |
//! | what is known | [`proof`] |
//! | what of it is told | [`choose`] |
//! | under which names | [`Config`] |
//!
//! Only what evidence of today proves is in it: at the lowest level there is none, and nobody's own words ever are. What is
//! derived from the proven number, such as the date of birth, is told here and nowhere else. Registration and consent
//! decide as for every claim; a demand about something that may not be told counts as not met, so that answers do not give
//! it away.

use std::collections::BTreeMap;

use model::citizen_id::{CitizenId, Sex};
use model::client::{AccountKind, Client};
use model::ids::EvidenceId;
use model::ladder::{Level, LevelNow};
use model::scope::{Scope, ScopeSet};
use serde_json::{Map, Value, json};
use store::alias::Aliases;
use store::evidence::Background;
use store::requested::{RequestedVerified, VerifiedElement, Wish};

pub mod choose;
mod config;
pub mod kinds;
mod proof;
pub mod request;
pub mod shape;
#[cfg(test)]
mod tests;

pub use config::Config;

use crate::Service;
use crate::claims::{Facts, Permitted};
use crate::subject;
use choose::{Choice, choose};

/// The name of the claim.
pub const NAME: &str = "verified_claims";

/// A claim that can stand inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifiedClaim {
    /// The name, whole: where a family name ends is not in the evidence.
    Name,
    /// The citizen ID number.
    IdNumber,
    /// The date of birth, which is part of the number.
    Birthdate,
    /// The sex, which is part of the number.
    Gender,
}

impl VerifiedClaim {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Name, Self::IdNumber, Self::Birthdate, Self::Gender];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::IdNumber => "id_number",
            Self::Birthdate => "birthdate",
            Self::Gender => "gender",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.name() == name)
    }

    /// The scope that must be permitted. A part of the number is told to those who may have the number.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Name => Scope::RealName,
            Self::IdNumber | Self::Birthdate | Self::Gender => Scope::IdNumber,
        }
    }
}

/// The scopes that a request for verified claims needs, to be agreed to like any other.
pub fn scopes_of(asked: &RequestedVerified) -> ScopeSet {
    let of_element = |element: &VerifiedElement| -> Vec<Scope> {
        let claims = element
            .claims
            .keys()
            .filter_map(|name| VerifiedClaim::from_name(name));
        let mut scopes: Vec<_> = claims.map(VerifiedClaim::scope).collect();
        if let Wish::Members(members) = &element.verification {
            let asks = |name: &str| members.contains_key(name);
            if asks("evidence") {
                scopes.push(Scope::Seals);
            }
            let about_the_level = [
                "assurance_level",
                "assurance_process",
                "time",
                "verification_process",
            ];
            // That somebody is verified at all is something about the level as well.
            if about_the_level.into_iter().any(asks) || element.claims.is_empty() {
                scopes.push(Scope::Assurance);
            }
        }
        scopes
    };
    asked.elements.iter().flat_map(of_element).collect()
}

/// Keeps the claims that were allowed.
pub fn keep(asked: &mut RequestedVerified, may: impl Fn(Scope) -> bool) {
    for element in &mut asked.elements {
        element
            .claims
            .retain(|name, _| VerifiedClaim::from_name(name).is_some_and(|claim| may(claim.scope())));
    }
}

/// Who tells what to whom.
#[derive(Debug)]
pub struct Teller<'a> {
    service: &'a Service,
    client: &'a Client,
    facts: &'a Facts<'a>,
    backgrounds: &'a BTreeMap<EvidenceId, Background>,
    permitted: &'a Permitted,
    references: Aliases,
}

impl<'a> Teller<'a> {
    /// For one sub-site and one person.
    pub fn new(
        service: &'a Service,
        client: &'a Client,
        (facts, backgrounds): (&'a Facts<'a>, &'a BTreeMap<EvidenceId, Background>),
        permitted: &'a Permitted,
    ) -> Self {
        Self {
            references: references(service, client),
            service,
            client,
            facts,
            backgrounds,
            permitted,
        }
    }

    /// What is told; `None` leaves the member out.
    pub fn tell(&self, asked: &RequestedVerified) -> Option<Value> {
        if self.facts.account.kind != AccountKind::Resident {
            return None;
        }
        let mut told: Vec<Value> = asked
            .elements
            .iter()
            .filter_map(|element| self.element(element))
            .collect();
        if asked.listed {
            (!told.is_empty()).then_some(Value::Array(told))
        } else {
            told.pop()
        }
    }

    fn element(&self, asked: &VerifiedElement) -> Option<Value> {
        let (level, basis) = self.basis(asked)?;
        let data = self.verification(self.config().level_name(level)?, &basis);
        let Choice::Told(verification) = choose(
            &asked.verification,
            &shape::VERIFICATION,
            Some(&data),
            self.facts.now,
        ) else {
            return None;
        };
        let claims = self.claims(asked);
        // That there is a verification is not told to those who may know nothing of it.
        if claims.is_empty() && !self.may(Scope::Assurance) {
            return None;
        }
        Some(json!({ "verification": verification, "claims": claims }))
    }

    /// The level that is told: the one that is held, as far as this sub-site's tokens name one, or the highest of those
    /// that are asked for by name and are not above it.
    fn basis(&self, asked: &VerifiedElement) -> Option<(Level, LevelNow)> {
        let ceiling = self.client.ceiling_level.unwrap_or(Level::HIGHEST);
        let held = self.facts.level();
        let top = held.level.min(ceiling);
        let named = named_levels(&asked.verification)
            .iter()
            .filter_map(|name| self.config().level_named(name.as_str()?))
            .filter(|level| *level <= top)
            .max();
        let level = named.unwrap_or(top);
        if level == Level::REGISTERED {
            return None;
        }
        let account = self.facts.account;
        let ladder = self.facts.ladder;
        let below = ladder.level_up_to(level, account.kind, self.facts.evidence, self.facts.now);
        // A higher level need not be made of the evidence of a lower one.
        let basis = if below.level == level { below } else { held };
        Some((level, basis))
    }

    fn claims(&self, asked: &VerifiedElement) -> Map<String, Value> {
        let mut claims = Map::new();
        for claim in VerifiedClaim::ALL {
            let Some(limits) = asked.claims.get(claim.name()) else {
                continue;
            };
            let value = self.value(claim).filter(|_| self.may(claim.scope()));
            if let Choice::Told(value) = choose::value(limits, value.as_ref(), self.facts.now) {
                claims.insert(claim.name().to_owned(), value);
            }
        }
        claims
    }

    fn value(&self, claim: VerifiedClaim) -> Option<Value> {
        let account = self.facts.account;
        let number = account.citizen_id.as_ref();
        match claim {
            VerifiedClaim::Name => account.name.as_ref().map(|name| name.as_str().into()),
            VerifiedClaim::IdNumber => number.map(|number| number.as_str().into()),
            VerifiedClaim::Birthdate => number.map(|number| number.birth_date().to_string().into()),
            VerifiedClaim::Gender => number.map(|number| gender(number).into()),
        }
    }

    fn may(&self, scope: Scope) -> bool {
        self.permitted.single.contains(scope)
    }

    fn config(&self) -> &Config {
        &self.service.config().verified_claims
    }
}

/// The words of OpenID Connect Core 5.1.
fn gender(number: &CitizenId) -> &'static str {
    match number.sex() {
        Sex::Female => "female",
        Sex::Male => "male",
    }
}

fn named_levels(verification: &Wish) -> &[Value] {
    match verification {
        Wish::Members(members) => match members.get("assurance_level") {
            Some(Wish::Value(limits)) => &limits.values,
            _ => &[],
        },
        Wish::Value(_) | Wish::Entries(_) => &[],
    }
}

/// The names under which the sub-sites of a sector know our cases and checks.
pub fn references(service: &Service, client: &Client) -> Aliases {
    Aliases::of(service.store().vault(), "verification", &subject::sector(client))
}
