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
        (
            "resident.builds_on = 1",
            "resident.builds_on = -1",
            "levels.2.resident.builds_on",
        ),
        ("[\"face\"]", "[\"Face!\"]", "levels.3.resident.any_of[0]"),
        (
            "life_days = 1825",
            "life_days = 36526",
            "sources.population_register.life_days",
        ),
        (
            "worth_at_most = 1 # never",
            "worth_at_most = 2 # never",
            "sources.legacy_real_name.worth_at_most",
        ),
        (
            "[sources.operator_override_2]\n# As above, for the next level.\nlife_days = 90",
            "[sources.operator_override_2]",
            "sources.operator_override_2.life_days",
        ),
        (
            "life_days = 90\nworth_at_most = 2",
            "life_days = 90\nworth_at_most = 3",
            "sources.operator_override_2.worth_at_most",
        ),
        (
            "[sources.operator_override_2]",
            "[sources.operator_override_x]",
            "sources.operator_override_x",
        ),
    ] {
        assert!(
            faults(from, to).iter().any(|found| found == key),
            "{key}: {:?}",
            faults(from, to)
        );
    }
}

#[test]
fn what_is_just_within_the_bounds_is_good() {
    for (from, to) in [
        ("a3 = 3", "a3 = 2"),
        ("a1 = 2", "a1 = 0"),
        ("life_days = 1825", "life_days = 1"),
        ("life_days = 1825", "life_days = 36525"),
        ("worth_at_most = 1 # never", "worth_at_most = 1 # never\n#"),
        ("worth_at_most = 3", "worth_at_most = 4"),
    ] {
        assert_eq!(faults(from, to), [""; 0], "{to}");
    }
    let longest = format!("{DEFAULT_TOML}#{}", "#".repeat(65_536 - DEFAULT_TOML.len() - 1));
    assert_eq!(
        (longest.len(), Ladder::from_toml(&longest).is_ok()),
        (65_536, true)
    );
    assert_eq!(
        Ladder::from_toml(&format!("{longest}#")),
        Err(LadderError::TooLong)
    );
}

#[test]
fn every_fault_says_what_to_write() {
    for (from, to, says) in [
        (
            "a3 = 3",
            "a3 = 1",
            "caps.a3: a stronger sign-in may not carry less; write 2 or more",
        ),
        (
            "a1 = 2",
            "a1 = 9",
            "caps.a1: 9 is not a level; write a number from 0 to 4",
        ),
        (
            "[\"bank_card\"]",
            "[\"bank\"]",
            "any_of[1]: no source is called `bank`; correct it or add [sources.bank]",
        ),
        (
            "[\"face\"]",
            "[\"legacy_real_name\"]",
            "any_of[0]: `legacy_real_name` is worth 1 at most; take it out or raise worth_at_most",
        ),
        (
            "resident.builds_on = 1",
            "resident.builds_on = 2",
            "builds_on: write a level below 2",
        ),
        (
            "any_of = [[\"enterprise_register\"]",
            "builds_on = 0\norganisation.any_of = [[\"enterprise_register\"]",
            "levels.1.organisation.builds_on: nothing leads to level 0 for this kind of account",
        ),
        (
            "any_of = [[\"phone_sms\"], [\"email_link\"]]",
            "any_of = []",
            "levels.0.resident.any_of: empty; write combinations of sources",
        ),
        (
            "[\"face\"]",
            "[]",
            "any_of[0]: empty, so that everybody would reach the level",
        ),
        (
            "[\"face\"]",
            "[\"face\", \"face\"]",
            "any_of[0]: names a source twice; name each once",
        ),
        (
            "[levels.4]",
            "[levels.04]",
            "levels.4: missing; write a table with at least a name",
        ),
        (
            "[levels.4]",
            "[levels.04]",
            "levels.04: there are levels 0, 1, 2, 3 and 4 only",
        ),
        (
            "[sources.face]",
            "[sources.Face]",
            "sources.Face: name a source with 1 to 40 of a-z, 0-9 and _",
        ),
        (
            "[sources.face]",
            "[sources.spare]\n[sources.face]",
            "sources.spare: no level names it",
        ),
    ] {
        let error = Ladder::from_toml(&DEFAULT_TOML.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(says), "{says}\n{error}");
    }
}

#[test]
fn a_fault_is_reported_once_and_alone() {
    for (from, to) in [
        ("a3 = 3", "a3 = 1"),
        ("[\"face\"]", "[\"face\", \"face\"]"),
        ("life_days = 1825", "life_days = 0"),
        ("en = \"Registered\"", "en = \" \""),
        ("worth_at_most = 1 # never", "worth_at_most = 2 # never"),
    ] {
        assert_eq!(faults(from, to).len(), 1, "{:?}", faults(from, to));
    }
}

#[test]
fn a_level_whose_sources_are_all_worth_less_does_not_start() {
    let text = DEFAULT_TOML.replacen(
        "[sources.enterprise_register]",
        "[sources.enterprise_register]\nworth_at_most = 1",
        1,
    );
    let Err(LadderError::Rules(problems)) = Ladder::from_toml(&text) else {
        panic!("accepted")
    };
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["levels.2.organisation", "levels.3.organisation"]);
    assert!(problems[0].advice.contains("nobody would reach the level"));
}

#[test]
fn combinations_that_multiply_without_end_do_not_start() {
    // Level 1 has `n` sources, level 2 `m` beside each of them: n + n * m combinations.
    let with = |n: usize, m: usize| {
        let each = |(letter, n): (&str, usize), pattern: &str| -> String {
            let one = |i: usize| pattern.replace('#', &format!("{letter}{i}"));
            (0..n).map(one).collect::<Vec<_>>().concat()
        };
        let list = |named| each(named, "[\"#\"],");
        let tables = |named| each(named, "[sources.#]\n");
        let name = |level: u8| {
            format!("[levels.{level}]\nname = {{ \"zh-CN\" = \"一\", en = \"a\", vi = \"a\" }}\n")
        };
        let text = format!(
            "[caps]\na1 = 1\na2 = 1\na3 = 1\na4 = 1\n{}{}resident.any_of = [{}]\n{}resident.builds_on = 1\n\
             resident.any_of = [{}]\n{}{}{}{}",
            name(0),
            name(1),
            list(("a", n)),
            name(2),
            list(("b", m)),
            name(3),
            name(4),
            tables(("a", n)),
            tables(("b", m)),
        );
        Ladder::from_toml(&text).map(drop)
    };
    assert_eq!(with(40, 49), Ok(()), "2000");
    let error = with(23, 86).unwrap_err().to_string();
    assert!(
        error.contains("levels.2.resident: more than 2000 combinations; build on fewer"),
        "{error}"
    );
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
        .replace("[\"other_province_level_3\"], ", "")
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
