//! `/account/security`: the factors of the account, where it is signed in, and from which devices it was used.
//!
//! - `history` `/account/security/history`: what happened, newest first
//! - `not_me` `/account/security/not-me`: a sign-in that was somebody else's

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::authn::{Method, Methods};
use model::event::Event;
use model::ids::SessionId;
use model::secret::TokenHash;
use serde::Deserialize;
use serde_json::json;
use store::audit::Entry;
use store::devices::{self, Device};
use store::history::Entry as Happened;
use store::sessions::{self, Listed, LiveSession};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use crate::Service;
use crate::factors;
use crate::history::{Happening, What};
use crate::session::{self, Stop};
use crate::standing;

mod history;
mod not_me;
#[cfg(test)]
mod tests;

const HERE: LocalPath = LocalPath::known("/account/security");

/// The pages.
pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route("/account/security", get(show))
        .route("/account/security/end", post(end))
        .route("/account/security/forget-device", post(forget))
        .route("/account/security/history", get(history::show))
        .route("/account/security/not-me", get(not_me::show).post(not_me::submit))
}

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    ended: Option<String>,
    forgotten: Option<String>,
    done: Option<String>,
}

/// What the buttons send: one sign-in, or all others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct End {
    session: Option<String>,
    others: Option<String>,
}

impl FormName for End {
    const FORM: &'static str = "end-session";
}

/// What the buttons of the devices send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Forget {
    device: String,
}

impl FormName for Forget {
    const FORM: &'static str = "forget-device";
}

#[derive(askama::Template)]
#[template(path = "security.html")]
struct Content<'a> {
    visit: &'a Visit,
    notice: Option<&'static str>,
    panel: Markup,
    sessions: Vec<Row>,
    end_others: Markup,
    devices: Vec<DeviceRow>,
}

struct Row {
    device: String,
    place: Option<String>,
    client: Option<String>,
    level: Option<u8>,
    methods: String,
    began: String,
    seen: String,
    here: bool,
    end: Markup,
    not_me: Option<LocalPath>,
}

struct DeviceRow {
    label: String,
    first: String,
    last: String,
    here: bool,
    forget: Markup,
}

/// Shows the page.
async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let (tx, account) = (service.store().read(), &session.account);
    let list = sessions::list(&tx, account.id, &service.config().session, visit.now()).await?;
    let ids: Vec<SessionId> = list.iter().map(|one| one.id).collect();
    let began = store::history::beginnings(&tx, account.id, &ids).await?;
    // The newest beginning of each: a sign-in that was renewed is where it was renewed.
    let mut beginnings: BTreeMap<SessionId, Happened> = BTreeMap::new();
    for one in began {
        if let Some(id) = one.session {
            beginnings.entry(id).or_insert(one);
        }
    }
    let sites = history::Sites::of(&tx, beginnings.values()).await?;
    let known = devices::list(&tx, account.id).await?;
    let here = visit
        .device_token()
        .map(|device| devices::handle_of(account.id, device));
    let others = list.iter().any(|one| one.id != session.id);
    let content = Content {
        visit: &visit,
        notice: match (asked.ended.is_some(), asked.forgotten.is_some()) {
            (true, _) => Some("space-security-ended"),
            (false, true) => Some("space-security-forgotten"),
            (false, false) => (asked.done.as_deref() == Some("password")).then_some("factors-password-done"),
        },
        panel: factors::panel(&service, &visit, account).await?,
        sessions: list
            .iter()
            .map(|one| row(&visit, one, (&session, beginnings.get(&one.id)), &sites))
            .collect(),
        end_others: if others {
            button(&visit, ("others", "yes"), "space-security-end-others")
        } else {
            Markup::default()
        },
        devices: known
            .iter()
            .map(|one| device_row(&visit, one, here.as_ref()))
            .collect(),
    };
    Ok(visit.render(
        Page::new("account-security", "space-security-title").own_forms_only(),
        &content,
    ))
}

/// Forgets a device of the person's own: the next sign-in from it is a new one again.
async fn forget(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Forget>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let handle = URL_SAFE_NO_PAD.decode(&sent.device).ok();
    let handle = handle.and_then(|bytes| TokenHash::from_bytes(&bytes));
    let handle = handle.ok_or_else(Problem::not_found)?;
    let tx = service.store().begin().await?;
    if devices::forget(&tx, session.account.id, &handle).await? {
        let happening = Happening::new(session.account.id, What::DeviceForgotten).in_session(session.id);
        crate::history::note(&service, &tx, &visit, &happening).await?;
    }
    tx.commit().await?;
    Ok(visit.redirect(&HERE.with("forgotten", "yes")))
}

