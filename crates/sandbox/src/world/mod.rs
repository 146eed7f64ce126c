//! The world server: registers that answer about invented people, a message gateway, the outbox where every message
//! can be read, switches for faults, and a journal of what was asked.

mod api;
mod faults;
mod holdings;
mod identifiers;
mod journal;
mod outbox;
mod pages;
mod people;
mod registers;
mod router;
mod sources;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use model::clock::Clock;
use model::rng::Rng;

use crate::config::Keys;
use crate::resident::approval::Phones;
use crate::vendors::Vendors;
pub(crate) use faults::{Fault, Route};
pub(crate) use holdings::Holdings;
pub(crate) use identifiers::complete as complete_citizen_id;
pub(crate) use journal::Entry;
pub(crate) use outbox::{Channel, Draft};
pub(crate) use people::{Person, Status};
pub(crate) use router::router;
pub(crate) use sources::fault;

/// How many captcha answers are remembered.
const CAPTCHAS_MAX: usize = 10_000;

/// Everything that the world knows; a cheap handle.
#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    people: Mutex<people::Registers>,
    outbox: outbox::Outbox,
    captchas: Mutex<VecDeque<(String, String)>>,
    faults: faults::Faults,
    journal: journal::Journal,
    keys: Keys,
    vendors: Vendors,
    authority: crate::authority::Authority,
    phones: Phones,
    base_url: String,
    issuer: url::Url,
    client: reqwest::Client,
    clock: Clock,
    rng: Rng,
}

impl World {
    /// A world with the people it starts with, around the provider at `issuer`, that answers nowhere.
    #[cfg(test)]
    pub(crate) fn new(keys: Keys, issuer: &str) -> anyhow::Result<Self> {
        Self::at("http://localhost", keys, issuer)
    }

    /// The same that answers at an address.
    pub(crate) fn at(base_url: &str, keys: Keys, issuer: &str) -> anyhow::Result<Self> {
        let rng = Rng::system();
        Ok(Self(Arc::new(Inner {
            vendors: Vendors::new(&rng)?,
            authority: crate::authority::Authority::new(&keys.vendors)?,
            base_url: base_url.to_owned(),
            people: Mutex::new(people::Registers::seeded()?),
            outbox: outbox::Outbox::default(),
            captchas: Mutex::default(),
            faults: faults::Faults::default(),
            journal: journal::Journal::default(),
            phones: Phones::default(),
            keys,
            issuer: url::Url::parse(issuer).with_context(|| format!("the issuer {issuer:?}"))?,
            client: crate::wire::outbound()?,
            clock: Clock::system(),
            rng,
        })))
    }

    pub(crate) fn people(&self) -> MutexGuard<'_, people::Registers> {
        lock(&self.0.people)
    }

    pub(crate) fn outbox(&self) -> &outbox::Outbox {
        &self.0.outbox
    }

    pub(crate) fn faults(&self) -> &faults::Faults {
        &self.0.faults
    }

    pub(crate) fn journal(&self) -> &journal::Journal {
        &self.0.journal
    }

    /// What the parties elsewhere remember.
    pub(crate) fn vendors(&self) -> &Vendors {
        &self.0.vendors
    }

    /// The authority that issues certificates.
    pub(crate) fn authority(&self) -> &crate::authority::Authority {
        &self.0.authority
    }

    /// The phones of test residents.
    pub(crate) fn phones(&self) -> &Phones {
        &self.0.phones
    }

    /// The world's own address, without a slash at the end.
    pub(crate) fn base_url(&self) -> &str {
        &self.0.base_url
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn issuer(&self) -> &url::Url {
        &self.0.issuer
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn rng(&self) -> &Rng {
        &self.0.rng
    }

    /// Delivers a message that somebody sent.
    pub(crate) fn deliver(&self, draft: Draft) {
        self.0.outbox.deliver(draft, self.0.clock.now());
    }

    /// Remembers the answer to a captcha; a refreshed captcha replaces the earlier answer.
    pub(crate) fn remember_captcha(&self, session: String, answer: String) {
        let mut captchas = lock(&self.0.captchas);
        captchas.retain(|(other, _)| *other != session);
        captchas.push_front((session, answer));
        captchas.truncate(CAPTCHAS_MAX);
    }

    /// The answer to a session's newest captcha, or to the newest of all.
    pub(crate) fn captcha(&self, session: Option<&str>) -> Option<(String, String)> {
        let captchas = lock(&self.0.captchas);
        captchas
            .iter()
            .find(|(other, _)| session.is_none_or(|session| session == other))
            .cloned()
    }

    /// A reference as registers give with each answer.
    pub(crate) fn reference(&self, prefix: &str) -> String {
        format!("{prefix}-{}", self.0.rng.uuid_v7(self.0.clock.now()))
    }
}

/// Takes a lock; what a panicking holder left behind is still the best there is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
