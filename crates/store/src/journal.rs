//! The statements that were sent, in order, for tests that count them: round trips are what requests cost, and a count
//! is exact where a measurement is not. Nothing is noted unless a test asked for it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The most statements that are kept; whoever asks for a journal takes it now and then.
const KEPT_MAX: usize = 10_000;

/// A list of statements. Cheap to clone.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    pub(crate) fn note(&self, statement: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push(statement.to_owned());
        }
    }

    /// Takes what was noted since the last time: statements without their values, and `BEGIN` and `COMMIT`.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}
