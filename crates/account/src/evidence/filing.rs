//! What an answer changes, each in one transaction that also moves the case.
//!
//! A case is opened as `Checking` before anybody is asked and has a lease: should the node stop before the answer, the
//! case is due when the lease is over, and the source is asked again ([`crate::case`]). Nothing that was typed is lost.

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use serde_json::json;
use store::audit::Entry;
use store::cases::{self, CaseNumber, Input, NewCase, State};
use store::{StoreError, Tx};

use super::check::{Attempt, Outcome};
use super::definition;
use super::source::{Denial, Finding, POPULATION_REGISTER, Verified, Word};
use super::tries;
use super::trip::Trip;
use crate::Service;
use crate::notices::texts::Text;

/// For so long a case that is being asked about is nobody else's: longer than any answer is waited for.
pub(crate) const LEASE_SECONDS: i64 = 120;
/// A hundred million numbers a day: so many tries never all meet one that is taken.
const NUMBERS_TRIED: u32 = 16;

/// A case that is being asked about.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// The case.
    pub(crate) id: CaseId,
    /// Its number for people.
    pub(crate) number: CaseNumber,
    /// Whether its owner is told by SMS, because nobody waits at a page.
    pub(crate) notify: bool,
}

/// Whether everything is there that a source compares: what was not kept is gone after an interruption.
pub(crate) fn is_complete(source: &SourceId, facts: &Input) -> bool {
    let form = definition(source).and_then(super::port::Definition::form);
    form.is_none_or(|form| {
        let mut needed = form.fields.iter().filter(|field| !field.optional);
        needed.all(|field| facts.more.get(field.name).is_some())
    })
}

/// Opens the case of an attempt before the source is asked, in place of what waited for the same source.
pub(super) async fn open(service: &Service, attempt: &Attempt) -> Result<Opened, StoreError> {
    let tx = service.store().begin().await?;
    let opened = open_in(service, &tx, attempt).await?;
    tx.commit().await?;
    Ok(opened)
}

async fn open_in(service: &Service, tx: &Tx, attempt: &Attempt) -> Result<Opened, StoreError> {
    let (now, rng) = (service.now(), service.rng());
    let whose = (attempt.account, &attempt.source);
    let waiting = [State::Unavailable, State::NeedsMoreInformation];
    cases::replace_waiting(tx, whose, &waiting, None, now).await?;
    cases::forget_draft(tx, attempt.account, &attempt.source).await?;
    let mut new = NewCase {
        id: CaseId::new(now, rng),
        number: CaseNumber::generate(now, rng),
        account: attempt.account,
        source: attempt.source.clone(),
        state: State::Checking,
        input: attempt.facts.clone(),
        next_attempt_at: Some(now + TimeDelta::seconds(LEASE_SECONDS)),
        reference: None,
        created_at: now,
    };
    for _ in 0..NUMBERS_TRIED {
        if cases::create(tx, &new).await? {
            return Ok(Opened {
                id: new.id,
                number: new.number,
                notify: false,
            });
        }
        new.number = CaseNumber::generate(now, rng);
    }
    Err(StoreError::Malformed("verification_case.number"))
}

/// Writes what an answer changes.
pub(crate) async fn settle(
    service: &Service,
    attempt: &Attempt,
    case: &Opened,
    (word, finding): (Word, Finding),
    tries_left: i64,
) -> Result<Outcome, StoreError> {
    let filing = Filing {
        service,
        attempt,
        case,
        word,
        now: service.now(),
    };
    let tx = service.store().begin().await?;
    let outcome = match filing.write(tx, &finding, tries_left).await {
        // Two accounts at the same moment: the unique index over ID numbers has decided (A247). No other index of what
        // is written here can be violated.
        Err(StoreError::Duplicate) => filing.conflict(service.store().begin().await?).await,
        other => other,
    }?;
    if outcome == Outcome::Gone {
        // The account is closed or frozen, or changed meanwhile: the answer has nobody to go to.
        let gone = (State::Checking, State::Expired);
        cases::change(&service.store().read(), case.id, gone, service.now()).await?;
    }
    if case.notify {
        service.kick_delivery();
    }
    Ok(outcome)
}

/// Writes what somebody has said whom nobody asks with facts: that their return is settled, the try, the case and what
/// the answer changes, all in one transaction. `None`, and nothing is written, when the lease is another's by now.
pub(super) async fn take_in(
    service: &Service,
    attempt: &Attempt,
    trip: &Trip,
    (word, finding): (Word, Finding),
) -> Result<Option<Outcome>, StoreError> {
    let written = match take_in_once(service, attempt, trip, (word, Some(&finding))).await {
        // As in `settle`.
        Err(StoreError::Duplicate) => take_in_once(service, attempt, trip, (word, None)).await,
        other => other,
    }?;
    if written == Some(Outcome::Gone) && !trip.settle(&service.store().read()).await? {
        return Ok(None);
    }
    Ok(written)
}

