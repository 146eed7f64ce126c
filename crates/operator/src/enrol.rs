//! `/operator/enrol?token=…`: somebody who was made an operator, or was reset, chooses a password and a second proof.
//!
//! The link holds until the second proof is there, for a day at most; it is used up in the same statement. Looking at it
//! changes nothing (A175). Whoever chooses a password by it ends what another browser had begun by it.

use account::password::{About, Password, PasswordFault};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use model::event::Event;
use model::secret::{Sensitive, Token, TokenHash};
use serde::Deserialize;
use serde_json::json;
use store::operators::signins::{Live, Stage};
use store::operators::{self, Operator, Totp};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};
use zeroize::Zeroizing;

use crate::layout::sheet;
use crate::passkey::{self, Pending};
use crate::session::{self, HOME, SIGN_IN, Stop};
use crate::{Service, audit, totp};

const HERE: LocalPath = LocalPath::known("/operator/enrol");
/// The page of the second proof.
pub(crate) const FACTOR: LocalPath = LocalPath::known("/operator/enrol/factor");

/// How long the second proof may take, in minutes.
const FACTOR_MINUTES: i64 = 30;

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/enrol", get(show).post(choose))
        .route("/operator/enrol/factor", get(show_factor).post(confirm))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    token: Sensitive<String>,
}

#[derive(Deserialize)]
struct Choose {
    #[serde(default)]
    token: Sensitive<String>,
    #[serde(default)]
    password: Sensitive<String>,
    #[serde(default)]
    password_again: Sensitive<String>,
}

impl FormName for Choose {
    const FORM: &'static str = "operator-enrol";
}

fn dead() -> Stop {
    Problem::new(StatusCode::GONE, "operator-link")
        .link(SIGN_IN, "operator-to-sign-in")
        .into()
}

/// Whose link it is.
async fn holder(service: &Service, token: &str) -> Result<(TokenHash, Operator), Stop> {
    let hash = Token::parse(token).map(|token| token.hash()).ok_or_else(dead)?;
    let found = operators::find_by_link(&service.store().read(), &hash, service.now()).await?;
    Ok((hash, found.ok_or_else(dead)?))
}

fn form(token: &str) -> FormPage {
    FormPage::new(Choose::FORM, HERE).hidden("token", token)
}

/// The fields of a new password.
pub(crate) fn with_new_password(form: FormPage, visit: &Visit) -> FormPage {
    let show = (visit.t("web-show-password"), visit.t("web-hide-password"));
    form.field(
        Field::password("password", "operator-password-new")
            .hint("operator-password-new-hint")
            .autocomplete("new-password")
            .data("show", show.0)
            .data("hide", show.1)
            .required(),
    )
    .field(
        Field::password("password_again", "operator-password-again")
            .autocomplete("new-password")
            .required(),
    )
}

fn welcome(operator: &Operator) -> Page {
    sheet("operator-enrol", "operator-enrol-title").title_with(
        "operator-enrol-title",
        vec![
            ("name", operator.name.as_str().into()),
            ("login", operator.login.as_str().into()),
        ],
    )
}

/// Shows the form, while the link holds.
async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let (_, operator) = holder(&service, asked.token.expose()).await?;
    visit.prefer_language(operator.language);
    let form = with_new_password(form(asked.token.expose()), &visit).button(Button::primary("web-continue"));
    Ok(visit.form(welcome(&operator), &form, &Errors::none()))
}

