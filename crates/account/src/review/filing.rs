//! A case goes to the people who decide: its state, its place in the queue, its history and the audit log, all or
//! nothing.

use model::event::Event;
use model::evidence::{Evidence, SourceId};
use model::ids::{AccountId, CaseId, EvidenceId};
use model::ladder::Level;
use model::review::Happening;
use serde_json::json;
use store::accounts::Account;
use store::audit::Entry;
use store::cases::{self, Case, CaseNumber, State};
use store::{StoreError, Tx, case_history, case_reviews};
use uuid::Uuid;

use crate::Service;
use crate::evidence::source::POPULATION_REGISTER;

/// From this level on two people decide, however the console is set: it takes no higher number for
/// `review.four_eyes_from`.
const TWO_PEOPLE: u8 = 3;

/// What is known of a case that moves.
#[derive(Clone, Copy)]
pub(crate) struct Moving<'a> {
    pub(crate) service: &'a Service,
    pub(crate) tx: &'a Tx,
    pub(crate) case: (CaseId, AccountId),
    pub(crate) number: &'a CaseNumber,
    pub(crate) request_id: &'a str,
}

impl<'a> Moving<'a> {
    pub(crate) fn of(service: &'a Service, tx: &'a Tx, case: &'a Case, request_id: &'a str) -> Self {
        Self {
            service,
            tx,
            case: (case.id, case.account),
            number: &case.number,
            request_id,
        }
    }

    /// Moves the case and tells of it; `false`, and nothing is written, when it is not any more where the caller saw
    /// it.
    pub(crate) async fn step(&self, (from, to): (State, State), what: Happening) -> Result<bool, StoreError> {
        let (service, now) = (self.service, self.service.now());
        if !cases::change(self.tx, self.case.0, (from, to), now).await? {
            return Ok(false);
        }
        let entry = case_history::Entry::new(self.case, what, now);
        case_history::record(self.tx, service.rng(), &entry).await?;
        let details = json!({ "case": self.number.as_str(), "state": to.as_str() });
        let mut entry = Entry::new(Event::CaseChanged, now)
            .account(self.case.1)
            .details(details);
        entry.request_id = Some(self.request_id.to_owned());
        store::audit::record(self.tx, service.rng(), entry).await?;
        Ok(true)
    }

    /// The same, into the queue.
    pub(crate) async fn queue(
        &self,
        steps: (State, State),
        what: Happening,
        level: Level,
    ) -> Result<bool, StoreError> {
        if !self.step(steps, what).await? {
            return Ok(false);
        }
        let (case, account) = self.case;
        case_reviews::enqueue(self.tx, case, account, level, self.service.now()).await?;
        Ok(true)
    }
}

/// The same for a case that a source has answered: a reviewer settles what the register could not. Whose number it is
/// that another account has proven is never one operator's decision.
pub(crate) async fn level_of_review(
    service: &Service,
    tx: &Tx,
    account: &Account,
    case: &Case,
) -> Result<Level, StoreError> {
    let settles = if case.source.as_str() == POPULATION_REGISTER {
        SourceId::parse("register_review").map_err(|_| StoreError::Malformed("evidence.source"))?
    } else {
        case.source.clone()
    };
    let level = level_at_stake(service, tx, account, &settles).await?;
    Ok(match (case.state, Level::new(TWO_PEOPLE)) {
        (State::Conflict, Some(two_people)) => level.max(two_people),
        _ => level,
    })
}

/// The level that evidence from a source would lead an account to: how many people must agree depends on it.
pub(crate) async fn level_at_stake(
    service: &Service,
    tx: &Tx,
    account: &Account,
    source: &SourceId,
) -> Result<Level, StoreError> {
    let now = service.now();
    let mut held = store::evidence::list(tx, account.id).await?;
    held.push(Evidence {
        id: EvidenceId::from_uuid(Uuid::nil()),
        source: source.clone(),
        issued_at: now,
        expires_at: None,
        ended_at: None,
    });
    let reached = service.ladder().level(account.kind, &held, now).level;
    // A decision about who somebody is never counts for less than a real name.
    Ok(reached.max(Level::new(1).unwrap_or(reached)))
}
