//! What a recovery changes, in one transaction each: at once, when the wait begins, and when it is over. Sign-ins and
//! tokens of before end, and the owner is told by every channel (HB-37). What the phone alone gave back is worth what a
//! phone is worth (A234).

use chrono::TimeDelta;
use model::event::Event;
use model::ids::{AccountId, ChangeId};
use model::phone::Phone;
use model::secret::Sensitive;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::accounts::{self, Account, Status};
use store::audit::Entry;
use store::changes::{self, Change, How, Kind, NewChange, State};
use store::credentials;
use store::status_events::{Credential, CredentialStep};
use store::{StoreError, Tx, ceremonies};
use web::Visit;

use super::draft::{Draft, Second, Stage};
use super::{face, plan};
use crate::Service;
use crate::ageing;
use crate::changes::stop_link;
use crate::changes::worker::Applied;
use crate::factors::doubtful;
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Contact, Told};
use crate::standing::{self, Because, By, Reason};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finished {
    /// As it should.
    Done,
    /// Something is not as it was. Nothing was changed.
    Over,
}

/// What a recovery that waits is applied with.
#[derive(Serialize, Deserialize)]
struct Waiting {
    phone: String,
    phc: String,
}

/// Gives the account its new password now.
pub(super) async fn now(
    service: &Service,
    visit: &Visit,
    draft: &Draft,
    phc: &Sensitive<String>,
) -> Result<Finished, StoreError> {
    let Some(id) = draft.account else {
        return Ok(Finished::Over);
    };
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, id).await?;
    let Some(plan) = plan::of(service, &tx, draft).await? else {
        return Ok(Finished::Over);
    };
    if !plan.allows(draft.second) || !is_untouched(&tx, draft).await? {
        return Ok(Finished::Over);
    }
    if !draft.finish(service, &tx, visit, Stage::Done).await? {
        return Ok(Finished::Over);
    }
    let account = &plan.account;
    if account.status == Status::Held {
        let because = Because::of(Reason::OwnerProved, By::Owner);
        if standing::restore(service, &tx, account, &because).await? != Some(Status::Active) {
            return Ok(Finished::Over);
        }
    }
    if let Some(permission) = &plan.counter {
        if !changes::undo(&tx, permission.id, How::Used, service.now()).await? {
            return Ok(Finished::Over);
        }
        // The person was seen; who enrolled something in the days before was not.
        let from = doubtful::window(service, permission.created_at);
        doubtful::remove(service, &tx, account, from).await?;
    }
    if let Some(waiting) = changes::find_open(&tx, id, Kind::Recovery).await? {
        changes::stop(&tx, waiting.id, How::Replaced, service.now()).await?;
    }
    if draft.second.is_some_and(Second::opens_held) {
        number_is_theirs(service, &tx, account).await?;
    }
    if !set_password(service, &tx, id, phc).await? {
        return Ok(Finished::Over);
    }
    lower(service, &tx, account, draft.second).await?;
    let by = draft.second.map_or("sms", Second::as_str);
    record(
        service,
        &tx,
        Some(visit.request_id()),
        (id, Event::AccountRecovered),
        json!({ "by": by }),
    )
    .await?;
    history::note(service, &tx, visit, &Happening::new(id, What::Recovered)).await?;
    tell(service, &tx, account, (News::Done, None)).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Finished::Done)
}

/// Whoever came back has the level that what they showed is worth, and no more (A234).
async fn lower(
    service: &Service,
    tx: &Tx,
    account: &Account,
    second: Option<Second>,
) -> Result<(), StoreError> {
    match second {
        Some(Second::Person) => {
            let source = face::source(service).map(|looks| looks.id);
            ageing::events::recovered_by_face(service, tx, account, source.as_ref()).await?;
        }
        Some(second) if second.keeps_level() => {}
        _ => {
            ageing::events::recovered_by_sms_alone(service, tx, account).await?;
        }
    }
    Ok(())
}

