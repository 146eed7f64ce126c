//! What the owner of a case does about it: sends what was asked for, takes a rejection to another person once, or takes
//! the case back. A second click, the back button and another tab find the case where it is, and say so.

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use model::review::Happening;
use model::secret::Sensitive;
use serde::Deserialize;
use store::case_images::{self, Part};
use store::cases::{self, Case, CaseNumber, State as CaseState};
use store::{StoreError, case_reviews};
use web::extract::{Form, FormName, Query, Sent, Upload};
use web::form::{Button, Errors, FormPage, TextArea, Words};
use web::paths::LocalPath;
use web::{Markup, Page, Problem, Visit};

use super::cases::{View, appeal_until, can_withdraw, find, is_asked};
use super::document::case_page;
use super::filing::{Moving, level_at_stake};
use super::form::{self, CONSENT, Made};
use crate::Service;
use crate::notice::Notice;
use crate::session::{self, Stop};
use crate::signin::{Asked, Onward};

/// The name of the form with pictures.
const ANSWER: &str = "case-answer";
/// The most characters of a text.
const TEXT_MAX: u32 = 500;

/// What the forms on the page of a case show again.
#[derive(Default)]
pub(super) struct Shown<'a> {
    text: &'a str,
    consent: bool,
}

/// The form that sends what was asked for.
pub(super) fn answer_form(view: &View<'_>, shown: &Shown<'_>, errors: &Errors) -> Result<Markup, Problem> {
    let mut form = FormPage::new(ANSWER, below(view, "answer")?);
    let kept = form::kept(&view.images);
    for part in Part::ALL {
        form = form.file(form::picker(part, kept.contains(&part)));
    }
    let text = TextArea::new("text", "case-answer-text", TEXT_MAX)
        .hint("case-answer-text-hint")
        .value(shown.text);
    Ok(form
        .area(text)
        .checkbox(form::consent(view.service, view.visit, shown.consent))
        .button(Button::primary("case-answer-submit"))
        .render(view.visit, errors))
}

/// The form that takes a rejection to another person.
pub(super) fn appeal_form(
    view: &View<'_>,
    (shown, until): (&Shown<'_>, DateTime<Utc>),
    errors: &Errors,
) -> Result<Markup, Problem> {
    let day = view.visit.day(until);
    let text = TextArea::new("text", "case-appeal-text", TEXT_MAX)
        .hint(Words::with(
            "case-appeal-hint",
            vec![("day", day.as_str().into())],
        ))
        .value(shown.text);
    Ok(FormPage::new(Appeal::FORM, below(view, "appeal")?)
        .area(text)
        .button(Button::secondary("case-appeal-submit"))
        .render(view.visit, errors))
}

/// A page below the one of a case, on the way to the same place.
fn below(view: &View<'_>, name: &str) -> Result<LocalPath, Problem> {
    let path = format!("/account/cases/{}/{name}", view.case.number.as_str());
    let path = LocalPath::parse(&path).map_err(Problem::internal)?;
    Ok(view.onward.through(path))
}

fn done(onward: &Onward, number: &CaseNumber, what: &str) -> Result<LocalPath, Problem> {
    Ok(onward.through(case_page(number)?.with("done", what)))
}

/// A text as it is kept: without what is no text, and not longer than the form lets it be.
fn clean(typed: &str) -> Result<String, Words> {
    let text: String = typed
        .trim()
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .collect();
    let most = usize::try_from(TEXT_MAX).unwrap_or(usize::MAX);
    if text.chars().count() > most {
        return Err(Words::with("case-text-long", vec![("count", TEXT_MAX.into())]));
    }
    Ok(text)
}

/// Who is signed in and their case; the pages below a case are posted to, so that the case itself is where one comes
/// back to.
async fn load(
    service: &Service,
    visit: &mut Visit,
    number: &str,
    onward: &Onward,
) -> Result<(store::sessions::LiveSession, Case), Stop> {
    let here = CaseNumber::parse(number).ok_or_else(Problem::not_found)?;
    onward.speak(service, visit).await?;
    let session = session::require(service, visit, &onward.through(case_page(&here)?)).await?;
    let case = find(service, &session.account, number).await?;
    Ok((session, case))
}

/// Takes what was asked for: pictures, a text, or both.
pub(super) async fn answer(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
    upload: Upload,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    let (session, case) = match load(&service, &mut visit, &number, &onward).await {
        Ok(found) => found,
        Err(stop) => {
            upload.discard().await;
            return Err(stop);
        }
    };
    let review = match case_reviews::find_review(&service.store().read(), case.id).await {
        Ok(review) => review,
        Err(error) => {
            upload.discard().await;
            return Err(error.into());
        }
    };
    if !is_asked(&case, review.as_ref()) {
        upload.discard().await;
        return Ok(visit.redirect(&onward.through(case_page(&case.number)?)));
    }
    let read = form::read(&service, &visit, session.account.id, (upload, ANSWER)).await?;
    let (sent, turn) = match read {
        Ok(read) => read,
        Err(wait) => {
            let view = View::load(&service, &visit, case, &onward).await?;
            return Ok(view.render(&Shown::default(), (None, Errors::of_form(wait.words())))?);
        }
    };
    let mut errors = Errors::none();
    let text = errors.take("text", clean(sent.text("text")));
    let made = form::remake((&service, &visit), &sent, &Part::ALL, &mut errors).await;
    drop(turn);
    check(&sent, &made, &mut errors);
    if let (Some(text), true) = (text, errors.is_empty()) {
        let page = store_answer(&service, &visit, (&session.account, &case), (&text, &made)).await?;
        return Ok(visit.redirect(&match page {
            Stored::Yes => done(&onward, &case.number, "answered")?,
            Stored::No => onward.through(case_page(&case.number)?),
        }));
    }
    let view = View::load(&service, &visit, case, &onward).await?;
    let shown = Shown {
        text: sent.text("text"),
        consent: sent.find(CONSENT).is_some(),
    };
    Ok(view.render(&shown, (None, errors))?)
}

fn check(sent: &Sent, made: &[Made], errors: &mut Errors) {
    if made.is_empty() && sent.text("text").trim().is_empty() && errors.is_empty() {
        errors.add("front", "case-answer-empty");
    }
    if !made.is_empty() && sent.find(CONSENT).is_none() {
        errors.add(CONSENT, "review-consent-missing");
    }
}

enum Stored {
    Yes,
    /// The case is not any more where it was: another tab, another click, an operator.
    No,
}

async fn store_answer(
    service: &Service,
    visit: &Visit,
    (account, case): (&store::accounts::Account, &Case),
    (text, made): (&str, &[Made]),
) -> Result<Stored, StoreError> {
    let tx = service.store().begin().await?;
    let level = level_at_stake(service, &tx, account, &case.source).await?;
    let moving = Moving::of(service, &tx, case, visit.request_id());
    let steps = (CaseState::NeedsMoreInformation, CaseState::InReview);
    if !moving.queue(steps, Happening::Answered, level).await? {
        return Ok(Stored::No);
    }
    add_text(&tx, case, (CaseState::InReview, "answer", text)).await?;
    let longest = service.now() + TimeDelta::days(service.config().review.keep_days_longest);
    form::store(service, &tx, (case.id, case.account), made, longest).await?;
    tx.commit().await?;
    Ok(Stored::Yes)
}

/// Keeps what the owner wrote with what they typed before, sealed like it.
async fn add_text(
    tx: &store::Tx,
    case: &Case,
    (state, name, text): (CaseState, &str, &str),
) -> Result<(), StoreError> {
    let Some(mut input) = case.input.clone().filter(|_| !text.is_empty()) else {
        return Ok(());
    };
    input.more = input.more.with(name, text.to_owned(), true);
    cases::put_input(tx, case.id, (state, &input), None).await?;
    Ok(())
}

/// What the form of an appeal sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Appeal {
    text: Sensitive<String>,
}

