//! The configuration file is the manual of the configuration: every key says what it means.

use std::fs;

use crate::repository::{files, none, root};

const FILE: &str = "config/denizen.toml";

/// True for `name = …` and `"a name" = …`.
fn is_key(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim();
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"'))
    })
}

/// Lines with a key that no comment explains: above it, or on the same line.
fn unexplained(text: &str) -> Vec<usize> {
    let mut findings = Vec::new();
    let mut explained = false;
    let mut depth = 0_i32;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if depth == 0
            && is_key(trimmed)
            && !trimmed.starts_with('#')
            && !explained
            && !trimmed.contains(" # ")
        {
            findings.push(number + 1);
        }
        if depth == 0 {
            explained = trimmed.starts_with('#');
        }
        if !trimmed.starts_with('#') {
            depth += i32::try_from(trimmed.matches('[').count()).unwrap();
            depth -= i32::try_from(trimmed.matches(']').count()).unwrap();
        }
    }
    findings
}

#[test]
fn every_key_of_the_configuration_is_explained() {
    let text = fs::read_to_string(root().join(FILE)).unwrap_or_else(|fault| panic!("{FILE}: {fault}"));
    let findings: Vec<String> = unexplained(&text)
        .into_iter()
        .map(|line| {
            format!(
                "{FILE}:{line}: {}",
                text.lines().nth(line - 1).unwrap_or_default()
            )
        })
        .collect();
    none("Keys without a comment", &findings);
}

#[test]
fn a_comment_explains_the_key_below_it_or_beside_it() {
    assert_eq!(
        unexplained("# why\na = 1\nb = 2 # why\n[section]\nc = [\n  \"x=1\",\n]\n# e = 1\n"),
        [5]
    );
}

#[test]
fn alerts_and_dashboards_name_metrics_that_exist() {
    let sources: String = files("crates", &[".rs"])
        .into_iter()
        .map(|file| file.text)
        .collect();
    let mut findings = Vec::new();
    for file in files("deploy", &[".rules.yaml", ".json"]) {
        for word in file.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if !["http_", "denizen_"]
                .iter()
                .any(|prefix| word.starts_with(prefix))
            {
                continue;
            }
            // What the encoder adds to the name in the code.
            let mut name = word;
            for added in ["_bucket", "_count", "_sum", "_total", "_seconds"] {
                name = name.strip_suffix(added).unwrap_or(name);
            }
            if !sources.contains(&format!("\"{name}\"")) {
                findings.push(format!("{}: {word}", file.path));
            }
        }
    }
    none("Metrics that the program does not have", &findings);
}
