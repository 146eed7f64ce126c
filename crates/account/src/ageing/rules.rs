//! The rules of ageing, without any I/O: what a look at an account finds, and which evidence goes when a level must be
//! lowered.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use model::client::AccountKind;
use model::evidence::Evidence;
use model::ids::EvidenceId;
use model::ladder::{Ladder, Level, LevelNow};
use store::level_watch::Watch;
use store::status_events::Cause;

use super::Config;

/// A level that fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fall {
    /// The level that was seen last.
    pub from: Level,
    /// The level now.
    pub to: Level,
    /// Why.
    pub cause: Cause,
}

/// What a look at an account finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What is noted.
    pub watch: Watch,
    /// The fall, if there is one.
    pub fall: Option<Fall>,
    /// The reminder that is due: so many days before the lapse, as the configuration says.
    pub remind: Option<u16>,
}

/// Compares what was seen with what is.
pub fn look(config: &Config, seen: &Watch, level: &LevelNow, now: DateTime<Utc>) -> Look {
    let fall = (level.level < seen.level).then(|| Fall {
        from: seen.level,
        to: level.level,
        cause: match seen.lapses_at {
            Some(at) if at <= now => Cause::Lapsed,
            _ => Cause::Ended,
        },
    });
    let reached = level
        .lapses_at
        .and_then(|at| reached(&config.remind_days, at, now));
    let same = (level.level, level.lapses_at) == (seen.level, seen.lapses_at);
    let (reminded_days, remind) = if same {
        match (seen.reminded_days, reached) {
            (Some(last), Some(days)) if last <= days => (Some(last), None),
            (last, None) => (last, None),
            (_, Some(days)) => (Some(days), Some(days)),
        }
    } else if is_better(seen, level) {
        // Somebody who has just proven something needs no reminder of it.
        (reached, None)
    } else {
        (reached, reached)
    };
    let watch = Watch {
        account: seen.account,
        level: level.level,
        lapses_at: level.lapses_at,
        next_look_at: next_look(config, level.lapses_at, now),
        reminded_days,
    };
    Look { watch, fall, remind }
}

/// The highest level that there was at the moments just before evidence ended: a token may have told one that rose and fell
/// between two looks. The lowest where nothing ended.
pub fn peak(ladder: &Ladder, kind: AccountKind, (held, ended): (&[Evidence], &[Evidence])) -> Level {
    let all: Vec<Evidence> = held.iter().chain(ended).cloned().collect();
    let moments: BTreeSet<_> = ended.iter().filter_map(|piece| piece.ended_at).collect();
    let before = |end: DateTime<Utc>| {
        // What came at that moment, or after it, was not there yet: a piece that takes the place of another, say.
        let there: Vec<Evidence> = all
            .iter()
            .filter(|piece| piece.issued_at < end)
            .cloned()
            .collect();
        ladder.level(kind, &there, end - TimeDelta::microseconds(1)).level
    };
    moments.into_iter().map(before).max().unwrap_or_default()
}

/// The reminder whose time has come: the last one before the lapse. None is due when the lapse itself has come.
fn reached(remind_days: &[u16], lapses_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<u16> {
    let left = lapses_at - now;
    let due = |days: &&u16| left <= TimeDelta::days(i64::from(**days));
    (left > TimeDelta::zero())
        .then(|| remind_days.iter().filter(due).min().copied())
        .flatten()
}

/// Whether the account has more than was seen: a higher level, or the same for longer.
fn is_better(seen: &Watch, level: &LevelNow) -> bool {
    match level.level.cmp(&seen.level) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => match (seen.lapses_at, level.lapses_at) {
            (Some(before), Some(after)) => after > before,
            (before, after) => before.is_some() && after.is_none(),
        },
    }
}

/// The next moment at which something may have to be done: a reminder, the lapse, or a look for its own sake.
fn next_look(config: &Config, lapses_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    let anyhow = now + TimeDelta::days(i64::from(config.look_again_days));
    let reminders = lapses_at.into_iter().flat_map(|at| {
        let before = move |days: &u16| at - TimeDelta::days(i64::from(*days));
        config.remind_days.iter().map(before)
    });
    lapses_at
        .into_iter()
        .chain(reminders)
        .filter(|at| *at > now)
        .fold(anyhow, Ord::min)
}

/// The evidence that goes so that an account has this level at most: piece by piece, each time the one whose end leaves
/// the highest level. Pieces that carry nothing above it stay.
pub fn lower_to(
    ladder: &Ladder,
    (kind, level): (AccountKind, Level),
    evidence: &[Evidence],
    now: DateTime<Utc>,
) -> Vec<EvidenceId> {
    let mut left: Vec<Evidence> = evidence.to_vec();
    let mut gone = Vec::new();
    loop {
        let current = ladder.level(kind, &left, now);
        if current.level <= level {
            return gone;
        }
        let without = |id: EvidenceId| -> Vec<Evidence> {
            left.iter().filter(|piece| piece.id != id).cloned().collect()
        };
        // Whatever leaves the most: the piece that only the highest level needs, before the one that all need.
        let best = current
            .carried_by
            .iter()
            .map(|id| (ladder.level(kind, &without(*id), now).level, *id))
            .max();
        let Some((_, id)) = best else { return gone };
        left = without(id);
        gone.push(id);
    }
}

#[cfg(test)]
#[path = "rules/tests.rs"]
mod tests;
