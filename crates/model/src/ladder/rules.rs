//! Multiplies the rules of the levels out to combinations of sources, and finds what cannot be meant.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Check;
use super::tables::{LevelTable, RuleTable};
use super::{Combination, Level, Source};
use crate::client::AccountKind;
use crate::evidence::SourceId;

/// The most combinations that `builds_on` may multiply to.
const COMBINATIONS_MAX: usize = 2_000;

impl Check {
    /// Multiplies out `builds_on` and drops what a source's worth or a smaller combination makes useless.
    pub(super) fn rules(
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
        let reached: BTreeSet<Level> = all.iter().map(|combination| combination.level).collect();
        all.retain(|combination| {
            let worth = combination
                .sources
                .iter()
                .filter_map(|s| sources.get(s))
                .map(|s| s.worth_at_most);
            worth.min().is_none_or(|worth| worth >= combination.level)
        });
        self.no_level_is_capped_away(kind, &reached, &all);
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

    /// A level whose every combination holds a source that is worth less could never be reached.
    fn no_level_is_capped_away(
        &mut self,
        kind: AccountKind,
        reached: &BTreeSet<Level>,
        left: &[Combination],
    ) {
        for level in reached {
            if !left.iter().any(|combination| combination.level == *level) {
                self.problem(
                    format!("levels.{}.{}", level.0, kind.as_str()),
                    "every combination holds a source that is worth less (worth_at_most), so nobody would reach \
                     the level; build on other sources or leave the table out",
                );
            }
        }
    }
}

fn join(level: Level, base: &[SourceId], own: &[SourceId]) -> Combination {
    let mut sources = base.to_vec();
    sources.extend(own.iter().filter(|source| !base.contains(source)).cloned());
    Combination { level, sources }
}

/// A combination that contains another one of the same or a higher level says nothing new. Of equal ones the first
/// stays.
pub(super) fn without_detours(all: Vec<Combination>) -> Vec<Combination> {
    let contains =
        |big: &Combination, small: &Combination| small.sources.iter().all(|s| big.sources.contains(s));
    let useful = |at: usize, one: &Combination| {
        !all.iter().enumerate().any(|(other_at, other)| {
            let as_good = other.level >= one.level && contains(one, other);
            let equal = other.level == one.level && other.sources.len() == one.sources.len();
            as_good && (!equal || other_at < at)
        })
    };
    all.iter()
        .enumerate()
        .filter(|(at, one)| useful(*at, one))
        .map(|(_, one)| one.clone())
        .collect()
}
