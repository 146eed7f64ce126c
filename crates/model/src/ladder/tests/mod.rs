//! The rules against an independent statement of them.

mod extras;
mod faults;
mod rules;
mod table;

use std::sync::LazyLock;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn ladder() -> &'static Ladder {
    static LADDER: LazyLock<Ladder> = LazyLock::new(|| Ladder::from_toml(DEFAULT_TOML).unwrap());
    &LADDER
}

fn day(number: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + number)
}

fn source(name: &str) -> SourceId {
    SourceId::parse(name).unwrap()
}

/// Evidence as the account crate makes it: it expires when the ladder says so.
fn evidence(name: &str, issued: i64) -> Evidence {
    let source = source(name);
    let expires_at = ladder().expiry(&source, day(issued));
    let id = name
        .bytes()
        .fold(0u128, |id, byte| id.wrapping_mul(257) ^ u128::from(byte));
    let id = id.wrapping_mul(1 << 20) ^ u128::from(issued.unsigned_abs());
    Evidence {
        id: EvidenceId::from_uuid(Uuid::from_u128(id)),
        source,
        issued_at: day(issued),
        expires_at,
        ended_at: None,
    }
}

fn resident(names: &[&str]) -> u8 {
    let evidence: Vec<_> = names.iter().map(|name| evidence(name, 0)).collect();
    ladder()
        .level(AccountKind::Resident, &evidence, day(1))
        .level
        .number()
}

fn organisation(names: &[&str]) -> u8 {
    let evidence: Vec<_> = names.iter().map(|name| evidence(name, 0)).collect();
    ladder()
        .level(AccountKind::Organisation, &evidence, day(1))
        .level
        .number()
}

#[test]
fn organisations_climb_by_their_own_rules() {
    assert_eq!(organisation(&[]), 0);
    assert_eq!(organisation(&["population_register"]), 0);
    assert_eq!(organisation(&["enterprise_register"]), 1);
    assert_eq!(organisation(&["representative_confirmed"]), 0);
    assert_eq!(
        organisation(&["enterprise_register", "representative_confirmed"]),
        2
    );
    assert_eq!(organisation(&["enterprise_register", "business_licence"]), 1);
    assert_eq!(
        organisation(&[
            "enterprise_register",
            "representative_confirmed",
            "business_licence"
        ]),
        3
    );
    assert_eq!(organisation(&["organisation_certificate"]), 4);
    assert_eq!(organisation(&["certificate"]), 0);
    assert_eq!(organisation(&["counter"]), 4);
}

#[test]
fn legacy_evidence_is_worth_one_at_most() {
    assert_eq!(resident(&["legacy_real_name"]), 1);
    assert_eq!(
        resident(&["legacy_real_name", "mobile_operator", "bank_card", "face"]),
        1
    );
    assert_eq!(
        organisation(&[
            "legacy_organisation",
            "representative_confirmed",
            "business_licence"
        ]),
        1
    );
}

#[test]
fn the_level_is_dated_by_the_evidence_that_carries_it() {
    let ladder = ladder();
    let register = evidence("population_register", 0);
    let operator = evidence("mobile_operator", 10);
    let bank = evidence("bank_card", 400);
    let now = |pieces: &[Evidence], at| ladder.level(AccountKind::Resident, pieces, day(at));

    let none = now(&[], 1);
    assert_eq!((none.level.number(), none.since, none.lapses_at), (0, None, None));

    let one = now(std::slice::from_ref(&register), 1);
    assert_eq!((one.since, one.lapses_at), (Some(day(0)), Some(day(1825))));
    assert_eq!(one.carried_by, [register.id]);

    // Two second sources: the level dates from the first and lasts as long as the longer one.
    let all = [bank.clone(), register.clone(), operator.clone()];
    let two = now(&all, 500);
    assert_eq!(
        (two.level.number(), two.since, two.lapses_at),
        (2, Some(day(10)), Some(day(1130)))
    );
    assert_eq!(two.carried_by, [register.id, operator.id]);

    // The first one has run out.
    let later = now(&all, 740);
    assert_eq!(
        (later.level.number(), later.since, later.lapses_at),
        (2, Some(day(400)), Some(day(1130)))
    );
    // Both have: the level fell, its date is the register's.
    let last = now(&all, 1130);
    assert_eq!(
        (last.level.number(), last.since, last.lapses_at),
        (1, Some(day(0)), Some(day(1825)))
    );
    assert_eq!(now(&all, 1825).level.number(), 0);
}

#[test]
fn renewed_evidence_keeps_the_date_and_moves_the_end() {
    let pieces = [
        evidence("population_register", 0),
        evidence("population_register", 1000),
    ];
    let level = ladder().level(AccountKind::Resident, &pieces, day(1500));
    assert_eq!((level.since, level.lapses_at), (Some(day(0)), Some(day(2825))));
    assert_eq!(level.carried_by, [pieces[0].id]);
}

