//! What a decision changes: evidence, the case, the account. Everything that it takes is one transaction that begins
//! with the guarded step in the queue: whoever is not the holder any more changes nothing.

use chrono::NaiveDate;
use model::case::State;
use model::evidence::{Details, SourceId};
use model::ids::AccountId;
use model::review::{Act, Happening, Reason};
use store::accounts::{self, Status};
use store::case_reviews::{self, Eyes, Proposal, Verdict};
use store::cases::{self, Case, Factors, Input};
use store::{StoreError, Tx};

use account::evidence::connected;
use account::evidence::decided::{self, Decided, Decision};
use account::evidence::locked;
use account::evidence::source::Word;

use super::desk::{About, Desk};
use super::prospect::prospect;
use super::{frozen, moved};

/// The evidence of a reviewer who compared documents.
pub(super) const DOCUMENTS: &str = "document_review";
/// The evidence of a reviewer who settled what the register could not.
pub(super) const REGISTER_SETTLED: &str = "register_review";
/// The register of persons.
pub(super) const REGISTER: &str = "population_register";
/// The evidence of somebody who stood at a counter.
pub(crate) const COUNTER: &str = "counter";
/// What the evidence of two operators is called, before the level.
pub(crate) const OVERRIDE: &str = "operator_override_";
/// The factor of a case that says until when an override counts.
pub(crate) const UNTIL: &str = "until";
/// The factor of a case that says which document was shown.
pub(crate) const DOCUMENT: &str = "document";
/// The factor of a case that says until when that document is valid.
pub(crate) const DOCUMENT_EXPIRES: &str = "document_expires";

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is decided.
    Decided,
    /// A second person decides.
    Proposed,
    /// The case is not the operator's any more, or not what it was.
    Gone,
    /// The number is proven by another account.
    Conflict,
    /// The register does not answer: nothing is decided without it.
    NoRegister,
    /// The register says dead, cancelled or locked.
    Restricted,
    /// It says so of the account's proven number: the account is frozen.
    Frozen,
    /// Nothing was sent that could be compared.
    NothingToCompare,
    /// The role is not enough.
    NotAllowed,
}

pub(super) fn source(name: &str) -> Result<SourceId, StoreError> {
    SourceId::parse(name).map_err(|_| StoreError::Malformed("evidence.source"))
}

/// Whether people must agree on a case whatever level it gives.
pub(crate) fn is_override(case: &Case) -> bool {
    case.source.as_str().starts_with(OVERRIDE)
}

/// Approves a case, or proposes to where a second person must agree.
pub(crate) async fn approve(
    desk: &Desk<'_>,
    number: &cases::CaseNumber,
    reason: Reason,
) -> Result<Outcome, StoreError> {
    let read = desk.service.store().read();
    let Some((case, review)) = case_reviews::open(&read, number, desk.me(), desk.now).await? else {
        return Ok(Outcome::Gone);
    };
    if case.state == State::Restricted {
        return frozen::unfreeze(desk, (&case, &review), reason).await;
    }
    let (Some(facts), Some(account)) = (&case.input, accounts::find(&read, case.account).await?) else {
        return Ok(Outcome::Gone);
    };
    if account.status != Status::Active {
        return Ok(Outcome::Gone);
    }
    let owner = accounts::find_by_citizen_id(&read, &facts.citizen_id).await?;
    let other = owner.filter(|owner| owner.id != account.id);
    if other.is_some() && reason != Reason::OwnershipShown {
        return Ok(Outcome::Conflict);
    }
    let mut prospect = prospect(desk, &read, (&case, &review), &account).await?;
    if other.is_some() {
        // Something is taken from another account: never by one person, whatever the level.
        prospect.eyes = Eyes::Four;
    }
    if prospect.sources.is_empty() {
        return Ok(Outcome::NothingToCompare);
    }
    if prospect.eyes == Eyes::Four && review.proposal.is_none() {
        return propose(desk, &case, reason).await;
    }
    if let Some(outcome) = hindrance(desk, account.id, facts).await? {
        return Ok(outcome);
    }
    let tx = desk.service.store().begin().await?;
    match &other {
        Some(other) => store::joins::take_turns(&tx, account.id, other.id).await?,
        None => accounts::take_turns(&tx, account.id).await?,
    }
    let verdict = (desk.me(), Verdict::Approve, reason);
    if !case_reviews::decide(&tx, case.id, verdict, prospect.eyes, desk.now).await?
        || !cases::change(&tx, case.id, (case.state, State::Approved), desk.now).await?
    {
        return Ok(Outcome::Gone);
    }
    if let Some(other) = &other
        && !moved::take_number(desk, &tx, (&case, facts), other).await?
    {
        return Ok(Outcome::Gone);
    }
    for source in prospect.sources {
        let decision = decision(desk, (&case, facts), source);
        match decided::record(desk.service.account(), &tx, &decision).await {
            Ok(Decided::Recorded(_)) => {}
            // Another account proved the number a moment ago (A247).
            Ok(Decided::Conflict) | Err(StoreError::Duplicate) => return Ok(Outcome::Conflict),
            Ok(Decided::Gone) => return Ok(Outcome::Gone),
            Err(error) => return Err(error),
        }
    }
    let about = About::from(&case);
    desk.note(&tx, &about, (Happening::Approved, Some(reason)))
        .await?;
    if is_override(&case) {
        desk.note(&tx, &about, (Happening::Overridden, Some(reason)))
            .await?;
    }
    finish(desk, tx, &case, State::Approved).await
}

