//! `/verify/conflict/{number}`: the number of the case is proven by another account. Whoever owns that one too shows it
//! by its factors, all of them fresh: what it is signed in with, its password, and a code to its phone. Then a page says
//! what will happen, and only its button joins the two (AH-24). There is no joining by one click, by the phone alone, or
//! by knowing the number.
//!
//! The page tells nobody whose the other account is or which phone it has, before its password was right (A203). Where
//! the factors are out of reach a person decides (`/verify/review`).
//!
//! What keeps the two steps together is the code itself: it is sent only after the password was right, to the browser
//! that sent it, and holds for a few minutes. The server needs to believe nothing that a page brings back (A275).

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use model::secret::Sensitive;
use serde::Deserialize;
use store::accounts::{self, Account};
use store::cases::{self, Case, CaseNumber, State as CaseState};
use store::sessions::LiveSession;
use store::throttles::{self, Rule};
use web::extract::{Form, FormName, Query};
use web::form::{Errors, Words};
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use super::document::case_page;
use crate::Service;
use crate::evidence;
use crate::factors::{self, Enrolled};
use crate::notice::Notice;
use crate::otp::{self, Purpose, Refusal, Request, Tried};
use crate::session::{self, Stop};
use crate::signin::{Asked, Onward, Proof, Typed, captcha_for, prove};

mod join;
pub mod objection;
mod page;

use join::{Joined, Keep, Second};
use page::{Shown, confirm_page, prove_page};

/// The pages.
pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route("/verify/conflict/{number}", get(show).post(submit))
        .route("/verify/conflict/{number}/join", post(join_now))
        .route("/verify/objection", get(objection::show).post(objection::submit))
}

/// The page of a conflict.
pub(crate) fn page_of(number: &CaseNumber) -> Result<LocalPath, Problem> {
    LocalPath::parse(&format!("/verify/conflict/{}", number.as_str())).map_err(Problem::internal)
}

/// What the first form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Prove {
    identifier: Sensitive<String>,
    password: Sensitive<String>,
    captcha: String,
    captcha_id: String,
}

impl FormName for Prove {
    const FORM: &'static str = "conflict-prove";
}

/// What the second form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Join {
    code: String,
    phone: String,
    /// A code of the older account's authenticator application, or one that its owner printed.
    second: Sensitive<String>,
}

impl FormName for Join {
    const FORM: &'static str = "conflict-join";
}

/// One visit to the page: a conflict of who is signed in.
struct Step {
    session: LiveSession,
    case: Case,
    /// The account that has proven the number, while there is one.
    older: Option<Account>,
    /// What the older account proves itself with beside its password.
    enrolled: Option<Enrolled>,
    onward: Onward,
    /// For how many hours somebody may object afterwards.
    hours: i64,
}

impl Step {
    /// Another account's case, and a case that is no conflict, has no such page (A261).
    async fn load(
        service: &Service,
        visit: &mut Visit,
        (number, onward): (&str, Onward),
    ) -> Result<Self, Stop> {
        let number = CaseNumber::parse(number).ok_or_else(Problem::not_found)?;
        onward.speak(service, visit).await?;
        let here = onward.through(page_of(&number)?);
        let session = session::require(service, visit, &here).await?;
        let tx = service.store().read();
        let case = cases::find(&tx, session.account.id, &number).await?;
        let case = case.ok_or_else(Problem::not_found)?;
        let older = match (&case.input, case.state) {
            (Some(input), CaseState::Conflict) => {
                accounts::find_by_citizen_id(&tx, &input.citizen_id).await?
            }
            _ => return Err(Stop::Go(visit.redirect(&onward.through(case_page(&number)?)))),
        };
        let older = older.filter(|older| older.id != session.account.id);
        let enrolled = match &older {
            Some(older) => Some(factors::of(&tx, older).await?),
            None => None,
        };
        Ok(Self {
            older,
            enrolled,
            hours: service.config().review.objection_hours,
            session,
            case,
            onward,
        })
    }

    fn here(&self) -> Result<LocalPath, Problem> {
        Ok(self.onward.through(page_of(&self.case.number)?))
    }

    /// Whether the older account is signed in to with a second factor: then joining asks for it too, and its phone stays.
    fn two_step(&self) -> bool {
        self.enrolled.as_ref().is_some_and(Enrolled::two_step)
    }

    /// Whether that second factor can be asked for here: a code that is typed. A passkey alone is not.
    fn can_ask_second(&self) -> bool {
        self.enrolled
            .as_ref()
            .is_some_and(|enrolled| !enrolled.totp.is_empty() || enrolled.codes_left > 0)
    }

