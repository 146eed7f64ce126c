//! Words that may not stand in the source.

use crate::repository::{Text, files, is_test, none, rust_files};

/// Every file that people write.
fn written() -> Vec<Text> {
    files(
        "",
        &[
            ".rs", ".toml", ".md", ".html", ".css", ".js", ".ftl", ".sh", ".yaml", ".conf", ".cfg",
        ],
    )
}

#[test]
fn what_is_left_to_do_is_an_issue() {
    // Put together, so that this file does not find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut findings = Vec::new();
    for file in written() {
        for (number, line) in file.text.lines().enumerate() {
            for mark in marks {
                let Some((before, after)) = line.split_once(mark) else {
                    continue;
                };
                let part_of_a_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    || after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
                let digits = after.strip_prefix("(#").and_then(|rest| rest.split(')').next());
                let has_issue =
                    digits.is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
                // The contributors' page explains the rule itself.
                if !part_of_a_word && !has_issue && !file.path.ends_with("CONTRIBUTING.md") {
                    findings.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
                }
            }
        }
    }
    none("Left-overs without an issue number", &findings);
}

#[test]
fn nothing_is_signed_with_the_rsa_crate() {
    let key = concat!("CoreRsaPrivate", "SigningKey");
    let findings: Vec<String> = rust_files()
        .into_iter()
        .filter(|file| file.text.contains(key))
        .map(|file| file.path)
        .collect();
    none(
        "RUSTSEC-2023-0071: timing in the rsa crate; sign with jose",
        &findings,
    );
}

#[test]
fn forwarded_headers_are_read_in_one_place() {
    let mut findings = Vec::new();
    for file in files("crates", &[".rs"]) {
        let reader = file.path.starts_with("crates/web/");
        let product = file.path.contains("/src/") && !file.path.starts_with("crates/sandbox/");
        if reader || !product {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            let line = line.trim().to_ascii_lowercase();
            let comment = line.starts_with("//");
            if !comment && (line.contains("x-forwarded-") || line.contains("header::forwarded")) {
                findings.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    none(
        "Who a client is behind a proxy is decided by crates/web alone",
        &findings,
    );
}

#[test]
fn evidence_is_written_in_one_place_which_has_the_level_looked_at() {
    let mut findings = Vec::new();
    for file in rust_files() {
        let home = file.path.strip_prefix("crates/store/src/evidence");
        if home.is_some_and(|rest| rest == ".rs" || rest.starts_with('/')) || is_test(&file.path) {
            continue;
        }
        for write in [
            "update_many",
            "insert",
            "insert_many",
            "delete_many",
            "delete_by_id",
        ] {
            if file.text.contains(&format!("evidence::Entity::{write}(")) {
                findings.push(format!("{}: {write}", file.path));
            }
        }
    }
    none(
        "Only `store::evidence` changes evidence, because it wakes the watch of the level",
        &findings,
    );
}

#[test]
#[cfg(unix)]
fn the_commands_of_the_readme_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    for command in ["dev", "test", ".ci/run"] {
        let mode = std::fs::metadata(crate::repository::root().join(command))
            .unwrap()
            .permissions()
            .mode();
        assert!(mode & 0o111 != 0, "{command} is not executable");
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let findings: Vec<String> = rust_files()
        .into_iter()
        .filter(|file| !is_test(&file.path) && !file.text.starts_with("//!"))
        .map(|file| file.path)
        .collect();
    none("Modules without a first paragraph (`//!`)", &findings);
}
