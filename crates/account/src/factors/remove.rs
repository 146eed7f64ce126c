//! `/account/security/factors/remove`: taking a factor away, with a fresh proof of the strongest kind that the account has
//! (A225). The last strong one goes only when the person accepts in so many words what that means.
//!
//! Whoever cannot prove the strongest kind any more, because it is the one that is lost, waits: everybody who can be
//! reached for the account is told at once, and until the time has come the removal can be stopped (A235).

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::{ChangeId, FactorId};
use serde::Deserialize;
use serde_json::json;
use store::audit::Entry;
use store::changes::{self, Change, How, NewChange, State as Stands};
use store::factors::{Factor, Kind};
use store::sessions::LiveSession;
use store::status_events::CredentialStep;
use store::{StoreError, Tx};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Checkbox, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::finish::{Done, credential, finish};
use super::list::{self, Which};
use crate::Service;
use crate::changes::worker::Applied;
use crate::confirm::{self, Need};
use crate::history::What;
use crate::notices::{self, Told};
use crate::session::{self, Stop};
use crate::standing;

pub(super) const HERE: LocalPath = LocalPath::known("/account/security/factors/remove");
const STOP: LocalPath = LocalPath::known("/account/security/factors/stop");

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    id: String,
    accept: Option<String>,
    lost: Option<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "factor-remove";
}

#[derive(Debug, Deserialize)]
pub(super) struct Stopped {}

impl FormName for Stopped {
    const FORM: &'static str = "factor-stop";
}

const fn name_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Totp => "factors-authenticator",
        Kind::Passkey => "factors-passkeys",
    }
}

/// The factor that a change is about.
pub(super) fn about(change: &Change) -> Option<FactorId> {
    change.details.as_ref()?.expose().parse().ok()
}

#[derive(askama::Template)]
#[template(path = "factor_remove.html")]
struct Content<'a> {
    visit: &'a Visit,
    text: &'static str,
    last: bool,
    form: Markup,
    lost_text: String,
    lost: Markup,
}

fn page(service: &Service, visit: &Visit, (one, last): (&Factor, bool), errors: Errors) -> Response {
    let id = one.id.to_string();
    let mut form = FormPage::new(Sent::FORM, HERE).hidden("id", id.as_str());
    if last {
        form = form.checkbox(Checkbox::new("accept", "factors-remove-accept"));
    }
    let form = form.button(Button::danger("factors-remove-submit").guarded());
    let hours = service.config().factors.lost_hours;
    let after = || vec![("hours", hours.into())];
    let lost = FormPage::new(Sent::FORM, HERE)
        .hidden("id", id.as_str())
        .button(Button::secondary(Words::with("factors-remove-lost-submit", after())).sends("lost", "yes"));
    let content = Content {
        visit,
        text: match one.kind {
            Kind::Totp => "factors-remove-text-totp",
            Kind::Passkey => "factors-remove-text-passkey",
        },
        last,
        form: form.render(visit, &errors),
        lost_text: visit.t_with("factors-remove-lost-text", &after()),
        lost: lost.render(visit, &Errors::none()),
    };
    let page = Page::new("account-factor-remove", "factors-remove")
        .title_with("factors-remove-title", vec![("name", one.name.clone().into())])
        .own_forms_only()
        .return_to(HERE.with("id", &id))
        .errors(errors);
    visit.render(page, &content)
}

/// Says what removing means.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(which): Query<Which>,
) -> Result<Response, Stop> {
    let here = HERE.with("id", &which.id);
    let session = session::require(&service, &mut visit, &here).await?;
    let (one, all) = list::own(&service, &session, &which.id).await?;
    Ok(page(&service, &visit, (&one, all.len() == 1), Errors::none()))
}

/// Removes it, or begins to.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let here = HERE.with("id", &sent.id);
    let session = session::require(&service, &mut visit, &here).await?;
    let (one, all) = list::own(&service, &session, &sent.id).await?;
    if sent.lost.is_some() {
        let session = confirm::require(&service, &mut visit, Need::Recent, &here).await?;
        return schedule(&service, &mut visit, &session, &one).await;
    }
    let last = all.len() == 1;
    if last && sent.accept.is_none() {
        let errors = Errors::of("accept", "factors-remove-accept-missing");
        return Ok(page(&service, &visit, (&one, last), errors));
    }
    let session = confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    let account = session.account.id;
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, account).await?;
    // Of two that are removed at the same moment the second may have become the last one (A225).
    let left = store::factors::list(&tx, account).await?.len();
    if left <= 1 && sent.accept.is_none() {
        drop(tx);
        return Ok(visit.redirect(&here));
    }
    if !store::factors::remove(&tx, account, one.id).await? {
        return Ok(visit.redirect(&list::of_kind(one.kind)));
    }
    end_open(&tx, &one, visit.now()).await?;
    let done = Done {
        event: Event::FactorChanged,
        details: json!({ "removed": one.kind.as_str(), "factor": one.id, "last": left <= 1 }),
        what: What::FactorRemoved,
        kind: notices::Kind::FactorRemoved,
        args: &[("factor", notices::key(name_key(one.kind)))],
        ends_others: true,
        credential: Some((credential(one.kind), CredentialStep::Delete)),
    };
    finish(&service, &mut visit, &session, (tx, done)).await?;
    Ok(visit.redirect(&list::of_kind(one.kind).with("done", "removed")))
}