/// Whoever has the phone and shows what only the owner has answers a dispute about the number: it stays (A237).
async fn number_is_theirs(service: &Service, tx: &Tx, account: &Account) -> Result<(), StoreError> {
    let Some(dispute) = changes::find_open(tx, account.id, Kind::NumberDispute).await? else {
        return Ok(());
    };
    if !changes::stop(tx, dispute.id, How::Stopped, service.now()).await? {
        return Ok(());
    }
    let details = json!({ "what": dispute.kind.as_str(), "how": How::Stopped.as_str(), "by": "recovery" });
    record(service, tx, None, (account.id, Event::ChangeEnded), details).await?;
    history::note_aside(service, tx, &Happening::new(account.id, What::ChangeUndone)).await?;
    Ok(())
}

/// The password was not changed since the phone was proven (A231).
async fn is_untouched(tx: &Tx, draft: &Draft) -> Result<bool, StoreError> {
    let (Some(account), Some(proven_at)) = (draft.account, draft.proven_at) else {
        return Ok(false);
    };
    let password = credentials::find_password(tx, account).await?;
    Ok(password.is_none_or(|password| password.changed_at <= proven_at))
}

/// The new password, which ends every sign-in and everything that is under way in any browser; `false` when the one
/// before is another one by now.
async fn set_password(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    phc: &Sensitive<String>,
) -> Result<bool, StoreError> {
    let (now, rng) = (service.now(), service.rng());
    let step = if let Some(old) = credentials::find_password(tx, account).await? {
        // A sign-in may have hashed it anew a moment ago.
        if !credentials::retire_password(tx, rng, account, (&old.phc, phc), now).await? {
            return Ok(false);
        }
        CredentialStep::Update
    } else {
        credentials::create_password(tx, rng, account, phc, now).await?;
        CredentialStep::Create
    };
    standing::credential_changed(service, tx, account, (Credential::Password, step)).await?;
    standing::end_sign_ins(service, tx, account, None).await?;
    Ok(true)
}

/// Begins the wait: the owner is told by every way that there is, and the password counts when it is over.
pub(super) async fn later(
    service: &Service,
    visit: &Visit,
    mut draft: Draft,
    phc: &Sensitive<String>,
) -> Result<Finished, StoreError> {
    let Some(id) = draft.account else {
        return Ok(Finished::Over);
    };
    let (now, rng) = (service.now(), service.rng());
    let at = now + TimeDelta::hours(service.config().recovery.wait_hours);
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, id).await?;
    let plan = plan::of(service, &tx, &draft).await?;
    let Some(plan) = plan.filter(plan::Plan::may_wait) else {
        return Ok(Finished::Over);
    };
    draft.at = Some(at);
    if !is_untouched(&tx, &draft).await? || !draft.finish(service, &tx, visit, Stage::Waits).await? {
        return Ok(Finished::Over);
    }
    // Whoever begins again waits again.
    if let Some(before) = changes::find_open(&tx, id, Kind::Recovery).await? {
        changes::stop(&tx, before.id, How::Replaced, now).await?;
    }
    let kept = Waiting {
        phone: draft.phone.e164().to_owned(),
        phc: phc.expose().clone(),
    };
    let kept = serde_json::to_string(&kept).map_err(|_| StoreError::Malformed("account_change.details"))?;
    let new = NewChange {
        id: ChangeId::new(now, rng),
        account: id,
        kind: Kind::Recovery,
        state: State::Waiting,
        details: Some(&kept),
        now,
        effective_at: at,
        reversible_until: None,
    };
    if !changes::begin(&tx, &new).await? {
        return Ok(Finished::Over);
    }
    record(
        service,
        &tx,
        Some(visit.request_id()),
        (id, Event::RecoveryStarted),
        json!({ "at": at }),
    )
    .await?;
    history::note(service, &tx, visit, &Happening::new(id, What::RecoveryStarted)).await?;
    tell(
        service,
        &tx,
        &plan.account,
        (News::Started(at, draft.phone.clone()), Some(new.id)),
    )
    .await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Finished::Done)
}

