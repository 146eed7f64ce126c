//! `/operator/passkey`: the browser proves that it has a passkey.

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::ids::OperatorId;
use model::secret::TokenHash;
use serde_json::json;
use store::operators::passkeys::{self, Passkey as Stored};
use store::operators::signins::{Live, Stage};
use store::operators::{self, Operator, Status};
use web::extract::{Form, Query};
use web::form::Errors;
use web::{Problem, Visit};
use webauthn_rs::prelude::{Passkey, PublicKeyCredential, WebauthnError};

use super::{ASK, Pending, Sent, ceremony, webauthn};
use crate::layout::sheet;
use crate::session::{self, CONFIRM, SIGN_IN, Stop};
use crate::signin::{Asked, after_passkey, complete, returning};
use crate::{Service, audit};

/// The page to begin with again.
fn start(stage: Stage) -> web::paths::LocalPath {
    if stage == Stage::Full { CONFIRM } else { SIGN_IN }
}

/// Shows the page, while something is asked.
pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let return_to = asked.return_to.as_deref();
    let Some(live) = session::current(&service, &visit).await? else {
        return Ok(visit.redirect(&returning(SIGN_IN, return_to)));
    };
    let pending = Pending::look(&service, live.id).await?;
    let Some(Pending::Anybody { options, .. } | Pending::Known { options, .. }) = pending else {
        return Ok(visit.redirect(&returning(start(live.stage), return_to)));
    };
    let form = ceremony(&visit, ASK, &options, "operator-passkey-text")
        .hidden("return_to", session::onward(return_to).as_str());
    let page = sheet("operator-passkey", "operator-passkey-title").return_to(returning(ASK, return_to));
    Ok(visit.form(page, &form, &Errors::none()))
}

/// Why a passkey is not taken. For the log only.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("not the answer of a browser")]
    Unreadable,
    #[error("nobody's passkey, or somebody's who may not sign in")]
    Unknown,
    #[error(transparent)]
    Library(#[from] WebauthnError),
}

/// Takes what the browser says. What was asked is gone with it, whatever it says.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let return_to = sent.return_to.as_deref();
    let Some(live) = session::current(&service, &visit).await? else {
        return Ok(visit.redirect(&returning(SIGN_IN, return_to)));
    };
    let Some(pending) = Pending::take(&service, live.id).await? else {
        return Ok(visit.redirect(&returning(start(live.stage), return_to)));
    };
    match check(&service, &live, pending, &sent.credential).await? {
        Ok((operator, stored)) => {
            let again = live.stage == Stage::Full;
            let tx = service.store().read();
            passkeys::note_use(&tx, stored.id, &stored.credential, visit.now()).await?;
            let how = if again { "passkey again" } else { "passkey" };
            if complete(&service, &mut visit, (&live, &operator), how).await? {
                Ok(visit.redirect(&session::onward(return_to)))
            } else {
                Ok(visit.redirect(&returning(SIGN_IN, return_to)))
            }
        }
        Err(reason) => {
            tracing::info!(%reason, "passkey refused");
            refused(&service, &visit, &live).await?;
            if live.stage == Stage::Full {
                return Ok(visit.redirect(&returning(CONFIRM, return_to)));
            }
            Ok(after_passkey(&service, &visit, return_to))
        }
    }
}

async fn refused(service: &Service, visit: &Visit, live: &Live) -> Result<(), Stop> {
    let operator = live.operator.as_ref().map(|operator| operator.id);
    let entry = audit::refused(operator, visit, json!({"reason": "passkey"}));
    store::audit::record(&service.store().read(), service.rng(), entry).await?;
    Ok(())
}

/// Whose passkey it is, with its new counter.
async fn check(
    service: &Service,
    live: &Live,
    pending: Pending,
    sent: &str,
) -> Result<Result<(Operator, Stored), Refused>, Stop> {
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(sent) else {
        return Ok(Err(Refused::Unreadable));
    };
    // Both names of the credential must say the same (A277).
    if answer.id != URL_SAFE_NO_PAD.encode(&answer.raw_id) {
        return Ok(Err(Refused::Unreadable));
    }
    let tx = service.store().read();
    let found = passkeys::find(&tx, &credential_hash(&answer.raw_id)).await?;
    let Some((mut stored, operator)) = owner(service, live, found).await? else {
        return Ok(Err(Refused::Unknown));
    };
    let Ok(mut passkey) = serde_json::from_str::<Passkey>(&stored.credential) else {
        return Err(Problem::internal("a stored passkey cannot be read").into());
    };
    let webauthn = webauthn(service)?;
    let checked =
        match pending {
            Pending::Anybody { state, .. } => webauthn
                .identify_discoverable_authentication(&answer)
                .and_then(|(user, _)| {
                    // Who the passkey says it is for is who it is stored for.
                    if OperatorId::from_uuid(user) == operator.id {
                        webauthn.finish_discoverable_authentication_v2(&answer, *state, &passkey)
                    } else {
                        Err(WebauthnError::InvalidUserUniqueId)
                    }
                }),
            Pending::Known { state, .. } => webauthn.finish_passkey_authentication(&answer, &state),
            Pending::Totp { .. } | Pending::New { .. } => {
                return Ok(Err(Refused::Unknown));
            }
        };
    match checked {
        Ok(result) if !result.user_verified() => Ok(Err(Refused::Library(WebauthnError::UserNotVerified))),
        Ok(result) => {
            passkey.update_credential(&result);
            stored.credential = super::text(&passkey)?;
            Ok(Ok((operator, stored)))
        }
        Err(error) => Ok(Err(error.into())),
    }
}

/// The owner of a passkey, if this sign-in can be theirs (A283).
async fn owner(
    service: &Service,
    live: &Live,
    found: Option<Stored>,
) -> Result<Option<(Stored, Operator)>, Stop> {
    let Some(stored) = found else { return Ok(None) };
    let owner = operators::find(&service.store().read(), stored.operator).await?;
    let allowed = |owner: &Operator| {
        owner.status == Status::Active && live.operator.as_ref().is_none_or(|known| known.id == owner.id)
    };
    Ok(owner.filter(allowed).map(|owner| (stored, owner)))
}

/// What is stored of a credential's identifier.
pub(super) fn credential_hash(id: &[u8]) -> TokenHash {
    TokenHash::of(&URL_SAFE_NO_PAD.encode(id))
}
