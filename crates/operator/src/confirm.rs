//! `/operator/confirm`: a second proof once more, before something that a stolen sign-in must not do (A162, A225).

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use store::operators::passkeys;
use web::extract::{Form, FormName, Query};
use web::form::{Errors, FormPage};
use web::{Page, Visit};

use model::secret::Sensitive;

use crate::code::{self, Outcome};
use crate::layout::sheet;
use crate::session::{self, CONFIRM, Signed, Stop};
use crate::signin::{Asked, complete, locked, returning, with_proofs};
use crate::{Service, passkey};

pub(crate) fn routes() -> Router<Service> {
    Router::new().route("/operator/confirm", get(show).post(submit))
}

#[derive(Deserialize)]
struct Confirm {
    #[serde(default)]
    code: Sensitive<String>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    return_to: Option<String>,
}

impl FormName for Confirm {
    const FORM: &'static str = "operator-confirm";
}

async fn form(service: &Service, signed: &Signed, return_to: Option<&str>) -> Result<FormPage, Stop> {
    let has_passkeys = !passkeys::list(&service.store().read(), signed.operator.id)
        .await?
        .is_empty();
    let form = FormPage::new(Confirm::FORM, CONFIRM).hidden("return_to", session::onward(return_to).as_str());
    Ok(with_proofs(
        form,
        service,
        (signed.operator.has_totp, has_passkeys),
    ))
}

fn page(return_to: Option<&str>) -> Page {
    sheet("operator-confirm", "operator-confirm-title")
        .caption("operator-confirm-why")
        .return_to(returning(CONFIRM, return_to))
}

async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let signed = session::signed_in(&service, &mut visit).await?;
    let return_to = asked.return_to.as_deref();
    let form = form(&service, &signed, return_to).await?;
    Ok(visit.form(page(return_to), &form, &Errors::none()))
}

async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Confirm>,
) -> Result<Response, Stop> {
    let signed = session::signed_in(&service, &mut visit).await?;
    let return_to = sent.return_to.as_deref();
    if sent.method.as_deref() == Some("passkey") {
        return passkey::begin_known(&service, &visit, &signed.live, &signed.operator, return_to).await;
    }
    let error = match code::attempt(&service, &visit, &signed.operator, sent.code.expose()).await? {
        Outcome::Right => {
            complete(
                &service,
                &mut visit,
                (&signed.live, &signed.operator),
                "code again",
            )
            .await?;
            return Ok(visit.redirect(&session::onward(return_to)));
        }
        Outcome::Locked => return Ok(locked(&visit)),
        Outcome::Unreadable => "operator-code-unreadable",
        Outcome::Wrong => "operator-code-wrong",
    };
    let form = form(&service, &signed, return_to).await?;
    Ok(visit.form(page(return_to), &form, &Errors::of("code", error)))
}
