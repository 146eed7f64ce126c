//! `/account/sharing`: what was shared with whom, the receipt of each decision, and taking it back (PIPL 15:
//! as easily as it was given).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use model::event::Event;
use model::ids::GrantId;
use serde::Deserialize;
use store::audit::{self, Entry};
use store::grants::{self, Grant};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, FormPage};
use web::markup::Markup;
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use crate::Service;

/// What the form of one row sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Withdraw {
    grant: String,
}

impl FormName for Withdraw {
    const FORM: &'static str = "sharing-withdraw";
}

struct Row {
    site: String,
    agency: String,
    since: String,
    until: Option<String>,
    told: Vec<String>,
    kept: Vec<String>,
    receipt: String,
    form: Option<Markup>,
}

#[derive(Template)]
#[template(path = "sharing.html")]
struct Content<'a> {
    visit: &'a Visit,
    holding: Vec<Row>,
    ended: Vec<Row>,
}

fn sign_in(visit: &Visit) -> Response {
    visit.redirect(&LocalPath::known("/sign-in").with("return_to", "/account/sharing"))
}

/// The list.
pub(crate) async fn list(State(service): State<Service>, mut visit: Visit) -> Result<Response, Problem> {
    let Some(session) = service.session(&mut visit).await.map_err(Problem::unavailable)? else {
        return Ok(sign_in(&visit));
    };
    let grants = grants::list(&service.store().read(), session.account.id)
        .await
        .map_err(Problem::unavailable)?;
    let (holding, ended): (Vec<_>, Vec<_>) = grants.iter().partition(|grant| grant.revoked_at.is_none());
    let rows = |grants: Vec<&Grant>| {
        grants
            .into_iter()
            .map(|grant| row(&visit, grant))
            .collect::<Vec<_>>()
    };
    let content = Content {
        visit: &visit,
        holding: rows(holding),
        ended: rows(ended),
    };
    Ok(visit.render(
        Page::new("account-sharing", "consent-sharing-title")
            .wide()
            .own_forms_only(),
        &content,
    ))
}

fn row(visit: &Visit, grant: &Grant) -> Row {
    let text = |pointer: &str| {
        grant
            .receipt
            .pointer(pointer)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let names = |allowed: bool| {
        let kept = grant.asked.without(&grant.allowed);
        let scopes = if allowed { &grant.allowed } else { &kept };
        scopes
            .iter()
            .map(|scope| visit.t(&format!("consent-scope-{scope}")))
            .collect()
    };
    let form = grant.revoked_at.is_none().then(|| {
        FormPage::new(Withdraw::FORM, LocalPath::known("/account/sharing"))
            .hidden("grant", grant.id.to_string())
            .button(Button::danger("consent-withdraw"))
            .render(visit, &Errors::none())
    });
    Row {
        site: text("/site/name"),
        agency: text("/agency"),
        since: visit.moment(grant.created_at),
        until: grant.revoked_at.map(|at| visit.moment(at)),
        told: names(true),
        kept: names(false),
        receipt: grant.id.to_string(),
        form,
    }
}

/// Takes a decision back. A second press finds it taken back already, and says the same.
pub(crate) async fn withdraw(
    State(service): State<Service>,
    mut visit: Visit,
    Form(form): Form<Withdraw>,
) -> Result<Response, Problem> {
    let Some(session) = service.session(&mut visit).await.map_err(Problem::unavailable)? else {
        return Ok(sign_in(&visit));
    };
    let id: GrantId = form.grant.parse().map_err(|_| Problem::bad_request())?;
    take_back(&service, &visit, &session, id)
        .await
        .map_err(Problem::unavailable)?;
    Ok(visit.redirect(&LocalPath::known("/account/sharing")))
}

async fn take_back(
    service: &Service,
    visit: &Visit,
    session: &store::sessions::LiveSession,
    id: GrantId,
) -> Result<(), store::StoreError> {
    let (store, now, account) = (service.store(), visit.now(), session.account.id);
    let tx = store.begin().await?;
    let Some(grant) = grants::find(&tx, account, id).await? else {
        return Ok(());
    };
    if grants::revoke(&tx, account, id, now).await? {
        let mut entry = Entry::new(Event::ConsentWithdrawn, now)
            .account(account)
            .client(&grant.client_id)
            .session(session.id);
        entry.request_id = Some(visit.request_id().to_owned());
        audit::record(&tx, store.rng(), entry).await?;
    }
    tx.commit().await
}

/// The receipt of one decision, as a document to keep.
pub(crate) async fn receipt(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Some(session) = service.session(&mut visit).await.map_err(Problem::unavailable)? else {
        return Ok(sign_in(&visit));
    };
    let id: GrantId = id.parse().map_err(|_| Problem::not_found())?;
    let found = grants::find(&service.store().read(), session.account.id, id).await;
    let grant = found
        .map_err(Problem::unavailable)?
        .ok_or_else(Problem::not_found)?;
    let text = serde_json::to_string_pretty(&grant.receipt).map_err(Problem::internal)?;
    let headers = [
        (CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"receipt-{}.json\"", grant.id),
        ),
    ];
    Ok((headers, text).into_response())
}
