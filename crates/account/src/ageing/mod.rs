//! Levels that grow old: people are reminded before a level lapses, a fall is noticed, and sub-sites that asked are told.
//!
//! - [`rules`] when a person is reminded, what a fall is, what goes when a level must be lowered
//! - [`worker`] looks at the accounts that are due, in batches
//! - [`events`] what lowers a level at once: a phone replaced, a record locked, a certificate revoked, a weak recovery
//! - [`recheck`] asks again about what was confirmed long ago
//!
//! A level is never stored as truth: tokens carry what the ladder computes. What is kept (`store::level_watch`) is what
//! was seen last. Every write to evidence wakes it, in `store::evidence` itself, so that no way around is left. How the
//! signed event reaches a sub-site is `provider::events`' business.

use chrono::{DateTime, Utc};
use model::ids::AccountId;
use model::ladder::Level;
use serde::Deserialize;
use store::{StoreError, Tx, level_watch};

pub mod events;
pub mod recheck;
mod remind;
pub mod rules;
#[cfg(test)]
mod tests;
pub mod worker;

pub use worker::run;

/// The `ageing` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many days before a lapse people are reminded by SMS, once each; nothing reminds nobody.
    pub remind_days: Vec<u16>,
    /// After so many days a level is looked at even when nothing is known to happen: the ladder itself may have changed.
    pub look_again_days: u16,
    /// After so many days the population register is asked again about people it has confirmed; 0 is never.
    pub recheck_register_days: u16,
    /// How many people a day it is asked about so, at most.
    pub recheck_register_per_day: u32,
    /// The level that is left after an account was recovered with a code by SMS alone.
    pub level_after_sms_recovery: Level,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            remind_days: vec![30, 7],
            look_again_days: 30,
            recheck_register_days: 0,
            recheck_register_per_day: 2000,
            level_after_sms_recovery: Level::ALL.get(1).copied().unwrap_or_default(),
        }
    }
}

impl Config {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let mut days = self.remind_days.clone();
        days.sort_unstable();
        days.dedup();
        if days.len() != self.remind_days.len()
            || days.len() > 5
            || days.iter().any(|day| !(1..=90).contains(day))
        {
            faults.push(("remind_days", "write at most 5 different numbers from 1 to 90"));
        }
        if !(1..=90).contains(&self.look_again_days) {
            faults.push(("look_again_days", "write a number from 1 to 90"));
        }
        if !matches!(self.recheck_register_days, 0 | 7..=1825) {
            faults.push((
                "recheck_register_days",
                "write 0 (never) or a number from 7 to 1825",
            ));
        }
        if !(1..=1_000_000).contains(&self.recheck_register_per_day) {
            faults.push(("recheck_register_per_day", "write a number from 1 to 1000000"));
        }
        faults
    }
}

/// Has an account's level looked at. `store::evidence` does so by itself; this is for what changes a level otherwise.
pub async fn wake(tx: &Tx, account: AccountId, now: DateTime<Utc>) -> Result<(), StoreError> {
    level_watch::wake(tx, account, now).await
}
