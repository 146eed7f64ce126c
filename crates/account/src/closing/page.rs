//! `/account/close`: what closing means, what is kept and until when, and the button.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use model::closing::Kept;
use model::event::Event;
use model::standing::Status;
use serde::Deserialize;
use store::accounts;
use store::audit::Entry;
use store::changes::{self, How};
use store::sessions::LiveSession;
use store::status_events::{self, AccountEvent, Happened};
use store::{StoreError, ceremonies, sessions};
use web::extract::{Form, FormName};
use web::form::{Button, Checkbox, Errors, FormPage};
use web::{Markup, Page, Visit};

use super::{DONE, HERE, wait};
use crate::Service;
use crate::confirm::{self, Need};
use crate::notice::Notice;
use crate::session::Stop;

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    understood: Option<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "close-account";
}

#[derive(askama::Template)]
#[template(path = "closing.html")]
struct Content<'a> {
    visit: &'a Visit,
    days: String,
    closes: String,
    kept: Vec<Row>,
    form: Markup,
}

/// Something that is kept.
pub(super) struct Row {
    what: &'static str,
    name: String,
    reason: String,
    until: String,
}

/// What is kept, in the words of a page.
pub(super) fn rows(service: &Service, visit: &Visit, closes_at: DateTime<Utc>) -> Vec<Row> {
    let kept = service.config().closing.kept(closes_at);
    kept.into_iter().map(|one| row(visit, one)).collect()
}

fn row(visit: &Visit, (what, until): (Kept, DateTime<Utc>)) -> Row {
    let (name, reason) = match what {
        Kept::SignIns => ("closing-kept-sign-ins", "closing-reason-network-log"),
        Kept::Agreements => ("closing-kept-agreements", "closing-reason-proof-of-contract"),
        Kept::Consents => ("closing-kept-consents", "closing-reason-proof-of-consent"),
        Kept::Checks => ("closing-kept-checks", "closing-reason-proof-of-check"),
        Kept::Decisions => ("closing-kept-decisions", "closing-reason-claims"),
    };
    Row {
        what: what.as_str(),
        name: visit.t(name),
        reason: visit.t(reason),
        until: visit.day(until),
    }
}

/// Shows the page.
pub(super) async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    confirm::require(&service, &mut visit, Need::Strongest, &HERE).await?;
    Ok(render(&service, &visit, &Errors::none()))
}

/// Begins to close the account.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let session = confirm::require(&service, &mut visit, Need::Strongest, &HERE).await?;
    if sent.understood.is_none() {
        let errors = Errors::of("understood", "closing-understood-missing");
        return Ok(render(&service, &visit, &errors));
    }
    if begin(&service, &visit, &session).await? {
        service.kick_delivery();
    }
    // A second press finds it done: the sign-in is over either way.
    visit.end_session();
    Ok(visit.redirect(&DONE))
}

fn render(service: &Service, visit: &Visit, errors: &Errors) -> Response {
    let days = service.config().closing.cooling_off_days;
    let closes_at = visit.now() + TimeDelta::days(days);
    let form = FormPage::new(Sent::FORM, HERE)
        .checkbox(Checkbox::new("understood", "closing-understood"))
        .button(Button::danger("closing-submit").guarded())
        .render(visit, errors);
    let content = Content {
        visit,
        days: visit.t_with("closing-days", &[("days", days.into())]),
        closes: visit.t_with("closing-closes", &[("day", visit.day(closes_at).into())]),
        kept: rows(service, visit, closes_at),
        form,
    };
    let page = Page::new("account-close", "closing-title")
        .errors(errors.clone())
        .own_forms_only()
        .return_to(HERE);
    visit.render(page, &content)
}

/// Begins it, once: `false` when the account is not in use any more.
async fn begin(service: &Service, visit: &Visit, session: &LiveSession) -> Result<bool, StoreError> {
    let (account, now) = (&session.account, service.now());
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, account.id).await?;
    let step = (Status::Active, Status::Closing);
    if !accounts::change_status(&tx, account.id, step, now).await? {
        return Ok(false);
    }
    // Before everything by which they know the person ends; in the end they are told once more.
    let sites = status_events::knowing(&tx, account.id).await?;
    changes::stop_all(&tx, account.id, None, (How::Replaced, now)).await?;
    let mut entry = Entry::new(Event::ClosingStarted, now)
        .account(account.id)
        .session(session.id);
    entry.request_id = Some(visit.request_id().to_owned());
    if !wait::begin(service, &tx, account, (&sites, entry)).await? {
        return Ok(false);
    }
    let happened = Happened::new(AccountEvent::Disabled, now);
    status_events::tell(&tx, service.rng(), (account.id, &sites), &happened, now).await?;
    sessions::end_all(&tx, account.id, None, now).await?;
    ceremonies::end_of_account(&tx, account.id, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Says that it is done. Nobody is signed in here any more, and the page says nothing about anybody.
pub(super) async fn done(State(service): State<Service>, visit: Visit) -> Response {
    let days = service.config().closing.cooling_off_days;
    Notice::saying(web::form::Words::with(
        "closing-done-text",
        vec![("days", days.into())],
    ))
    .and("closing-done-keep")
    .link(web::paths::LocalPath::known("/sign-in"), "closing-to-sign-in")
    .respond(&visit, Page::new("account-close-done", "closing-done-title"))
}
