//! `/recover/number`: whoever has proven a phone says that the account with it is not theirs, because they got the number
//! from their operator lately (A237). It opens nothing, whatever the standing of the account is, and says nothing about it.
//! The owner is told by every other way and has days to say that the number is still theirs; then it leaves the account, and
//! is free.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::evidence::SourceId;
use model::ids::ChangeId;
use model::link::Purpose;
use model::phone::Phone;
use model::standing::{Answer, Entry, answer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::{self, Account};
use store::changes::{self, Change, How, Kind, NewChange, State as ChangeState};
use store::status_events::{Credential, CredentialStep};
use store::{StoreError, Tx};
use web::extract::{Form, FormName, Query};
use web::form::{Button, Errors, FormPage, Words};
use web::{Page, Visit};

use super::draft::{Draft, Stage};
use super::finish::record;
use super::plan::Plan;
use super::{DONE, NUMBER, PROOF, page, proof};
use crate::Service;
use crate::ageing;
use crate::changes::worker::Applied;
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Contact, Told};
use crate::session::Stop;
use crate::signin::{Asked, Onward};
use crate::standing;

/// The page as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NotMine {
    draft: String,
    interaction: Option<String>,
    return_to: Option<String>,
}

impl FormName for NotMine {
    const FORM: &'static str = "recover-number";
}

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    phone: String,
}

/// Asks whether it is so.
pub(super) async fn show(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Stop> {
    let onward = Onward::from(asked);
    onward.speak(&service, &mut visit).await?;
    let (draft, _) = match proof::at_work(&service, &visit, &onward).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = FormPage::new(NotMine::FORM, NUMBER)
        .hidden("draft", &draft.id)
        .button(Button::primary("recover-number-submit"));
    let form = onward.in_form(form).render(&visit, &Errors::none());
    let days = service.config().changes.dispute_days;
    let texts = [
        Words::with(
            "recover-number-text",
            vec![("phone", draft.phone.masked().into())],
        ),
        Words::with("recover-number-wait", vec![("days", days.into())]),
    ];
    let page = Page::new("recover-number", "recover-number-title").return_to(onward.through(NUMBER));
    let links = [(onward.through(PROOF), "web-back")];
    Ok(page::render(
        &visit,
        page,
        (&texts, form),
        &links,
        (Errors::none(), None),
    ))
}

/// Begins it.
pub(super) async fn submit(
    State(service): State<Service>,
    mut visit: Visit,
    Form(sent): Form<NotMine>,
) -> Result<Response, Stop> {
    let onward = Onward::new(sent.interaction.as_deref(), sent.return_to.as_deref());
    onward.speak(&service, &mut visit).await?;
    let (draft, plan) = match proof::at_work(&service, &visit, &onward).await? {
        Ok(found) => found,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if draft.is(&sent.draft) {
        begin(&service, &visit, draft, &plan).await?;
    }
    Ok(visit.redirect(&onward.through(DONE)))
}

async fn begin(service: &Service, visit: &Visit, mut draft: Draft, plan: &Plan) -> Result<(), StoreError> {
    let account = &plan.account;
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, account.id).await?;
    // Somebody may have given the account another phone, or closed it.
    let account = accounts::find(&tx, account.id)
        .await?
        .filter(|account| is_free(account, &draft.phone));
    let Some(account) = account else {
        return Ok(());
    };
    let at = dispute(service, &tx, visit.request_id(), (&account, &draft.phone)).await?;
    draft.at = Some(at);
    if !draft.finish(service, &tx, visit, Stage::Disputed).await? {
        return Ok(());
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(())
}

/// Whether a number can leave the account: in every standing but closed, where it is nobody's already. What operators, a
/// register or the owner shut stays shut; whose the number is has nothing to do with it (A237).
fn is_free(account: &Account, phone: &Phone) -> bool {
    answer(account.status, Entry::Recovery) != Answer::AsIfUnknown && account.phone.as_ref() == Some(phone)
}

fn read(change: &Change) -> Option<Phone> {
    let kept: Kept = serde_json::from_str(change.details.as_ref()?.expose()).ok()?;
    Phone::parse(&kept.phone).ok()
}

/// Begins a dispute about the phone of an account that somebody else has proven, and tells the owner by every other way.
/// Answers when the number leaves the account; where a dispute about it waits already, nothing is begun. The caller holds the
/// account's lock.
pub(crate) async fn dispute(
    service: &Service,
    tx: &Tx,
    request_id: &str,
    (account, phone): (&Account, &Phone),
) -> Result<DateTime<Utc>, StoreError> {
    let now = service.now();
    let at = now + TimeDelta::days(service.config().changes.dispute_days);
    if let Some(open) = changes::find_open(tx, account.id, Kind::NumberDispute).await? {
        if read(&open).as_ref() == Some(phone) {
            return Ok(open.effective_at);
        }
        // It is about a number that the account does not have any more.
        changes::stop(tx, open.id, How::Replaced, now).await?;
    }
    let kept = Kept {
        phone: phone.e164().to_owned(),
    };
    let kept = serde_json::to_string(&kept).map_err(|_| StoreError::Malformed("account_change.details"))?;
    let new = NewChange {
        id: ChangeId::new(now, service.rng()),
        account: account.id,
        kind: Kind::NumberDispute,
        state: ChangeState::Waiting,
        details: Some(&kept),
        now,
        effective_at: at,
        reversible_until: None,
    };
    if !changes::begin(tx, &new).await? {
        return Ok(at);
    }
    record(
        service,
        tx,
        Some(request_id),
        (account.id, Event::NumberDisputed),
        json!({ "at": at }),
    )
    .await?;
    // Whoever has the phone is whoever disputes it: it gets no link.
    let link = if account.email.is_some() {
        let stop = links::New {
            purpose: Purpose::UndoChange,
            account: account.id,
            about: Some(new.id.as_uuid()),
            target: None,
            life: at - now,
        };
        Some(links::make(service, tx, &stop).await?)
    } else {
        None
    };
    let args = [("moment", notices::moment(at))];
    let told = Told {
        args: &args,
        link,
        not_by: Some(Contact::Phone(phone.clone())),
        ..Told::of(notices::Kind::NumberDisputed)
    };
    notices::tell(service, tx, account, &told).await?;
    Ok(at)
}

/// The days are over and nobody said anything: the number leaves the account. Nothing is opened by it.
pub(crate) async fn apply(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    let (Some(phone), Some(account)) = (read(change), accounts::find(tx, change.account).await?) else {
        return Ok(Applied::Failed);
    };
    let now = service.now();
    if !is_free(&account, &phone) || !accounts::set_phone(tx, account.id, (Some(&phone), None), now).await? {
        return Ok(Applied::Failed);
    }
    let source = SourceId::parse("phone_sms").map_err(|_| StoreError::Malformed("evidence.source"))?;
    store::evidence::end_source(tx, account.id, &source, (now, "number_gone")).await?;
    ageing::events::phone_replaced(service, tx, account.id).await?;
    let gone = (Credential::PhoneSms, CredentialStep::Delete);
    standing::credential_changed(service, tx, account.id, gone).await?;
    let details = json!({ "what": "phone", "to": "none", "why": "number_dispute" });
    record(service, tx, None, (account.id, Event::ContactChanged), details).await?;
    history::note_aside(service, tx, &Happening::new(account.id, What::ContactChanged)).await?;
    let without = Account {
        phone: None,
        ..account
    };
    notices::tell(service, tx, &without, &Told::of(notices::Kind::NumberGone)).await?;
    Ok(Applied::Done)
}
