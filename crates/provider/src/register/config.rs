//! What the operator allows to those who register themselves.

use model::client::CodeProtection;
use model::ladder::Level;
use model::scope::{Scope, ScopeSet};
use serde::Deserialize;

/// The section `[provider.registration]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether there is such an endpoint at all.
    pub enabled: bool,
    /// The scopes that a client may register.
    pub scopes: ScopeSet,
    /// The highest level that it may ask for; nothing means any.
    pub ceiling_level: Option<Level>,
    /// What protects its codes.
    pub code_protection: CodeProtection,
    /// The most clients that registered themselves, at one time.
    pub clients_max: u32,
    /// How long a secret is good, in days; 0 means without end.
    pub secret_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            scopes: [Scope::Openid, Scope::Assurance].into_iter().collect(),
            ceiling_level: Level::new(1),
            code_protection: CodeProtection::Pkce,
            clients_max: 100,
            secret_days: 365,
        }
    }
}

impl Config {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !self.scopes.contains(Scope::Openid) {
            faults.push(("scopes", "openid is missing"));
        }
        if self.scopes.iter().any(|scope| !Scope::OFFERED.contains(&scope)) {
            faults.push(("scopes", "a scope is not offered yet"));
        }
        if !(1..=1000).contains(&self.clients_max) {
            faults.push(("clients_max", "write a number from 1 to 1000"));
        }
        if self.secret_days > 3650 {
            faults.push(("secret_days", "write a number from 0 to 3650"));
        }
        faults
    }
}
