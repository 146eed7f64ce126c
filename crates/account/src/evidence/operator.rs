//! `/verify/mobile-operator`: the operator compares the verified name and number with the phone's contract. Nothing is
//! typed; the person agrees to the comparison by its own button, because a further party learns of it.

use axum::extract::State;
use axum::response::Response;
use model::evidence::SourceId;
use serde::Deserialize;
use store::cases::{CaseNumber, Input};
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::check::{self, Attempt, Outcome};
use super::source::MOBILE_OPERATOR;
use super::{onward, pages, population};
use crate::Service;
use crate::session::{self, Stop};
use crate::signin::{Asked, Onward};

const HERE: LocalPath = LocalPath::known("/verify/mobile-operator");

/// What the form sends: the person's word that it may be compared.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Agreed {
    skip: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Agreed {
    const FORM: &'static str = "mobile-operator";
}

fn source_id() -> Result<SourceId, Problem> {
    SourceId::parse(MOBILE_OPERATOR).map_err(Problem::internal)
}

/// Shows what would be compared.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &onward.through(HERE)).await?;
    match ready(&service, &visit, &session, &onward).await? {
        Ready::Not(page) => Ok(visit.redirect(&page)),
        Ready::With(facts) => Ok(render(&visit, &facts, &onward, Errors::none(), None)),
    }
}

/// Takes the person's word and asks.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Agreed>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &onward.through(HERE)).await?;
    if sent.skip.is_some() {
        return Ok(visit.redirect(&onward::decline(&service, &visit, &onward).await?));
    }
    let facts = match ready(&service, &visit, &session, &onward).await? {
        Ready::Not(page) => return Ok(visit.redirect(&page)),
        Ready::With(facts) => facts,
    };
    let attempt = Attempt {
        account: session.account.id,
        source: source_id()?,
        facts: facts.clone(),
        request_id: Some(visit.request_id().to_owned()),
    };
    match check::run(&service, &attempt).await? {
        Outcome::Passed => population::passed(&service, &mut visit, &session, &onward).await,
        Outcome::Denied {
            denial,
            case,
            tries_left,
        } => {
            let errors = Errors::of_form(pages::denial_words(denial, tries_left));
            Ok(render(&visit, &facts, &onward, errors, Some(&case)))
        }
        other => Ok(pages::outcome(&mut visit, other, &onward)),
    }
}

enum Ready {
    With(Input),
    /// Another page comes first, or nothing is left to prove here.
    Not(LocalPath),
}

async fn ready(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
    onward: &Onward,
) -> Result<Ready, Stop> {
    let account = &session.account;
    if pages::holds(service, account, &source_id()?).await? {
        return Ok(Ready::Not(onward::after(service, visit, onward, account).await?));
    }
    let (Some(name), Some(citizen_id), Some(phone)) = (&account.name, &account.citizen_id, &account.phone)
    else {
        // The operator is told only what the register has confirmed.
        return Ok(Ready::Not(
            onward.through(LocalPath::known("/verify/population-register")),
        ));
    };
    if let Some(page) = onward::phone_first(service, session, onward, "mobile-operator") {
        return Ok(Ready::Not(page));
    }
    let facts = Input {
        name: name.clone(),
        citizen_id: citizen_id.clone(),
        phone: Some(phone.clone()),
        more: store::cases::Factors::none(),
    };
    Ok(Ready::With(facts))
}

#[derive(askama::Template)]
#[template(path = "verify_operator.html")]
struct Content<'a> {
    visit: &'a Visit,
    name: String,
    citizen_id: String,
    phone: String,
    form: Markup,
    review: Option<Markup>,
}

fn render(
    visit: &Visit,
    facts: &Input,
    onward: &Onward,
    errors: Errors,
    case: Option<&CaseNumber>,
) -> Response {
    let form = onward
        .in_form(FormPage::new(Agreed::FORM, HERE))
        .button(Button::primary("evidence-operator-submit").sends("confirm", "yes"))
        .button(Button::secondary("evidence-skip").sends("skip", "yes"));
    let content = Content {
        visit,
        name: facts.name.masked(),
        citizen_id: facts.citizen_id.masked(),
        phone: facts
            .phone
            .as_ref()
            .map(model::phone::Phone::masked)
            .unwrap_or_default(),
        form: form.render(visit, &errors),
        review: case.map(|case| pages::review_form(visit, case, onward)),
    };
    let page = Page::new("verify-mobile-operator", "evidence-operator-title");
    let page = page.caption("evidence-caption").errors(errors);
    visit.render(page.return_to(onward.through(HERE)), &content)
}