#[test]
fn evidence_without_an_end_does_not_lapse_and_a_shorter_life_applies_at_once() {
    let certificate = evidence("certificate", 0);
    let level = ladder().level(
        AccountKind::Resident,
        std::slice::from_ref(&certificate),
        day(9000),
    );
    assert_eq!((level.level.number(), level.lapses_at), (4, None));
    let stored_without_end = Evidence {
        expires_at: None,
        ..evidence("population_register", 0)
    };
    let level = ladder().level(
        AccountKind::Resident,
        std::slice::from_ref(&stored_without_end),
        day(1),
    );
    assert_eq!(level.lapses_at, Some(day(1825)));
    assert_eq!(
        ladder()
            .level(AccountKind::Resident, &[stored_without_end], day(1825))
            .level,
        Level::REGISTERED
    );
}

#[test]
fn a_lower_level_is_dated_by_its_own_evidence_and_need_not_be_held_at_all() {
    let pieces = [evidence("population_register", 0), evidence("bank_card", 100)];
    let up_to = |level: usize, pieces: &[Evidence]| {
        ladder().level_up_to(Level::ALL[level], AccountKind::Resident, pieces, day(200))
    };
    let one = up_to(1, &pieces);
    assert_eq!(
        (one.level.number(), one.since, one.lapses_at),
        (1, Some(day(0)), Some(day(1825)))
    );
    assert_eq!(one.carried_by, [pieces[0].id]);
    assert_eq!(
        up_to(2, &pieces),
        ladder().level(AccountKind::Resident, &pieces, day(200))
    );
    assert_eq!(up_to(4, &pieces), up_to(2, &pieces));
    let at_the_counter = [evidence("counter", 0)];
    assert_eq!(up_to(4, &at_the_counter).level.number(), 4);
    assert_eq!(up_to(3, &at_the_counter).level.number(), 0);
}

#[test]
fn the_oldest_of_several_pieces_dates_the_level_and_the_smaller_name_decides_between_equals() {
    let piece = |id: u128, issued: i64| Evidence {
        id: EvidenceId::from_uuid(Uuid::from_u128(id)),
        ..evidence("population_register", issued)
    };
    let carried = |pieces: &[Evidence]| ladder().level(AccountKind::Resident, pieces, day(50)).carried_by;
    for (first, second, kept) in [
        ((1, 5), (2, 5), 1),
        ((2, 5), (1, 5), 1),
        ((1, 6), (2, 5), 2),
        ((2, 5), (1, 6), 2),
    ] {
        let pieces = [piece(first.0, first.1), piece(second.0, second.1)];
        assert_eq!(carried(&pieces), [EvidenceId::from_uuid(Uuid::from_u128(kept))]);
    }
}

#[test]
fn levels_are_numbers_from_0_to_4_in_files_and_claims() {
    for (number, level) in (0u8..).zip(Level::ALL) {
        assert_eq!((Level::try_from(number), u8::from(level)), (Ok(level), number));
        assert_eq!(serde_json::to_string(&level).unwrap(), number.to_string());
        assert_eq!(serde_json::from_str::<Level>(&number.to_string()).unwrap(), level);
    }
    for bad in ["5", "-1", "255", "256", "\"1\"", "1.5"] {
        assert!(serde_json::from_str::<Level>(bad).is_err(), "{bad}");
    }
    assert_eq!(Level::try_from(5), Err("5 is not a level from 0 to 4".to_owned()));
}

#[test]
fn every_source_of_the_file_is_known_by_name() {
    let face = ladder().source(&source("face")).unwrap();
    assert!(face.uses_face && face.offered);
    assert_eq!(
        (face.life, face.worth_at_most),
        (Some(TimeDelta::days(730)), Level::HIGHEST)
    );
    assert_eq!(ladder().source(&source("martian_register")), None);
    assert_eq!(ladder().life(&source("martian_register")), None);
    let names: Vec<_> = ladder().sources().map(|(id, _)| id.as_str()).collect();
    assert!(names.contains(&"face") && names.is_sorted());
    for (id, known) in ladder().sources() {
        assert_eq!(ladder().source(id), Some(known));
    }
}

#[test]
fn the_lowest_level_does_not_lapse() {
    let mail = Evidence {
        expires_at: Some(day(30)),
        ..evidence("email_link", 0)
    };
    let level = ladder().level(AccountKind::Resident, &[mail], day(1));
    assert_eq!(
        (level.level, level.since, level.lapses_at),
        (Level::REGISTERED, Some(day(0)), None)
    );
}

#[test]
fn the_sign_in_caps_what_a_token_carries() {
    let carried = |level: usize, strength| ladder().acr(Level::ALL[level], strength).number();
    for (strength, expected) in [
        (Strength::A1, [0, 1, 2, 2, 2]),
        (Strength::A2, [0, 1, 2, 2, 2]),
        (Strength::A3, [0, 1, 2, 3, 3]),
        (Strength::A4, [0, 1, 2, 3, 4]),
    ] {
        assert_eq!([0, 1, 2, 3, 4].map(|level| carried(level, strength)), expected);
    }
}

