//! `/operator/security`: one's own proofs. Every change needs a fresh second proof (A225), gives the sign-in a new cookie,
//! and ends one's other sign-ins where a proof was replaced or taken away.

use account::password::{HashingError, Password, StoredPassword};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use model::event::Event;
use model::ids::OperatorPasskeyId;
use model::secret::Sensitive;
use serde::Deserialize;
use serde_json::json;
use store::Tx;
use store::operators::{self, passkeys, signins};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage};
use web::paths::LocalPath;
use web::{Markup, Problem, Visit};

use crate::enrol::{confirmed, hash, new_password, waiting_secret, with_new_password, with_secret};
use crate::layout::{page, sheet};
use crate::session::{self, Signed, Stop};
use crate::{Service, audit, passkey, signin};

pub(crate) const HERE: LocalPath = LocalPath::known("/operator/security");
const PASSWORD: LocalPath = LocalPath::known("/operator/security/password");
const CODES: LocalPath = LocalPath::known("/operator/security/codes");
const PASSKEY: LocalPath = LocalPath::known("/operator/security/passkey");
const END: LocalPath = LocalPath::known("/operator/security/end-others");

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/security", get(show))
        .route("/operator/security/password", get(password).post(change_password))
        .route("/operator/security/codes", get(codes).post(change_codes))
        .route("/operator/security/passkey", post(change_passkey))
        .route("/operator/security/end-others", post(end_others))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    done: Option<String>,
    passkey: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "operator_security.html")]
struct Content<'a> {
    visit: &'a Visit,
    done: bool,
    has_codes: bool,
    can_have: bool,
    passkeys: Vec<Row>,
    add: Markup,
    end_others: Markup,
}

struct Row {
    name: String,
    since: String,
    used: Option<String>,
    remove: Markup,
}

async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let signed = session::signed_in(&service, &mut visit).await?;
    let mut errors = Errors::none();
    match asked.passkey.as_deref() {
        Some("kept") => errors.add_general("operator-passkey-last"),
        Some(_) => errors.add_general("operator-passkey-not-made"),
        None => {}
    }
    let stored = passkeys::list(&service.store().read(), signed.operator.id).await?;
    let none = Errors::none();
    let remove = |id: OperatorPasskeyId| {
        FormPage::new(Change::FORM, PASSKEY)
            .button(Button::link("operator-passkey-remove").sends("remove", id.to_string()))
            .render(&visit, &none)
    };
    let rows = stored.into_iter().map(|one| Row {
        since: visit.day(one.created_at),
        used: one.last_used_at.map(|at| visit.moment(at)),
        remove: remove(one.id),
        name: one.name,
    });
    let content = Content {
        visit: &visit,
        done: asked.done.is_some(),
        has_codes: signed.operator.has_totp,
        can_have: service.passkeys().is_some(),
        passkeys: rows.collect(),
        add: FormPage::new(Change::FORM, PASSKEY)
            .button(Button::secondary("operator-passkey-add").sends("add", "yes"))
            .render(&visit, &none),
        end_others: FormPage::new(EndOthers::FORM, END)
            .button(Button::secondary("operator-end-others"))
            .render(&visit, &none),
    };
    let page = page("operator-security", "operator-security-title");
    Ok(visit.render(page.errors(errors).status(axum::http::StatusCode::OK), &content))
}

