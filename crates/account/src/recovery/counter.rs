//! Recovery at a counter, for people who have nothing left but themselves and their document. One operator sees both and
//! proposes, a second one sees both and agrees (A241): another person, who is not the account's owner either ([`bar`]). The
//! phone that the person proved there becomes the account's, the owner is told, and whoever has that phone can then choose
//! a password at `/recover` for some hours.
//!
//! The pages are the console's (`operator::counter`). What this does not do: it gives nobody a sign-in and no operator a
//! password.

use chrono::TimeDelta;
use model::event::Event;
use model::ids::{AccountId, ChangeId, OperatorId};
use model::phone::Phone;
use model::standing::{Answer, Entry, answer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::{self, Account};
use store::changes::{self, Change, How, Kind, NewChange, State};
use store::paging::After;
use store::{StoreError, Tx, ceremonies, complaints};

use super::finish::record;
use crate::Service;
use crate::changes::{Back, phone};
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Contact, Told};
use crate::standing;

mod waiting;

pub use waiting::{Proposal, bar, find, let_go, proposals};

/// How many proposals are read together.
const BATCH: u64 = 50;

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

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Done,
    /// There is nothing to agree to (any more).
    Gone,
    /// It is the operator's own proposal.
    Own,
    /// It is the operator's own account, by its name.
    OwnName,
    /// Operator and proposer do not count as two people.
    SameVoucher,
    /// The phone is another account's.
    PhoneTaken,
}

/// Whether an account can be recovered so: only a proven name and number are on a document.
pub fn is_served(account: &Account) -> bool {
    account.name.is_some()
        && account.citizen_id.is_some()
        && answer(account.status, Entry::Counter) != Answer::AsIfUnknown
}

fn seen(change: &Change) -> Option<Seen> {
    serde_json::from_str(change.details.as_ref()?.expose()).ok()
}

/// Whether a change is what two operators have allowed.
pub(super) fn is_permission(change: &Change) -> bool {
    change.kind == Kind::Recovery && change.state == State::Applied && seen(change).is_some()
}

/// Writes down what one operator saw. It takes the place of whatever recovery was open. `false` when the account is none
/// that can be recovered so (any more).
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
    let Some(account) = accounts::find(&tx, account.id).await?.filter(is_served) else {
        return Ok(false);
    };
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
    history::note_aside(service, &tx, &Happening::new(account.id, What::RecoveryStarted)).await?;
    // The owner hears of it before anything happens, by what the account has now.
    let args = [("moment", notices::moment(now))];
    let told = Told {
        args: &args,
        link: Some(links::not_me(service, &tx, account.id, Some(new.id.as_uuid())).await?),
        ..Told::of(notices::Kind::RecoveryStarted)
    };
    notices::tell(service, &tx, &account, &told).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(true)
}

/// Nobody agreed in time: what was seen is forgotten, and the owner is told that it came to nothing.
pub(crate) async fn drop_expired(service: &Service) -> Result<(), StoreError> {
    let (now, mut next) = (service.now(), Some(After::default()));
    while let Some(after) = next {
        let page = changes::unanswered(&service.store().read(), now, (after, BATCH)).await?;
        next = page.next;
        for change in page.rows {
            // One that fails keeps the others from nothing; it is tried again at the next look.
            if let Err(error) = drop_one(service, &change).await
                && complaints::is_due("proposal", change.id.as_uuid())
            {
                tracing::error!(change = %change.id, %error, "a proposal that nobody answered was not ended");
            }
        }
    }
    Ok(())
}

