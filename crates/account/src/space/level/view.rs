//! How the page "identity level" looks: from what was found to what is said.

use axum::response::Response;
use model::evidence::{Evidence, SourceId};
use model::ladder::{Level, LevelNow};
use store::cases::{Case, State as CaseState};
use web::form::Words;
use web::paths::LocalPath;
use web::{Markup, Page, Visit};

use super::back::Outside;
use super::roads::{Next, Standing};
use crate::Service;
use crate::evidence;
use crate::review::words;
use crate::signin::Onward;

/// What was found.
pub(super) struct View<'a> {
    pub(super) service: &'a Service,
    pub(super) visit: &'a Visit,
    pub(super) now: LevelNow,
    pub(super) held: Vec<Evidence>,
    pub(super) next: Vec<Next>,
    pub(super) standing: Standing,
    pub(super) cases: Vec<Case>,
    pub(super) onward: Onward,
    pub(super) on_the_way: Onward,
    pub(super) outside: Option<Outside>,
    pub(super) want: Option<Level>,
    pub(super) site: Option<String>,
    pub(super) notice: Option<&'static str>,
    pub(super) here: LocalPath,
}

#[derive(askama::Template)]
#[template(path = "level.html")]
struct Content<'a> {
    visit: &'a Visit,
    notice: Option<String>,
    back: Option<Link>,
    asks: Option<String>,
    go: Option<String>,
    not_now: Markup,
    ladder: Vec<Step>,
    level: u8,
    level_name: String,
    since: Option<String>,
    lapses: Option<String>,
    why: Vec<String>,
    seals: Vec<Seal>,
    cases: Vec<Row>,
    next: Vec<Higher>,
}

struct Link {
    href: String,
    text: String,
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
    href: String,
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
    /// What the person has of what it takes.
    have: String,
    /// Ways that can be gone here and now, to their end.
    open: Vec<Way>,
    /// Ways that cannot, and why.
    closed: Vec<ClosedWay>,
}

struct Way {
    /// The names of what is missing, joined.
    needs: String,
    /// The name of the first thing missing.
    begin: String,
    /// Its page.
    href: String,
}

struct ClosedWay {
    needs: String,
    why: String,
}

impl View<'_> {
    /// The answer with the page.
    pub(super) fn render(&self) -> Response {
        let (visit, ladder, language) = (self.visit, self.service.ladder(), self.visit.language());
        let content = Content {
            visit,
            notice: self.notice.map(|key| visit.t(key)),
            back: self.back(),
            asks: self.asks(),
            go: self.go(),
            not_now: self.not_now(),
            ladder: self.ladder(),
            level: self.now.level.number(),
            level_name: ladder.name(self.now.level, language).to_owned(),
            since: self.now.since.map(|at| visit.day(at)),
            lapses: self.now.lapses_at.map(|at| visit.day(at)),
            why: self.why(),
            seals: self.seals(),
            cases: self.cases.iter().map(|case| self.row(case)).collect(),
            next: self.next.iter().map(|next| self.higher(next)).collect(),
        };
        let mut page = Page::new("account-level", "space-level-title").return_to(self.here.clone());
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

    /// Where the person came from: a page of ours when nothing is left to do first, and a sub-site always.
    fn back(&self) -> Option<Link> {
        if self.onward.has_interaction() {
            return None;
        }
        if let Some(outside) = &self.outside {
            let site = outside.client.name.in_language(self.visit.language());
            return Some(Link {
                href: outside.url.to_string(),
                text: self.visit.t_with("space-level-back-to", &[("site", site.into())]),
            });
        }
        let page = self.onward.return_to().filter(|_| self.want.is_none())?;
        Some(Link {
            href: page.to_string(),
            text: self.visit.t("web-continue"),
        })
    }

    fn go(&self) -> Option<String> {
        let page = self.standing.first_page(&self.next, self.want?)?;
        Some(self.on_the_way.through(page).to_string())
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

    /// The evidence that carries the level, by name.
    fn why(&self) -> Vec<String> {
        let carries = |piece: &&Evidence| self.now.carried_by.contains(&piece.id);
        let carrying = self.held.iter().filter(carries);
        carrying
            .map(|piece| source_name(self.visit, &piece.source))
            .collect()
    }

    fn counting(&self) -> impl Iterator<Item = &Evidence> {
        let (ladder, now) = (self.service.ladder(), self.service.now());
        let counts = move |piece: &&Evidence| piece.holds_at(now) && ladder.source(&piece.source).is_some();
        self.held.iter().filter(counts)
    }

    fn seals(&self) -> Vec<Seal> {
        let visit = self.visit;
        let seal = |piece: &Evidence| Seal {
            source: piece.source.to_string(),
            name: source_name(visit, &piece.source),
            at: visit.day(piece.issued_at),
            until: piece.ends_at().map(|at| visit.day(at)),
        };
        self.counting().map(seal).collect()
    }

    fn row(&self, case: &Case) -> Row {
        let page = format!("/account/cases/{}", case.number.as_str());
        let href = LocalPath::parse(&page).map_or(page, |page| self.on_the_way.through(page).to_string());
        Row {
            number: case.number.as_str().to_owned(),
            href,
            about: source_name(self.visit, &case.source),
            state: case.state.as_str(),
            words: self.visit.t(words::state(case.state)),
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
            have: self.have(next, &joint),
            open: Vec::new(),
            closed: Vec::new(),
        };
        for way in &next.ways {
            let names: Vec<String> = way.iter().map(|source| source_name(self.visit, source)).collect();
            let needs = names.join(&joint);
            let first = way.first().and_then(|source| self.standing.page(source).ok());
            let closed = way.iter().find_map(|source| self.standing.page(source).err());
            match (first, closed) {
                (Some(page), None) => higher.open.push(Way {
                    begin: names.into_iter().next().unwrap_or_default(),
                    href: self.on_the_way.through(page).to_string(),
                    needs,
                }),
                (_, closed) => higher.closed.push(ClosedWay {
                    why: self.visit.t(closed.unwrap_or("space-road-not-connected")),
                    needs,
                }),
            }
        }
        higher
    }

    /// What the person has already of what the shortest way to a level takes: all that counts, where something of it
    /// does.
    fn have(&self, next: &Next, joint: &str) -> String {
        let ladder = self.service.ladder();
        let takes_more = |source: &SourceId| ladder.source(source).is_some();
        if !next.ways.iter().flatten().any(takes_more) {
            return String::new();
        }
        let names: Vec<String> = self
            .counting()
            .filter(|piece| self.now.carried_by.contains(&piece.id))
            .map(|piece| source_name(self.visit, &piece.source))
            .collect();
        names.join(joint)
    }
}

fn source_name(visit: &Visit, source: &SourceId) -> String {
    evidence::name_of(visit, source)
}