impl FormName for Appeal {
    const FORM: &'static str = "case-appeal";
}

/// Takes a rejection to another person; once.
pub(super) async fn appeal(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
    Form(sent): Form<Appeal>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    let (session, case) = load(&service, &mut visit, &number, &onward).await?;
    let review = case_reviews::find_review(&service.store().read(), case.id).await?;
    if appeal_until(&service, &case, review.as_ref()).is_none() {
        return Ok(visit.redirect(&onward.through(case_page(&case.number)?)));
    }
    let text = match clean(sent.text.expose()) {
        Ok(text) => text,
        Err(words) => {
            let view = View::load(&service, &visit, case, &onward).await?;
            let shown = Shown {
                text: sent.text.expose(),
                consent: false,
            };
            return Ok(view.render(&shown, (None, Errors::of("text", words)))?);
        }
    };
    let tx = service.store().begin().await?;
    let level = level_at_stake(&service, &tx, &session.account, &case.source).await?;
    let moving = Moving::of(&service, &tx, &case, visit.request_id());
    let steps = (CaseState::Rejected, CaseState::Appealed);
    let moved = moving.queue(steps, Happening::Appealed, level).await?;
    if moved {
        add_text(&tx, &case, (CaseState::Appealed, "appeal", &text)).await?;
        tx.commit().await?;
        return Ok(visit.redirect(&done(&onward, &case.number, "appealed")?));
    }
    Ok(visit.redirect(&onward.through(case_page(&case.number)?)))
}

/// What the form that takes a case back sends.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Withdrawal {}

impl FormName for Withdrawal {
    const FORM: &'static str = "case-withdraw";
}

/// Asks once more: what is taken back is gone.
pub(super) async fn ask_withdrawal(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    let (_, case) = load(&service, &mut visit, &number, &onward).await?;
    let back = onward.through(case_page(&case.number)?);
    if !can_withdraw(case.state) {
        return Ok(visit.redirect(&back));
    }
    let view = View::load(&service, &visit, case, &onward).await?;
    let here = below(&view, "withdraw")?;
    let form = FormPage::new(Withdrawal::FORM, here.clone())
        .button(Button::danger("case-withdraw-submit"))
        .render(&visit, &Errors::none());
    let notice = Notice::saying("case-withdraw-text")
        .case(view.case.number.as_str())
        .action(form)
        .link(back, "web-back");
    Ok(notice.respond(
        &visit,
        Page::new("account-case-withdraw", "case-withdraw-title").return_to(here),
    ))
}

/// Takes a case back: nobody decides it, and its pictures are deleted at once.
pub(super) async fn withdraw(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
    Form(Withdrawal {}): Form<Withdrawal>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    let (_, case) = load(&service, &mut visit, &number, &onward).await?;
    let back = onward.through(case_page(&case.number)?);
    if !can_withdraw(case.state) {
        return Ok(visit.redirect(&back));
    }
    let tx = service.store().begin().await?;
    let moving = Moving::of(&service, &tx, &case, visit.request_id());
    let steps = (case.state, CaseState::Replaced);
    if !moving.step(steps, Happening::Withdrawn).await? {
        return Ok(visit.redirect(&back));
    }
    case_reviews::withdraw(&tx, case.id, service.now()).await?;
    case_images::delete_of_case(&tx, case.id, service.now()).await?;
    tx.commit().await?;
    Ok(visit.redirect(&done(&onward, &case.number, "withdrawn")?))
}