/// A removal that waits for what is gone already is over.
async fn end_open(tx: &Tx, one: &Factor, now: DateTime<Utc>) -> Result<(), StoreError> {
    let open = changes::find_open(tx, one.account, changes::Kind::Factor).await?;
    if let Some(open) = open.filter(|open| about(open) == Some(one.id)) {
        changes::stop(tx, open.id, How::Replaced, now).await?;
    }
    Ok(())
}

/// Begins a removal that waits.
async fn schedule(
    service: &Service,
    visit: &mut Visit,
    session: &LiveSession,
    one: &Factor,
) -> Result<Response, Stop> {
    let (account, now) = (session.account.id, visit.now());
    let at = now + TimeDelta::hours(service.config().factors.lost_hours);
    let id = one.id.to_string();
    let new = NewChange {
        id: ChangeId::new(now, service.rng()),
        account,
        kind: changes::Kind::Factor,
        state: Stands::Waiting,
        details: Some(&id),
        now,
        effective_at: at,
        reversible_until: None,
    };
    let tx = service.store().begin().await?;
    // One at a time: each is told of, and each can be stopped.
    if !changes::begin(&tx, &new).await? {
        return Ok(visit.redirect(&list::of_kind(one.kind)));
    }
    let done = Done {
        event: Event::FactorChanged,
        details: json!({ "removing": one.kind.as_str(), "factor": one.id }),
        what: What::FactorRemoved,
        kind: notices::Kind::FactorRemoving,
        args: &[
            ("factor", notices::key(name_key(one.kind))),
            ("day", notices::moment(at)),
        ],
        ends_others: false,
        credential: None,
    };
    finish(service, visit, session, (tx, done)).await?;
    Ok(visit.redirect(&list::of_kind(one.kind).with("done", "scheduled")))
}

/// The button that stops a removal which waits.
pub(super) fn stop_button(visit: &Visit) -> Markup {
    FormPage::new(Stopped::FORM, STOP)
        .button(Button::secondary("factors-waiting-stop"))
        .render(visit, &Errors::none())
}

/// Stops a removal that waits. It needs no proof: it keeps things as they are.
pub(super) async fn stop(
    State(service): State<Service>,
    mut visit: Visit,
    Form(Stopped {}): Form<Stopped>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &super::authenticator::HERE).await?;
    let (account, now) = (session.account.id, visit.now());
    let tx = service.store().begin().await?;
    let open = changes::find_open(&tx, account, changes::Kind::Factor).await?;
    let mut back = LocalPath::known("/account/security");
    if let Some(open) = open {
        let all = store::factors::list(&tx, account).await?;
        let one = all.into_iter().find(|one| about(&open) == Some(one.id));
        back = one.map_or(back, |one| list::of_kind(one.kind));
        if changes::stop(&tx, open.id, How::Stopped, now).await? {
            let entry = Entry::new(Event::FactorChanged, now)
                .account(account)
                .session(session.id)
                .details(json!({ "kept": about(&open) }));
            store::audit::record(&tx, service.rng(), entry).await?;
        }
    }
    tx.commit().await?;
    Ok(visit.redirect(&back.with("done", "stopped")))
}

/// Does what is due, in the worker's transaction: the factor goes, and with it every sign-in, because nobody proved that
/// the ones that are left are the owner's.
pub(crate) async fn apply(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    let now = service.now();
    let (Some(id), Some(account)) = (about(change), store::accounts::find(tx, change.account).await?) else {
        return Ok(Applied::Failed);
    };
    let all = store::factors::list(tx, account.id).await?;
    let Some(one) = all.iter().find(|one| one.id == id) else {
        return Ok(Applied::Failed);
    };
    // Whoever used it since has it, and is not who called it lost.
    if one.last_used_at.is_some_and(|used| used > change.created_at) {
        return Ok(Applied::Failed);
    }
    if !store::factors::remove(tx, account.id, id).await? {
        return Ok(Applied::Failed);
    }
    let entry = Entry::new(Event::FactorChanged, now).account(account.id).details(
        json!({ "removed": one.kind.as_str(), "factor": id, "last": all.len() == 1, "waited": true }),
    );
    store::audit::record(tx, service.rng(), entry).await?;
    let gone = (credential(one.kind), CredentialStep::Delete);
    standing::credential_changed(service, tx, account.id, gone).await?;
    standing::end_sign_ins(service, tx, account.id, None).await?;
    let told = Told {
        args: &[("factor", notices::key(name_key(one.kind)))],
        link: Some(crate::links::not_me(service, tx, account.id, None).await?),
        ..Told::of(notices::Kind::FactorRemoved)
    };
    notices::tell(service, tx, &account, &told).await?;
    Ok(Applied::Done)
}
