//! The ladder of identity levels 0 to 4: what evidence makes which level, since when and until when, what would
//! raise it, and how far a sign-in carries it to a sub-site.
//!
//! The ladder is configuration (`config/assurance.toml`); no other code compares a level with a number. Levels are
//! computed from evidence at the moment of asking and never stored. What this does not do: it does not check
//! anything with anybody, and it does not know which sources the installation is connected to.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::authn::Strength;
use crate::client::AccountKind;
use crate::evidence::{Evidence, SourceId, earlier};
use crate::ids::EvidenceId;
use crate::language::{Language, LocalizedText};

mod config;
mod extras;
mod rules;
mod sense;
mod tables;
#[cfg(test)]
mod tests;

pub use config::{LadderError, Problem};
pub use extras::Extra;

/// The ladder that ships: the text of `config/assurance.toml` when the program was built.
pub const DEFAULT_TOML: &str = include_str!("../../../config/assurance.toml");

/// An identity level, 0 to 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

impl Level {
    /// The level of an account with nothing proven but a channel.
    pub const REGISTERED: Self = Self(0);
    /// The highest level.
    pub const HIGHEST: Self = Self(4);

    /// A level from its number.
    pub const fn new(number: u8) -> Option<Self> {
        if number <= 4 { Some(Self(number)) } else { None }
    }

    /// All levels, the lowest first.
    pub const ALL: [Self; 5] = [Self(0), Self(1), Self(2), Self(3), Self(4)];

    /// The number that claims carry.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The `acr` value.
    pub fn acr(self) -> String {
        format!("urn:denizen:loa:{}", self.0)
    }

    /// Reads an `acr` value; `None` for values that are not ours.
    pub fn from_acr(acr: &str) -> Option<Self> {
        acr.strip_prefix("urn:denizen:loa:")?
            .parse()
            .ok()
            .filter(|_| acr.len() == 17)
            .and_then(Self::new)
    }
}

impl TryFrom<u8> for Level {
    type Error = String;
    fn try_from(number: u8) -> Result<Self, String> {
        Self::new(number).ok_or_else(|| format!("{number} is not a level from 0 to 4"))
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}

/// What an account is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelNow {
    /// The level.
    pub level: Level,
    /// Since when the evidence that carries it has been complete; `None` when nothing carries it.
    pub since: Option<DateTime<Utc>>,
    /// When the level falls next if nothing is renewed; `None` when it does not age.
    pub lapses_at: Option<DateTime<Utc>>,
    /// The evidence that carried it first.
    pub carried_by: Vec<EvidenceId>,
}

/// One way up: sources that would, all together, raise an account to the wanted level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Road {
    /// The level that the account would then have, at least.
    pub level: Level,
    /// What is still missing, in the order in which it is best done.
    pub sources: Vec<SourceId>,
}

/// A source as the ladder knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// How long its evidence counts; `None` when it does not age.
    pub life: Option<TimeDelta>,
    /// The highest level that a combination with it can give.
    pub worth_at_most: Level,
    /// Whether it compares a face.
    pub uses_face: bool,
    /// Whether people are told about it as a way up.
    pub offered: bool,
}

/// Sources that give a level together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Combination {
    level: Level,
    sources: Vec<SourceId>,
}

/// The rules, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    names: BTreeMap<Level, LocalizedText>,
    caps: BTreeMap<Strength, Level>,
    sources: BTreeMap<SourceId, Source>,
    resident: Vec<Combination>,
    organisation: Vec<Combination>,
}

impl Ladder {
    /// Reads and checks the configuration. Every fault found is reported, each with its key and what to write.
    pub fn from_toml(text: &str) -> Result<Self, LadderError> {
        config::read(text, &[])
    }

    /// Reads and checks the configuration with sources that the installation adds beside it. The faults of both
    /// are reported together.
    pub fn from_toml_with(text: &str, extras: &[Extra]) -> Result<Self, LadderError> {
        config::read(text, extras)
    }

    /// The level of an account with this evidence.
    pub fn level(&self, kind: AccountKind, evidence: &[Evidence], now: DateTime<Utc>) -> LevelNow {
        self.level_up_to(Level::HIGHEST, kind, evidence, now)
    }

    /// The same as far as a level: since when it has been carried, and by what, of an account that may be above it.
    /// Whoever was at a counter need not hold what a lower level is made of; the level is then lower than asked for.
    pub fn level_up_to(
        &self,
        ceiling: Level,
        kind: AccountKind,
        evidence: &[Evidence],
        now: DateTime<Utc>,
    ) -> LevelNow {
        let held = self.held(evidence, now);
        let carried = |combination: &&Combination| {
            combination.level <= ceiling && combination.sources.iter().all(|s| held.contains_key(s))
        };
        let complete: Vec<&Combination> = self.combinations(kind).iter().filter(carried).collect();
        let level = complete
            .iter()
            .map(|combination| combination.level)
            .max()
            .unwrap_or_default();
        let carriers: Vec<Carrier> = complete
            .into_iter()
            .filter(|combination| combination.level == level)
            .map(|combination| Carrier::new(combination.sources.iter().filter_map(|s| held.get(s))))
            .collect();
        let ends: Option<Vec<_>> = carriers.iter().map(|carrier| carrier.end).collect();
        let first = carriers.into_iter().min_by_key(|carrier| carrier.since);
        LevelNow {
            level,
            since: first.as_ref().and_then(|carrier| carrier.since),
            // Nothing is below the lowest level, so it cannot lapse.
            lapses_at: ends
                .and_then(|ends| ends.into_iter().max())
                .filter(|_| level > Level::REGISTERED),
            carried_by: first.map(|carrier| carrier.evidence).unwrap_or_default(),
        }
    }

