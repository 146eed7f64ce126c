//! Reads `config/assurance.toml` and checks it, so that a ladder that exists is a ladder that makes sense. Every
//! problem names its key and says what to write; all of them are reported at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::TimeDelta;

use super::tables::{CapsTable, File, LevelTable, RuleTable, SourceTable};
use super::{Combination, Ladder, Level, Source};
use crate::authn::Strength;
use crate::client::AccountKind;
use crate::evidence::SourceId;

/// The longest file.
const FILE_BYTES_MAX: usize = 65_536;
/// The most combinations that `builds_on` may multiply to.
const COMBINATIONS_MAX: usize = 2_000;
/// The longest life of evidence, a century.
const LIFE_DAYS_MAX: i64 = 36_525;
/// From this level on the law wants a way that needs no face (Face measures of 2025).
const FACE_FREE_LEVEL: Level = Level(3);

/// Why a file is not a ladder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LadderError {
    /// The file is too long to be a ladder.
    #[error("the ladder's file is longer than 65536 bytes")]
    TooLong,
    /// Not TOML, a key that does not exist, or a key that is missing.
    #[error("the ladder's file cannot be read: {0}")]
    Syntax(String),
    /// The keys are there but do not make a ladder.
    #[error("the ladder does not make sense:{}", list(.0))]
    Rules(Vec<Problem>),
}

/// One fault of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, `levels.2.resident.any_of`.
    pub key: String,
    /// What is wrong and what to write.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.advice)
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |text, problem| {
        text + "\n  " + &problem.to_string()
    })
}

/// Reads and checks a ladder.
pub(super) fn read(text: &str) -> Result<Ladder, LadderError> {
    if text.len() > FILE_BYTES_MAX {
        return Err(LadderError::TooLong);
    }
    let file: File = toml::from_str(text).map_err(|error| LadderError::Syntax(error.to_string()))?;
    let mut check = Check::default();
    let caps = check.caps(&file.caps);
    let sources = check.sources(&file.sources);
    let levels = check.levels(file.levels);
    let resident = check.rules(&levels, AccountKind::Resident, &sources);
    let organisation = check.rules(&levels, AccountKind::Organisation, &sources);
    check.every_source_is_used(&levels, &sources);
    check.a_way_without_face(&resident, &sources);
    if !check.problems.is_empty() {
        return Err(LadderError::Rules(check.problems));
    }
    let names = levels
        .into_iter()
        .map(|(level, table)| (level, table.name))
        .collect();
    Ok(Ladder {
        names,
        caps,
        sources,
        resident,
        organisation,
    })
}

