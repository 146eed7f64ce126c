//! What becomes of a pair of name and number that somebody vouches for who is not asked with facts: a party that a
//! browser came back from, a certificate. One order of steps for all of them:
//!
//! 1. the account's own pair: the word counts for it;
//! 2. another person's: a try, and nothing of it is kept (HB-31, A250);
//! 3. where the account has none yet: nobody under age, then the population register says first whether there is such a
//!    person (HB-30), and then the word counts.
//!
//! Every end of it is also the end of the lease on the return ([`super::trip`]), and is written with it.

use model::citizen_id::CitizenId;
use model::event::Event;
use model::evidence::SourceId;
use model::ids::{AccountId, SessionId};
use model::person_name::PersonName;
use serde_json::json;
use store::accounts::Account;
use store::audit::Entry;
use store::cases::{Factors, Input};
use store::{StoreError, Tx};
use web::Visit;

use super::check::{self, Attempt, Outcome};
use super::source::{POPULATION_REGISTER, Reply, Word};
use super::trip::Trip;
use crate::Service;

/// A name and a number.
pub(crate) type Pair = (PersonName, CitizenId);

/// Who came with what.
pub(crate) struct Journey<'a> {
    pub(crate) service: &'a Service,
    pub(crate) visit: &'a Visit,
    pub(crate) account: &'a Account,
    /// The sign-in, where there is one.
    pub(crate) session: Option<SessionId>,
    pub(crate) source: &'a SourceId,
    pub(crate) trip: &'a Trip,
}

/// How it ended.
pub(crate) enum End {
    /// There is new evidence.
    Passed,
    /// It is not the account's own name and number.
    Differs,
    /// The register does not agree with the pair that was vouched for.
    RegisterDiffers,
    /// Whoever was vouched for is too young to do this alone.
    Minor(CitizenId),
    /// The ends that every attempt can have.
    Other(Outcome),
    /// Somebody else looks at the same return by now; nothing was written.
    Overtaken,
}

/// The verified name and number of an account.
pub(crate) fn identity(account: &Account) -> Option<Pair> {
    account.name.clone().zip(account.citizen_id.clone())
}

/// An attempt at a source about a pair.
pub(crate) fn attempt(
    visit: &Visit,
    account: &Account,
    source: &SourceId,
    (name, citizen_id): Pair,
) -> Attempt {
    Attempt {
        account: account.id,
        source: source.clone(),
        facts: Input {
            name,
            citizen_id,
            phone: None,
            more: Factors::none(),
        },
        request_id: Some(visit.request_id().to_owned()),
    }
}

/// Writes into the audit log that a source was asked, and what it answered; without a sign-in it was for a recovery.
pub(crate) async fn asked(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    (account, session): (AccountId, Option<SessionId>),
    (source, answer): (&SourceId, &str),
) -> Result<(), StoreError> {
    let details = if session.is_some() {
        json!({ "source": source, "answer": answer })
    } else {
        json!({ "source": source, "answer": answer, "for": "recovery" })
    };
    let mut entry = Entry::new(Event::SourceAsked, service.now())
        .account(account)
        .details(details);
    entry.session = session;
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(tx, service.rng(), entry).await
}

impl Journey<'_> {
    /// Settles a word that vouches for a pair.
    pub(crate) async fn vouched(&self, pair: Pair, reply: Reply) -> Result<End, StoreError> {
        match identity(self.account) {
            Some(own) if own.0.same_as(&pair.0) && own.1 == pair.1 => self.conclude(own, reply).await,
            Some(own) => self.conclude(own, Reply::bare(Word::Mismatch)).await,
            None => self.register(pair, reply).await,
        }
    }

    /// Settles a word about the account's own pair: counts the try, and writes what the word changes.
    pub(crate) async fn conclude(&self, own: Pair, reply: Reply) -> Result<End, StoreError> {
        let attempt = attempt(self.visit, self.account, self.source, own);
        Ok(
            match check::take_in(self.service, &attempt, self.trip, reply).await? {
                None => End::Overtaken,
                Some(Outcome::Passed) => End::Passed,
                Some(Outcome::Denied { .. }) => End::Differs,
                Some(other) => End::Other(other),
            },
        )
    }

    /// Settles an answer that changes nothing, and is no guess at anybody's number; `false` when it was overtaken.
    pub(crate) async fn note(&self, answer: &str) -> Result<bool, StoreError> {
        let tx = self.service.store().begin().await?;
        if !self.trip.settle(&tx).await? {
            return Ok(false);
        }
        self.audit(&tx, answer).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Writes an answer into the audit log.
    pub(crate) async fn audit(&self, tx: &Tx, answer: &str) -> Result<(), StoreError> {
        let who = (self.account.id, self.session);
        asked(self.service, tx, self.visit, who, (self.source, answer)).await
    }

    /// The account has no verified pair yet: the population register says first whether there is such a person.
    async fn register(&self, pair: Pair, reply: Reply) -> Result<End, StoreError> {
        let today = super::today(self.service);
        let end = if pair.1.age_on(today) < self.service.config().sources.adult_years {
            End::Minor(pair.1)
        } else {
            let register =
                SourceId::parse(POPULATION_REGISTER).map_err(|_| StoreError::Malformed("evidence.source"))?;
            let attempt = attempt(self.visit, self.account, &register, pair.clone());
            match check::run(self.service, &attempt).await? {
                Outcome::Passed => return self.conclude(pair, reply).await,
                Outcome::Denied { .. } => End::RegisterDiffers,
                other => End::Other(other),
            }
        };
        let settled = self.trip.settle(&self.service.store().read()).await?;
        Ok(if settled { end } else { End::Overtaken })
    }
}
