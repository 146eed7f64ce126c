//! `/verify/document-review`: pictures of the identity card and of the face, which a reviewer compares with what the
//! person says. A consent of its own lets us store them. A picture that was taken stays, sealed, while something else
//! on the form has to be put right; nobody sees it before the form is sent off.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use model::evidence::SourceId;
use model::ids::CaseId;
use model::review::Happening;
use store::accounts::Account;
use store::case_images::{self, Part};
use store::cases::{self, Case, CaseNumber, Factors, Input, NewCase, State as CaseState};
use store::sessions::LiveSession;
use store::{StoreError, Tx};
use web::extract::{Query, Sent, Upload};
use web::form::{Button, Errors, Field, FormPage};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::filing::{Moving, level_at_stake};
use super::form::{self, CONSENT, Made};
use super::{DOCUMENT_REVIEW, minors};
use crate::Service;
use crate::evidence::{self, Decision, Typed};
use crate::session::{self, Stop};
use crate::signin::{Asked, Onward};

const HERE: LocalPath = LocalPath::known("/verify/document-review");
/// The name of the form.
const FORM: &str = "document-review";
/// What is asked for.
const PARTS: [Part; 3] = [Part::Front, Part::Back, Part::Portrait];
/// The states in which a case is still going on: another one is not opened beside it.
const GOING_ON: [CaseState; 3] = [
    CaseState::InReview,
    CaseState::NeedsMoreInformation,
    CaseState::Appealed,
];
/// How often a number for a case is tried.
const NUMBERS_TRIED: u32 = 16;

fn source_id() -> Result<SourceId, Problem> {
    SourceId::parse(DOCUMENT_REVIEW).map_err(Problem::internal)
}

/// The page of a case.
pub(super) fn case_page(number: &CaseNumber) -> Result<LocalPath, Problem> {
    LocalPath::parse(&format!("/account/cases/{}", number.as_str())).map_err(Problem::internal)
}

/// Shows the form.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    let session = match begin(&service, &mut visit, &onward).await? {
        Begun::With(session) => session,
        Begun::Elsewhere(page) => return Ok(visit.redirect(&page)),
    };
    let tx = service.store().read();
    let draft = draft_of(&service, &tx, &session.account).await?;
    let images = match &draft {
        Some(case) => case_images::list(&tx, case.id).await?,
        None => Vec::new(),
    };
    let input = draft.and_then(|case| case.input);
    let shown = Shown {
        service: &service,
        visit: &visit,
        account: &session.account,
        onward: &onward,
        name: input.as_ref().map_or("", |input| input.name.as_str()),
        citizen_id: input.as_ref().map_or("", |input| input.citizen_id.as_str()),
        consent: !images.is_empty(),
        kept: form::kept(&images),
    };
    Ok(shown.render(Errors::none(), None))
}

enum Begun {
    With(Box<LiveSession>),
    /// Another page comes first, or nothing is left to do here.
    Elsewhere(LocalPath),
}

async fn begin(service: &Service, visit: &mut Visit, onward: &Onward) -> Result<Begun, Stop> {
    if !service.config().review.open {
        return Err(Problem::not_found().into());
    }
    onward.speak(service, visit).await?;
    let session = session::require(service, visit, &onward.through(HERE)).await?;
    let (tx, source) = (service.store().read(), source_id()?);
    if evidence::holds(service, &session.account, &source).await? {
        let next = evidence::after(service, visit, onward, &session.account).await?;
        return Ok(Begun::Elsewhere(next));
    }
    if let Some(open) = cases::find_in(&tx, session.account.id, &source, &GOING_ON).await? {
        return Ok(Begun::Elsewhere(onward.through(case_page(&open.number)?)));
    }
    if let Some(page) = evidence::phone_first(service, visit, &session, (onward, "document-review")).await? {
        return Ok(Begun::Elsewhere(page));
    }
    Ok(Begun::With(Box::new(session)))
}

/// What is there of a form that was not sent off.
async fn draft_of(service: &Service, tx: &Tx, account: &Account) -> Result<Option<Case>, Stop> {
    let draft = cases::find_in(tx, account.id, &source_id()?, &[CaseState::Started]).await?;
    let since = service.now() - TimeDelta::minutes(service.config().review.draft_minutes);
    Ok(draft.filter(|case| case.updated_at > since))
}