/// A new password that holds against the rules, or what is wrong with it.
pub(crate) fn new_password(
    service: &Service,
    operator: &Operator,
    (first, again): (&str, &str),
) -> Result<Password, Errors> {
    if first.is_empty() {
        return Err(Errors::of("password", "operator-password-missing"));
    }
    let password = service
        .account()
        .policy()
        .check(first, &About::default())
        .map_err(|fault| Errors::of("password", fault_key(fault)))?;
    let compact: String = password.expose().to_lowercase().split_whitespace().collect();
    let name: String = operator.name.to_lowercase().split_whitespace().collect();
    if operator.login.len() >= 4 && compact.contains(&operator.login)
        || name.chars().count() >= 3 && compact.contains(&name)
    {
        return Err(Errors::of("password", "password-fault-contains-name"));
    }
    if Password::typed(again).ok().as_ref() != Some(&password) {
        return Err(Errors::of("password_again", "operator-password-differs"));
    }
    Ok(password)
}

const fn fault_key(fault: PasswordFault) -> &'static str {
    match fault {
        PasswordFault::TooShort => "password-fault-too-short",
        PasswordFault::TooLong => "password-fault-too-long",
        PasswordFault::Unprintable => "password-fault-unprintable",
        PasswordFault::TooFewKinds => "password-fault-too-few-kinds",
        PasswordFault::Breached => "password-fault-breached",
        PasswordFault::ContainsSiteName => "password-fault-contains-site-name",
        PasswordFault::ContainsPhone
        | PasswordFault::ContainsCitizenId
        | PasswordFault::ContainsBirthDate
        | PasswordFault::ContainsEmail
        | PasswordFault::ContainsUsername
        | PasswordFault::ContainsName => "password-fault-contains-name",
    }
}

/// Hashes a password, in its turn.
pub(crate) async fn hash(service: &Service, password: &Password) -> Result<String, Stop> {
    let hashed = service.account().hashing().hash(password).await;
    let stored = hashed.map_err(|error| match error {
        account::password::HashingError::Busy => Problem::too_many(5),
        other => Problem::internal(other),
    })?;
    Ok(stored.as_str().to_owned())
}

/// Takes the password and goes on to the second proof.
async fn choose(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Choose>,
) -> Result<Response, Stop> {
    let (link, operator) = holder(&service, sent.token.expose()).await?;
    visit.prefer_language(operator.language);
    let typed = (
        sent.password.expose().as_str(),
        sent.password_again.expose().as_str(),
    );
    let password = match new_password(&service, &operator, typed) {
        Ok(password) => password,
        Err(errors) => {
            let form =
                with_new_password(form(sent.token.expose()), &visit).button(Button::primary("web-continue"));
            let back = HERE.with("token", sent.token.expose());
            return Ok(visit.form(welcome(&operator).return_to(back), &form, &errors));
        }
    };
    let stored = hash(&service, &password).await?;
    let tx = service.store().begin().await?;
    if !operators::choose_password(&tx, (operator.id, &link), &stored, visit.now()).await? {
        return Err(dead());
    }
    tx.commit().await?;
    let stage = (Stage::Enrolling, Some(operator.id));
    let session = session::begin(&service, &mut visit, stage, FACTOR_MINUTES).await?;
    new_secret(&service).keep(&service, session).await?;
    Ok(visit.redirect(&FACTOR))
}

fn new_secret(service: &Service) -> Pending {
    Pending::Totp {
        secret: totp::new_secret(service.rng()).to_vec(),
    }
}

/// Keeps a secret that waits to be confirmed, unless one waits already.
pub(crate) async fn waiting_secret(service: &Service, live: &Live) -> Result<Zeroizing<Vec<u8>>, Stop> {
    if let Some(Pending::Totp { secret }) = Pending::look(service, live.id).await? {
        return Ok(Zeroizing::new(secret));
    }
    let pending = new_secret(service);
    pending.keep(service, live.id).await?;
    match pending {
        Pending::Totp { secret } => Ok(Zeroizing::new(secret)),
        _ => Err(Problem::internal("no secret").into()),
    }
}

#[derive(Deserialize)]
struct Confirm {
    #[serde(default)]
    code: Sensitive<String>,
    #[serde(default)]
    method: Option<String>,
}

impl FormName for Confirm {
    const FORM: &'static str = "operator-enrol-factor";
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AskedFactor {
    passkey: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "operator_totp.html")]
