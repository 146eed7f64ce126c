//! `/register/activation`, where another activation link can be had: in the browser that registered by a button, in any
//! other by address and captcha. Whoever asks there learns nothing about who waits (A203, A205).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::email::Email;
use model::ids::CaptchaId;
use model::secret::Sensitive;
use serde::Deserialize;
use store::throttles::{self, Rule};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use super::activation::{own, send_to, write};
use super::{ACTIVATION, by_email, forms, start};
use crate::service::fault;
use crate::signin::{Asked, Onward};
use crate::{Service, captcha};

/// How often a browser that registered can have another link.
const AGAIN: Rule = Rule {
    name: "activation_again",
    limit: 1,
    window_seconds: 60,
};
/// How often links can be asked for from one network address.
const FROM_ADDRESS: Rule = Rule {
    name: "activation_address",
    limit: 30,
    window_seconds: 3600,
};
/// The page as it is sent: by the button of the browser that registered, or with address and captcha.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AgainForm {
    email: Sensitive<String>,
    captcha: String,
    captcha_id: String,
    /// The button for another picture.
    refresh: Option<String>,
    /// The button of the browser that registered.
    resend: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for AgainForm {
    const FORM: &'static str = "activation";
}

pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    start::must_be_open(&service)?;
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await.map_err(fault)?;
    if let Some((_, _, mail)) = own(&service, &visit).await.map_err(fault)? {
        return Ok(sent(
            &service,
            &visit,
            &onward,
            (&mail.email, &Errors::none(), None),
        ));
    }
    let captcha = captcha::issue(&service, &visit).await?;
    let asked = (&AgainForm::default(), captcha);
    Ok(ask(&visit, &onward, asked, (&Errors::none(), None)))
}

pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(mut form): Form<AgainForm>,
) -> Result<Response, Problem> {
    start::must_be_open(&service)?;
    let onward = Onward::new(form.interaction.as_deref(), form.return_to.as_deref());
    onward.speak(&service, &mut visit).await.map_err(fault)?;
    if form.resend.is_some() {
        return resend(&service, &visit, &onward).await;
    }
    if form.refresh.is_some() {
        let captcha = captcha::refresh(&service, &visit, &form.captcha_id).await?;
        form.captcha.clear();
        return Ok(ask(&visit, &onward, (&form, captcha), (&Errors::none(), None)));
    }
    let mut errors = Errors::none();
    let email = by_email::take_email(&mut errors, form.email.expose());
    if form.captcha.trim().is_empty() {
        errors.add(captcha::FIELD, "captcha-missing");
    }
    let email = match email {
        Some(email) if errors.is_empty() => email,
        _ => return again(&service, &visit, &onward, (form, (errors, None))).await,
    };
    let right = captcha::redeem(&service, &visit, &form.captcha_id, &form.captcha).await;
    if !right.map_err(fault)? {
        let errors = Errors::of(captcha::FIELD, "captcha-wrong");
        return again(&service, &visit, &onward, (form, (errors, None))).await;
    }
    let network = visit.client_address().network().to_string();
    let tx = service.store().read();
    let count = throttles::hit(&tx, &FROM_ADDRESS, &network, service.now())
        .await
        .map_err(fault)?;
    if count.exceeded() {
        let seconds = count.retry_after_seconds(service.now());
        return Err(Problem::too_many(u32::try_from(seconds).unwrap_or(u32::MAX)));
    }
    send_to(&service, &visit, &email).await.map_err(fault)?;
    Ok(perhaps(&visit, &onward))
}

/// Another link for the account of this browser.
async fn resend(service: &Service, visit: &Visit, onward: &Onward) -> Result<Response, Problem> {
    let Some((account, registration, mail)) = own(service, visit).await.map_err(fault)? else {
        return Ok(visit.redirect(&onward.through(ACTIVATION)));
    };
    let (tx, now) = (service.store().begin().await.map_err(fault)?, service.now());
    let count = throttles::hit(&tx, &AGAIN, &account.to_string(), now)
        .await
        .map_err(fault)?;
    if count.exceeded() {
        let seconds = count.retry_after_seconds(now);
        let words = Words::with("register-activation-too-soon", vec![("seconds", seconds.into())]);
        let answer = (
            &mail.email,
            &Errors::of_form(words),
            Some(StatusCode::TOO_MANY_REQUESTS),
        );
        return Ok(sent(service, visit, onward, answer));
    }
    let id = registration.id.as_uuid();
    write(service, &tx, (Some(account), visit.language()), (id, &mail.email))
        .await
        .map_err(fault)?;
    tx.commit().await.map_err(fault)?;
    service.kick_delivery();
    Ok(visit.redirect(&onward.through(ACTIVATION)))
}

async fn again(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
    (mut form, (errors, status)): (AgainForm, (Errors, Option<StatusCode>)),
) -> Result<Response, Problem> {
    let captcha = captcha::keep_or_issue(service, visit, &form.captcha_id).await?;
    if captcha.to_string() != form.captcha_id {
        form.captcha.clear();
    }
    Ok(ask(visit, onward, (&form, captcha), (&errors, status)))
}

/// The page of the browser that registered.
fn sent(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
    (email, errors, status): (&Email, &Errors, Option<StatusCode>),
) -> Response {
    let hours = service.config().register.activation_hours;
    let said = [("email", email.masked().into()), ("hours", hours.into())];
    let form = FormPage::new(AgainForm::FORM, ACTIVATION)
        .button(Button::primary("register-activation-resend").sends("resend", "link"));
    let form = onward.in_form(form).render(visit, errors);
    let sign_in = onward.through(LocalPath::known("/sign-in"));
    let content = format!(
        "<p class=\"notice\">{}</p><p>{}</p>{form}<p>{}</p>",
        escape(&visit.t_with("register-activation-sent", &said)),
        escape(&visit.t("register-activation-help")),
        forms::link_sentence(visit, "register-activation-then", &sign_in),
    );
    let page =
        Page::new("register-activation", "register-activation-title").return_to(onward.through(ACTIVATION));
    forms::respond(visit, page, errors, status, content)
}

/// The page of any other browser.
fn ask(
    visit: &Visit,
    onward: &Onward,
    (typed, captcha): (&AgainForm, CaptchaId),
    (errors, status): (&Errors, Option<StatusCode>),
) -> Response {
    let form = FormPage::new(AgainForm::FORM, ACTIVATION).field(by_email::email_field(typed.email.expose()));
    let form = captcha::add_to(form, visit, captcha, &typed.captcha)
        .button(Button::primary("register-activation-ask"))
        .button(Button::secondary("captcha-refresh").sends("refresh", "captcha"));
    let form = onward.in_form(form).render(visit, errors);
    let content = format!(
        "<p>{}</p>{form}",
        escape(&visit.t("register-activation-ask-text"))
    );
    let page = Page::new("register-activation-ask", "register-activation-ask-title")
        .return_to(onward.through(ACTIVATION));
    forms::respond(visit, page, errors, status, content)
}

/// What everybody reads who asked with an address.
fn perhaps(visit: &Visit, onward: &Onward) -> Response {
    let content = format!(
        "<p class=\"notice\">{}</p><p>{}</p>",
        escape(&visit.t("register-activation-perhaps")),
        forms::link_sentence(
            visit,
            "register-activation-then",
            &onward.through(LocalPath::known("/sign-in"))
        ),
    );
    let page = Page::new("register-activation-asked", "register-activation-ask-title")
        .return_to(onward.through(ACTIVATION));
    forms::respond(visit, page, &Errors::none(), None, content)
}
