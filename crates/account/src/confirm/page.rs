//! The page that asks for a proof, and its answers.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use model::secret::{Sensitive, Token};
use serde::Deserialize;
use serde_json::json;
use store::audit::Entry;
use store::ceremonies::{self, NewCeremony, Purpose};
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage};
use web::passkey::{Act, ask};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::check::check;
use super::{Fresh, HERE, Need, Proof, remember};
use crate::Service;
use crate::factors::{self, Enrolled, Tried};
use crate::otp::{self, Purpose as Letter, Request};
use crate::session::{self, Added, Stop};

/// How long the browser may take with a passkey, in minutes.
const PASSKEY_MINUTES: i64 = 5;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    need: Option<String>,
    return_to: Option<String>,
    sent: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    method: String,
    pub(super) password: Sensitive<String>,
    pub(super) code: Sensitive<String>,
    pub(super) recovery_code: Sensitive<String>,
    pub(super) sms_code: Sensitive<String>,
    pub(super) ceremony: String,
    pub(super) credential: String,
    need: Option<String>,
    return_to: Option<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "confirm";
}

/// What is asked, and where the person goes afterwards.
struct Way {
    need: Need,
    return_to: LocalPath,
    sms_sent: bool,
}

impl Way {
    fn new(need: Option<&str>, return_to: Option<&str>) -> Self {
        let path = return_to.and_then(|path| LocalPath::parse(path).ok());
        Self {
            need: if need == Some("strongest") {
                Need::Strongest
            } else {
                Need::Recent
            },
            return_to: path.unwrap_or(LocalPath::known("/account/security")),
            sms_sent: false,
        }
    }

    fn need(&self) -> Option<&'static str> {
        (self.need == Need::Strongest).then_some("strongest")
    }

    fn here(&self) -> LocalPath {
        let here = match self.need() {
            Some(need) => HERE.with("need", need),
            None => HERE,
        };
        let here = if self.sms_sent {
            here.with("sent", "yes")
        } else {
            here
        };
        here.with("return_to", self.return_to.as_str())
    }

    fn form(&self) -> FormPage {
        FormPage::new(Sent::FORM, HERE)
            .hidden_if("need", self.need())
            .hidden("return_to", self.return_to.as_str())
    }
}

#[derive(askama::Template)]
#[template(path = "confirm.html")]
struct Content<'a> {
    visit: &'a Visit,
    ways: Vec<Markup>,
    none: bool,
    lost: Option<String>,
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let mut way = Way::new(asked.need.as_deref(), asked.return_to.as_deref());
    way.sms_sent = asked.sent.is_some();
    let session = session::require(&service, &mut visit, &way.here()).await?;
    page(&service, &visit, (&session, &way), Errors::none()).await
}

async fn page(
    service: &Service,
    visit: &Visit,
    (session, way): (&LiveSession, &Way),
    errors: Errors,
) -> Result<Response, Stop> {
    let enrolled = factors::of(&service.store().read(), &session.account).await?;
    let fresh = Fresh::of(service, visit, session).await?;
    if errors.is_empty() && fresh.is_enough(way.need, &enrolled) {
        return Ok(visit.redirect(&way.return_to));
    }
    let mut ways = Vec::new();
    for proof in fresh.offered(way.need, &enrolled) {
        // Where the issuer has no name there are no passkeys; those who have one have other ways.
        if proof == Proof::Passkey && service.passkeys().is_none() {
            continue;
        }
        let form = form_of(service, visit, (session, way, &enrolled), proof).await?;
        ways.push(form.render(visit, &errors));
    }
    let hours = service.config().factors.lost_hours;
    let lost = (way.need == Need::Strongest && enrolled.two_step())
        .then(|| visit.t_with("confirm-lost", &[("hours", hours.into())]));
    let content = Content {
        visit,
        none: ways.is_empty(),
        ways,
        lost,
    };
    let page = Page::new("account-confirm", "confirm-title")
        .caption("confirm-why")
        .own_forms_only()
        .return_to(way.here())
        .errors(errors);
    Ok(visit.render(page, &content))
}

