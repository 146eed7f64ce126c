//! `/verify/{source}` of every source whose road is a form: what its definition asks for, our own checks first, then the
//! question, and the way on (HB-21, HB-26, HB-27).
//!
//! The register of the population is the one whose form takes name and number; every other source is told only what the
//! register has confirmed, and the person agrees to that by the button, because a further party learns of it.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use model::evidence::SourceId;
use model::secret::Sensitive;
use serde::Deserialize;
use store::StoreError;
use store::cases::Input;
use store::sessions::LiveSession;
use web::extract::{Form, FormName, Query};
use web::form::Errors;
use web::paths::LocalPath;
use web::{Problem, Visit};

use super::check::{self, Attempt, Outcome};
use super::input::{self, Decision, Entered};
use super::port::{Definition, FormRoad};
use super::source::POPULATION_REGISTER;
use super::{draft, onward, pages};
use crate::Service;
use crate::session::{self, Added, Stop};
use crate::signin::Onward;

mod page;

use page::Shown;

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Straight from registering.
    welcome: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// What the form sends: fields as the definition names them.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Sent(Vec<(String, Sensitive<String>)>);

impl FormName for Sent {
    const FORM: &'static str = "verify-source";
}

impl Sent {
    /// One field; a field that is there twice is refused.
    fn take(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut found = self.0.iter().filter(|(other, _)| other == name);
        match (found.next(), found.next()) {
            (one, None) => Ok(one.map(|(_, value)| value.expose().as_str())),
            _ => Err(Problem::bad_request().caused_by("a field is repeated")),
        }
    }

    fn typed(&self, road: &FormRoad) -> Result<Entered, Problem> {
        let text = |name| Ok::<_, Problem>(self.take(name)?.unwrap_or_default().to_owned());
        let mut typed = Entered::default();
        if road.types_identity {
            typed.name = text("name")?;
            typed.citizen_id = text("citizen_id")?;
        }
        for field in road.fields {
            typed.more.insert(field.name, text(field.name)?);
        }
        Ok(typed)
    }
}

/// A page of a source, and who is at it.
struct Step {
    definition: &'static Definition,
    road: &'static FormRoad,
    id: SourceId,
    here: LocalPath,
    slug: String,
    onward: Onward,
    session: LiveSession,
}

impl Step {
    /// Another page comes first, or nothing is left to prove here.
    async fn elsewhere(&self, service: &Service, visit: &Visit) -> Result<Option<LocalPath>, Stop> {
        let account = &self.session.account;
        // The page after registering is there even where nothing is connected yet; no other is.
        if !self.road.types_identity && !service.sources().has(&self.id) {
            return Err(Problem::not_found().into());
        }
        if pages::holds(service, account, &self.id).await? {
            return Ok(Some(onward::after(service, visit, &self.onward, account).await?));
        }
        if !self.road.types_identity && (account.name.is_none() || account.citizen_id.is_none()) {
            let register = SourceId::parse(POPULATION_REGISTER).map_err(Problem::internal)?;
            let page = onward::page_of(&register).ok_or_else(Problem::not_found)?;
            return Ok(Some(self.onward.through(page)));
        }
        if self.road.with_phone && account.phone.is_none() {
            return Err(Problem::new(axum::http::StatusCode::CONFLICT, "phone-needed").into());
        }
        Ok(None)
    }

    async fn phone_first(&self, service: &Service, visit: &Visit) -> Result<Option<LocalPath>, StoreError> {
        onward::phone_first(service, visit, &self.session, (&self.onward, &self.slug)).await
    }
}

/// The page of a source, before anybody is known to be there.
struct Place {
    definition: &'static Definition,
    road: &'static FormRoad,
    id: SourceId,
    here: LocalPath,
}

impl Place {
    fn of(definition: &'static Definition) -> Result<Self, Problem> {
        Ok(Self {
            definition,
            road: definition.form().ok_or_else(Problem::not_found)?,
            id: SourceId::parse(definition.id).map_err(Problem::internal)?,
            here: definition.page().ok_or_else(Problem::not_found)?,
        })
    }

