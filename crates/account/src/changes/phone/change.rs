//! What a change of phone changes: begun, applied, taken back.

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::ChangeId;
use model::phone::Phone;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::{self, Account};
use store::changes::{self, Change, Kind, NewChange, State};
use store::status_events::{Credential, CredentialStep};
use store::{StoreError, Tx};

use super::proof::{self, Ended};
use crate::Service;
use crate::changes::undo::Back;
use crate::changes::worker::Applied;
use crate::changes::{record, undo};
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Contact, Told};
use crate::standing;

/// What a change of phone is applied, or taken back, with.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    from: Option<String>,
    to: String,
    /// What ended when it happened.
    #[serde(default)]
    ended: Option<Ended>,
}

fn text(kept: &Kept) -> Result<String, StoreError> {
    serde_json::to_string(kept).map_err(|_| StoreError::Malformed("account_change.details"))
}

pub(super) async fn begin(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (phone, lost): (&Phone, bool),
) -> Result<Option<Change>, StoreError> {
    let (now, config) = (service.now(), &service.config().changes);
    if let Some(open) = changes::find_open(tx, account.id, Kind::Phone).await? {
        changes::stop(tx, open.id, changes::How::Replaced, now).await?;
    }
    // Without a phone before there is nobody to wait for, and with another way in nobody is left out.
    let waits = lost && account.phone.is_some();
    let effective_at = if waits {
        now + TimeDelta::hours(config.wait_hours)
    } else {
        now
    };
    let kept = Kept {
        from: account.phone.as_ref().map(|phone| phone.e164().to_owned()),
        to: phone.e164().to_owned(),
        ended: None,
    };
    let kept = text(&kept)?;
    let new = NewChange {
        id: ChangeId::new(now, service.rng()),
        account: account.id,
        kind: Kind::Phone,
        state: State::Waiting,
        details: Some(&kept),
        now,
        effective_at,
        reversible_until: Some(effective_at + TimeDelta::days(config.undo_days)),
    };
    if !changes::begin(tx, &new).await? {
        return Ok(None);
    }
    changes::find(tx, new.id).await
}

/// Gives an account the phone that was proven at a moment, with the evidence of it. What had been confirmed together with
/// the one before ends; answers what that was, or `None` when the account has another phone meanwhile.
/// [`StoreError::Duplicate`] when the phone is another account's.
pub(crate) async fn put(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (phone, proven_at): (&Phone, DateTime<Utc>),
) -> Result<Option<Ended>, StoreError> {
    let from_to = (account.phone.as_ref(), Some(phone));
    if !accounts::set_phone(tx, account.id, from_to, service.now()).await? {
        return Ok(None);
    }
    let ended = proof::end(service, tx, account.id).await?;
    proof::record(service, tx, account.id, proven_at).await?;
    let step = match account.phone {
        Some(_) => CredentialStep::Update,
        None => CredentialStep::Create,
    };
    standing::credential_changed(service, tx, account.id, (Credential::PhoneSms, step)).await?;
    Ok(Some(ended))
}

/// Gives an account the phone of before back, or none, with what ended then (at `since`), if that is known.
pub(crate) async fn put_back(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (phone, ended, since): (Option<&Phone>, Option<&Ended>, DateTime<Utc>),
) -> Result<Back, StoreError> {
    if let Some(phone) = phone
        && accounts::find_by_phone(tx, phone).await?.is_some()
    {
        return Ok(Back::Taken);
    }
    let from_to = (account.phone.as_ref(), phone);
    if !accounts::set_phone(tx, account.id, from_to, service.now()).await? {
        return Ok(Back::Changed);
    }
    // What hung on the phone that goes.
    proof::end(service, tx, account.id).await?;
    let whole = match ended {
        Some(ended) => proof::restore(service, tx, account.id, (ended, since)).await?,
        None => false,
    };
    let step = match phone {
        Some(_) => CredentialStep::Update,
        None => CredentialStep::Delete,
    };
    standing::credential_changed(service, tx, account.id, (Credential::PhoneSms, step)).await?;
    Ok(if whole { Back::Whole } else { Back::Partly })
}

