//! `/account/level`: where I am, what carries it and until when, and what each higher level needs (HB-20, HB-24). A
//! sub-site that asks for more sends people here with `want`; they go on, or say "not now", and the interrupted
//! request continues.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::evidence::{Evidence, SourceId};
use model::interaction::Interaction;
use model::ladder::{Level, LevelNow};
use serde::Deserialize;
use store::accounts::Account;
use store::cases::{Case, State as CaseState};
use web::extract::Query;
use web::form::Words;
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use crate::Service;
use crate::evidence;
use crate::session::{self, Stop};
use crate::signin::Onward;

/// For how long a denied case is shown, in days: as long as what was typed for it is kept.
const DENIED_DAYS: i64 = 30;

const HERE: LocalPath = LocalPath::known("/account/level");

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    want: Option<String>,
    done: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// The sources that would raise an account one way or another to each higher level, shortest ways first.
pub(super) fn roads(service: &Service, account: &Account, held: &[Evidence], from: Level) -> Vec<Next> {
    let (ladder, now) = (service.ladder(), service.now());
    let mut next: Vec<Next> = Vec::new();
    for level in Level::ALL.into_iter().filter(|level| *level > from) {
        let roads = ladder.roads(account.kind, level, held, now);
        let ways: Vec<Vec<SourceId>> = roads
            .into_iter()
            .filter(|road| road.level == level)
            .map(|road| road.sources)
            .collect();
        if !ways.is_empty() {
            next.push(Next { level, ways });
        }
    }
    next
}

/// A higher level with the ways to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Next {
    level: Level,
    ways: Vec<Vec<SourceId>>,
}

/// Whether a way can be gone here to its end.
fn is_open(service: &Service, way: &[SourceId]) -> bool {
    way.iter()
        .all(|source| service.sources().has(source) && evidence::page_of(source).is_some())
}

/// Which page to take now to come nearer to a level: the first thing missing on the shortest open way.
fn open_road(service: &Service, next: &[Next], wanted: Level) -> Option<LocalPath> {
    let ways = next
        .iter()
        .filter(|one| one.level >= wanted)
        .flat_map(|one| &one.ways);
    let way = ways
        .filter(|way| is_open(service, way))
        .min_by_key(|way| way.len())?;
    way.first().and_then(evidence::page_of)
}

/// Shows the page, or goes on when the wanted level is reached.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let want = asked
        .want
        .as_deref()
        .and_then(|text| text.parse().ok())
        .and_then(Level::new);
    let here = match want {
        Some(want) => onward.through(HERE.with("want", &want.number().to_string())),
        None => onward.through(HERE),
    };
    let interaction = onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &here).await?;
    let tx = service.store().read();
    let held = store::evidence::list(&tx, session.account.id).await?;
    let now = evidence::level_from(&service, &session.account, &held);
    let want = want.or_else(|| {
        interaction
            .as_ref()
            .and_then(|interaction| interaction.wants.level)
    });
    let somewhere = interaction.is_some() || (!onward.has_interaction() && onward.return_to().is_some());
    if somewhere && want.is_some_and(|want| now.level >= want) {
        return Ok(visit.redirect(&onward.path()));
    }
    let site = match &interaction {
        Some(interaction) => site_name(&service, &visit, interaction).await?,
        None => None,
    };
    let view = View {
        service: &service,
        visit: &visit,
        next: roads(&service, &session.account, &held, now.level),
        cases: cases(&service, &session.account, &held).await?,
        done: asked.done.is_some(),
        site,
        want: want.filter(|want| now.level < *want),
        held,
        now,
        onward,
    };
    Ok(view.render())
}

/// What is under way, and of what a source has denied lately the newest for each source that is still missing.
async fn cases(service: &Service, account: &Account, held: &[Evidence]) -> Result<Vec<Case>, Stop> {
    let (tx, now) = (service.store().read(), service.now());
    let mut cases = store::cases::list_open(&tx, account.id).await?;
    let since = now - TimeDelta::days(DENIED_DAYS);
    for case in store::cases::list_denied(&tx, account.id, since).await? {
        let proven = held
            .iter()
            .any(|piece| piece.source == case.source && piece.holds_at(now));
        let newer = cases.iter().any(|one| one.source == case.source);
        if !proven && !newer {
            cases.push(case);
        }
    }
    Ok(cases)
}

async fn site_name(
    service: &Service,
    visit: &Visit,
    interaction: &Interaction,
) -> Result<Option<String>, Stop> {
    let client = store::clients::find(&service.store().read(), &interaction.client_id).await?;
    Ok(client.map(|client| client.name.in_language(visit.language()).to_owned()))
}

struct View<'a> {
    service: &'a Service,
    visit: &'a Visit,
    now: LevelNow,
    held: Vec<Evidence>,
    next: Vec<Next>,
    cases: Vec<Case>,
    onward: Onward,
    want: Option<Level>,
    site: Option<String>,
    done: bool,
}

#[derive(askama::Template)]
#[template(path = "level.html")]
struct Content<'a> {
    visit: &'a Visit,
    done: bool,
    back: Option<String>,
    asks: Option<String>,
    go: Option<String>,
    not_now: Markup,
    ladder: Vec<Step>,
    level: u8,
    level_name: String,
    since: Option<String>,
    lapses: Option<String>,
    seals: Vec<Seal>,
    cases: Vec<Row>,
    next: Vec<Higher>,
}

struct Step {
    level: u8,
    name: String,
    reached: bool,
    here: bool,
}

struct Seal {
    source: String,
    name: String,
    at: String,
    until: Option<String>,
}

struct Row {
    number: String,
    about: String,
    state: &'static str,
    words: String,
    at: String,
    /// The way to a person who decides.
    review: Option<Markup>,
}