/// Collects what is wrong.
#[derive(Default)]
struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn problem(&mut self, key: impl Into<String>, advice: impl Into<String>) {
        self.problems.push(Problem {
            key: key.into(),
            advice: advice.into(),
        });
    }

    fn level(&mut self, key: &str, number: i64) -> Option<Level> {
        let level = u8::try_from(number).ok().and_then(Level::new);
        if level.is_none() {
            self.problem(
                key,
                format!("{number} is not a level; write a number from 0 to 4"),
            );
        }
        level
    }

    fn caps(&mut self, table: &CapsTable) -> BTreeMap<Strength, Level> {
        let keys = [
            ("caps.a1", table.a1),
            ("caps.a2", table.a2),
            ("caps.a3", table.a3),
            ("caps.a4", table.a4),
        ];
        let mut caps = BTreeMap::new();
        let mut weaker = Level::REGISTERED;
        for (strength, (key, number)) in Strength::ALL.into_iter().zip(keys) {
            let Some(cap) = self.level(key, number) else {
                continue;
            };
            if cap < weaker {
                self.problem(
                    key,
                    format!(
                        "a stronger sign-in may not carry less; write {} or more",
                        weaker.0
                    ),
                );
            }
            weaker = weaker.max(cap);
            caps.insert(strength, cap);
        }
        caps
    }

    fn sources(&mut self, tables: &BTreeMap<String, SourceTable>) -> BTreeMap<SourceId, Source> {
        let mut sources = BTreeMap::new();
        for (name, table) in tables {
            let key = format!("sources.{name}");
            let Ok(id) = SourceId::parse(name) else {
                self.problem(
                    key,
                    "name a source with 1 to 40 of a-z, 0-9 and _, a letter first",
                );
                continue;
            };
            let worth_at_most = match table.worth_at_most {
                Some(number) => self.level(&format!("{key}.worth_at_most"), number),
                None => Some(Level::HIGHEST),
            };
            if table
                .life_days
                .is_some_and(|days| !(1..=LIFE_DAYS_MAX).contains(&days))
            {
                self.problem(
                    format!("{key}.life_days"),
                    format!("write days from 1 to {LIFE_DAYS_MAX}, or leave the key out for evidence that does not age"),
                );
            }
            let source = Source {
                life: table.life_days.and_then(TimeDelta::try_days),
                worth_at_most: worth_at_most.unwrap_or(Level::HIGHEST),
                uses_face: table.uses_face,
                offered: table.offered,
            };
            sources.insert(id, source);
        }
        sources
    }

    fn levels(&mut self, tables: BTreeMap<String, LevelTable>) -> BTreeMap<Level, LevelTable> {
        let mut levels = BTreeMap::new();
        for (name, table) in tables {
            let key = format!("levels.{name}");
            if table.name.texts().iter().any(|text| text.trim().is_empty()) {
                self.problem(format!("{key}.name"), "write a name in every language");
            }
            match Level::ALL.into_iter().find(|level| level.0.to_string() == name) {
                Some(level) => drop(levels.insert(level, table)),
                None => self.problem(
                    key,
                    "there are levels 0, 1, 2, 3 and 4 only; rename or remove the table",
                ),
            }
        }
        for level in Level::ALL {
            if !levels.contains_key(&level) {
                self.problem(
                    format!("levels.{}", level.0),
                    "missing; write a table with at least a name",
                );
            }
        }
        levels
    }

    /// Multiplies out `builds_on` and drops what a source's worth or a smaller combination makes useless.
    fn rules(
        &mut self,
        levels: &BTreeMap<Level, LevelTable>,
        kind: AccountKind,
        sources: &BTreeMap<SourceId, Source>,
    ) -> Vec<Combination> {
        let mut all: Vec<Combination> = Vec::new();
        for (level, table) in levels {
            let rule = match kind {
                AccountKind::Resident => table.resident.as_ref(),
                AccountKind::Organisation => table.organisation.as_ref(),
            };
            let Some(rule) = rule else { continue };
            let key = format!("levels.{}.{}", level.0, kind.as_str());
            let own = self.own_combinations(&key, *level, rule, sources);
            let bases = self.bases(&key, *level, rule, &all);
            if own.len().saturating_mul(bases.len()).saturating_add(all.len()) > COMBINATIONS_MAX {
                self.problem(
                    key,
                    format!("more than {COMBINATIONS_MAX} combinations; build on fewer"),
                );
                return all;
            }
            for base in &bases {
                all.extend(own.iter().map(|own| join(*level, base, own)));
            }
        }
        all.retain(|combination| {
            let worth = combination
                .sources
                .iter()
                .filter_map(|s| sources.get(s))
                .map(|s| s.worth_at_most);
            worth.min().is_none_or(|worth| worth >= combination.level)
        });
        without_detours(all)
    }

    fn own_combinations(
        &mut self,
        key: &str,
        level: Level,
        rule: &RuleTable,
        sources: &BTreeMap<SourceId, Source>,
    ) -> Vec<Vec<SourceId>> {
        let key = format!("{key}.any_of");
        if rule.any_of.is_empty() {
            self.problem(
                &key,
                "empty; write combinations of sources, or leave the whole table out",
            );
        }
        let mut combinations = Vec::new();
        for (at, names) in rule.any_of.iter().enumerate() {
            let key = format!("{key}[{at}]");
            if names.is_empty() {
                self.problem(
                    &key,
                    "empty, so that everybody would reach the level; name at least one source",
                );
            }
            if names.iter().collect::<BTreeSet<_>>().len() != names.len() {
                self.problem(&key, "names a source twice; name each once");
            }
            let mut combination = Vec::new();
            for name in names {
                let known = SourceId::parse(name)
                    .ok()
                    .and_then(|id| sources.get_key_value(&id));
                match known {
                    None => {
                        self.problem(
                            &key,
                            format!("no source is called `{name}`; correct it or add [sources.{name}]"),
                        );
                    }
                    Some((_, source)) if source.worth_at_most < level => {
                        let worth = source.worth_at_most.0;
                        let advice =
                            format!("`{name}` is worth {worth} at most; take it out or raise worth_at_most");
                        self.problem(&key, advice);
                    }
                    Some((id, _)) => combination.push(id.clone()),
                }
            }
            combinations.push(combination);
        }
        combinations
    }

    /// What a rule builds on: every combination of the level named or above it, below its own.
    fn bases(
        &mut self,
        key: &str,
        level: Level,
        rule: &RuleTable,
        lower: &[Combination],
    ) -> Vec<Vec<SourceId>> {
        let Some(number) = rule.builds_on else {
            return vec![Vec::new()];
        };
        let key = format!("{key}.builds_on");
        let Some(base) = self.level(&key, number) else {
            return Vec::new();
        };
        if base >= level {
            self.problem(&key, format!("write a level below {}", level.0));
            return Vec::new();
        }
        let bases: Vec<_> = lower
            .iter()
            .filter(|c| c.level >= base)
            .map(|c| c.sources.clone())
            .collect();
        if bases.is_empty() {
            self.problem(
                &key,
                format!("nothing leads to level {number} for this kind of account"),
            );
        }
        bases
    }

    fn every_source_is_used(
        &mut self,
        levels: &BTreeMap<Level, LevelTable>,
        sources: &BTreeMap<SourceId, Source>,
    ) {
        let rules = levels
            .values()
            .flat_map(|table| [&table.resident, &table.organisation])
            .flatten();
        let used: BTreeSet<&str> = rules
            .flat_map(|rule| rule.any_of.iter().flatten())
            .map(String::as_str)
            .collect();
        for id in sources.keys().filter(|id| !used.contains(id.as_str())) {
            self.problem(
                format!("sources.{id}"),
                "no level names it; name it in an any_of or remove the table",
            );
        }
    }

    fn a_way_without_face(&mut self, resident: &[Combination], sources: &BTreeMap<SourceId, Source>) {
        let shows_face = |s: &SourceId| sources.get(s).is_some_and(|source| source.uses_face);
        let mut high = resident
            .iter()
            .filter(|combination| combination.level >= FACE_FREE_LEVEL)
            .peekable();
        if high.peek().is_some() && high.all(|combination| combination.sources.iter().any(shows_face)) {
            self.problem(
                format!("levels.{}.resident.any_of", FACE_FREE_LEVEL.0),
                "every way needs a face; add a combination without one here or at a higher level",
            );
        }
    }
}

fn join(level: Level, base: &[SourceId], own: &[SourceId]) -> Combination {
    let mut sources = base.to_vec();
    sources.extend(own.iter().filter(|source| !base.contains(source)).cloned());
    Combination { level, sources }
}

/// A combination that contains another one of the same or a higher level says nothing new.
fn without_detours(all: Vec<Combination>) -> Vec<Combination> {
    let contains =
        |big: &Combination, small: &Combination| small.sources.iter().all(|s| big.sources.contains(s));
    let useful = |at: usize, one: &Combination| {
        !all.iter().enumerate().any(|(other_at, other)| {
            let as_good = other.level >= one.level && contains(one, other);
            let equal = other.level == one.level && other.sources.len() == one.sources.len();
            as_good && at != other_at && (!equal || other_at < at)
        })
    };
    all.iter()
        .enumerate()
        .filter(|(at, one)| useful(*at, one))
        .map(|(_, one)| one.clone())
        .collect()
}
