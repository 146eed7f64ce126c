//! Sources that join the ladder from outside its file.

use super::*;

fn card(level: i64) -> Extra {
    Extra {
        source: source("city_card"),
        level,
        life_days: Some(100),
        worth_at_most: None,
        uses_face: false,
    }
}

fn ladder_with(extras: &[Extra]) -> Ladder {
    Ladder::from_toml_with(DEFAULT_TOML, extras).unwrap()
}

/// Keys and advice of what is refused.
fn refused(text: &str, extras: &[Extra]) -> Vec<(String, String)> {
    match Ladder::from_toml_with(text, extras) {
        Err(LadderError::Rules(problems)) => problems.into_iter().map(|p| (p.key, p.advice)).collect(),
        other => panic!("{other:?}"),
    }
}

fn level_with(ladder: &Ladder, names: &[&str]) -> u8 {
    let evidence: Vec<_> = names.iter().map(|name| evidence(name, 0)).collect();
    ladder
        .level(AccountKind::Resident, &evidence, day(1))
        .level
        .number()
}

#[test]
fn a_ladder_with_nothing_beside_it_is_the_ladder() {
    assert_eq!(&ladder_with(&[]), ladder());
}

#[test]
fn a_joined_source_is_one_more_choice_of_its_level_and_needs_what_the_level_builds_on() {
    let ladder = ladder_with(&[card(2)]);
    assert_eq!(level_with(&ladder, &["city_card"]), 0);
    assert_eq!(level_with(&ladder, &["population_register"]), 1);
    assert_eq!(level_with(&ladder, &["city_card", "population_register"]), 2);
    assert_eq!(level_with(&ladder, &["city_card", "legacy_real_name"]), 1);
    assert_eq!(level_with(&ladder, &["city_card", "face"]), 0);
    assert_eq!(
        level_with(&ladder, &["city_card", "population_register", "face"]),
        3
    );
    assert_eq!(ladder.life(&source("city_card")), Some(TimeDelta::days(100)));
    let held = [evidence("population_register", 0), evidence("city_card", 0)];
    let now = ladder.level(AccountKind::Resident, &held, day(99));
    assert_eq!((now.level.number(), now.lapses_at), (2, Some(day(100))));
    assert_eq!(
        ladder
            .level(AccountKind::Resident, &held, day(100))
            .level
            .number(),
        1
    );
    let organisation = [evidence("enterprise_register", 0), evidence("city_card", 0)];
    let level = ladder.level(AccountKind::Organisation, &organisation, day(1));
    assert_eq!(level.level.number(), 1, "a joined source is for residents");
    let held = [evidence("population_register", 0)];
    let roads = ladder.roads(AccountKind::Resident, Level::ALL[2], &held, day(1));
    assert!(roads.iter().any(|road| road.sources == [source("city_card")]));
}

#[test]
fn a_joined_source_carries_no_higher_than_its_level_unless_it_says_so() {
    let capped = ladder_with(&[card(1)]);
    assert_eq!(level_with(&capped, &["city_card"]), 1);
    assert_eq!(level_with(&capped, &["city_card", "mobile_operator", "face"]), 1);
    let capped = ladder_with(&[Extra {
        worth_at_most: Some(2),
        ..card(1)
    }]);
    assert_eq!(level_with(&capped, &["city_card", "mobile_operator"]), 2);
    assert_eq!(level_with(&capped, &["city_card", "mobile_operator", "face"]), 2);
    let free = ladder_with(&[Extra {
        worth_at_most: Some(4),
        ..card(1)
    }]);
    assert_eq!(level_with(&free, &["city_card", "face"]), 3);
    let top = ladder_with(&[Extra {
        life_days: None,
        ..card(4)
    }]);
    assert_eq!(level_with(&top, &["city_card"]), 4);
    assert_eq!(top.life(&source("city_card")), None);
}

#[test]
fn a_joined_source_with_a_fault_is_reported_under_its_own_name() {
    let extra = |name: &str| Extra {
        source: source(name),
        ..card(2)
    };
    let worth = |level, worth| Extra {
        worth_at_most: Some(worth),
        ..card(level)
    };
    let days = |days| Extra {
        life_days: Some(days),
        ..card(2)
    };
    let at = "sources.d: city_card: ladder";
    for (extras, key, says) in [
        (vec![card(0)], format!("{at}.level"), "write 1, 2, 3 or 4"),
        (vec![card(5)], format!("{at}.level"), "from 0 to 4"),
        (vec![card(-1)], format!("{at}.level"), "from 0 to 4"),
        (vec![card(i64::MAX)], format!("{at}.level"), "from 0 to 4"),
        (
            vec![worth(3, 2)],
            format!("{at}.worth_at_most"),
            "write 3 or more",
        ),
        (vec![worth(3, 5)], format!("{at}.worth_at_most"), "from 0 to 4"),
        (vec![days(0)], format!("{at}.life_days"), "days from 1 to 36525"),
        (
            vec![days(36_526)],
            format!("{at}.life_days"),
            "days from 1 to 36525",
        ),
        (
            vec![days(i64::MIN)],
            format!("{at}.life_days"),
            "days from 1 to 36525",
        ),
        (vec![card(2), card(3)], at.to_owned(), "second entry"),
        (
            vec![extra("bank_card")],
            "sources.d: bank_card: ladder".to_owned(),
            "names this source already",
        ),
    ] {
        let found = refused(DEFAULT_TOML, &extras);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, key);
        assert!(found[0].1.contains(says), "{found:?}");
    }
    // The limits themselves are good, and so is a worth that is exactly the level.
    for good in [days(1), days(36_525), worth(3, 3), worth(3, 4)] {
        assert!(Ladder::from_toml_with(DEFAULT_TOML, &[good]).is_ok());
    }
}

#[test]
fn faults_of_the_file_and_of_joined_sources_are_reported_together() {
    let text = DEFAULT_TOML.replacen("a3 = 3", "a3 = 1", 1);
    let keys: Vec<String> = refused(
        &text,
        &[
            card(9),
            Extra {
                life_days: Some(0),
                ..card(8)
            },
        ],
    )
    .into_iter()
    .map(|(key, _)| key)
    .collect();
    assert_eq!(
        keys,
        [
            "sources.d: city_card: ladder.level",
            "sources.d: city_card: ladder",
            "caps.a3"
        ]
    );
}

#[test]
fn a_source_cannot_join_a_level_that_residents_have_no_way_to() {
    let text = DEFAULT_TOML.replacen("resident.any_of = [[\"counter\"], [\"certificate\"]]", "", 1);
    let found = refused(&text, &[card(4)]);
    assert!(found.iter().any(
        |(key, advice)| key.ends_with("city_card: ladder.level") && advice.contains("no way to level 4")
    ));
}

#[test]
fn a_joined_source_with_a_face_is_no_way_without_one() {
    let text = DEFAULT_TOML
        .replace(", [\"other_province_level_3\"], [\"operator_override_3\"]]", "]")
        .replacen("resident.any_of = [[\"counter\"], [\"certificate\"]]", "", 1);
    let needs_a_face = |uses_face| {
        let extra = Extra { uses_face, ..card(3) };
        refused(&text, &[extra])
            .iter()
            .any(|(_, advice)| advice.contains("every way needs a face"))
    };
    assert!(needs_a_face(true));
    assert!(!needs_a_face(false));
}