/// Ends one sign-in of the person's own, or all but this one.
async fn end(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<End>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &HERE).await?;
    let (account, now) = (session.account.id, visit.now());
    if sent.others.is_some() {
        let tx = service.store().begin().await?;
        let count = standing::end_sign_ins(&service, &tx, account, Some(session.id)).await?;
        let details = json!({ "others": count });
        let entry = Entry::new(Event::SignedOut, now)
            .account(account)
            .session(session.id)
            .details(details);
        store::audit::record(&tx, service.rng(), entry).await?;
        let happening = Happening::new(account, What::OthersEnded).in_session(session.id);
        crate::history::note(&service, &tx, &visit, &happening).await?;
        tx.commit().await?;
        return Ok(visit.redirect(&HERE.with("ended", "yes")));
    }
    let id = sent
        .session
        .as_deref()
        .and_then(|text| text.parse::<SessionId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    if id == session.id {
        let page = session::end(&service, &mut visit, (session.id, account)).await?;
        return Ok(visit.redirect(&page));
    }
    let tx = service.store().begin().await?;
    // Only what is on the person's own list can be ended from it (A261).
    if !sessions::list(&tx, account, &service.config().session, now)
        .await?
        .iter()
        .any(|one| one.id == id)
    {
        return Err(Problem::not_found().into());
    }
    if sessions::end(&tx, id, now).await? {
        store::audit::record(
            &tx,
            service.rng(),
            Entry::new(Event::SignedOut, now).account(account).session(id),
        )
        .await?;
        let happening = Happening::new(account, What::Ended).in_session(id);
        crate::history::note(&service, &tx, &visit, &happening).await?;
    }
    tx.commit().await?;
    Ok(visit.redirect(&HERE.with("ended", "yes")))
}

fn row(
    visit: &Visit,
    one: &Listed,
    (current, began): (&LiveSession, Option<&Happened>),
    sites: &history::Sites,
) -> Row {
    let id = one.id.to_string();
    let here = one.id == current.id;
    let place = began.and_then(|began| began.place.as_ref());
    Row {
        device: one.device.clone(),
        place: place.map(|place| place.network.clone()),
        client: began.and_then(|began| sites.name(visit, began)),
        level: began
            .and_then(|began| began.level)
            .map(model::ladder::Level::number),
        methods: methods(visit, &one.methods),
        began: visit.moment(one.created_at),
        seen: visit.moment(one.last_seen_at),
        here,
        end: if here {
            Markup::default()
        } else {
            button(visit, ("session", &id), "space-security-end")
        },
        not_me: began.filter(|_| !here).map(|began| not_me::page_of(began.id)),
    }
}

fn device_row(visit: &Visit, one: &Device, here: Option<&TokenHash>) -> DeviceRow {
    let handle = URL_SAFE_NO_PAD.encode(one.handle.as_bytes());
    DeviceRow {
        label: one.label.clone(),
        first: visit.moment(one.first_seen_at),
        last: visit.moment(one.last_seen_at),
        here: here == Some(&one.handle),
        forget: FormPage::new(Forget::FORM, LocalPath::known("/account/security/forget-device"))
            .button(Button::secondary("space-security-forget").sends("device", handle))
            .render(visit, &Errors::none()),
    }
}

fn button(visit: &Visit, (name, value): (&'static str, &str), words: &'static str) -> Markup {
    FormPage::new(End::FORM, LocalPath::known("/account/security/end"))
        .button(Button::secondary(words).sends(name, value))
        .render(visit, &Errors::none())
}

/// The names of factors, for people.
fn methods(visit: &Visit, methods: &Methods) -> String {
    let name = |method| match method {
        Method::Password => "space-method-password",
        Method::Sms => "space-method-sms",
        Method::Totp => "space-method-totp",
        Method::Passkey => "space-method-passkey",
        Method::Certificate => "space-method-certificate",
        Method::Scan => "space-method-scan",
    };
    let names: Vec<String> = methods.iter().map(|method| visit.t(name(method))).collect();
    names.join(&visit.t("space-level-joint"))
}
