//! `/operator/operators` and what makes a new one.

use axum::extract::State;
use axum::response::Response;
use model::language::Language;
use model::secret::Token;
use serde::Deserialize;
use store::operators::{self, Operator, Status};
use web::extract::{Form, FormName};
use web::form::{Button, Checkbox, Errors, Field, FormPage, Radios};
use web::paths::LocalPath;
use web::{Markup, Visit};

use super::{By, Invitation, Login, Unfit, invite, link_address, parse_name};
use crate::Service;
use crate::layout::{Notice, page, sheet};
use crate::roles::{Permission, Role, Roles};
use crate::session::{self, Stop};

const LIST: LocalPath = LocalPath::known("/operator/operators");
const NEW: LocalPath = LocalPath::known("/operator/operators/new");

#[derive(askama::Template)]
#[template(path = "operator_operators.html")]
struct Content<'a> {
    visit: &'a Visit,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    login: String,
    name: String,
    status: String,
    works: bool,
    roles: String,
    since: String,
}

pub(super) fn status_key(status: Status) -> &'static str {
    match status {
        Status::Invited => "operator-status-invited",
        Status::Active => "operator-status-active",
        Status::Locked => "operator-status-locked",
        Status::Disabled => "operator-status-disabled",
    }
}

pub(super) fn role_names(visit: &Visit, operator: &Operator) -> String {
    let roles = Roles::from_stored(&operator.roles);
    let names: Vec<String> = roles.iter().map(|role| visit.t(role.key())).collect();
    names.join(&visit.t("operator-list-separator"))
}

/// The list.
pub(super) async fn show(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    session::require(&service, &mut visit, Permission::Operators).await?;
    let all = operators::list(&service.store().read()).await?;
    let rows = all.into_iter().map(|operator| Row {
        href: format!("/operator/operators/{}", operator.id),
        status: visit.t(status_key(operator.status)),
        works: operator.status == Status::Active,
        roles: role_names(&visit, &operator),
        since: visit.day(operator.created_at),
        login: operator.login,
        name: operator.name,
    });
    let content = Content {
        visit: &visit,
        rows: rows.collect(),
    };
    Ok(visit.render(page("operator-operators", "operator-operators-title"), &content))
}

/// The boxes of a form's roles. Each has a name of its own, because a name counts once.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ticked {
    reviewer: Tick,
    senior_reviewer: Tick,
    auditor: Tick,
    administrator: Tick,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tick {
    #[default]
    No,
    Yes,
}

impl Ticked {
    pub(super) fn roles(self) -> Roles {
        let all = [
            (Role::Reviewer, self.reviewer),
            (Role::SeniorReviewer, self.senior_reviewer),
            (Role::Auditor, self.auditor),
            (Role::Administrator, self.administrator),
        ];
        let ticked = all.into_iter().filter(|(_, tick)| matches!(tick, Tick::Yes));
        ticked.map(|(role, _)| role).collect()
    }
}

pub(super) fn with_roles(mut form: FormPage, roles: &Roles) -> FormPage {
    for role in Role::ALL {
        let checkbox = Checkbox::new(role.as_str(), role.key())
            .hint(role.hint())
            .checked(roles.contains(role));
        form = form.checkbox(checkbox);
    }
    form
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Create {
    login: String,
    name: String,
    language: String,
    reviewer: Tick,
    senior_reviewer: Tick,
    auditor: Tick,
    administrator: Tick,
}

impl FormName for Create {
    const FORM: &'static str = "operator-create";
}

impl Create {
    fn roles(&self) -> Roles {
        let ticked = Ticked {
            reviewer: self.reviewer,
            senior_reviewer: self.senior_reviewer,
            auditor: self.auditor,
            administrator: self.administrator,
        };
        ticked.roles()
    }

    fn language(&self, visit: &Visit) -> Language {
        let mut all = Language::ALL.into_iter();
        all.find(|language| language.tag() == self.language)
            .unwrap_or(visit.language())
    }
}

fn create_form(visit: &Visit, typed: &Create) -> FormPage {
    let mut languages = Radios::new("language", "operator-language").chosen(typed.language(visit).tag());
    for language in Language::ALL {
        let name = web::form::Words::plain(language.own_name().to_owned());
        languages = languages.option(language.tag(), name);
    }
    let form = FormPage::new(Create::FORM, NEW)
        .field(
            Field::text("login", "operator-login")
                .hint("operator-login-hint")
                .value(&typed.login)
                .autocomplete("off")
                .maxlength(128)
                .width("medium")
                .required()
                .focus(),
        )
        .field(
            Field::text("name", "operator-name")
                .hint("operator-name-hint")
                .value(&typed.name)
                .autocomplete("off")
                .maxlength(128)
                .width("medium")
                .required(),
        )
        .radios(languages)
        .markup(Markup::of(&Legend {
            text: visit.t("operator-roles"),
        }));
    with_roles(form, &typed.roles()).button(Button::primary("operator-create-submit"))
}

#[derive(askama::Template)]
#[template(source = "<h2>{{ text }}</h2>", ext = "html")]
struct Legend {
    text: String,
}

/// The form of a new operator.
pub(super) async fn form(State(service): State<Service>, mut visit: Visit) -> Result<Response, Stop> {
    session::require_fresh(&service, &mut visit, Permission::Operators).await?;
    let form = create_form(&visit, &Create::default());
    Ok(visit.form(
        sheet("operator-create", "operator-create-title"),
        &form,
        &Errors::none(),
    ))
}

/// Makes an operator; the answer shows the link, once.
pub(super) async fn create(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Create>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Operators).await?;
    let mut errors = Errors::none();
    let login = errors.take("login", Login::parse(&sent.login).map_err(Unfit::key));
    let name = errors.take("name", parse_name(&sent.name).map_err(Unfit::key));
    let roles = sent.roles();
    if roles.is_empty() {
        errors.add(Role::Reviewer.as_str(), Unfit::Roles.key());
    }
    if let (Some(login), Some(name), true) = (login, name, errors.is_empty()) {
        let invitation = Invitation {
            login,
            name,
            roles,
            language: sent.language(&visit),
        };
        let by = By::Operator(signed.operator.id, visit.request_id());
        if let Some(token) = invite(service.store(), service.config(), &invitation, by).await? {
            let login = invitation.login.as_str();
            return Ok(show_link(&service, &visit, &token, login));
        }
        errors.add("login", "operator-login-taken");
    }
    let form = create_form(&visit, &sent);
    Ok(visit.form(sheet("operator-create", "operator-create-title"), &form, &errors))
}

#[derive(askama::Template)]
#[template(
    source = "<p class=\"panel\"><code data-link>{{ address }}</code></p>",
    ext = "html"
)]
struct Shown {
    address: String,
}

/// Answers the form that made a link with the link. No other page has it: whoever loses it makes a new one.
pub(super) fn show_link(service: &Service, visit: &Visit, token: &Token, login: &str) -> Response {
    let shown = Shown {
        address: link_address(service.kit().base_url(), token),
    };
    let hours = service.config().link_hours;
    let words = web::form::Words::with(
        "operator-link-text",
        vec![("login", login.into()), ("hours", hours.into())],
    );
    let page = page("operator-link", "operator-link-title").return_to(LIST);
    Notice::saying(words)
        .and("operator-link-once")
        .and("operator-vouch-text")
        .action(Markup::of(&shown))
        .link(LIST, "operator-to-operators")
        .respond(visit, page)
}
