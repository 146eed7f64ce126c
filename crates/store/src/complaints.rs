//! What a worker says about a row that always fails: it meets the row at every look, and says so once an hour. In the memory
//! of the node; each node says it for itself.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use uuid::Uuid;

/// How often the same is said.
const EVERY: Duration = Duration::from_hours(1);
/// How many rows are remembered. Beyond that it is begun anew: then much fails, and is said more often.
const MOST: usize = 10_000;

static SAID: Mutex<Said> = Mutex::new(Said(BTreeMap::new()));

/// What was said about which row, and when.
struct Said(BTreeMap<(&'static str, Uuid), Instant>);

impl Said {
    fn is_due(&mut self, (what, row): (&'static str, Uuid), now: Instant) -> bool {
        let recent = |at: &Instant| now.saturating_duration_since(*at) < EVERY;
        if self.0.get(&(what, row)).is_some_and(recent) {
            return false;
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert((what, row), now);
        true
    }
}

/// Whether something is said about a row now: not when it was in the last hour.
pub fn is_due(what: &'static str, row: Uuid) -> bool {
    let now = Instant::now();
    SAID.lock().map_or(true, |mut said| said.is_due((what, row), now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_of_a_row_once_an_hour_and_of_others_all_the_same() {
        let mut said = Said(BTreeMap::new());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let begin = Instant::now();
        let heard: Vec<bool> = [0, 5, 3599, 3600, 3605]
            .map(|seconds| said.is_due(("change", one), begin + Duration::from_secs(seconds)))
            .into();
        assert_eq!(heard, [true, false, false, true, false]);
        assert!(said.is_due(("change", other), begin));
        assert!(said.is_due(("proposal", one), begin), "something else");
        for row in 0..20_000_u128 {
            said.is_due(("many", Uuid::from_u128(row)), begin);
        }
        assert!(said.0.len() <= MOST);
    }

    #[test]
    fn a_row_is_said_once_by_whoever_asks() {
        let row = Uuid::from_u128(0x5eed);
        assert!(is_due("tests", row));
        assert!(!is_due("tests", row));
    }
}
