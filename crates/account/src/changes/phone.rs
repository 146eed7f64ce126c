//! Another phone: `/account/contact/phone` and `/account/contact/phone/code`. The new one is proven by a code in any
//! case. The old one agrees by a code, too; where it is lost the change waits, and everything that the account still has
//! is told (NA-18). A number that is another account's is not taken: its owner is told, and it comes free after some days
//! (A237).

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use model::ids::{ChangeId, OtpId};
use model::phone::Phone;
use model::secret::{Sensitive, TokenHash};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::StoreError;
use store::accounts::{self, Account};
use store::ceremonies::{self, Handle, NewCeremony};
use store::changes;
use store::otp::Tried;
use web::Visit;
use web::extract::{Form, FormName, Query};
use web::form::{Errors, Words};
use web::paths::LocalPath;

use super::{Asked, CONTACT};
use crate::Service;
use crate::confirm::{self, Need};
use crate::history::{self, Happening, What};
use crate::notices;
use crate::otp::{self, Letter, Purpose, Refusal, Request};
use crate::recovery;
use crate::session::Stop;

mod change;
mod form;
mod proof;

pub(super) use change::{apply, take_back, target};
use change::{begin, happen, tell};
pub(crate) use change::{put, put_back};
use form::{first, second};
pub(crate) use proof::Ended;

const HERE: LocalPath = LocalPath::known("/account/contact/phone");
const CODE: LocalPath = LocalPath::known("/account/contact/phone/code");
/// How long the two pages may take, in minutes.
const MINUTES: i64 = 30;

/// The first page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct New {
    phone: Sensitive<String>,
    lost: Option<String>,
}

impl FormName for New {
    const FORM: &'static str = "contact-phone";
}

/// The second page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Codes {
    draft: String,
    new_code: Sensitive<String>,
    old_code: Sensitive<String>,
    resend: Option<String>,
}

impl FormName for Codes {
    const FORM: &'static str = "contact-phone-code";
}

/// What is kept between the two.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Draft {
    id: String,
    phone: String,
    lost: bool,
}

/// Shows the first page.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let confirmed = asked.confirmed.is_some();
    let here = confirm::back_to(&HERE, confirmed);
    let session = confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    let typed: Option<New> = confirm::kept(&service, &visit, &session, (New::FORM, confirmed)).await?;
    let shown = (&typed.unwrap_or_default(), confirmed);
    Ok(first(&visit, &session.account, shown, Errors::none()))
}

/// Sends the codes.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<New>,
) -> Result<Response, Stop> {
    let typed: String = sent.phone.expose().chars().take(32).collect();
    let kept = json!({ "phone": typed, "lost": sent.lost.as_ref().map(|_| "yes") });
    let form = (&HERE, New::FORM, &kept);
    let session = confirm::require_keeping(&service, &mut visit, Need::Strongest, form).await?;
    let account = &session.account;
    let again = |errors| first(&visit, account, (&sent, false), errors);
    let Ok(phone) = Phone::parse(sent.phone.expose()) else {
        return Ok(again(Errors::of("phone", "recover-phone-wrong")));
    };
    if account.phone.as_ref() == Some(&phone) {
        return Ok(again(Errors::of("phone", "contact-phone-same")));
    }
    let draft = Draft {
        id: ChangeId::new(service.now(), service.rng()).to_string(),
        phone: phone.e164().to_owned(),
        lost: sent.lost.is_some() || account.phone.is_none(),
    };
    if let Some(refusal) = send(&service, &visit, account, &draft).await? {
        return Ok(again(recovery::page::refused(refusal).0));
    }
    let state = serde_json::to_vec(&draft).map_err(|_| StoreError::Malformed("ceremony.state"))?;
    let (id, browser, now) = (handle(&visit), visit.browser_hash(), service.now());
    let until = now + TimeDelta::minutes(MINUTES);
    let new = NewCeremony {
        account: Some(account.id),
        session: Some(session.id),
        state: &state,
        ..NewCeremony::new(&id, (&browser, ceremonies::Purpose::ContactChange), (now, until))
    };
    ceremonies::put(&service.store().read(), &new).await?;
    Ok(visit.redirect(&CODE))
}

