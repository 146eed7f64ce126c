//! `/register`: kind, phone and captcha. The captcha comes before anything that costs (HB-14), the limits before the
//! message. All of it is one transaction: a page that is sent twice waits at the captcha, which has one try, and then
//! finds the message sent.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use model::client::AccountKind;
use model::ids::{CaptchaId, RegistrationId};
use model::phone::Phone;
use model::standing::{self, Answer, Entry};
use store::registrations::{self, ByEmail, NewRegistration, Registration};
use store::{StoreError, Tx, accounts};
use web::extract::{Form, Query};
use web::form::{Errors, Words};
use web::{Problem, Visit};

use super::input::{StartAsked, StartForm, Typed, check_start};
use super::{CONFIRM, forms};
use crate::Service;
use crate::captcha;
use crate::otp::{self, Letter, Purpose, Refusal, Request};
use crate::service::fault;
use crate::signin::Onward;

pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<StartAsked>,
) -> Result<Response, Problem> {
    must_be_open(&service)?;
    let onward = asked.onward();
    let interaction = onward.speak(&service, &mut visit).await.map_err(fault)?;
    let left = onward.left_behind(&service, interaction.as_ref()).await;
    if let Some(page) = left.map_err(fault)? {
        return Ok(visit.redirect(&page));
    }
    let typed = Typed::default();
    if asked.is_for_organisation() {
        return Ok(forms::organisation(&visit, &onward, &typed));
    }
    let page = First {
        service: &service,
        visit: &visit,
        onward: &onward,
        ended: asked.says_ended(),
    };
    let captcha = captcha::issue(&service, &visit).await?;
    page.render((&typed, captcha), (&Errors::none(), None)).await
}

pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(form): Form<StartForm>,
) -> Result<Response, Problem> {
    must_be_open(&service)?;
    let (onward, refresh) = (form.onward(), form.refresh.is_some());
    onward.speak(&service, &mut visit).await.map_err(fault)?;
    let mut typed = form.into_typed();
    let page = First {
        service: &service,
        visit: &visit,
        onward: &onward,
        ended: false,
    };
    if refresh {
        let captcha = captcha::refresh(&service, &visit, &typed.captcha_id).await?;
        typed.captcha.clear();
        return page.render((&typed, captcha), (&Errors::none(), None)).await;
    }
    if typed.organisation {
        return Ok(forms::organisation(&visit, &onward, &typed));
    }
    let phone = match check_start(&typed) {
        Ok(phone) => phone,
        Err(errors) => return page.again(typed, (errors, None)).await,
    };
    let wanted = Wanted {
        phone: &phone,
        mail: None,
        captcha: (&typed.captcha_id, &typed.captcha),
    };
    match begin(&service, &visit, &wanted).await.map_err(fault)? {
        Begun::Sent => Ok(visit.redirect(&onward.through(CONFIRM))),
        Begun::WrongCaptcha => {
            let errors = Errors::of(captcha::FIELD, "captcha-wrong");
            page.again(typed, (errors, None)).await
        }
        Begun::Refused(refusal) => page.again(typed, refused(refusal)).await,
    }
}

pub(super) fn must_be_open(service: &Service) -> Result<(), Problem> {
    if service.config().register.open {
        Ok(())
    } else {
        Err(Problem::not_found().caused_by("register.open = false"))
    }
}

/// The first page for one visit.
struct First<'a> {
    service: &'a Service,
    visit: &'a Visit,
    onward: &'a Onward,
    ended: bool,
}

impl First<'_> {
    async fn render(
        &self,
        (typed, captcha): (&Typed, CaptchaId),
        answer: (&Errors, Option<StatusCode>),
    ) -> Result<Response, Problem> {
        let draft = find(self.service, self.visit).await.map_err(fault)?;
        let unfinished = draft.filter(|draft| draft.account.is_none());
        let shown = forms::Start {
            typed,
            captcha,
            unfinished: unfinished.map(|draft| draft.phone.masked()),
            ended: self.ended,
        };
        let by_email = self.service.config().register.by_email;
        Ok(forms::start(self.visit, self.onward, (&shown, by_email), answer))
    }

    /// The page again, with what was typed and a captcha that can be answered. The answer to a picture that is gone
    /// goes with it.
    async fn again(
        &self,
        mut typed: Typed,
        (errors, status): (Errors, Option<StatusCode>),
    ) -> Result<Response, Problem> {
        let captcha = captcha::keep_or_issue(self.service, self.visit, &typed.captcha_id).await?;
        if captcha.to_string() != typed.captcha_id {
            typed.captcha.clear();
        }
        self.render((&typed, captcha), (&errors, status)).await
    }
}

