//! `/account/security/passkeys`: the passkeys of an account, and `…/new` making one. Making one needs script; every other
//! factor is a road without.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::secret::Token;
use serde::Deserialize;
use store::Tx;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::factors::{Kind, What};
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage};
use web::markup::escape;
use web::passkey::{Act, ask};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::add;
use super::list::{self, Asked};
use super::passkey::{self, Made};
use crate::Service;
use crate::session::{self, Stop, twice};
use crate::signin::Onward;

pub(super) const HERE: LocalPath = LocalPath::known("/account/security/passkeys");
pub(super) const NEW: LocalPath = LocalPath::known("/account/security/passkeys/new");

/// How long the browser may take, in minutes.
const CEREMONY_MINUTES: i64 = 10;

/// The list.
pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    list::show(&service, visit, Kind::Passkey, &asked).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    ceremony: String,
    credential: String,
    name: String,
    return_to: Option<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "new-passkey";
}

/// Asks for a new passkey.
pub(super) async fn show_new(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = asked.onward();
    let (session, enrolled) = add::enter(&service, &mut visit, (Kind::Passkey, NEW), &onward).await?;
    if service.passkeys().is_none() {
        return Ok(visit.redirect(&onward.through(HERE)));
    }
    let question = passkey::begin_new(&service, &session.account, &enrolled.passkeys)?;
    let handle = Token::generate(service.rng());
    let (id, browser, now) = (handle.hash(), visit.browser_hash(), visit.now());
    let ends = now + TimeDelta::minutes(CEREMONY_MINUTES);
    let new = NewCeremony {
        account: Some(session.account.id),
        session: Some(session.id),
        state: &question.state,
        ..NewCeremony::new(&id, (&browser, Purpose::NewPasskey), (now, ends))
    };
    ceremonies::put(&service.store().read(), &new).await?;
    let text = format!("<p>{}</p>", escape(&visit.t("factors-passkey-new-text")));
    let form = onward
        .in_form(FormPage::new(Sent::FORM, NEW))
        .hidden("ceremony", handle.expose())
        .markup(Markup::from_rendered(text))
        .markup(ask(&visit, &question.options, Act::Make))
        .field(list::name_field(&visit.device().label()))
        .button(Button::primary("factors-passkey-make"));
    let page = Page::new("account-passkey-new", "factors-passkey-new-title")
        .own_forms_only()
        .return_to(onward.through(NEW));
    Ok(visit.form(page, &form, &Errors::none()))
}

/// Stores what the browser made. Whoever was asked to make it had proven who they are; the browser may take its time, and
/// what it made must not be lost with it.
pub(super) async fn submit_new(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let onward = Onward::new(None, sent.return_to.as_deref());
    let session = session::require(&service, &mut visit, &onward.through(NEW)).await?;
    let sending = (Sent::FORM, sent.ceremony.as_str());
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, session.account.id).await?;
    if let Some(page) = twice::led(&tx, &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    let Some(made) = made(&service, (&tx, &visit), &session, &sent).await? else {
        // What was asked is gone with the answer, whatever it says.
        tx.commit().await?;
        return Ok(visit.redirect(&onward.through(HERE.with("wrong", "refused"))));
    };
    let new = add::New {
        what: What::Passkey {
            credential: &made.credential,
            identifier: &made.identifier,
        },
        name: list::name(&sent.name).unwrap_or_else(|| visit.device().label()),
        sending,
    };
    add::keep(&service, &mut visit, (&session, &onward), (tx, new)).await
}

/// What the browser made, if it is what was asked, in this sign-in, once.
async fn made(
    service: &Service,
    (tx, visit): (&Tx, &Visit),
    session: &LiveSession,
    sent: &Sent,
) -> Result<Option<Made>, Stop> {
    let Some(handle) = Token::parse(&sent.ceremony) else {
        return Ok(None);
    };
    let (id, browser) = (handle.hash(), visit.browser_hash());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::NewPasskey,
    };
    let taken = ceremonies::take(tx, handle, visit.now()).await?;
    let Some(taken) = taken.filter(|taken| taken.session == Some(session.id)) else {
        return Ok(None);
    };
    match passkey::finish_new(service, &taken.state, &sent.credential)? {
        Ok(made) => Ok(Some(made)),
        Err(reason) => {
            tracing::info!(%reason, "new passkey refused");
            Ok(None)
        }
    }
}
