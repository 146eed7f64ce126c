//! The tables of `config/assurance.toml` as they are written, before anything is checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::language::LocalizedText;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) caps: CapsTable,
    pub(super) levels: BTreeMap<String, LevelTable>,
    pub(super) sources: BTreeMap<String, SourceTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CapsTable {
    pub(super) a1: i64,
    pub(super) a2: i64,
    pub(super) a3: i64,
    pub(super) a4: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelTable {
    pub(super) name: LocalizedText,
    pub(super) resident: Option<RuleTable>,
    pub(super) organisation: Option<RuleTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTable {
    pub(super) builds_on: Option<i64>,
    pub(super) any_of: Vec<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceTable {
    pub(super) life_days: Option<i64>,
    pub(super) worth_at_most: Option<i64>,
    #[serde(default)]
    pub(super) uses_face: bool,
    #[serde(default = "yes")]
    pub(super) offered: bool,
}

const fn yes() -> bool {
    true
}
