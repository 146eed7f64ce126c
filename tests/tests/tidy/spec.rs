//! `docs/spec/README.md` says which module implements a section and which test shows it. Both are there.

use std::collections::BTreeSet;
use std::fs;

use crate::repository::{none, root, rust_files};

const PAGE: &str = "docs/spec/README.md";
const COLUMNS: usize = 4;

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The rows of the page's tables below their headings, with their line numbers.
fn rows(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut found = Vec::new();
    let mut heading = true;
    for (number, line) in text.lines().enumerate() {
        let Some(row) = line.strip_prefix('|') else {
            heading = true;
            continue;
        };
        if heading {
            heading = !line.starts_with("| ---");
            continue;
        }
        let cells = row
            .trim_end()
            .trim_end_matches('|')
            .split('|')
            .map(str::trim)
            .collect();
        found.push((number + 1, cells));
    }
    found
}

/// Names of the functions of a source that are tests: those below `#[test]` or `#[tokio::test]`.
fn tests_of(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| marked) {
            found.insert(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
            marked = false;
        }
    }
    found
}

/// True for `crate::module::…` when the crate has a file of that module.
fn is_module(path: &str) -> bool {
    let mut parts = path.split("::");
    let name = parts.next().unwrap_or_default();
    let inside = parts.collect::<Vec<_>>().join("/");
    let source = root().join("crates").join(name).join("src");
    if inside.is_empty() {
        return source.join("lib.rs").exists();
    }
    source.join(format!("{inside}.rs")).exists() || source.join(inside).join("mod.rs").exists()
}

/// True for the path of a file with an example that must not compile.
fn is_compile_fail(path: &str) -> bool {
    fs::read_to_string(root().join(path)).is_ok_and(|text| text.contains("```compile_fail"))
}

#[test]
fn what_the_list_of_standards_names_is_there() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap_or_else(|fault| panic!("{PAGE}: {fault}"));
    let tests: BTreeSet<String> = rust_files()
        .iter()
        .flat_map(|file| tests_of(&file.text))
        .collect();
    let rows = rows(&page);
    assert!(rows.len() > 20, "{PAGE} has lost its table");
    let mut findings = Vec::new();
    for (line, cells) in rows {
        let [_, _, modules, shown] = cells.as_slice() else {
            findings.push(format!("{PAGE}:{line}: not {COLUMNS} columns"));
            continue;
        };
        let (modules, shown) = (quoted(modules), quoted(shown));
        if modules.is_empty() || shown.is_empty() {
            findings.push(format!("{PAGE}:{line}: name a module and a test"));
        }
        for module in modules.into_iter().filter(|module| !is_module(module)) {
            findings.push(format!("{PAGE}:{line}: no module {module}"));
        }
        for name in shown {
            let there = if name.contains('/') {
                is_compile_fail(name)
            } else {
                tests.contains(name)
            };
            if !there {
                findings.push(format!("{PAGE}:{line}: no test {name}"));
            }
        }
    }
    none("Modules and tests that are not there", &findings);
}

#[test]
fn only_marked_functions_are_tests() {
    let source = "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test]\n#[ignore]\nasync fn three() {}\n";
    assert_eq!(
        tests_of(source),
        BTreeSet::from(["one".to_owned(), "three".to_owned()])
    );
}

#[test]
fn a_table_is_read_below_its_heading() {
    let found = rows("| a | b |\n| --- | --- |\n| c | `d` |\n\ntext\n");
    assert_eq!(found, [(3, vec!["c", "`d`"])]);
    assert_eq!(quoted("`d` and `e`"), ["d", "e"]);
}
