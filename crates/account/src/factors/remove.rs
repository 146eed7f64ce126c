//! `/account/security/factors/remove`: taking a factor away, with a fresh proof of the strongest kind that the account has
//! (A225). The last strong one goes only when the person accepts in so many words what that means.
//!
//! Whoever cannot prove the strongest kind any more, because it is the one that is lost, waits: everybody who can be
//! reached for the account is told at once, and until the time has come the removal can be stopped (A235).

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::{AccountId, ChangeId, FactorId};
use model::secret::Token;
use serde::Deserialize;
use serde_json::json;
use store::accounts::Status;
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
use super::list::{self, name_key};
use crate::Service;
use crate::changes::worker::Applied;
use crate::confirm::{self, Need};
use crate::history::{self, Happening, What};
use crate::notices::{self, Told};
use crate::session::{self, Stop, twice};
use crate::standing;

pub(super) const HERE: LocalPath = LocalPath::known("/account/security/factors/remove");
const STOP: LocalPath = LocalPath::known("/account/security/factors/stop");

/// What the page sends, and with what it is come back to after a proof was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    id: String,
    /// The last strong one may go.
    accept: Option<String>,
    /// It is lost.
    lost: Option<String>,
    /// The same box as `accept`, beside the button for what is lost.
    accept_lost: Option<String>,
    /// The person was asked for a proof in between.
    confirmed: Option<String>,
    /// What tells one sending from another.
    once: String,
}

impl Sent {
    /// The page with what was typed.
    fn here(&self) -> LocalPath {
        let typed = [
            ("accept", &self.accept),
            ("lost", &self.lost),
            ("accept_lost", &self.accept_lost),
        ];
        let typed = typed.into_iter().filter(|(_, value)| value.is_some());
        typed.fold(HERE.with("id", &self.id), |page, (name, _)| {
            page.with(name, "yes")
        })
    }

    fn unticked(self) -> Self {
        Self {
            accept: None,
            accept_lost: None,
            ..self
        }
    }

    /// The proof that it needs.
    const fn need(&self) -> Need {
        if self.lost.is_some() {
            Need::Recent
        } else {
            Need::Strongest
        }
    }

    /// The box that must be ticked, and whether it is.
    const fn accepted(&self) -> (&'static str, bool) {
        if self.lost.is_some() {
            ("accept_lost", self.accept_lost.is_some())
        } else {
            ("accept", self.accept.is_some())
        }
    }
}

impl FormName for Sent {
    const FORM: &'static str = "factor-remove";
}

#[derive(Debug, Deserialize)]
pub(super) struct Stopped {}

impl FormName for Stopped {
    const FORM: &'static str = "factor-stop";
}

/// The factor that a change is about.
pub(super) fn about(change: &Change) -> Option<FactorId> {
    change.details.as_ref()?.expose().parse().ok()
}

/// The factor whose removal waits.
async fn going(tx: &Tx, account: AccountId) -> Result<Option<FactorId>, StoreError> {
    let open = changes::find_open(tx, account, changes::Kind::Factor).await?;
    Ok(open.as_ref().and_then(about))
}

/// Whether none is left without one of an account's factors. One whose removal waits is as good as gone (A225).
fn is_last(all: &[Factor], going: Option<FactorId>, id: FactorId) -> bool {
    !all.iter().any(|other| other.id != id && Some(other.id) != going)
}

#[derive(askama::Template)]
#[template(path = "factor_remove.html")]
struct Content<'a> {
    visit: &'a Visit,
    confirmed: bool,
    text: &'static str,
    last: bool,
    form: Markup,
    lost_open: bool,
    lost_text: String,
    lost: Markup,
}

fn page(
    service: &Service,
    visit: &Visit,
    (one, last, sent, confirmed): (&Factor, bool, &Sent, bool),
    errors: Errors,
) -> Response {
    let id = one.id.to_string();
    let once = Token::generate(service.rng());
    let form = || {
        let form = FormPage::new(Sent::FORM, HERE).hidden("once", once.expose());
        form.hidden("id", id.as_str())
    };
    let accept = |form: FormPage, name, ticked| {
        if last {
            form.checkbox(Checkbox::new(name, "factors-remove-accept").checked(ticked))
        } else {
            form
        }
    };
    let now = accept(form(), "accept", sent.accept.is_some());
    let now = now.button(Button::danger("factors-remove-submit").guarded());
    let hours = service.config().factors.lost_hours;
    let after = || vec![("hours", hours.into())];
    let lost = accept(form(), "accept_lost", sent.accept_lost.is_some());
    let button = Button::secondary(Words::with("factors-remove-lost-submit", after()));
    let lost = lost.button(button.sends("lost", "yes"));
    let content = Content {
        visit,
        confirmed,
        text: match one.kind {
            Kind::Totp => "factors-remove-text-totp",
            Kind::Passkey => "factors-remove-text-passkey",
        },
        last,
        form: now.render(visit, &errors),
        lost_open: sent.lost.is_some(),
        lost_text: visit.t_with("factors-remove-lost-text", &after()),
        lost: lost.render(visit, &errors),
    };
    let page = Page::new("account-factor-remove", "factors-remove")
        .title_with("factors-remove-title", vec![("name", one.name.clone().into())])
        .own_forms_only()
        .return_to(sent.here())
        .errors(errors);
    visit.render(page, &content)
}