/// The error for a message that is not sent.
pub(super) fn refused(refusal: Refusal) -> (Errors, Option<StatusCode>) {
    let too_many = Some(StatusCode::TOO_MANY_REQUESTS);
    match refusal {
        Refusal::Country => (Errors::of("phone", "register-phone-country"), None),
        Refusal::TooSoon(seconds) => (
            Errors::of_form(Words::with(
                "register-code-too-soon",
                vec![("seconds", seconds.into())],
            )),
            too_many,
        ),
        Refusal::TooMany(seconds) => {
            let minutes = (seconds + 59).div_euclid(60);
            (
                Errors::of_form(Words::with(
                    "register-code-too-many",
                    vec![("minutes", minutes.into())],
                )),
                too_many,
            )
        }
    }
}

/// What a first page asks for.
pub(super) struct Wanted<'a> {
    pub(super) phone: &'a Phone,
    /// Address and name, where one registers by e-mail.
    pub(super) mail: Option<&'a ByEmail>,
    /// The captcha and its answer.
    pub(super) captcha: (&'a str, &'a str),
}

/// What came of the first page.
pub(super) enum Begun {
    /// There is a draft, and a message went out: now, or a moment ago.
    Sent,
    WrongCaptcha,
    Refused(Refusal),
}

/// Stores the draft and sends the code; or, to a phone that has an account, a message that says so. Whoever looks
/// at the pages cannot tell one from the other (A203, A207).
pub(super) async fn begin(
    service: &Service,
    visit: &Visit,
    wanted: &Wanted<'_>,
) -> Result<Begun, StoreError> {
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Purpose::Registration, wanted.phone);
    let tx = service.store().begin().await?;
    if !captcha::redeem_within(&tx, visit, wanted.captcha).await? {
        // The try is taken.
        tx.commit().await?;
        let sent = was_sent(service, visit, (&request, wanted.mail)).await?;
        return Ok(if sent { Begun::Sent } else { Begun::WrongCaptcha });
    }
    let refusal = otp::admit(service, &tx, visit, &request).await?;
    match refusal {
        // The code comes before the draft, as where the account is made: two pages of one browser do not wait for
        // each other crosswise.
        None => otp::write_message(service, &tx, &request, letter(&tx, wanted.phone).await?).await?,
        // The person came back; the next page says when another code can be sent.
        Some(Refusal::TooSoon(_)) => {}
        Some(refusal) => {
            tx.commit().await?;
            return Ok(Begun::Refused(refusal));
        }
    }
    keep_draft(service, &tx, visit, (wanted, refusal.is_none())).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Begun::Sent)
}

/// Whether the same page was sent a moment ago and did its work: without script a double click sends it twice, and
/// what people see is the second answer.
async fn was_sent(
    service: &Service,
    visit: &Visit,
    (request, mail): (&Request<'_>, Option<&ByEmail>),
) -> Result<bool, StoreError> {
    let draft = find(service, visit).await?;
    let draft = draft.filter(|draft| draft.account.is_none());
    let same = draft.is_some_and(|draft| draft.phone == *request.phone && draft.mail.as_ref() == mail);
    Ok(same && otp::seconds_until_resend(service, request).await? > 0)
}

/// The browser's draft is for this phone from here on. It stays the same draft while the phone does, so that a page
/// that is open in another tab stays good.
async fn keep_draft(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    (wanted, sent): (&Wanted<'_>, bool),
) -> Result<(), StoreError> {
    let (now, browser) = (visit.now(), visit.browser_hash());
    let expires_at = now + TimeDelta::minutes(service.config().register.draft_minutes);
    let draft = registrations::find(tx, &browser, now).await?;
    let same = |draft: &Registration| draft.phone == *wanted.phone && draft.mail.as_ref() == wanted.mail;
    if let Some(draft) = draft.filter(same) {
        let finished_just_now = draft.account.is_some() && !sent;
        if finished_just_now || registrations::prolong(tx, draft.id, (now, expires_at)).await? {
            return Ok(());
        }
    }
    let draft = NewRegistration {
        id: RegistrationId::new(now, service.rng()),
        browser: &browser,
        kind: AccountKind::Resident,
        language: visit.language(),
        phone: wanted.phone,
        mail: wanted.mail,
        now,
        expires_at,
    };
    registrations::begin(tx, &draft).await
}

/// The registration of this browser.
pub(super) async fn find(service: &Service, visit: &Visit) -> Result<Option<Registration>, StoreError> {
    registrations::find(&service.store().read(), &visit.browser_hash(), visit.now()).await
}

/// What a phone is told.
pub(super) async fn letter(tx: &Tx, phone: &Phone) -> Result<Letter, StoreError> {
    let known = accounts::find_by_phone(tx, phone).await?;
    Ok(
        match known.map(|account| standing::answer(account.status, Entry::Register)) {
            None | Some(Answer::AsIfUnknown) => Letter::Code,
            // It waits for its address to be confirmed: its owner is told where another link can be had.
            Some(Answer::OnlyToActivate) => Letter::Waits,
            // The page shows the same as for a number that nobody has, whatever the standing is.
            Some(_) => Letter::HasAccount,
        },
    )
}
