//! What a person typed about themselves, checked by our own rules before anybody outside is asked (GB 11643). Every
//! fault has its own words and names its field.

use chrono::NaiveDate;
use model::citizen_id::{CitizenId, CitizenIdError};
use model::person_name::{PersonName, PersonNameError};
use store::accounts::Account;
use store::cases::Input;
use web::form::Errors;

/// What the form sends about the person.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a> {
    pub(super) name: &'a str,
    pub(super) citizen_id: &'a str,
}

/// What to do with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Ask the source.
    Ask(Input),
    /// Something is wrong; nobody is asked.
    Wrong(Errors),
    /// Too young to do this alone; nobody is asked.
    Minor,
}

/// Decides whether the source is asked.
pub(super) fn decide(account: &Account, typed: Typed<'_>, today: NaiveDate, adult_years: u32) -> Decision {
    let mut errors = Errors::none();
    let name = errors.take("name", PersonName::parse(typed.name).map_err(name_fault));
    let number = if typed.citizen_id.trim().is_empty() {
        Err("evidence-citizen-id-missing")
    } else {
        CitizenId::parse(typed.citizen_id, today).map_err(number_fault)
    };
    let number = errors.take("citizen_id", number);
    // What is verified is not edited (HB-22): only the same number can be proven again.
    if number.is_some() && account.citizen_id.is_some() && number != account.citizen_id {
        errors.add("citizen_id", "evidence-citizen-id-other");
    }
    match (name, number) {
        (Some(name), Some(citizen_id)) if errors.is_empty() => {
            if citizen_id.age_on(today) < adult_years {
                Decision::Minor
            } else {
                Decision::Ask(Input {
                    name,
                    citizen_id,
                    phone: None,
                    more: store::cases::Factors::none(),
                })
            }
        }
        _ => Decision::Wrong(errors),
    }
}

const fn name_fault(error: PersonNameError) -> &'static str {
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
            citizen_id: citizen_id.map(|text| CitizenId::parse(text, today()).unwrap()),
            created_at: at,
            updated_at: at,
        }
    }

    fn run(proven: Option<&str>, name: &str, citizen_id: &str) -> Decision {
        decide(&account(proven), Typed { name, citizen_id }, today(), 18)
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
        assert_eq!(run(None, "古丽·艾山", "650000201506010241"), Decision::Minor);
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
}
