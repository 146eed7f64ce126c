//! `/operator/counter/recovery/{change}`: a colleague proposes to give an account back, and a second operator decides (A241).
//! They see whose account it is, masked, so that they can compare it with the document and the person who stands before
//! them as well, and they tick that they did. Whoever proposed takes it back with the right that they proposed with.
//!
//! | step | by whom |
//! |---|---|
//! | `/agree` | somebody who may confirm, had no part in it, is independent of the proposer and not the owner |
//! | `/refuse` | somebody else who may confirm |
//! | `/withdraw` | the proposer |
//!
//! Who must not decide is shown nothing; every look is written down before it is shown (A291).

use account::evidence::level_of;
use account::recovery::counter::{self, Outcome, Proposal};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use model::ids::ChangeId;
use model::phone::Phone;
use serde::Deserialize;
use store::accounts::Account;
use store::operators;
use web::extract::{Form, FormName};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Markup, Problem, Visit};

use super::person::{self, Looked, note_look};
use super::recovery::HERE;
use crate::Service;
use crate::layout::sheet;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};
use crate::standing;

/// What a second operator sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Agree {
    #[serde(flatten)]
    looked: Looked,
}

impl FormName for Agree {
    const FORM: &'static str = "operator-counter-recovery-agree";
}

/// What a button without fields sends.
#[derive(Deserialize)]
struct Step {}

impl FormName for Step {
    const FORM: &'static str = "operator-counter-recovery-step";
}

pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/counter/recovery/{change}", get(show))
        .route("/operator/counter/recovery/{change}/agree", post(agree))
        .route("/operator/counter/recovery/{change}/refuse", post(refuse))
        .route("/operator/counter/recovery/{change}/withdraw", post(withdraw))
}

/// The page of a proposal.
pub(super) fn page_of(id: ChangeId) -> LocalPath {
    step_of(id, "")
}

fn step_of(id: ChangeId, step: &str) -> LocalPath {
    LocalPath::parse(&format!("{}/{id}{step}", HERE.as_str())).unwrap_or(HERE)
}

pub(super) fn withdraw_form(id: ChangeId) -> FormPage {
    FormPage::new(Step::FORM, step_of(id, "/withdraw")).button(Button::secondary("counter-recovery-withdraw"))
}

/// A phone as it was written down, masked.
pub(super) fn masked(phone: &str) -> String {
    Phone::parse(phone)
        .map(|phone| phone.masked())
        .unwrap_or_default()
}

/// What the page of all proposals says after a step.
pub(super) fn said(word: &str) -> Option<&'static str> {
    Some(match word {
        "proposed" => "counter-recovery-proposed",
        "agreed" => "counter-recovery-agreed",
        "refused" => "counter-recovery-refused",
        "withdrawn" => "counter-recovery-withdrawn",
        "gone" => "counter-recovery-gone",
        "own" => "counter-recovery-own",
        "own-name" => "desk-own-name",
        "same-voucher" => "desk-same-voucher",
        "taken" => "counter-recovery-taken",
        _ => return None,
    })
}

/// The page of all proposals, after a step.
fn after(visit: &Visit, outcome: Outcome, done: &str) -> Response {
    let word = match outcome {
        Outcome::Done => done,
        Outcome::Gone => "gone",
        Outcome::Own => "own",
        Outcome::OwnName => "own-name",
        Outcome::SameVoucher => "same-voucher",
        Outcome::PhoneTaken => "taken",
    };
    visit.redirect(&HERE.with("done", word))
}

fn parse(id: &str) -> Result<ChangeId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

/// Shows it.
async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Confirm).await?;
    let id = parse(&id)?;
    view(
        &service,
        (&visit, &signed),
        id,
        (Looked::default(), Errors::none()),
    )
    .await
}

/// Agrees.
async fn agree(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Agree>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Confirm).await?;
    let id = parse(&id)?;
    if let Some(page) = session::stale_at(&service, &visit, &signed, &page_of(id)) {
        return Ok(page);
    }
    let mut errors = Errors::none();
    sent.looked.check(&mut errors);
    if !errors.is_empty() {
        return view(&service, (&visit, &signed), id, (sent.looked, errors)).await;
    }
    let by = (signed.operator.id, signed.operator.name.as_str());
    let outcome = counter::agree(service.account(), visit.request_id(), id, by).await?;
    Ok(after(&visit, outcome, "agreed"))
}

