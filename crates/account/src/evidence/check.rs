//! One attempt to gain evidence: tries are counted, the case is written down, the source is asked outside any
//! transaction, and what its answer changes is written in one transaction (`filing`).
//!
//! | answer | what changes |
//! |---|---|
//! | match | identity and evidence stored, unless the number is proven by another account: then nothing (A243, A247) |
//! | mismatch, not found | the try counts; a case that a person may be asked to look at |
//! | restricted | account frozen, every sign-in ended, a case for an operator |
//! | no answer | the try does not count; a case that is tried again by itself (A251), or by its owner when something was not kept |

use chrono::TimeDelta;
use model::evidence::SourceId;
use model::ids::AccountId;
use store::StoreError;
use store::cases::{Case, CaseNumber, Input, State};

use super::asking::Asking;
use super::source::{Denial, Finding, Reply};
use super::trip::Trip;
use super::{connected, filing, source, tries};
use crate::Service;

/// The same facts sent again so soon, by a second click or by going back, get the same answer and cost no try.
pub(super) const REPEAT_SECONDS: i64 = 120;

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
    /// The source did not answer, and something that it compares is not kept: its owner types it again later.
    NeedsMore {
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

/// Runs an attempt from a page. The same facts sent twice at once are asked about once.
pub async fn run(service: &Service, attempt: &Attempt) -> Result<Outcome, StoreError> {
    let asking = Asking::of(service, attempt);
    if let Some(outcome) = repeated(service, attempt, &asking).await? {
        return Ok(outcome);
    }
    if !asking.begin(service).await?
        && let Some(outcome) = asking.follow(service, attempt).await?
    {
        return Ok(outcome);
    }
    // Between the first look and the mark the other request may have been answered and gone.
    let outcome = match repeated(service, attempt, &asking).await {
        Ok(Some(outcome)) => Ok(outcome),
        Ok(None) => run_alone(service, attempt).await,
        Err(error) => Err(error),
    };
    if matches!(outcome, Ok(Outcome::Denied { .. })) {
        asking.remember_denied(service).await?;
    }
    asking.end(service).await?;
    outcome
}

async fn run_alone(service: &Service, attempt: &Attempt) -> Result<Outcome, StoreError> {
    let Some(tries_left) = tries::count(service, attempt).await? else {
        return Ok(Outcome::NoTriesLeft);
    };
    let case = filing::open(service, attempt).await?;
    let (word, finding) = connected::check(service, &attempt.source, &attempt.facts).await?;
    if matches!(&finding, Finding::Not(denial) if !denial.counts()) {
        tries::take_back(service, attempt).await?;
    }
    filing::settle(service, attempt, &case, (word, finding), tries_left).await
}

/// Takes in what a party has said that is not asked with facts: the one a browser came back from, a certificate. The
/// word and the facts are that party's; whether they are the account's own is for the caller to see before. `None`, and
/// nothing is written, when somebody else looks at the same return by now.
pub(crate) async fn take_in(
    service: &Service,
    attempt: &Attempt,
    trip: &Trip,
    reply: Reply,
) -> Result<Option<Outcome>, StoreError> {
    let word = reply.word;
    let finding = source::judge(&attempt.source, &attempt.facts, reply);
    filing::take_in(service, attempt, trip, (word, finding)).await
}

/// Files what an answer says that nobody at a page asked for: a source that was asked again about somebody it confirmed.
pub(crate) async fn file(
    service: &Service,
    attempt: &Attempt,
    said: (source::Word, Finding),
) -> Result<Outcome, StoreError> {
    let case = filing::open(service, attempt).await?;
    filing::settle(service, attempt, &case, said, 0).await
}

/// The answer that these very facts got a moment ago.
async fn repeated(
    service: &Service,
    attempt: &Attempt,
    asking: &Asking,
) -> Result<Option<Outcome>, StoreError> {
    let (tx, now) = (service.store().read(), service.now());
    let about = (&attempt.source, &attempt.facts.citizen_id);
    let since = now - TimeDelta::seconds(REPEAT_SECONDS);
    let Some(case) = store::cases::find_denied(&tx, attempt.account, about, since).await? else {
        return Ok(None);
    };
    let same = case
        .input
        .as_ref()
        .is_some_and(|input| *input == kept(&attempt.facts));
    // What is not kept cannot be compared with the case: a mark of this process says whether it was the same.
    if !same || (!attempt.facts.more.all_kept() && !asking.was_denied(service).await?) {
        return Ok(None);
    }
    denied(service, attempt, case).await.map(Some)
}

/// The facts as a case keeps them.
pub(super) fn kept(facts: &Input) -> Input {
    Input {
        more: facts.more.kept(),
        ..facts.clone()
    }
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
        tries_left: tries::left(service, attempt).await?,
    })
}
