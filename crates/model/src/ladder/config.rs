//! Reads `config/assurance.toml` and checks it, so that a ladder that exists is a ladder that makes sense. Every
//! problem names its key and says what to write; all of them are reported at once.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;

use super::tables::{CapsTable, File, LevelTable, SourceTable};
use super::{Extra, Ladder, Level, Source};
use crate::authn::Strength;
use crate::client::AccountKind;
use crate::evidence::SourceId;

/// The longest file.
const FILE_BYTES_MAX: usize = 65_536;
/// The longest life of evidence, a century.
const LIFE_DAYS_MAX: i64 = 36_525;

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

/// Reads and checks a ladder, with the sources that join it.
pub(super) fn read(text: &str, extras: &[Extra]) -> Result<Ladder, LadderError> {
    if text.len() > FILE_BYTES_MAX {
        return Err(LadderError::TooLong);
    }
    let mut file: File = toml::from_str(text).map_err(|error| LadderError::Syntax(error.to_string()))?;
    let mut check = Check::default();
    check.join_extras(&mut file, extras);
    let caps = check.caps(&file.caps);
    let sources = check.sources(&file.sources);
    let levels = check.levels(file.levels);
    let resident = check.rules(&levels, AccountKind::Resident, &sources);
    let organisation = check.rules(&levels, AccountKind::Organisation, &sources);
    check.every_source_is_used(&levels, &sources);
    check.what_is_taken_over_and_overrides_have_bounds(&sources);
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
pub(super) struct Check {
    problems: Vec<Problem>,
}

impl Check {
    pub(super) fn problem(&mut self, key: impl Into<String>, advice: impl Into<String>) {
        self.problems.push(Problem {
            key: key.into(),
            advice: advice.into(),
        });
    }

    pub(super) fn level(&mut self, key: &str, number: i64) -> Option<Level> {
        let level = u8::try_from(number).ok().and_then(Level::new);
        if level.is_none() {
            self.problem(
                key,
                format!("{number} is not a level; write a number from 0 to 4"),
            );
        }
        level
    }

    /// How many problems there are so far.
    pub(super) fn count(&self) -> usize {
        self.problems.len()
    }

    /// How long evidence counts, from a number of days.
    pub(super) fn life(&mut self, key: &str, days: Option<i64>) -> Option<TimeDelta> {
        let days = days?;
        if !(1..=LIFE_DAYS_MAX).contains(&days) {
            self.problem(
                key,
                format!("write days from 1 to {LIFE_DAYS_MAX}, or leave the key out for evidence that does not age"),
            );
        }
        TimeDelta::try_days(days)
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
            let source = Source {
                life: self.life(&format!("{key}.life_days"), table.life_days),
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
}
