//! `/recover/password` and `/recover/done`: the new password (HB-37), and what became of it. Nobody comes here without
//! the proof (A233): the draft says what was shown, and the page asks it, not what the browser says.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::secret::Sensitive;
use serde::Deserialize;
use store::throttles::{self, Rule};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::{Page, Problem, Visit};

use super::draft::{self, Draft, Stage, instead};
use super::finish::{self, Finished};
use super::plan::Plan;
use super::{DONE, PASSWORD, PROOF, START, page, proof};
use crate::Service;
use crate::notice::Notice;
use crate::password::{About, HashingError, Password, PasswordFault};
use crate::session::Stop;
use crate::signin::{Asked, Guess, Onward};

/// How often a new password is compared with those of before, for each account.
const TRIES: Rule = Rule {
    name: "recover_password_hour",
    limit: 10,
    window_seconds: 3600,
};

/// The page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choose {
    draft: String,
    password: Sensitive<String>,
    password_again: Sensitive<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Choose {
    const FORM: &'static str = "recover-password";
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await?;
    let (draft, plan) = match proof::at_work(&service, &visit, &onward).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let Some(when) = when(&draft, &plan) else {
        return Ok(visit.redirect(&onward.through(PROOF)));
    };
    Ok(render(
        &service,
        &visit,
        &onward,
        (&draft, when),
        (Errors::none(), None),
    ))
}

/// When the password counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Now,
    AfterWait,
}

/// `None` when not enough was shown.
fn when(draft: &Draft, plan: &Plan) -> Option<When> {
    if plan.allows(draft.second) {
        Some(When::Now)
    } else {
        (draft.wait && plan.may_wait()).then_some(When::AfterWait)
    }
}

/// Takes the password.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Choose>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let (draft, plan) = match proof::at_work(&service, &visit, &onward).await? {
        Ok(found) => found,
        // Sent twice: the first one did it.
        Err(elsewhere) => return Ok(elsewhere),
    };
    let Some(when) = when(&draft, &plan).filter(|_| draft.is(&sent.draft)) else {
        return Ok(visit.redirect(&onward.through(PROOF)));
    };
    let again = |answer| render(&service, &visit, &onward, (&draft, when), answer);
    let password = match check(&service, &plan, &sent) {
        Ok(password) => password,
        Err(errors) => return Ok(again((errors, None))),
    };
    let guess = guess(&service, &visit, &plan).await?;
    let with_current = (plan.account.id, guess.counts);
    if crate::password::pages::was_used(&service, with_current, &password).await? {
        // Sent twice: the first one made it the password.
        let newest = draft::find(&service, &visit).await?;
        if let Some(newest) = newest.filter(|newest| newest.stage != Stage::Proven) {
            guess.take_back(&service, &visit).await?;
            return Ok(visit.redirect(&instead(Some(&newest), &onward)));
        }
        return Ok(again((Errors::of("password", "recover-password-former"), None)));
    }
    let hash = match service.hashing().hash(&password).await {
        Ok(hash) => Sensitive::new(hash.as_str().to_owned()),
        Err(HashingError::Busy) => return Ok(again(page::busy())),
        Err(error) => return Err(Problem::internal(error).into()),
    };
    let finished = match when {
        When::Now => finish::now(&service, &visit, &draft, &hash).await?,
        When::AfterWait => finish::later(&service, &visit, draft, &hash).await?,
    };
    // There is another password now, and nothing was learned about it.
    if when == When::Now && finished == Finished::Done {
        guess.take_back(&service, &visit).await?;
    }
    Ok(visit.redirect(&match finished {
        Finished::Done => onward.through(DONE),
        // Something is not as it was: another tab, another node, the owner.
        Finished::Over => {
            let now = draft::find(&service, &visit).await?;
            match now {
                Some(draft) if draft.stage != Stage::Proven => {
                    guess.take_back(&service, &visit).await?;
                    instead(Some(&draft), &onward)
                }
                _ => onward.through(START.with("ended", "yes")),
            }
        }
    }))
}