/// The wait is over. The account is as it was, and its owner did nothing about it: not even changed the password.
pub(crate) async fn apply(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    let details = change.details.as_ref().map(|details| details.expose().as_str());
    let Some(kept) = details.and_then(|text| serde_json::from_str::<Waiting>(text).ok()) else {
        return Ok(Applied::Failed);
    };
    let Some(account) = accounts::find(tx, change.account).await? else {
        return Ok(Applied::Failed);
    };
    let same_phone = account
        .phone
        .as_ref()
        .is_some_and(|phone| phone.e164() == kept.phone);
    let password = credentials::find_password(tx, account.id).await?;
    let untouched = password.is_none_or(|password| password.changed_at <= change.created_at);
    if account.status != Status::Active || !same_phone || !untouched {
        return Ok(Applied::Failed);
    }
    if !set_password(service, tx, account.id, &Sensitive::new(kept.phc)).await? {
        return Ok(Applied::Failed);
    }
    ceremonies::end_of_account(tx, account.id, service.now()).await?;
    ageing::events::recovered_by_sms_alone(service, tx, &account).await?;
    let details = json!({ "by": "sms", "after": "wait" });
    record(service, tx, None, (account.id, Event::AccountRecovered), details).await?;
    history::note_aside(service, tx, &Happening::new(account.id, What::Recovered)).await?;
    tell(service, tx, &account, (News::Done, None)).await?;
    Ok(Applied::Done)
}

/// The owner signed in with what the phone alone does not have: they need no other password, and what waits may be
/// somebody else's.
pub(crate) async fn owner_is_back(service: &Service, tx: &Tx, account: &Account) -> Result<(), StoreError> {
    let waiting = changes::find_open(tx, account.id, Kind::Recovery).await?;
    let Some(waiting) = waiting.filter(|change| change.state == State::Waiting) else {
        return Ok(());
    };
    if !changes::stop(tx, waiting.id, How::Stopped, service.now()).await? {
        return Ok(());
    }
    let details = json!({ "what": waiting.kind.as_str(), "how": How::Stopped.as_str(), "by": "sign_in" });
    record(service, tx, None, (account.id, Event::ChangeEnded), details).await?;
    history::note_aside(service, tx, &Happening::new(account.id, What::RecoveryStopped)).await?;
    notices::tell(service, tx, account, &Told::of(notices::Kind::RecoveryStopped)).await
}

/// What the owner is told.
enum News {
    Started(chrono::DateTime<chrono::Utc>, Phone),
    Done,
}

/// Tells by every channel, with the link that says "this wasn't me". Before the wait is over the phone that acts gets none:
/// it may be the stranger's by now.
async fn tell(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (what, about): (News, Option<ChangeId>),
) -> Result<(), StoreError> {
    let link = async || {
        let about = about.map(ChangeId::as_uuid);
        links::not_me(service, tx, account.id, about).await
    };
    match what {
        News::Started(at, phone) => {
            let args = [("moment", notices::moment(at))];
            let told = Told {
                args: &args,
                ..Told::of(notices::Kind::RecoveryStarted)
            };
            let acts = Contact::Phone(phone);
            if account.email.is_some() {
                let others = Told {
                    link: Some(link().await?),
                    not_by: Some(acts.clone()),
                    ..told.clone()
                };
                notices::tell(service, tx, account, &others).await?;
                notices::tell_contact(service, tx, account, &told, &acts).await
            } else {
                // Nobody else can be told. The link stops the recovery, and nothing more: whoever has the phone asked for it.
                let change = match about {
                    Some(id) => changes::find(tx, id).await?,
                    None => None,
                };
                let link = match change {
                    Some(change) => Some(stop_link(service, tx, &change).await?),
                    None => None,
                };
                notices::tell(service, tx, account, &Told { link, ..told }).await
            }
        }
        News::Done => {
            let told = Told {
                link: Some(link().await?),
                ..Told::of(notices::Kind::RecoveryDone)
            };
            notices::tell(service, tx, account, &told).await
        }
    }
}

/// Writes it into the audit log.
pub(super) async fn record(
    service: &Service,
    tx: &Tx,
    request_id: Option<&str>,
    (account, event): (AccountId, Event),
    details: Value,
) -> Result<(), StoreError> {
    let mut entry = Entry::new(event, service.now()).account(account).details(details);
    entry.request_id = request_id.map(str::to_owned);
    store::audit::record(tx, service.rng(), entry).await
}
