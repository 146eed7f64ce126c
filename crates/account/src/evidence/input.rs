//! What a person typed about themselves, checked by our own rules before anybody outside is asked (GB 11643). Every
//! fault has its own words and names its field.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use model::citizen_id::{CitizenId, CitizenIdError};
use model::person_name::{PersonName, PersonNameError};
use store::accounts::Account;
use store::cases::{Factors, Input};
use web::Visit;
use web::form::Errors;

use super::port::FormRoad;
use crate::Service;

/// Name and number as they were typed.
#[derive(Clone, Copy)]
pub(crate) struct Typed<'a> {
    pub(crate) name: &'a str,
    pub(crate) citizen_id: &'a str,
}

/// Everything that a form sends about the person.
#[derive(Clone, Default)]
pub(super) struct Entered {
    pub(super) name: String,
    pub(super) citizen_id: String,
    pub(super) more: BTreeMap<&'static str, String>,
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entered")
    }
}

impl Entered {
    /// What was typed earlier and could be kept.
    pub(super) fn of(road: &FormRoad, kept: &Input) -> Self {
        let text = |name| kept.more.get(name).unwrap_or_default().to_owned();
        let more = road.fields.iter().map(|field| (field.name, text(field.name)));
        Self {
            name: kept.name.as_str().to_owned(),
            citizen_id: kept.citizen_id.as_str().to_owned(),
            more: more.collect(),
        }
    }

    /// One further field.
    pub(super) fn text(&self, name: &str) -> &str {
        self.more.get(name).map_or("", String::as_str)
    }
}

/// What to do with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Ask the source.
    Ask(Input),
    /// Something is wrong; nobody is asked.
    Wrong(Errors),
    /// Too young to do this alone, by this number; nobody is asked.
    Minor(CitizenId),
}

/// The same where only name and number are typed.
pub(crate) fn decide(service: &Service, _: &Visit, account: &Account, typed: Typed<'_>) -> Decision {
    const ROAD: FormRoad = FormRoad {
        types_identity: true,
        ..FormRoad::asking(&[])
    };
    let entered = Entered {
        name: typed.name.to_owned(),
        citizen_id: typed.citizen_id.to_owned(),
        ..Entered::default()
    };
    let rules = (super::today(service), service.config().sources.adult_years);
    read(&ROAD, account, &entered, rules)
}

/// Decides whether the source is asked.
pub(super) fn read(
    road: &FormRoad,
    account: &Account,
    typed: &Entered,
    (today, adult_years): (NaiveDate, u32),
) -> Decision {
    let mut errors = Errors::none();
    let (name, number) = if road.types_identity {
        identity(account, typed, today, &mut errors)
    } else {
        (account.name.clone(), account.citizen_id.clone())
    };
    let more = factors(road, typed, today, &mut errors);
    match (name, number) {
        (Some(name), Some(citizen_id)) if errors.is_empty() => {
            if citizen_id.age_on(today) < adult_years {
                return Decision::Minor(citizen_id);
            }
            Decision::Ask(Input {
                name,
                citizen_id,
                phone: account.phone.clone().filter(|_| road.with_phone),
                more,
            })
        }
        _ => Decision::Wrong(errors),
    }
}

/// Name and number as they were typed. What is verified is not edited (HB-22): only the same can be proven again.
fn identity(
    account: &Account,
    typed: &Entered,
    today: NaiveDate,
    errors: &mut Errors,
) -> (Option<PersonName>, Option<CitizenId>) {
    let name = errors.take("name", PersonName::parse(&typed.name).map_err(name_fault));
    let number = if typed.citizen_id.trim().is_empty() {
        Err("evidence-citizen-id-missing")
    } else {
        CitizenId::parse(&typed.citizen_id, today).map_err(number_fault)
    };
    let number = errors.take("citizen_id", number);
    if number.is_some() && account.citizen_id.is_some() && number != account.citizen_id {
        errors.add("citizen_id", "evidence-citizen-id-other");
    }
    let name = match (name, &account.name) {
        // As it was proven, however it is typed now.
        (Some(typed), Some(proven)) if typed.same_as(proven) => Some(proven.clone()),
        (typed, proven) => {
            if typed.is_some() && proven.is_some() {
                errors.add("name", "evidence-name-other");
            }
            typed
        }
    };
    (name, number)
}

