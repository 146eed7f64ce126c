//! Every combination of evidence, up to four pieces, against the rules as the design states them: written down here
//! once more, in sets of sources and moments instead of combinations, so that both would have to be wrong alike.

use super::*;

/// A source as the design describes it.
pub(super) struct Stated {
    pub(super) name: &'static str,
    /// Its life in days; zero for what does not age.
    life: i64,
    /// The most that it is worth.
    worth: u8,
}

const fn stated(name: &'static str, life: i64, worth: u8) -> Stated {
    Stated { name, life, worth }
}

pub(super) const RESIDENT: [Stated; 20] = [
    stated("phone_sms", 0, 4),
    stated("email_link", 0, 4),
    stated("population_register", 1825, 4),
    stated("register_review", 730, 4),
    stated("mobile_operator", 730, 4),
    stated("bank_card", 730, 4),
    stated("social_security", 730, 4),
    stated("provident_fund", 730, 4),
    stated("driving_licence", 730, 4),
    stated("trusted_sign_in", 730, 2),
    stated("document_review", 730, 4),
    stated("face", 730, 4),
    stated("network_id_face", 730, 4),
    stated("other_province_level_3", 730, 3),
    stated("counter", 1825, 4),
    stated("certificate", 0, 4),
    stated("legacy_real_name", 365, 1),
    stated("operator_override_1", 90, 1),
    stated("operator_override_2", 90, 2),
    stated("operator_override_3", 90, 3),
];

const ORGANISATION: [Stated; 10] = [
    stated("enterprise_register", 730, 4),
    stated("representative_confirmed", 730, 4),
    stated("representative_real_person", 730, 4),
    stated("business_licence", 730, 4),
    stated("organisation_certificate", 0, 4),
    stated("counter", 1825, 4),
    stated("legacy_organisation", 365, 1),
    stated("operator_override_1", 90, 1),
    stated("operator_override_2", 90, 2),
    stated("operator_override_3", 90, 3),
];

/// Sources that say nothing about the account: of the other kind of account, and one that nobody knows any more.
const IDLE: [Stated; 2] = [
    stated("martian_register", 0, 4),
    stated("representative_register", 0, 4),
];

/// A source that an installation brings along: level 1 without the population register, and 2 at most.
const JOINED: Stated = stated("city_card", 100, 2);

/// The highest level, as far as one, for which the sources held, as far as each is worth it, satisfy the sentence
/// of the design.
fn by_the_design(ceiling: u8, kind: AccountKind, held: &[&Stated]) -> u8 {
    let reaches = |level: u8| {
        let any = |names: &[&str]| held.iter().any(|s| s.worth >= level && names.contains(&s.name));
        match (kind, level) {
            (AccountKind::Resident, 4) => any(&["counter", "certificate"]),
            (AccountKind::Resident, 1) => is_named(&any),
            (AccountKind::Resident, 2) => is_named(&any) && has_second_source(&any),
            (AccountKind::Resident, _) => is_named(&any) && was_there(&any),
            (AccountKind::Organisation, 4) => any(&["counter", "organisation_certificate"]),
            (AccountKind::Organisation, 1) => is_registered(&any),
            (AccountKind::Organisation, 2) => is_registered(&any) && is_represented(&any),
            (AccountKind::Organisation, _) => {
                is_registered(&any)
                    && is_represented(&any)
                    && any(&[
                        "representative_real_person",
                        "business_licence",
                        "operator_override_3",
                    ])
            }
        }
    };
    let mut levels = (1..=ceiling).rev();
    levels.find(|level| reaches(*level)).unwrap_or(0)
}

type Any<'a> = &'a dyn Fn(&[&str]) -> bool;

fn is_named(any: Any<'_>) -> bool {
    any(&[
        "population_register",
        "register_review",
        "legacy_real_name",
        "operator_override_1",
        "city_card",
    ])
}

