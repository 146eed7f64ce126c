//! The people and organisations of the world, as the registers hold them. All invented; the seed is in `world/*.json`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::faults::Route;
use super::holdings::Holdings;

/// How a register has somebody recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Alive, or trading.
    #[default]
    Normal,
    /// Recorded as dead.
    Deceased,
    /// The entry was withdrawn, or the organisation struck off.
    Cancelled,
    /// Locked by the authority.
    Locked,
}

/// One person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    /// Empty in the body of `PUT /people/{citizen_id}`, where the address says it.
    #[serde(default)]
    pub citizen_id: String,
    /// The name that the person gives.
    pub name: String,
    /// The phone that the person uses.
    #[serde(default)]
    pub phone: String,
    /// What a tester wants this person for; the key of a text.
    #[serde(default = "default_purpose")]
    pub purpose: String,
    /// The name in the registers, where it differs from what the person gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register_name: Option<String>,
    /// The phone that the operator has for this person, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_phone: Option<String>,
    #[serde(default)]
    pub status: Status,
    /// Whether the registers have an entry at all.
    #[serde(default = "default_registered")]
    pub registered: bool,
    /// How long every register takes over this person.
    #[serde(default)]
    pub delay_ms: u64,
    /// The registers that fail over this person.
    #[serde(default)]
    pub unavailable: Vec<Route>,
    /// What further registers know: the card, the bank card, accounts, licences.
    #[serde(default, skip_serializing_if = "Holdings::is_empty")]
    pub holdings: Holdings,
}

fn default_purpose() -> String {
    "match".to_owned()
}

const fn default_registered() -> bool {
    true
}

impl Person {
    /// The name in the registers.
    pub(crate) fn name_on_record(&self) -> &str {
        self.register_name.as_deref().unwrap_or(&self.name)
    }

    /// The phone at the operator.
    pub(crate) fn phone_on_record(&self) -> &str {
        self.operator_phone.as_deref().unwrap_or(&self.phone)
    }
}

/// One organisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enterprise {
    /// Empty in the body of `PUT /enterprises/{credit_code}`.
    #[serde(default)]
    pub credit_code: String,
    pub name: String,
    pub kind: String,
    #[serde(default)]
    pub status: Status,
    pub legal_representative: Representative,
}

/// Who stands for an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Representative {
    pub name: String,
    pub citizen_id: String,
}

/// What the registers hold.
#[derive(Debug, Default)]
pub(crate) struct Registers {
    people: BTreeMap<String, Person>,
    enterprises: BTreeMap<String, Enterprise>,
    /// The seed's order, which pages keep.
    order: Vec<String>,
}

impl Registers {
    /// The people and organisations that the world starts with.
    pub(crate) fn seeded() -> anyhow::Result<Self> {
        let people: Vec<Person> =
            serde_json::from_str(include_str!("../../world/people.json")).context("world/people.json")?;
        let enterprises: Vec<Enterprise> = serde_json::from_str(include_str!("../../world/enterprises.json"))
            .context("world/enterprises.json")?;
        let mut all = Self::default();
        for person in people {
            all.put_person(person);
        }
        for enterprise in enterprises {
            all.put_enterprise(enterprise);
        }
        Ok(all)
    }

    /// Adds or changes a person; true when the person is new.
    pub(crate) fn put_person(&mut self, person: Person) -> bool {
        let key = person.citizen_id.clone();
        let new = self.people.insert(key.clone(), person).is_none();
        if new {
            self.order.push(key);
        }
        new
    }

    /// Adds or changes an organisation; true when it is new.
    pub(crate) fn put_enterprise(&mut self, enterprise: Enterprise) -> bool {
        self.enterprises
            .insert(enterprise.credit_code.clone(), enterprise)
            .is_none()
    }

    /// A person by number, exactly as the register writes it.
    pub(crate) fn person(&self, citizen_id: &str) -> Option<&Person> {
        self.people.get(citizen_id)
    }

    /// An organisation by code.
    pub(crate) fn enterprise(&self, credit_code: &str) -> Option<&Enterprise> {
        self.enterprises.get(credit_code)
    }

    /// The first people, in the order they came.
    pub(crate) fn list_people(&self, limit: usize) -> Vec<Person> {
        self.order
            .iter()
            .filter_map(|key| self.people.get(key))
            .take(limit)
            .cloned()
            .collect()
    }

    /// The first organisations.
    pub(crate) fn list_enterprises(&self, limit: usize) -> Vec<Enterprise> {
        self.enterprises.values().take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Words;
    use crate::world::identifiers::is_citizen_id;
    use model::language::Language;

    #[test]
    fn every_person_has_a_valid_number_a_phone_and_a_purpose_in_every_language() {
        let all = Registers::seeded().unwrap();
        let people = all.list_people(1000);
        assert!(people.len() >= 15);
        for person in people {
            assert!(is_citizen_id(&person.citizen_id), "{}", person.citizen_id);
            assert!(
                person.citizen_id.get(2..6) == Some("0000"),
                "{} could belong to somebody",
                person.citizen_id
            );
            assert!(
                person.phone.starts_with("+861") && person.phone.len() == 14,
                "{}",
                person.phone
            );
            let key = format!("world-purpose-{}", person.purpose.replace('_', "-"));
            assert!(
                Language::ALL
                    .into_iter()
                    .all(|l| Words::in_language(l).find(&key).is_some()),
                "{key}"
            );
        }
    }

    #[test]
    fn the_representative_of_every_organisation_is_in_the_world() {
        let all = Registers::seeded().unwrap();
        for enterprise in all.list_enterprises(1000) {
            let person = all.person(&enterprise.legal_representative.citizen_id).unwrap();
            assert_eq!(person.name, enterprise.legal_representative.name);
            assert_eq!(enterprise.credit_code.len(), 18);
        }
    }
}