    /// The older account, once its password was right in this browser: a code that still holds was sent to its phone.
    async fn proven(&self, service: &Service, visit: &Visit) -> Result<Option<&Account>, Stop> {
        let Some(older) = &self.older else {
            return Ok(None);
        };
        let proof = join::proof(&service.store().read(), visit, older).await?;
        Ok(proof.map(|_| older))
    }
}

/// Shows the page: the proof, or what will happen.
async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let step = Step::load(&service, &mut visit, (&number, Onward::from(asked))).await?;
    if step.older.is_none() {
        return Ok(nobody(&visit, &step)?);
    }
    if let Some(older) = step.proven(&service, &visit).await? {
        return Ok(confirm_page(&visit, &step, older, ("", Errors::none()))?);
    }
    let shown = Shown {
        identifier: "",
        captcha: captcha_for(&service, &visit, None).await?,
        status: None,
    };
    Ok(prove_page(&visit, &step, &shown, Errors::none())?)
}

/// The other account is gone meanwhile: the way is free.
fn nobody(visit: &Visit, step: &Step) -> Result<Response, Problem> {
    let again = step
        .onward
        .through(LocalPath::known("/verify/population-register"));
    let notice = Notice::saying("conflict-free-text").link(again, "conflict-free-again");
    let page = Page::new("verify-conflict-free", "conflict-title").return_to(step.here()?);
    Ok(notice.respond(visit, page))
}

/// Takes the proof. Every wrong one gets the same answer, whichever part of it was wrong, and whether the account that
/// was named has the number or not.
async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
    Form(sent): Form<Prove>,
) -> Result<Response, Stop> {
    let step = Step::load(&service, &mut visit, (&number, Onward::from(asked))).await?;
    let Some(older) = &step.older else {
        return Ok(nobody(&visit, &step)?);
    };
    if let Some(seconds) = count_try(&service, &step).await? {
        return again(&service, &visit, &step, &sent, paused(seconds)).await;
    }
    let typed = Typed {
        identifier: &sent.identifier,
        password: &sent.password,
        captcha: &sent.captcha,
        captcha_id: &sent.captcha_id,
    };
    let named = match prove(&service, &visit, &typed).await? {
        Proof::Of(named) => named,
        Proof::Wrong => {
            let wrong = (Errors::of_form("conflict-wrong"), None);
            return again(&service, &visit, &step, &sent, wrong).await;
        }
        Proof::Again(errors) => return again(&service, &visit, &step, &sent, (errors, None)).await,
        Proof::Paused(seconds) => return again(&service, &visit, &step, &sent, paused(seconds)).await,
        Proof::Busy => {
            let busy = Errors::of_form(Words::with("signin-busy", vec![("seconds", 5_u32.into())]));
            return again(
                &service,
                &visit,
                &step,
                &sent,
                (busy, Some(StatusCode::TOO_MANY_REQUESTS)),
            )
            .await;
        }
    };
    let phone = older.phone.as_ref().filter(|_| named.id == older.id);
    let Some(phone) = phone else {
        let wrong = (Errors::of_form("conflict-wrong"), None);
        return again(&service, &visit, &step, &sent, wrong).await;
    };
    if step.two_step() && !step.can_ask_second() {
        let passkey = (Errors::of_form("conflict-only-passkey"), None);
        return again(&service, &visit, &step, &sent, passkey).await;
    }
    let browser = visit.browser_hash();
    let request = Request::of(&visit, &browser, Purpose::JoinAccounts, phone);
    match otp::ask(&service, &visit, &request).await? {
        // A second click: the code is on its way.
        Ok(()) => Ok(visit.redirect(&step.here()?)),
        Err(Refusal::TooSoon(_)) if step.proven(&service, &visit).await?.is_some() => {
            Ok(visit.redirect(&step.here()?))
        }
        Err(refusal) => {
            let refused = (Errors::of_form(evidence::code_refused(refusal)), None);
            again(&service, &visit, &step, &sent, refused).await
        }
    }
}

/// Counts a proof before it is looked at; how long to wait when there were too many from this account.
async fn count_try(service: &Service, step: &Step) -> Result<Option<i64>, Stop> {
    let rule = Rule {
        name: "join_account",
        limit: service.config().review.join_tries_per_day,
        window_seconds: 24 * 3600,
    };
    let (key, now) = (step.session.account.id.to_string(), service.now());
    let count = throttles::hit(&service.store().read(), &rule, &key, now).await?;
    Ok(count.exceeded().then(|| count.retry_after_seconds(now)))
}

