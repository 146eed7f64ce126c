//! `/operator/operators/{id}`: one operator. Nobody changes their own roles, resets or disables themselves, and the last
//! administrator stays one.

use axum::extract::{Path, State};
use axum::response::Response;
use model::ids::OperatorId;
use serde::Deserialize;
use store::operators::{self, Changed, Operator, Status, passkeys};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Markup, Problem, Visit};

use super::pages::{Ticked, role_names, show_link, status_key, with_roles};
use super::{By, Unfit};
use crate::Service;
use crate::layout::page;
use crate::roles::{Permission, Role, Roles};
use crate::session::{self, Signed, Stop};

impl FormName for Ticked {
    const FORM: &'static str = "operator-roles";
}

#[derive(Deserialize)]
pub(super) struct Reset {}

impl FormName for Reset {
    const FORM: &'static str = "operator-reset";
}

#[derive(Deserialize)]
pub(super) struct Disable {}

impl FormName for Disable {
    const FORM: &'static str = "operator-disable";
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "operator_operator.html")]
struct Content<'a> {
    visit: &'a Visit,
    done: bool,
    login: &'a str,
    status: String,
    works: bool,
    roles: String,
    since: String,
    proofs: String,
    link_until: Option<String>,
    own: bool,
    roles_form: Markup,
    reset_form: Markup,
    disable_form: Markup,
}

fn address(id: OperatorId) -> LocalPath {
    LocalPath::parse(&format!("/operator/operators/{id}")).unwrap_or(LocalPath::known("/operator/operators"))
}

fn below(id: OperatorId, step: &str) -> LocalPath {
    LocalPath::parse(&format!("/operator/operators/{id}/{step}")).unwrap_or(address(id))
}

async fn load(service: &Service, id: &str) -> Result<Operator, Stop> {
    let id: OperatorId = id.parse().map_err(|_| Problem::not_found())?;
    let found = operators::find(&service.store().read(), id).await?;
    found.ok_or_else(|| Problem::not_found().into())
}

/// The operator that a change is about: not oneself.
async fn other(service: &Service, signed: &Signed, id: &str) -> Result<Operator, Stop> {
    let operator = load(service, id).await?;
    if operator.id == signed.operator.id {
        let problem = Problem::new(axum::http::StatusCode::FORBIDDEN, "operator-oneself");
        return Err(problem.link(address(operator.id), "web-back").into());
    }
    Ok(operator)
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Operators).await?;
    let operator = load(&service, &id).await?;
    let roles = Roles::from_stored(&operator.roles);
    view(
        &service,
        &visit,
        (&signed, &operator),
        (&roles, asked.done.is_some()),
        Errors::none(),
    )
    .await
}

async fn view(
    service: &Service,
    visit: &Visit,
    (signed, operator): (&Signed, &Operator),
    (ticked, done): (&Roles, bool),
    errors: Errors,
) -> Result<Response, Stop> {
    let keys = passkeys::list(&service.store().read(), operator.id).await?.len();
    let mut proofs = Vec::new();
    if operator.has_password {
        proofs.push(visit.t("operator-proof-password"));
    }
    if operator.has_totp {
        proofs.push(visit.t("operator-proof-codes"));
    }
    if keys > 0 {
        proofs.push(visit.t_with("operator-proof-passkeys", &[("count", keys.into())]));
    }
    let roles_form = with_roles(FormPage::new(Ticked::FORM, address(operator.id)), ticked)
        .button(Button::primary("operator-roles-submit"))
        .render(visit, &errors);
    let reset_form = FormPage::new(Reset::FORM, below(operator.id, "reset"))
        .button(Button::danger("operator-reset-submit").guarded());
    let disable_form = FormPage::new(Disable::FORM, below(operator.id, "disable"))
        .button(Button::danger("operator-disable-submit").guarded());
    let unless_disabled = |form: &FormPage| {
        if operator.status == Status::Disabled {
            Markup::default()
        } else {
            form.render(visit, &Errors::none())
        }
    };
    let content = Content {
        visit,
        done,
        login: &operator.login,
        status: visit.t(status_key(operator.status)),
        works: operator.status == Status::Active,
        roles: role_names(visit, operator),
        since: visit.moment(operator.created_at),
        proofs: proofs.join(&visit.t("operator-list-separator")),
        link_until: operator.enrol_expires_at.map(|at| visit.moment(at)),
        own: operator.id == signed.operator.id,
        roles_form,
        reset_form: unless_disabled(&reset_form),
        disable_form: unless_disabled(&disable_form),
    };
    let title = web::form::Words::plain(operator.name.clone());
    let page = page("operator-operator", title).return_to(address(operator.id));
    Ok(visit.render(page.errors(errors), &content))
}

/// Gives other roles.
pub(super) async fn change_roles(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(sent): Form<Ticked>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Operators).await?;
    let operator = other(&service, &signed, &id).await?;
    let roles = sent.roles();
    let error = if roles.is_empty() {
        Unfit::Roles.key()
    } else {
        let by = By::Operator(signed.operator.id, visit.request_id());
        match super::change_roles(service.store(), operator.id, &roles, by).await? {
            Changed::Done | Changed::Nothing => {
                return Ok(visit.redirect(&address(operator.id).with("done", "roles")));
            }
            Changed::LastAdministrator => "operator-last-administrator",
        }
    };
    let errors = Errors::of(Role::Reviewer.as_str(), error);
    view(&service, &visit, (&signed, &operator), (&roles, false), errors).await
}

async fn last_administrator(
    service: &Service,
    visit: &Visit,
    (signed, operator): (&Signed, &Operator),
) -> Result<Response, Stop> {
    let roles = Roles::from_stored(&operator.roles);
    let errors = Errors::of_form("operator-last-administrator");
    view(service, visit, (signed, operator), (&roles, false), errors).await
}

/// Takes every proof away; the answer shows the link, once.
pub(super) async fn reset(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(Reset {}): Form<Reset>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Operators).await?;
    let operator = other(&service, &signed, &id).await?;
    let by = By::Operator(signed.operator.id, visit.request_id());
    match super::reset(service.store(), service.config(), operator.id, by).await? {
        Ok(token) => Ok(show_link(&service, &visit, &token, &operator.login)),
        Err(Changed::LastAdministrator) => last_administrator(&service, &visit, (&signed, &operator)).await,
        // Disabled a moment ago, or before.
        Err(Changed::Done | Changed::Nothing) => Ok(visit.redirect(&address(operator.id))),
    }
}

/// Lets an operator in no more.
pub(super) async fn disable(
    State(service): State<Service>,
    mut visit: Visit,
    Path(id): Path<String>,
    Form(Disable {}): Form<Disable>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Operators).await?;
    let operator = other(&service, &signed, &id).await?;
    let by = By::Operator(signed.operator.id, visit.request_id());
    match super::disable(service.store(), operator.id, by).await? {
        Changed::Done | Changed::Nothing => {
            Ok(visit.redirect(&address(operator.id).with("done", "disabled")))
        }
        Changed::LastAdministrator => last_administrator(&service, &visit, (&signed, &operator)).await,
    }
}