struct Higher {
    level: u8,
    name: String,
    /// Ways that can be gone here, to their end.
    open: Vec<Way>,
    /// Ways that this installation has no page for yet.
    elsewhere: Vec<String>,
}

struct Way {
    /// The names of what is missing, joined.
    needs: String,
    /// The name of the first thing missing.
    begin: String,
    /// Its page.
    href: String,
}

impl View<'_> {
    fn render(&self) -> Response {
        let (visit, ladder, language) = (self.visit, self.service.ladder(), self.visit.language());
        let content = Content {
            visit,
            done: self.done,
            back: self.back(),
            asks: self.asks(),
            go: self.go(),
            not_now: self.not_now(),
            ladder: self.ladder(),
            level: self.now.level.number(),
            level_name: ladder.name(self.now.level, language).to_owned(),
            since: self.now.since.map(|at| visit.day(at)),
            lapses: self.now.lapses_at.map(|at| visit.day(at)),
            seals: self.seals(),
            cases: self.cases.iter().map(|case| self.row(case)).collect(),
            next: self.next.iter().map(|next| self.higher(next)).collect(),
        };
        let mut page = Page::new("account-level", "space-level-title");
        if let Some(site) = &self.site {
            page = page.caption(Words::with(
                "signin-for-site",
                vec![("site", site.as_str().into())],
            ));
        }
        visit.render(page, &content)
    }

    /// Which level is asked for, and by whom.
    fn asks(&self) -> Option<String> {
        let want = self.want?;
        let name = self.service.ladder().name(want, self.visit.language());
        let mut args = vec![("level", want.number().into()), ("name", name.into())];
        let key = match &self.site {
            Some(site) => {
                args.push(("site", site.as_str().into()));
                "space-level-site-asks"
            }
            None => "space-level-asks",
        };
        Some(self.visit.t_with(key, &args))
    }

    /// The page of ours that sent the person here, when nothing is left to do first.
    fn back(&self) -> Option<String> {
        let leads = self.want.is_none() && !self.onward.has_interaction();
        self.onward.return_to().filter(|_| leads).map(ToString::to_string)
    }

    fn go(&self) -> Option<String> {
        let page = open_road(self.service, &self.next, self.want?)?;
        Some(self.onward.through(page).to_string())
    }

    fn not_now(&self) -> Markup {
        if self.want.is_some() && self.onward.has_interaction() {
            evidence::decline_form(self.visit, &self.onward, "space-level-not-now")
        } else {
            Markup::default()
        }
    }

    fn ladder(&self) -> Vec<Step> {
        let step = |level: Level| Step {
            level: level.number(),
            name: self
                .service
                .ladder()
                .name(level, self.visit.language())
                .to_owned(),
            reached: level <= self.now.level,
            here: level == self.now.level,
        };
        Level::ALL.into_iter().map(step).collect()
    }

    fn seals(&self) -> Vec<Seal> {
        let (visit, ladder, now) = (self.visit, self.service.ladder(), self.service.now());
        let counts = |piece: &&Evidence| piece.holds_at(now) && ladder.source(&piece.source).is_some();
        let seal = |piece: &Evidence| Seal {
            source: piece.source.to_string(),
            name: source_name(visit, &piece.source),
            at: visit.day(piece.issued_at),
            until: piece.ends_at().map(|at| visit.day(at)),
        };
        self.held.iter().filter(counts).map(seal).collect()
    }

    fn row(&self, case: &Case) -> Row {
        Row {
            number: case.number.as_str().to_owned(),
            about: source_name(self.visit, &case.source),
            state: case.state.as_str(),
            words: self.visit.t(state_key(case.state)),
            at: self.visit.day(case.created_at),
            review: matches!(case.state, CaseState::Mismatch | CaseState::NotFound)
                .then(|| evidence::review_form(self.visit, &case.number, &self.onward)),
        }
    }

    fn higher(&self, next: &Next) -> Higher {
        let joint = self.visit.t("space-level-joint");
        let mut higher = Higher {
            level: next.level.number(),
            name: self
                .service
                .ladder()
                .name(next.level, self.visit.language())
                .to_owned(),
            open: Vec::new(),
            elsewhere: Vec::new(),
        };
        for way in &next.ways {
            let names: Vec<String> = way.iter().map(|source| source_name(self.visit, source)).collect();
            let needs = names.join(&joint);
            let first = way.first().and_then(evidence::page_of);
            match first.filter(|_| is_open(self.service, way)) {
                Some(page) => higher.open.push(Way {
                    begin: names.into_iter().next().unwrap_or_default(),
                    href: self.onward.through(page).to_string(),
                    needs,
                }),
                None => higher.elsewhere.push(needs),
            }
        }
        higher
    }
}

/// A source's name for people; one that the texts do not know is shown by its own name.
fn source_name(visit: &Visit, source: &SourceId) -> String {
    let key = format!("space-source-{}", source.as_str().replace('_', "-"));
    let texts = visit.kit().texts();
    texts
        .find(visit.language(), &key, &[])
        .unwrap_or_else(|| source.to_string())
}

const fn state_key(state: CaseState) -> &'static str {
    match state {
        CaseState::Checking | CaseState::Unavailable => "space-case-waiting",
        CaseState::InReview | CaseState::Appealed | CaseState::NeedsMoreInformation => "space-case-in-review",
        CaseState::Restricted => "space-case-restricted",
        CaseState::Passed | CaseState::Approved => "space-case-passed",
        CaseState::Mismatch | CaseState::NotFound | CaseState::Rejected => "space-case-denied",
        CaseState::Conflict => "space-case-conflict",
        CaseState::Replaced | CaseState::Expired | CaseState::Started => "space-case-ended",
    }
}