/// A change of phone happens, as the caller's guarded statement has noted: the account gets it, what it is taken back with is
/// kept, and everybody is told. `false` when the account has another phone meanwhile.
pub(super) async fn happen(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, phone): (&Change, &Phone),
) -> Result<bool, StoreError> {
    // The code was given when the change began, however long it waited.
    let put = put(service, tx, account, (phone, change.created_at)).await?;
    let (Some(ended), Some(kept)) = (put, read(change)) else {
        return Ok(false);
    };
    let kept = Kept {
        ended: Some(ended),
        ..kept
    };
    if !changes::remember(tx, change.id, &text(&kept)?).await? {
        return Ok(false);
    }
    changed(service, tx, account, (change, phone)).await?;
    Ok(true)
}

/// What follows a change: the log, and everybody is told.
async fn changed(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, phone): (&Change, &Phone),
) -> Result<(), StoreError> {
    let details = json!({ "what": "phone" });
    record(service, tx, None, (account.id, Event::ContactChanged), details).await?;
    let args = [("phone", phone.masked())];
    tell(service, tx, account, (change, notices::Kind::PhoneChanged), &args).await
}

/// Tells the old phone and the address, with the link that takes it back. `account` is as it was before. An old phone
/// that was said to be lost may be in somebody else's hands: its link holds the account, and puts nothing back.
pub(super) async fn tell(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, kind): (&Change, notices::Kind),
    args: &[(&'static str, String)],
) -> Result<(), StoreError> {
    let lost = change.effective_at > change.created_at;
    let told = Told {
        args,
        link: Some(undo::link(service, tx, change).await?),
        ..Told::of(kind)
    };
    let Some(old) = account.phone.clone().filter(|_| lost).map(Contact::Phone) else {
        return notices::tell(service, tx, account, &told).await;
    };
    let holds = Told {
        link: Some(links::not_me(service, tx, account.id, None).await?),
        ..told.clone()
    };
    let others = Told {
        not_by: Some(old.clone()),
        ..told
    };
    notices::tell(service, tx, account, &others).await?;
    notices::tell_contact(service, tx, account, &holds, &old).await
}

/// The time of a change has come: the old phone did not object.
pub(in crate::changes) async fn apply(
    service: &Service,
    tx: &Tx,
    change: &Change,
) -> Result<Applied, StoreError> {
    let (Some(kept), Some(account)) = (read(change), accounts::find(tx, change.account).await?) else {
        return Ok(Applied::Failed);
    };
    let Ok(phone) = Phone::parse(&kept.to) else {
        return Ok(Applied::Failed);
    };
    let same = account.phone.as_ref().map(Phone::e164) == kept.from.as_deref();
    let free = accounts::find_by_phone(tx, &phone).await?.is_none();
    if account.status != accounts::Status::Active
        || !same
        || !free
        || !happen(service, tx, &account, (change, &phone)).await?
    {
        return Ok(Applied::Failed);
    }
    history::note_aside(service, tx, &Happening::new(account.id, What::ContactChanged)).await?;
    Ok(Applied::Done)
}

/// Puts the phone of before a change back, or none, where the account has what the last of those that are taken back with it
/// brought.
pub(in crate::changes) async fn take_back(
    service: &Service,
    tx: &Tx,
    (change, last): (&Change, &Change),
) -> Result<Back, StoreError> {
    let account = accounts::find(tx, change.account).await?;
    let (Some(kept), Some(last), Some(account)) = (read(change), read(last), account) else {
        return Ok(Back::Changed);
    };
    let from = kept.from.as_deref().map(Phone::parse).transpose();
    let (Ok(to), Ok(from)) = (Phone::parse(&last.to), from) else {
        return Ok(Back::Changed);
    };
    if account.phone.as_ref() != Some(&to) {
        return Ok(Back::Changed);
    }
    let since = change.applied_at.unwrap_or(change.created_at);
    put_back(service, tx, &account, (from.as_ref(), kept.ended.as_ref(), since)).await
}

fn read(change: &Change) -> Option<Kept> {
    serde_json::from_str(change.details.as_ref()?.expose()).ok()
}

/// The number that a change is about, masked, for the page.
pub(in crate::changes) fn target(change: &Change) -> Option<String> {
    let to = read(change)?.to;
    Phone::parse(&to).ok().map(|phone| phone.masked())
}
