//! Recovery at a counter, for people who have nothing left but themselves and their document. One operator sees both and
//! proposes, a second one agrees (A241); the phone that the person proved there becomes the account's, the owner is told,
//! and whoever has that phone can then choose a password at `/recover` for some hours.
//!
//! The pages are the console's (`operator::counter`). What this does not do: it gives nobody a sign-in and no operator a
//! password.

use chrono::TimeDelta;
use model::event::Event;
use model::ids::{AccountId, ChangeId, OperatorId};
use model::phone::Phone;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::{self, Account};
use store::changes::{self, Change, How, Kind, NewChange, State};
use store::{StoreError, Tx, ceremonies};

use super::finish::record;
use crate::Service;
use crate::changes::phone;
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Contact, Told};
use crate::standing;

/// What one operator saw.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Who saw it.
    pub operator: OperatorId,
    /// The document that was shown.
    pub document: String,
    /// The phone that the person proved at the counter.
    pub phone: String,
    /// The phone that the account had when the second one agreed.
    #[serde(default)]
    pub before: Option<String>,
}

/// A proposal that waits for a second operator.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its identifier.
    pub id: ChangeId,
    /// Whose account.
    pub account: AccountId,
    /// What the first one saw.
    pub seen: Seen,
    /// Until when somebody can agree.
    pub until: chrono::DateTime<chrono::Utc>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Done,
    /// There is nothing to agree to (any more).
    Gone,
    /// It is the operator's own proposal.
    Own,
    /// The phone is another account's.
    PhoneTaken,
}

fn seen(change: &Change) -> Option<Seen> {
    serde_json::from_str(change.details.as_ref()?.expose()).ok()
}

/// Whether a change is what two operators have allowed.
pub(super) fn is_permission(change: &Change) -> bool {
    change.kind == Kind::Recovery && change.state == State::Applied && seen(change).is_some()
}

/// Writes down what one operator saw. It takes the place of whatever recovery was open.
pub async fn propose(
    service: &Service,
    request_id: &str,
    account: &Account,
    what: &Seen,
) -> Result<bool, StoreError> {
    let (now, hours) = (service.now(), service.config().recovery.counter_hours);
    let kept = serde_json::to_string(what).map_err(|_| StoreError::Malformed("account_change.details"))?;
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, account.id).await?;
    if let Some(open) = changes::find_open(&tx, account.id, Kind::Recovery).await? {
        changes::stop(&tx, open.id, How::Replaced, now).await?;
    }
    let until = now + TimeDelta::hours(hours);
    let new = NewChange {
        id: ChangeId::new(now, service.rng()),
        account: account.id,
        kind: Kind::Recovery,
        state: State::Proposed,
        details: Some(&kept),
        now,
        effective_at: until,
        reversible_until: Some(until + TimeDelta::hours(hours)),
    };
    if !changes::begin(&tx, &new).await? {
        return Ok(false);
    }
    let details = json!({ "step": "proposed", "operator": what.operator, "change": new.id.to_string() });
    record(
        service,
        &tx,
        Some(request_id),
        (account.id, Event::CounterRecovery),
        details,
    )
    .await?;
    // The owner hears of it before anything happens, by what the account has now.
    let args = [("moment", notices::moment(now))];
    let told = Told {
        args: &args,
        link: Some(links::not_me(service, &tx, account.id, Some(new.id.as_uuid())).await?),
        ..Told::of(notices::Kind::RecoveryStarted)
    };
    notices::tell(service, &tx, account, &told).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(true)
}

