//! What people read exists in every language, with the same blanks to fill in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::repository::{exceptions, files, none, root};

/// The first is the one that the others are held against.
const LANGUAGES: &[&str] = &["zh-CN", "en", "vi"];

/// Message (or `message.attribute`) -> its text, continuation lines included.
pub fn messages(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut message = String::new();
    for line in text.lines() {
        if line.starts_with('#') {
            continue;
        }
        let starts = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-');
        let attribute = line
            .trim_start()
            .strip_prefix('.')
            .filter(|_| line.starts_with(' '));
        if let Some((name, value)) = line.split_once('=').filter(|_| starts) {
            name.trim().clone_into(&mut message);
            found.push((message.clone(), value.trim().to_owned()));
        } else if let Some((name, value)) = attribute.and_then(|rest| rest.split_once('=')) {
            found.push((format!("{message}.{}", name.trim()), value.trim().to_owned()));
        } else if let Some((_, value)) = found.last_mut() {
            value.push('\n');
            value.push_str(line.trim());
        }
    }
    found
}

/// The variables (`$name`) of a message.
fn blanks(text: &str) -> BTreeSet<String> {
    text.split('$')
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
                .collect()
        })
        .collect()
}

fn has_han(text: &str) -> bool {
    text.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c))
}

/// Folder `crates/X/locales` -> language -> message -> text.
type Texts = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

fn texts(findings: &mut Vec<String>) -> Texts {
    let mut all: Texts = BTreeMap::new();
    for file in files("crates", &[".ftl"])
        .into_iter()
        .filter(|file| !file.path.contains("/examples/"))
    {
        let Some((folder, rest)) = file.path.split_once("/locales/") else {
            findings.push(format!(
                "{}: texts belong into crates/*/locales/<language>/",
                file.path
            ));
            continue;
        };
        let language = rest.split('/').next().unwrap_or_default();
        let of_language = all
            .entry(folder.to_owned())
            .or_default()
            .entry(language.to_owned())
            .or_default();
        for (name, text) in messages(&file.text) {
            if of_language.insert(name.clone(), text).is_some() {
                findings.push(format!("{}: {name} stands there twice", file.path));
            }
        }
    }
    all
}

#[test]
fn every_text_exists_in_every_language() {
    let mut findings = Vec::new();
    let all = texts(&mut findings);
    assert!(!all.is_empty(), "no texts were found");
    for (folder, languages) in &all {
        let found: BTreeSet<&str> = languages.keys().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = LANGUAGES.iter().copied().collect();
        if found != wanted {
            findings.push(format!("{folder}: the languages are {found:?}"));
            continue;
        }
        let reference = &languages[LANGUAGES[0]];
        for language in &LANGUAGES[1..] {
            let other = &languages[*language];
            findings.extend(
                reference
                    .keys()
                    .filter(|name| !other.contains_key(*name))
                    .map(|name| format!("{folder}: {name} is missing in {language}")),
            );
            for (name, text) in other {
                match reference.get(name) {
                    None => findings.push(format!("{folder}: {name} is in {language} only")),
                    Some(original) if blanks(original) != blanks(text) => {
                        findings.push(format!(
                            "{folder}: {name} has other blanks in {language} than in {}",
                            LANGUAGES[0]
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    none("Texts", &findings);
}

#[test]
fn no_text_is_left_in_another_language() {
    let mut findings = Vec::new();
    let excepted = exceptions("chinese_in_other_languages");
    for (folder, languages) in texts(&mut Vec::new()) {
        for (language, messages) in languages.iter().filter(|(language, _)| *language != "zh-CN") {
            for (name, text) in messages
                .iter()
                .filter(|(name, text)| has_han(text) && !excepted.contains_key(*name))
            {
                findings.push(format!("{folder} {language}: {name} = {text}"));
            }
        }
    }
    none("Chinese characters outside zh-CN", &findings);
}

#[test]
fn a_text_has_one_home() {
    let mut homes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // The sandbox is a program of its own, with texts of its own.
    for (folder, languages) in texts(&mut Vec::new())
        .into_iter()
        .filter(|(folder, _)| folder != "crates/sandbox")
    {
        for name in languages.values().flat_map(BTreeMap::keys) {
            homes.entry(name.clone()).or_default().insert(folder.clone());
        }
    }
    let findings: Vec<String> = homes
        .iter()
        .filter(|(_, folders)| folders.len() > 1)
        .map(|(name, folders)| format!("{name}: {folders:?}"))
        .collect();
    none(
        "All texts are merged into one list, so a name may be given once",
        &findings,
    );
}

#[test]
fn agreements_exist_in_every_language() {
    let folder = root().join("config/agreements");
    let Ok(entries) = fs::read_dir(folder) else { return };
    let names: BTreeSet<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut findings = Vec::new();
    for name in &names {
        for language in LANGUAGES {
            for other in LANGUAGES {
                // personal.zh-CN.md, personal.en.md, …
                let mark = format!(".{language}.");
                if name.contains(&mark) && !names.contains(&name.replace(&mark, &format!(".{other}."))) {
                    findings.push(format!("config/agreements/{name} is missing in {other}"));
                }
            }
        }
    }
    none("Agreements", &findings);
}

#[test]
fn messages_attributes_and_blanks_are_told_apart() {
    let found = messages("# c\na = x { $n }\n  more\n    .title = y\n-b = z\n");
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "a.title", "-b"]);
    assert_eq!(blanks(&found[0].1), BTreeSet::from(["n".to_owned()]));
}
