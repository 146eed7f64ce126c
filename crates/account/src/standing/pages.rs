//! `/appeal`: objecting to a suspension or to the end of an account. The link in the notice leads to the text at once;
//! without it, phone, captcha and a code by SMS do, with pages and work that are the same whether or not the phone has an
//! account, and whatever its standing is (A203). Nobody is signed in by it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use model::authn::{Method, Methods};
use model::ids::AccountId;
use model::link::Purpose as LinkPurpose;
use model::phone::Phone;
use model::secret::{Sensitive, TokenHash};
use serde::Deserialize;
use store::ceremonies::{self, Ceremony, Handle, NewCeremony, Purpose, Step};
use store::otp::Tried;
use store::{StoreError, Tx, accounts};
use web::extract::{Form, FormName, Query};
use web::form::{Errors, Words};
use web::paths::LocalPath;
use web::{Page, Visit};

use super::appeal;
use crate::notice::Notice;
use crate::otp::{self, Letter, Refusal, Request};
use crate::session::Stop;
use crate::{Service, captcha, links};

mod sheets;

use sheets::{code_page, over, start_page, text_page};

const START: LocalPath = LocalPath::known("/appeal");
const CODE: LocalPath = LocalPath::known("/appeal/code");
const WRITE: LocalPath = LocalPath::known("/appeal/write");
const BY_LINK: LocalPath = LocalPath::known("/appeal/link");

/// How long an objection that is not finished is remembered, in minutes.
const DRAFT_MINUTES: i64 = 30;
/// The longest text, in characters.
const TEXT_MAX: usize = 2000;

/// The parameters of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    link: Option<String>,
    ended: Option<String>,
}

/// The first page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Begin {
    phone: Sensitive<String>,
    captcha: String,
    captcha_id: String,
    refresh: Option<String>,
}

impl FormName for Begin {
    const FORM: &'static str = "appeal";
}

/// The code.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Code {
    code: Sensitive<String>,
}

impl FormName for Code {
    const FORM: &'static str = "appeal-code";
}

/// The text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Text {
    text: Sensitive<String>,
    link: Sensitive<String>,
}

impl FormName for Text {
    const FORM: &'static str = "appeal-text";
}

/// The text where somebody came by the link, the phone where not.
pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    if let Some(typed) = asked.link.as_deref() {
        let found = links::look(&service, typed).await?;
        let open = match found.filter(|link| link.purpose == LinkPurpose::Appeal) {
            Some(link) => appeal::is_open(&service.store().read(), &link).await?,
            None => false,
        };
        return Ok(if open {
            text_page(&visit, Some(typed), "", &Errors::none())
        } else {
            over(&visit)
        });
    }
    let captcha = captcha::issue(&service, &visit).await?;
    let ended = asked.ended.is_some();
    Ok(start_page(
        &visit,
        &Begin::default(),
        (captcha, ended),
        (Errors::none(), None),
    ))
}

/// Takes phone and captcha; a code goes out, or a message that says that there is nothing to object to.
pub(super) async fn begin(
    State(service): State<Service>,
    visit: Visit,
    Form(mut sent): Form<Begin>,
) -> Result<Response, Stop> {
    if sent.refresh.is_some() {
        let captcha = captcha::refresh(&service, &visit, &sent.captcha_id).await?;
        sent.captcha.clear();
        return Ok(start_page(
            &visit,
            &sent,
            (captcha, false),
            (Errors::none(), None),
        ));
    }
    let answer = match check(&sent) {
        Err(errors) => (errors, None),
        Ok(phone) => match start(&service, &visit, &sent, &phone).await? {
            Begun::Sent => return Ok(visit.redirect(&CODE)),
            Begun::WrongCaptcha => (Errors::of(captcha::FIELD, "captcha-wrong"), None),
            Begun::Refused(refusal) => refused(refusal),
        },
    };
    let captcha = captcha::keep_or_issue(&service, &visit, &sent.captcha_id).await?;
    if captcha.to_string() != sent.captcha_id {
        sent.captcha.clear();
    }
    Ok(start_page(&visit, &sent, (captcha, false), answer))
}

