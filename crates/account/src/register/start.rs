//! `/register`: kind, phone and captcha. The captcha comes before anything that costs (HB-14), the limits before the
//! message; draft, code and message are stored together.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use model::client::AccountKind;
use model::ids::RegistrationId;
use model::phone::Phone;
use model::secret::Sensitive;
use store::registrations::{self, NewRegistration, Registration};
use store::{StoreError, accounts};
use web::extract::{Form, Query};
use web::form::{Errors, Words};
use web::{Problem, Visit};

use super::input::{StartForm, Typed, check_start};
use super::{CONFIRM, forms};
use crate::Service;
use crate::captcha;
use crate::otp::{self, Letter, Purpose, Refusal, Request};
use crate::service::fault;
use crate::signin::{Asked, Onward};

pub(super) async fn show(
    State(service): State<Service>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    must_be_open(&service)?;
    let onward = Onward::from(asked);
    let draft = find(&service, &visit)
        .await
        .map_err(fault)?
        .filter(|draft| draft.account.is_none());
    let typed = Typed {
        phone: Sensitive::new(draft.map(|draft| draft.phone.national()).unwrap_or_default()),
        ..Typed::default()
    };
    let captcha = captcha::issue(&service, &visit).await?;
    Ok(forms::start(
        &visit,
        &onward,
        &typed,
        captcha,
        (&Errors::none(), None),
    ))
}

pub(super) async fn submit(
    State(service): State<Service>,
    visit: Visit,
    Form(form): Form<StartForm>,
) -> Result<Response, Problem> {
    must_be_open(&service)?;
    let (onward, refresh) = (form.onward(), form.refresh.is_some());
    let mut typed = form.into_typed();
    if refresh {
        let captcha = captcha::refresh(&service, &visit, &typed.captcha_id).await?;
        typed.captcha.clear();
        return Ok(forms::start(
            &visit,
            &onward,
            &typed,
            captcha,
            (&Errors::none(), None),
        ));
    }
    if typed.organisation {
        return Ok(forms::organisation(&visit, &onward));
    }
    let phone = match check_start(&typed) {
        Ok(phone) => phone,
        Err(errors) => return again(&service, &visit, &onward, typed, (errors, None)).await,
    };
    if !captcha::redeem(&service, &visit, &typed.captcha_id, &typed.captcha)
        .await
        .map_err(fault)?
    {
        typed.captcha.clear();
        let errors = Errors::of(captcha::FIELD, "captcha-wrong");
        return again(&service, &visit, &onward, typed, (errors, None)).await;
    }
    if let Some(refusal) = begin(&service, &visit, &phone).await.map_err(fault)? {
        typed.captcha.clear();
        return again(&service, &visit, &onward, typed, refused(refusal)).await;
    }
    Ok(visit.redirect(&onward.through(CONFIRM)))
}

fn must_be_open(service: &Service) -> Result<(), Problem> {
    if service.config().register.open {
        Ok(())
    } else {
        Err(Problem::not_found().caused_by("register.open = false"))
    }
}

/// The page again, with what was typed and a captcha that can be answered.
async fn again(
    service: &Service,
    visit: &Visit,
    onward: &Onward,
    typed: Typed,
    (errors, status): (Errors, Option<StatusCode>),
) -> Result<Response, Problem> {
    let captcha = captcha::keep_or_issue(service, visit, &typed.captcha_id).await?;
    Ok(forms::start(visit, onward, &typed, captcha, (&errors, status)))
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

/// Stores the draft and sends the code; or, to a phone that has an account, a message that says so. Whoever looks
/// at the pages cannot tell one from the other (A203, A207).
async fn begin(service: &Service, visit: &Visit, phone: &Phone) -> Result<Option<Refusal>, StoreError> {
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Purpose::Registration, phone);
    if let Some(refusal) = otp::admit(service, visit, &request).await? {
        return Ok(Some(refusal));
    }
    let now = visit.now();
    let tx = service.store().begin().await?;
    let draft = NewRegistration {
        id: RegistrationId::new(now, service.rng()),
        browser: &browser,
        kind: AccountKind::Resident,
        language: visit.language(),
        phone,
        now,
        expires_at: now + TimeDelta::minutes(service.config().register.draft_minutes),
    };
    registrations::begin(&tx, &draft).await?;
    otp::write_message(service, &tx, &request, letter(&tx, phone).await?).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(None)
}

/// The registration of this browser.
pub(super) async fn find(service: &Service, visit: &Visit) -> Result<Option<Registration>, StoreError> {
    registrations::find(&service.store().read(), &visit.browser_hash(), visit.now()).await
}

/// What a phone is told.
pub(super) async fn letter(tx: &store::Tx, phone: &Phone) -> Result<Letter, StoreError> {
    let known = accounts::find_by_phone(tx, phone).await?.is_some();
    Ok(if known { Letter::HasAccount } else { Letter::Code })
}
