//! Passkeys (WebAuthn): `/operator/passkey` asks for one, `/operator/passkey/new` stores one. They need script; one-time
//! codes are the road beside them.
//!
//! A page holds the options, the state of the ceremony is sealed in the sign-in's row and is taken out once, whatever
//! comes back (A217). User verification is required, so that a passkey is two factors by itself (A279). Signing in
//! without a login asks for a passkey that the browser finds by itself, so that no list tells who exists (A206).

mod assert;
mod make;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use model::ids::OperatorSessionId;
use serde::{Deserialize, Serialize};
use store::operators::signins::{self, Live, Stage};
use store::operators::{Operator, passkeys};
use web::extract::FormName;
use web::form::{Button, FormPage};
use web::markup::escape;
use web::passkey::{Act, ask};
use web::paths::LocalPath;
use web::{Markup, Problem, Visit};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration, Webauthn,
};

use crate::Service;
use crate::session::{self, Stop};
use crate::signin::returning;

pub(crate) use self::make::begin as begin_new;

const ASK: LocalPath = LocalPath::known("/operator/passkey");
const NEW: LocalPath = LocalPath::known("/operator/passkey/new");

/// How long the browser may take, in minutes.
const CEREMONY_MINUTES: i64 = 5;

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/passkey", get(assert::show).post(assert::submit))
        .route("/operator/passkey/new", get(make::show).post(make::submit))
}

/// What a sign-in waits for, in its row.
#[derive(Serialize, Deserialize)]
pub(crate) enum Pending {
    /// Codes with this secret, not confirmed yet.
    Totp {
        /// The secret.
        secret: Vec<u8>,
    },
    /// A passkey of anybody.
    Anybody {
        /// What the page asks the browser.
        options: String,
        /// What its answer is held against.
        state: Box<DiscoverableAuthentication>,
    },
    /// A passkey of the one who gave the password, or is signed in.
    Known {
        /// What the page asks the browser.
        options: String,
        /// What its answer is held against.
        state: Box<PasskeyAuthentication>,
    },
    /// A new passkey.
    New {
        /// What the page asks the browser.
        options: String,
        /// What its answer is held against.
        state: Box<PasskeyRegistration>,
    },
}

impl Pending {
    /// Keeps it in a sign-in's row.
    pub(crate) async fn keep(&self, service: &Service, session: OperatorSessionId) -> Result<(), Stop> {
        let text = serde_json::to_vec(self).map_err(Problem::internal)?;
        signins::keep(&service.store().read(), session, &text).await?;
        Ok(())
    }

    /// What is kept, which stays.
    pub(crate) async fn look(service: &Service, session: OperatorSessionId) -> Result<Option<Self>, Stop> {
        let kept = signins::look(&service.store().read(), session).await?;
        Ok(kept.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// What is kept, once.
    pub(crate) async fn take(service: &Service, session: OperatorSessionId) -> Result<Option<Self>, Stop> {
        let kept = signins::take(&service.store().read(), session).await?;
        Ok(kept.and_then(|text| serde_json::from_slice(&text).ok()))
    }
}

/// What a browser sends back.
#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    credential: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    return_to: Option<String>,
}

impl FormName for Sent {
    const FORM: &'static str = "operator-passkey";
}

fn ceremony(visit: &Visit, action: LocalPath, options: &str, text: &'static str) -> FormPage {
    let make = action == NEW;
    FormPage::new("operator-passkey", action)
        .hidden("credential", "")
        .markup(Markup::from_rendered(format!(
            "<p>{}</p>",
            escape(&visit.t(text))
        )))
        .markup(ask(visit, options, if make { Act::Make } else { Act::Use }))
        .button(Button::primary(if make {
            "operator-passkey-make"
        } else {
            "operator-passkey-use"
        }))
}

fn webauthn(service: &Service) -> Result<&Webauthn, Problem> {
    service.passkeys().ok_or_else(Problem::not_found)
}

/// The passkeys of an operator, as they are checked.
async fn known(service: &Service, operator: &Operator) -> Result<Vec<Passkey>, Stop> {
    let stored = passkeys::list(&service.store().read(), operator.id).await?;
    let read = stored.iter().map(|one| serde_json::from_str(&one.credential));
    read.collect::<Result<_, _>>()
        .map_err(|error| Problem::internal(error).into())
}

fn text(options: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(options).map_err(Problem::internal)
}

/// Asks for a passkey of anybody: nobody has signed in yet.
pub(crate) async fn begin_unknown(
    service: &Service,
    visit: &mut Visit,
    return_to: Option<&str>,
) -> Result<Response, Stop> {
    let (options, state) = webauthn(service)?
        .start_discoverable_authentication()
        .map_err(Problem::internal)?;
    let pending = Pending::Anybody {
        options: text(&options)?,
        state: Box::new(state),
    };
    let session = session::begin(service, visit, (Stage::Passkey, None), CEREMONY_MINUTES).await?;
    pending.keep(service, session).await?;
    Ok(visit.redirect(&returning(ASK, return_to)))
}

/// Asks for a passkey of the one who gave the password, or is signed in.
pub(crate) async fn begin_known(
    service: &Service,
    visit: &Visit,
    live: &Live,
    operator: &Operator,
    return_to: Option<&str>,
) -> Result<Response, Stop> {
    let known = known(service, operator).await?;
    if known.is_empty() {
        return Err(Problem::not_found().into());
    }
    let (options, state) = webauthn(service)?
        .start_passkey_authentication(&known)
        .map_err(Problem::internal)?;
    let pending = Pending::Known {
        options: text(&options)?,
        state: Box::new(state),
    };
    pending.keep(service, live.id).await?;
    Ok(visit.redirect(&returning(ASK, return_to)))
}

#[cfg(test)]
#[path = "../../../account/src/factors/soft.rs"]
mod soft;
#[cfg(test)]
mod tests;