fn has_second_source(any: Any<'_>) -> bool {
    let asked = [
        "mobile_operator",
        "bank_card",
        "social_security",
        "provident_fund",
        "driving_licence",
    ];
    any(&asked) || any(&["trusted_sign_in", "document_review", "operator_override_2"])
}

fn was_there(any: Any<'_>) -> bool {
    any(&[
        "face",
        "network_id_face",
        "other_province_level_3",
        "operator_override_3",
    ])
}

fn is_registered(any: Any<'_>) -> bool {
    any(&[
        "enterprise_register",
        "legacy_organisation",
        "operator_override_1",
    ])
}

fn is_represented(any: Any<'_>) -> bool {
    any(&["representative_confirmed", "operator_override_2"])
}

/// The moment at which everything is asked.
fn now() -> DateTime<Utc> {
    day(5000)
}

/// A piece of evidence with what the design says about it: when it ends, if it counts now at all.
struct Piece {
    stated: &'static Stated,
    evidence: Evidence,
    counts: bool,
    end: Option<DateTime<Utc>>,
}

/// How a piece came to count, or not to count.
const LIVING: [&str; 4] = ["fresh", "no end stored", "will be ended", "ends before its life"];
const GONE: [&str; 5] = [
    "just expired",
    "just ended",
    "not issued yet",
    "outlived today's rules",
    "ended long ago",
];

fn piece(stated: &'static Stated, how: &str, turn: i64) -> Piece {
    let life = (stated.life > 0).then(|| TimeDelta::days(stated.life));
    // Every piece of a combination has another day, and the order of days is not the order of sources.
    let issued_at = now() - TimeDelta::days(1 + turn * 7 % 31);
    let mut evidence = Evidence {
        issued_at,
        expires_at: life.map(|life| issued_at + life),
        ended_at: None,
        ..evidence(stated.name, turn)
    };
    let soon = now() + TimeDelta::days(1 + turn * 5 % 23);
    match how {
        "fresh" => {}
        "no end stored" => evidence.expires_at = None,
        "will be ended" => evidence.ended_at = Some(soon),
        "ends before its life" => evidence.expires_at = Some(soon),
        "just expired" => evidence.expires_at = Some(now()),
        "just ended" => evidence.ended_at = Some(now()),
        "not issued yet" => evidence.issued_at = now() + TimeDelta::seconds(6),
        "outlived today's rules" => {
            // For what does not age there is nothing to outlive.
            let life = life.unwrap_or_else(|| {
                evidence.ended_at = Some(now());
                TimeDelta::days(1)
            });
            evidence.issued_at = now() - life;
            evidence.expires_at = None;
        }
        "ended long ago" => evidence.ended_at = Some(issued_at),
        other => panic!("{other}"),
    }
    let ends = [
        evidence.expires_at,
        evidence.ended_at,
        life.map(|life| evidence.issued_at + life),
    ];
    Piece {
        stated,
        counts: LIVING.contains(&how),
        end: ends.into_iter().flatten().min(),
        evidence,
    }
}

