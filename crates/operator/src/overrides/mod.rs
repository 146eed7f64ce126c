//! `/operator/cases/{number}/override`: a level that no source confirms, set by two operators with a reason and a last
//! day. It starts at a case that the operator holds: without a case nobody is found. What is set is evidence like any
//! other, from the source `operator_override_N`, and the ladder says what it is worth.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use chrono::Days;
use model::evidence::SourceId;
use model::ladder::Level;
use model::review::{Act, Reason};
use serde::Deserialize;
use store::case_reviews;
use store::cases::{Case, CaseNumber, Input};
use web::extract::{Form, FormName};
use web::form::{Button, Errors, Field, FormPage, Radios, Words};
use web::{Markup, Problem, Visit};

use crate::Service;
use crate::layout::sheet;
use crate::review::decide::{OVERRIDE, UNTIL};
use crate::review::desk::Desk;
use crate::review::file::{self, Filing};
use crate::review::{page_of, step_of};
use crate::roles::Permission;
use crate::session::{self, Signed, Stop};

/// For so many days unless another number is typed.
const USUAL_DAYS: &str = "30";

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    level: String,
    reason: String,
    days: String,
}

impl FormName for Sent {
    const FORM: &'static str = "operator-override";
}

pub(crate) fn routes() -> Router<Service> {
    Router::new().route("/operator/cases/{number}/override", get(show).post(submit))
}

#[derive(askama::Template)]
#[template(source = r#"<p><a href="{{ href }}">{{ text }}</a></p>"#, ext = "html")]
struct Link {
    href: String,
    text: String,
}

/// The way here from the page of a case.
pub(crate) fn link(visit: &Visit, number: &CaseNumber) -> Markup {
    Markup::of(&Link {
        href: step_of(number, "/override").to_string(),
        text: visit.t("override-link"),
    })
}

async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Override).await?;
    let (case, _) = held(&service, &signed, &visit, &number).await?;
    let sent = Sent {
        days: USUAL_DAYS.to_owned(),
        ..Sent::default()
    };
    Ok(render(&service, &visit, &case, &sent, &Errors::none()))
}

async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let signed = session::require_fresh(&service, &mut visit, Permission::Override).await?;
    let (case, facts) = held(&service, &signed, &visit, &number).await?;
    let mut errors = Errors::none();
    let level = levels(&service)
        .into_iter()
        .find(|level| level.number().to_string() == sent.level);
    let level = errors.take("level", level.ok_or("override-level-missing"));
    let reason = Reason::parse(&sent.reason).filter(|reason| reason.is_for(Act::Override));
    let reason = errors.take("reason", reason.ok_or("override-reason-missing"));
    let longest = service.config().review.override_days;
    let days = sent.days.trim().parse::<u32>().ok();
    let days = days.filter(|days| (1..=longest).contains(days));
    let days = errors.take("days", days.ok_or_else(|| wrong_days(longest)));
    let (Some(level), Some(reason), Some(days)) = (level, reason, days) else {
        return Ok(render(&service, &visit, &case, &sent, &errors));
    };
    let desk = Desk::of(&service, &signed, &visit);
    let until = visit.kit().today() + Days::new(days.into());
    let facts = Input {
        more: facts.more.with(UNTIL, until.to_string(), true),
        ..facts
    };
    let source = format!("{OVERRIDE}{}", level.number());
    let filing = Filing {
        account: case.account,
        source: SourceId::parse(&source).map_err(Problem::internal)?,
        level,
        facts,
        reason,
        what: None,
    };
    let filed = file::for_a_second_person(&desk, filing).await?;
    Ok(visit.redirect(&page_of(&filed)))
}

fn wrong_days(longest: u32) -> Words {
    Words::with("override-days-wrong", vec![("longest", longest.into())])
}

/// The case, if the operator holds it now.
async fn held(
    service: &Service,
    signed: &Signed,
    visit: &Visit,
    number: &str,
) -> Result<(Case, Input), Stop> {
    let number = CaseNumber::parse(number).ok_or_else(Problem::not_found)?;
    let read = service.store().read();
    let held = case_reviews::open(&read, &number, signed.operator.id, visit.now()).await?;
    let (case, _) = held.ok_or_else(Problem::not_found)?;
    let facts = case.input.clone().ok_or_else(Problem::not_found)?;
    Ok((case, facts))
}

/// The levels for which the ladder knows an override.
fn levels(service: &Service) -> Vec<Level> {
    let ladder = service.account().ladder();
    let known = |level: &Level| {
        SourceId::parse(&format!("{OVERRIDE}{}", level.number()))
            .is_ok_and(|source| ladder.life(&source).is_some())
    };
    Level::ALL.into_iter().filter(known).collect()
}

fn render(service: &Service, visit: &Visit, case: &Case, sent: &Sent, errors: &Errors) -> Response {
    let mut level = Radios::new("level", "override-level");
    for one in levels(service) {
        let words = visit.t_with("override-level-option", &[("level", one.number().into())]);
        level = level.option(one.number().to_string(), Words::plain(words));
    }
    let mut reason = Radios::new("reason", "override-reason");
    for one in Reason::all_for(Act::Override) {
        reason = reason.option(one.as_str(), one.text());
    }
    let longest = service.config().review.override_days;
    let days = Field::text("days", "override-days")
        .hint(Words::with(
            "override-days-hint",
            vec![("longest", longest.into())],
        ))
        .value(&sent.days)
        .inputmode("numeric")
        .width("short")
        .required();
    let form = FormPage::new(Sent::FORM, step_of(&case.number, "/override"))
        .radios(level.chosen(&sent.level))
        .radios(reason.chosen(&sent.reason))
        .field(days)
        .button(Button::primary("override-submit"));
    let page = sheet("operator-override", "override-title").caption("override-caption");
    visit.form(page.return_to(step_of(&case.number, "/override")), &form, errors)
}