fn paused(seconds: i64) -> (Errors, Option<StatusCode>) {
    let minutes = Ord::max(seconds.saturating_add(59).div_euclid(60), 1);
    let words = Words::with("signin-paused", vec![("minutes", minutes.into())]);
    (Errors::of_form(words), Some(StatusCode::TOO_MANY_REQUESTS))
}

async fn again(
    service: &Service,
    visit: &Visit,
    step: &Step,
    sent: &Prove,
    (errors, status): (Errors, Option<StatusCode>),
) -> Result<Response, Stop> {
    let typed: String = sent.identifier.expose().chars().take(64).collect();
    let shown = Shown {
        captcha: captcha_for(service, visit, Some(&typed)).await?,
        identifier: &typed,
        status,
    };
    Ok(prove_page(visit, step, &shown, errors)?)
}

/// Joins the two, when the code is right.
async fn join_now(
    State(service): State<Service>,
    mut visit: Visit,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
    Form(sent): Form<Join>,
) -> Result<Response, Stop> {
    let step = Step::load(&service, &mut visit, (&number, Onward::from(asked))).await?;
    let Some(older) = step.proven(&service, &visit).await? else {
        // The code's time is over, or nothing was proven: from the beginning.
        return Ok(visit.redirect(&step.here()?));
    };
    let keep = match sent.phone.as_str() {
        "keep" => Some(Keep::Older),
        "replace" if step.session.account.phone.is_some() && !step.two_step() => Some(Keep::Newer),
        _ => None,
    };
    let mut errors = Errors::none();
    let keep = errors.take("phone", keep.ok_or("conflict-phone-missing"));
    let code = otp::read_code(&sent.code).ok_or("evidence-code-form");
    let code = errors.take("code", code);
    if step.two_step() && sent.second.expose().trim().is_empty() {
        errors.add("second", "conflict-second-missing");
    }
    let (Some(keep), Some(code), true) = (keep, code, errors.is_empty()) else {
        return Ok(confirm_page(&visit, &step, older, (&sent.phone, errors))?);
    };
    let Some(phone) = older.phone.clone() else {
        return Ok(visit.redirect(&step.here()?));
    };
    let browser = visit.browser_hash();
    let request = Request::of(&visit, &browser, Purpose::JoinAccounts, &phone);
    let id = match otp::check(&service, &request, code.expose()).await? {
        Tried::Right(id) => id,
        Tried::Expired => return Ok(visit.redirect(&step.here()?)),
        other => {
            let errors = Errors::of("code", evidence::code_tried(other));
            return Ok(confirm_page(&visit, &step, older, (&sent.phone, errors))?);
        }
    };
    // Last, because an authenticator's code is used up when it is looked at.
    let second = match second(&service, &step, older, &sent).await? {
        Ok(second) => second,
        Err(words) => {
            let errors = Errors::of("second", words);
            return Ok(confirm_page(&visit, &step, older, (&sent.phone, errors))?);
        }
    };
    let pair = join::Pair {
        second,
        newer: &step.session,
        older,
        phone: &phone,
        case: &step.case,
        code: id,
        keep,
    };
    match join::join(&service, &visit, &pair).await? {
        Joined::Done(started) => {
            started.give_to(&mut visit);
            let next = if step.onward.has_interaction() {
                step.onward.path()
            } else {
                step.onward
                    .through(LocalPath::known("/account/level").with("joined", "yes"))
            };
            Ok(visit.redirect(&next))
        }
        // Another tab was faster, or something changed meanwhile: the page says how things stand.
        Joined::Not => Ok(visit.redirect(&step.here()?)),
    }
}

/// Asks the older account's second factor, where it has one: whoever knows the password and saw one code by SMS is not let
/// past it here (A225).
async fn second(
    service: &Service,
    step: &Step,
    older: &Account,
    sent: &Join,
) -> Result<Result<Option<Second>, Words>, Stop> {
    if !step.two_step() {
        return Ok(Ok(None));
    }
    let typed = sent.second.expose();
    let (tried, which) = if otp::read_code(typed).is_some() {
        (factors::verify_totp(service, older.id, typed).await?, Second::App)
    } else {
        let tried = factors::verify_code(service, older.id, typed).await?;
        (tried, Second::Printed)
    };
    Ok(match tried.words() {
        None => Ok(Some(which)),
        Some(words) => Err(words),
    })
}

#[cfg(test)]
mod tests;
