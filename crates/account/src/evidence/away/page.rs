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
use super::{Again, Asked, Passage, Step};
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
pub(crate) enum Said {
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

    pub(super) fn parse(word: &str) -> Option<Self> {
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
    let party = service
        .sources()
        .away(&step.passage.id)
        .ok_or_else(Problem::not_found)?;
    if let Some(page) = first(&service, &visit, &step, party.as_ref()).await? {
        return Ok(visit.redirect(&page));
    }
    let (said, again) = asked.heard();
    let errors = match said {
        Some(said) => Errors::of_form(words(&visit, step.passage.source, party.as_ref(), said)),
        None => Errors::none(),
    };
    render(&service, &visit, &step, party.as_ref(), (errors, again)).await
}

/// What comes before this page: nothing, or what follows when there is nothing left to do here.
pub(super) async fn first(
    service: &Service,
    visit: &Visit,
    step: &Step,
    party: &dyn Away,
) -> Result<Option<LocalPath>, Stop> {
    let passage = &step.passage;
    if pages::holds(service, &passage.account, &passage.id).await? {
        let after = onward::after(service, visit, &passage.onward, &passage.account);
        return Ok(Some(after.await?));
    }
    if step.needs_identity(party) {
        let register = LocalPath::known("/verify/population-register");
        return Ok(Some(if passage.onward.has_interaction() {
            passage.onward.through(register)
        } else {
            register.with("return_to", passage.here().as_str())
        }));
    }
    let then = passage.source.slug();
    Ok(onward::phone_first(service, visit, &step.session, (&passage.onward, &then)).await?)
}

/// The sentence about a journey.
pub(crate) fn words(visit: &Visit, source: &Definition, party: &dyn Away, said: Said) -> Words {
    Words::plain(visit.t_with(&said.key(source), &[("party", name(visit, party))]))
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

/// Another road beside this one.
pub(crate) struct OtherRoad {
    pub(crate) href: String,
    pub(crate) text: String,
}

/// What stands below the form.
pub(crate) struct Aside {
    /// The way to a person who decides.
    pub(crate) review: Option<Markup>,
    pub(crate) roads: Vec<OtherRoad>,
}

/// Shows the page, with what is wrong and the way to ask once more.
pub(super) async fn render(
    service: &Service,
    visit: &Visit,
    step: &Step,
    party: &dyn Away,
    (errors, again): (Errors, Option<Again>),
) -> Result<Response, Stop> {
    let passage = &step.passage;
    let form = passage
        .onward
        .in_form(FormPage::new(Leave::FORM, passage.page.clone()));
    let form = consent(visit, passage.source, (party, form))
        .button(Button::secondary("evidence-skip").sends("skip", "yes"));
    let aside = Aside {
        review: review(service, visit, step).await?,
        roads: roads(service, visit, step, party).await?,
    };
    let page = Page::new(
        format!("verify-{}", passage.source.slug()),
        Words::plain(visit.t(&passage.source.key("title"))),
    )
    .caption("evidence-caption");
    let form = form.render(visit, &errors);
    Ok(shown(
        visit,
        passage,
        party,
        (page.errors(errors), form, again),
        aside,
    ))
}

/// A form with the consent, where a face is compared, and the button that leaves.
pub(crate) fn consent(visit: &Visit, source: &Definition, (party, form): (&dyn Away, FormPage)) -> FormPage {
    let form = if party.compares_a_face() {
        let agree = visit.t_with(&source.key("agree"), &[("party", name(visit, party))]);
        form.checkbox(Checkbox::new("agree", Words::plain(agree)))
    } else {
        form
    };
    form.button(Button::primary(Words::plain(visit.t(&source.key("submit")))))
}

/// Shows a page from which somebody leaves: to whom they go and what is told, the form, and the other roads.
pub(crate) fn shown(
    visit: &Visit,
    passage: &Passage,
    party: &dyn Away,
    (page, form, again): (Page, Markup, Option<Again>),
    aside: Aside,
) -> Response {
    let days = party
        .party()
        .and_then(|party| party.keeps_days)
        .unwrap_or_default();
    let args = [("party", name(visit, party)), ("days", days.into())];
    let texts = ["text", "told", "tells", "voluntary"]
        .into_iter()
        .map(|what| visit.t_with(&passage.source.key(what), &args))
        .collect();
    let back = LocalPath::parse(&format!("{}/back", passage.page.as_str()));
    let is_counter = |road: &OtherRoad| road.href.starts_with("/verify/counter");
    let content = Content {
        visit,
        texts,
        again_key: match &again {
            Some(again) if again.is_busy => "away-go-on",
            _ => "away-again",
        },
        again: again.and_then(|again| Some(back.ok()?.with("state", &again.state))),
        form,
        review: aside.review,
        counter: !aside.roads.iter().any(is_counter),
        roads: aside.roads,
    };
    visit.render(page.return_to(passage.here()), &content)
}

/// The way to a person who decides, after a denial of a moment ago.
async fn review(service: &Service, visit: &Visit, step: &Step) -> Result<Option<Markup>, Stop> {
    let passage = &step.passage;
    let Some(number) = &passage.account.citizen_id else {
        return Ok(None);
    };
    let since = service.now() - chrono::TimeDelta::seconds(CASE_SECONDS);
    let tx = service.store().read();
    let case = store::cases::find_denied(&tx, passage.account.id, (&passage.id, number), since).await?;
    Ok(case.map(|case| pages::review_form(visit, &case.number, &passage.onward)))
}

/// The other roads to what this one leads to. Beside a face there is always one without.
async fn roads(
    service: &Service,
    visit: &Visit,
    step: &Step,
    party: &dyn Away,
) -> Result<Vec<OtherRoad>, Stop> {
    let passage = &step.passage;
    let (account, ladder, now) = (&passage.account, service.ladder(), service.now());
    let held = store::evidence::list(&service.store().read(), account.id).await?;
    let level = evidence::level_from(service, account, &held).level;
    let above = || Level::ALL.into_iter().filter(|one| *one > level);
    let wanted = above().find(|one| {
        let ways = ladder.roads(account.kind, *one, &held, now);
        ways.iter()
            .any(|way| way.level == *one && way.sources.contains(&passage.id))
    });
    // Where a shorter way leads as far, none with this source is left; the others are there all the same.
    let Some(wanted) = wanted.or_else(|| above().next()) else {
        return Ok(Vec::new());
    };
    let is_other = |source: &SourceId| {
        let uses_face = ladder.source(source).is_some_and(|source| source.uses_face);
        *source != passage.id && !(party.compares_a_face() && uses_face)
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
        let href = passage.onward.through(page).to_string();
        if found.len() < ROADS_MAX && !found.iter().any(|other| other.href == href) {
            let text = pages::name_of(visit, source);
            found.push(OtherRoad { href, text });
        }
    }
    Ok(found)
}

/// No tries are left today, for this account or for its number.
pub(crate) async fn is_used_up(service: &Service, visit: &Visit, passage: &Passage) -> Result<bool, Stop> {
    let Some(own) = vouched::identity(&passage.account) else {
        return Ok(false);
    };
    let attempt = vouched::attempt(visit, &passage.account, &passage.id, own);
    Ok(tries::left(service, &attempt).await? <= 0)
}
