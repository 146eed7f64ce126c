//! What the pages under `/verify` have in common: how an attempt ended, in words and with a way on.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::citizen_id::CitizenId;
use model::evidence::SourceId;
use model::review::Happening;
use serde::Deserialize;
use store::StoreError;
use store::accounts::Account;
use store::cases::{self, CaseNumber, State as CaseState};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::check::Outcome;
use super::source::Denial;
use crate::Service;
use crate::notice::Notice;
use crate::review::{conflict, filing, minors};
use crate::session::{self, Stop};
use crate::signin::Onward;

const LEVEL: LocalPath = LocalPath::known("/account/level");
/// The road that asks no register and has no tries.
const DOCUMENTS: LocalPath = LocalPath::known("/verify/document-review");
const RESTRICTED: LocalPath = LocalPath::known("/verify/restricted");

/// Whether an account holds evidence from a source that counts now.
pub(crate) async fn holds(
    service: &Service,
    account: &Account,
    source: &SourceId,
) -> Result<bool, StoreError> {
    let (now, ladder) = (service.now(), service.ladder());
    let evidence = store::evidence::list(&service.store().read(), account.id).await?;
    Ok(evidence.iter().any(|piece| {
        let by_todays_rules = ladder.expiry(&piece.source, piece.issued_at);
        piece.source == *source && piece.holds_at(now) && by_todays_rules.is_none_or(|end| now < end)
    }))
}

/// What is said about a denial. No word about which of the fields it was.
pub(super) fn denial_words(denial: Denial, tries_left: i64) -> Words {
    let key = match denial {
        Denial::NotFound => "evidence-not-found",
        _ => "evidence-mismatch",
    };
    Words::with(key, vec![("left", Ord::max(tries_left, 0).into())])
}

/// The way to a person who decides, for a case that the source has denied.
pub(crate) fn review_form(visit: &Visit, case: &CaseNumber, onward: &Onward) -> Markup {
    onward
        .in_form(FormPage::new(Review::FORM, LocalPath::known("/verify/review")))
        .hidden("case", case.as_str())
        .button(Button::secondary("evidence-review-submit").sends("review", "yes"))
        .render(visit, &Errors::none())
}

/// Too young to prove a name alone: where to go instead.
pub(super) fn minor(service: &Service, visit: &Visit, number: &CitizenId, onward: &Onward) -> Response {
    minors::page_for(service, visit, number, onward)
}

/// The ends of an attempt that leave nothing to fill in.
///
/// A switch of language leads to the page "identity level", where the case is: it has no address of its own.
pub(super) fn outcome(service: &Service, visit: &mut Visit, outcome: Outcome, onward: &Onward) -> Response {
    let page = |name, title: &'static str| Page::new(name, title).return_to(onward.through(LEVEL));
    match outcome {
        Outcome::Waiting { case } => {
            let notice = Notice::saying("evidence-waiting-text")
                .and("evidence-waiting-sms")
                .case(case.as_str());
            way_on(visit, notice, onward).respond(visit, page("verify-waiting", "evidence-waiting-title"))
        }
        Outcome::Conflict { case } => {
            let notice = Notice::saying("evidence-conflict-text")
                .and("evidence-conflict-help")
                .case(case.as_str());
            let notice = match conflict::page_of(&case) {
                Ok(page) => notice.link(onward.through(page), "case-conflict-go"),
                Err(_) => notice,
            };
            way_on(visit, notice, onward).respond(visit, page("verify-conflict", "evidence-conflict-title"))
        }
        Outcome::Restricted { case } => {
            visit.end_session();
            restricted(visit, &case)
        }
        Outcome::NoTriesLeft => {
            let notice = Notice::saying("evidence-limit-text").and("evidence-limit-help");
            let notice = if service.config().review.open {
                notice.link(onward.through(DOCUMENTS), "evidence-limit-review")
            } else {
                notice
            };
            let page = page("verify-limit", "evidence-limit-title").status(StatusCode::TOO_MANY_REQUESTS);
            way_on(visit, notice, onward).respond(visit, page)
        }
        // The page that follows finds out what is left of the sign-in.
        Outcome::NeedsMore { .. } | Outcome::Passed | Outcome::Denied { .. } | Outcome::Gone => {
            visit.redirect(&onward.path())
        }
    }
}

/// The same ends as addresses, for who comes back from another party: theirs has codes in it, and must not stay in the
/// browser's history. `limit` is where it is said that no tries are left.
pub(super) fn outcome_at(
    visit: &mut Visit,
    outcome: &Outcome,
    onward: &Onward,
    limit: LocalPath,
) -> Result<Response, Problem> {
    let to = match outcome {
        Outcome::Waiting { case } | Outcome::NeedsMore { case } | Outcome::Conflict { case } => {
            let page = format!("/account/cases/{}", case.as_str());
            onward.through(LocalPath::parse(&page).map_err(Problem::internal)?)
        }
        Outcome::Restricted { case } => {
            visit.end_session();
            RESTRICTED.with("case", case.as_str())
        }
        Outcome::NoTriesLeft => limit,
        Outcome::Passed | Outcome::Denied { .. } | Outcome::Gone => onward.path(),
    };
    Ok(visit.redirect(&to))
}