struct Secret<'a> {
    visit: &'a Visit,
    picture: Markup,
    spelled: Zeroizing<String>,
}

/// The picture and the text of a secret, and the field for the first code.
pub(crate) fn with_secret(form: FormPage, visit: &Visit, secret: &[u8], login: &str) -> FormPage {
    let branding = visit.kit().branding();
    let issuer = branding.service_name.in_language(visit.language());
    let label = visit.t("operator-totp-picture");
    let content = Secret {
        visit,
        picture: totp::picture(secret, issuer, login, &label).unwrap_or_default(),
        spelled: Zeroizing::new(totp::spelled(secret).unwrap_or_default()),
    };
    form.markup(Markup::of(&content))
        .field(
            Field::code("code", "operator-totp-code")
                .hint("operator-code-hint")
                .required(),
        )
        .button(Button::primary("operator-totp-submit"))
}

async fn enrolling(service: &Service, visit: &Visit) -> Result<(Live, Operator), Stop> {
    let found = session::at_stage(service, visit, Stage::Enrolling).await?;
    found.ok_or_else(|| Stop::Go(visit.redirect(&SIGN_IN)))
}

async fn factor_page(
    service: &Service,
    visit: &Visit,
    (live, operator): (&Live, &Operator),
    errors: Errors,
) -> Result<Response, Stop> {
    let secret = waiting_secret(service, live).await?;
    let form = FormPage::new(Confirm::FORM, FACTOR);
    let mut form = with_secret(form, visit, &secret, &operator.login);
    if service.passkeys().is_some() {
        form = form.button(Button::secondary("operator-enrol-passkey").sends("method", "passkey"));
    }
    let page = sheet("operator-enrol-factor", "operator-enrol-factor-title").return_to(FACTOR);
    Ok(visit.form(page, &form, &errors))
}

async fn show_factor(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<AskedFactor>,
) -> Result<Response, Stop> {
    let (live, operator) = enrolling(&service, &visit).await?;
    let errors = match asked.passkey {
        Some(_) => Errors::of_form("operator-passkey-not-made"),
        None => Errors::none(),
    };
    factor_page(&service, &visit, (&live, &operator), errors).await
}

/// A code that confirms a secret which waits. What must be used up is the step of the code.
pub(crate) async fn confirmed(
    service: &Service,
    live: &Live,
    typed: &str,
) -> Result<Result<Totp, Errors>, Stop> {
    let Some(code) = account::otp::read_code(typed) else {
        return Ok(Err(Errors::of("code", "operator-code-unreadable")));
    };
    let secret = waiting_secret(service, live).await?;
    Ok(match totp::step_of(&secret, code.expose(), service.now()) {
        Some(step) => Ok(Totp { secret, step }),
        None => Err(Errors::of("code", "operator-totp-wrong")),
    })
}

/// Confirms the codes, or goes on to a passkey.
async fn confirm(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Confirm>,
) -> Result<Response, Stop> {
    let (live, operator) = enrolling(&service, &visit).await?;
    if sent.method.as_deref() == Some("passkey") {
        return passkey::begin_new(&service, &visit, &live, &operator).await;
    }
    let totp = match confirmed(&service, &live, sent.code.expose()).await? {
        Ok(totp) => totp,
        Err(errors) => return factor_page(&service, &visit, (&live, &operator), errors).await,
    };
    let tx = service.store().begin().await?;
    if !operators::finish_enrolling(&tx, operator.id, Some(&totp), visit.now()).await? {
        return Err(dead());
    }
    let Some(token) = session::rise(&service, &tx, &live, operator.id).await? else {
        return Err(dead());
    };
    let details = json!({"what": "codes"});
    let entry = audit::of(operator.id, &visit, Event::OperatorEnrolled, details);
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    visit.start_operator(&token);
    Ok(visit.redirect(&HOME))
}

#[cfg(test)]
mod tests;