/// What the register says against any approval.
pub(super) async fn hindrance(
    desk: &Desk<'_>,
    account: AccountId,
    facts: &Input,
) -> Result<Option<Outcome>, StoreError> {
    Ok(match ask_register(desk, account, facts).await? {
        Some((Word::Restricted, true)) => Some(Outcome::Frozen),
        Some((Word::Restricted, false)) => Some(Outcome::Restricted),
        // "Cannot check" is never "it is so" (A251).
        Some((Word::Unavailable | Word::Refused, _)) => Some(Outcome::NoRegister),
        Some((Word::Match | Word::Mismatch | Word::NotFound, _)) | None => None,
    })
}

/// What a register says now about what was typed for an account; nothing where none is connected. With it, whether the
/// account was frozen by the answer: its proven number is of somebody who died, or may not be served.
pub(crate) async fn ask_register(
    desk: &Desk<'_>,
    account: AccountId,
    facts: &Input,
) -> Result<Option<(Word, bool)>, StoreError> {
    let register = source(REGISTER)?;
    let service = desk.service.account();
    if !service.sources().has(&register) {
        return Ok(None);
    }
    // Name and number: what else a case has is not the register's business.
    let facts = Input {
        more: Factors::none(),
        phone: None,
        ..facts.clone()
    };
    let (word, _) = connected::check(service, &register, &facts).await?;
    let froze = word == Word::Restricted
        && locked::heard(
            service,
            Some(&desk.request_id),
            (account, &register),
            &facts.citizen_id,
        )
        .await?;
    Ok(Some((word, froze)))
}

fn decision(desk: &Desk<'_>, (case, facts): (&Case, &Input), source: SourceId) -> Decision {
    let day = |name| {
        facts
            .more
            .get(name)
            .and_then(|text| text.parse::<NaiveDate>().ok())
    };
    let expires = day(DOCUMENT_EXPIRES);
    Decision {
        account: case.account,
        case: case.id,
        source,
        facts: facts.clone(),
        until: day(UNTIL)
            .or(expires)
            .and_then(|day| desk.service.kit().end_of(day)),
        details: Details {
            document: facts.more.get(DOCUMENT).map(str::to_owned),
            document_expires: expires,
            ..Details::default()
        },
    }
}

/// Suggests to a second operator to approve.
pub(super) async fn propose(desk: &Desk<'_>, case: &Case, reason: Reason) -> Result<Outcome, StoreError> {
    let tx = desk.service.store().begin().await?;
    let proposal = Proposal {
        by: desk.me(),
        reason,
    };
    if !case_reviews::propose(&tx, case.id, &proposal, desk.now).await? {
        return Ok(Outcome::Gone);
    }
    let proposed = (Happening::ProposedApproval, Some(reason));
    desk.note(&tx, &About::from(case), proposed).await?;
    tx.commit().await?;
    Ok(Outcome::Proposed)
}

/// Rejects a case that nobody proposed to approve. One person may: nothing is gained by it, and its owner can appeal.
/// The owner of a frozen account cannot, because they cannot sign in; for them another senior reviewer has the case
/// looked at again ([`frozen::reopen`]).
pub(crate) async fn reject(
    desk: &Desk<'_>,
    number: &cases::CaseNumber,
    reason: Reason,
) -> Result<Outcome, StoreError> {
    let read = desk.service.store().read();
    let Some((case, _)) = case_reviews::open(&read, number, desk.me(), desk.now).await? else {
        return Ok(Outcome::Gone);
    };
    let tx = desk.service.store().begin().await?;
    accounts::take_turns(&tx, case.account).await?;
    let verdict = (desk.me(), Verdict::Reject, reason);
    if !case_reviews::decide(&tx, case.id, verdict, Eyes::Two, desk.now).await?
        || !cases::change(&tx, case.id, (case.state, State::Rejected), desk.now).await?
    {
        return Ok(Outcome::Gone);
    }
    let about = About::from(&case);
    desk.note(&tx, &about, (Happening::Rejected, Some(reason)))
        .await?;
    if case.state == State::Restricted {
        desk.note(&tx, &about, (Happening::KeptFrozen, Some(reason)))
            .await?;
    }
    finish(desk, tx, &case, State::Rejected).await
}

