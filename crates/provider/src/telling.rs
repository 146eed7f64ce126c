//! Everything that one sub-site is told about one person in one place: single claims, an older system's name of the level,
//! and what is verified. ID tokens and userinfo both ask here, so that they cannot differ.

use chrono::{DateTime, Utc};
use model::authn::Strength;
use model::client::{Client, LevelName};
use model::ladder::Level;
use model::scope::Scope;
use serde_json::{Map, Value};
use store::holders::Holder;
use store::requested::RequestedVerified;

use crate::Service;
use crate::claims::{Facts, Permitted, Wanted};
use crate::verified_claims::{self, Teller};

/// Who is told about whom.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The provider.
    pub service: &'a Service,
    /// Who is told.
    pub client: &'a Client,
    /// The person.
    pub holder: &'a Holder,
    /// What may be told.
    pub permitted: &'a Permitted,
    /// How strong the sign-in was.
    pub strength: Strength,
    /// The level that the token says.
    pub acr: Level,
    /// Now.
    pub now: DateTime<Utc>,
}

impl<'a> Telling<'a> {
    /// What is known.
    pub fn facts(&self) -> Facts<'a> {
        Facts {
            account: &self.holder.account,
            evidence: &self.holder.evidence,
            strength: self.strength,
            ladder: self.service.ladder(),
            now: self.now,
        }
    }

    /// What is told.
    pub fn tell(&self, wanted: &Wanted<'_>, verified: &RequestedVerified) -> Map<String, Value> {
        let facts = self.facts();
        let mut told = facts.tell(wanted);
        if let Some((claim, name)) = self.older_name(&facts, wanted) {
            told.insert(claim.to_owned(), name);
        }
        if !verified.is_empty() {
            let known = (&facts, &self.holder.backgrounds);
            let teller = Teller::new(self.service, self.client, known, self.permitted);
            if let Some(proven) = teller.tell(verified) {
                told.insert(verified_claims::NAME.to_owned(), proven);
            }
        }
        told
    }

    /// The older name of the level of this sign-in. It may be all that a sub-site looks at, so it says no more than the
    /// token's `acr` and no more than the account is now.
    fn older_name(&self, facts: &Facts<'_>, wanted: &Wanted<'_>) -> Option<(&'a str, Value)> {
        let older = self.client.level_names.as_ref()?;
        let held = facts.ladder.acr(facts.level().level, self.strength);
        let name = match older.name_of(self.acr.min(held))? {
            LevelName::Number(number) => Value::from(*number),
            LevelName::Text(text) => Value::from(text.as_str()),
        };
        let by_scope = self.permitted.scopes.contains(Scope::Assurance);
        let alone = wanted.requested.get(&older.claim);
        let alone = alone.filter(|_| self.permitted.single.contains(Scope::Assurance));
        (by_scope || alone.is_some_and(|asked| asked.takes(&name))).then_some((&older.claim, name))
    }
}
