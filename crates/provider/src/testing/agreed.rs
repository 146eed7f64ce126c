//! The rules of the test's province, and people who accept its agreement.

use std::sync::Arc;

use account::agreements::{Agreements, RESIDENT};
use model::ids::AccountId;
use model::ladder::{DEFAULT_TOML, Ladder};
use model::language::Language;

use super::World;
use crate::{Rules, Service};

pub fn rules() -> Rules {
    Rules {
        ladder: Arc::new(Ladder::from_toml(DEFAULT_TOML).unwrap()),
        agreements: Agreements::shipped().unwrap(),
    }
}

impl World {
    /// The same world with other agreements.
    pub async fn with_agreements(mut self, agreements: Agreements) -> Self {
        let rules = Rules {
            agreements,
            ..rules()
        };
        let (config, kit) = (self.service.config().clone(), self.service.kit().clone());
        let service = Service::new(config, self.store.clone(), kit, rules, super::outbound());
        self.service = service.await.unwrap();
        self.router = crate::router(self.service.clone());
        self
    }

    /// Puts the agreement in effect off for a day, as the page about it does.
    pub async fn put_off_agreement(&self, account: AccountId) {
        let (agreements, now) = (self.service.agreements(), self.now());
        let version = &agreements
            .current(RESIDENT, self.service.kit().today())
            .unwrap()
            .version;
        let (tx, rng) = (self.store.read(), self.store.rng());
        let until = (now, now + chrono::TimeDelta::days(1));
        store::agreements::put_off(&tx, rng, account, (RESIDENT, version), until)
            .await
            .unwrap();
    }

    /// Accepts the agreement in effect, as registering does.
    pub async fn accept_agreement(&self, account: AccountId) {
        let agreements = self.service.agreements();
        let agreement = agreements.current(RESIDENT, self.service.kit().today()).unwrap();
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
