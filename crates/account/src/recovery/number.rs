//! `/recover/number`: whoever has proven a phone says that the account with it is not theirs, because they got the number
//! from their operator lately (A237). It opens nothing. The owner is told by every other way and has days to say that the
//! number is still theirs; then it leaves the account, and is free.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::event::Event;
use model::evidence::SourceId;
use model::ids::ChangeId;
use model::link::Purpose;
use model::phone::Phone;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts;
use store::changes::{self, Change, Kind, NewChange, State as ChangeState};
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
    let (now, account) = (service.now(), &plan.account);
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, account.id).await?;
    let open = changes::find_open(&tx, account.id, Kind::NumberDispute).await?;
    let at = open.as_ref().map_or_else(
        || now + TimeDelta::days(service.config().changes.dispute_days),
        |open| open.effective_at,
    );
    draft.at = Some(at);
    if !draft.finish(service, &tx, visit, Stage::Disputed).await? {
        return Ok(());
    }
    if open.is_none() {
        dispute(service, &tx, account, (&draft.phone, at)).await?;
        record(
            service,
            &tx,
            Some(visit.request_id()),
            (account.id, Event::NumberDisputed),
            json!({ "at": at }),
        )
        .await?;
    }
    tx.commit().await?;
    service.kick_delivery();
    Ok(())
}

/// Begins a dispute about the phone of an account that somebody else has proven, and tells the owner by every other way.
pub(crate) async fn dispute(
    service: &Service,
    tx: &Tx,
    account: &accounts::Account,
    (phone, at): (&Phone, chrono::DateTime<chrono::Utc>),
) -> Result<(), StoreError> {
    let now = service.now();
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
        return Ok(());
    }
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
    notices::tell(service, tx, account, &told).await
}

/// The days are over and nobody said anything: the number leaves the account. Nothing is opened by it.
pub(crate) async fn apply(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    let details = change.details.as_ref().map(|details| details.expose().as_str());
    let kept = details.and_then(|text| serde_json::from_str::<Kept>(text).ok());
    let phone = kept.and_then(|kept| Phone::parse(&kept.phone).ok());
    let (Some(phone), Some(account)) = (phone, accounts::find(tx, change.account).await?) else {
        return Ok(Applied::Failed);
    };
    let now = service.now();
    if !accounts::set_phone(tx, account.id, (Some(&phone), None), now).await? {
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
    let without = accounts::Account {
        phone: None,
        ..account
    };
    notices::tell(service, tx, &without, &Told::of(notices::Kind::NumberGone)).await?;
    Ok(Applied::Done)
}
