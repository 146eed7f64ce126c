//! Which combinations the rules multiply out to, and which of them say nothing new.

use std::collections::BTreeSet;

use super::super::rules::without_detours;
use super::*;

fn combination(level: usize, names: &[&str]) -> Combination {
    Combination {
        level: Level::ALL[level],
        sources: names.iter().map(|name| source(name)).collect(),
    }
}

/// What is left of these combinations.
fn left(all: &[(usize, &[&str])]) -> Vec<Combination> {
    without_detours(
        all.iter()
            .map(|(level, names)| combination(*level, names))
            .collect(),
    )
}

#[test]
fn a_combination_with_more_sources_for_no_higher_level_is_left_out() {
    let (small, big): (&[&str], &[&str]) = (&["a"], &["a", "b"]);
    assert_eq!(left(&[(2, small), (2, big)]), [combination(2, small)]);
    assert_eq!(left(&[(2, big), (2, small)]), [combination(2, small)]);
    assert_eq!(left(&[(3, small), (2, big)]), [combination(3, small)]);
    assert_eq!(left(&[(2, big), (3, small)]), [combination(3, small)]);
    let both = [combination(2, small), combination(3, big)];
    assert_eq!(left(&[(2, small), (3, big)]), both);
    assert_eq!(left(&[(3, &["a"]), (2, &["a"])]), [combination(3, small)]);
    assert_eq!(left(&[(2, &["a"]), (3, &["a"])]), [combination(3, small)]);
    let apart: [(usize, &[&str]); 3] = [(2, &["a", "b"]), (2, &["b", "c"]), (1, &["d"])];
    assert_eq!(left(&apart).len(), 3);
}

#[test]
fn of_equal_combinations_the_first_is_left() {
    let all: [(usize, &[&str]); 4] = [(2, &["a", "b"]), (2, &["b", "a"]), (2, &["b", "a"]), (1, &["c"])];
    assert_eq!(left(&all), [combination(2, &["a", "b"]), combination(1, &["c"])]);
    assert_eq!(left(&[(1, &["a"])]), [combination(1, &["a"])]);
    assert_eq!(left(&[]), []);
}

#[test]
fn the_default_ladder_has_these_combinations_and_no_others() {
    let named = ["population_register", "register_review"];
    let second = [
        "mobile_operator",
        "bank_card",
        "social_security",
        "provident_fund",
        "driving_licence",
        "trusted_sign_in",
        "document_review",
        "operator_override_2",
    ];
    let present = [
        "face",
        "network_id_face",
        "other_province_level_3",
        "operator_override_3",
    ];
    let mut expected = BTreeSet::new();
    let mut add = |level: u8, names: &[&str]| {
        let names: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
        assert!(expected.insert((level, names)));
    };
    for name in ["phone_sms", "email_link"] {
        add(0, &[name]);
    }
    for name in named
        .into_iter()
        .chain(["legacy_real_name", "operator_override_1"])
    {
        add(1, &[name]);
    }
    for name in named {
        for other in second {
            add(2, &[name, other]);
        }
        for other in present {
            add(3, &[name, other]);
        }
    }
    for name in ["counter", "certificate"] {
        add(4, &[name]);
    }
    let found: BTreeSet<_> = ladder().resident.iter().map(shown).collect();
    assert_eq!((found.len(), found), (ladder().resident.len(), expected));

    let organisation: Vec<_> = ladder().organisation.iter().map(shown).collect();
    let of_level = |level: u8| organisation.iter().filter(|(found, _)| *found == level).count();
    // At level 3 every way goes by the register and the representative, and ends in one of three.
    assert_eq!([0, 1, 2, 3, 4].map(of_level), [0, 3, 2, 3, 2]);
}

/// The default ladder with one change.
fn changed(from: &str, to: &str) -> Ladder {
    assert!(DEFAULT_TOML.contains(from), "{from}");
    Ladder::from_toml(&DEFAULT_TOML.replacen(from, to, 1)).unwrap()
}

#[test]
fn a_rule_builds_on_every_way_to_its_base_and_above_it() {
    // Level 2 stands alone here, so that level 3 can be reached from it without a way to level 1 beside it.
    let ladder = changed("resident.builds_on = 1\n# One of these, beside level 1.\n", "");
    let level = |names: &[&str]| {
        let held: Vec<_> = names.iter().map(|name| evidence(name, 0)).collect();
        ladder.level(AccountKind::Resident, &held, day(1)).level.number()
    };
    assert_eq!((level(&["bank_card"]), level(&["face"])), (2, 0));
    assert_eq!(level(&["bank_card", "face"]), 3);
}

#[test]
fn a_source_that_a_rule_and_its_base_both_name_is_needed_once() {
    let ladder = changed("[\"bank_card\"]", "[\"bank_card\", \"population_register\"]");
    let held = [evidence("bank_card", 0), evidence("population_register", 0)];
    let now = ladder.level(AccountKind::Resident, &held, day(1));
    assert_eq!((now.level.number(), now.carried_by.len()), (2, 2));
}

fn shown(combination: &Combination) -> (u8, BTreeSet<String>) {
    let names = combination.sources.iter().map(ToString::to_string).collect();
    (combination.level.number(), names)
}
