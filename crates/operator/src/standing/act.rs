//! The steps at an account. Each is one transaction that begins with the account's lock and a guarded statement: of two
//! operators one does it, and the other sees how things stand. All of them need a fresh proof of who sits there.

use account::standing::{self, Because, By};
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use model::ids::StandingChangeId;
use model::secret::Sensitive;
use model::standing::Status;
use model::standing_reason::Reason;
use serde::Deserialize;
use serde_json::json;
use store::accounts;
use store::standing_changes::{self, Change, Outcome};
use web::extract::{Form, FormName};
use web::form::{Errors, Words};
use web::{Problem, Visit};

use super::page_of;
use super::show::{self, Known, NOTE_MAX};
use crate::Service;
use crate::audit::audit;
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};

macro_rules! form {
    ($(#[$doc:meta])* $name:ident = $form:literal { $($field:ident = $sent:literal),* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct $name {
            $(#[serde(rename = $sent)] $field: String,)*
        }

        impl FormName for $name {
            const FORM: &'static str = $form;
        }

        impl $name {
            pub(super) const NAME: &'static str = $form;
        }
    };
}

form! {
    /// Suspend.
    Suspend = "operator-suspend" {
        reason = "suspend_reason",
        note = "suspend_note",
        days = "suspend_days"
    }
}
form! {
    /// Propose to end.
    Terminate = "operator-terminate" { reason = "terminate_reason", note = "terminate_note" }
}
form! {
    /// Agree to a proposal.
    Agree = "operator-agree" { change = "change" }
}
form! {
    /// Take a proposal back.
    Withdraw = "operator-withdraw" { change = "change" }
}
form! {
    /// Bring back.
    Restore = "operator-restore" { reason = "restore_reason", note = "restore_note" }
}
form! {
    /// Decide about an objection.
    Decide = "operator-appeal" { outcome = "outcome" }
}

/// Who is here, freshly proven, and what is known of the account. Nobody decides about an account while their proof is
/// old: the page that asks for one comes first.
async fn begin(service: &Service, visit: &mut Visit, id: &str) -> Result<(Signed, Known), Stop> {
    let signed = session::require(service, visit, Permission::Standing).await?;
    let known = Known::load(service, &signed, id).await?;
    if let Some(page) = session::stale_at(service, visit, &signed, &page_of(known.account.id)) {
        return Err(Stop::Go(page));
    }
    Ok((signed, known))
}

fn reason(errors: &mut Errors, (field, word): (&str, &str), to: Status) -> Option<Reason> {
    let reason = Reason::parse(word).filter(|reason| reason.is_for(to));
    errors.take(field, reason.ok_or("standing-reason-missing"))
}

/// A note as it is kept; nothing for an empty one.
fn note(errors: &mut Errors, (field, typed): (&str, &str)) -> Option<Sensitive<String>> {
    let text: String = typed.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let text = text.trim();
    if text.chars().count() > usize::try_from(NOTE_MAX).unwrap_or_default() {
        errors.add(field, "standing-note-long");
    }
    (!text.is_empty()).then(|| Sensitive::new(text.to_owned()))
}

/// The page again: done, or as somebody else has left it meanwhile.
fn after(visit: &Visit, known: &Known, done: bool) -> Response {
    let page = page_of(known.account.id);
    visit.redirect(&if done { page.with("done", "yes") } else { page })
}

/// The same for an account that operators stopped no longer: what its owner or a register said before still holds.
fn brought_back(visit: &Visit, known: &Known, to: Option<Status>) -> Response {
    match to {
        None | Some(Status::Active) => after(visit, known, to.is_some()),
        Some(_) => visit.redirect(&page_of(known.account.id).with("done", "stays")),
    }
}

pub(super) async fn suspend(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Suspend>,
) -> Result<Response, Stop> {
    let (signed, mut known) = begin(&service, &mut visit, &id).await?;
    let mut errors = Errors::none();
    let reason = reason(&mut errors, ("suspend_reason", &sent.reason), Status::Suspended);
    let note = note(&mut errors, ("suspend_note", &sent.note));
    let longest = service.account().config().standing.suspend_days_max;
    let days = match sent.days.trim() {
        "" => None,
        typed => {
            let days = typed
                .parse::<i64>()
                .ok()
                .filter(|days| (1..=longest).contains(days));
            let wrong = || Words::with("standing-days-wrong", vec![("longest", longest.into())]);
            errors.take("suspend_days", days.ok_or_else(wrong))
        }
    };
    let (Some(reason), true) = (reason, errors.is_empty()) else {
        known.typed = vec![
            ("suspend_reason", sent.reason),
            ("suspend_note", sent.note),
            ("suspend_days", sent.days),
        ];
        return Ok(show::render(&service, (&visit, &signed), &known, (None, &errors)));
    };
    let because = Because {
        reason,
        note,
        by: By::Operator(signed.operator.id),
        until: days.map(|days| service.now() + TimeDelta::days(days)),
        doubted_from: None,
    };
    let tx = service.store().begin().await?;
    let done = standing::suspend(service.account(), &tx, &known.account, &because).await?;
    if done {
        tx.commit().await?;
        service.account().kick_delivery();
    }
    Ok(after(&visit, &known, done))
}

/// The first of two: nothing happens to the account yet.
pub(super) async fn propose(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Terminate>,
) -> Result<Response, Stop> {
    let (signed, mut known) = begin(&service, &mut visit, &id).await?;
    let mut errors = Errors::none();
    let reason = reason(
        &mut errors,
        ("terminate_reason", &sent.reason),
        Status::Terminated,
    );
    let note = note(&mut errors, ("terminate_note", &sent.note));
    let (Some(reason), true) = (reason, errors.is_empty()) else {
        known.typed = vec![("terminate_reason", sent.reason), ("terminate_note", sent.note)];
        return Ok(show::render(&service, (&visit, &signed), &known, (None, &errors)));
    };
    let now = service.now();
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, known.account.id).await?;
    // Looked at again behind the lock: of two proposals there is one.
    let changes = standing_changes::list(&tx, known.account.id).await?;
    let current = accounts::find(&tx, known.account.id).await?;
    let account = current.ok_or_else(Problem::not_found)?;
    if show::waiting(&changes, now).is_some() || !account.status.may_become(Status::Terminated) {
        return Ok(after(&visit, &known, false));
    }
    let days = service.account().config().standing.proposal_days;
    let change = Change {
        id: StandingChangeId::new(now, service.rng()),
        account: account.id,
        from: account.status,
        to: Status::Terminated,
        reason: reason.as_str().to_owned(),
        note,
        operator: Some(signed.operator.id),
        second: None,
        at: now,
        until: Some(now + TimeDelta::days(days)),
        doubted_from: None,
    };
    standing_changes::record(&tx, &change).await?;
    let details = json!({ "what": "proposed", "reason": change.reason });
    let mut entry = audit(&signed, &visit, Event::StandingProposed, details);
    entry.account = Some(change.account);
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    Ok(after(&visit, &known, true))
}

