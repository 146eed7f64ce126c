//! A file has one subject and a function one thought. Long ones are where things hide.

use std::collections::BTreeSet;

use crate::repository::{exceptions, is_test, none, rust_files};
use crate::scan::{code_only, functions};

/// Lines of a file before its tests; longer needs a reason in `tests/tidy.toml`.
const FILE_LINES: usize = 400;
/// Lines of a whole file; longer is split, whatever the reason.
const FILE_LINES_AT_MOST: usize = 600;
/// Lines of a function that are reported, and that fail.
const FUNCTION_LINES: usize = 60;
const FUNCTION_LINES_AT_MOST: usize = 100;
/// A journey in a browser is one long story.
const TEST_FUNCTION_LINES_AT_MOST: usize = 160;

/// Lines before the test module at the end of the file.
fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .iter()
        .zip(lines.iter().skip(1))
        .position(|(line, next)| line.trim() == "#[cfg(test)]" && next.trim_start().starts_with("mod "))
        .unwrap_or(lines.len())
}

#[test]
fn files_have_one_subject() {
    let excepted = exceptions("long_files");
    let mut used = BTreeSet::new();
    let mut findings = Vec::new();
    for file in rust_files() {
        let lines = file.text.lines().count();
        let code = lines_before_tests(&file.text);
        if lines > FILE_LINES_AT_MOST {
            findings.push(format!(
                "{}: {lines} lines, at most {FILE_LINES_AT_MOST}",
                file.path
            ));
        } else if code > FILE_LINES && !is_test(&file.path) {
            used.insert(file.path.clone());
            if !excepted.contains_key(&file.path) {
                findings.push(format!(
                    "{}: {code} lines before the tests, about {FILE_LINES}",
                    file.path
                ));
            }
        }
    }
    findings.extend(
        excepted
            .keys()
            .filter(|path| !used.contains(*path))
            .map(|path| format!("{path}: no longer long; take the exception out")),
    );
    none("Sizes of files", &findings);
}

#[test]
fn functions_have_one_thought() {
    let excepted = exceptions("long_functions");
    let mut used = BTreeSet::new();
    let mut findings = Vec::new();
    for file in rust_files() {
        let test = is_test(&file.path);
        let at_most = if test {
            TEST_FUNCTION_LINES_AT_MOST
        } else {
            FUNCTION_LINES_AT_MOST
        };
        for function in functions(&code_only(&file.text)) {
            let place = format!("{}::{}", file.path, function.name);
            if function.lines > at_most {
                used.insert(place.clone());
                if !excepted.contains_key(&place) {
                    findings.push(format!(
                        "{place} (line {}): {} lines, at most {at_most}",
                        function.line, function.lines
                    ));
                }
            } else if function.lines > FUNCTION_LINES && !test {
                println!("{place}: {} lines; could it be two?", function.lines);
            }
        }
    }
    findings.extend(
        excepted
            .keys()
            .filter(|place| !used.contains(*place))
            .map(|place| format!("{place}: no longer long; take the exception out")),
    );
    none("Sizes of functions", &findings);
}
