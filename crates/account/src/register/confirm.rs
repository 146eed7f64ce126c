//! `/register/confirm`: the code from the phone, the password and the agreement. Everything is checked at once and
//! cheaply first; the hash comes last. Sending the page twice makes one account and leads on both times, with the
//! same factor; a page about another draft than the browser has now is told so.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use model::authn::{Method, Methods};
use model::ids::AccountId;
use store::registrations::Registration;
use store::throttles::{self, Rule};
use store::{StoreError, Tx, accounts, credentials};
use web::extract::{Form, Query};
use web::form::{Errors, Words};
use web::paths::LocalPath;
use web::{Problem, Visit};

use super::create::{self, Created, New};
use super::input::{Boxes, ConfirmForm, Confirmation, check_confirm, mark_of};
use super::start::find;
use super::{ACTIVATION, forms, onward_from_here, start};
use crate::agreements::{Agreement, RESIDENT};
use crate::otp::{self, Purpose, Request, Tried};
use crate::password::{About, HashingError, Password, StoredPassword};
use crate::service::fault;
use crate::session::{Beginning, Made};
use crate::signin::{Asked, Onward};
use crate::{Service, factors, session};

/// How often a finished registration looks at a page that may have been sent twice.
const REPEATS: Rule = Rule {
    name: "register_repeat",
    limit: 5,
    window_seconds: 3600,
};

/// For so long a page that was sent twice counts as one, in seconds.
const REPEAT_SECONDS: i64 = 60;

pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await.map_err(fault)?;
    match find(&service, &visit).await.map_err(fault)? {
        None => Ok(visit.redirect(&onward.through(forms::ended()))),
        Some(Registration {
            account: Some(_),
            mail: Some(_),
            ..
        }) => Ok(visit.redirect(&onward.through(ACTIVATION))),
        Some(Registration {
            account: Some(account),
            ..
        }) => finished(&service, visit, &onward, account, None).await,
        Some(draft) => {
            let page = Shown {
                service: &service,
                visit: &visit,
                onward: &onward,
                draft: &draft,
            };
            page.render(Boxes::default(), (&Errors::none(), None)).await
        }
    }
}

pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(form): Form<ConfirmForm>,
) -> Result<Response, Problem> {
    let onward = form.onward();
    onward.speak(&service, &mut visit).await.map_err(fault)?;
    let draft = match find(&service, &visit).await.map_err(fault)? {
        Some(draft) if draft.account.is_none() && form.is_about(&draft) => draft,
        other => return lead(&service, visit, &onward, &form, (other, Errors::none())).await,
    };
    let page = Shown {
        service: &service,
        visit: &visit,
        onward: &onward,
        draft: &draft,
    };
    if form.resend.is_some() {
        return page.resend(form.boxes()).await;
    }
    let agreement = current_agreement(&service, &visit)?;
    let about = About {
        phone: Some(&draft.phone),
        name: draft.mail.as_ref().map(|mail| &mail.name),
        email: draft.mail.as_ref().map(|mail| &mail.email),
        ..About::default()
    };
    let checked = check_confirm(&form, service.policy(), &about, &mark_of(agreement, &visit));
    let (code, password) = match page.try_code(checked).await.map_err(fault)? {
        Ok(proven) => proven,
        Err(errors) => {
            let now = find(&service, &visit).await.map_err(fault)?;
            return lead(&service, visit, &onward, &form, (now, errors)).await;
        }
    };
    let password = match service.hashing().hash(&password).await {
        Ok(hash) => hash,
        Err(HashingError::Busy) => {
            let busy = (
                &Errors::of_form("register-busy"),
                Some(StatusCode::TOO_MANY_REQUESTS),
            );
            return page.render(form.boxes(), busy).await;
        }
        Err(error) => return Err(Problem::internal(error)),
    };
    let new = New {
        draft: &draft,
        code,
        password,
        agreement,
        public_computer: form.boxes().public_computer,
    };
    match create::create(&service, &visit, &new).await.map_err(fault)? {
        Created::Done(started) => {
            started.give_to(&mut visit);
            Ok(visit.redirect(&onward_from_here(&onward)))
        }
        Created::Waiting => {
            service.kick_delivery();
            Ok(visit.redirect(&onward.through(ACTIVATION)))
        }
        Created::PhoneTaken => Ok(forms::phone_taken(&visit, &onward)),
        Created::CodeGone => {
            let errors = Errors::of("sms_code", "register-code-expired");
            let now = find(&service, &visit).await.map_err(fault)?;
            lead(&service, visit, &onward, &form, (now, errors)).await
        }
    }
}