/// The level, its dates and what carries it, by looking at every moment at which something changes.
fn check(ladder: &Ladder, kind: AccountKind, pieces: &[&Piece], turn: usize) {
    let evidence: Vec<Evidence> = pieces.iter().map(|piece| piece.evidence.clone()).collect();
    let found = ladder.level(kind, &evidence, now());
    let described = || -> Vec<_> { pieces.iter().map(|p| (&p.evidence, p.counts)).collect() };

    let counting: Vec<&Piece> = pieces.iter().copied().filter(|piece| piece.counts).collect();
    let level_of = |keep: &dyn Fn(&Piece) -> bool| {
        let kept: Vec<&Stated> = counting.iter().filter(|p| keep(p)).map(|p| p.stated).collect();
        by_the_design(4, kind, &kept)
    };
    let level = level_of(&|_| true);
    assert_eq!(found.level.number(), level, "{:?}", described());

    let mut ends: Vec<_> = counting.iter().filter_map(|piece| piece.end).collect();
    ends.sort_unstable();
    let lapse = ends
        .into_iter()
        .find(|at| level_of(&|piece| piece.end.is_none_or(|end| end > *at)) < level);
    assert_eq!(found.lapses_at, lapse, "{:?}", described());

    let stated: Vec<&Stated> = counting.iter().map(|piece| piece.stated).collect();
    // One ceiling each time, all of them over the many times.
    let ceiling = Level::ALL[turn % Level::ALL.len()];
    let up_to = ladder.level_up_to(ceiling, kind, &evidence, now());
    let expected = by_the_design(ceiling.number(), kind, &stated);
    assert_eq!(up_to.level.number(), expected, "{ceiling:?} {:?}", described());

    if level == 0 {
        return;
    }
    let mut starts: Vec<_> = counting.iter().map(|piece| piece.evidence.issued_at).collect();
    starts.sort_unstable();
    let since = starts
        .into_iter()
        .find(|at| level_of(&|piece| piece.evidence.issued_at <= *at) == level);
    assert_eq!(found.since, since, "{:?}", described());
    let carries = |piece: &Piece| found.carried_by.contains(&piece.evidence.id);
    assert_eq!(level_of(&carries), level, "{:?}", described());
    let last = counting
        .iter()
        .filter(|p| carries(p))
        .map(|p| p.evidence.issued_at)
        .max();
    assert_eq!(last, since, "{:?}", described());
    for left_out in &found.carried_by {
        let without = level_of(&|piece| carries(piece) && piece.evidence.id != *left_out);
        assert!(without < level, "needless: {:?}", described());
    }
}

/// Every choice of up to four of the pieces given for each source, one piece of a source at a time.
fn every_choice(ladder: &Ladder, kind: AccountKind, of_sources: &[Vec<Piece>]) -> usize {
    fn choose<'a>(of: &'a [Vec<Piece>], chosen: &mut Vec<&'a Piece>, seen: &mut dyn FnMut(&[&'a Piece])) {
        seen(chosen);
        if chosen.len() == 4 {
            return;
        }
        for (at, pieces) in of.iter().enumerate() {
            for piece in pieces {
                chosen.push(piece);
                choose(&of[at + 1..], chosen, seen);
                chosen.pop();
            }
        }
    }
    let mut counted = 0;
    choose(of_sources, &mut Vec::new(), &mut |chosen| {
        check(ladder, kind, chosen, counted);
        counted += 1;
    });
    counted
}

/// For each source one piece that counts and one that does not, each in its turn in another way.
fn both_ways(sources: impl Iterator<Item = &'static Stated>) -> Vec<Vec<Piece>> {
    let pieces = |(at, stated): (usize, &'static Stated)| {
        let turn = i64::try_from(at).unwrap();
        vec![
            piece(stated, LIVING[at % LIVING.len()], turn),
            piece(stated, GONE[at % GONE.len()], turn + 100),
        ]
    };
    sources.enumerate().map(pieces).collect()
}

/// The number of choices of up to four out of `sources` sources with `each` pieces of each.
fn choices(sources: usize, each: usize) -> usize {
    let mut count = 1;
    let mut of_size = 1;
    for size in 0..4 {
        of_size = of_size * (sources - size) / (size + 1);
        count += of_size * each.pow(u32::try_from(size).unwrap() + 1);
    }
    count
}

#[test]
fn every_combination_of_a_residents_evidence_gives_the_level_of_the_design() {
    let pieces = both_ways(RESIDENT.iter().chain(&IDLE));
    let counted = every_choice(ladder(), AccountKind::Resident, &pieces);
    assert_eq!(counted, choices(22, 2));
}

#[test]
fn every_combination_of_an_organisations_evidence_gives_the_level_of_the_design() {
    let pieces = both_ways(ORGANISATION.iter().chain(&IDLE));
    let counted = every_choice(ladder(), AccountKind::Organisation, &pieces);
    assert_eq!(counted, choices(12, 2));
}