fn handle(visit: &Visit) -> TokenHash {
    let token = visit
        .kit()
        .csrf_key()
        .token(&visit.browser_hash(), "contact phone\u{0}");
    TokenHash::of(&token)
}

fn at<'a>(id: &'a TokenHash, browser: &'a TokenHash) -> Handle<'a> {
    Handle {
        id,
        browser,
        purpose: ceremonies::Purpose::ContactChange,
    }
}

/// A code to the new phone, and one to the old unless it is lost.
async fn send(
    service: &Service,
    visit: &Visit,
    account: &Account,
    draft: &Draft,
) -> Result<Option<Refusal>, StoreError> {
    let browser = visit.browser_hash();
    let Ok(phone) = Phone::parse(&draft.phone) else {
        return Ok(Some(Refusal::Country));
    };
    let new = Request::of(visit, &browser, Purpose::NewPhone, &phone);
    let old = account.phone.as_ref().filter(|_| !draft.lost);
    let old = old.map(|old| Request {
        language: account.language,
        ..Request::of(visit, &browser, Purpose::OldPhone, old)
    });
    let tx = service.store().begin().await?;
    for request in [Some(new), old].into_iter().flatten() {
        match otp::admit(service, &tx, visit, &request).await? {
            None => otp::write_message(service, &tx, &request, Letter::Code).await?,
            // It is on its way since a moment ago.
            Some(Refusal::TooSoon(_)) => {}
            Some(refusal) => {
                tx.commit().await?;
                return Ok(Some(refusal));
            }
        }
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(None)
}

async fn look(service: &Service, visit: &Visit, account: &Account) -> Result<Option<Draft>, StoreError> {
    let (id, browser) = (handle(visit), visit.browser_hash());
    let found = ceremonies::look(&service.store().read(), at(&id, &browser), service.now()).await?;
    let found = found.filter(|found| found.account == Some(account.id));
    Ok(found.and_then(|found| serde_json::from_slice(&found.state).ok()))
}

/// Shows the second page.
pub(super) async fn codes(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let confirmed = asked.confirmed.is_some();
    let here = confirm::back_to(&CODE, confirmed);
    let session = confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    Ok(match look(&service, &visit, &session.account).await? {
        Some(draft) => second(&service, &visit, (&draft, confirmed), Errors::none()),
        None => visit.redirect(&CONTACT),
    })
}

/// Tries the codes, and changes the phone or begins the wait.
pub(super) async fn confirm_codes(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<Codes>,
) -> Result<Response, Stop> {
    // The number and its codes wait; the codes themselves are typed again, as everywhere.
    let here = confirm::back_to(&CODE, true);
    let session = confirm::require(&service, &mut visit, Need::Strongest, &here).await?;
    let account = &session.account;
    let Some(draft) = look(&service, &visit, account)
        .await?
        .filter(|draft| draft.id == sent.draft)
    else {
        // Sent twice, or another tab is about another number.
        return Ok(visit.redirect(&CONTACT));
    };
    if sent.resend.is_some() {
        let errors = match send(&service, &visit, account, &draft).await? {
            None => Errors::none(),
            Some(refusal) => recovery::page::refused(refusal).0,
        };
        return Ok(second(&service, &visit, (&draft, false), errors));
    }
    let Ok(phone) = Phone::parse(&draft.phone) else {
        return Ok(visit.redirect(&CONTACT));
    };
    let (mut errors, mut used) = (Errors::none(), Vec::new());
    let tries = [
        (Some(&phone), Purpose::NewPhone, "new_code", &sent.new_code),
        (
            account.phone.as_ref().filter(|_| !draft.lost),
            Purpose::OldPhone,
            "old_code",
            &sent.old_code,
        ),
    ];
    for (phone, purpose, field, typed) in tries {
        let Some(phone) = phone else { continue };
        match try_code(&service, &visit, (phone, purpose), typed).await? {
            Ok(id) => used.push(id),
            Err(words) => errors.add(field, words),
        }
    }
    if !errors.is_empty() {
        return Ok(second(&service, &visit, (&draft, false), errors));
    }
    let page = match proven(&service, &visit, account, (&draft, &phone, &used)).await? {
        Proven::Changed => CONTACT.with("done", "phone"),
        Proven::Waits => CONTACT.with("done", "waits"),
        Proven::Elsewhere => CONTACT.with("done", "elsewhere"),
        Proven::Over => CONTACT,
    };
    Ok(visit.redirect(&page))
}

async fn try_code(
    service: &Service,
    visit: &Visit,
    (phone, purpose): (&Phone, Purpose),
    typed: &Sensitive<String>,
) -> Result<Result<OtpId, Words>, StoreError> {
    let Some(code) = otp::read_code(typed.expose()) else {
        return Ok(Err("register-code-form".into()));
    };
    let browser = visit.browser_hash();
    let request = Request::of(visit, &browser, purpose, phone);
    Ok(match otp::check(service, &request, code.expose()).await? {
        Tried::Right(id) => Ok(id),
        Tried::Wrong(left) => {
            let left = vec![("left", u32::from(left).into())];
            Err(Words::with("register-code-wrong", left))
        }
        Tried::Exhausted => Err("register-code-exhausted".into()),
        Tried::Expired => Err("register-code-expired".into()),
    })
}

enum Proven {
    Changed,
    Waits,
    /// The number is another account's.
    Elsewhere,
    Over,
}

/// Both codes are right. The draft, the codes and the change are one transaction.
async fn proven(
    service: &Service,
    visit: &Visit,
    account: &Account,
    (draft, phone, codes): (&Draft, &Phone, &[OtpId]),
) -> Result<Proven, StoreError> {
    let (id, browser, now) = (handle(visit), visit.browser_hash(), service.now());
    let tx = service.store().begin().await?;
    let owner = accounts::find_by_phone(&tx, phone).await?;
    match &owner {
        Some(owner) => store::joins::take_turns(&tx, account.id, owner.id).await?,
        None => accounts::take_turns(&tx, account.id).await?,
    }
    if ceremonies::take(&tx, at(&id, &browser), now).await?.is_none() {
        return Ok(Proven::Over);
    }
    for code in codes {
        if !store::otp::consume(&tx, *code, now).await? {
            return Ok(Proven::Over);
        }
    }
    if let Some(owner) = owner {
        // Another browser was faster, or the owner has given the number up before the lock was ours.
        let still = accounts::find_by_phone(&tx, phone).await?;
        if owner.id == account.id || still.is_none_or(|still| still.id != owner.id) {
            return Ok(Proven::Over);
        }
        recovery::number::dispute(service, &tx, visit.request_id(), (&owner, phone)).await?;
        tx.commit().await?;
        service.kick_delivery();
        return Ok(Proven::Elsewhere);
    }
    let Some(change) = begin(service, &tx, account, (phone, draft.lost)).await? else {
        return Ok(Proven::Over);
    };
    // By the moment at which it was written down, which is later than the one above.
    let waits = change.effective_at > change.created_at;
    let details = json!({ "what": "phone", "at": change.effective_at });
    super::record(
        service,
        &tx,
        Some(visit.request_id()),
        (account.id, Event::ContactChanging),
        details,
    )
    .await?;
    if waits {
        history::note(
            service,
            &tx,
            visit,
            &Happening::new(account.id, What::ContactChanging),
        )
        .await?;
        let told = [("moment", notices::moment(change.effective_at))];
        tell(
            service,
            &tx,
            account,
            (&change, notices::Kind::PhoneChanging),
            &told,
        )
        .await?;
    } else {
        // Found in use behind the lock a moment ago: nobody else has the number.
        if !changes::apply(&tx, change.id, now).await?
            || !happen(service, &tx, account, (&change, phone)).await?
        {
            return Ok(Proven::Over);
        }
        history::note(
            service,
            &tx,
            visit,
            &Happening::new(account.id, What::ContactChanged),
        )
        .await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(if waits { Proven::Waits } else { Proven::Changed })
}