/// Where the form leads when it makes no account now: to the page with its errors; on, when the same page, sent
/// twice, has made the account meanwhile; and with a word about it when its draft is not the browser's any more.
async fn lead(
    service: &Service,
    visit: Visit,
    onward: &Onward,
    form: &ConfirmForm,
    (draft, errors): (Option<Registration>, Errors),
) -> Result<Response, Problem> {
    let Some(draft) = draft else {
        return Ok(visit.redirect(&onward.through(forms::ended())));
    };
    let page = Shown {
        service,
        visit: &visit,
        onward,
        draft: &draft,
    };
    match (draft.account, form.is_about(&draft)) {
        (Some(_), true) if draft.mail.is_some() => Ok(visit.redirect(&onward.through(ACTIVATION))),
        (Some(account), true) => finished(service, visit, onward, account, Some((&draft, form))).await,
        // Another tab has finished another registration.
        (Some(_), false) => Ok(visit.redirect(&onward.through(forms::ended()))),
        (None, true) => page.render(form.boxes(), (&errors, None)).await,
        // Another tab has begun one for another number. Nothing of this form is tried on it.
        (None, false) => {
            let phone = draft.phone.masked();
            let words = Words::with("register-draft-other", vec![("phone", phone.as_str().into())]);
            let answer = (&Errors::of_form(words), Some(StatusCode::CONFLICT));
            page.render(form.boxes(), answer).await
        }
    }
}

fn current_agreement<'a>(service: &'a Service, visit: &Visit) -> Result<&'a Agreement, Problem> {
    let agreement = service.agreements().current(RESIDENT, visit.kit().today());
    agreement.ok_or_else(|| Problem::internal("no agreement is in effect"))
}

/// The second page for one draft.
struct Shown<'a> {
    service: &'a Service,
    visit: &'a Visit,
    onward: &'a Onward,
    draft: &'a Registration,
}

impl Shown<'_> {
    async fn render(&self, boxes: Boxes, answer: (&Errors, Option<StatusCode>)) -> Result<Response, Problem> {
        let browser = self.visit.browser_hash();
        let request = Request::of(self.visit, &browser, Purpose::Registration, &self.draft.phone);
        let shown = forms::Confirm {
            draft: self.draft.id,
            masked_phone: self.draft.phone.masked(),
            minutes: self.service.config().otp.life_seconds / 60,
            resend_seconds: otp::seconds_until_resend(self.service, &request)
                .await
                .map_err(fault)?,
            agreement: current_agreement(self.service, self.visit)?,
            boxes,
        };
        Ok(forms::confirm(self.visit, self.onward, &shown, answer))
    }

    /// Sends another code, which replaces the one before (HB-15).
    async fn resend(&self, boxes: Boxes) -> Result<Response, Problem> {
        match self.send_again().await.map_err(fault)? {
            None => self.render(boxes, (&Errors::none(), None)).await,
            Some(refusal) => {
                let (errors, status) = start::refused(refusal);
                self.render(boxes, (&errors, status)).await
            }
        }
    }

    async fn send_again(&self) -> Result<Option<otp::Refusal>, StoreError> {
        let browser = self.visit.browser_hash();
        let request = Request::of(self.visit, &browser, Purpose::Registration, &self.draft.phone);
        if let Some(refusal) =
            otp::admit(self.service, &self.service.store().read(), self.visit, &request).await?
        {
            return Ok(Some(refusal));
        }
        let tx = self.service.store().begin().await?;
        let letter = start::letter(&tx, &self.draft.phone).await?;
        otp::write_message(self.service, &tx, &request, letter).await?;
        tx.commit().await?;
        self.service.kick_delivery();
        Ok(None)
    }

    /// Tries the code, if it is one, whatever else is wrong: the page shows all faults at once. A right code stays
    /// good for the next time.
    async fn try_code(
        &self,
        checked: Confirmation,
    ) -> Result<Result<(model::ids::OtpId, Password), Errors>, StoreError> {
        let Confirmation {
            code,
            password,
            errors: others,
        } = checked;
        // The code's error comes first, as its field does on the page.
        let (mut errors, mut proven) = (Errors::none(), None);
        if let Some(code) = code {
            let browser = self.visit.browser_hash();
            let request = Request::of(self.visit, &browser, Purpose::Registration, &self.draft.phone);
            match otp::check(self.service, &request, code.expose()).await? {
                Tried::Right(id) => proven = Some(id),
                Tried::Wrong(left) => {
                    let left = Words::with("register-code-wrong", vec![("left", u32::from(left).into())]);
                    errors.add("sms_code", left);
                }
                Tried::Exhausted => errors.add("sms_code", "register-code-exhausted"),
                Tried::Expired => errors.add("sms_code", "register-code-expired"),
            }
        }
        for other in others.all() {
            errors.add(other.field.as_deref().unwrap_or_default(), other.words.clone());
        }
        Ok(match (proven, password) {
            (Some(id), Some(password)) if errors.is_empty() => Ok((id, password)),
            _ => Err(errors),
        })
    }
}

