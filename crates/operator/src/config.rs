//! The part of the configuration that this crate reads: the `operator` section. Every key has a default.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use web::client_address::Network;

/// The console.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether this node serves the console.
    pub enabled: bool,
    /// The networks from which it can be reached; empty for any.
    pub allow_addresses: Vec<Network>,
    /// A sign-in ends after so much time without use, in minutes.
    pub idle_minutes: i64,
    /// It ends in any case, in minutes.
    pub absolute_minutes: i64,
    /// For how long a proof is fresh enough to change proofs and operators, in minutes.
    pub fresh_minutes: i64,
    /// How long a link to enrol holds, in hours.
    pub link_hours: i64,
    /// After how many wrong codes in a row an operator is locked until a reset.
    pub wrong_codes: i64,
    /// How cases are decided.
    pub review: crate::review::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            allow_addresses: Vec::new(),
            idle_minutes: 30,
            absolute_minutes: 720,
            fresh_minutes: 15,
            link_hours: 24,
            wrong_codes: 10,
            review: crate::review::Config::default(),
        }
    }
}

impl Config {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(5..=240).contains(&self.idle_minutes) {
            faults.push(("idle_minutes", "write a number from 5 to 240"));
        }
        if !(self.idle_minutes..=1440).contains(&self.absolute_minutes) {
            faults.push(("absolute_minutes", "write a number from idle_minutes to 1440"));
        }
        if !(1..=60).contains(&self.fresh_minutes) {
            faults.push(("fresh_minutes", "write a number from 1 to 60"));
        }
        if !(1..=168).contains(&self.link_hours) {
            faults.push(("link_hours", "write a number from 1 to 168"));
        }
        if !(3..=10).contains(&self.wrong_codes) {
            faults.push(("wrong_codes", "write a number from 3 to 10"));
        }
        faults.extend(self.review.faults());
        faults
    }

    /// Whether the console can be reached from an address.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.allow_addresses.is_empty()
            || self
                .allow_addresses
                .iter()
                .any(|network| network.contains(address))
    }

    pub(crate) fn idle(&self) -> TimeDelta {
        TimeDelta::minutes(self.idle_minutes)
    }

    pub(crate) fn ends_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::minutes(self.absolute_minutes)
    }

    /// When a link made now stops holding.
    pub fn link_ends_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::hours(self.link_hours)
    }

    pub(crate) fn is_fresh(&self, proven_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now - proven_at <= TimeDelta::minutes(self.fresh_minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_have_no_faults_and_every_bound_is_watched() {
        assert!(Config::default().faults().is_empty());
        let wrong = Config {
            idle_minutes: 1,
            absolute_minutes: 0,
            fresh_minutes: 0,
            link_hours: 0,
            wrong_codes: 11,
            ..Config::default()
        };
        assert_eq!(wrong.faults().len(), 5);
    }

    #[test]
    fn the_console_is_reached_from_named_networks_only() {
        let here: IpAddr = "10.1.2.3".parse().unwrap();
        let elsewhere: IpAddr = "203.0.113.7".parse().unwrap();
        assert!(Config::default().allows(elsewhere), "none named: any");
        let config = Config {
            allow_addresses: vec!["10.0.0.0/8".parse().unwrap()],
            ..Config::default()
        };
        assert!(config.allows(here) && !config.allows(elsewhere));
    }
}
