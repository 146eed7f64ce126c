//! `/operator/sign-in`: login and password first, then a code or a passkey; or a passkey at once. A password alone never
//! signs anybody in.
//!
//! An unknown login, a wrong password, and an operator who may not sign in get the same answer after the same work
//! (A203, A207).

mod guard;
mod password;
mod second;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use model::event::Event;
use serde::Deserialize;
use serde_json::json;
use store::operators::Operator;
use store::operators::signins::Live;
use web::extract::{Form, FormName};
use web::paths::LocalPath;
use web::{Problem, Visit};

use crate::session::{self, HOME, LEAVE, SIGN_IN, Stop};
use crate::{Service, audit};

pub(crate) use self::password::{after_passkey, paused_words};
pub(crate) use self::second::{locked, with_proofs};

/// The page of the second proof.
const CODE: LocalPath = LocalPath::known("/operator/sign-in/code");

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/sign-in", get(password::show).post(password::submit))
        .route("/operator/sign-in/code", get(second::show).post(second::submit))
        .route(LEAVE.0, post(sign_out))
}

/// What is asked for after signing in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) return_to: Option<String>,
}

/// A page with what is asked for after it.
pub(crate) fn returning(page: LocalPath, return_to: Option<&str>) -> LocalPath {
    let onward = session::onward(return_to);
    if onward == HOME {
        page
    } else {
        page.with("return_to", onward.as_str())
    }
}

/// The second proof was right: the operator is signed in, under a new cookie.
pub(crate) async fn complete(
    service: &Service,
    visit: &mut Visit,
    (live, operator): (&Live, &Operator),
    how: &'static str,
) -> Result<bool, Stop> {
    let now = visit.now();
    let tx = service.store().begin().await?;
    let Some(token) = session::rise(service, &tx, live, operator.id).await? else {
        return Ok(false);
    };
    let entry = audit::of(operator.id, visit, Event::OperatorSignedIn, json!({"how": how}));
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    let keys = guard::Keys::new(visit, Some(&operator.login));
    let tx = service.store().read();
    keys.forgive(&tx, now).await?;
    keys.remember(&tx, now).await?;
    visit.start_operator(&token);
    Ok(true)
}

/// Counts a try with a passkey whose owner nobody knows yet; how long to wait, if it is one too many.
pub(crate) async fn passkey_wait(service: &Service, visit: &Visit) -> Result<Option<i64>, Stop> {
    let (keys, tx) = (guard::Keys::new(visit, None), service.store().read());
    if let Some(seconds) = keys.wait(&tx, visit.now()).await? {
        return Ok(Some(seconds));
    }
    keys.count(&tx, visit.now()).await?;
    Ok(None)
}

/// Counts a try with the password of a login that is signed in; how long to wait, if it is one too many.
pub(crate) async fn password_wait(
    service: &Service,
    visit: &Visit,
    login: &str,
) -> Result<Option<i64>, Stop> {
    let tx = service.store().read();
    let keys = guard::Keys::new(visit, Some(login));
    let keys = keys.trusting(&tx, visit.now()).await?;
    if let Some(seconds) = keys.wait(&tx, visit.now()).await? {
        return Ok(Some(seconds));
    }
    keys.count(&tx, visit.now()).await?;
    Ok(None)
}

/// Forgets the tries with a password that turned out right.
pub(crate) async fn password_right(service: &Service, visit: &Visit, login: &str) -> Result<(), Stop> {
    let keys = guard::Keys::new(visit, Some(login));
    keys.forgive(&service.store().read(), visit.now()).await?;
    Ok(())
}

#[derive(Deserialize)]
struct SignOut {}

impl FormName for SignOut {
    const FORM: &'static str = LEAVE.1;
}

/// What is signed out already needs no proof.
async fn sign_out(
    State(service): State<Service>,
    mut visit: Visit,
    form: Result<Form<SignOut>, Problem>,
) -> Result<Response, Stop> {
    if form.is_err() && session::current(&service, &visit).await?.is_none() {
        return Ok(visit.redirect(&SIGN_IN));
    }
    let Form(SignOut {}) = form?;
    session::end(&service, &mut visit).await?;
    Ok(visit.redirect(&SIGN_IN))
}

#[cfg(test)]
mod tests;