fn check(sent: &Begin) -> Result<Phone, Errors> {
    let mut errors = Errors::none();
    let phone = Phone::parse(sent.phone.expose()).map_err(|_| "appeal-phone-wrong");
    let phone = errors.take("phone", phone);
    if sent.captcha.trim().is_empty() {
        errors.add(captcha::FIELD, "captcha-missing");
    }
    match phone {
        Some(phone) if errors.is_empty() => Ok(phone),
        _ => Err(errors),
    }
}

fn refused(refusal: Refusal) -> (Errors, Option<StatusCode>) {
    let too_many = Some(StatusCode::TOO_MANY_REQUESTS);
    match refusal {
        Refusal::Country => (Errors::of("phone", "register-phone-country"), None),
        Refusal::TooSoon(seconds) => {
            let words = Words::with("register-code-too-soon", vec![("seconds", seconds.into())]);
            (Errors::of_form(words), too_many)
        }
        Refusal::TooMany(seconds) => {
            let minutes = seconds.saturating_add(59).div_euclid(60);
            let words = Words::with("register-code-too-many", vec![("minutes", minutes.into())]);
            (Errors::of_form(words), too_many)
        }
    }
}

enum Begun {
    Sent,
    WrongCaptcha,
    Refused(Refusal),
}

async fn start(service: &Service, visit: &Visit, sent: &Begin, phone: &Phone) -> Result<Begun, StoreError> {
    let (browser, id) = (visit.browser_hash(), handle(visit));
    let request = Request::of(visit, &browser, otp::Purpose::Appeal, phone);
    let tx = service.store().begin().await?;
    if !captcha::redeem_within(&tx, visit, (&sent.captcha_id, &sent.captcha)).await? {
        // The try is taken. A page that was sent twice finds what the first one did.
        tx.commit().await?;
        let draft = draft(service, &service.store().read(), visit).await?;
        let same = draft.is_some_and(|draft| draft.state.as_slice() == phone.e164().as_bytes());
        let sent = same && otp::seconds_until_resend(service, &request).await? > 0;
        return Ok(if sent { Begun::Sent } else { Begun::WrongCaptcha });
    }
    let account = accounts::find_by_phone(&tx, phone).await?;
    let change = appeal::against(&tx, account.as_ref()).await?;
    match otp::admit(service, &tx, visit, &request).await? {
        None => {
            let letter = if change.is_some() {
                Letter::Code
            } else {
                Letter::NoAccount
            };
            otp::write_message(service, &tx, &request, letter).await?;
        }
        // The person came back; the code that went out holds.
        Some(Refusal::TooSoon(_)) => {}
        Some(refusal) => {
            tx.commit().await?;
            return Ok(Begun::Refused(refusal));
        }
    }
    let now = service.now();
    let new = NewCeremony {
        account: change.map(|change| change.account),
        state: phone.e164().as_bytes(),
        ..NewCeremony::new(
            &id,
            (&browser, Purpose::Appeal),
            (now, now + TimeDelta::minutes(DRAFT_MINUTES)),
        )
    };
    ceremonies::put(&tx, &new).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Begun::Sent)
}

/// One for each browser. Nobody without the browser's own secret and our key can work it out.
fn handle(visit: &Visit) -> TokenHash {
    TokenHash::of(&visit.kit().csrf_key().token(&visit.browser_hash(), "appeal\u{0}"))
}

async fn draft(service: &Service, tx: &Tx, visit: &Visit) -> Result<Option<Ceremony>, StoreError> {
    let (id, browser) = (handle(visit), visit.browser_hash());
    let at = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Appeal,
    };
    ceremonies::look(tx, at, service.now()).await
}

/// Asks for the code.
pub(super) async fn ask_code(State(service): State<Service>, visit: Visit) -> Result<Response, Stop> {
    match draft(&service, &service.store().read(), &visit).await? {
        Some(_) => Ok(code_page(&visit, &Errors::none())),
        None => Ok(visit.redirect(&START.with("ended", "yes"))),
    }
}