/// The second of two.
pub(super) async fn agree(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Agree>,
) -> Result<Response, Stop> {
    let (signed, known) = begin(&service, &mut visit, &id).await?;
    let proposal = known.proposal(service.now()).cloned();
    let proposal = proposal.filter(|proposal| proposal.id.to_string() == sent.change);
    let Some(proposal) = proposal else {
        return Ok(after(&visit, &known, false));
    };
    let me = signed.operator.id;
    let tx = service.store().begin().await?;
    let second = (me, known.account.status);
    let done = standing_changes::second(&tx, proposal.id, second, service.now()).await?
        && standing::terminate(service.account(), &tx, &known.account, (&proposal, me)).await?;
    if done {
        tx.commit().await?;
        service.account().kick_delivery();
    }
    Ok(after(&visit, &known, done))
}

/// A proposal is taken back, or not agreed to.
pub(super) async fn withdraw(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Withdraw>,
) -> Result<Response, Stop> {
    let (signed, known) = begin(&service, &mut visit, &id).await?;
    let proposal = known.proposal(service.now());
    let proposal = proposal.filter(|proposal| proposal.id.to_string() == sent.change);
    let Some(proposal) = proposal else {
        return Ok(after(&visit, &known, false));
    };
    let tx = service.store().begin().await?;
    let done = standing_changes::drop_proposal(&tx, proposal.id, service.now()).await?;
    if done {
        let details = json!({ "what": "withdrawn", "reason": proposal.reason });
        let mut entry = audit(&signed, &visit, Event::StandingProposed, details);
        entry.account = Some(known.account.id);
        store::audit::record(&tx, service.rng(), entry).await?;
        tx.commit().await?;
    }
    Ok(after(&visit, &known, done))
}

/// Brings a suspended account back. What was ended comes back by an appeal alone, and what its owner had held by proof of
/// identity or at a counter, where two people look (A241).
pub(super) async fn restore(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Restore>,
) -> Result<Response, Stop> {
    let (signed, mut known) = begin(&service, &mut visit, &id).await?;
    let mut errors = Errors::none();
    let reason = reason(&mut errors, ("restore_reason", &sent.reason), Status::Active);
    let note = note(&mut errors, ("restore_note", &sent.note));
    let (Some(reason), true) = (reason, errors.is_empty()) else {
        known.typed = vec![("restore_reason", sent.reason), ("restore_note", sent.note)];
        return Ok(show::render(&service, (&visit, &signed), &known, (None, &errors)));
    };
    if known.account.status != Status::Suspended {
        return Ok(after(&visit, &known, false));
    }
    let because = Because {
        note,
        ..Because::of(reason, By::Operator(signed.operator.id))
    };
    let tx = service.store().begin().await?;
    let restored = standing::restore(service.account(), &tx, &known.account, &because).await?;
    if restored.is_some() {
        tx.commit().await?;
        service.account().kick_delivery();
    }
    Ok(brought_back(&visit, &known, restored))
}

/// Decides about an objection, as another person than those who decided what it is against.
pub(super) async fn decide(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Decide>,
) -> Result<Response, Stop> {
    let (signed, known) = begin(&service, &mut visit, &id).await?;
    let Some(outcome) = Outcome::parse(&sent.outcome) else {
        let errors = Errors::of("outcome", "standing-outcome-missing");
        return Ok(show::render(&service, (&visit, &signed), &known, (None, &errors)));
    };
    let Some(appeal) = &known.appeal else {
        return Ok(after(&visit, &known, false));
    };
    let tx = service.store().begin().await?;
    let by = (signed.operator.id, outcome);
    let to = standing::decide(service.account(), &tx, appeal, by).await?;
    if to.is_some() {
        tx.commit().await?;
        service.account().kick_delivery();
    }
    Ok(match outcome {
        Outcome::Granted => brought_back(&visit, &known, to),
        Outcome::Refused => after(&visit, &known, to.is_some()),
    })
}
