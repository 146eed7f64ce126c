//! `/register/email`: name, e-mail, phone and captcha (VN-16). The pages that follow are those of everybody; at their end
//! the account waits for its mailbox. The name is what the person says of themselves, and proves nothing.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::email::{Email, EmailError};
use model::ids::CaptchaId;
use model::person_name::PersonName;
use model::phone::Phone;
use model::secret::Sensitive;
use serde::Deserialize;
use store::registrations::ByEmail;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::markup::escape;
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use super::start::{self, Begun, Wanted};
use super::{CONFIRM, START, forms, input};
use crate::Service;
use crate::captcha;
use crate::evidence::name_fault;
use crate::service::fault;
use crate::signin::{Asked, Onward};

const HERE: LocalPath = LocalPath::known("/register/email");

/// The page as it is sent. A field that is missing is an empty one (A223).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EmailForm {
    name: Sensitive<String>,
    email: Sensitive<String>,
    phone: Sensitive<String>,
    captcha: String,
    captcha_id: String,
    /// The button for another picture.
    refresh: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for EmailForm {
    const FORM: &'static str = "register-email";
}

fn must_be_offered(service: &Service) -> Result<(), Problem> {
    start::must_be_open(service)?;
    if service.config().register.by_email {
        Ok(())
    } else {
        Err(Problem::not_found().caused_by("register.by_email = false"))
    }
}

pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    must_be_offered(&service)?;
    let onward = Onward::from(asked);
    let interaction = onward.speak(&service, &mut visit).await.map_err(fault)?;
    let left = onward.left_behind(&service, interaction.as_ref()).await;
    if let Some(page) = left.map_err(fault)? {
        return Ok(visit.redirect(&page));
    }
    let captcha = captcha::issue(&service, &visit).await?;
    let nothing = (&Errors::none(), None);
    Ok(render(&visit, &onward, (&EmailForm::default(), captcha), nothing))
}

pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(mut form): Form<EmailForm>,
) -> Result<Response, Problem> {
    must_be_offered(&service)?;
    let onward = Onward::new(form.interaction.as_deref(), form.return_to.as_deref());
    onward.speak(&service, &mut visit).await.map_err(fault)?;
    if form.refresh.is_some() {
        let captcha = captcha::refresh(&service, &visit, &form.captcha_id).await?;
        form.captcha.clear();
        return Ok(render(&visit, &onward, (&form, captcha), (&Errors::none(), None)));
    }
    let (phone, mail) = match check(&form) {
        Ok(checked) => checked,
        Err(errors) => return again(&service, &visit, &onward, (form, (errors, None))).await,
    };
    let wanted = Wanted {
        phone: &phone,
        mail: Some(&mail),
        captcha: (&form.captcha_id, &form.captcha),
    };
    match start::begin(&service, &visit, &wanted).await.map_err(fault)? {
        Begun::Sent => Ok(visit.redirect(&onward.through(CONFIRM))),
        Begun::WrongCaptcha => {
            let errors = Errors::of(captcha::FIELD, "captcha-wrong");
            again(&service, &visit, &onward, (form, (errors, None))).await
        }
        Begun::Refused(refusal) => again(&service, &visit, &onward, (form, start::refused(refusal))).await,
    }
}

async fn again(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
    (mut form, (errors, status)): (EmailForm, (Errors, Option<StatusCode>)),
) -> Result<Response, Problem> {
    let captcha = captcha::keep_or_issue(service, visit, &form.captcha_id).await?;
    if captcha.to_string() != form.captcha_id {
        form.captcha.clear();
    }
    Ok(render(visit, onward, (&form, captcha), (&errors, status)))
}

/// Every fault at once (HB-19). The captcha is not tried here.
fn check(form: &EmailForm) -> Result<(Phone, ByEmail), Errors> {
    let mut errors = Errors::none();
    let name = form.name.expose();
    let name = if name.trim().is_empty() {
        errors.add("name", "evidence-name-missing");
        None
    } else {
        errors.take("name", PersonName::parse(name).map_err(name_fault))
    };
    let email = take_email(&mut errors, form.email.expose());
    let phone = form.phone.expose();
    let phone = if phone.trim().is_empty() {
        errors.add("phone", "register-phone-missing");
        None
    } else {
        errors.take("phone", Phone::parse(phone).map_err(input::phone_words))
    };
    if form.captcha.trim().is_empty() {
        errors.add(captcha::FIELD, "captcha-missing");
    }
    match (name, email, phone) {
        (Some(name), Some(email), Some(phone)) if errors.is_empty() => Ok((phone, ByEmail { email, name })),
        _ => Err(errors),
    }
}

/// An address that was typed into the field `email`.
pub(super) fn take_email(errors: &mut Errors, typed: &str) -> Option<Email> {
    if typed.trim().is_empty() {
        errors.add("email", "register-email-missing");
        return None;
    }
    errors.take("email", Email::parse(typed).map_err(email_words))
}

fn email_words(error: EmailError) -> Words {
    Words::key(match error {
        EmailError::Length => "register-email-length",
        EmailError::Character => "register-email-character",
        EmailError::Shape | EmailError::Domain => "register-email-form",
    })
}

fn render(
    visit: &Visit,
    onward: &Onward,
    (typed, captcha): (&EmailForm, CaptchaId),
    answer: (&Errors, Option<StatusCode>),
) -> Response {
    let form = FormPage::new(EmailForm::FORM, HERE)
        .field(
            Field::text("name", "register-name")
                .hint("register-name-hint")
                .value(typed.name.expose())
                .autocomplete("name")
                .maxlength(200)
                .required(),
        )
        .field(email_field(typed.email.expose()))
        .field(
            Field::telephone("phone", "register-phone")
                .hint("register-phone-hint")
                .value(typed.phone.expose())
                .maxlength(32)
                .width("medium")
                .required(),
        );
    let form = captcha::add_to(form, visit, captcha, &typed.captcha)
        .button(Button::primary("register-send-code"))
        .button(Button::secondary("captcha-refresh").sends("refresh", "captcha"));
    let form = onward.in_form(form).render(visit, answer.0);
    let content = format!(
        "<p class=\"hint\">{}</p>{form}<p>{}</p><p>{}</p><p>{}</p>",
        escape(&visit.t("register-email-steps")),
        forms::link_sentence(visit, "register-by-phone", &onward.through(START)),
        forms::link_sentence(
            visit,
            "register-activation-link",
            &onward.through(super::ACTIVATION)
        ),
        forms::link_sentence(
            visit,
            "register-have-account",
            &onward.through(LocalPath::known("/sign-in"))
        ),
    );
    let page = Page::new("register-email", "register-email-title").return_to(onward.through(HERE));
    forms::respond(visit, page, answer.0, answer.1, content)
}

/// The field for an address.
pub(super) fn email_field(typed: &str) -> Field {
    Field::email("email", "register-email")
        .hint("register-email-hint")
        .value(typed)
        .maxlength(254)
        .required()
}