/// What else the source compares, each by its own check, and then together.
fn factors(road: &FormRoad, typed: &Entered, today: NaiveDate, errors: &mut Errors) -> Factors {
    let mut factors = Factors::none();
    for field in road.fields {
        let text = typed.text(field.name);
        if field.optional && text.trim().is_empty() {
            continue;
        }
        if let Some(value) = errors.take(field.name, (field.parse)(text)) {
            factors = factors.with(field.name, value, field.kept);
        }
    }
    if errors.is_empty()
        && let Err((field, words)) = (road.together)(&factors, today)
    {
        errors.add(field, words);
    }
    factors
}

pub(crate) const fn name_fault(error: PersonNameError) -> &'static str {
    match error {
        PersonNameError::Empty => "evidence-name-missing",
        PersonNameError::Length => "evidence-name-length",
        PersonNameError::Digit => "evidence-name-digit",
        PersonNameError::Character => "evidence-name-character",
        PersonNameError::Separator => "evidence-name-separator",
    }
}

const fn number_fault(error: CitizenIdError) -> &'static str {
    match error {
        CitizenIdError::Length => "evidence-citizen-id-length",
        CitizenIdError::Character => "evidence-citizen-id-character",
        CitizenIdError::Region => "evidence-citizen-id-region",
        CitizenIdError::Date => "evidence-citizen-id-date",
        CitizenIdError::Future => "evidence-citizen-id-future",
        CitizenIdError::Check => "evidence-citizen-id-check",
    }
}

#[cfg(test)]
mod tests {
    use model::client::AccountKind;
    use model::ids::AccountId;
    use model::language::Language;
    use store::accounts::Status;
    use uuid::Uuid;

