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

    /// The same, of each statement its verb and the table that it is about: what is equal on every database.
    pub fn take_short(&self) -> Vec<String> {
        self.take().iter().map(|statement| short(statement)).collect()
    }
}

fn short(statement: &str) -> String {
    let verb = statement.split_whitespace().next().unwrap_or_default();
    let before_table = match verb {
        "SELECT" | "DELETE" => "FROM",
        "INSERT" => "INTO",
        "UPDATE" => "UPDATE",
        _ => return verb.to_owned(),
    };
    let outside = outside_parentheses(statement);
    let mut words = outside.split_whitespace();
    let table = words
        .by_ref()
        .find(|word| *word == before_table)
        .and(words.next());
    format!("{verb} {}", table.unwrap_or_default().trim_matches('"'))
}

/// A statement without the queries and lists within it.
fn outside_parentheses(statement: &str) -> String {
    let mut depth = 0_usize;
    let outside = statement.chars().filter(|character| match character {
        '(' => {
            depth = depth.saturating_add(1);
            false
        }
        ')' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    outside.collect()
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_in_short_is_its_verb_and_its_table() {
        for (statement, expected) in [
            (
                "SELECT \"a\", (SELECT 1 FROM \"b\") FROM \"c\" WHERE 1",
                "SELECT c",
            ),
            ("INSERT INTO \"otp\" (\"id\") VALUES (?)", "INSERT otp"),
            ("UPDATE \"otp\" SET \"used\" = ?", "UPDATE otp"),
            ("DELETE FROM \"throttle\" WHERE 1", "DELETE throttle"),
            ("BEGIN", "BEGIN"),
            ("COMMIT", "COMMIT"),
        ] {
            assert_eq!(short(statement), expected);
        }
    }
}
