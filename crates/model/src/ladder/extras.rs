//! Sources that an installation adds to the ladder without touching its file: an entry of `sources.d` may say
//! which level its source helps to reach. It joins `levels.N.resident.any_of` as a choice of its own; what the
//! level builds on is needed beside it as for every other choice.

use std::collections::BTreeSet;

use super::Level;
use super::config::Check;
use super::tables::{File, SourceTable};
use crate::evidence::SourceId;

/// A source that joins the ladder of residents. The numbers are as they were written; reading the ladder checks
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// The source. The ladder's own file may not name it.
    pub source: SourceId,
    /// The level that it helps to reach, 1 to 4.
    pub level: i64,
    /// How many days its evidence counts; `None` for evidence that does not age.
    pub life_days: Option<i64>,
    /// The highest level that a combination with it can give; `None` for the level that it joins.
    pub worth_at_most: Option<i64>,
    /// Whether it compares a face.
    pub uses_face: bool,
}

impl Check {
    /// Adds the sources to the tables of the file. Their faults are reported with keys of their own, because the
    /// reader will look for them in another file.
    pub(super) fn join_extras(&mut self, file: &mut File, extras: &[Extra]) {
        let mut joined: BTreeSet<&SourceId> = BTreeSet::new();
        for extra in extras {
            let key = format!("sources.d: {}: ladder", extra.source);
            if !joined.insert(&extra.source) {
                self.problem(key, "a second entry for this source; keep one");
                continue;
            }
            if file.sources.contains_key(extra.source.as_str()) {
                let advice = "the ladder's file names this source already; remove the table [ladder] here, or the \
                              source there";
                self.problem(key, advice);
                continue;
            }
            let before = self.count();
            let level = self.joined_level(&format!("{key}.level"), extra.level);
            self.life(&format!("{key}.life_days"), extra.life_days);
            let worth_at_most = extra.worth_at_most.unwrap_or(extra.level);
            let worth = extra.worth_at_most.map_or(level, |number| {
                self.level(&format!("{key}.worth_at_most"), number)
            });
            if let (Some(worth), Some(level)) = (worth, level)
                && worth < level
            {
                self.problem(
                    format!("{key}.worth_at_most"),
                    format!(
                        "less than the level that the source joins; write {} or more",
                        level.0
                    ),
                );
            }
            let Some(level) = level.filter(|_| self.count() == before) else {
                continue;
            };
            let rule = file
                .levels
                .get_mut(&level.0.to_string())
                .and_then(|table| table.resident.as_mut());
            let Some(rule) = rule else {
                let advice = format!("the ladder's file gives residents no way to level {}", level.0);
                self.problem(format!("{key}.level"), advice);
                continue;
            };
            rule.any_of.push(vec![extra.source.to_string()]);
            let table = SourceTable {
                life_days: extra.life_days,
                worth_at_most: Some(worth_at_most),
                uses_face: extra.uses_face,
                offered: true,
            };
            file.sources.insert(extra.source.to_string(), table);
        }
    }

    fn joined_level(&mut self, key: &str, number: i64) -> Option<Level> {
        let level = self.level(key, number)?;
        if level == Level::REGISTERED {
            self.problem(key, "everybody with an account is at level 0; write 1, 2, 3 or 4");
            return None;
        }
        Some(level)
    }
}
