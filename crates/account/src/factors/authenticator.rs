//! `/account/security/authenticator`: authenticator applications, and `…/new` setting one up with a picture to scan. The
//! secret waits sealed in the sign-in's own ceremony until a code shows that the application has it.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::secret::{Sensitive, TokenHash};
use serde::Deserialize;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::factors::{Kind, What};
use store::sessions::LiveSession;
use store::{StoreError, Tx};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};
use zeroize::Zeroizing;

use super::add;
use super::list::{self, Asked};
use super::totp;
use crate::Service;
use crate::confirm::{self, Need};
use crate::otp;
use crate::session::{self, Stop, twice};
use crate::signin::Onward;

pub(super) const HERE: LocalPath = LocalPath::known("/account/security/authenticator");
pub(super) const NEW: LocalPath = LocalPath::known("/account/security/authenticator/new");

/// How long setting up may take, in minutes.
const SETUP_MINUTES: i64 = 20;

/// The list.
pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    list::show(&service, visit, Kind::Totp, &asked).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    code: Sensitive<String>,
    name: String,
    return_to: Option<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "new-authenticator";
}

fn handle_of(session: &LiveSession) -> TokenHash {
    TokenHash::of(&format!("authenticator\u{0}{}", session.id))
}

/// The secret that waits for this sign-in, if there is one; taken where somebody is going to keep it: of two clicks one does.
async fn waiting(
    tx: &Tx,
    visit: &Visit,
    session: &LiveSession,
    take: bool,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let (id, browser, now) = (handle_of(session), visit.browser_hash(), visit.now());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::NewAuthenticator,
    };
    let found = if take {
        ceremonies::take(tx, handle, now).await?
    } else {
        ceremonies::look(tx, handle, now).await?
    };
    Ok(found.map(|found| found.state))
}

/// The secret that waits, or a new one. It is the same when the page is loaded again and in another tab.
async fn secret_for(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let tx = service.store().read();
    if let Some(secret) = waiting(&tx, visit, session, false).await? {
        return Ok(secret);
    }
    let (id, browser, now) = (handle_of(session), visit.browser_hash(), visit.now());
    let secret = totp::new_secret(service.rng());
    let ends = now + TimeDelta::minutes(SETUP_MINUTES);
    let new = NewCeremony {
        account: Some(session.account.id),
        session: Some(session.id),
        state: &secret,
        ..NewCeremony::new(&id, (&browser, Purpose::NewAuthenticator), (now, ends))
    };
    ceremonies::put(&tx, &new).await?;
    Ok(secret)
}

#[derive(askama::Template)]
#[template(path = "authenticator_secret.html")]
struct Secret<'a> {
    visit: &'a Visit,
    picture: Markup,
    spelled: Zeroizing<String>,
}

fn page(
    visit: &Visit,
    session: &LiveSession,
    (secret, name, onward): (Option<&[u8]>, &str, &Onward),
    errors: &Errors,
) -> Response {
    let form = onward.in_form(FormPage::new(Sent::FORM, NEW));
    let form = match secret {
        Some(secret) => form.markup(Markup::of(&shown(visit, session, secret))),
        None => form,
    };
    let form = form
        .field(Field::code("code", "factors-authenticator-code").required())
        .field(list::name_field(name))
        .button(Button::primary("factors-authenticator-submit"));
    let page = Page::new("account-authenticator-new", "factors-authenticator-new-title")
        .own_forms_only()
        .return_to(onward.through(NEW));
    visit.form(page, &form, errors)
}

fn shown<'a>(visit: &'a Visit, session: &LiveSession, secret: &[u8]) -> Secret<'a> {
    let branding = visit.kit().branding();
    let issuer = branding.service_name.in_language(visit.language());
    let label = visit.t("factors-authenticator-picture");
    let who = session::display_name(&session.account);
    Secret {
        visit,
        picture: totp::picture(secret, issuer, &who, &label).unwrap_or_default(),
        spelled: Zeroizing::new(totp::spelled(secret).unwrap_or_default()),
    }
}

/// Shows the picture.
pub(super) async fn show_new(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let name = visit.t("factors-authenticator");
    begin(&service, &mut visit, &asked.onward(), (&name, asked.errors())).await
}

/// The page for whoever has just proven who they are.
async fn begin(
    service: &Service,
    visit: &mut Visit,
    onward: &Onward,
    (name, errors): (&str, Errors),
) -> Result<Response, Stop> {
    let new = if errors.is_empty() {
        NEW
    } else {
        NEW.with("wrong", list::LATE)
    };
    let (session, _) = add::enter(service, visit, (Kind::Totp, new), onward).await?;
    let secret = secret_for(service, visit, &session).await?;
    Ok(page(visit, &session, (Some(&secret), name, onward), &errors))
}

/// Sets the application up when its code is right. Whoever was shown the picture had proven who they are; they may take
/// their time with the phone.
pub(super) async fn submit_new(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let onward = Onward::new(None, sent.return_to.as_deref());
    let session = session::require(&service, &mut visit, &onward.through(NEW)).await?;
    let sending = (Sent::FORM, sent.code.expose().as_str());
    if let Some(page) = twice::led(&service.store().read(), &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    // The picture of before is worth nothing any more: another one, and what was typed stays.
    let late = (sent.name.as_str(), Errors::of_form("factors-late"));
    let Some(secret) = waiting(&service.store().read(), &visit, &session, false).await? else {
        // Sent twice, and the first one came through in between.
        if let Some(page) = twice::led(&service.store().read(), &visit, (&session, sending)).await? {
            return Ok(visit.redirect(&page));
        }
        return begin(&service, &mut visit, &onward, late).await;
    };
    let step = match otp::read_code(sent.code.expose()) {
        None => Err("factors-code-unreadable"),
        Some(code) => totp::step_of(&secret, code.expose(), visit.now()).ok_or("factors-authenticator-wrong"),
    };
    let step = match step {
        Ok(step) => step,
        Err(key) => {
            // Whoever sits here now may be another than who proved it: the picture is shown to nobody but who just did, and
            // who scanned it needs it no more (A162, A225).
            let proven = confirm::is_met(&service, &visit, &session, Need::Strongest).await?;
            let (secret, errors) = (proven.then_some(secret.as_slice()), Errors::of("code", key));
            return Ok(page(&visit, &session, (secret, &sent.name, &onward), &errors));
        }
    };
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, session.account.id).await?;
    if let Some(page) = twice::led(&tx, &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    let taken = waiting(&tx, &visit, &session, true).await?;
    if taken.is_none_or(|taken| taken != secret) {
        return Ok(visit.redirect(&onward.through(HERE)));
    }
    let new = add::New {
        what: What::Totp {
            secret: &secret,
            step,
        },
        name: list::name(&sent.name).unwrap_or_else(|| visit.t("factors-authenticator")),
        sending,
    };
    add::keep(&service, &mut visit, (&session, &onward), (tx, new)).await
}
