//! What is wrong with a ladder's file is said by key or line.

use super::*;

/// The keys that are reported after a change to the default.
fn faults(from: &str, to: &str) -> Vec<String> {
    assert!(DEFAULT_TOML.contains(from), "{from}");
    match Ladder::from_toml(&DEFAULT_TOML.replacen(from, to, 1)) {
        Err(LadderError::Rules(problems)) => problems.into_iter().map(|problem| problem.key).collect(),
        Err(error) => vec![error.to_string()],
        Ok(_) => Vec::new(),
    }
}

#[test]
fn faults_in_the_file_are_reported_with_their_key() {
    for (from, to, key) in [
        ("a3 = 3", "a3 = 1", "caps.a3"),
        ("a1 = 2", "a1 = 9", "caps.a1"),
        ("a1 = 2", "a1 = -1", "caps.a1"),
        ("[\"bank_card\"]", "[\"bank\"]", "levels.2.resident.any_of[1]"),
        ("[\"face\"]", "[]", "levels.3.resident.any_of[0]"),
        (
            "[\"face\"]",
            "[\"face\", \"face\"]",
            "levels.3.resident.any_of[0]",
        ),
        (
            "[\"face\"]",
            "[\"legacy_real_name\"]",
            "levels.3.resident.any_of[0]",
        ),
        (
            "resident.builds_on = 1",
            "resident.builds_on = 2",
            "levels.2.resident.builds_on",
        ),
        (
            "resident.builds_on = 1",
            "resident.builds_on = 7",
            "levels.2.resident.builds_on",
        ),
        (
            "life_days = 1825",
            "life_days = 0",
            "sources.population_register.life_days",
        ),
        (
            "worth_at_most = 3",
            "worth_at_most = 5",
            "sources.other_province_level_3.worth_at_most",
        ),
        ("[sources.face]", "[sources.Face]", "sources.Face"),
        (
            "[sources.face]",
            "[sources.unused]\n[sources.face]",
            "sources.unused",
        ),
        ("[levels.4]", "[levels.04]", "levels.04"),
        ("[levels.4]", "[levels.04]", "levels.4"),
        ("en = \"Registered\"", "en = \" \"", "levels.0.name"),
    ] {
        assert!(
            faults(from, to).iter().any(|found| found == key),
            "{key}: {:?}",
            faults(from, to)
        );
    }
}

#[test]
fn faults_of_syntax_are_reported_with_their_line() {
    for (from, to, says) in [
        ("a1 = 2", "", "a1"),
        ("a1 = 2", "a1 = two", "line"),
        ("uses_face = true", "use_face = true", "use_face"),
        ("vi = \"Người thật\"", "", "vi"),
    ] {
        let found = faults(from, to).join("\n");
        assert!(found.contains(says), "{found}");
    }
    assert_eq!(Ladder::from_toml(&"#".repeat(1 << 20)), Err(LadderError::TooLong));
}

#[test]
fn a_ladder_whose_high_levels_all_need_a_face_does_not_start() {
    let text = DEFAULT_TOML
        .replace("[\"other_province_level_3\"], [\"operator_override_3\"]]", "]")
        .replacen("resident.any_of = [[\"counter\"], [\"certificate\"]]", "", 1);
    let Err(LadderError::Rules(problems)) = Ladder::from_toml(&text) else {
        panic!("accepted")
    };
    assert!(
        problems
            .iter()
            .any(|problem| problem.advice.contains("every way needs a face"))
    );
    assert!(
        LadderError::Rules(problems)
            .to_string()
            .contains("\n  levels.3.resident.any_of: every way")
    );
}