/// A new password is compared with the current one and those before it, as where a password is changed. Whoever has the
/// phone alone may not find out in this way what the password is: the tries are counted, here and as failed sign-ins. After
/// too many of them the current one is not looked at.
async fn guess(service: &Service, visit: &Visit, plan: &Plan) -> Result<Guess, Stop> {
    let (id, now) = (plan.account.id, service.now());
    let count = throttles::hit(&service.store().read(), &TRIES, &id.to_string(), now).await?;
    if count.exceeded() {
        let seconds = u32::try_from(count.retry_after_seconds(now)).unwrap_or(u32::MAX);
        return Err(Problem::too_many(seconds).into());
    }
    Guess::at(service, visit, &plan.account).await
}

fn check(service: &Service, plan: &Plan, sent: &Choose) -> Result<Password, Errors> {
    let (mut errors, account) = (Errors::none(), &plan.account);
    let typed = sent.password.expose();
    let password = if typed.is_empty() {
        errors.add("password", "register-password-missing");
        None
    } else {
        let about = About {
            phone: account.phone.as_ref(),
            email: account.email.as_ref(),
            citizen_id: account.citizen_id.as_ref(),
            name: account.name.as_ref(),
            username: account.username.as_ref(),
        };
        let checked = service.policy().check(typed, &about);
        errors.take("password", checked.map_err(PasswordFault::words))
    };
    if Password::typed(typed).ok() != Password::typed(sent.password_again.expose()).ok() {
        errors.add("password_again", "register-password-differs");
    }
    match password {
        Some(password) if errors.is_empty() => Ok(password),
        _ => Err(errors),
    }
}

fn render(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
    (draft, when): (&Draft, When),
    answer: (Errors, Option<StatusCode>),
) -> Response {
    let password = Field::password("password", "recover-new-password")
        .hint("register-password-hint")
        .autocomplete("new-password")
        .maxlength(256)
        .required()
        .data("show", visit.t("web-show-password"))
        .data("hide", visit.t("web-hide-password"))
        .data("weak", visit.t("register-strength-weak"))
        .data("fair", visit.t("register-strength-fair"))
        .data("strong", visit.t("register-strength-strong"));
    let again = Field::password("password_again", "register-password-again")
        .autocomplete("new-password")
        .maxlength(256)
        .required();
    let form = FormPage::new(Choose::FORM, PASSWORD)
        .hidden("draft", &draft.id)
        .field(password)
        .field(again)
        .button(Button::primary("recover-password-submit"));
    let form = onward.in_form(form).render(visit, &answer.0);
    let text = match when {
        When::Now => Words::key("recover-password-text"),
        When::AfterWait => {
            let hours = service.config().recovery.wait_hours;
            Words::with("recover-password-wait", vec![("hours", hours.into())])
        }
    };
    let page = Page::new("recover-password", "recover-password-title").return_to(onward.through(PASSWORD));
    page::render(visit, page, (&[text], form), &[], answer)
}

/// `/recover/done`.
pub(super) async fn done(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await?;
    let draft = draft::find(&service, &visit).await?;
    let sign_in = page::sign_in(&onward);
    let page = Page::new("recover-done", "recover-done-title").return_to(onward.through(DONE));
    let moment = |draft: &Draft| draft.at.map(|at| visit.moment(at)).unwrap_or_default();
    let notice = match &draft {
        Some(draft) if draft.stage == Stage::Done => Notice::saying("recover-done-text")
            .and("recover-done-ended")
            .link(sign_in, "recover-sign-in"),
        Some(draft) if draft.stage == Stage::Waits => {
            let at = vec![("moment", moment(draft).into())];
            Notice::saying(Words::with("recover-waits-text", at)).and("recover-waits-told")
        }
        Some(draft) if draft.stage == Stage::Disputed => {
            let at = vec![("moment", moment(draft).into())];
            Notice::saying(Words::with("recover-disputed-text", at)).and("recover-disputed-told")
        }
        other => return Ok(visit.redirect(&instead(other.as_ref(), &onward))),
    };
    let page = match draft.map(|draft| draft.stage) {
        Some(Stage::Done) => page,
        _ => Page::new("recover-waits", "recover-waits-title").return_to(onward.through(DONE)),
    };
    Ok(notice.respond(&visit, page))
}
