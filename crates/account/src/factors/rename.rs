//! `/account/security/factors/rename`: another name for a factor. It takes the proof that removing one takes, and everybody
//! who can be reached for the account is told: a thief's key under the owner's name is taken for the owner's (A235).

use axum::extract::State;
use axum::response::Response;
use model::event::Event;
use model::secret::Token;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::factors::Factor;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use super::finish::{Done, finish};
use super::list::{self, NAME_UNITS, name_field, name_key};
use crate::Service;
use crate::confirm::{self, Need};
use crate::history::What;
use crate::notices;
use crate::session::{self, Stop, twice};

pub(super) const HERE: LocalPath = LocalPath::known("/account/security/factors/rename");

/// Which factor.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    id: String,
    /// The person was asked for a proof in between.
    confirmed: Option<String>,
}

/// What the page sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    id: String,
    name: String,
    /// What tells one sending from another.
    once: String,
}

impl FormName for Sent {
    const FORM: &'static str = "factor-rename";
}

/// What was typed before a proof was asked for.
#[derive(Serialize, Deserialize)]
struct Typed {
    id: String,
    name: String,
}

fn here(id: &str) -> LocalPath {
    HERE.with("id", id)
}

fn page(
    service: &Service,
    visit: &Visit,
    (one, typed, confirmed): (&Factor, &str, bool),
    errors: Errors,
) -> Response {
    let id = one.id.to_string();
    let form = FormPage::new(Sent::FORM, HERE)
        .hidden("once", Token::generate(service.rng()).expose())
        .hidden("id", id.as_str())
        .field(name_field(typed).required())
        .button(Button::primary("factors-rename-button"))
        .render(visit, &errors);
    let form = confirm::above(visit, confirmed, form);
    let page = Page::new("account-factor-rename", "factors-rename")
        .own_forms_only()
        .return_to(here(&id))
        .errors(errors);
    visit.render_markup(page, &form)
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Which>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &here(&asked.id)).await?;
    let (one, _) = list::own(&service, &session, &asked.id).await?;
    let confirmed =
        asked.confirmed.is_some() && confirm::is_met(&service, &visit, &session, Need::Strongest).await?;
    let typed: Option<Typed> = confirm::kept(&service, &visit, &session, (Sent::FORM, confirmed)).await?;
    let typed = typed.filter(|typed| typed.id == asked.id);
    let name = typed
        .as_ref()
        .map_or(one.name.as_str(), |typed| typed.name.as_str());
    Ok(page(&service, &visit, (&one, name, confirmed), Errors::none()))
}

/// Renames it.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let session = session::require(&service, &mut visit, &here(&sent.id)).await?;
    let sending = (Sent::FORM, sent.once.as_str());
    if let Some(page) = twice::led(&service.store().read(), &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    let (one, _) = list::own(&service, &session, &sent.id).await?;
    let Some(new) = list::name(&sent.name) else {
        let errors = Errors::of("name", "factors-name-missing");
        return Ok(page(&service, &visit, (&one, &sent.name, false), errors));
    };
    let units = usize::try_from(NAME_UNITS).unwrap_or_default();
    let kept = json!(Typed {
        id: sent.id.clone(),
        name: sent.name.chars().take(units).collect(),
    });
    let form = (&here(&sent.id), Sent::FORM, &kept);
    let session = confirm::require_keeping(&service, &mut visit, Need::Strongest, form).await?;
    let (account, list) = (session.account.id, list::of_kind(one.kind));
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, account).await?;
    if let Some(page) = twice::led(&tx, &visit, (&session, sending)).await? {
        return Ok(visit.redirect(&page));
    }
    if one.name == new {
        return Ok(visit.redirect(&list));
    }
    if !store::factors::rename(&tx, account, one.id, &new).await? {
        return Err(Problem::not_found().into());
    }
    let done = Done {
        event: Event::FactorChanged,
        details: json!({ "renamed": one.kind.as_str(), "factor": one.id }),
        what: What::FactorRenamed,
        kind: notices::Kind::FactorRenamed,
        args: &[("factor", notices::key(name_key(one.kind)))],
        ends_others: false,
        credential: None,
        sending,
        leads: list.clone().with("done", "renamed"),
        back: list,
    };
    finish(&service, &mut visit, &session, (tx, done)).await
}