/// The form for one way.
async fn form_of(
    service: &Service,
    visit: &Visit,
    (session, way, enrolled): (&LiveSession, &Way, &Enrolled),
    proof: Proof,
) -> Result<FormPage, Stop> {
    let form = way.form();
    Ok(match proof {
        Proof::Passkey => {
            let asked = factors::begin_passkey(service, Some(&enrolled.passkeys))?;
            let handle = Token::generate(service.rng());
            let (id, browser, now) = (handle.hash(), visit.browser_hash(), visit.now());
            let ends = now + TimeDelta::minutes(PASSKEY_MINUTES);
            let new = NewCeremony {
                account: Some(session.account.id),
                session: Some(session.id),
                state: &asked.state,
                ..NewCeremony::new(&id, (&browser, Purpose::Confirm), (now, ends))
            };
            ceremonies::put(&service.store().read(), &new).await?;
            form.hidden("ceremony", handle.expose())
                .markup(ask(visit, &asked.options, Act::Use))
                .button(Button::primary("confirm-passkey").sends("method", "passkey"))
        }
        Proof::Password => form
            .field(
                Field::password("password", "confirm-password")
                    .data("show", visit.t("web-show-password"))
                    .data("hide", visit.t("web-hide-password"))
                    .required(),
            )
            .button(Button::primary("confirm-password-button").sends("method", "password")),
        Proof::Totp => form
            .field(
                Field::code("code", "confirm-totp")
                    .hint("confirm-totp-hint")
                    .required(),
            )
            .button(Button::primary("confirm-totp-button").sends("method", "totp")),
        Proof::RecoveryCode => form
            .field(
                Field::text("recovery_code", "confirm-recovery-code")
                    .hint("confirm-recovery-code-hint")
                    .autocomplete("off")
                    .maxlength(64)
                    .required(),
            )
            .button(Button::secondary("confirm-recovery-code-button").sends("method", "recovery_code")),
        Proof::Sms if way.sms_sent => form
            .field(
                Field::code("sms_code", "confirm-sms")
                    .hint("confirm-sms-hint")
                    .required(),
            )
            .button(Button::primary("confirm-sms-button").sends("method", "sms"))
            .button(Button::secondary("confirm-sms-again").sends("method", "send")),
        Proof::Sms => form.button(Button::primary("confirm-sms-send").sends("method", "send")),
    })
}

/// Takes a proof.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let mut way = Way::new(sent.need.as_deref(), sent.return_to.as_deref());
    let session = session::require(&service, &mut visit, &way.here()).await?;
    let enrolled = factors::of(&service.store().read(), &session.account).await?;
    if sent.method == "send" {
        return send(&service, &visit, (&session, way), &enrolled).await;
    }
    // Whatever page it was sent from: only what is offered now counts.
    let fresh = Fresh::of(&service, &visit, &session).await?;
    // Sent twice, or confirmed in another tab: there is nothing more to prove, and what was used up is not tried again.
    if fresh.is_enough(way.need, &enrolled) {
        return Ok(visit.redirect(&way.return_to));
    }
    let offered = fresh.offered(way.need, &enrolled);
    let proof = Proof::parse(&sent.method).filter(|proof| offered.contains(proof));
    let Some(proof) = proof else {
        return Ok(visit.redirect(&way.here()));
    };
    way.sms_sent = proof == Proof::Sms;
    match check(&service, &visit, (&session, proof), &sent).await? {
        Ok(()) => {
            let done = complete(&service, &mut visit, &session, proof).await?;
            let next = if done { way.return_to } else { way.here() };
            Ok(visit.redirect(&next))
        }
        Err(errors) => {
            refused(&service, &visit, &session, proof).await?;
            page(&service, &visit, (&session, &way), errors).await
        }
    }
}

/// Sends a code by SMS to those who have nothing else.
async fn send(
    service: &Service,
    visit: &Visit,
    (session, mut way): (&LiveSession, Way),
    enrolled: &Enrolled,
) -> Result<Response, Stop> {
    let fresh = Fresh::of(service, visit, session).await?;
    let (Some(phone), true) = (
        &session.account.phone,
        fresh.offered(way.need, enrolled).contains(&Proof::Sms),
    ) else {
        return Ok(visit.redirect(&way.here()));
    };
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Letter::SignIn, phone);
    way.sms_sent = true;
    let errors = match otp::ask(service, visit, &request).await? {
        Ok(()) | Err(otp::Refusal::TooSoon(_)) => return Ok(visit.redirect(&way.here())),
        Err(otp::Refusal::TooMany(seconds)) => Tried::Paused(seconds).words(),
        Err(otp::Refusal::Country) => Some("confirm-sms-country".into()),
    };
    let errors = errors.map_or_else(Errors::none, Errors::of_form);
    page(service, visit, (session, &way), errors).await
}

/// Remembers the proof, and gives the sign-in a new cookie. `false` when it has ended meanwhile.
async fn complete(
    service: &Service,
    visit: &mut Visit,
    session: &LiveSession,
    proof: Proof,
) -> Result<bool, Stop> {
    let tx = service.store().begin().await?;
    let who = (session.id, session.account.id);
    // What the sign-in began with a moment ago stays proven for as long as it would have.
    if session.auth_time == session.created_at {
        for proven in super::proven_here(&session.methods) {
            remember(&tx, visit, who, (proven, session.created_at)).await?;
        }
    }
    let added = proof.method().map_or(Added::Evidence, Added::Factor);
    let Some(started) = session::renew(service, &tx, visit, session, added).await? else {
        return Ok(false);
    };
    remember(&tx, visit, who, (proof, visit.now())).await?;
    tx.commit().await?;
    started.give_to(visit);
    Ok(true)
}

async fn refused(service: &Service, visit: &Visit, session: &LiveSession, proof: Proof) -> Result<(), Stop> {
    let mut entry = Entry::new(Event::SignInRefused, visit.now())
        .account(session.account.id)
        .session(session.id)
        .details(json!({ "method": proof.as_str(), "for": "confirming" }));
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&service.store().read(), service.rng(), entry).await?;
    Ok(())
}
