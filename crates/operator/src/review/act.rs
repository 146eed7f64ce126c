//! The steps at a case: taking it, giving it back, asking the register, deciding. Each is a POST that answers with the
//! page of the case, or with a page that says that somebody or something was faster and that nothing was changed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use model::case::State as CaseState;
use model::person_name::PersonName;
use model::review::{Act, Happening};
use serde::Deserialize;
use store::case_reviews::{self, Review};
use store::cases::{Case, CaseNumber};
use store::{StoreError, Tx};
use web::extract::{Form, FormName};
use web::{Problem, Visit};

use account::evidence::source::Word;

use super::decide::{self, Outcome};
use super::desk::{About, Desk};
use super::{QUEUE, frozen, needs, page_of};
use crate::layout::page;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};
use crate::{Notice, Service};

/// What a button without fields sends.
#[derive(Debug, Deserialize)]
pub(super) struct Step {}

impl FormName for Step {
    const FORM: &'static str = "operator-step";
}

/// What the decision sends.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    choice: String,
}

impl FormName for Chosen {
    const FORM: &'static str = "operator-decide";
}

/// Why somebody may not take a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    /// The name that was typed is their own.
    OwnName,
    /// The role is not enough: a frozen account, a level without a source, or a colleague's proposal.
    Role,
}

/// Finds a case by its number; a case that nobody ever asked us to look at is not found.
pub(super) async fn find(tx: &Tx, number: &str) -> Result<(Case, Review), Stop> {
    let number = CaseNumber::parse(number).ok_or_else(Problem::not_found)?;
    let found = case_reviews::find(tx, &number).await?;
    Ok(found.ok_or_else(Problem::not_found)?)
}

/// Whether something keeps this operator from a case. Colleagues' leases and the rules of appeals are the database's.
pub(super) async fn bar(
    desk: &Desk<'_>,
    signed: &Signed,
    (case, review): (&Case, &Review),
) -> Result<Option<Bar>, StoreError> {
    if !signed.may(needs(case)) || (review.proposal.is_some() && !signed.may(Permission::Confirm)) {
        return Ok(Some(Bar::Role));
    }
    let Ok(own) = PersonName::parse(&desk.operator.name) else {
        return Ok(None);
    };
    let read = desk.service.store().read();
    let same = case_reviews::names(&read, case.id, &own).await?;
    Ok(same.then_some(Bar::OwnName))
}

/// The same for a case that is only known by its number.
pub(super) async fn may_not_take(
    desk: &Desk<'_>,
    signed: &Signed,
    number: &CaseNumber,
) -> Result<Option<Bar>, StoreError> {
    match case_reviews::find(&desk.service.store().read(), number).await? {
        Some((case, review)) => bar(desk, signed, (&case, &review)).await,
        None => Ok(None),
    }
}

/// Takes a case, or makes the own lease longer.
pub(super) async fn claim(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Form(Step {}): Form<Step>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Review).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let (case, review) = find(&service.store().read(), &number).await?;
    match bar(&desk, &signed, (&case, &review)).await? {
        Some(Bar::OwnName) => return Ok(stale(&visit, &case, "desk-own-name")),
        Some(Bar::Role) => return Ok(stale(&visit, &case, "desk-needs-senior")),
        None => {}
    }
    let longer = review.is_held_by(desk.me(), desk.now);
    let tx = service.store().begin().await?;
    if !case_reviews::claim(&tx, case.id, desk.me(), desk.lease()).await? {
        return Ok(stale(&visit, &case, "desk-not-free"));
    }
    if !longer {
        desk.note(&tx, &About::from(&case), (Happening::Claimed, None))
            .await?;
    }
    tx.commit().await?;
    Ok(visit.redirect(&page_of(&case.number)))
}

/// Gives a case back.
pub(super) async fn release(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Form(Step {}): Form<Step>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Review).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let (case, _) = find(&service.store().read(), &number).await?;
    let tx = service.store().begin().await?;
    if case_reviews::release(&tx, case.id, desk.me(), desk.now).await? {
        desk.note(&tx, &About::from(&case), (Happening::Released, None))
            .await?;
        tx.commit().await?;
    }
    // Given back already is given back.
    Ok(visit.redirect(&QUEUE))
}

