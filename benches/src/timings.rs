//! How long the steps of a workload took.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Times by step, and how often the whole was done.
#[derive(Default)]
pub struct Timings {
    steps: BTreeMap<&'static str, Vec<Duration>>,
    rounds: usize,
}

impl Timings {
    /// Notes a step that began at `begun` and has just ended.
    pub fn step(&mut self, name: &'static str, begun: Instant) {
        self.steps.entry(name).or_default().push(begun.elapsed());
    }

    /// Notes that all steps were done once more.
    pub fn round(&mut self) {
        self.rounds += 1;
    }

    pub fn rounds(&self) -> usize {
        self.rounds
    }

    pub fn requests(&self) -> usize {
        self.steps.values().map(Vec::len).sum()
    }

    pub fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        for (name, times) in other.steps {
            self.steps.entry(name).or_default().extend(times);
        }
    }

    /// For each step its name, median and 99th percentile in milliseconds.
    pub fn percentiles(mut self) -> Vec<(&'static str, f64, f64)> {
        let mut found = Vec::new();
        for (name, times) in &mut self.steps {
            times.sort_unstable();
            let at = |share: usize| {
                let index = (times.len() * share / 100).min(times.len().saturating_sub(1));
                times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
            };
            found.push((*name, at(50), at(99)));
        }
        found
    }
}
