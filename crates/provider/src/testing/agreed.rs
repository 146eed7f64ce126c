//! The rules of the test's province, and people who accept its agreement.

use std::sync::Arc;

use account::agreements::{Agreements, RESIDENT};
use model::ids::AccountId;
use model::ladder::{DEFAULT_TOML, Ladder};
use model::language::Language;

use super::World;
use crate::Rules;

pub fn rules() -> Rules {
    Rules {
        ladder: Arc::new(Ladder::from_toml(DEFAULT_TOML).unwrap()),
        agreements: Agreements::shipped().unwrap(),
    }
}

impl World {
    /// Accepts the agreement in effect, as registering does.
    pub async fn accept_agreement(&self, account: AccountId) {
        let agreements = self.service.agreements();
        let agreement = agreements.current(RESIDENT, self.now()).unwrap();
        let accepted = store::agreements::Acceptance {
            account,
            agreement: agreement.id.clone(),
            version: agreement.version.clone(),
            language: Language::En,
            text_hash: agreement.text_hash(Language::En),
            answer: store::agreements::Answer::Accepted,
            at: self.now(),
        };
        let (tx, rng) = (self.store.read(), self.store.rng());
        store::agreements::answer(&tx, rng, &accepted).await.unwrap();
    }
}