    /// The level that a token carries: the account's, capped by how strong the sign-in was.
    pub fn acr(&self, identity: Level, strength: Strength) -> Level {
        self.caps
            .get(&strength)
            .map_or(Level::REGISTERED, |cap| identity.min(*cap))
    }

    /// How long evidence from a source counts; `None` when it does not age or the source is unknown.
    pub fn life(&self, source: &SourceId) -> Option<TimeDelta> {
        self.sources.get(source).and_then(|source| source.life)
    }

    /// When new evidence from a source would expire.
    pub fn expiry(&self, source: &SourceId, issued_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.life(source)
            .and_then(|life| issued_at.checked_add_signed(life))
    }

    /// What would raise an account to the wanted level, shortest first; empty when it is there already or when no
    /// offered source leads there.
    pub fn roads(
        &self,
        kind: AccountKind,
        wanted: Level,
        evidence: &[Evidence],
        now: DateTime<Utc>,
    ) -> Vec<Road> {
        if self.level(kind, evidence, now).level >= wanted {
            return Vec::new();
        }
        let held = self.held(evidence, now);
        let missing = |combination: &Combination| Road {
            level: combination.level,
            sources: combination
                .sources
                .iter()
                .filter(|s| !held.contains_key(s))
                .cloned()
                .collect(),
        };
        let mut roads: Vec<Road> = self
            .combinations(kind)
            .iter()
            .filter(|combination| combination.level >= wanted)
            .map(missing)
            .filter(|road| road.sources.iter().all(|s| self.is_offered(s)))
            .collect();
        // Of equally short ones the lower level stays first: combinations are in the order of their levels.
        roads.sort_by_key(|road| road.sources.len());
        let mut shortest: Vec<Road> = Vec::with_capacity(roads.len());
        for road in roads {
            // A longer road over all the stations of a shorter one is no choice.
            let is_detour = |other: &Road| other.sources.iter().all(|s| road.sources.contains(s));
            if !shortest.iter().any(is_detour) {
                shortest.push(road);
            }
        }
        shortest
    }

    /// The level that evidence from a source makes together with what has to be beside it: the lowest that it is part of.
    pub fn carries(&self, kind: AccountKind, source: &SourceId) -> Option<Level> {
        let with = |combination: &&Combination| combination.sources.contains(source);
        let all = self.combinations(kind).iter().filter(with);
        all.map(|combination| combination.level).min()
    }

    /// The name of a level, for people.
    pub fn name(&self, level: Level, language: Language) -> &str {
        self.names
            .get(&level)
            .map_or("", |name| name.in_language(language))
    }

    /// Every source, by name.
    pub fn sources(&self) -> impl Iterator<Item = (&SourceId, &Source)> {
        self.sources.iter()
    }

    /// One source.
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.get(id)
    }

    fn is_offered(&self, source: &SourceId) -> bool {
        self.sources.get(source).is_some_and(|source| source.offered)
    }

    fn combinations(&self, kind: AccountKind) -> &[Combination] {
        match kind {
            AccountKind::Resident => &self.resident,
            AccountKind::Organisation => &self.organisation,
        }
    }

    /// The evidence that counts now, by source: the oldest piece (it says since when) and the last end. What the ladder
    /// does not know is in no combination.
    fn held<'a>(&self, evidence: &'a [Evidence], now: DateTime<Utc>) -> BTreeMap<&'a SourceId, Held> {
        let mut held: BTreeMap<&SourceId, Held> = BTreeMap::new();
        for piece in evidence.iter().filter(|piece| piece.holds_at(now)) {
            // The life of today's configuration counts as well, so that a shorter life applies at once.
            let end = earlier(piece.ends_at(), self.expiry(&piece.source, piece.issued_at));
            if end.is_some_and(|end| end <= now) {
                continue;
            }
            let new = Held {
                id: piece.id,
                since: piece.issued_at,
                end,
            };
            held.entry(&piece.source)
                .and_modify(|old| old.join(new))
                .or_insert(new);
        }
        held
    }
}

/// What is held from one source.
#[derive(Clone, Copy)]
struct Held {
    id: EvidenceId,
    since: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
}

impl Held {
    fn join(&mut self, other: Self) {
        (self.since, self.id) = (self.since, self.id).min((other.since, other.id));
        self.end = self.end.zip(other.end).map(|(a, b)| a.max(b));
    }
}

/// A complete combination with its dates.
struct Carrier {
    since: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    evidence: Vec<EvidenceId>,
}

impl Carrier {
    fn new<'a>(held: impl Iterator<Item = &'a Held> + Clone) -> Self {
        Self {
            since: held.clone().map(|piece| piece.since).max(),
            end: held.clone().fold(None, |end, piece| earlier(end, piece.end)),
            evidence: held.map(|piece| piece.id).collect(),
        }
    }
}
