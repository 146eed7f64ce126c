//! The names that an older system gives its levels, for a sub-site that goes on reading them.
//!
//! A sub-site's file may name one claim and a value for each of our levels; its tokens then carry that claim beside ours.
//! A level without a value of its own gets that of the next lower one: on doubt an older name says less, never more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::faults::Faults;
use crate::ladder::Level;

/// The longest name of a claim, and of a level, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

const KEY: &str = "level_names";

/// Names that mean something else in tokens (OpenID Connect Core 2 and 5.1, RFC 7519, RFC 9068 and our own).
const TAKEN: [&str; 60] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "cnf",
    "act",
    "may_act",
    "scope",
    "client_id",
    "events",
    "txn",
    "toe",
    "active",
    "token_type",
    "username",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
    "roles",
    "groups",
    "entitlements",
    "_claim_names",
    "_claim_sources",
    "verified_claims",
    "id_number",
    "identity_level",
    "authentication_strength",
    "identity_verified_at",
    "identity_lapses_at",
    "seals",
    "represents",
    "status",
];

/// One claim with an older system's names of our levels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelNames {
    /// The name of the claim.
    pub claim: String,
    /// The older name of each level, by its number.
    pub names: BTreeMap<String, LevelName>,
}

/// An older name of a level: a text or a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LevelName {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl LevelNames {
    /// The older name of a level, or of the next lower one that has a name; `None` when there is none that says so
    /// little.
    pub fn name_of(&self, level: Level) -> Option<&LevelName> {
        let own = |level: &Level| self.names.get(&level.number().to_string());
        Level::ALL
            .iter()
            .rev()
            .filter(|lower| **lower <= level)
            .find_map(own)
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
        let good = (1..=NAME_CHARACTERS_MAX).contains(&self.claim.len()) && self.claim.chars().all(plain);
        faults.unless(good, KEY, "claim: write 1 to 64 letters, digits or _ - . : /");
        faults.unless(
            !TAKEN.contains(&self.claim.as_str()),
            KEY,
            format!("claim: {} means something else in tokens", self.claim),
        );
        faults.unless(
            !self.names.is_empty(),
            KEY,
            "names: name at least one level, for example { 1 = \"L1\" }",
        );
        let levels = Level::ALL.map(|level| level.number().to_string());
        for (level, name) in &self.names {
            faults.unless(
                levels.contains(level),
                KEY,
                format!("names: {level:?} is no level; write 0, 1, 2, 3 or 4"),
            );
            let good = match name {
                LevelName::Number(_) => true,
                LevelName::Text(text) => {
                    (1..=NAME_CHARACTERS_MAX).contains(&text.chars().count())
                        && !text.chars().any(char::is_control)
                }
            };
            faults.unless(
                good,
                KEY,
                format!("names: write 1 to {NAME_CHARACTERS_MAX} characters, or a number, for level {level}"),
            );
        }
        // The levels in order, each with its name: one that comes back after another is a slip.
        let mut order: Vec<_> = self.names.values().collect();
        order.dedup();
        let again = order
            .iter()
            .enumerate()
            .any(|(place, name)| order.iter().skip(place + 1).any(|later| later == name));
        faults.unless(
            !again,
            KEY,
            "names: one name stands at two levels with another between them",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: serde_json::Value) -> LevelNames {
        serde_json::from_value(serde_json::json!({ "claim": "creditable_level_of_account", "names": names }))
            .expect("names")
    }

    fn told(names: &LevelNames) -> Vec<Option<String>> {
        let text = |name: &LevelName| match name {
            LevelName::Number(number) => number.to_string(),
            LevelName::Text(text) => text.clone(),
        };
        Level::ALL.map(|level| names.name_of(level).map(text)).to_vec()
    }

    #[test]
    fn a_level_without_an_older_name_gets_the_next_lower_one_and_never_a_higher_one() {
        let of = |told: [Option<&str>; 5]| told.map(|name| name.map(str::to_owned)).to_vec();
        let guangdong = names(serde_json::json!({ "0": "L0", "1": "L1", "3": "L2", "4": "L3" }));
        assert_eq!(
            told(&guangdong),
            of([Some("L0"), Some("L1"), Some("L1"), Some("L2"), Some("L3")])
        );
        let national = names(serde_json::json!({ "1": 3, "3": 4 }));
        assert_eq!(
            told(&national),
            of([None, Some("3"), Some("3"), Some("4"), Some("4")])
        );
        let late = names(serde_json::json!({ "4": "high" }));
        assert_eq!(told(&late), of([None, None, None, None, Some("high")]));
    }

    #[test]
    fn a_file_with_a_slip_is_told_what_to_write() {
        let check = |names: &LevelNames| {
            let mut faults = Faults::new(true);
            names.check(&mut faults);
            let said: Vec<_> = faults
                .into_list()
                .into_iter()
                .map(|fault| fault.problem)
                .collect();
            said
        };
        assert_eq!(
            check(&names(serde_json::json!({ "0": "L0", "1": "L1", "2": "L1" }))),
            Vec::<String>::new()
        );
        for (slip, said) in [
            (serde_json::json!({}), "at least one level"),
            (serde_json::json!({ "5": "L5" }), "\"5\" is no level"),
            (serde_json::json!({ "01": "L1" }), "\"01\" is no level"),
            (serde_json::json!({ "1": "" }), "1 to 64 characters"),
            (serde_json::json!({ "1": "a\nb" }), "1 to 64 characters"),
            (
                serde_json::json!({ "1": "A", "2": "B", "3": "A" }),
                "with another between",
            ),
        ] {
            let found = check(&names(slip.clone()));
            assert!(found.len() == 1 && found[0].contains(said), "{slip}: {found:?}");
        }
        for claim in ["", "a b", "身份", "acr", "sub", "identity_level", &"x".repeat(65)] {
            let mut bad = names(serde_json::json!({ "1": "L1" }));
            bad.claim = claim.to_owned();
            assert_eq!(check(&bad).len(), 1, "{claim:?}");
        }
    }
}
