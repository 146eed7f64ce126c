//! One attempt to gain evidence: tries are counted, the source is asked outside any transaction, and what its answer
//! changes is written in one transaction.
//!
//! | answer | what changes |
//! |---|---|
//! | match | identity and evidence stored, unless the number is proven by another account: then nothing (A243, A247) |
//! | mismatch, not found | the try counts; a case that a person may be asked to look at |
//! | restricted | account frozen, every sign-in ended, a case for an operator |
//! | no answer | the try does not count; a case that is tried again by itself (A251) |

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use serde_json::json;
use store::audit::Entry;
use store::cases::{Case, CaseNumber, Input, NewCase, State};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};

use super::Config;
use super::asking::Asking;
use super::source::{Denial, Finding, Verified, Word};
use crate::Service;

/// The same facts sent again so soon, by a second click or by going back, get the same answer and cost no try.
pub(super) const REPEAT_SECONDS: i64 = 120;
/// A hundred million numbers a day: so many tries never all meet one that is taken.
const NUMBERS_TRIED: u32 = 16;
/// Tries are counted by day.
const DAY_SECONDS: i64 = 24 * 3600;

/// What an attempt is about.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// For whom.
    pub account: AccountId,
    /// Who is asked.
    pub source: SourceId,
    /// Whether these facts agree.
    pub facts: Input,
    /// The correlation number of the request.
    pub request_id: Option<String>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is new evidence.
    Passed,
    /// Something differs, or the number is not known.
    Denied {
        /// Which of the two.
        denial: Denial,
        /// The case that a person may be asked to look at.
        case: CaseNumber,
        /// How many tries are left today.
        tries_left: i64,
    },
    /// The source did not answer; it is asked again.
    Waiting {
        /// The case.
        case: CaseNumber,
    },
    /// The number is proven by another account.
    Conflict {
        /// The case.
        case: CaseNumber,
    },
    /// The account is frozen now.
    Restricted {
        /// The case.
        case: CaseNumber,
    },
    /// No tries are left today, for this account or for this number: which of them, nobody is told (A253).
    NoTriesLeft,
    /// The account is not in use any more, or somebody changed it meanwhile.
    Gone,
}

/// Where an answer comes in: fresh from a page, or for a case that waited.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Page,
    Retry(CaseId, CaseNumber),
}

/// Runs an attempt from a page. The same facts sent twice at once are asked about once.
pub async fn run(service: &Service, attempt: &Attempt) -> Result<Outcome, StoreError> {
    if let Some(outcome) = repeated(service, attempt).await? {
        return Ok(outcome);
    }
    let asking = Asking::of(attempt);
    if !asking.begin(service).await?
        && let Some(outcome) = asking.follow(service, attempt).await?
    {
        return Ok(outcome);
    }
    // Between the first look and the mark the other request may have been answered and gone.
    let outcome = match repeated(service, attempt).await {
        Ok(Some(outcome)) => Ok(outcome),
        Ok(None) => run_alone(service, attempt).await,
        Err(error) => Err(error),
    };
    asking.end(service).await?;
    outcome
}

async fn run_alone(service: &Service, attempt: &Attempt) -> Result<Outcome, StoreError> {
    let Some(tries_left) = count_try(service, attempt).await? else {
        return Ok(Outcome::NoTriesLeft);
    };
    let (word, finding) = service
        .sources()
        .check(&attempt.source, &attempt.facts, service.kit().clock())
        .await;
    if matches!(&finding, Finding::Not(denial) if !denial.counts()) {
        take_try_back(service, attempt).await?;
    }
    settle(service, attempt, &Origin::Page, (word, finding), tries_left).await
}

/// The answer that these very facts got a moment ago.
async fn repeated(service: &Service, attempt: &Attempt) -> Result<Option<Outcome>, StoreError> {
    let (tx, now) = (service.store().read(), service.now());
    let about = (&attempt.source, &attempt.facts.citizen_id);
    let since = now - TimeDelta::seconds(REPEAT_SECONDS);
    let Some(case) = store::cases::find_denied(&tx, attempt.account, about, since).await? else {
        return Ok(None);
    };
    if case.input.as_ref() != Some(&attempt.facts) {
        return Ok(None);
    }
    denied(service, attempt, case).await.map(Some)
}

/// What a case says that has been denied already.
pub(super) async fn denied(service: &Service, attempt: &Attempt, case: Case) -> Result<Outcome, StoreError> {
    let denial = if case.state == State::NotFound {
        Denial::NotFound
    } else {
        Denial::Mismatch
    };
    Ok(Outcome::Denied {
        denial,
        case: case.number,
        tries_left: tries_left(service, attempt).await?,
    })
}

