//! `/recover`: the phone and a captcha (HB-35). The captcha comes before anything that costs, the limits before the
//! message. Work, answer and next page are the same whether or not anybody has this phone (A203, A205).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::ids::CaptchaId;
use model::phone::Phone;
use model::secret::Sensitive;
use model::standing::{Answer, Entry, answer};
use serde::Deserialize;
use store::{StoreError, Tx, accounts};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, Field, FormPage, Words};
use web::paths::LocalPath;
use web::{Page, Visit};

use super::draft::{self, Draft, Stage};
use super::{CODE, START, page};
use crate::Service;
use crate::captcha;
use crate::notice::Notice;
use crate::otp::{self, Letter, Purpose, Refusal, Request};
use crate::session::Stop;
use crate::signin::Onward;

/// The page as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The page before found nothing that it could go on with.
    ended: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// The page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Start {
    phone: Sensitive<String>,
    captcha: String,
    captcha_id: String,
    refresh: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for Start {
    const FORM: &'static str = "recover";
}

/// Shows the page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::new(asked.interaction.as_deref(), asked.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let captcha = captcha::issue(&service, &visit).await?;
    let shown = Shown {
        onward: &onward,
        captcha,
        ended: asked.ended.is_some(),
    };
    Ok(shown.render(&visit, &Start::default(), (Errors::none(), None)))
}

/// Takes it.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(mut sent): Form<Start>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    if sent.refresh.is_some() {
        let captcha = captcha::refresh(&service, &visit, &sent.captcha_id).await?;
        sent.captcha.clear();
        let shown = Shown {
            onward: &onward,
            captcha,
            ended: false,
        };
        return Ok(shown.render(&visit, &sent, (Errors::none(), None)));
    }
    let answer = match check(&sent) {
        Ok(phone) => match begin(&service, &visit, &sent, &phone).await? {
            Begun::Sent => return Ok(visit.redirect(&onward.through(CODE))),
            Begun::WrongCaptcha => (Errors::of(captcha::FIELD, "captcha-wrong"), None),
            Begun::Refused(refusal) => page::refused(refusal),
        },
        Err(errors) => (errors, None),
    };
    let captcha = captcha::keep_or_issue(&service, &visit, &sent.captcha_id).await?;
    if captcha.to_string() != sent.captcha_id {
        sent.captcha.clear();
    }
    let shown = Shown {
        onward: &onward,
        captcha,
        ended: false,
    };
    Ok(shown.render(&visit, &sent, answer))
}

/// `/recover/other`: what there is for people who no longer have their phone.
pub(super) async fn other(visit: Visit) -> Response {
    let page = Page::new("recover-other", "recover-other-title");
    Notice::saying("recover-other-signin")
        .and("recover-other-counter")
        .link(LocalPath::known("/sign-in"), "recover-other-link")
        .link(START, "web-back")
        .respond(&visit, page)
}

/// Checks what was typed. The captcha is not tried here: it has one try, which a mistyped phone must not cost.
fn check(sent: &Start) -> Result<Phone, Errors> {
    let mut errors = Errors::none();
    let typed = sent.phone.expose();
    let phone = if typed.trim().is_empty() {
        errors.add("phone", "register-phone-missing");
        None
    } else {
        errors.take("phone", Phone::parse(typed).map_err(|_| "recover-phone-wrong"))
    };
    if sent.captcha.trim().is_empty() {
        errors.add("captcha", "captcha-missing");
    }
    match phone {
        Some(phone) if errors.is_empty() => Ok(phone),
        _ => Err(errors),
    }
}

/// What came of it.
enum Begun {
    /// There is a draft, and a message went out: now, or a moment ago.
    Sent,
    WrongCaptcha,
    Refused(Refusal),
}

async fn begin(service: &Service, visit: &Visit, sent: &Start, phone: &Phone) -> Result<Begun, StoreError> {
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Purpose::Recovery, phone);
    let tx = service.store().begin().await?;
    if !captcha::redeem_within(&tx, visit, (&sent.captcha_id, &sent.captcha)).await? {
        // The try is taken. A page that was sent twice finds what the first one did.
        tx.commit().await?;
        let draft = draft::find(service, visit).await?;
        let same = draft.is_some_and(|draft| draft.phone == *phone && draft.stage == Stage::Code);
        let sent = same && otp::seconds_until_resend(service, &request).await? > 0;
        return Ok(if sent { Begun::Sent } else { Begun::WrongCaptcha });
    }
    match otp::admit(service, &tx, visit, &request).await? {
        None => otp::write_message(service, &tx, &request, letter(&tx, phone).await?).await?,
        // The person came back; the next page says when another code can be sent.
        Some(Refusal::TooSoon(_)) => {}
        Some(refusal) => {
            tx.commit().await?;
            return Ok(Begun::Refused(refusal));
        }
    }
    Draft::new(service, phone).begin(service, &tx, visit).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Begun::Sent)
}

/// What a phone is told: a code, or that it has no account. A code goes out in every standing: whoever has the number now can
/// say that the account is not theirs, and what else there is to do is a page's business (A237).
pub(super) async fn letter(tx: &Tx, phone: &Phone) -> Result<Letter, StoreError> {
    let account = accounts::find_by_phone(tx, phone).await?;
    let known = account.is_some_and(|account| answer(account.status, Entry::Recovery) != Answer::AsIfUnknown);
    Ok(if known { Letter::Code } else { Letter::NoAccount })
}

struct Shown<'a> {
    onward: &'a Onward,
    captcha: CaptchaId,
    ended: bool,
}

impl Shown<'_> {
    fn render(
        &self,
        visit: &Visit,
        sent: &Start,
        (errors, status): (Errors, Option<StatusCode>),
    ) -> Response {
        let phone = Field::telephone("phone", "recover-phone")
            .hint("recover-phone-hint")
            .value(sent.phone.expose())
            .autocomplete("tel")
            .maxlength(32)
            .width("medium")
            .required();
        let form = FormPage::new(Start::FORM, START).field(phone);
        let form = captcha::add_to(form, visit, self.captcha, &sent.captcha)
            .button(Button::primary("recover-send-code"))
            .button(Button::secondary("captcha-refresh").sends("refresh", "captcha"));
        let form = self.onward.in_form(form).render(visit, &errors);
        let mut text = vec![Words::key("recover-text")];
        if self.ended {
            text.insert(0, Words::key("recover-ended"));
        }
        let page = Page::new("recover", "recover-title").return_to(self.onward.through(START));
        let links = [
            (super::page::sign_in(self.onward), "recover-sign-in"),
            (LocalPath::known("/recover/other"), "recover-no-phone"),
        ];
        page::render(visit, page, (&text, form), &links, (errors, status))
    }
}
