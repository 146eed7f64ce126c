//! The files of the repository, and the list of exceptions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are not ours to judge: build output, the version control's own, data of a running world.
const NOT_OURS: &[&str] = &["target", ".git", ".data", "node_modules", "corpus", "artifacts"];

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// One text file: its path from the root with forward slashes, and what it says.
pub struct Text {
    pub path: String,
    pub text: String,
}

/// Every file under `folder` (from the root) with one of the endings, in order of path.
pub fn files(folder: &str, endings: &[&str]) -> Vec<Text> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root.join(folder), endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Every Rust file of the workspace, product and tests.
pub fn rust_files() -> Vec<Text> {
    let mut all = Vec::new();
    for folder in ["crates", "migrations", "tests", "benches", "fuzz"] {
        all.extend(files(folder, &[".rs"]));
    }
    all
}

/// True for tests, which have more room than the product.
pub fn is_test(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part == "benches" || part == "fuzz" || part.ends_with("tests.rs"))
}

fn walk(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<Text>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                walk(root, &path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let relative = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{relative}: {fault}"));
            found.push(Text { path: relative, text });
        }
    }
}

/// A parsed TOML file of the repository.
pub fn toml(path: &str) -> toml::Table {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    text.parse().unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

/// One section of `tests/tidy.toml`: what is excepted, and why.
pub fn exceptions(section: &str) -> BTreeMap<String, String> {
    let list = toml("tests/tidy.toml");
    let Some(table) = list.get(section).and_then(toml::Value::as_table) else {
        return BTreeMap::new();
    };
    table
        .iter()
        .map(|(what, why)| {
            let why = why.as_str().unwrap_or_default();
            assert!(
                why.len() >= 20,
                "tests/tidy.toml: [{section}] {what}: an exception needs a reason"
            );
            (what.clone(), why.to_owned())
        })
        .collect()
}

/// Fails with all findings at once, so that one run shows the whole work.
pub fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}\n", findings.join("\n  "));
}

/// Compares the part of a page below `begin` with what it must be; with `DENIZEN_BLESS=1`, writes it instead.
pub fn written(page: &str, begin: &str, wanted: &str) {
    let path = root().join(page);
    let text = fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{page}: {fault}"));
    let (introduction, present) = text
        .split_once(begin)
        .unwrap_or_else(|| panic!("{page} has lost its mark: {begin}"));
    if std::env::var_os("DENIZEN_BLESS").is_some() {
        fs::write(&path, format!("{introduction}{begin}\n\n{wanted}")).unwrap();
        return;
    }
    let rows = |text: &str| {
        text.lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let (present, wanted) = (rows(present), rows(wanted));
    let mut findings: Vec<String> = wanted
        .difference(&present)
        .map(|row| format!("missing: {row}"))
        .collect();
    findings.extend(
        present
            .difference(&wanted)
            .map(|row| format!("no longer so: {row}")),
    );
    none(
        &format!("{page} is behind; DENIZEN_BLESS=1 ./test --only docs_ writes it"),
        &findings,
    );
}