/// Asks the register of persons what it says now about what was typed.
pub(super) async fn ask_register(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Form(Step {}): Form<Step>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Review).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let (case, _) = find(&service.store().read(), &number).await?;
    let read = service.store().read();
    let held = case_reviews::open(&read, &case.number, desk.me(), desk.now).await?;
    let Some(facts) = held.and_then(|(case, _)| case.input) else {
        return Ok(stale(&visit, &case, "desk-not-yours"));
    };
    let tx = service.store().begin().await?;
    desk.note(&tx, &About::from(&case), (Happening::RegisterAsked, None))
        .await?;
    tx.commit().await?;
    let answer = decide::ask_register(&desk, case.account, &facts).await?;
    let said = match answer.map(|(word, _)| word) {
        Some(Word::Match) => Happening::RegisterAgreed,
        Some(Word::Mismatch) => Happening::RegisterDiffered,
        Some(Word::NotFound) => Happening::RegisterUnknown,
        Some(Word::Restricted) => Happening::RegisterLocked,
        Some(Word::Unavailable | Word::Refused) | None => Happening::RegisterSilent,
    };
    // In the history and nowhere else: an address can be written by anybody, and a second person reads it too.
    let tx = service.store().begin().await?;
    desk.note(&tx, &About::from(&case), (said, None)).await?;
    tx.commit().await?;
    Ok(visit.redirect(&page_of(&case.number)))
}

/// Has the case of an account that was kept frozen looked at again.
pub(super) async fn reopen(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Form(Step {}): Form<Step>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Confirm).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let (case, review) = find(&service.store().read(), &number).await?;
    Ok(match frozen::reopen(&desk, (&case, &review)).await? {
        Outcome::Decided => visit.redirect(&page_of(&case.number)),
        _ => stale(&visit, &case, "desk-not-reopened"),
    })
}

/// Decides, proposes, confirms, sends back or asks for more.
pub(super) async fn decide(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Form(sent): Form<Chosen>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Review).await?;
    let desk = Desk::of(&service, &signed, &visit);
    let (case, review) = find(&service.store().read(), &number).await?;
    if !review.is_held_by(desk.me(), desk.now) {
        return Ok(stale(&visit, &case, "desk-not-yours"));
    }
    // The name is not asked again: whoever has the case was let to it. The role may be another since.
    if bar(&desk, &signed, (&case, &review)).await? == Some(Bar::Role) {
        return Ok(stale(&visit, &case, "desk-needs-senior"));
    }
    if let (Some(proposal), "confirm") = (&review.proposal, sent.choice.as_str())
        && !store::operators::independent(&service.store().read(), desk.me(), [proposal.by]).await?
    {
        return Ok(stale(&visit, &case, "desk-same-voucher"));
    }
    let number = &case.number;
    let outcome = match (review.proposal, sent.choice.as_str()) {
        (Some(proposal), "confirm") => decide::approve(&desk, number, proposal.reason).await?,
        (proposal, choice) => match (
            proposal.is_some(),
            decide::parse_choice(choice).filter(|(act, reason)| decide::fits(&case, *act, *reason)),
        ) {
            (true, Some((Act::SendBack, reason))) => decide::send_back(&desk, &case, reason).await?,
            (false, Some((Act::Approve, reason))) => decide::approve(&desk, number, reason).await?,
            (false, Some((Act::Reject, reason))) => decide::reject(&desk, number, reason).await?,
            (false, Some((Act::Ask, reason))) => decide::ask(&desk, number, reason).await?,
            _ => return Ok(visit.redirect(&page_of(number).with("missing", "choice"))),
        },
    };
    let fault = match outcome {
        Outcome::Decided | Outcome::Proposed => return Ok(visit.redirect(&page_of(number))),
        Outcome::Gone => "desk-not-yours",
        Outcome::Conflict => "desk-conflict",
        Outcome::NoRegister => "desk-no-register",
        Outcome::Restricted => "desk-register-restricted",
        Outcome::Frozen => FROZE,
        Outcome::NothingToCompare => "desk-nothing-to-compare",
        Outcome::NotAllowed => "desk-not-possible",
    };
    Ok(stale(&visit, &case, fault))
}

/// What is said where the register's word froze the account: something was changed.
const FROZE: &str = "desk-register-froze";

/// Nothing was decided, why, and where to go from here.
fn stale(visit: &Visit, case: &Case, text: &'static str) -> Response {
    let here = page_of(&case.number);
    let notice = Notice::saying(text);
    let notice = if text == FROZE {
        notice
    } else {
        notice.and("desk-nothing-changed")
    };
    let notice = notice
        .link(here.clone(), "desk-to-case")
        .link(QUEUE, "desk-to-queue");
    let page = page("operator-case-stale", "desk-stale-title").status(StatusCode::CONFLICT);
    notice.respond(visit, page.return_to(here))
}

/// Whether a case can be put back to its owner.
pub(super) const fn can_ask(state: CaseState) -> bool {
    state.may_become(CaseState::NeedsMoreInformation)
}
