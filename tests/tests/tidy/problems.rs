//! The list of problem pages in `docs/errors.md` is written from the English texts, so that none is left out.

use std::collections::BTreeMap;

use crate::repository::{files, written};
use crate::texts::messages;

const PAGE: &str = "docs/errors.md";
const BEGIN: &str = "<!-- from here on written by the test `tidy`; DENIZEN_BLESS=1 ./test --only docs_ -->";

/// A text on one line of a table; of a choice by number, the general case.
fn cell(text: &str) -> String {
    let text = text
        .split_once("*[other]")
        .map_or(text, |(_, general)| general.trim_end().trim_end_matches('}'));
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

#[test]
fn docs_errors_lists_every_problem_page() {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for file in files("crates", &[".ftl"]) {
        if file.path.contains("/locales/en/") && !file.path.starts_with("crates/sandbox/") {
            texts.extend(messages(&file.text));
        }
    }
    // A problem has two texts: `problem-CODE` says what happened, `problem-CODE-help` what to do.
    let mut wanted = "| code | what people read | what to do |\n| --- | --- | --- |\n".to_owned();
    for (name, help) in &texts {
        let Some(code) = name
            .strip_prefix("problem-")
            .and_then(|rest| rest.strip_suffix("-help"))
        else {
            continue;
        };
        let title = texts
            .get(&format!("problem-{code}"))
            .map(String::as_str)
            .unwrap_or_default();
        wanted.push_str(&format!("| `{code}` | {} | {} |\n", cell(title), cell(help)));
    }
    written(PAGE, BEGIN, &wanted);
}
