//! Residents' accounts without anybody in them.

use std::sync::Arc;

use account::agreements::Agreements;
use account::gateway::Gateways;
use account::password::{BreachedList, Hashing, HashingSettings, PasswordPolicy};
use account::{Config, Parts, Service, evidence};
use model::ladder::{DEFAULT_TOML, Ladder};
use store::testing::TestStore;
use web::Kit;

pub(super) fn texts() -> Vec<web::language::Messages> {
    account::messages()
}

pub(super) fn service(test: &TestStore, kit: Kit) -> Service {
    let rng = test.store.rng().clone();
    Service::new(Parts {
        config: Config::default(),
        store: test.store.clone(),
        kit,
        ladder: Arc::new(Ladder::from_toml(DEFAULT_TOML).unwrap()),
        hashing: Hashing::new(HashingSettings::cheap_for_tests(), rng).unwrap(),
        policy: PasswordPolicy::new(["Denizen"], Arc::new(BreachedList::load(None).unwrap())),
        agreements: Agreements::shipped().unwrap(),
        gateways: Gateways {
            sms: None,
            mail: None,
            captcha_sandbox: None,
        },
        sources: evidence::Sources::default(),
    })
}