/// What every change ends with: the log, the other sign-ins, a new cookie. In a transaction, which it commits.
async fn finish(
    service: &Service,
    visit: &mut Visit,
    signed: &Signed,
    (tx, what): (Tx, &'static str),
) -> Result<Response, Stop> {
    let own = signed.operator.id;
    let entry = audit(signed, visit, Event::OperatorFactorChanged, json!({"what": what}));
    store::audit::record(&tx, service.rng(), entry).await?;
    signins::end_others(&tx, own, signed.session, visit.now()).await?;
    let token = session::rise(service, &tx, &signed.live, own).await?;
    tx.commit().await?;
    if let Some(token) = token {
        visit.start_operator(&token);
    }
    Ok(visit.redirect(&HERE.with("done", what)))
}

#[derive(Deserialize)]
struct NewPassword {
    #[serde(default)]
    current: Sensitive<String>,
    #[serde(default)]
    password: Sensitive<String>,
    #[serde(default)]
    password_again: Sensitive<String>,
}

impl FormName for NewPassword {
    const FORM: &'static str = "operator-password";
}

fn password_page(visit: &Visit, errors: &Errors) -> Response {
    let form = FormPage::new(NewPassword::FORM, PASSWORD).field(
        Field::password("current", "operator-password-current")
            .required()
            .focus(),
    );
    let form = with_new_password(form, visit).button(Button::primary("operator-password-submit"));
    visit.form(
        sheet("operator-password", "operator-password-title"),
        &form,
        errors,
    )
}

async fn password(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    session::signed_in_fresh(&service, &mut visit).await?;
    Ok(password_page(&visit, &Errors::none()))
}

async fn change_password(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<NewPassword>,
) -> Result<Response, Stop> {
    let signed = session::signed_in_fresh(&service, &mut visit).await?;
    let login = &signed.operator.login;
    if let Some(seconds) = signin::password_wait(&service, &visit, login).await? {
        let errors = Errors::of_form(signin::paused_words(seconds));
        return Ok(password_page(&visit, &errors));
    }
    if !is_current(&service, &signed, sent.current.expose()).await? {
        return Ok(password_page(
            &visit,
            &Errors::of("current", "operator-password-current-wrong"),
        ));
    }
    signin::password_right(&service, &visit, login).await?;
    let typed = (
        sent.password.expose().as_str(),
        sent.password_again.expose().as_str(),
    );
    let password = match new_password(&service, &signed.operator, typed) {
        Ok(password) => password,
        Err(errors) => return Ok(password_page(&visit, &errors)),
    };
    let stored = hash(&service, &password).await?;
    let tx = service.store().begin().await?;
    if !operators::replace_password(&tx, signed.operator.id, &stored, visit.now()).await? {
        return Err(Problem::not_found().into());
    }
    finish(&service, &mut visit, &signed, (tx, "password")).await
}

async fn is_current(service: &Service, signed: &Signed, typed: &str) -> Result<bool, Stop> {
    let Ok(typed) = Password::typed(typed) else {
        return Ok(false);
    };
    let stored = operators::password(&service.store().read(), signed.operator.id).await?;
    let stored = stored.map(StoredPassword::from_stored);
    match service.account().hashing().verify(&typed, stored.as_ref()).await {
        Ok(verdict) => Ok(verdict.is_right()),
        Err(HashingError::Busy) => Err(Problem::too_many(5).into()),
        Err(error) => Err(Problem::internal(error).into()),
    }
}

#[derive(Deserialize)]
struct NewCodes {
    #[serde(default)]
    code: Sensitive<String>,
}

impl FormName for NewCodes {
    const FORM: &'static str = "operator-codes";
}

async fn codes_page(
    service: &Service,
    visit: &Visit,
    signed: &Signed,
    errors: &Errors,
) -> Result<Response, Stop> {
    let secret = waiting_secret(service, &signed.live).await?;
    let form = FormPage::new(NewCodes::FORM, CODES);
    let form = with_secret(form, visit, &secret, &signed.operator.login);
    Ok(visit.form(sheet("operator-codes", "operator-codes-title"), &form, errors))
}

async fn codes(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let signed = session::signed_in_fresh(&service, &mut visit).await?;
    codes_page(&service, &visit, &signed, &Errors::none()).await
}

async fn change_codes(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<NewCodes>,
) -> Result<Response, Stop> {
    let signed = session::signed_in_fresh(&service, &mut visit).await?;
    let totp = match confirmed(&service, &signed.live, sent.code.expose()).await? {
        Ok(totp) => totp,
        Err(errors) => return codes_page(&service, &visit, &signed, &errors).await,
    };
    let tx = service.store().begin().await?;
    if !operators::replace_totp(&tx, signed.operator.id, &totp, visit.now()).await? {
        return Err(Problem::not_found().into());
    }
    finish(&service, &mut visit, &signed, (tx, "codes")).await
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    add: Option<String>,
    #[serde(default)]
    remove: Option<String>,
}

impl FormName for Change {
    const FORM: &'static str = "operator-passkeys";
}

/// Adds or removes a passkey.
async fn change_passkey(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Change>,
) -> Result<Response, Stop> {
    // The page itself needs no fresh proof: whoever has none comes back to it.
    let signed = session::signed_in(&service, &mut visit).await?;
    if !service.config().is_fresh(signed.proven_at, visit.now()) {
        let confirm = session::CONFIRM.with("return_to", HERE.as_str());
        return Ok(visit.redirect(&confirm));
    }
    if sent.add.is_some() {
        return passkey::begin_new(&service, &visit, &signed.live, &signed.operator).await;
    }
    let id = sent
        .remove
        .as_deref()
        .and_then(|id| id.parse::<OperatorPasskeyId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    let tx = service.store().begin().await?;
    if !passkeys::remove(&tx, signed.operator.id, id).await? {
        return Ok(visit.redirect(&HERE.with("passkey", "kept")));
    }
    finish(&service, &mut visit, &signed, (tx, "passkey removed")).await
}

#[derive(Deserialize)]
struct EndOthers {}

impl FormName for EndOthers {
    const FORM: &'static str = "operator-end-others";
}

async fn end_others(
    State(service): State<Service>,
    mut visit: Visit,
    Form(EndOthers {}): Form<EndOthers>,
) -> Result<Response, Stop> {
    let signed = session::signed_in(&service, &mut visit).await?;
    let tx = service.store().begin().await?;
    let ended = signins::end_others(&tx, signed.operator.id, signed.session, visit.now()).await?;
    let details = json!({"what": "other sign-ins", "ended": ended});
    let entry = audit(&signed, &visit, Event::OperatorSignedOut, details);
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    Ok(visit.redirect(&HERE.with("done", "ended")))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;
    use crate::roles::Role;
    use crate::testing::{PASSWORD, worlds};

    #[tokio::test]
    async fn ending_the_other_sign_ins_is_in_the_log() {
        for world in worlds().await {
            let (mut browser, person) = world.signed_in("wang.li", &[Role::Auditor]).await;
            let mut other = world.browser_of(&person).await;
            let page = browser.get(HERE.as_str()).await;
            let seen = browser.post(END.as_str(), &page, &[]).await;
            assert!(seen.location.unwrap().ends_with("done=ended"));
            assert!(other.get("/operator").await.status.is_redirection());
            let audited = world.test.audited().await.unwrap();
            let mut ended = audited
                .iter()
                .filter(|(event, _, _)| event == "operator_signed_out");
            let (_, _, details) = ended.next().unwrap();
            assert_eq!(details["operator"], person.id.to_string(), "{}", world.kind);
            assert_eq!(details["ended"], 1);
        }
    }

    #[tokio::test]
    async fn attack_209_the_current_password_is_not_guessed_on_the_page_that_changes_it() {
        for world in worlds().await {
            let (mut browser, _) = world.signed_in("wang.li", &[Role::Auditor]).await;
            let page = browser.get(PASSWORD_PAGE).await;
            let change = |current| {
                [
                    ("current", current),
                    ("password", "Lantern-771-harbour"),
                    ("password_again", "Lantern-771-harbour"),
                ]
            };
            for _ in 0..5 {
                let seen = browser.post(PASSWORD_PAGE, &page, &change("wrong")).await;
                assert_eq!(seen.errors(), ["operator-password-current-wrong"]);
            }
            let seen = browser.post(PASSWORD_PAGE, &page, &change(PASSWORD)).await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(seen.body.contains("too many tries"), "{}", world.kind);
            world.wait(61);
            let seen = browser.post(PASSWORD_PAGE, &page, &change(PASSWORD)).await;
            assert!(seen.location.unwrap().ends_with("done=password"));
        }
    }

    const PASSWORD_PAGE: &str = "/operator/security/password";
}
