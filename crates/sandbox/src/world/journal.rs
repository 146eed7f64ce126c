//! What each route was asked and how it answered, newest first. The requests are kept as they came: the people are
//! invented, and a test wants to see exactly what the provider gave away. Only card numbers are cut to their last four
//! digits, as every journal of a bank's must.

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

/// A request without the number of a bank card.
pub(crate) fn without_cards(mut request: Value) -> Value {
    if let Some(card) = request.get_mut("card") {
        let text = card.as_str().unwrap_or_default();
        let last: String = text
            .chars()
            .skip(text.chars().count().saturating_sub(4))
            .collect();
        *card = Value::String(format!("****{last}"));
    }
    request
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