/// A registration that is finished: on, when its person is signed in; and when the page was sent twice, so that the browser
/// never saw the first answer, the code that the first one used signs them in once more. It does so for a moment, and while
/// the account has nothing beside its password: this page asks for no second factor, and is no other way to sign in (A225).
async fn finished(
    service: &Service,
    mut visit: Visit,
    onward: &Onward,
    account: AccountId,
    sent: Option<(&Registration, &ConfirmForm)>,
) -> Result<Response, Problem> {
    let current = session::current(service, &visit).await.map_err(fault)?;
    if current.is_some_and(|session| session.account.id == account) {
        return Ok(visit.redirect(&onward_from_here(onward)));
    }
    let sign_in = onward.through(LocalPath::known("/sign-in"));
    let Some((draft, form)) = sent else {
        return Ok(visit.redirect(&sign_in));
    };
    if !is_sent_twice(service, &visit, account, (draft, form)).await? {
        return Ok(visit.redirect(&sign_in));
    }
    let tx = service.store().begin().await.map_err(fault)?;
    if !has_one_step(&tx, account).await.map_err(fault)? {
        return Ok(visit.redirect(&sign_in));
    }
    let beginning = Beginning {
        account,
        methods: Methods::new([Method::Sms]),
        public_computer: form.boxes().public_computer,
        client: None,
        made: Made::Now,
    };
    let started = session::begin(service, &tx, &visit, &beginning);
    let Some(started) = started.await.map_err(fault)? else {
        return Ok(visit.redirect(&sign_in));
    };
    create::record_sign_in(service, &tx, &visit, account, started.id)
        .await
        .map_err(fault)?;
    tx.commit().await.map_err(fault)?;
    started.give_to(&mut visit);
    Ok(visit.redirect(&onward_from_here(onward)))
}

/// Whether an account has no second factor, looked up behind the lock under which one would be added.
async fn has_one_step(tx: &Tx, account: AccountId) -> Result<bool, StoreError> {
    accounts::take_turns(tx, account).await?;
    let Some(account) = accounts::find(tx, account).await? else {
        return Ok(false);
    };
    Ok(!factors::of(tx, &account).await?.two_step())
}

/// Whether a page is the one that made the account a moment ago, sent twice: with the very code that this browser used then,
/// and the account's password.
async fn is_sent_twice(
    service: &Service,
    visit: &Visit,
    account: AccountId,
    (draft, form): (&Registration, &ConfirmForm),
) -> Result<bool, Problem> {
    let (tx, now) = (service.store().read(), service.now());
    let count = throttles::hit(&tx, &REPEATS, &draft.id.to_string(), now)
        .await
        .map_err(fault)?;
    let code = otp::read_code(form.sms_code.expose());
    let (Some(code), false) = (code, count.exceeded()) else {
        return Ok(false);
    };
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, Purpose::Registration, &draft.phone);
    let since = now - TimeDelta::seconds(REPEAT_SECONDS);
    let same = otp::was_used(&tx, &request, code.expose(), since)
        .await
        .map_err(fault)?;
    let (Ok(password), true) = (Password::typed(form.password.expose()), same) else {
        return Ok(false);
    };
    let stored = credentials::find_password(&tx, account).await.map_err(fault)?;
    let stored = stored.map(|stored| StoredPassword::from_stored(stored.phc.into_inner()));
    match service.hashing().verify(&password, stored.as_ref()).await {
        Ok(verdict) => Ok(verdict.is_right()),
        Err(HashingError::Busy) => Err(Problem::too_many(5).caused_by("password queue is full")),
        Err(error) => Err(Problem::internal(error)),
    }
}