/// Nobody agreed in time: what was seen is forgotten, and the owner is told that it came to nothing.
pub(crate) async fn drop_expired(service: &Service) -> Result<(), StoreError> {
    let over = changes::unanswered(&service.store().read(), service.now()).await?;
    for change in over {
        let tx = service.store().begin().await?;
        if !changes::stop(&tx, change.id, How::Refused, service.now()).await? {
            continue;
        }
        if let Some(account) = accounts::find(&tx, change.account).await? {
            notices::tell(service, &tx, &account, &Told::of(notices::Kind::RecoveryStopped)).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// What waits for a second operator, oldest first.
pub async fn proposals(service: &Service) -> Result<Vec<Proposal>, StoreError> {
    let open = changes::proposed(&service.store().read(), Kind::Recovery, service.now()).await?;
    let read = |change: Change| {
        Some(Proposal {
            id: change.id,
            account: change.account,
            seen: seen(&change)?,
            until: change.effective_at,
        })
    };
    Ok(open.into_iter().filter_map(read).collect())
}

async fn open(service: &Service, tx: &Tx, id: ChangeId) -> Result<Option<(Change, Seen)>, StoreError> {
    let Some(change) = changes::find(tx, id).await? else {
        return Ok(None);
    };
    let live = change.kind == Kind::Recovery
        && change.state == State::Proposed
        && change.effective_at > service.now();
    Ok(seen(&change).filter(|_| live).map(|seen| (change, seen)))
}

/// A second operator agrees: the phone becomes the account's, sign-ins end, and the owner is told by everything that the
/// account has, the phone of before included.
pub async fn agree(
    service: &Service,
    request_id: &str,
    id: ChangeId,
    operator: OperatorId,
) -> Result<Outcome, StoreError> {
    let tx = service.store().begin().await?;
    let Some((change, _)) = open(service, &tx, id).await? else {
        return Ok(Outcome::Gone);
    };
    accounts::take_turns(&tx, change.account).await?;
    let (Some((_, seen)), Some(account)) = (
        open(service, &tx, id).await?,
        accounts::find(&tx, change.account).await?,
    ) else {
        return Ok(Outcome::Gone);
    };
    if seen.operator == operator {
        return Ok(Outcome::Own);
    }
    let Ok(phone) = Phone::parse(&seen.phone) else {
        return Ok(Outcome::Gone);
    };
    if model::standing::answer(account.status, model::standing::Entry::Counter)
        == model::standing::Answer::AsIfUnknown
        || !changes::amend(&tx, id, Some(&with_phone(&seen, &account)?), change.effective_at).await?
        || !changes::apply(&tx, id, service.now()).await?
    {
        return Ok(Outcome::Gone);
    }
    if account.phone.as_ref() != Some(&phone) {
        match phone::put(service, &tx, &account, &phone).await {
            Ok(true) => {}
            Ok(false) => return Ok(Outcome::Gone),
            Err(StoreError::Duplicate) => return Ok(Outcome::PhoneTaken),
            Err(error) => return Err(error),
        }
    }
    standing::end_sign_ins(service, &tx, account.id, None).await?;
    // Whoever used the account before may have begun something; closing is shown, and stopped where it is.
    ceremonies::end_of_account(&tx, account.id, service.now()).await?;
    let begun = (How::Replaced, service.now());
    if changes::stop_all(&tx, account.id, Some(Kind::Closing), begun).await? > 0 {
        notices::tell(service, &tx, &account, &Told::of(notices::Kind::ChangeUndone)).await?;
    }
    let details = json!({
        "step": "agreed",
        "operator": operator,
        "proposed_by": seen.operator,
        "change": id.to_string(),
    });
    record(
        service,
        &tx,
        Some(request_id),
        (account.id, Event::CounterRecovery),
        details,
    )
    .await?;
    history::note_aside(service, &tx, &Happening::new(account.id, What::ContactChanged)).await?;
    let args = [("phone", phone.masked())];
    let told = Told {
        args: &args,
        link: Some(links::not_me(service, &tx, account.id, Some(id.as_uuid())).await?),
        not_by: Some(Contact::Phone(phone)),
        ..Told::of(notices::Kind::PhoneChanged)
    };
    if let Some(old) = account.phone.clone() {
        // Whoever has it may have stolen it: two operators are not overruled by it.
        let told = Told {
            link: None,
            ..told.clone()
        };
        notices::tell_contact(service, &tx, &account, &told, &Contact::Phone(old)).await?;
    }
    let without = Account {
        phone: None,
        ..account
    };
    notices::tell(service, &tx, &without, &told).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Outcome::Done)
}

fn with_phone(seen: &Seen, account: &Account) -> Result<String, StoreError> {
    let phone = account.phone.as_ref();
    let seen = Seen {
        before: phone.map(|phone| phone.e164().to_owned()),
        ..seen.clone()
    };
    serde_json::to_string(&seen).map_err(|_| StoreError::Malformed("account_change.details"))
}

/// The owner says that it was not them: the phone of before is the account's again. `false` when it is another account's
/// by now.
pub(crate) async fn take_back(service: &Service, tx: &Tx, change: &Change) -> Result<bool, StoreError> {
    let (Some(seen), Some(account)) = (seen(change), accounts::find(tx, change.account).await?) else {
        return Ok(true);
    };
    let before = seen.before.and_then(|phone| Phone::parse(&phone).ok());
    let (Some(before), Some(has)) = (before, &account.phone) else {
        return Ok(true);
    };
    if has.e164() != seen.phone || *has == before {
        return Ok(true);
    }
    if accounts::find_by_phone(tx, &before).await?.is_some() {
        return Ok(false);
    }
    phone::put(service, tx, &account, &before).await
}

/// A second operator refuses, or the first one takes it back.
pub async fn refuse(
    service: &Service,
    request_id: &str,
    id: ChangeId,
    operator: OperatorId,
) -> Result<Outcome, StoreError> {
    let tx = service.store().begin().await?;
    let Some((change, seen)) = open(service, &tx, id).await? else {
        return Ok(Outcome::Gone);
    };
    if !changes::stop(&tx, id, How::Refused, service.now()).await? {
        return Ok(Outcome::Gone);
    }
    let details = json!({
        "step": "refused",
        "operator": operator,
        "proposed_by": seen.operator,
        "change": id.to_string(),
    });
    record(
        service,
        &tx,
        Some(request_id),
        (change.account, Event::CounterRecovery),
        details,
    )
    .await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