/// Asks the owner for more.
pub(crate) async fn ask(
    desk: &Desk<'_>,
    number: &cases::CaseNumber,
    reason: Reason,
) -> Result<Outcome, StoreError> {
    let read = desk.service.store().read();
    let Some((case, _)) = case_reviews::open(&read, number, desk.me(), desk.now).await? else {
        return Ok(Outcome::Gone);
    };
    if !case.state.may_become(State::NeedsMoreInformation) {
        return Ok(Outcome::NotAllowed);
    }
    let tx = desk.service.store().begin().await?;
    accounts::take_turns(&tx, case.account).await?;
    let asked = (case.state, State::NeedsMoreInformation);
    if !case_reviews::ask(&tx, case.id, (desk.me(), reason), desk.now).await?
        || !cases::change(&tx, case.id, asked, desk.now).await?
    {
        return Ok(Outcome::Gone);
    }
    desk.note(&tx, &About::from(&case), (Happening::AskedForMore, Some(reason)))
        .await?;
    finish(desk, tx, &case, State::NeedsMoreInformation).await
}

/// Whether an operator opened the case: it is one person's request to a second one, and not its owner's.
fn is_filed(case: &Case) -> bool {
    case.source.as_str() == COUNTER || is_override(case)
}

/// Does not confirm what a colleague suggests. A case of a resident is open again; what an operator filed has ended,
/// and whoever still wants it files it again: at the counter with the person, or with a new reason.
pub(crate) async fn send_back(desk: &Desk<'_>, case: &Case, reason: Reason) -> Result<Outcome, StoreError> {
    let about = About::from(case);
    let tx = desk.service.store().begin().await?;
    accounts::take_turns(&tx, case.account).await?;
    if !case_reviews::send_back(&tx, case.id, desk.me(), desk.now).await? {
        return Ok(Outcome::Gone);
    }
    desk.note(&tx, &about, (Happening::SentBack, Some(reason)))
        .await?;
    if !is_filed(case) {
        tx.commit().await?;
        return Ok(Outcome::Decided);
    }
    let ended = (case.state, State::Rejected);
    if !case_reviews::withdraw(&tx, case.id, desk.now).await?
        || !cases::change(&tx, case.id, ended, desk.now).await?
    {
        return Ok(Outcome::Gone);
    }
    desk.note(&tx, &about, (Happening::Rejected, None)).await?;
    finish(desk, tx, case, State::Rejected).await
}

/// Tells the owner in the transaction of the decision.
pub(super) async fn finish(
    desk: &Desk<'_>,
    tx: Tx,
    case: &Case,
    state: State,
) -> Result<Outcome, StoreError> {
    account::case::notify(desk.service.account(), &tx, case.account, state).await?;
    tx.commit().await?;
    desk.service.account().kick_delivery();
    Ok(Outcome::Decided)
}

/// What a reason is chosen for, as forms send it: `approve:documents_agree`.
pub(crate) fn parse_choice(text: &str) -> Option<(Act, Reason)> {
    let (act, reason) = text.split_once(':')?;
    let act = match act {
        "approve" => Act::Approve,
        "reject" => Act::Reject,
        "ask" => Act::Ask,
        "send_back" => Act::SendBack,
        _ => return None,
    };
    let reason = Reason::parse(reason).filter(|reason| reason.is_for(act))?;
    Some((act, reason))
}

/// The same the other way round.
pub(crate) fn choice(act: Act, reason: Reason) -> String {
    let word = match act {
        Act::Approve => "approve",
        Act::Reject => "reject",
        Act::Ask => "ask",
        Act::SendBack => "send_back",
        Act::Override => "override",
    };
    format!("{word}:{}", reason.as_str())
}

/// Reasons that fit the kind of case; what does not is not offered.
pub(crate) fn fits(case: &Case, act: Act, reason: Reason) -> bool {
    let restricted = case.state == State::Restricted;
    match reason {
        Reason::RecordCorrected | Reason::RecordStands => restricted,
        // What an operator filed is confirmed as it stands, or filed again: nobody approves it anew from their desk.
        _ if is_filed(case) => matches!(act, Act::Reject | Act::SendBack),
        Reason::SeenInPerson => false,
        _ => !restricted || act == Act::SendBack,
    }
}