    use super::*;
    use crate::evidence::port;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()
    }

    fn account(citizen_id: Option<&str>) -> Account {
        let at = store::testing::start_time();
        Account {
            id: AccountId::from_uuid(Uuid::nil()),
            kind: AccountKind::Resident,
            status: Status::Active,
            language: Language::ZhCn,
            phone: None,
            name: None,
            email: None,
            username: None,
            declared_name: None,
            citizen_id: citizen_id.map(|text| CitizenId::parse(text, today()).unwrap()),
            created_at: at,
            updated_at: at,
        }
    }

    const REGISTER: FormRoad = FormRoad {
        types_identity: true,
        ..FormRoad::asking(&[])
    };

    fn typed(name: &str, citizen_id: &str) -> Entered {
        Entered {
            name: name.to_owned(),
            citizen_id: citizen_id.to_owned(),
            ..Entered::default()
        }
    }

    fn run(proven: Option<&str>, name: &str, citizen_id: &str) -> Decision {
        read(
            &REGISTER,
            &account(proven),
            &typed(name, citizen_id),
            (today(), 18),
        )
    }

    fn fault(name: &str, citizen_id: &str, field: &str) -> Option<&'static str> {
        match run(None, name, citizen_id) {
            Decision::Wrong(errors) => errors.for_field(field).and_then(web::form::Words::code),
            _ => None,
        }
    }

    #[test]
    fn attack_245_every_fault_of_a_number_has_its_own_words_and_nobody_is_asked() {
        let number = |text| fault("张明远", text, "citizen_id");
        assert_eq!(number(" "), Some("evidence-citizen-id-missing"));
        assert_eq!(number("34000019900307001"), Some("evidence-citizen-id-length"));
        assert_eq!(
            number("34000019900307001A"),
            Some("evidence-citizen-id-character")
        );
        assert_eq!(number("990000199003070012"), Some("evidence-citizen-id-region"));
        assert_eq!(number("340000199002300012"), Some("evidence-citizen-id-date"));
        assert_eq!(number("340000209003070012"), Some("evidence-citizen-id-future"));
        assert_eq!(number("340000199003070013"), Some("evidence-citizen-id-check"));
    }

    #[test]
    fn attack_246_a_proven_name_in_other_letters_is_asked_about_as_it_was_proven() {
        let number = "340000199003070012";
        let proven = Account {
            name: Some(PersonName::parse("John Smith").unwrap()),
            ..account(Some(number))
        };
        let asked = |name| read(&REGISTER, &proven, &typed(name, number), (today(), 18));
        for same in ["John Smith", "JOHN SMITH", "john smith"] {
            let Decision::Ask(input) = asked(same) else {
                panic!("{same}")
            };
            assert_eq!(input.name.as_str(), "John Smith", "{same}");
        }
        let Decision::Wrong(errors) = asked("John Smyth") else {
            panic!("another name")
        };
        let code = errors.for_field("name").and_then(web::form::Words::code);
        assert_eq!(code, Some("evidence-name-other"));
    }

    #[test]
    fn attack_246_every_fault_of_a_name_has_its_own_words() {
        let name = |text| fault(text, "340000199003070012", "name");
        assert_eq!(name(""), Some("evidence-name-missing"));
        assert_eq!(name("张3"), Some("evidence-name-digit"));
        assert_eq!(name("张\u{202e}明"), Some("evidence-name-character"));
        assert_eq!(name("买买提·"), Some("evidence-name-separator"));
        assert_eq!(name(&"张".repeat(101)), Some("evidence-name-length"));
    }

    #[test]
    fn source_hb_21_a_good_pair_is_asked_about_in_its_canonical_form() {
        let Decision::Ask(input) = run(None, " 买买提•吐尔逊 ", "34000019930510007x") else {
            panic!("asked")
        };
        assert_eq!(
            (input.name.as_str(), input.citizen_id.as_str()),
            ("买买提·吐尔逊", "34000019930510007X")
        );
    }

    #[test]
    fn a_minor_is_sent_elsewhere_without_a_check() {
        assert!(matches!(
            run(None, "古丽·艾山", "650000201506010241"),
            Decision::Minor(_)
        ));
    }

    #[test]
    fn source_hb_22_a_verified_number_is_not_replaced_by_another() {
        assert!(matches!(
            run(Some("340000199003070012"), "张明远", "340000199003070012"),
            Decision::Ask(_)
        ));
        let Decision::Wrong(errors) = run(Some("340000199003070012"), "李静宜", "420000198511150022")
        else {
            panic!("refused")
        };
        assert_eq!(
            errors.for_field("citizen_id").and_then(web::form::Words::code),
            Some("evidence-citizen-id-other")
        );
    }

    #[test]
    fn source_hb_22_a_verified_name_is_not_replaced_by_another() {
        let verified = Account {
            name: Some(PersonName::parse("张明远").unwrap()),
            ..account(Some("340000199003070012"))
        };
        let run = |name| {
            read(
                &REGISTER,
                &verified,
                &typed(name, "340000199003070012"),
                (today(), 18),
            )
        };
        assert!(matches!(run("张明远"), Decision::Ask(_)));
        let Decision::Wrong(errors) = run("张明") else {
            panic!("refused")
        };
        let code = errors.for_field("name").and_then(web::form::Words::code);
        assert_eq!(code, Some("evidence-name-other"));
    }

    #[test]
    fn a_further_source_is_told_the_verified_name_and_number_whatever_is_typed() {
        const NUMBER: port::Field = port::Field::new("number", port::Shape::Text, |text| match text {
            "" => Err("missing"),
            text => Ok(text.to_uppercase()),
        });
        const ROAD: FormRoad = FormRoad {
            with_phone: true,
            together: |all, _| match all.get("number") {
                Some("BAD") => Err(("number", "bad")),
                _ => Ok(()),
            },
            ..FormRoad::asking(&[NUMBER])
        };
        let verified = Account {
            name: Some(PersonName::parse("张明远").unwrap()),
            phone: Some(model::phone::Phone::parse("13800000001").unwrap()),
            ..account(Some("340000199003070012"))
        };
        let run = |number: &str| {
            let mut typed = typed("李静宜", "420000198511150022");
            typed.more.insert("number", number.to_owned());
            read(&ROAD, &verified, &typed, (today(), 18))
        };
        let Decision::Ask(facts) = run("a1") else {
            panic!("asked")
        };
        assert_eq!(
            (facts.name, Some(facts.citizen_id)),
            (verified.name.clone().unwrap(), verified.citizen_id.clone())
        );
        assert_eq!(
            (facts.phone, facts.more.get("number")),
            (verified.phone.clone(), Some("A1"))
        );
        for (number, fault) in [("", "missing"), ("bad", "bad")] {
            let Decision::Wrong(errors) = run(number) else {
                panic!("refused")
            };
            assert_eq!(
                errors.for_field("number").and_then(web::form::Words::code),
                Some(fault)
            );
        }
    }
}
