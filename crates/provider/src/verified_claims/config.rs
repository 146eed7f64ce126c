//! Under which names verifications are told. `[provider.verified_claims]` of the configuration.

use std::collections::BTreeMap;

use model::evidence::SourceId;
use model::ladder::Level;
use serde::Deserialize;

/// The longest name, in characters.
const NAME_CHARACTERS_MAX: usize = 200;

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The rules under which people are verified.
    pub trust_framework: String,
    /// The names of the levels 1 to 4 within these rules.
    pub assurance_levels: [String; 4],
    /// The text that says how, if there is one.
    pub policy: Option<String>,
    /// The country of documents and records, in three letters.
    pub country_code: String,
    /// Who checks, by source.
    pub organizations: BTreeMap<SourceId, String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            trust_framework: "cn_province_realname".to_owned(),
            assurance_levels: ["level1", "level2", "level3", "level4"].map(str::to_owned),
            policy: None,
            country_code: "CHN".to_owned(),
            organizations: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The name of a level; nothing is verified at the lowest.
    pub fn level_name(&self, level: Level) -> Option<&str> {
        let place = usize::from(level.number()).checked_sub(1)?;
        self.assurance_levels.get(place).map(String::as_str)
    }

    /// The level of a name.
    pub fn level_named(&self, name: &str) -> Option<Level> {
        Level::ALL
            .into_iter()
            .find(|level| self.level_name(*level) == Some(name))
    }

    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !is_name(&self.trust_framework) || self.trust_framework.contains(' ') {
            faults.push((
                "trust_framework",
                "write 1 to 200 plain characters without spaces",
            ));
        }
        let mut names = self.assurance_levels.clone();
        names.sort_unstable();
        let twice = names.windows(2).any(|pair| pair.first() == pair.last());
        if twice || !names.iter().all(|name| is_name(name)) {
            faults.push((
                "assurance_levels",
                "write four different names, for the levels 1 to 4, of 1 to 200 plain characters",
            ));
        }
        if self.policy.as_deref().is_some_and(|policy| !is_name(policy)) {
            faults.push(("policy", "write 1 to 200 plain characters, or leave it out"));
        }
        let letters = self.country_code.bytes().all(|byte| byte.is_ascii_uppercase());
        if self.country_code.len() != 3 || !letters {
            faults.push((
                "country_code",
                "write the three letters of ISO 3166-1, such as CHN or VNM",
            ));
        }
        if !self.organizations.values().all(|name| is_name(name)) {
            faults.push(("organizations", "write 1 to 200 plain characters for each source"));
        }
        faults
    }
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (1..=NAME_CHARACTERS_MAX).contains(&text.chars().count())
        && text.trim() == text
        && text.chars().all(plain)
}