/// Does not agree.
async fn refuse(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(Step {}): Form<Step>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Confirm).await?;
    let id = parse(&id)?;
    if let Some(page) = session::stale_at(&service, &visit, &signed, &page_of(id)) {
        return Ok(page);
    }
    let outcome = match load(&service, &signed, id).await? {
        Ok(_) | Err(Outcome::SameVoucher) => {
            counter::refuse(service.account(), visit.request_id(), id, signed.operator.id).await?
        }
        Err(barred) => barred,
    };
    Ok(after(&visit, outcome, "refused"))
}

/// Takes back what one proposed oneself.
async fn withdraw(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(Step {}): Form<Step>,
) -> Result<Response, Stop> {
    let signed = session::require(&service, &mut visit, Permission::Counter).await?;
    let id = parse(&id)?;
    if let Some(page) = session::stale_at(&service, &visit, &signed, &HERE) {
        return Ok(page);
    }
    let outcome = match load(&service, &signed, id).await? {
        Err(Outcome::Own) => {
            counter::refuse(service.account(), visit.request_id(), id, signed.operator.id).await?
        }
        // Somebody else's is somebody else's to take back.
        Ok(_) | Err(_) => Outcome::Gone,
    };
    Ok(after(&visit, outcome, "withdrawn"))
}

/// One that waits, or what keeps this operator from it.
async fn load(
    service: &Service,
    signed: &Signed,
    id: ChangeId,
) -> Result<Result<(Proposal, Account), Outcome>, Stop> {
    let tx = service.store().read();
    let Some((proposal, account)) = counter::find(service.account(), &tx, id).await? else {
        return Ok(Err(Outcome::Gone));
    };
    let me = (signed.operator.id, signed.operator.name.as_str());
    let barred = counter::bar(&tx, (&proposal.seen, &account), me).await?;
    Ok(barred.map_or(Ok((proposal, account)), Err))
}

#[derive(askama::Template)]
#[template(path = "operator_counter_proposal.html")]
struct Content<'a> {
    visit: &'a Visit,
    facts: Vec<(&'static str, String)>,
    agree: Markup,
    refuse: Markup,
    back: LocalPath,
}

async fn view(
    service: &Service,
    (visit, signed): (&Visit, &Signed),
    id: ChangeId,
    (looked, errors): (Looked, Errors),
) -> Result<Response, Stop> {
    let (proposal, account) = match load(service, signed, id).await? {
        Ok(found) => found,
        Err(barred) => return Ok(after(visit, barred, "gone")),
    };
    note_look(service, (signed, visit), ("proposal", Some(account.id))).await?;
    let tx = service.store().read();
    let level = level_of(service.account(), &tx, &account).await?.level;
    let by = operators::find(&tx, proposal.seen.operator).await?;
    let name = account.name.as_ref().map(model::person_name::PersonName::masked);
    let number = account
        .citizen_id
        .as_ref()
        .map(model::citizen_id::CitizenId::masked);
    let standing = visit.t(standing::name_of(account.status));
    let document = visit.t(person::name_of(&proposal.seen.document));
    let content = Content {
        visit,
        facts: vec![
            ("counter-proposal-name", name.unwrap_or_default()),
            ("counter-proposal-number", number.unwrap_or_default()),
            ("counter-proposal-level", level.number().to_string()),
            ("standing-status", standing),
            ("counter-document", document),
            ("counter-proposal-phone", masked(&proposal.seen.phone)),
            ("counter-proposal-by", by.map(|by| by.name).unwrap_or_default()),
            ("counter-proposal-at", visit.moment(proposal.at)),
            ("counter-proposal-until", visit.moment(proposal.until)),
        ],
        agree: looked
            .boxes(FormPage::new(Agree::FORM, step_of(id, "/agree")))
            .button(Button::primary("counter-recovery-agree").guarded())
            .render(visit, &errors),
        refuse: FormPage::new(Step::FORM, step_of(id, "/refuse"))
            .button(Button::secondary("counter-recovery-refuse"))
            .render(visit, &Errors::none()),
        back: HERE,
    };
    let page = sheet("operator-counter-proposal", "counter-proposal-title")
        .caption("counter-caption")
        .errors(errors)
        .return_to(page_of(id));
    Ok(visit.render(page, &content))
}