fn roads(held: &[&str], wanted: usize) -> Vec<(u8, Vec<String>)> {
    let evidence: Vec<_> = held.iter().map(|name| evidence(name, 0)).collect();
    let roads = ladder().roads(AccountKind::Resident, Level::ALL[wanted], &evidence, day(1));
    let names = |road: Road| road.sources.iter().map(ToString::to_string).collect();
    roads
        .into_iter()
        .map(|road| (road.level.number(), names(road)))
        .collect()
}

#[test]
fn roads_name_what_is_missing_shortest_first() {
    let text = |list: &[(u8, &[&str])]| -> Vec<(u8, Vec<String>)> {
        list.iter()
            .map(|(n, names)| (*n, names.iter().map(ToString::to_string).collect()))
            .collect()
    };
    assert_eq!(
        roads(&["phone_sms"], 1),
        text(&[
            (1, &["population_register"]),
            (4, &["counter"]),
            (4, &["certificate"])
        ])
    );
    let two = roads(&["population_register"], 2);
    assert_eq!(two[0], (2, vec!["mobile_operator".to_owned()]));
    assert!(two.iter().all(|(_, sources)| sources.len() == 1));
    assert!(
        two.iter()
            .all(|(_, sources)| !sources[0].starts_with("operator_override"))
    );
    assert_eq!(two.len(), 7 + 3 + 2);
    let from_nothing = roads(&[], 2);
    assert_eq!(
        from_nothing[2],
        (
            2,
            vec!["population_register".to_owned(), "mobile_operator".to_owned()]
        )
    );
    // The counter, a certificate; the register with one of seven for level 2, or one of three for level 3.
    assert_eq!(from_nothing.len(), 2 + 7 + 3);
    assert_eq!(roads(&["population_register", "bank_card"], 2), []);
    assert_eq!(roads(&["counter"], 4), []);
    // A legacy name does not help on the way to level 2.
    assert_eq!(roads(&["legacy_real_name"], 2), from_nothing);
}

#[test]
fn of_equally_short_roads_the_lower_level_comes_first() {
    for held in [&[][..], &["population_register"], &["phone_sms", "counter"]] {
        for wanted in 1..=4 {
            let found: Vec<_> = roads(held, wanted)
                .into_iter()
                .map(|(level, sources)| (sources.len(), level))
                .collect();
            assert!(found.is_sorted(), "{held:?} {wanted} {found:?}");
        }
    }
}

#[test]
fn every_level_has_a_name_in_every_language() {
    for level in Level::ALL {
        for language in Language::ALL {
            assert!(!ladder().name(level, language).is_empty());
        }
    }
    assert_eq!(ladder().name(Level::ALL[1], Language::En), "Real name");
}

#[test]
fn acr_values_read_back_and_other_values_do_not() {
    for level in Level::ALL {
        assert_eq!(Level::from_acr(&level.acr()), Some(level));
    }
    for bad in [
        "",
        "urn:denizen:loa:5",
        "urn:denizen:loa:",
        "urn:denizen:loa:+1",
        "urn:denizen:loa:01",
        "1",
    ] {
        assert_eq!(Level::from_acr(bad), None);
    }
}

proptest! {
    #[test]
    fn reading_a_ladder_never_panics(text in "\\PC{0,80}|([a-z.\\[\\]=\" 0-9\n]{0,80})") {
        let _ = Ladder::from_toml(&text);
    }

    #[test]
    fn more_evidence_never_lowers_the_level_and_a_road_taken_arrives(
        chosen in proptest::collection::vec((0usize..table::RESIDENT.len(), 0i64..900), 0..6), wanted in 1usize..5
    ) {
        let ladder = ladder();
        let now = day(901);
        let mut held: Vec<Evidence> = Vec::new();
        let mut last = Level::REGISTERED;
        for (at, issued) in chosen {
            held.push(evidence(table::RESIDENT[at].name, issued));
            let level = ladder.level(AccountKind::Resident, &held, now);
            prop_assert!(level.level >= last);
            prop_assert!(level.since.is_none_or(|since| since <= now));
            prop_assert!(level.lapses_at.is_none_or(|lapses| lapses > now));
            if let Some(lapses) = level.lapses_at {
                prop_assert!(ladder.level(AccountKind::Resident, &held, lapses).level < level.level);
                let before = lapses - TimeDelta::microseconds(1);
                prop_assert!(ladder.level(AccountKind::Resident, &held, before).level >= level.level);
            }
            last = level.level;
        }
        for road in ladder.roads(AccountKind::Resident, Level::ALL[wanted], &held, now) {
            let mut then = held.clone();
            then.extend(road.sources.iter().map(|source| evidence(source.as_str(), 901)));
            prop_assert!(ladder.level(AccountKind::Resident, &then, now).level >= road.level);
            prop_assert!(!road.sources.is_empty());
        }
    }
}