/// The account is frozen. Nobody is signed in any more: the way back is the front door.
fn restricted(visit: &Visit, case: &CaseNumber) -> Response {
    let notice = Notice::saying("evidence-restricted-text").and("evidence-restricted-help");
    let page = Page::new("verify-restricted", "evidence-restricted-title").return_to(LocalPath::known("/"));
    notice.case(case.as_str()).respond(visit, page)
}

/// The parameters of the page for who has just been frozen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Frozen {
    case: String,
}

/// `GET /verify/restricted`: says it to whoever opens it, and knows nobody.
pub(super) async fn show_restricted(visit: Visit, Query(asked): Query<Frozen>) -> Result<Response, Problem> {
    let case = CaseNumber::parse(&asked.case).ok_or_else(Problem::not_found)?;
    Ok(restricted(&visit, &case))
}

/// The source did not answer, and something was not kept: the way back to the form, which has everything else.
pub(super) fn needs_more(visit: &Visit, case: &CaseNumber, form: &LocalPath, onward: &Onward) -> Response {
    let notice = Notice::saying("evidence-again-text")
        .and("evidence-again-help")
        .case(case.as_str())
        .link(onward.through(form.clone()), "evidence-again-go");
    let page = Page::new("verify-again", "evidence-again-title").return_to(onward.through(LEVEL));
    let notice = if onward.has_interaction() {
        notice.action(decline_form(visit, onward, "evidence-go-on-without"))
    } else {
        notice
    };
    notice.respond(visit, page)
}

/// A source's name for people: from its own file, else from the texts of the ladder; one that neither knows is shown
/// by its own name.
pub(crate) fn name_of(visit: &Visit, source: &SourceId) -> String {
    let slug = source.as_str().replace('_', "-");
    let texts = visit.kit().texts();
    let find = |key: String| texts.find(visit.language(), &key, &[]);
    find(format!("source-{slug}-name"))
        .or_else(|| find(format!("space-source-{slug}")))
        .unwrap_or_else(|| source.to_string())
}

/// On without the level: a decision where a sub-site waits, a link otherwise.
pub(crate) fn way_on(visit: &Visit, notice: Notice, onward: &Onward) -> Notice {
    if onward.has_interaction() {
        notice.action(decline_form(visit, onward, "evidence-go-on-without"))
    } else {
        notice.link(onward.through(LEVEL), "evidence-to-level")
    }
}

/// The form that says "not now" to a sub-site that asked for a level.
pub(crate) fn decline_form(visit: &Visit, onward: &Onward, words: &'static str) -> Markup {
    onward
        .in_form(FormPage::new(Decline::FORM, LocalPath::known("/verify/decline")))
        .button(Button::secondary(words).sends("decline", "yes"))
        .render(visit, &Errors::none())
}

/// What the "not now" form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Decline {
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Decline {
    const FORM: &'static str = "level-decline";
}

/// `POST /verify/decline`.
pub(super) async fn decline(
    State(service): State<Service>,
    visit: Visit,
    Form(sent): Form<Decline>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    Ok(visit.redirect(&super::onward::decline(&service, &visit, &onward).await?))
}

/// What the review form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Review {
    case: String,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Review {
    const FORM: &'static str = "review";
}

/// `POST /verify/review`: asks for a person to look at a case that the source has denied. Asking twice is asking once.
pub(super) async fn file_review(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Review>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let session = session::require(&service, &mut visit, &onward.through(LEVEL)).await?;
    let number = CaseNumber::parse(&sent.case).ok_or_else(Problem::not_found)?;
    let tx = service.store().begin().await?;
    let case = cases::find(&tx, session.account.id, &number)
        .await?
        .ok_or_else(Problem::not_found)?;
    match case.state {
        CaseState::Mismatch | CaseState::NotFound | CaseState::Conflict => {
            let level = filing::level_of_review(&service, &tx, &session.account, &case).await?;
            let moving = filing::Moving::of(&service, &tx, &case, visit.request_id());
            let steps = (case.state, CaseState::InReview);
            moving.queue(steps, Happening::Filed, level).await?;
        }
        CaseState::InReview => {}
        _ => return Err(Problem::not_found().into()),
    }
    tx.commit().await?;
    let notice = Notice::saying("evidence-filed-text").case(number.as_str());
    let page = Page::new("verify-review", "evidence-filed-title").return_to(onward.through(LEVEL));
    Ok(way_on(&visit, notice, &onward).respond(&visit, page))
}
