//! `GET` and `POST /operator/sign-in`.

use account::password::{HashingError, Password, StoredPassword};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::secret::Sensitive;
use serde::Deserialize;
use serde_json::json;
use store::operators::signins::Stage;
use store::operators::{self, Operator, Status};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::{Page, Problem, Visit};

use super::guard::Keys;
use super::{Asked, CODE, returning};
use crate::layout::sheet;
use crate::people::Login;
use crate::session::{self, SIGN_IN, Stop};
use crate::{Service, audit, passkey};

/// How long the second proof may take, in minutes.
const SECOND_MINUTES: i64 = 10;

#[derive(Deserialize)]
pub(super) struct SignIn {
    #[serde(default)]
    login: Sensitive<String>,
    #[serde(default)]
    password: Sensitive<String>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    return_to: Option<String>,
}

impl FormName for SignIn {
    const FORM: &'static str = "operator-sign-in";
}

fn form(service: &Service, login: &str, return_to: Option<&str>) -> FormPage {
    let onward = session::onward(return_to);
    let mut form = FormPage::new(SignIn::FORM, SIGN_IN)
        .hidden("return_to", onward.as_str())
        .field(
            Field::text("login", "operator-login")
                .value(login)
                .autocomplete("username")
                .maxlength(128)
                .required()
                .focus(),
        )
        .field(Field::password("password", "operator-password").required())
        .button(Button::primary("operator-sign-in-submit"));
    if service.passkeys().is_some() {
        form = form.button(Button::secondary("operator-sign-in-passkey").sends("method", "passkey"));
    }
    form
}

fn page(return_to: Option<&str>) -> Page {
    sheet("operator-sign-in", "operator-sign-in-title").return_to(returning(SIGN_IN, return_to))
}

/// Shows the form, unless somebody is signed in.
pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let live = session::current(&service, &visit).await?;
    if live.is_some_and(|live| live.stage == Stage::Full) {
        return Ok(visit.redirect(&session::onward(asked.return_to.as_deref())));
    }
    let return_to = asked.return_to.as_deref();
    Ok(visit.form(page(return_to), &form(&service, "", return_to), &Errors::none()))
}

/// Takes login and password, or goes on to a passkey.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<SignIn>,
) -> Result<Response, Stop> {
    let return_to = sent.return_to.as_deref();
    if sent.method.as_deref() == Some("passkey") {
        return match super::passkey_wait(&service, &visit).await? {
            Some(seconds) => Ok(again(&service, &visit, &sent, paused(seconds))),
            None => passkey::begin_unknown(&service, &mut visit, return_to).await,
        };
    }
    let typed: String = sent.login.expose().trim().chars().take(64).collect();
    let mut errors = Errors::none();
    if typed.is_empty() {
        errors.add("login", "operator-login-missing");
    }
    if sent.password.expose().is_empty() {
        errors.add("password", "operator-password-missing");
    }
    if !errors.is_empty() {
        return Ok(again(&service, &visit, &sent, (errors, None)));
    }
    // What can be nobody's login is counted and refused like what is nobody's.
    let login = typed.to_lowercase();
    let tx = service.store().read();
    let keys = Keys::new(&visit, Some(&login));
    let keys = keys.trusting(&tx, visit.now()).await?;
    if let Some(seconds) = keys.wait(&tx, visit.now()).await? {
        return Ok(again(&service, &visit, &sent, paused(seconds)));
    }
    let within = keys.count(&tx, visit.now()).await?;
    let outcome = check(&service, &login, sent.password.expose()).await?;
    match outcome {
        Outcome::Busy => Ok(again(&service, &visit, &sent, busy())),
        Outcome::Right(operator) if within => {
            let stage = (Stage::Second, Some(operator.id));
            session::begin(&service, &mut visit, stage, SECOND_MINUTES).await?;
            Ok(visit.redirect(&returning(CODE, return_to)))
        }
        Outcome::Right(operator) => refused(&service, &visit, &sent, Some(&operator)).await,
        Outcome::Wrong(operator) => refused(&service, &visit, &sent, operator.as_deref()).await,
    }
}

enum Outcome {
    Right(Box<Operator>),
    Wrong(Option<Box<Operator>>),
    Busy,
}

/// Compares a password. For whoever does not exist, or may not sign in, the same work is done.
async fn check(service: &Service, login: &str, typed: &str) -> Result<Outcome, Stop> {
    let tx = service.store().read();
    let found = match Login::parse(login) {
        Ok(login) => operators::find_by_login(&tx, login.as_str()).await?,
        Err(_) => None,
    };
    let (operator, stored) = found.map_or((None, None), |found| {
        (
            Some(found.operator),
            found.password.map(StoredPassword::from_stored),
        )
    });
    // Longer than any password: compared as the longest that there is.
    let password = Password::typed(typed).or_else(|_| Password::typed("\u{0}"));
    let Ok(password) = password else {
        return Ok(Outcome::Wrong(None));
    };
    let verdict = match service
        .account()
        .hashing()
        .verify(&password, stored.as_ref())
        .await
    {
        Ok(verdict) => verdict,
        Err(HashingError::Busy) => return Ok(Outcome::Busy),
        Err(error) => return Err(Problem::internal(error).into()),
    };
    Ok(match operator.map(Box::new) {
        Some(operator) if verdict.is_right() && operator.status == Status::Active => Outcome::Right(operator),
        other => Outcome::Wrong(other),
    })
}

async fn refused(
    service: &Service,
    visit: &Visit,
    sent: &SignIn,
    operator: Option<&Operator>,
) -> Result<Response, Stop> {
    let operator = operator.map(|operator| operator.id);
    let entry = audit::refused(operator, visit, json!({"reason": "password"}));
    store::audit::record(&service.store().read(), service.rng(), entry).await?;
    let errors = Errors::of_form("operator-sign-in-wrong");
    Ok(again(service, visit, sent, (errors, None)))
}

/// What is said after too many tries.
pub(crate) fn paused_words(seconds: i64) -> Words {
    let minutes = u32::try_from(seconds).unwrap_or(u32::MAX).div_ceil(60);
    Words::with("operator-sign-in-paused", vec![("minutes", minutes.into())])
}

fn paused(seconds: i64) -> (Errors, Option<StatusCode>) {
    tracing::warn!(seconds, "an operator's sign-in paused after failed tries");
    let errors = Errors::of_form(paused_words(seconds));
    (errors, Some(StatusCode::TOO_MANY_REQUESTS))
}

fn busy() -> (Errors, Option<StatusCode>) {
    let errors = Errors::of_form("operator-sign-in-busy");
    (errors, Some(StatusCode::TOO_MANY_REQUESTS))
}

/// The form once more, with the login that was typed.
fn again(
    service: &Service,
    visit: &Visit,
    sent: &SignIn,
    (errors, status): (Errors, Option<StatusCode>),
) -> Response {
    let return_to = sent.return_to.as_deref();
    let typed: String = sent.login.expose().chars().take(64).collect();
    let page = page(return_to);
    let page = match status {
        Some(status) => page.status(status),
        None => page,
    };
    visit.form(page, &form(service, &typed, return_to), &errors)
}

/// The form after a passkey that was refused.
pub(crate) fn after_passkey(service: &Service, visit: &Visit, return_to: Option<&str>) -> Response {
    let errors = Errors::of_form("operator-passkey-wrong");
    visit.form(page(return_to), &form(service, "", return_to), &errors)
}
