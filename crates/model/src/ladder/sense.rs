//! Checks of the ladder as a whole: each source has a use, evidence of little worth stays so, and nobody has to
//! show a face.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Check;
use super::tables::LevelTable;
use super::{Combination, Level, Source};
use crate::evidence::SourceId;

/// From this level on the law wants a way that needs no face (Face measures of 2025).
const FACE_FREE_LEVEL: Level = Level(3);
/// The most that evidence from an older system is worth until it is checked again.
const LEGACY_WORTH: Level = Level(1);

impl Check {
    pub(super) fn every_source_is_used(
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

    /// Two kinds of evidence are never as good as asking a source: what an older system said, and what operators
    /// decided. Their bounds cannot be configured away.
    pub(super) fn what_is_taken_over_and_overrides_have_bounds(
        &mut self,
        sources: &BTreeMap<SourceId, Source>,
    ) {
        for (id, source) in sources {
            let overrides = id.as_str().strip_prefix("operator_override_");
            let bound = match overrides {
                Some(number) => Level::ALL.into_iter().find(|level| level.0.to_string() == number),
                None if id.as_str().starts_with("legacy_") => Some(LEGACY_WORTH),
                None => continue,
            };
            let Some(bound) = bound else {
                let advice = "an override is named after the level that it gives, operator_override_2";
                self.problem(format!("sources.{id}"), advice);
                continue;
            };
            if source.worth_at_most > bound {
                self.problem(
                    format!("sources.{id}.worth_at_most"),
                    format!("evidence of this kind may not be worth more; write {}", bound.0),
                );
            }
            if overrides.is_some() && source.life.is_none() {
                self.problem(
                    format!("sources.{id}.life_days"),
                    "what operators decide always expires; write a number of days",
                );
            }
        }
    }

    /// A way that is offered to nobody is no way: an operator's override does not count.
    pub(super) fn a_way_without_face(
        &mut self,
        resident: &[Combination],
        sources: &BTreeMap<SourceId, Source>,
    ) {
        let no_choice = |s: &SourceId| {
            sources
                .get(s)
                .is_some_and(|source| source.uses_face || !source.offered)
        };
        let mut high = resident
            .iter()
            .filter(|combination| combination.level >= FACE_FREE_LEVEL)
            .peekable();
        if high.peek().is_some() && high.all(|combination| combination.sources.iter().any(no_choice)) {
            self.problem(
                format!("levels.{}.resident.any_of", FACE_FREE_LEVEL.0),
                "every way needs a face; add a combination without one here or at a higher level, of sources that \
                 are offered",
            );
        }
    }
}