/// The same; without a finding the number is another account's.
async fn take_in_once(
    service: &Service,
    attempt: &Attempt,
    trip: &Trip,
    (word, finding): (Word, Option<&Finding>),
) -> Result<Option<Outcome>, StoreError> {
    let tx = service.store().begin().await?;
    // The account first, as every other transaction does: nobody waits in a circle.
    store::accounts::take_turns(&tx, attempt.account).await?;
    if !trip.settle(&tx).await? {
        return Ok(None);
    }
    let counts = match finding {
        Some(Finding::Not(denial)) => denial.counts(),
        Some(Finding::Match(_)) | None => true,
    };
    let tries_left = if counts {
        let Some(left) = tries::count_in(service, &tx, attempt).await? else {
            tx.commit().await?;
            return Ok(Some(Outcome::NoTriesLeft));
        };
        left
    } else {
        tries::left_in(service, &tx, attempt).await?
    };
    let case = open_in(service, &tx, attempt).await?;
    let filing = Filing {
        service,
        attempt,
        case: &case,
        word,
        now: service.now(),
    };
    match finding {
        Some(finding) => filing.write(tx, finding, tries_left).await,
        None => filing.conflict(tx).await,
    }
    .map(Some)
}

/// What every ending has in common.
struct Filing<'a> {
    service: &'a Service,
    attempt: &'a Attempt,
    case: &'a Opened,
    word: Word,
    now: DateTime<Utc>,
}

