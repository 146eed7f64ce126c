//! A change of standing, and what follows from it in the same transaction.

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::{AccountId, OperatorId, StandingChangeId};
use model::link::Purpose;
use model::notice::Kind;
use model::secret::Sensitive;
use model::standing::Status;
use model::standing_reason::Reason;
use serde_json::json;
use store::accounts::{self, Account};
use store::audit::Entry;
use store::changes::How;
use store::standing_changes::{self, Change, Outcome};
use store::status_events::AccountEvent;
use store::{StoreError, Tx, ceremonies, sessions};

use super::sites::tell_sites;
use crate::changes::worker::stop_all;
use crate::factors::doubtful;
use crate::history::{self, Happening, What};
use crate::notices::{self, Told};
use crate::{Service, closing, links};

/// Who changes a standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The owner.
    Owner,
    /// The program: a time is over.
    Program,
    /// An operator.
    Operator(OperatorId),
}

impl By {
    const fn operator(self) -> Option<OperatorId> {
        match self {
            Self::Owner | Self::Program => None,
            Self::Operator(id) => Some(id),
        }
    }
}

/// Why a standing changes, and by whom.
#[derive(Clone, Debug)]
pub struct Because {
    /// Why.
    pub reason: Reason,
    /// What the operator notes for colleagues.
    pub note: Option<Sensitive<String>>,
    /// By whom.
    pub by: By,
    /// Until when, for a suspension that ends by itself.
    pub until: Option<DateTime<Utc>>,
    /// Since when somebody else was at work, as far as the owner says.
    pub doubted_from: Option<DateTime<Utc>>,
}

impl Because {
    /// A reason, and whose it is.
    pub const fn of(reason: Reason, by: By) -> Self {
        Self {
            reason,
            note: None,
            by,
            until: None,
            doubted_from: None,
        }
    }
}

/// Holds an account: its owner says that somebody else used it. `false` when it is not in use.
pub async fn hold(
    service: &Service,
    tx: &Tx,
    account: &Account,
    because: &Because,
) -> Result<bool, StoreError> {
    // What operators or a register stopped is not the owner's to turn into something that a recovery opens.
    if !matches!(account.status, Status::Active | Status::Closing) {
        return Ok(false);
    }
    if shut(service, tx, account, (Status::Held, How::NotMe), because)
        .await?
        .is_none()
    {
        return Ok(false);
    }
    notices::tell(service, tx, account, &Told::of(Kind::Held)).await?;
    Ok(true)
}

/// Suspends an account, until an operator or a time brings it back. `false` when its standing is another one meanwhile.
pub async fn suspend(
    service: &Service,
    tx: &Tx,
    account: &Account,
    because: &Because,
) -> Result<bool, StoreError> {
    let shut = shut(service, tx, account, (Status::Suspended, How::Failed), because).await?;
    let Some(change) = shut else {
        return Ok(false);
    };
    history::note_aside(service, tx, &Happening::new(account.id, What::Suspended)).await?;
    tell_why(service, tx, account, (Kind::Suspended, change), because.reason).await?;
    Ok(true)
}

/// Ends an account, after a second operator has put their name to the proposal
/// ([`standing_changes::second`]) in the same transaction. `false` when the account's standing is another one meanwhile.
pub async fn terminate(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (proposal, second): (&Change, OperatorId),
) -> Result<bool, StoreError> {
    if !step(service, tx, account, Status::Terminated).await? {
        return Ok(false);
    }
    let details = json!({
        "from": account.status.as_str(),
        "to": Status::Terminated.as_str(),
        "reason": proposal.reason,
        "operator": proposal.operator.map(|id| id.to_string()),
        "second": second.to_string(),
    });
    audit(service, tx, account.id, details).await?;
    end_everything(service, tx, account, How::Failed).await?;
    // Whoever objected to what came before can object to this.
    standing_changes::settle_appeals(tx, account.id, Outcome::Refused, service.now()).await?;
    history::note_aside(service, tx, &Happening::new(account.id, What::Terminated)).await?;
    let reason = Reason::parse(&proposal.reason).ok_or(StoreError::Malformed("standing_change.reason"))?;
    tell_why(service, tx, account, (Kind::Terminated, proposal.id), reason).await?;
    Ok(true)
}

/// Makes an account usable again that was held, suspended or ended, or gives it back the standing that it had before
/// operators stopped it: what a register or the owner says is not an operator's to lift here. Answers its standing; `None`
/// when there is nothing to restore.
pub async fn restore(
    service: &Service,
    tx: &Tx,
    account: &Account,
    because: &Because,
) -> Result<Option<Status>, StoreError> {
    // What it was before is read when nobody changes it any more.
    accounts::take_turns(tx, account.id).await?;
    let to = match account.status {
        Status::Held => Status::Active,
        Status::Suspended | Status::Terminated => {
            let list = standing_changes::list(tx, account.id).await?;
            match before_operators(account.status, &list) {
                before @ (Status::Held | Status::Frozen | Status::Closing) => before,
                _ => Status::Active,
            }
        }
        _ => return Ok(None),
    };
    let doubted_from = doubtful::since(service, tx, account).await?;
    if !step(service, tx, account, to).await? {
        return Ok(None);
    }
    if let (Status::Active, Some(from)) = (to, doubted_from) {
        doubtful::remove(service, tx, account, from).await?;
    }
    write(service, tx, account, to, because).await?;
    standing_changes::settle_appeals(tx, account.id, Outcome::Granted, service.now()).await?;
    // Nobody objects to what was lifted.
    store::links::end(tx, account.id, (Purpose::Appeal, None), service.now()).await?;
    match to {
        Status::Active => {
            tell_sites(service, tx, account.id, AccountEvent::Enabled).await?;
            history::note_aside(service, tx, &Happening::new(account.id, What::Released)).await?;
            notices::tell(service, tx, account, &Told::of(Kind::Restored)).await?;
        }
        Status::Closing => closing::go_on(service, tx, account).await?,
        _ => {
            history::note_aside(service, tx, &Happening::new(account.id, What::Lifted)).await?;
            // Whoever objected is told with the decision.
            if because.reason != Reason::AppealGranted {
                let args = [("stays", notices::key(stays(to)))];
                let told = Told {
                    args: &args,
                    ..Told::of(Kind::Lifted)
                };
                notices::tell(service, tx, account, &told).await?;
            }
        }
    }
    Ok(Some(to))
}

