//! `/account/cases`: what became of what a person sent, in plain words, with everything that happened and when, and who
//! looked: a role, not a name. What can be done about a case stands beside it.

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use model::ids::OperatorId;
use model::review::{Happening, Reason};
use serde::Deserialize;
use store::StoreError;
use store::accounts::Account;
use store::case_history::Entry;
use store::case_images::Image;
use store::case_reviews::{Review, Stage};
use store::cases::{self, Case, CaseNumber, State as CaseState};
use store::{case_history, case_images, case_reviews, operators};
use web::extract::Query;
use web::form::{Errors, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::document::case_page;
use super::{answer, words};
use crate::Service;
use crate::evidence;
use crate::session::{self, Stop};
use crate::signin::Onward;

const LIST: LocalPath = LocalPath::known("/account/cases");

/// The parameters of the pages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Just sent.
    filed: Option<String>,
    /// Something was just done: what.
    done: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "cases.html")]
struct ListContent<'a> {
    visit: &'a Visit,
    rows: Vec<Row>,
}

struct Row {
    number: String,
    href: String,
    about: String,
    state: &'static str,
    words: String,
    at: String,
}

/// Shows the list.
pub(super) async fn list(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let session = session::require(&service, &mut visit, &onward.through(LIST)).await?;
    let all = cases::list_all(&service.store().read(), session.account.id).await?;
    let mut rows = Vec::with_capacity(all.len());
    for case in &all {
        rows.push(Row {
            number: case.number.as_str().to_owned(),
            href: onward.through(case_page(&case.number)?).to_string(),
            about: evidence::name_of(&visit, &case.source),
            state: case.state.as_str(),
            words: visit.t(words::state(case.state)),
            at: visit.day(case.created_at),
        });
    }
    let content = ListContent { visit: &visit, rows };
    let page = Page::new("account-cases", "cases-title").return_to(onward.through(LIST));
    Ok(visit.render(page, &content))
}

/// A case of who is signed in; of nobody else's, and of none that is not sent off (A261).
pub(super) async fn find(service: &Service, account: &Account, number: &str) -> Result<Case, Stop> {
    let number = CaseNumber::parse(number).ok_or_else(Problem::not_found)?;
    let case = cases::find(&service.store().read(), account.id, &number).await?;
    let case = case.filter(|case| case.state != CaseState::Started);
    Ok(case.ok_or_else(Problem::not_found)?)
}

/// Until when a rejected case can be taken to another person; nothing when it was already, or when its time is over.
pub(super) fn appeal_until(service: &Service, case: &Case, review: Option<&Review>) -> Option<DateTime<Utc>> {
    let until = case.updated_at + TimeDelta::days(service.config().review.keep_days);
    let first = review.is_some_and(|review| review.appeals == 0);
    (case.state == CaseState::Rejected && first && service.now() < until).then_some(until)
}

/// Whether a reviewer has asked its owner for more. A case in the same state without one waits for its owner to type
/// again what is not kept: that goes to the source, not to a reviewer.
pub(super) fn is_asked(case: &Case, review: Option<&Review>) -> bool {
    case.state == CaseState::NeedsMoreInformation && review.is_some_and(|review| review.stage == Stage::Asked)
}

/// Whether its owner can take a case back.
pub(super) const fn can_withdraw(state: CaseState) -> bool {
    matches!(
        state,
        CaseState::InReview
            | CaseState::NeedsMoreInformation
            | CaseState::Appealed
            | CaseState::Unavailable
            | CaseState::Mismatch
            | CaseState::NotFound
            | CaseState::Conflict
    )
}

/// Shows a case.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    let here = CaseNumber::parse(&number).ok_or_else(Problem::not_found)?;
    onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &onward.through(case_page(&here)?)).await?;
    let case = find(&service, &session.account, &number).await?;
    let view = View::load(&service, &visit, case, &onward).await?;
    let said = match (asked.filed, asked.done.as_deref()) {
        (Some(_), _) => Some("case-said-filed"),
        (None, Some("answered")) => Some("case-said-answered"),
        (None, Some("appealed")) => Some("case-said-appealed"),
        (None, Some("withdrawn")) => Some("case-said-withdrawn"),
        _ => None,
    };
    Ok(view.render(&answer::Shown::default(), (said, Errors::none()))?)
}

/// A case with everything that its page shows.
pub(super) struct View<'a> {
    pub(super) service: &'a Service,
    pub(super) visit: &'a Visit,
    pub(super) case: Case,
    pub(super) review: Option<Review>,
    pub(super) images: Vec<Image>,
    history: Vec<Entry>,
    roles: Vec<(OperatorId, Vec<String>)>,
    pub(super) onward: &'a Onward,
}

#[derive(askama::Template)]
#[template(path = "case.html")]
struct Content<'a> {
    visit: &'a Visit,
    said: Option<String>,
    state: &'static str,
    words: String,
    reason: Option<String>,
    about: String,
    at: String,
    facts: Option<(String, String)>,
    pictures: Vec<Picture>,
    history: Vec<Line>,
    conflict: Option<String>,
    type_again: Option<String>,
    actions: Vec<Markup>,
    withdraw: Option<String>,
    go_on: Option<String>,
}

struct Picture {
    name: String,
    words: String,
    kept: bool,
}

struct Line {
    at: String,
    what: &'static str,
    words: String,
    role: Option<String>,
    reason: Option<String>,
}