impl Filing<'_> {
    /// Writes what an answer changes, and ends the transaction with it. Nothing is written when nobody is there whom it
    /// could change.
    async fn write(&self, tx: Tx, finding: &Finding, tries_left: i64) -> Result<Outcome, StoreError> {
        match finding {
            Finding::Match(verified) => self.pass(tx, verified).await,
            Finding::Not(Denial::Unavailable) => self.wait(tx).await,
            Finding::Not(Denial::Restricted) => self.freeze(tx).await,
            Finding::Not(denial) => self.deny(tx, *denial, tries_left).await,
        }
    }

    async fn pass(&self, tx: Tx, verified: &Verified) -> Result<Outcome, StoreError> {
        let (account, now) = (self.attempt.account, self.now);
        let facts = verified.facts();
        // Nobody changes the phone or the name between the look at them and the evidence.
        store::accounts::take_turns(&tx, account).await?;
        let owner = store::accounts::find_by_citizen_id(&tx, &facts.citizen_id).await?;
        if owner.is_some_and(|owner| owner.id != account) {
            return self.conflict(tx).await;
        }
        let Some(current) = store::accounts::find(&tx, account).await? else {
            return Ok(Outcome::Gone);
        };
        // What was verified is not edited by a later answer (HB-22), and the phone is the one that was compared.
        let name = current.name.as_ref().unwrap_or(&facts.name);
        let fits = name.same_as(&facts.name) && (facts.phone.is_none() || facts.phone == current.phone);
        let identity = (name, &facts.citizen_id);
        if !fits || !store::accounts::set_identity(&tx, account, identity, now).await? {
            return Ok(Outcome::Gone);
        }
        if !self.file(&tx, State::Passed).await? {
            return Ok(Outcome::Gone);
        }
        // Whatever else was asked of this source is answered by it.
        let whose = (account, &self.attempt.source);
        let open = [State::Checking, State::Unavailable, State::NeedsMoreInformation];
        cases::replace_waiting(&tx, whose, &open, Some(self.case.id), now).await?;
        super::record(self.service, &tx, (account, self.case.id), verified).await?;
        let details = json!({ "source": verified.source() });
        self.audit(&tx, Event::EvidenceRecorded, details).await?;
        tx.commit().await?;
        Ok(Outcome::Passed)
    }

    /// The number belongs to another account: nothing changes there or here (A243).
    async fn conflict(&self, tx: Tx) -> Result<Outcome, StoreError> {
        if !self.file(&tx, State::Conflict).await? {
            return Ok(Outcome::Gone);
        }
        let details = json!({ "source": self.attempt.source });
        self.audit(&tx, Event::ConflictFound, details).await?;
        tx.commit().await?;
        Ok(Outcome::Conflict { case: self.number() })
    }

    async fn freeze(&self, tx: Tx) -> Result<Outcome, StoreError> {
        let (account, now) = (self.attempt.account, self.now);
        // The account first, as every other transaction does: a sign-in that begins now is waited for, and ends below.
        let frozen = store::accounts::freeze(&tx, account, now).await?;
        if !self.file(&tx, State::Restricted).await? {
            return Ok(Outcome::Gone);
        }
        // A person of the province looks at it: nobody else can help whose account is frozen.
        let lowest = model::ladder::Level::REGISTERED;
        store::case_reviews::enqueue(&tx, self.case.id, account, lowest, now).await?;
        if frozen {
            let reason = json!({ "reason": "restricted", "source": self.attempt.source });
            self.audit(&tx, Event::AccountFrozen, reason).await?;
            crate::standing::froze(self.service, &tx, account).await?;
        }
        if self.attempt.source.as_str() == POPULATION_REGISTER
            && let Some(owner) = store::accounts::find(&tx, account).await?
        {
            crate::ageing::events::register_says_dead(self.service, &tx, &owner).await?;
        }
        store::sessions::end_all(&tx, account, None, now).await?;
        tx.commit().await?;
        Ok(Outcome::Restricted { case: self.number() })
    }

    async fn deny(&self, tx: Tx, denial: Denial, tries_left: i64) -> Result<Outcome, StoreError> {
        let state = if denial == Denial::NotFound {
            State::NotFound
        } else {
            State::Mismatch
        };
        if !self.file(&tx, state).await? {
            return Ok(Outcome::Gone);
        }
        tx.commit().await?;
        Ok(Outcome::Denied {
            denial,
            case: self.number(),
            tries_left,
        })
    }

    /// No answer: asked again by itself, or when its owner has typed again what could not be kept.
    async fn wait(&self, tx: Tx) -> Result<Outcome, StoreError> {
        let (config, now) = (&self.service.config().sources, self.now);
        let kept = self.attempt.facts.more.all_kept();
        let (state, moved) = if kept {
            let at = now + TimeDelta::seconds(config.retry_first_seconds);
            let moved = cases::postpone(&tx, self.case.id, at, now).await?;
            (State::Unavailable, moved)
        } else {
            let until = now + TimeDelta::days(config.retry_days);
            let moved = cases::need_more(&tx, self.case.id, until, now).await?;
            (State::NeedsMoreInformation, moved)
        };
        if !moved {
            return Ok(Outcome::Gone);
        }
        self.audit_case(&tx, state).await?;
        tx.commit().await?;
        let case = self.number();
        Ok(if kept {
            Outcome::Waiting { case }
        } else {
            Outcome::NeedsMore { case }
        })
    }

    fn number(&self) -> CaseNumber {
        self.case.number.clone()
    }

    /// Moves the case that is being asked about; `false` when it has ended meanwhile.
    async fn file(&self, tx: &Tx, state: State) -> Result<bool, StoreError> {
        if !cases::change(tx, self.case.id, (State::Checking, state), self.now).await? {
            return Ok(false);
        }
        if self.case.notify {
            crate::case::notify(self.service, tx, self.attempt.account, state).await?;
        }
        self.audit_case(tx, state).await?;
        Ok(true)
    }

    async fn audit_case(&self, tx: &Tx, state: State) -> Result<(), StoreError> {
        let asked = json!({ "source": self.attempt.source, "answer": self.word.as_str() });
        self.audit(tx, Event::SourceAsked, asked).await?;
        let changed = json!({ "case": self.case.number.as_str(), "state": state.as_str() });
        self.audit(tx, Event::CaseChanged, changed).await
    }

    async fn audit(&self, tx: &Tx, event: Event, details: serde_json::Value) -> Result<(), StoreError> {
        let mut entry = Entry::new(event, self.now)
            .account(self.attempt.account)
            .details(details);
        entry.request_id.clone_from(&self.attempt.request_id);
        store::audit::record(tx, self.service.rng(), entry).await
    }
}

/// Ends a case of an attempt that was taken up again although something of it was not kept: its owner types it again.
/// Answers whether it did.
pub(crate) async fn ask_its_owner(
    service: &Service,
    case: CaseId,
    account: AccountId,
) -> Result<bool, StoreError> {
    let now = service.now();
    let until = now + TimeDelta::days(service.config().sources.retry_days);
    let tx = service.store().begin().await?;
    let moved = cases::need_more(&tx, case, until, now).await?;
    if moved {
        crate::case::notify_by(service, &tx, account, Text::VerifyTypeAgain).await?;
        let details = json!({ "state": State::NeedsMoreInformation.as_str() });
        let entry = Entry::new(Event::CaseChanged, now)
            .account(account)
            .details(details);
        store::audit::record(&tx, service.rng(), entry).await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(moved)
}
