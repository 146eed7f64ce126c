//! What is said before anybody leaves: to whom, what that party is told and what it tells, that it is voluntary, and
//! which other roads there are (L07, L24). The same page says what became of a journey.

use axum::extract::State;
use axum::response::Response;
use model::evidence::SourceId;
use model::ladder::Level;
use web::extract::{FormName as _, Query};
use web::form::{Button, Checkbox, Errors, FormPage, Words};
use web::language::Value;
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::leave::Leave;
use super::{Asked, Step};
use crate::Service;
use crate::evidence::port::{Away, Definition};
use crate::evidence::{self, onward, pages, tries, vouched};
use crate::session::Stop;
use crate::signin::Onward;

/// How many other roads are listed.
const ROADS_MAX: usize = 6;
/// How long a case of a moment ago is offered for review on this page, in seconds.
const CASE_SECONDS: i64 = 600;

/// What became of a journey, as the address of the page says it. It decides nothing: whoever writes it there themselves
/// reads a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The person gave up there.
    Cancelled,
    /// The party vouches for somebody else, or for nobody.
    Differs,
    /// The pair that the party returned does not agree with the register.
    RegisterDiffers,
    /// The party does not vouch as far as it takes.
    NotEnough,
    /// The party returned no name and number.
    Nameless,
    /// The party could not be asked, or what it said cannot be understood.
    Unavailable,
    /// Too late.
    Expired,
    /// Once already.
    Used,
    /// Not known, or from another browser or an earlier sign-in: where from is nobody's business.
    Lost,
    /// Another account is signed in by now.
    OtherAccount,
    /// Nobody was signed in any more.
    SignedOut,
    /// No tries are left today.
    Limit,
    /// Whoever was vouched for is too young to do this alone.
    Minor,
    /// It is being looked at.
    Busy,
    /// It broke off while it was looked at, and cannot be looked at again.
    Interrupted,
}

impl Said {
    const ALL: [Self; 15] = [
        Self::Cancelled,
        Self::Differs,
        Self::RegisterDiffers,
        Self::NotEnough,
        Self::Nameless,
        Self::Unavailable,
        Self::Expired,
        Self::Used,
        Self::Lost,
        Self::OtherAccount,
        Self::SignedOut,
        Self::Limit,
        Self::Minor,
        Self::Busy,
        Self::Interrupted,
    ];

    /// The word in the address.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Differs => "differs",
            Self::RegisterDiffers => "register-differs",
            Self::NotEnough => "not-enough",
            Self::Nameless => "nameless",
            Self::Unavailable => "unavailable",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::Lost => "lost",
            Self::OtherAccount => "other-account",
            Self::SignedOut => "signed-out",
            Self::Limit => "limit",
            Self::Minor => "minor",
            Self::Busy => "busy",
            Self::Interrupted => "interrupted",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.word() == word)
    }

    /// The text; of three of them each source has its own.
    fn key(self, source: &Definition) -> String {
        match self {
            Self::Differs | Self::NotEnough | Self::Nameless => source.key(self.word()),
            _ => format!("away-{}", self.word()),
        }
    }
}

/// Shows the page.
pub(super) async fn show(
    source: &'static Definition,
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let step = Step::load(source, &service, &mut visit, onward).await?;
    let party = service.sources().away(&step.id).ok_or_else(Problem::not_found)?;
    if let Some(page) = first(&service, &visit, &step, party.as_ref()).await? {
        return Ok(visit.redirect(&page));
    }
    let said = asked.said.as_deref().and_then(Said::parse);
    let errors = match said {
        Some(said) => Errors::of_form(words(&visit, &step, party.as_ref(), said)),
        None => Errors::none(),
    };
    let again = asked
        .again
        .filter(|_| matches!(said, Some(Said::Unavailable | Said::Busy)));
    let again = again.map(|state| (state, said == Some(Said::Busy)));
    render(&service, &visit, &step, party.as_ref(), (errors, again)).await
}

/// What comes before this page: nothing, or what follows when there is nothing left to do here.
pub(super) async fn first(
    service: &Service,
    visit: &Visit,
    step: &Step,
    party: &dyn Away,
) -> Result<Option<LocalPath>, Stop> {
    let account = &step.session.account;
    if pages::holds(service, account, &step.id).await? {
        return Ok(Some(onward::after(service, visit, &step.onward, account).await?));
    }
    if step.needs_identity(party) {
        let register = LocalPath::known("/verify/population-register");
        return Ok(Some(if step.onward.has_interaction() {
            step.onward.through(register)
        } else {
            register.with("return_to", step.here().as_str())
        }));
    }
    Ok(onward::phone_first(
        service,
        &step.session,
        &step.onward,
        &step.source.slug(),
    ))
}

/// The sentence about a journey.
fn words(visit: &Visit, step: &Step, party: &dyn Away, said: Said) -> Words {
    Words::plain(visit.t_with(&said.key(step.source), &[("party", name(visit, party))]))
}

fn name(visit: &Visit, party: &dyn Away) -> Value {
    let name = party
        .party()
        .map(|party| party.name.in_language(visit.language()).to_owned());
    name.unwrap_or_default().into()
}

