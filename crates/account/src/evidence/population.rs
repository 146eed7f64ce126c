//! `/verify/population-register`: name and ID number at the population register (HB-21, HB-27), or not now.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use model::evidence::SourceId;
use model::secret::Sensitive;
use serde::Deserialize;
use store::accounts::Account;
use store::cases::CaseNumber;
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::check::{self, Attempt, Outcome};
use super::input::{self, Decision, Typed};
use super::source::POPULATION_REGISTER;
use super::{draft, onward, pages};
use crate::Service;
use crate::session::{self, Added, Stop};
use crate::signin::Onward;

const HERE: LocalPath = LocalPath::known("/verify/population-register");

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Straight from registering.
    welcome: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RealName {
    name: Sensitive<String>,
    citizen_id: Sensitive<String>,
    skip: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for RealName {
    const FORM: &'static str = "population-register";
}

/// The name under which the ladder and the sources know this check.
pub(super) fn source_id() -> Result<SourceId, web::Problem> {
    SourceId::parse(POPULATION_REGISTER).map_err(web::Problem::internal)
}

/// Shows the form.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &onward.through(HERE)).await?;
    let source = source_id()?;
    if pages::holds(&service, &session.account, &source).await? {
        return Ok(visit.redirect(&onward::after(&service, &visit, &onward, &session.account).await?));
    }
    if let Some(page) = onward::phone_first(&service, &session, &onward, "population-register") {
        return Ok(visit.redirect(&page));
    }
    let tx = service.store().read();
    let kept = store::cases::find_draft(&tx, session.account.id, &source, visit.now()).await?;
    let typed = Typed {
        name: kept.as_ref().map_or("", |kept| kept.name.as_str()),
        citizen_id: kept.as_ref().map_or("", |kept| kept.citizen_id.as_str()),
    };
    let shown = Shown {
        typed,
        onward: &onward,
        case: None,
        welcome: asked.welcome.is_some(),
    };
    Ok(shown.render(&visit, Errors::none()))
}

/// Takes the form.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<RealName>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let typed = Typed {
        name: sent.name.expose(),
        citizen_id: sent.citizen_id.expose(),
    };
    let cookie = visit.session_token().map(model::secret::Token::hash);
    let session = match session::require(&service, &mut visit, &onward.through(HERE)).await {
        Ok(session) => session,
        Err(stop) => {
            if let Some(cookie) = cookie {
                draft::keep_for_lapsed(&service, &visit, &cookie, typed).await?;
            }
            return Err(stop);
        }
    };
    if sent.skip.is_some() {
        return Ok(visit.redirect(&onward::decline(&service, &visit, &onward).await?));
    }
    if pages::holds(&service, &session.account, &source_id()?).await? {
        return Ok(visit.redirect(&onward::after(&service, &visit, &onward, &session.account).await?));
    }
    let shown = Shown {
        typed,
        onward: &onward,
        case: None,
        welcome: false,
    };
    let facts = match decide(&service, &visit, &session.account, typed) {
        Decision::Ask(facts) => facts,
        Decision::Wrong(errors) => return Ok(shown.render(&visit, errors)),
        Decision::Minor => return Ok(pages::minor(&visit, &onward)),
    };
    if let Some(page) = onward::phone_first(&service, &session, &onward, "population-register") {
        draft::keep(&service, session.account.id, facts).await?;
        return Ok(visit.redirect(&page));
    }
    let attempt = Attempt {
        account: session.account.id,
        source: source_id()?,
        facts,
        request_id: Some(visit.request_id().to_owned()),
    };
    match check::run(&service, &attempt).await? {
        Outcome::Passed => passed(&service, &mut visit, &session, &onward).await,
        Outcome::Denied {
            denial,
            case,
            tries_left,
        } => {
            let errors = Errors::of_form(pages::denial_words(denial, tries_left));
            Ok(Shown {
                case: Some(&case),
                ..shown
            }
            .render(&visit, errors))
        }
        other => Ok(pages::outcome(&mut visit, other, &onward)),
    }
}

/// What to do with what was typed, today where the people are.
pub(super) fn decide(service: &Service, visit: &Visit, account: &Account, typed: Typed<'_>) -> Decision {
    let zone = visit.kit().branding().zone();
    let today: NaiveDate = visit.now().with_timezone(&zone).date_naive();
    input::decide(account, typed, today, service.config().sources.adult_years)
}

/// Level up: the sign-in gets a new cookie (A151), and the person goes on.
pub(super) async fn passed(
    service: &Service,
    visit: &mut Visit,
    session: &LiveSession,
    onward: &Onward,
) -> Result<Response, Stop> {
    let renewed = session::renew(service, &service.store().read(), visit, session, Added::Evidence).await?;
    if let Some(renewed) = renewed {
        renewed.give_to(visit);
    }
    let next = onward::after(service, visit, onward, &session.account).await?;
    let next = if onward.has_interaction() {
        next
    } else {
        next.with("done", "yes")
    };
    Ok(visit.redirect(&next))
}

/// What the page shows.
struct Shown<'a> {
    typed: Typed<'a>,
    onward: &'a Onward,
    /// The case that a person may be asked to look at.
    case: Option<&'a CaseNumber>,
    welcome: bool,
}

#[derive(askama::Template)]
#[template(path = "verify_population.html")]
struct Content<'a> {
    visit: &'a Visit,
    welcome: bool,
    form: Markup,
    review: Option<Markup>,
}

impl Shown<'_> {
    fn render(&self, visit: &Visit, errors: Errors) -> Response {
        let content = Content {
            visit,
            welcome: self.welcome,
            form: form(self.typed, self.onward).render(visit, &errors),
            review: self.case.map(|case| pages::review_form(visit, case, self.onward)),
        };
        let page = Page::new("verify-population-register", "evidence-population-title");
        let here = if self.welcome {
            HERE.with("welcome", "yes")
        } else {
            HERE
        };
        let page = page.caption("evidence-caption").errors(errors);
        visit.render(page.return_to(self.onward.through(here)), &content)
    }
}

fn form(typed: Typed<'_>, onward: &Onward) -> FormPage {
    let name = Field::text("name", "evidence-name")
        .hint("evidence-name-hint")
        .value(typed.name)
        .autocomplete("name")
        .maxlength(200)
        .required();
    let number = Field::text("citizen_id", "evidence-citizen-id")
        .hint("evidence-citizen-id-hint")
        .value(typed.citizen_id)
        .autocomplete("off")
        .maxlength(40)
        .width("medium")
        .required();
    onward
        .in_form(FormPage::new(RealName::FORM, HERE))
        .field(name)
        .field(number)
        .button(Button::primary("evidence-population-submit"))
        .button(Button::secondary("evidence-skip").sends("skip", "yes"))
}