/// Says what removing means.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Sent>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &asked.here()).await?;
    let (one, all) = list::own(&service, &session, &asked.id).await?;
    let going = going(&service.store().read(), session.account.id).await?;
    let confirmed =
        asked.confirmed.is_some() && confirm::is_met(&service, &visit, &session, asked.need()).await?;
    // The box is ticked by a person, and again for whoever comes back from the proof, but by no link.
    let asked = if confirmed { asked } else { asked.unticked() };
    let shown = (&one, is_last(&all, going, one.id), &asked, confirmed);
    Ok(page(&service, &visit, shown, Errors::none()))
}

/// Removes it, or begins to.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &sent.here()).await?;
    let sending = (Sent::FORM, sent.once.as_str());
    let own = list::own(&service, &session, &sent.id).await;
    // Sent twice: what the first one did is looked for after what may be gone by it.
    if let Some(page) = twice::led(&service.store().read(), &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    let (one, all) = own?;
    let account = session.account.id;
    let going = going(&service.store().read(), account).await?;
    let ((name, accepted), last) = (sent.accepted(), is_last(&all, going, one.id));
    if last && !accepted {
        let errors = Errors::of(name, "factors-remove-accept-missing");
        return Ok(page(&service, &visit, (&one, last, &sent, false), errors));
    }
    let here = sent.here().with(confirm::CONFIRMED, "yes");
    let session = confirm::require(&service, &mut visit, sent.need(), &here).await?;
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, account).await?;
    if let Some(page) = twice::led(&tx, &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    // Of two that are removed at the same moment the second may have become the last one (A225).
    let all = store::factors::list(&tx, account).await?;
    let last = is_last(&all, self::going(&tx, account).await?, one.id);
    if last && !accepted {
        drop(tx);
        return Ok(visit.redirect(&sent.here()));
    }
    let what = (&one, last, sending);
    if sent.lost.is_some() {
        schedule(&service, &mut visit, &session, (tx, what)).await
    } else {
        remove(&service, &mut visit, &session, (tx, what)).await
    }
}

/// What is removed, whether it is the last one, and the form.
type Removed<'a> = (&'a Factor, bool, twice::Sending<'a>);

/// Removes it now.
async fn remove(
    service: &Service,
    visit: &mut Visit,
    session: &LiveSession,
    (tx, (one, last, sending)): (Tx, Removed<'_>),
) -> Result<Response, Stop> {
    let list = list::of_kind(one.kind);
    if !store::factors::remove(&tx, one.account, one.id).await? {
        return Ok(visit.redirect(&list));
    }
    end_open(&tx, one, visit.now()).await?;
    let done = Done {
        event: Event::FactorChanged,
        details: json!({ "removed": one.kind.as_str(), "factor": one.id, "last": last }),
        what: What::FactorRemoved,
        kind: notices::Kind::FactorRemoved,
        args: &[("factor", notices::key(name_key(one.kind)))],
        ends_others: true,
        credential: Some((credential(one.kind), CredentialStep::Delete)),
        sending,
        leads: list.clone().with("done", "removed"),
        back: list,
    };
    finish(service, visit, session, (tx, done)).await
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
    (tx, (one, last, sending)): (Tx, Removed<'_>),
) -> Result<Response, Stop> {
    let (list, now) = (list::of_kind(one.kind), visit.now());
    let at = now + TimeDelta::hours(service.config().factors.lost_hours);
    let id = one.id.to_string();
    let new = NewChange {
        id: ChangeId::new(now, service.rng()),
        account: one.account,
        kind: changes::Kind::Factor,
        state: Stands::Waiting,
        details: Some(&id),
        now,
        effective_at: at,
        reversible_until: None,
    };
    // One at a time: each is told of, and each can be stopped.
    if !changes::begin(&tx, &new).await? {
        return Ok(visit.redirect(&list));
    }
    let done = Done {
        event: Event::FactorChanged,
        details: json!({ "removing": one.kind.as_str(), "factor": one.id, "last": last }),
        what: What::FactorRemoving,
        kind: notices::Kind::FactorRemoving,
        args: &[
            ("factor", notices::key(name_key(one.kind))),
            ("day", notices::moment(at)),
        ],
        ends_others: false,
        credential: None,
        sending,
        leads: list.clone().with("done", "scheduled"),
        back: list,
    };
    finish(service, visit, session, (tx, done)).await
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
            let happening = Happening::new(account, What::FactorKept).in_session(session.id);
            history::note(&service, &tx, &visit, &happening).await?;
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
    // Nothing leaves an account that somebody has shut.
    if account.status != Status::Active {
        return Ok(Applied::Failed);
    }
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
    history::note_aside(service, tx, &Happening::new(account.id, What::FactorRemoved)).await?;
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
