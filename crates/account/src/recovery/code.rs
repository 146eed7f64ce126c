//! `/recover/code`: the code from the phone (HB-36). A phone without an account has a code that nothing matches, so that
//! this page behaves the same (A205).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::secret::Sensitive;
use serde::Deserialize;
use store::otp::Tried;
use store::{StoreError, accounts};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::{Page, Visit};

use super::draft::{self, Draft, Stage, instead};
use super::{CODE, PROOF, START, page, start};
use crate::Service;
use crate::otp::{self, Purpose, Refusal, Request};
use crate::session::Stop;
use crate::signin::{Asked, Onward};

/// The page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Code {
    draft: String,
    #[serde(rename = "sms_code")]
    typed: Sensitive<String>,
    resend: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Code {
    const FORM: &'static str = "recover-code";
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await?;
    match draft::find(&service, &visit).await? {
        Some(draft) if draft.stage == Stage::Code => {
            render(&service, &visit, &onward, &draft, (Errors::none(), None)).await
        }
        other => Ok(visit.redirect(&instead(other.as_ref(), &onward))),
    }
}

/// Takes the code, or sends another one.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Code>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let draft = match draft::find(&service, &visit).await? {
        Some(draft) if draft.stage == Stage::Code && draft.is(&sent.draft) => draft,
        // Sent twice, or another tab is further, or about another phone: nothing of this form is tried there.
        other => return Ok(visit.redirect(&instead(other.as_ref(), &onward))),
    };
    let answer = if sent.resend.is_some() {
        match resend(&service, &visit, &draft).await? {
            None => (Errors::none(), None),
            Some(refusal) => page::refused(refusal),
        }
    } else {
        match try_code(&service, &visit, draft.clone(), &sent.typed).await? {
            None => return Ok(visit.redirect(&onward.through(PROOF))),
            Some(words) => (Errors::of("sms_code", words), None),
        }
    };
    render(&service, &visit, &onward, &draft, answer).await
}

/// Tries the code; `None` when the phone is proven.
async fn try_code(
    service: &Service,
    visit: &Visit,
    mut draft: Draft,
    typed: &Sensitive<String>,
) -> Result<Option<Words>, StoreError> {
    let Some(code) = otp::read_code(typed.expose()) else {
        let missing = typed.expose().trim().is_empty();
        let key = if missing {
            "register-code-missing"
        } else {
            "register-code-form"
        };
        return Ok(Some(key.into()));
    };
    let (browser, phone) = (visit.browser_hash(), draft.phone.clone());
    let request = Request::of(visit, &browser, Purpose::Recovery, &phone);
    let id = match otp::check(service, &request, code.expose()).await? {
        Tried::Right(id) => id,
        Tried::Wrong(left) => {
            let left = vec![("left", u32::from(left).into())];
            return Ok(Some(Words::with("register-code-wrong", left)));
        }
        Tried::Exhausted => return Ok(Some("register-code-exhausted".into())),
        Tried::Expired => return Ok(Some("register-code-expired".into())),
    };
    let tx = service.store().begin().await?;
    if !store::otp::consume(&tx, id, service.now()).await? {
        return Ok(Some("register-code-expired".into()));
    }
    let account = accounts::find_by_phone(&tx, &phone).await?;
    draft.account = account.map(|account| account.id);
    draft.stage = Stage::Proven;
    draft.proven_at = Some(service.now());
    if !draft.keep(service, &tx, visit).await? {
        return Ok(Some("register-code-expired".into()));
    }
    tx.commit().await?;
    Ok(None)
}

/// Sends another code, which replaces the one before (HB-15).
async fn resend(service: &Service, visit: &Visit, draft: &Draft) -> Result<Option<Refusal>, StoreError> {
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Purpose::Recovery, &draft.phone);
    let tx = service.store().begin().await?;
    let refusal = otp::admit(service, &tx, visit, &request).await?;
    if refusal.is_none() {
        let letter = start::letter(&tx, &draft.phone).await?;
        otp::write_message(service, &tx, &request, letter).await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(refusal)
}

async fn render(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
    draft: &Draft,
    (errors, status): (Errors, Option<StatusCode>),
) -> Result<Response, Stop> {
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Purpose::Recovery, &draft.phone);
    let seconds = otp::seconds_until_resend(service, &request).await?;
    let mut resend = Button::secondary("register-resend").sends("resend", "code");
    if seconds > 0 {
        let text = visit.t_with("web-resend-wait", &[("seconds", "%s".into())]);
        resend = resend
            .data("resend-after", seconds.to_string())
            .data("resend-text", text);
    }
    let hint = if seconds > 0 {
        Words::with("register-code-hint-wait", vec![("seconds", seconds.into())])
    } else {
        Words::key("register-code-hint")
    };
    let code = Field::code("sms_code", "register-code")
        .hint(hint)
        .maxlength(16)
        .required()
        .focus();
    let form = FormPage::new(Code::FORM, CODE)
        .hidden("draft", &draft.id)
        .field(code)
        .button(Button::primary("web-continue"))
        .button(resend);
    let form = onward.in_form(form).render(visit, &errors);
    let minutes = service.config().otp.life_seconds.max(60) / 60;
    let sent = vec![
        ("phone", draft.phone.masked().into()),
        ("minutes", minutes.into()),
    ];
    let text = [Words::with("register-code-sent", sent)];
    let page = Page::new("recover-code", "recover-code-title").return_to(onward.through(CODE));
    let links = [(onward.through(START), "register-change-phone")];
    Ok(page::render(visit, page, (&text, form), &links, (errors, status)))
}
