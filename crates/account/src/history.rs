//! What happened to an account, for its owner: written here, shown on `/account/security/history`.
//!
//! [`note`] is for what a browser does, [`note_aside`] for what happens without one: workers, operators. Both write in the
//! transaction of what they tell of. [`note_sign_in`] and [`note_visit`] say where a sign-in led: one row for all visits of a
//! sub-site in a day. What is in the audit log is for operators; what is here is for the owner, who reads it without
//! asking anybody.

use chrono::{DateTime, Utc};
use model::authn::Methods;
use model::ids::{AccountId, ClientId, HappeningId, SessionId};
use model::ladder::Level;
use model::rng::Rng;
use store::history::{self, NewEntry, Place};
use store::{StoreError, Tx};
use web::Visit;

use crate::Service;

pub use store::history::What;

/// Something that happened to an account.
#[derive(Clone, Copy, Debug)]
pub struct Happening<'a> {
    /// To which account.
    pub account: AccountId,
    /// What.
    pub what: What,
    /// In which sign-in.
    pub session: Option<SessionId>,
    /// On the way to which sub-site.
    pub client: Option<&'a ClientId>,
    /// By which factors.
    pub methods: Option<&'a Methods>,
    /// At which level a token would have been.
    pub level: Option<Level>,
}

impl<'a> Happening<'a> {
    /// Something that happened to an account, of which nothing more is known.
    pub const fn new(account: AccountId, what: What) -> Self {
        Self {
            account,
            what,
            session: None,
            client: None,
            methods: None,
            level: None,
        }
    }

    /// In this sign-in.
    #[must_use]
    pub const fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// On the way to this sub-site.
    #[must_use]
    pub const fn for_client(mut self, client: Option<&'a ClientId>) -> Self {
        self.client = client;
        self
    }

    /// By these factors.
    #[must_use]
    pub const fn by(mut self, methods: &'a Methods) -> Self {
        self.methods = Some(methods);
        self
    }

    /// At this level.
    #[must_use]
    pub const fn at_level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }
}

/// Where a visit comes from, as its owner's list shows it.
pub fn place_of(visit: &Visit) -> Place {
    Place {
        device: visit.device().label(),
        network: visit.client_address().network().to_string(),
    }
}

/// Writes what a browser did.
pub async fn note(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    happening: &Happening<'_>,
) -> Result<HappeningId, StoreError> {
    write(service, tx, happening, Some(place_of(visit))).await
}

/// Writes that somebody signed in. Where a sub-site waits, its answer later that day says nothing new ([`note_visit`]).
pub async fn note_sign_in(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    happening: &Happening<'_>,
) -> Result<(), StoreError> {
    let new = entry(happening, visit.now(), Some(place_of(visit)));
    let first = happening.client.is_some()
        && history::record_visit(tx, service.rng(), &new, visit.kit().today()).await?;
    if !first {
        history::record(tx, service.rng(), &new).await?;
    }
    Ok(())
}

/// Writes that a sub-site was visited from a sign-in: once for each sign-in, sub-site, level and day of the province, however
/// often it asks. One statement.
pub async fn note_visit(
    tx: &Tx,
    rng: &Rng,
    visit: &Visit,
    happening: &Happening<'_>,
) -> Result<bool, StoreError> {
    let new = entry(happening, visit.now(), Some(place_of(visit)));
    history::record_visit(tx, rng, &new, visit.kit().today()).await
}

/// Writes what happened without a browser.
pub async fn note_aside(
    service: &Service,
    tx: &Tx,
    happening: &Happening<'_>,
) -> Result<HappeningId, StoreError> {
    write(service, tx, happening, None).await
}

async fn write(
    service: &Service,
    tx: &Tx,
    happening: &Happening<'_>,
    place: Option<Place>,
) -> Result<HappeningId, StoreError> {
    history::record(tx, service.rng(), &entry(happening, service.now(), place)).await
}

const fn entry<'a>(happening: &Happening<'a>, at: DateTime<Utc>, place: Option<Place>) -> NewEntry<'a> {
    NewEntry {
        account: happening.account,
        what: happening.what,
        at,
        session: happening.session,
        client: happening.client,
        methods: happening.methods,
        level: happening.level,
        place,
    }
}
