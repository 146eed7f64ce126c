//! Links in the documents lead somewhere, and the decisions are numbered without gaps.

use std::collections::BTreeSet;
use std::fs;

use crate::repository::{Text, files, none, root};

/// The text without fenced code and `code`.
fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let outside: Vec<&str> = line.split('`').step_by(2).collect();
            out.push_str(&outside.join("\u{1}"));
        }
        out.push('\n');
    }
    out
}

/// Targets of `[text](target)` with their line numbers.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text).lines().enumerate() {
        for part in line.split("](").skip(1) {
            if let Some((target, _)) = part.split_once(')') {
                found.push((
                    number + 1,
                    target.split_whitespace().next().unwrap_or_default().to_owned(),
                ));
            }
        }
    }
    found
}

/// The names that headings can be linked by.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if !fenced && line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            found.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    found
}

fn fault(file: &Text, target: &str) -> Option<String> {
    if ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme))
    {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = root().join(&file.path).parent().unwrap().to_path_buf();
    let place = if path.is_empty() {
        root().join(&file.path)
    } else {
        folder.join(path)
    };
    if !place.exists() {
        return Some(format!("{target} is not there"));
    }
    if !anchor.is_empty() && place.extension().is_some_and(|ending| ending == "md") {
        let text = fs::read_to_string(&place).unwrap();
        if !anchors(&text).contains(anchor) {
            return Some(format!("{target}: no such heading"));
        }
    }
    None
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let mut findings = Vec::new();
    for file in files("", &[".md"]) {
        for (line, target) in links(&file.text) {
            if let Some(fault) = fault(&file, &target) {
                findings.push(format!("{}:{line}: {fault}", file.path));
            }
        }
    }
    none("Dead links", &findings);
}

#[test]
fn decisions_are_numbered_without_gaps() {
    let mut numbers: Vec<usize> = files("docs/decisions", &[".md"])
        .iter()
        .filter_map(|file| file.path.rsplit('/').next()?.split('-').next()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    assert!(!numbers.is_empty());
    let expected: Vec<usize> = (1..=numbers.len()).collect();
    assert_eq!(numbers, expected, "docs/decisions");
}

#[test]
fn a_link_in_code_is_no_link() {
    let found = links("a [b](c.md) `[d](e.md)`\n```\n[f](g.md)\n```\n[h](i.md#j)\n");
    assert_eq!(found, [(1, "c.md".to_owned()), (5, "i.md#j".to_owned())]);
}
