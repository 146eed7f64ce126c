//! What each route was asked and how it answered, newest first. The requests are kept as they came: the people are
//! invented, and a test wants to see exactly what the provider gave away.

use std::collections::VecDeque;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::faults::Route;
use super::lock;

/// How many calls are remembered.
const ENTRIES_MAX: usize = 10_000;

/// One call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub at: DateTime<Utc>,
    pub route: Route,
    /// What was asked; null when it was not JSON.
    pub request: Value,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The result, or the fault that was met.
    pub outcome: String,
}

/// All calls.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<VecDeque<Entry>>);

impl Journal {
    /// Writes a call down.
    pub(crate) fn record(&self, entry: Entry) {
        let mut entries = lock(&self.0);
        entries.push_front(entry);
        entries.truncate(ENTRIES_MAX);
    }

    /// The newest calls, of one route or of all.
    pub(crate) fn list(&self, route: Option<Route>, limit: usize) -> Vec<Entry> {
        let entries = lock(&self.0);
        entries
            .iter()
            .filter(|entry| route.is_none_or(|route| route == entry.route))
            .take(limit)
            .cloned()
            .collect()
    }
}