#[derive(askama::Template)]
#[template(path = "verify_away.html")]
struct Content<'a> {
    visit: &'a Visit,
    texts: Vec<String>,
    again: Option<LocalPath>,
    again_key: &'static str,
    form: Markup,
    review: Option<Markup>,
    roads: Vec<OtherRoad>,
    /// The counter is not among the roads: it is there for everybody, and named once.
    counter: bool,
}

struct OtherRoad {
    href: String,
    text: String,
}

/// Shows the page, with what is wrong and the way to ask once more.
pub(super) async fn render(
    service: &Service,
    visit: &Visit,
    step: &Step,
    party: &dyn Away,
    (errors, again): (Errors, Option<(String, bool)>),
) -> Result<Response, Stop> {
    let days = party
        .party()
        .and_then(|party| party.keeps_days)
        .unwrap_or_default();
    let args = [("party", name(visit, party)), ("days", days.into())];
    let texts = ["text", "told", "tells", "voluntary"]
        .into_iter()
        .map(|what| visit.t_with(&step.source.key(what), &args))
        .collect();
    let back = LocalPath::parse(&format!("{}/back", step.page.as_str()));
    let roads = roads(service, visit, step, party).await?;
    let content = Content {
        visit,
        texts,
        again_key: match again {
            Some((_, true)) => "away-go-on",
            _ => "away-again",
        },
        again: again.and_then(|(state, _)| Some(back.ok()?.with("state", &state))),
        form: form(visit, step, party).render(visit, &errors),
        review: review(service, visit, step).await?,
        counter: !roads.iter().any(|road| road.href.starts_with("/verify/counter")),
        roads,
    };
    let page = Page::new(
        format!("verify-{}", step.source.slug()),
        Words::plain(visit.t(&step.source.key("title"))),
    )
    .caption("evidence-caption")
    .errors(errors)
    .return_to(step.here());
    Ok(visit.render(page, &content))
}

fn form(visit: &Visit, step: &Step, party: &dyn Away) -> FormPage {
    let form = step.onward.in_form(FormPage::new(Leave::FORM, step.page.clone()));
    let form = if party.compares_a_face() {
        let agree = visit.t_with(&step.source.key("agree"), &[("party", name(visit, party))]);
        form.checkbox(Checkbox::new("agree", Words::plain(agree)))
    } else {
        form
    };
    form.button(Button::primary(Words::plain(visit.t(&step.source.key("submit")))))
        .button(Button::secondary("evidence-skip").sends("skip", "yes"))
}

/// The way to a person who decides, after a denial of a moment ago.
async fn review(service: &Service, visit: &Visit, step: &Step) -> Result<Option<Markup>, Stop> {
    let Some(number) = &step.session.account.citizen_id else {
        return Ok(None);
    };
    let since = service.now() - chrono::TimeDelta::seconds(CASE_SECONDS);
    let tx = service.store().read();
    let case = store::cases::find_denied(&tx, step.session.account.id, (&step.id, number), since).await?;
    Ok(case.map(|case| pages::review_form(visit, &case.number, &step.onward)))
}

/// The other roads to what this one leads to. Beside a face there is always one without.
async fn roads(
    service: &Service,
    visit: &Visit,
    step: &Step,
    party: &dyn Away,
) -> Result<Vec<OtherRoad>, Stop> {
    let (account, ladder, now) = (&step.session.account, service.ladder(), service.now());
    let held = store::evidence::list(&service.store().read(), account.id).await?;
    let level = evidence::level_from(service, account, &held).level;
    let above = || Level::ALL.into_iter().filter(|one| *one > level);
    let wanted = above().find(|one| {
        let ways = ladder.roads(account.kind, *one, &held, now);
        ways.iter()
            .any(|way| way.level == *one && way.sources.contains(&step.id))
    });
    // Where a shorter way leads as far, none with this source is left; the others are there all the same.
    let Some(wanted) = wanted.or_else(|| above().next()) else {
        return Ok(Vec::new());
    };
    let is_other = |source: &SourceId| {
        let uses_face = ladder.source(source).is_some_and(|source| source.uses_face);
        *source != step.id && !(party.compares_a_face() && uses_face)
    };
    let mut found: Vec<OtherRoad> = Vec::new();
    for way in ladder.roads(account.kind, wanted, &held, now) {
        let open = way
            .sources
            .iter()
            .all(|source| is_other(source) && service.sources().has(source));
        let first = way.sources.first().filter(|_| open);
        let Some((source, page)) = first.and_then(|source| Some((source, evidence::page_of(source)?))) else {
            continue;
        };
        let href = step.onward.through(page).to_string();
        if found.len() < ROADS_MAX && !found.iter().any(|other| other.href == href) {
            let text = pages::name_of(visit, source);
            found.push(OtherRoad { href, text });
        }
    }
    Ok(found)
}

/// No tries are left today, for this account or for its number.
pub(super) async fn is_used_up(service: &Service, visit: &Visit, step: &Step) -> Result<bool, Stop> {
    let account = &step.session.account;
    let (Some(name), Some(citizen_id)) = (account.name.clone(), account.citizen_id.clone()) else {
        return Ok(false);
    };
    let attempt = vouched::attempt(visit, &step.session, &step.id, (name, citizen_id));
    Ok(tries::left(service, &attempt).await? <= 0)
}
