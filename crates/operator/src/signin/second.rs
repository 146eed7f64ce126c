//! `GET` and `POST /operator/sign-in/code`: the second proof after the password.

use axum::extract::State;
use axum::response::Response;
use model::secret::Sensitive;
use serde::Deserialize;
use store::operators::Operator;
use store::operators::passkeys;
use store::operators::signins::{Live, Stage};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage};
use web::{Page, Visit};

use super::{Asked, CODE, complete, returning};
use crate::code::{self, Outcome};
use crate::layout::{Notice, sheet};
use crate::session::{self, SIGN_IN, Stop};
use crate::{Service, passkey};

/// What the forms of a second proof send.
#[derive(Deserialize)]
pub(crate) struct Second {
    #[serde(default)]
    pub(crate) code: Sensitive<String>,
    #[serde(default)]
    pub(crate) method: Option<String>,
    #[serde(default)]
    pub(crate) return_to: Option<String>,
}

impl FormName for Second {
    const FORM: &'static str = "operator-code";
}

/// The fields and buttons for the proofs that an operator has.
pub(crate) fn with_proofs(
    form: FormPage,
    service: &Service,
    (has_codes, has_passkeys): (bool, bool),
) -> FormPage {
    let mut form = form;
    if has_codes {
        let field = Field::code("code", "operator-code")
            .hint("operator-code-hint")
            .required()
            .focus();
        form = form.field(field).button(Button::primary("operator-code-submit"));
    }
    if has_passkeys && service.passkeys().is_some() {
        let button = if has_codes {
            Button::secondary
        } else {
            Button::primary
        };
        form = form.button(button("operator-code-passkey").sends("method", "passkey"));
    }
    form
}

async fn form(service: &Service, operator: &Operator, return_to: Option<&str>) -> Result<FormPage, Stop> {
    let has_passkeys = !passkeys::list(&service.store().read(), operator.id)
        .await?
        .is_empty();
    let form = FormPage::new(Second::FORM, CODE).hidden("return_to", session::onward(return_to).as_str());
    Ok(with_proofs(form, service, (operator.has_totp, has_passkeys)))
}

fn page(return_to: Option<&str>) -> Page {
    sheet("operator-code", "operator-code-title").return_to(returning(CODE, return_to))
}

async fn waiting(
    service: &Service,
    visit: &Visit,
    return_to: Option<&str>,
) -> Result<(Live, Operator), Stop> {
    let found = session::at_stage(service, visit, Stage::Second).await?;
    found.ok_or_else(|| Stop::Go(visit.redirect(&returning(SIGN_IN, return_to))))
}

pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let return_to = asked.return_to.as_deref();
    let (_, operator) = waiting(&service, &visit, return_to).await?;
    let form = form(&service, &operator, return_to).await?;
    Ok(visit.form(page(return_to), &form, &Errors::none()))
}

pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Second>,
) -> Result<Response, Stop> {
    let return_to = sent.return_to.as_deref();
    let (live, operator) = waiting(&service, &visit, return_to).await?;
    if sent.method.as_deref() == Some("passkey") {
        return passkey::begin_known(&service, &visit, &live, &operator, return_to).await;
    }
    let error = match code::attempt(&service, &visit, &operator, sent.code.expose()).await? {
        Outcome::Right => {
            return if complete(&service, &mut visit, (&live, &operator), "code").await? {
                Ok(visit.redirect(&session::onward(return_to)))
            } else {
                Ok(visit.redirect(&returning(SIGN_IN, return_to)))
            };
        }
        Outcome::Locked => return Ok(locked(&visit)),
        Outcome::Unreadable => "operator-code-unreadable",
        Outcome::Wrong => "operator-code-wrong",
    };
    let form = form(&service, &operator, return_to).await?;
    Ok(visit.form(page(return_to), &form, &Errors::of("code", error)))
}

/// The page after the last wrong code.
pub(crate) fn locked(visit: &Visit) -> Response {
    Notice::saying("operator-locked-text")
        .link(SIGN_IN, "operator-to-sign-in")
        .respond(
            visit,
            sheet("operator-locked", "operator-locked-title").status(axum::http::StatusCode::FORBIDDEN),
        )
}