/// Takes the form.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
    upload: Upload,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    let session = match begin(&service, &mut visit, &onward).await {
        Ok(Begun::With(session)) => session,
        // Whatever comes first: the browser hears of it only once it has sent everything.
        Ok(Begun::Elsewhere(page)) => {
            upload.discard().await;
            return Ok(visit.redirect(&page));
        }
        Err(stop) => {
            upload.discard().await;
            return Err(stop);
        }
    };
    let account = &session.account;
    let read = form::read(&service, &visit, account.id, (upload, FORM)).await?;
    let (sent, turn) = match read {
        Ok(read) => read,
        Err(wait) => {
            let shown = Shown::empty(&service, &visit, account, &onward);
            let errors = Errors::of_form(wait.words());
            return Ok(shown.render(errors, Some(StatusCode::TOO_MANY_REQUESTS)));
        }
    };
    let (facts, mut errors) = match facts_of(&service, &visit, account, &sent) {
        Decision::Ask(facts) => (Some(facts), Errors::none()),
        Decision::Wrong(errors) => (None, errors),
        Decision::Minor(number) => return Ok(minors::page_for(&service, &visit, &number, &onward)),
    };
    let made = form::remake((&service, &visit), &sent, &PARTS, &mut errors).await;
    drop(turn);
    if sent.find(CONSENT).is_none() {
        errors.add(CONSENT, "review-consent-missing");
    }
    let filed = file(&service, &visit, account, (facts, &made, &mut errors, &sent)).await?;
    match filed {
        Filed::Case(number) => {
            let page = onward.through(case_page(&number)?.with("filed", "yes"));
            Ok(visit.redirect(&page))
        }
        Filed::Not(kept) => {
            let shown = Shown {
                service: &service,
                visit: &visit,
                account,
                onward: &onward,
                name: sent.text("name"),
                citizen_id: sent.text("citizen_id"),
                consent: sent.find(CONSENT).is_some(),
                kept,
            };
            Ok(shown.render(errors, None))
        }
    }
}

/// What is compared: the verified name and number, or what was typed.
fn facts_of(service: &Service, visit: &Visit, account: &Account, sent: &Sent) -> Decision {
    if let (Some(name), Some(citizen_id)) = (&account.name, &account.citizen_id) {
        return Decision::Ask(Input {
            name: name.clone(),
            citizen_id: citizen_id.clone(),
            phone: None,
            more: Factors::none(),
        });
    }
    let typed = Typed {
        name: sent.text("name"),
        citizen_id: sent.text("citizen_id"),
    };
    evidence::decide(service, visit, account, typed)
}

enum Filed {
    /// It is with the people who decide: this case, or the one that a second click has sent already.
    Case(CaseNumber),
    /// Something is missing or wrong; these parts are kept meanwhile.
    Not(Vec<Part>),
}

type Form<'a> = (Option<Input>, &'a [Made], &'a mut Errors, &'a Sent);

/// Stores what may be stored, and sends the case off when nothing is wrong. One transaction, one at a time for an
/// account: of two clicks the second finds the case of the first.
async fn file(
    service: &Service,
    visit: &Visit,
    account: &Account,
    (facts, made, errors, sent): Form<'_>,
) -> Result<Filed, Stop> {
    let source = source_id()?;
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, account.id).await?;
    if let Some(open) = cases::find_in(&tx, account.id, &source, &GOING_ON).await? {
        return Ok(Filed::Case(open.number));
    }
    let draft = draft_of(service, &tx, account).await?;
    let images = match &draft {
        Some(case) => case_images::list(&tx, case.id).await?,
        None => Vec::new(),
    };
    let mut kept = form::kept(&images);
    kept.extend(made.iter().map(|one| one.part));
    for part in PARTS.iter().filter(|part| !kept.contains(part)) {
        errors.add(part.as_str(), form::missing(visit, *part));
    }
    // Without the consent, or a number that they belong to, no picture is stored.
    let (Some(facts), Some(_)) = (facts, sent.find(CONSENT)) else {
        return Ok(Filed::Not(form::kept(&images)));
    };
    let now = service.now();
    let draft_ends = now + TimeDelta::minutes(service.config().review.draft_minutes);
    let (id, number) = match draft {
        Some(case)
            if cases::put_input(&tx, case.id, (CaseState::Started, &facts), Some(draft_ends)).await? =>
        {
            (case.id, case.number)
        }
        _ => start(service, &tx, account, (facts, draft_ends)).await?,
    };
    form::store(service, &tx, (id, account.id), made, draft_ends).await?;
    if !errors.is_empty() {
        tx.commit().await?;
        return Ok(Filed::Not(kept));
    }
    let longest = now + TimeDelta::days(service.config().review.keep_days_longest);
    case_images::keep_until(&tx, id, longest).await?;
    let level = level_at_stake(service, &tx, account, &source).await?;
    let moving = Moving {
        service,
        tx: &tx,
        case: (id, account.id),
        number: &number,
        request_id: visit.request_id(),
    };
    let steps = (CaseState::Started, CaseState::InReview);
    moving.queue(steps, Happening::Filed, level).await?;
    tx.commit().await?;
    Ok(Filed::Case(number))
}