    fn step(self, onward: Onward, session: LiveSession) -> Step {
        Step {
            definition: self.definition,
            road: self.road,
            id: self.id,
            here: self.here,
            slug: self.definition.slug(),
            onward,
            session,
        }
    }
}

/// Shows the form.
pub(super) async fn show(
    State(service): State<Service>,
    Extension(definition): Extension<&'static Definition>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let place = Place::of(definition)?;
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &onward.through(place.here.clone())).await?;
    let step = place.step(onward, session);
    if let Some(page) = step.elsewhere(&service, &visit).await? {
        return Ok(visit.redirect(&page));
    }
    if let Some(page) = step.phone_first(&service, &visit).await? {
        return Ok(visit.redirect(&page));
    }
    let typed = match draft::find(&service, &step.session.account, &step.id).await? {
        Some(kept) => Entered::of(step.road, &kept),
        None => Entered::default(),
    };
    let shown = Shown {
        welcome: asked.welcome.is_some(),
        ..Shown::default()
    };
    Ok(step.render(&visit, &typed, shown))
}

/// Takes the form.
pub(super) async fn submit(
    State(service): State<Service>,
    Extension(definition): Extension<&'static Definition>,
    mut visit: Visit,
    Form(sent): Form<Sent>,
) -> Result<Response, Stop> {
    let place = Place::of(definition)?;
    let onward = Onward::new(sent.take("interaction")?, sent.take("return_to")?);
    onward.speak(&service, &mut visit).await?;
    let typed = sent.typed(place.road)?;
    let cookie = visit.session_token().map(model::secret::Token::hash);
    let session = match session::require(&service, &mut visit, &onward.through(place.here.clone())).await {
        Ok(session) => session,
        Err(stop) => {
            if let Some(cookie) = cookie {
                draft::keep_for_lapsed(&service, &visit, &cookie, (&place.id, place.road, &typed)).await?;
            }
            return Err(stop);
        }
    };
    let step = place.step(onward, session);
    if sent.take("skip")?.is_some() {
        return Ok(visit.redirect(&onward::decline(&service, &visit, &step.onward).await?));
    }
    if let Some(page) = step.elsewhere(&service, &visit).await? {
        return Ok(visit.redirect(&page));
    }
    let today = super::today(&service);
    let adult = service.config().sources.adult_years;
    let facts = match input::read(step.road, &step.session.account, &typed, (today, adult)) {
        Decision::Ask(facts) => facts,
        Decision::Wrong(errors) => {
            let shown = Shown {
                errors,
                ..Shown::default()
            };
            return Ok(step.render(&visit, &typed, shown));
        }
        Decision::Minor(number) => return Ok(pages::minor(&service, &visit, &number, &step.onward)),
    };
    if let Some(page) = step.phone_first(&service, &visit).await? {
        draft::keep(&service, step.session.account.id, &step.id, facts).await?;
        return Ok(visit.redirect(&page));
    }
    ask(&service, &mut visit, &step, (&typed, facts)).await
}

async fn ask(
    service: &Service,
    visit: &mut Visit,
    step: &Step,
    (typed, facts): (&Entered, Input),
) -> Result<Response, Stop> {
    let attempt = Attempt {
        account: step.session.account.id,
        source: step.id.clone(),
        facts,
        request_id: Some(visit.request_id().to_owned()),
    };
    match check::run(service, &attempt).await? {
        Outcome::Passed => passed(service, visit, &step.session, &step.onward).await,
        Outcome::Denied {
            denial,
            case,
            tries_left,
        } => {
            let shown = Shown {
                errors: Errors::of_form(pages::denial_words(denial, tries_left)),
                case: Some(&case),
                welcome: false,
            };
            Ok(step.render(visit, typed, shown))
        }
        Outcome::NeedsMore { case } => Ok(pages::needs_more(visit, &case, &step.here, &step.onward)),
        other => Ok(pages::outcome(service, visit, other, &step.onward)),
    }
}

/// Level up: the sign-in gets a new cookie (A151), and the person goes on.
pub(crate) async fn passed(
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
