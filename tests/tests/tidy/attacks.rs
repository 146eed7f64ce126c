//! `docs/attacks.md` is written from the names of the tests, so that it cannot claim what is not tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::repository::{rust_files, written};

const PAGE: &str = "docs/attacks.md";
const BEGIN: &str = "<!-- from here on written by the test `tidy`; DENIZEN_BLESS=1 ./test --only docs_ -->";

/// An attack of the list: `A285a` is 285 and its letter, if it has one.
type Number = (u16, Option<char>);

/// `041`, `285a`: three digits, and a letter where one number stands for several attacks.
fn number(word: &str) -> Option<Number> {
    let (digits, letter) = match word.strip_suffix(|last: char| last.is_ascii_lowercase()) {
        Some(digits) => (digits, word.chars().last()),
        None => (word, None),
    };
    let is_number = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((digits.parse().ok()?, letter))
}

/// The numbers and the sentence in `attack_041_042_a_sentence`.
fn parse(name: &str) -> Option<(Vec<Number>, String)> {
    let words: Vec<&str> = name.strip_prefix("attack_")?.split('_').collect();
    let numbers: Vec<Number> = words.iter().map_while(|word| number(word)).collect();
    let sentence = words[numbers.len()..].join(" ");
    (!numbers.is_empty() && !sentence.is_empty()).then_some((numbers, sentence))
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

/// Every name with the file it is in. Only what is shown about the product: the sandbox is the world around.
fn attacks() -> Vec<(String, String)> {
    let product = |path: &str| !path.contains("/tidy/") && !path.starts_with("crates/sandbox/");
    rust_files()
        .into_iter()
        .filter(|file| product(&file.path))
        .flat_map(|file| {
            let of_file: Vec<_> = names(&file.text).map(|name| (name, file.path.clone())).collect();
            of_file
        })
        .collect()
}

fn table() -> String {
    let mut rows: BTreeMap<Number, BTreeSet<(String, String)>> = BTreeMap::new();
    for (name, path) in attacks() {
        if let Some((numbers, sentence)) = parse(&name) {
            for number in numbers {
                rows.entry(number)
                    .or_default()
                    .insert((sentence.clone(), path.clone()));
            }
        }
    }
    let tests: usize = rows.values().map(BTreeSet::len).sum();
    let mut out = format!(
        "{} attacks, {tests} tests.\n\n| attack | the test says | where |\n| --- | --- | --- |\n",
        rows.len()
    );
    for ((number, letter), of_number) in rows {
        let letter = letter.map(String::from).unwrap_or_default();
        for (sentence, path) in of_number {
            writeln!(out, "| A{number:03}{letter} | {sentence} | [{path}](../{path}) |").unwrap();
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
        Some((vec![(41, None), (42, None)], "code twice".to_owned()))
    );
    assert_eq!(
        parse("attack_285a_286_a_list"),
        Some((vec![(285, Some('a')), (286, None)], "a list".to_owned()))
    );
    for none in [
        "attack_on_nothing",
        "attack_28_short",
        "attack_285ab_two",
        "attack_285a",
    ] {
        assert_eq!(parse(none), None, "{none}");
    }
}

#[test]
fn every_test_of_an_attack_gives_its_number_and_so_has_its_row() {
    let without: Vec<_> = attacks()
        .into_iter()
        .filter(|(name, _)| parse(name).is_none())
        .collect();
    assert_eq!(without, [], "write the number of the attack behind attack_");
}