/// What the owner is told where operators lifted what they did, and something else stands in the way still.
const fn stays(to: Status) -> &'static str {
    match to {
        Status::Held => "standing-lifted-held",
        _ => "standing-lifted-frozen",
    }
}

/// The last standing that no operator made: what its owner or a register said is not gone because an operator said more
/// after it.
fn before_operators(status: Status, newest_first: &[Change]) -> Status {
    let mut before = status;
    for change in newest_first.iter().filter(|change| !change.is_proposal()) {
        if !matches!(before, Status::Suspended | Status::Terminated) {
            break;
        }
        if change.to == before {
            before = change.from;
        }
    }
    before
}

/// What follows when an account was frozen, by a register's word or because somebody objected: sub-sites are told, and nothing
/// that was under way goes on. Call it before the sign-ins end.
pub async fn froze(service: &Service, tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    tell_sites(service, tx, account, AccountEvent::Disabled).await?;
    stop_everything(service, tx, account, How::Failed).await
}

/// What follows when a frozen account is in use again.
pub async fn thawed(service: &Service, tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    tell_sites(service, tx, account, AccountEvent::Enabled).await
}

/// The guarded statement, behind the account's lock.
async fn step(service: &Service, tx: &Tx, account: &Account, to: Status) -> Result<bool, StoreError> {
    accounts::take_turns(tx, account.id).await?;
    if !account.status.may_become(to) {
        return Ok(false);
    }
    accounts::change_status(tx, account.id, (account.status, to), service.now()).await
}

async fn shut(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (to, how): (Status, How),
    because: &Because,
) -> Result<Option<StandingChangeId>, StoreError> {
    if !step(service, tx, account, to).await? {
        return Ok(None);
    }
    let change = write(service, tx, account, to, because).await?;
    end_everything(service, tx, account, how).await?;
    Ok(Some(change))
}

/// Nothing goes on for an account that is out of use. The order matters: who knows the person is looked for before.
async fn end_everything(service: &Service, tx: &Tx, account: &Account, how: How) -> Result<(), StoreError> {
    let now = service.now();
    // Where it was not in use before, they know.
    if account.status == Status::Active {
        tell_sites(service, tx, account.id, AccountEvent::Disabled).await?;
    }
    sessions::end_all(tx, account.id, None, now).await?;
    stop_everything(service, tx, account.id, how).await
}

/// What waits does not happen, and what was begun in a browser ends.
async fn stop_everything(service: &Service, tx: &Tx, account: AccountId, how: How) -> Result<(), StoreError> {
    let now = service.now();
    ceremonies::end_of_account(tx, account, now).await?;
    stop_all(service, tx, account, how).await
}

async fn write(
    service: &Service,
    tx: &Tx,
    account: &Account,
    to: Status,
    because: &Because,
) -> Result<StandingChangeId, StoreError> {
    let now = service.now();
    let change = Change {
        id: StandingChangeId::new(now, service.rng()),
        account: account.id,
        from: account.status,
        to,
        reason: because.reason.as_str().to_owned(),
        note: because.note.clone(),
        operator: because.by.operator(),
        second: None,
        at: now,
        until: because.until,
        doubted_from: because.doubted_from,
    };
    standing_changes::record(tx, &change).await?;
    let details = json!({
        "from": account.status.as_str(),
        "to": to.as_str(),
        "reason": because.reason.as_str(),
        "operator": change.operator.map(|id| id.to_string()),
    });
    audit(service, tx, account.id, details).await?;
    Ok(change.id)
}

async fn audit(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    details: serde_json::Value,
) -> Result<(), StoreError> {
    let entry = Entry::new(Event::StandingChanged, service.now())
        .account(account)
        .details(details);
    store::audit::record(tx, service.rng(), entry).await
}

/// The owner is told why, with the way to object.
async fn tell_why(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (kind, change): (Kind, StandingChangeId),
    reason: Reason,
) -> Result<(), StoreError> {
    let link = links::New {
        purpose: Purpose::Appeal,
        account: account.id,
        about: Some(change.as_uuid()),
        target: None,
        life: TimeDelta::days(service.config().standing.appeal_days),
    };
    let link = links::make(service, tx, &link).await?;
    let told = Told {
        link: Some(link),
        ..Told::of(kind)
    };
    let args = [("reason", notices::key(reason.told()))];
    notices::tell(service, tx, account, &Told { args: &args, ..told }).await
}