/// How many tries are left, without counting one.
pub(crate) async fn tries_left(service: &Service, attempt: &Attempt) -> Result<i64, StoreError> {
    let (tx, now) = (service.store().read(), service.now());
    let mut left = i64::MAX;
    for (rule, key) in counters(&service.config().sources, attempt) {
        let count = throttles::look(&tx, &rule, &key, now).await?;
        left = Ord::min(left, count.limit - count.count);
    }
    Ok(left)
}

/// Counts a try before the source is asked, so that parallel tries all count; `None` when none was left.
pub(crate) async fn count_try(service: &Service, attempt: &Attempt) -> Result<Option<i64>, StoreError> {
    let (tx, now) = (service.store().read(), service.kit().now());
    let mut left = i64::MAX;
    // The account first: one that has used up its own tries takes none from the number's owner.
    for (rule, key) in counters(&service.config().sources, attempt) {
        let count = throttles::hit(&tx, &rule, &key, now).await?;
        if count.exceeded() {
            return Ok(None);
        }
        left = Ord::min(left, count.limit - count.count);
    }
    Ok(Some(left))
}

pub(crate) async fn take_try_back(service: &Service, attempt: &Attempt) -> Result<(), StoreError> {
    let (tx, now) = (service.store().read(), service.kit().now());
    for (rule, key) in counters(&service.config().sources, attempt) {
        throttles::give_back(&tx, &rule, &key, now).await?;
    }
    Ok(())
}

fn counters(config: &Config, attempt: &Attempt) -> [(Rule, String); 2] {
    let rule = |name| Rule {
        name,
        limit: config.tries_per_day,
        window_seconds: DAY_SECONDS,
    };
    let of = |key: &str| format!("{}:{key}", attempt.source);
    [
        (rule("verify_account"), of(&attempt.account.to_string())),
        (rule("verify_number"), of(attempt.facts.citizen_id.as_str())),
    ]
}

/// Writes what an answer changes.
pub(crate) async fn settle(
    service: &Service,
    attempt: &Attempt,
    origin: &Origin,
    (word, finding): (Word, Finding),
    tries_left: i64,
) -> Result<Outcome, StoreError> {
    let filing = Filing {
        service,
        attempt,
        origin,
        word,
        now: service.kit().now(),
    };
    let outcome = match finding {
        Finding::Match(verified) => match pass(&filing, &verified).await {
            // Two accounts at the same moment: the unique index over ID numbers has decided (A247). No other index of
            // what `pass` writes can be violated: the case picks another number by itself.
            Err(StoreError::Duplicate) => conflict(&filing).await,
            other => other,
        },
        Finding::Not(Denial::Unavailable) => wait(&filing).await,
        Finding::Not(Denial::Restricted) => freeze(&filing).await,
        Finding::Not(denial) => {
            let state = if denial == Denial::NotFound {
                State::NotFound
            } else {
                State::Mismatch
            };
            let tx = service.store().begin().await?;
            let Some((_, case)) = filing.file(&tx, state, None).await? else {
                return Ok(Outcome::Gone);
            };
            tx.commit().await?;
            Ok(Outcome::Denied {
                denial,
                case,
                tries_left,
            })
        }
    };
    if matches!(origin, Origin::Retry(..)) {
        service.kick_delivery();
    }
    outcome
}

async fn pass(filing: &Filing<'_>, verified: &Verified) -> Result<Outcome, StoreError> {
    let (service, account, now) = (filing.service, filing.attempt.account, filing.now);
    let facts = verified.facts();
    let tx = service.store().begin().await?;
    let owner = store::accounts::find_by_citizen_id(&tx, &facts.citizen_id).await?;
    if owner.is_some_and(|owner| owner.id != account) {
        drop(tx);
        return conflict(filing).await;
    }
    let current = store::accounts::find(&tx, account).await?;
    let same_phone = current.is_some_and(|current| facts.phone.is_none() || facts.phone == current.phone);
    let identity = (&facts.name, &facts.citizen_id);
    if !same_phone || !store::accounts::set_identity(&tx, account, identity, now).await? {
        return Ok(Outcome::Gone);
    }
    let Some((case, _)) = filing.file(&tx, State::Passed, None).await? else {
        return Ok(Outcome::Gone);
    };
    super::record(service, &tx, (account, case), verified).await?;
    filing
        .audit(
            &tx,
            Event::EvidenceRecorded,
            json!({ "source": verified.source() }),
        )
        .await?;
    tx.commit().await?;
    Ok(Outcome::Passed)
}

