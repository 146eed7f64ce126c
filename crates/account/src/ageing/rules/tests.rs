use model::evidence::SourceId;
use model::ids::AccountId;
use model::ladder::DEFAULT_TOML;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn now() -> DateTime<Utc> {
    store::testing::start_time()
}

fn level(number: u8) -> Level {
    Level::new(number).unwrap()
}

fn days(days: i64) -> DateTime<Utc> {
    now() + TimeDelta::days(days)
}

fn seen(number: u8, lapses_at: Option<DateTime<Utc>>, reminded_days: Option<u16>) -> Watch {
    Watch {
        account: AccountId::from_uuid(Uuid::nil()),
        level: level(number),
        lapses_at,
        next_look_at: now(),
        reminded_days,
    }
}

fn is(number: u8, lapses_at: Option<DateTime<Utc>>) -> LevelNow {
    LevelNow {
        level: level(number),
        since: None,
        lapses_at,
        carried_by: Vec::new(),
    }
}

fn at(seen: &Watch, is: &LevelNow, now: DateTime<Utc>) -> Look {
    look(&Config::default(), seen, is, now)
}

#[test]
fn people_are_reminded_30_and_7_days_before_a_lapse_once_each() {
    let end = Some(days(100));
    let mut watch = seen(2, end, None);
    let mut reminders = Vec::new();
    for day in 0..100 {
        for _ in 0..2 {
            let found = at(&watch, &is(2, end), days(day));
            assert_eq!(found.fall, None);
            if let Some(reminder) = found.remind {
                reminders.push((day, reminder));
            }
            watch = found.watch;
        }
    }
    assert_eq!(reminders, [(70, 30), (93, 7)]);
    assert_eq!(watch.next_look_at, days(100));
}

#[test]
fn each_look_is_at_the_next_reminder_or_the_lapse_and_never_too_far_away() {
    let next = |lapses_at, now| {
        at(&seen(2, lapses_at, None), &is(2, lapses_at), now)
            .watch
            .next_look_at
    };
    let end = Some(days(100));
    assert_eq!(next(end, days(0)), days(30), "the ladder may have changed");
    assert_eq!(next(end, days(50)), days(70));
    assert_eq!(next(end, days(70)), days(93));
    assert_eq!(next(end, days(93)), days(100));
    assert_eq!(next(None, days(5)), days(35));
}

#[test]
fn a_node_that_was_down_sends_the_last_reminder_only_and_none_after_the_lapse() {
    let end = Some(days(100));
    let found = at(&seen(2, end, None), &is(2, end), days(96));
    assert_eq!((found.remind, found.watch.reminded_days), (Some(7), Some(7)));
    let late = at(&seen(2, end, None), &is(1, Some(days(900))), days(100));
    assert_eq!(late.remind, None);
    assert_eq!(late.fall.unwrap().cause, Cause::Lapsed);
}

#[test]
fn who_has_just_proven_something_is_not_reminded_of_it_and_who_lost_something_is() {
    let soon = Some(days(20));
    for before in [seen(0, None, None), seen(2, Some(days(3)), Some(7))] {
        let found = at(&before, &is(2, soon), now());
        assert_eq!((found.fall, found.remind), (None, None));
        assert_eq!(found.watch.reminded_days, Some(30), "the next is at 7 days");
        let later = at(&found.watch, &is(2, soon), days(13));
        assert_eq!(later.remind, Some(7));
    }
    // The road that lasted longer is gone.
    let found = at(&seen(2, Some(days(300)), None), &is(2, soon), now());
    assert_eq!((found.fall, found.remind), (None, Some(30)));
    let found = at(&seen(2, None, None), &is(2, soon), now());
    assert_eq!(found.remind, Some(30));
    // Renewed: a new lapse has reminders of its own.
    let found = at(&seen(2, Some(days(3)), Some(7)), &is(2, Some(days(733))), now());
    assert_eq!((found.remind, found.watch.reminded_days), (None, None));
}