impl<'a> View<'a> {
    pub(super) async fn load(
        service: &'a Service,
        visit: &'a Visit,
        case: Case,
        onward: &'a Onward,
    ) -> Result<Self, StoreError> {
        let tx = service.store().read();
        let history = case_history::list(&tx, case.id).await?;
        let mut staff: Vec<OperatorId> = history.iter().filter_map(|entry| entry.operator).collect();
        staff.sort_unstable();
        staff.dedup();
        let roles = if staff.is_empty() {
            Vec::new()
        } else {
            operators::roles(&tx, &staff).await?
        };
        Ok(Self {
            review: case_reviews::find_review(&tx, case.id).await?,
            images: case_images::list(&tx, case.id).await?,
            history,
            roles,
            service,
            visit,
            case,
            onward,
        })
    }

    pub(super) fn here(&self) -> Result<LocalPath, Problem> {
        Ok(self.onward.through(case_page(&self.case.number)?))
    }

    pub(super) fn render(
        &self,
        shown: &answer::Shown<'_>,
        (said, errors): (Option<&'static str>, Errors),
    ) -> Result<Response, Problem> {
        let (visit, case) = (self.visit, &self.case);
        let page = |name: &str| {
            let path = LocalPath::parse(&format!("/{name}/{}", case.number.as_str()));
            path.map(|path| self.onward.through(path).to_string())
        };
        let facts = case.input.as_ref();
        let content = Content {
            visit,
            said: said.map(|key| visit.t(key)),
            state: case.state.as_str(),
            words: visit.t(words::state(case.state)),
            reason: self.reason().map(|reason| words::reason(visit, reason)),
            about: evidence::name_of(visit, &case.source),
            at: visit.moment(case.created_at),
            facts: facts.map(|facts| (facts.name.masked(), facts.citizen_id.masked())),
            pictures: self.images.iter().map(|image| self.picture(image)).collect(),
            history: self.history.iter().map(|entry| self.line(entry)).collect(),
            conflict: (case.state == CaseState::Conflict)
                .then(|| page("verify/conflict"))
                .and_then(Result::ok),
            type_again: self.type_again(),
            actions: self.actions(shown, &errors)?,
            withdraw: can_withdraw(case.state)
                .then(|| self.here().map(|here| format!("{}/withdraw", here.path())))
                .transpose()?,
            go_on: self
                .onward
                .has_interaction()
                .then(|| self.onward.path().to_string()),
        };
        let title = Words::with("case-title", vec![("number", case.number.as_str().into())]);
        let page = Page::new("account-case", title)
            .return_to(self.here()?)
            .errors(errors);
        Ok(visit.render(page, &content))
    }

    /// The reason is told once it is the owner's turn, and when it is decided; not what somebody only proposes.
    fn reason(&self) -> Option<Reason> {
        let told = matches!(
            self.case.state,
            CaseState::NeedsMoreInformation | CaseState::Rejected | CaseState::Approved
        );
        self.review
            .as_ref()
            .filter(|_| told)
            .and_then(|review| review.reason)
    }

    fn is_asked(&self) -> bool {
        is_asked(&self.case, self.review.as_ref())
    }

    /// The page of the source that waits for what its owner must type again.
    fn type_again(&self) -> Option<String> {
        let waits = self.case.state == CaseState::NeedsMoreInformation && !self.is_asked();
        let page = evidence::page_of(&self.case.source).filter(|_| waits)?;
        Some(self.onward.through(page).to_string())
    }

    fn picture(&self, image: &Image) -> Picture {
        let visit = self.visit;
        let day = |at: DateTime<Utc>| visit.day(at);
        let words = match image.deleted_at {
            Some(at) => visit.t_with("case-picture-deleted", &[("day", day(at).as_str().into())]),
            None => visit.t_with(
                "case-picture-kept",
                &[("day", day(image.delete_after).as_str().into())],
            ),
        };
        Picture {
            name: visit.t(words::part(image.part)),
            words,
            kept: image.deleted_at.is_none(),
        }
    }

    fn line(&self, entry: &Entry) -> Line {
        // What is proposed is the operators' own affair until it is decided.
        let told = matches!(
            entry.what,
            Happening::AskedForMore | Happening::Approved | Happening::Rejected
        );
        Line {
            at: self.visit.moment(entry.at),
            what: entry.what.as_str(),
            words: words::happening(self.visit, entry.what),
            role: entry.operator.map(|operator| {
                let roles = self.roles.iter().find(|(id, _)| *id == operator);
                self.visit.t(words::role(
                    roles.map(|(_, roles)| roles.as_slice()).unwrap_or_default(),
                ))
            }),
            reason: entry
                .reason
                .filter(|_| told)
                .map(|reason| words::reason(self.visit, reason)),
        }
    }

    fn actions(&self, shown: &answer::Shown<'_>, errors: &Errors) -> Result<Vec<Markup>, Problem> {
        let mut actions = Vec::new();
        match self.case.state {
            CaseState::NeedsMoreInformation if self.is_asked() => {
                actions.push(answer::answer_form(self, shown, errors)?);
            }
            CaseState::Rejected => {
                if let Some(until) = appeal_until(self.service, &self.case, self.review.as_ref()) {
                    actions.push(answer::appeal_form(self, (shown, until), errors)?);
                }
            }
            CaseState::Mismatch | CaseState::NotFound => {
                actions.push(evidence::review_form(self.visit, &self.case.number, self.onward));
            }
            _ => {}
        }
        Ok(actions)
    }
}