async fn drop_one(service: &Service, change: &Change) -> Result<(), StoreError> {
    let tx = service.store().begin().await?;
    if !changes::stop(&tx, change.id, How::Refused, service.now()).await? {
        return Ok(());
    }
    let details = json!({ "step": "lapsed", "change": change.id.to_string() });
    record(
        service,
        &tx,
        None,
        (change.account, Event::CounterRecovery),
        details,
    )
    .await?;
    came_to_nothing(service, &tx, change.account).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(())
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

/// A second operator, named with their name, agrees: the phone becomes the account's, sign-ins end, and the owner is told by
/// everything that the account has, the phone of before included.
pub async fn agree(
    service: &Service,
    request_id: &str,
    id: ChangeId,
    by: (OperatorId, &str),
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
    if let Some(barred) = bar(&tx, (&seen, &account), by).await? {
        return Ok(barred);
    }
    let Ok(phone) = Phone::parse(&seen.phone) else {
        return Ok(Outcome::Gone);
    };
    if !is_served(&account)
        || !changes::amend(&tx, id, Some(&with_phone(&seen, &account)?), change.effective_at).await?
        || !changes::apply(&tx, id, service.now()).await?
    {
        return Ok(Outcome::Gone);
    }
    if account.phone.as_ref() != Some(&phone) {
        // The person proved it when the first operator saw them.
        match phone::put(service, &tx, &account, (&phone, change.created_at)).await {
            Ok(Some(ended)) => {
                changes::remember(&tx, id, &Put::text(&seen, &account, ended)?).await?;
            }
            Ok(None) => return Ok(Outcome::Gone),
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
        "operator": by.0,
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

fn before(seen: &Seen, account: &Account) -> Seen {
    let phone = account.phone.as_ref();
    Seen {
        before: phone.map(|phone| phone.e164().to_owned()),
        ..seen.clone()
    }
}

fn with_phone(seen: &Seen, account: &Account) -> Result<String, StoreError> {
    serde_json::to_string(&before(seen, account)).map_err(|_| StoreError::Malformed("account_change.details"))
}

/// What is kept once two operators have agreed.
#[derive(Serialize, Deserialize)]
struct Put {
    #[serde(flatten)]
    seen: Seen,
    /// What ended with the phone of before.
    #[serde(default)]
    ended: Option<phone::Ended>,
}

impl Put {
    fn text(seen: &Seen, account: &Account, ended: phone::Ended) -> Result<String, StoreError> {
        let put = Self {
            seen: before(seen, account),
            ended: Some(ended),
        };
        serde_json::to_string(&put).map_err(|_| StoreError::Malformed("account_change.details"))
    }
}

/// The owner says that it was not them: the phone of before is the account's again, with what hung on it, where that can be.
/// The permission ends in any case.
pub(crate) async fn take_back(service: &Service, tx: &Tx, change: &Change) -> Result<Back, StoreError> {
    let details = change.details.as_ref().map(|details| details.expose().as_str());
    let put = details.and_then(|text| serde_json::from_str::<Put>(text).ok());
    let (Some(put), Some(account)) = (put, accounts::find(tx, change.account).await?) else {
        return Ok(Back::Whole);
    };
    let before = put.seen.before.as_deref().map(Phone::parse).transpose();
    let Ok(before) = before else {
        return Ok(Back::Partly);
    };
    if account.phone == before {
        return Ok(Back::Whole);
    }
    if account.phone.as_ref().map(Phone::e164) != Some(put.seen.phone.as_str()) {
        return Ok(Back::Partly);
    }
    let since = change.applied_at.unwrap_or(change.created_at);
    let back = phone::put_back(
        service,
        tx,
        &account,
        (before.as_ref(), put.ended.as_ref(), since),
    )
    .await?;
    Ok(match back {
        Back::Changed | Back::Taken => Back::Partly,
        back => back,
    })
}

/// A second operator refuses, or the first one takes it back. The owner, who was told that it began, is told that it came to
/// nothing.
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
    let step = if seen.operator == operator {
        "withdrawn"
    } else {
        "refused"
    };
    let details = json!({
        "step": step,
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
    came_to_nothing(service, &tx, change.account).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(Outcome::Done)
}

async fn came_to_nothing(service: &Service, tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    history::note_aside(service, tx, &Happening::new(account, What::RecoveryStopped)).await?;
    if let Some(account) = accounts::find(tx, account).await? {
        notices::tell(service, tx, &account, &Told::of(notices::Kind::RecoveryStopped)).await?;
    }
    Ok(())
}
