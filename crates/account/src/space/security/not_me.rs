//! `/account/security/not-me`: "this wasn't me". It acts at once: that sign-in and all others but this one end with
//! everything that they gave, and other devices are forgotten. Then it leads to a new password; or the account is held, so
//! that nobody gets in before its owner has proven who they are: a phone, an address or a user name that the entry is about
//! is put back then, and what was enrolled since the entry counts for nothing.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use model::ids::HappeningId;
use model::standing_reason::Reason;
use serde::Deserialize;
use serde_json::json;
use store::accounts::{self, Account};
use store::audit;
use store::history::Entry;
use store::{devices, history};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use crate::Service;
use crate::changes;
use crate::confirm::{self, Need};
use crate::history::{Happening, What, note};
use crate::notice::Notice;
use crate::session::{self, Stop};
use crate::standing::{self, Because, By};

const HERE: LocalPath = LocalPath::known("/account/security/not-me");
/// An entry is written a little after what it is about.
const BEFORE: TimeDelta = TimeDelta::minutes(1);

/// The page about one entry of the history.
pub(super) fn page_of(entry: HappeningId) -> LocalPath {
    HERE.with("entry", &entry.to_string())
}

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    entry: String,
    done: Option<String>,
    /// The account was to be locked, and a proof was asked for in between.
    confirmed: Option<String>,
}

/// What the buttons send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NotMe {
    entry: String,
    /// The button that holds the account.
    hold: Option<String>,
}

impl FormName for NotMe {
    const FORM: &'static str = "not-me";
}

/// Asks; a look changes nothing (A165).
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let here = HERE.with("entry", &asked.entry);
    let session = session::require(&service, &mut visit, &here).await?;
    if asked.done.is_some() {
        let notice = Notice::saying("history-not-me-done")
            .and("history-not-me-next")
            .link(
                LocalPath::known("/account/security/password"),
                "history-not-me-password",
            )
            .link(LocalPath::known("/account/security"), "history-not-me-back");
        return Ok(notice.respond(
            &visit,
            Page::new("account-not-me-done", "history-not-me-title").return_to(here),
        ));
    }
    let entry = find(&service, &session, &asked.entry).await?;
    let form = FormPage::new(NotMe::FORM, HERE)
        .hidden("entry", entry.id.to_string())
        .button(Button::primary("history-not-me-end"))
        .button(Button::danger("history-not-me-hold").sends("hold", "yes"))
        .render(&visit, &Errors::none());
    let place = entry.place.clone().unwrap_or_default();
    let facts = Words::with(
        "history-not-me-facts",
        vec![
            (
                "what",
                visit.t(&format!("history-what-{}", entry.what.as_str())).into(),
            ),
            ("moment", visit.moment(entry.at).into()),
            ("device", place.device.into()),
            ("network", place.network.into()),
        ],
    );
    let notice = match asked.confirmed {
        Some(_) => Notice::saying("confirm-done").and(facts),
        None => Notice::saying(facts),
    };
    let notice = notice
        .and("history-not-me-text")
        .and("history-not-me-hold-text")
        .action(form)
        .link(LocalPath::known("/account/security"), "history-not-me-was-me");
    Ok(notice.respond(
        &visit,
        Page::new("account-not-me", "history-not-me-title").return_to(here),
    ))
}

/// An entry of the person's own; that of another account is not there (A261).
async fn find(service: &Service, session: &store::sessions::LiveSession, text: &str) -> Result<Entry, Stop> {
    let id = text.parse::<HappeningId>().map_err(|_| Problem::not_found())?;
    let found = history::find(&service.store().read(), session.account.id, id).await?;
    Ok(found.ok_or_else(Problem::not_found)?)
}

/// Puts back what the entry is about, and holds the account. What was enrolled from the entry on is doubted, however long ago
/// that was.
async fn hold(
    service: &Service,
    mut visit: Visit,
    account: &Account,
    entry: &Entry,
) -> Result<Response, Stop> {
    let tx = service.store().begin().await?;
    let remarks = changes::not_me_at(service, &tx, account, entry).await?;
    // A phone that was put back is the account's again.
    let account = accounts::find(&tx, account.id).await?;
    let account = account.ok_or_else(Problem::not_found)?;
    let because = Because {
        doubted_from: Some(entry.at - BEFORE),
        ..Because::of(Reason::NotMe, By::Owner)
    };
    if !standing::hold(service, &tx, &account, &because).await? {
        // Another press was faster, or operators were: its sign-ins are over.
        drop(tx);
        visit.end_session();
        return Ok(visit.redirect(&LocalPath::known("/sign-in")));
    }
    note(service, &tx, &visit, &Happening::new(account.id, What::Held)).await?;
    tx.commit().await?;
    service.kick_delivery();
    visit.end_session();
    let notice = remarks
        .into_iter()
        .fold(Notice::saying("history-held-text"), |notice, text| {
            notice.and(text)
        })
        .link(LocalPath::known("/recover"), "history-held-recover");
    Ok(notice.respond(&visit, Page::new("account-held", "history-held-title")))
}

/// Acts.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<NotMe>,
) -> Result<Response, Stop> {
    let here = HERE.with("entry", &sent.entry);
    // Whoever finds a browser signed in must not lock its owner out with one click; the link in a message needs no proof.
    let session = match sent.hold {
        Some(_) => {
            let back = here.clone().with(confirm::CONFIRMED, "yes");
            confirm::require(&service, &mut visit, Need::Recent, &back).await?
        }
        None => session::require(&service, &mut visit, &here).await?,
    };
    let entry = find(&service, &session, &sent.entry).await?;
    if sent.hold.is_some() {
        return hold(&service, visit, &session.account, &entry).await;
    }
    let (account, now) = (&session.account, visit.now());
    let tx = service.store().begin().await?;
    let ended = standing::end_sign_ins(&service, &tx, account.id, Some(session.id)).await?;
    let here = visit
        .device_token()
        .map(|device| devices::handle_of(account.id, device));
    devices::forget_all(&tx, account.id, here.as_ref()).await?;
    let mut happening = Happening::new(account.id, What::Disowned);
    happening.session = entry.session;
    note(&service, &tx, &visit, &happening).await?;
    let mut line = audit::Entry::new(Event::SignedOut, now)
        .account(account.id)
        .session(session.id)
        .details(json!({ "not_me": entry.what.as_str(), "others": ended }));
    line.request_id = Some(visit.request_id().to_owned());
    audit::record(&tx, service.rng(), line).await?;
    tx.commit().await?;
    Ok(visit.redirect(&page_of(entry.id).with("done", "yes")))
}