/// Takes the code.
pub(super) async fn check_code(
    State(service): State<Service>,
    visit: Visit,
    Form(sent): Form<Code>,
) -> Result<Response, Stop> {
    let Some(draft) = draft(&service, &service.store().read(), &visit).await? else {
        return Ok(visit.redirect(&START.with("ended", "yes")));
    };
    let phone = std::str::from_utf8(&draft.state).ok().map(Phone::parse);
    let (Some(Ok(phone)), Some(digits)) = (phone, otp::read_code(sent.code.expose())) else {
        return Ok(code_page(&visit, &Errors::of("code", "appeal-code-wrong")));
    };
    let (id, browser) = (handle(&visit), visit.browser_hash());
    let request = Request::of(&visit, &browser, otp::Purpose::Appeal, &phone);
    let Tried::Right(code) = otp::check(&service, &request, digits.expose()).await? else {
        return Ok(code_page(&visit, &Errors::of("code", "appeal-code-wrong")));
    };
    let at = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Appeal,
    };
    let step = Step {
        account: draft.account,
        methods: &Methods::new([Method::Sms]),
        state: &draft.state,
    };
    let tx = service.store().begin().await?;
    if !store::otp::consume(&tx, code, service.now()).await?
        || !ceremonies::advance(&tx, at, &step, service.now()).await?
    {
        return Ok(visit.redirect(&START.with("ended", "yes")));
    }
    tx.commit().await?;
    Ok(visit.redirect(&WRITE))
}

/// Asks for the text.
pub(super) async fn ask_text(State(service): State<Service>, visit: Visit) -> Result<Response, Stop> {
    let draft = draft(&service, &service.store().read(), &visit).await?;
    Ok(match draft {
        Some(draft) if draft.methods.contains(Method::Sms) => text_page(&visit, None, "", &Errors::none()),
        Some(_) => visit.redirect(&CODE),
        None => visit.redirect(&START.with("ended", "yes")),
    })
}

/// Files the objection of somebody who has proven the phone.
pub(super) async fn file(
    State(service): State<Service>,
    visit: Visit,
    Form(sent): Form<Text>,
) -> Result<Response, Stop> {
    let text = match read(&sent) {
        Ok(text) => text,
        Err(words) => {
            let errors = Errors::of("text", words);
            return Ok(text_page(&visit, None, sent.text.expose(), &errors));
        }
    };
    let tx = service.store().begin().await?;
    let (id, browser) = (handle(&visit), visit.browser_hash());
    let at = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Appeal,
    };
    let taken = ceremonies::take(&tx, at, service.now()).await?;
    let account = taken
        .filter(|taken| taken.methods.contains(Method::Sms))
        .and_then(|taken| taken.account);
    let Some(account) = account else {
        return Ok(visit.redirect(&START.with("ended", "yes")));
    };
    finish(&service, &visit, tx, (account, None), text).await
}

/// Files the objection of somebody who has the link.
pub(super) async fn file_by_link(
    State(service): State<Service>,
    visit: Visit,
    Form(sent): Form<Text>,
) -> Result<Response, Stop> {
    let typed = sent.link.expose();
    let text = match read(&sent) {
        Ok(text) => text,
        Err(words) => {
            let errors = Errors::of("text", words);
            return Ok(text_page(&visit, Some(typed), sent.text.expose(), &errors));
        }
    };
    let tx = service.store().begin().await?;
    let Some(link) = links::take(&service, &tx, typed, LinkPurpose::Appeal).await? else {
        return Ok(over(&visit));
    };
    finish(&service, &visit, tx, (link.account, Some(&link)), text).await
}

/// Files it, against the decision of the link where there is one. What was not filed used nothing up.
async fn finish(
    service: &Service,
    visit: &Visit,
    tx: Tx,
    (account, link): (AccountId, Option<&links::Link>),
    text: String,
) -> Result<Response, Stop> {
    let account = accounts::find(&tx, account).await?;
    let filed = match &account {
        Some(account) => appeal::file(service, &tx, (account, link), Sensitive::new(text)).await?,
        None => false,
    };
    if !filed {
        return Ok(over(visit));
    }
    tx.commit().await?;
    Ok(Notice::saying("appeal-done-text").respond(visit, Page::new("appeal-done", "appeal-done-title")))
}

fn read(sent: &Text) -> Result<String, &'static str> {
    let text: String = sent
        .text
        .expose()
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect();
    let text = text.trim();
    if text.is_empty() {
        Err("appeal-text-missing")
    } else if text.chars().count() > TEXT_MAX {
        Err("appeal-text-long")
    } else {
        Ok(text.to_owned())
    }
}