async fn start(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (input, ends): (Input, chrono::DateTime<chrono::Utc>),
) -> Result<(CaseId, CaseNumber), Stop> {
    let (now, rng, source) = (service.now(), service.rng(), source_id()?);
    cases::forget_draft(tx, account.id, &source).await?;
    let mut new = NewCase {
        id: CaseId::new(now, rng),
        number: CaseNumber::generate(now, rng),
        account: account.id,
        source,
        state: CaseState::Started,
        input,
        next_attempt_at: Some(ends),
        reference: None,
        created_at: now,
    };
    for _ in 0..NUMBERS_TRIED {
        if cases::create(tx, &new).await? {
            return Ok((new.id, new.number));
        }
        new.number = CaseNumber::generate(now, rng);
    }
    Err(StoreError::Malformed("verification_case.number").into())
}

/// What the page shows.
struct Shown<'a> {
    service: &'a Service,
    visit: &'a Visit,
    account: &'a Account,
    onward: &'a Onward,
    name: &'a str,
    citizen_id: &'a str,
    consent: bool,
    kept: Vec<Part>,
}

#[derive(askama::Template)]
#[template(path = "verify_documents.html")]
struct Content<'a> {
    visit: &'a Visit,
    name: Option<String>,
    citizen_id: Option<String>,
    form: Markup,
    not_now: Markup,
}

impl<'a> Shown<'a> {
    const fn empty(service: &'a Service, visit: &'a Visit, account: &'a Account, onward: &'a Onward) -> Self {
        Self {
            service,
            visit,
            account,
            onward,
            name: "",
            citizen_id: "",
            consent: false,
            kept: Vec::new(),
        }
    }

    fn render(&self, errors: Errors, status: Option<StatusCode>) -> Response {
        let (visit, account) = (self.visit, self.account);
        let verified = account.name.as_ref().zip(account.citizen_id.as_ref());
        let not_now = if self.onward.has_interaction() {
            evidence::decline_form(visit, self.onward, "evidence-skip")
        } else {
            Markup::default()
        };
        let content = Content {
            visit,
            name: verified.map(|(name, _)| name.masked()),
            citizen_id: verified.map(|(_, number)| number.masked()),
            form: self.form(verified.is_some()).render(visit, &errors),
            not_now,
        };
        let mut page = Page::new("verify-document-review", "review-document-title")
            .caption("evidence-caption")
            .return_to(self.onward.through(HERE))
            .errors(errors);
        if let Some(status) = status {
            page = page.status(status);
        }
        visit.render(page, &content)
    }

    fn form(&self, is_verified: bool) -> FormPage {
        // Where the person goes on to is in the address: it is needed before the body is read.
        let mut form = FormPage::new(FORM, self.onward.through(HERE));
        if !is_verified {
            let name = Field::text("name", "evidence-name")
                .hint("evidence-name-hint")
                .value(self.name)
                .autocomplete("name")
                .maxlength(200)
                .required();
            let number = Field::text("citizen_id", "evidence-citizen-id")
                .hint("evidence-citizen-id-hint")
                .value(self.citizen_id)
                .autocomplete("off")
                .maxlength(40)
                .width("medium")
                .required();
            form = form.field(name).field(number);
        }
        for part in PARTS {
            form = form.file(form::picker(part, self.kept.contains(&part)));
        }
        form.checkbox(form::consent(self.service, self.visit, self.consent))
            .button(Button::primary("review-document-submit"))
    }
}
