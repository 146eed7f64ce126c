//! `/account/security/authenticator`: authenticator applications, and `…/new` setting one up with a picture to scan. The
//! secret waits sealed in the sign-in's own ceremony until a code shows that the application has it.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use model::ids::FactorId;
use model::secret::{Sensitive, TokenHash};
use serde::Deserialize;
use serde_json::json;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::factors::{EACH_MAX, Kind, NewFactor, What};
use store::sessions::LiveSession;
use store::status_events::{Credential, CredentialStep};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};
use zeroize::Zeroizing;

use super::finish::{Done, finish};
use super::list::{self, Asked};
use super::totp;
use super::tries;
use crate::Service;
use crate::confirm::{self, Need};
use crate::history;
use crate::notices;
use crate::otp;
use crate::session::{self, Stop};
use crate::signin::Onward;

pub(super) const HERE: LocalPath = LocalPath::known("/account/security/authenticator");
pub(super) const NEW: LocalPath = LocalPath::known("/account/security/authenticator/new");

/// How long setting up may take, in minutes.
const SETUP_MINUTES: i64 = 20;

/// The list.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &asked.onward().through(HERE)).await?;
    list::page(&service, &visit, &session, (Kind::Totp, &asked, Errors::none())).await
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

/// The secret that waits, or a new one. It is the same when the page is loaded again and in another tab.
async fn waiting(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let (id, browser, now) = (handle_of(session), visit.browser_hash(), visit.now());
    let tx = service.store().read();
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::NewAuthenticator,
    };
    if let Some(found) = ceremonies::look(&tx, handle, now).await? {
        return Ok(found.state);
    }
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
    (secret, name, onward): (&[u8], &str, &Onward),
    errors: &Errors,
) -> Response {
    let branding = visit.kit().branding();
    let issuer = branding.service_name.in_language(visit.language());
    let label = visit.t("factors-authenticator-picture");
    let who = session::display_name(&session.account);
    let shown = Secret {
        visit,
        picture: totp::picture(secret, issuer, &who, &label).unwrap_or_default(),
        spelled: Zeroizing::new(totp::spelled(secret).unwrap_or_default()),
    };
    let form = onward
        .in_form(FormPage::new(Sent::FORM, NEW))
        .markup(Markup::of(&shown))
        .field(Field::code("code", "factors-authenticator-code").required())
        .field(list::name_field(name))
        .button(Button::primary("factors-authenticator-submit"));
    let page = Page::new("account-authenticator-new", "factors-authenticator-new-title")
        .own_forms_only()
        .return_to(onward.through(NEW));
    visit.form(page, &form, errors)
}

/// Whether one more fits; otherwise the list says so.
async fn room(service: &Service, visit: &Visit, session: &LiveSession) -> Result<(), Stop> {
    let enrolled = super::of(&service.store().read(), &session.account).await?;
    if enrolled.totp.len() >= EACH_MAX {
        return Err(Stop::Go(visit.redirect(&HERE.with("wrong", "many"))));
    }
    Ok(())
}

/// Shows the picture.
pub(super) async fn show_new(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = asked.onward();
    let here = onward.through(NEW);
    let session = confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    room(&service, &visit, &session).await?;
    let secret = waiting(&service, &visit, &session).await?;
    let name = visit.t("factors-authenticator");
    Ok(page(&visit, &session, (&secret, &name, &onward), &Errors::none()))
}

/// Sets the application up when its code is right.
pub(super) async fn submit_new(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let onward = Onward::new(None, sent.return_to.as_deref());
    let here = onward.through(NEW);
    let session = confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    room(&service, &visit, &session).await?;
    let secret = waiting(&service, &visit, &session).await?;
    let step = match otp::read_code(sent.code.expose()) {
        None => Err("factors-code-unreadable"),
        Some(code) => totp::step_of(&secret, code.expose(), visit.now()).ok_or("factors-authenticator-wrong"),
    };
    let step = match step {
        Ok(step) => step,
        Err(key) => {
            let errors = Errors::of("code", key);
            return Ok(page(&visit, &session, (&secret, &sent.name, &onward), &errors));
        }
    };
    let name = list::name(&sent.name).unwrap_or_else(|| visit.t("factors-authenticator"));
    let (id, browser, now) = (handle_of(&session), visit.browser_hash(), visit.now());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::NewAuthenticator,
    };
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, session.account.id).await?;
    // Of two clicks one sets it up; the other finds it there.
    let taken = ceremonies::take(&tx, handle, now).await?;
    if taken.is_none_or(|taken| taken.state != secret) {
        return Ok(visit.redirect(&onward.through(HERE)));
    }
    let new = NewFactor {
        id: FactorId::new(now, service.rng()),
        account: session.account.id,
        name: &name,
        what: What::Totp {
            secret: &secret,
            step,
        },
        now,
    };
    store::factors::add(&tx, &new).await?;
    let done = Done {
        event: Event::FactorChanged,
        details: json!({ "added": "totp", "factor": new.id }),
        what: history::What::FactorAdded,
        kind: notices::Kind::FactorAdded,
        args: &[("factor", notices::key("factors-authenticator"))],
        ends_others: false,
        credential: Some((Credential::App, CredentialStep::Create)),
    };
    if finish(&service, &mut visit, &session, (tx, done)).await? {
        tries::forgive(&service, session.account.id, tries::What::Totp).await?;
    }
    Ok(visit.redirect(&onward.through(HERE.with("done", "added"))))
}
