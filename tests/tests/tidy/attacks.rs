//! `docs/attacks.md` is written from the names of the tests, so that it cannot claim what is not tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::repository::{rust_files, written};

const PAGE: &str = "docs/attacks.md";
const BEGIN: &str = "<!-- from here on written by the test `tidy`; DENIZEN_BLESS=1 ./test --only docs_ -->";

/// The numbers and the sentence in `attack_041_042_a_sentence`.
fn parse(name: &str) -> Option<(Vec<u16>, String)> {
    let words: Vec<&str> = name.strip_prefix("attack_")?.split('_').collect();
    let numbers: Vec<u16> = words.iter().map_while(|word| word.parse().ok()).collect();
    (!numbers.is_empty()).then(|| (numbers.clone(), words[numbers.len()..].join(" ")))
}

/// Names of all functions `attack_…` in a source.
fn names(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split("fn attack_").skip(1).map(|rest| {
        let tail: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        format!("attack_{tail}")
    })
}

fn table() -> String {
    let mut rows: BTreeMap<u16, BTreeSet<(String, String)>> = BTreeMap::new();
    // Only what is shown about the product: the sandbox is the world around.
    let product = |path: &str| !path.contains("/tidy/") && !path.starts_with("crates/sandbox/");
    for file in rust_files().iter().filter(|file| product(&file.path)) {
        for (numbers, sentence) in names(&file.text).filter_map(|name| parse(&name)) {
            for number in numbers {
                rows.entry(number)
                    .or_default()
                    .insert((sentence.clone(), file.path.clone()));
            }
        }
    }
    let tests: usize = rows.values().map(BTreeSet::len).sum();
    let mut out = format!(
        "{} attacks, {tests} tests.\n\n| attack | the test says | where |\n| --- | --- | --- |\n",
        rows.len()
    );
    for (number, of_number) in rows {
        for (sentence, path) in of_number {
            writeln!(out, "| A{number:03} | {sentence} | [{path}](../{path}) |").unwrap();
        }
    }
    out
}

#[test]
fn docs_attacks_lists_every_attack_that_is_tested() {
    written(PAGE, BEGIN, &table());
}

#[test]
fn the_name_of_a_test_tells_its_attacks() {
    assert_eq!(
        parse("attack_041_042_code_twice"),
        Some((vec![41, 42], "code twice".to_owned()))
    );
    assert_eq!(parse("attack_on_nothing"), None);
}