#[test]
fn a_fall_is_a_lower_level_than_was_seen_and_says_whether_age_or_an_event_did_it() {
    let fall = |before: Watch, is: LevelNow, now| at(&before, &is, now).fall;
    let expected = |from, to, cause| {
        Some(Fall {
            from: level(from),
            to: level(to),
            cause,
        })
    };
    let end = Some(days(10));
    assert_eq!(
        fall(seen(2, end, Some(7)), is(1, None), days(10)),
        expected(2, 1, Cause::Lapsed)
    );
    assert_eq!(
        fall(seen(2, end, Some(7)), is(1, None), days(9)),
        expected(2, 1, Cause::Ended)
    );
    assert_eq!(
        fall(seen(4, None, None), is(0, None), days(9)),
        expected(4, 0, Cause::Ended)
    );
    assert_eq!(fall(seen(2, end, None), is(2, end), days(9)), None);
    assert_eq!(fall(seen(1, end, None), is(2, end), days(11)), None);
}

fn evidence(number: u128, source: &str) -> Evidence {
    Evidence {
        id: EvidenceId::from_uuid(Uuid::from_u128(number)),
        source: SourceId::parse(source).unwrap(),
        issued_at: now(),
        expires_at: None,
        ended_at: None,
    }
}

fn gone(sources: &[&str], keep: u8) -> Vec<String> {
    let ladder = Ladder::from_toml(DEFAULT_TOML).unwrap();
    let held: Vec<_> = (1..)
        .zip(sources)
        .map(|(number, source)| evidence(number, source))
        .collect();
    let gone = lower_to(&ladder, (AccountKind::Resident, level(keep)), &held, now());
    let mut names: Vec<_> = held
        .iter()
        .filter(|piece| gone.contains(&piece.id))
        .map(|piece| piece.source.to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn source_hb_37_lowering_takes_what_only_the_higher_levels_need() {
    let all = [
        "phone_sms",
        "population_register",
        "mobile_operator",
        "bank_card",
        "face",
        "counter",
    ];
    assert_eq!(gone(&all, 1), ["bank_card", "counter", "face", "mobile_operator"]);
    assert_eq!(gone(&all, 4), [""; 0]);
    assert_eq!(gone(&all, 3), ["counter"]);
    assert_eq!(gone(&all, 2), ["counter", "face"]);
    assert_eq!(gone(&["phone_sms", "population_register"], 1), [""; 0]);
    assert_eq!(
        gone(&all, 0),
        [
            "bank_card",
            "counter",
            "face",
            "mobile_operator",
            "population_register"
        ],
        "nothing is left that would carry a level again beside the register"
    );
}

proptest! {
    #[test]
    fn after_lowering_the_level_is_not_above_and_what_stays_is_as_high_as_can_be(
        chosen in proptest::collection::vec(0_usize..9, 0..7), keep in 0_u8..5,
    ) {
        const SOURCES: [&str; 9] = [
            "phone_sms", "population_register", "mobile_operator", "bank_card", "face", "counter",
            "certificate", "other_province_level_3", "operator_override_2",
        ];
        let ladder = Ladder::from_toml(DEFAULT_TOML).unwrap();
        let held: Vec<_> = (1..).zip(&chosen).map(|(number, one)| evidence(number, SOURCES[*one])).collect();
        let before = ladder.level(AccountKind::Resident, &held, now()).level;
        let gone = lower_to(&ladder, (AccountKind::Resident, level(keep)), &held, now());
        let left: Vec<_> = held.iter().filter(|piece| !gone.contains(&piece.id)).cloned().collect();
        let after = ladder.level(AccountKind::Resident, &left, now()).level;
        prop_assert!(after <= level(keep) && after <= before);
        prop_assert_eq!(gone.is_empty(), before <= level(keep));
    }

    #[test]
    fn a_look_never_reminds_twice_and_always_comes_back_later(
        lapse in -10_i64..400, reminded in proptest::option::of(proptest::sample::select(vec![7_u16, 30])),
        was in 0_u8..5, is_now in 0_u8..5, later in 0_i64..100,
    ) {
        let end = Some(days(lapse));
        let first = at(&seen(was, end, reminded), &is(is_now, end), now());
        prop_assert!(first.watch.next_look_at > now());
        let again = at(&first.watch, &is(is_now, end), now());
        prop_assert_eq!((again.remind, again.fall), (None, None));
        let moment = days(later);
        if moment < first.watch.next_look_at && moment < days(lapse) {
            prop_assert_eq!(at(&first.watch, &is(is_now, end), moment).remind, None, "no reminder between two looks");
        }
    }
}
