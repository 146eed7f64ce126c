//! Every library is there for a reason, and the reason is written down.

use std::collections::BTreeSet;
use std::fs;

use crate::repository::{none, root, toml};

const RECORD: &str = "docs/decisions/dependencies.md";

#[test]
fn every_dependency_has_a_line_that_says_what_for() {
    let manifest = toml("Cargo.toml");
    let declared: BTreeSet<String> = manifest["workspace"]["dependencies"]
        .as_table()
        .unwrap()
        .iter()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, _)| name.clone())
        .collect();
    let record = fs::read_to_string(root().join(RECORD)).unwrap();
    // A line of a table: | `name`, `name` | what for |
    let recorded: BTreeSet<String> = record
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    let mut findings: Vec<String> = declared
        .difference(&recorded)
        .map(|name| format!("{name}: say in {RECORD} what it is for"))
        .collect();
    findings.extend(
        recorded
            .difference(&declared)
            .map(|name| format!("{name}: in {RECORD}, but not in Cargo.toml")),
    );
    none("Dependencies and their record", &findings);
}
