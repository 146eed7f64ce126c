//! `/operator/passkey/new`: a new passkey, as the first proof of somebody who enrols or as one more.

use axum::extract::State;
use axum::response::Response;
use model::event::Event;
use model::ids::OperatorPasskeyId;
use serde_json::json;
use store::StoreError;
use store::operators::passkeys::{self, PASSKEYS_MAX, Passkey as Stored};
use store::operators::signins::{Live, Stage};
use store::operators::{self, Operator};
use web::extract::Form;
use web::form::{Errors, Field};
use web::paths::LocalPath;
use web::{Problem, Visit};
use webauthn_rs::prelude::RegisterPublicKeyCredential;

use super::assert::credential_hash;
use super::{NEW, Pending, Sent, ceremony, known, text, webauthn};
use crate::layout::sheet;
use crate::session::{self, HOME, SIGN_IN, Stop};
use crate::{Service, audit, enrol, security};

/// The most characters of a passkey's name.
const NAME_MAX: usize = 40;

/// Asks for a new passkey.
pub(crate) async fn begin(
    service: &Service,
    visit: &Visit,
    live: &Live,
    operator: &Operator,
) -> Result<Response, Stop> {
    let have = known(service, operator).await?;
    if u64::try_from(have.len()).is_ok_and(|have| have >= PASSKEYS_MAX) {
        return Ok(visit.redirect(&home(live.stage)));
    }
    let exclude = have.iter().map(|one| one.cred_id().clone()).collect();
    let (options, state) = webauthn(service)?
        .start_passkey_registration(
            operator.id.as_uuid(),
            &operator.login,
            &operator.name,
            Some(exclude),
        )
        .map_err(Problem::internal)?;
    let mut options = serde_json::to_value(&options).map_err(Problem::internal)?;
    // One that the browser finds by itself can be used without typing the login.
    let selection = options.pointer_mut("/publicKey/authenticatorSelection");
    if let Some(selection) = selection.and_then(|selection| selection.as_object_mut()) {
        selection.insert("residentKey".to_owned(), json!("preferred"));
    }
    let pending = Pending::New {
        options: text(&options)?,
        state: Box::new(state),
    };
    pending.keep(service, live.id).await?;
    Ok(visit.redirect(&NEW))
}

fn home(stage: Stage) -> LocalPath {
    if stage == Stage::Full {
        security::HERE
    } else {
        enrol::FACTOR
    }
}

/// The sign-in that a passkey is made in: one that enrols, or a full one with a fresh proof.
async fn holder(service: &Service, visit: &mut Visit) -> Result<(Live, Operator), Stop> {
    if let Some(found) = session::at_stage(service, visit, Stage::Enrolling).await? {
        return Ok(found);
    }
    let signed = session::signed_in_fresh(service, visit).await?;
    Ok((signed.live, signed.operator))
}

pub(super) async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    let (live, _) = holder(&service, &mut visit).await?;
    match Pending::look(&service, live.id).await? {
        Some(Pending::New { options, .. }) => Ok(page(&visit, &options)),
        _ => Ok(visit.redirect(&home(live.stage))),
    }
}

fn page(visit: &Visit, options: &str) -> Response {
    let form = ceremony(visit, NEW, options, "operator-passkey-new-text").field(
        Field::text("name", "operator-passkey-name")
            .hint("operator-passkey-name-hint")
            .value(&visit.device().label())
            .maxlength(NAME_UNITS),
    );
    visit.form(
        sheet("operator-passkey-new", "operator-passkey-new-title"),
        &form,
        &Errors::none(),
    )
}

/// Twice the characters: one outside the basic plane is two units.
const NAME_UNITS: u32 = 80;

pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let (live, operator) = holder(&service, &mut visit).await?;
    let Some(Pending::New { state, .. }) = Pending::take(&service, live.id).await? else {
        return Ok(visit.redirect(&home(live.stage)));
    };
    let made = match serde_json::from_str::<RegisterPublicKeyCredential>(&sent.credential) {
        Ok(answer) => webauthn(&service)?
            .finish_passkey_registration(&answer, &state)
            .map_err(|error| error.to_string()),
        Err(_) => Err("not the answer of a browser".to_owned()),
    };
    let passkey = match made {
        Ok(passkey) => passkey,
        Err(reason) => {
            tracing::info!(reason, "new passkey refused");
            return Ok(visit.redirect(&home(live.stage).with("passkey", "refused")));
        }
    };
    let name: String = sent
        .name
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(NAME_MAX)
        .collect();
    let stored = Stored {
        id: OperatorPasskeyId::new(visit.now(), service.rng()),
        operator: operator.id,
        credential: text(&passkey)?,
        name: if name.is_empty() {
            visit.device().label()
        } else {
            name
        },
        created_at: visit.now(),
        last_used_at: None,
    };
    let hash = credential_hash(passkey.cred_id());
    match add(&service, &mut visit, (&live, &operator), (&stored, &hash)).await? {
        true if live.stage == Stage::Full => Ok(visit.redirect(&security::HERE.with("done", "passkey"))),
        true => Ok(visit.redirect(&HOME)),
        false if live.stage == Stage::Full => Ok(visit.redirect(&security::HERE.with("passkey", "refused"))),
        false => Ok(visit.redirect(&SIGN_IN)),
    }
}

/// Stores a passkey, and gives the sign-in a new cookie: it rose.
async fn add(
    service: &Service,
    visit: &mut Visit,
    (live, operator): (&Live, &Operator),
    (stored, hash): (&Stored, &model::secret::TokenHash),
) -> Result<bool, Stop> {
    let now = visit.now();
    let tx = service.store().begin().await?;
    match passkeys::add(&tx, stored, hash).await {
        Ok(()) => {}
        // Somebody has it already (A278).
        Err(StoreError::Duplicate) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let event = if live.stage == Stage::Enrolling {
        if !operators::finish_enrolling(&tx, operator.id, None, now).await? {
            return Ok(false);
        }
        Event::OperatorEnrolled
    } else {
        Event::OperatorFactorChanged
    };
    let Some(token) = session::rise(service, &tx, live, operator.id).await? else {
        return Ok(false);
    };
    let entry = audit::of(operator.id, visit, event, json!({"what": "passkey added"}));
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    visit.start_operator(&token);
    Ok(true)
}