#[test]
fn every_combination_with_a_source_that_joined_gives_the_level_of_the_design() {
    let ladder = Ladder::from_toml_with(
        DEFAULT_TOML,
        &[Extra {
            source: source(JOINED.name),
            level: 1,
            life_days: Some(JOINED.life),
            worth_at_most: Some(JOINED.worth.into()),
            uses_face: false,
        }],
    )
    .unwrap();
    let chosen = RESIDENT.iter().filter(|stated| !stated.name.contains("override"));
    let pieces = both_ways(std::iter::once(&JOINED).chain(chosen));
    let counted = every_choice(&ladder, AccountKind::Resident, &pieces);
    assert_eq!(counted, choices(18, 2));
}

#[test]
fn every_way_to_count_and_not_to_count_is_tried_for_every_source_that_matters() {
    let of = |names: &[&str], all: &'static [Stated]| -> Vec<Vec<Piece>> {
        let chosen = all.iter().filter(|stated| names.contains(&stated.name));
        let every_way = |(at, stated): (usize, &'static Stated)| {
            let ways = LIVING.iter().chain(&GONE).enumerate();
            let turn = |way: usize| i64::try_from(at * 10 + way).unwrap();
            ways.map(|(way, how)| piece(stated, how, turn(way))).collect()
        };
        chosen.enumerate().map(every_way).collect()
    };
    let residents = [
        "population_register",
        "bank_card",
        "face",
        "counter",
        "certificate",
    ];
    let pieces = of(&residents, &RESIDENT);
    assert_eq!(
        every_choice(ladder(), AccountKind::Resident, &pieces),
        choices(5, 9)
    );
    let organisations = [
        "enterprise_register",
        "representative_confirmed",
        "business_licence",
    ];
    let pieces = of(&organisations, &ORGANISATION);
    let counted = every_choice(ladder(), AccountKind::Organisation, &pieces);
    assert_eq!(counted, choices(3, 9));
}

#[test]
fn every_combination_with_several_pieces_of_one_source_gives_the_level_of_the_design() {
    let names = [
        "population_register",
        "bank_card",
        "face",
        "certificate",
        "legacy_real_name",
    ];
    let mut pieces = Vec::new();
    for (at, stated) in RESIDENT.iter().filter(|s| names.contains(&s.name)).enumerate() {
        let turn = i64::try_from(at).unwrap();
        for (way, how) in ["fresh", "will be ended", "fresh", "just ended"]
            .iter()
            .enumerate()
        {
            // As a list of its own, each may be chosen beside the others.
            pieces.push(vec![piece(stated, how, turn + 5 * i64::try_from(way).unwrap())]);
        }
    }
    let counted = every_choice(ladder(), AccountKind::Resident, &pieces);
    assert_eq!(counted, choices(20, 1));
}

#[test]
fn the_lives_and_worths_of_the_design_are_those_of_the_ladder() {
    let mut known = 0;
    for stated in RESIDENT
        .iter()
        .chain(&ORGANISATION[..7])
        .filter(|s| s.name != "counter")
    {
        let found = ladder().source(&source(stated.name)).unwrap();
        let life = (stated.life > 0).then(|| TimeDelta::days(stated.life));
        assert_eq!(
            (found.life, found.worth_at_most.number()),
            (life, stated.worth),
            "{}",
            stated.name
        );
        let face = ["face", "network_id_face"].contains(&stated.name);
        assert_eq!(found.uses_face, face, "{}", stated.name);
        let decided = ["legacy_", "operator_", "register_review"];
        let offered = !decided.iter().any(|beginning| stated.name.starts_with(beginning));
        assert_eq!(found.offered, offered, "{}", stated.name);
        known += 1;
    }
    assert_eq!(known + 1, ladder().sources().count());
}

#[test]
fn the_level_of_a_token_is_the_smaller_of_level_and_cap_for_every_level_and_strength() {
    for level in Level::ALL {
        for (strength, cap) in Strength::ALL.into_iter().zip([2, 2, 3, 4]) {
            assert_eq!(ladder().acr(level, strength).number(), level.number().min(cap));
        }
    }
}