/// The number belongs to another account: nothing changes there or here (A243).
async fn conflict(filing: &Filing<'_>) -> Result<Outcome, StoreError> {
    let tx = filing.service.store().begin().await?;
    let Some((_, case)) = filing.file(&tx, State::Conflict, None).await? else {
        return Ok(Outcome::Gone);
    };
    filing
        .audit(
            &tx,
            Event::ConflictFound,
            json!({ "source": filing.attempt.source }),
        )
        .await?;
    tx.commit().await?;
    Ok(Outcome::Conflict { case })
}

async fn freeze(filing: &Filing<'_>) -> Result<Outcome, StoreError> {
    let (account, now) = (filing.attempt.account, filing.now);
    let tx = filing.service.store().begin().await?;
    // The account first, as every other transaction does: a sign-in that begins now is waited for, and ends below.
    let frozen = store::accounts::freeze(&tx, account, now).await?;
    let Some((_, case)) = filing.file(&tx, State::Restricted, None).await? else {
        return Ok(Outcome::Gone);
    };
    if frozen {
        let reason = json!({ "reason": "restricted", "source": filing.attempt.source });
        filing.audit(&tx, Event::AccountFrozen, reason).await?;
    }
    store::sessions::end_all(&tx, account, None, now).await?;
    tx.commit().await?;
    Ok(Outcome::Restricted { case })
}

async fn wait(filing: &Filing<'_>) -> Result<Outcome, StoreError> {
    let first = TimeDelta::seconds(filing.service.config().sources.retry_first_seconds);
    let tx = filing.service.store().begin().await?;
    let Some((_, case)) = filing.file(&tx, State::Unavailable, Some(filing.now + first)).await? else {
        return Ok(Outcome::Gone);
    };
    tx.commit().await?;
    Ok(Outcome::Waiting { case })
}

/// What every ending has in common.
struct Filing<'a> {
    service: &'a Service,
    attempt: &'a Attempt,
    origin: &'a Origin,
    word: Word,
    now: DateTime<Utc>,
}

impl Filing<'_> {
    /// Opens the case in its state, or moves the case that waited to it; `None` when that case has ended meanwhile.
    async fn file(
        &self,
        tx: &Tx,
        state: State,
        next_attempt_at: Option<DateTime<Utc>>,
    ) -> Result<Option<(CaseId, CaseNumber)>, StoreError> {
        let filed = match self.origin {
            Origin::Page => self.open(tx, state, next_attempt_at).await?,
            Origin::Retry(id, number) => {
                if !store::cases::change(tx, *id, (State::Unavailable, state), self.now).await? {
                    return Ok(None);
                }
                crate::case::notify(self.service, tx, self.attempt.account, state).await?;
                (*id, number.clone())
            }
        };
        let asked = json!({ "source": self.attempt.source, "answer": self.word.as_str() });
        self.audit(tx, Event::SourceAsked, asked).await?;
        self.audit(
            tx,
            Event::CaseChanged,
            json!({ "case": filed.1.as_str(), "state": state.as_str() }),
        )
        .await?;
        Ok(Some(filed))
    }

    async fn open(
        &self,
        tx: &Tx,
        state: State,
        next_attempt_at: Option<DateTime<Utc>>,
    ) -> Result<(CaseId, CaseNumber), StoreError> {
        let (attempt, rng) = (self.attempt, self.service.kit().rng());
        store::cases::replace_waiting(tx, attempt.account, &attempt.source, self.now).await?;
        let mut new = NewCase {
            id: CaseId::new(self.now, rng),
            number: CaseNumber::generate(self.now, rng),
            account: attempt.account,
            source: attempt.source.clone(),
            state,
            input: attempt.facts.clone(),
            next_attempt_at,
            reference: None,
            created_at: self.now,
        };
        store::cases::forget_draft(tx, attempt.account, &attempt.source).await?;
        for _ in 0..NUMBERS_TRIED {
            if store::cases::create(tx, &new).await? {
                return Ok((new.id, new.number));
            }
            new.number = CaseNumber::generate(self.now, rng);
        }
        Err(StoreError::Malformed("verification_case.number"))
    }

    async fn audit(&self, tx: &Tx, event: Event, details: serde_json::Value) -> Result<(), StoreError> {
        let mut entry = Entry::new(event, self.now)
            .account(self.attempt.account)
            .details(details);
        entry.request_id.clone_from(&self.attempt.request_id);
        store::audit::record(tx, self.service.kit().rng(), entry).await
    }
}
