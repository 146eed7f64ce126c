//! What a change of e-mail address changes: confirmed, applied, taken back.

use model::email::Email;
use model::event::Event;
use model::ids::ChangeId;
use model::notice::Contact;
use model::standing::{Answer, Entry, answer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::accounts::{self, Account, Status};
use store::changes::{self, Change, How, Kind, State as ChangeState};
use store::links::Link;
use store::{StoreError, Tx};

use crate::Service;
use crate::changes::undo::Back;
use crate::changes::worker::{self, Applied};
use crate::changes::{CONTACT, record, undo};
use crate::history::{self, Happening, What};
use crate::links::{Followed, Said};
use crate::notices::{self, Told};

/// What a change of address is applied, or taken back, with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) from: Option<String>,
    pub(super) to: String,
    /// The new address was confirmed.
    pub(super) new: bool,
    /// The old one agreed.
    pub(super) old: bool,
}

pub(super) fn text(kept: &Kept) -> Result<String, StoreError> {
    serde_json::to_string(kept).map_err(|_| StoreError::Malformed("account_change.details"))
}

/// An address confirmed, by its link, which the caller has used up in the same transaction.
pub(crate) async fn confirmed(service: &Service, tx: &Tx, link: &Link) -> Result<Followed, StoreError> {
    accounts::take_turns(tx, link.account).await?;
    let Some((change, mut kept, account)) = open(tx, link).await? else {
        return Ok(Followed::Over);
    };
    let is = |text: &str| Email::parse(text).is_ok_and(|email| link.is_for(tx, &Contact::Email(email)));
    if is(&kept.to) {
        kept.new = true;
    } else if kept.from.as_deref().is_some_and(is) {
        kept.old = true;
    } else {
        return Ok(Followed::Over);
    }
    let at = change.effective_at;
    if !changes::amend(tx, change.id, Some(&text(&kept)?), at).await? {
        return Ok(Followed::Over);
    }
    let said = if kept.new && kept.old {
        if !changes::apply(tx, change.id, service.now()).await? {
            return Ok(Followed::Over);
        }
        match put(service, tx, &account, (&change, &kept)).await? {
            Applied::Done => "contact-mail-done",
            Applied::Failed | Applied::Later => {
                // Another account has the address; whoever has its mailbox may know.
                changes::undo(tx, change.id, How::Failed, service.now()).await?;
                worker::tell_end(service, tx, &change).await?;
                "contact-mail-taken"
            }
        }
    } else if kept.new {
        "contact-mail-half-new"
    } else {
        "contact-mail-half-old"
    };
    service.kick_delivery();
    Ok(Followed::Done(Said {
        title: "contact-mail-title",
        texts: vec![said.into()],
        next: Some((CONTACT, "contact-link-next")),
    }))
}

async fn open(tx: &Tx, link: &Link) -> Result<Option<(Change, Kept, Account)>, StoreError> {
    let Some(about) = link.about else {
        return Ok(None);
    };
    let change = changes::find(tx, ChangeId::from_uuid(about)).await?;
    let mine = |change: &Change| {
        change.account == link.account && change.kind == Kind::Email && change.state == ChangeState::Waiting
    };
    let Some(change) = change.filter(mine) else {
        return Ok(None);
    };
    let account = accounts::find(tx, link.account).await?;
    let account = account.filter(|account| answer(account.status, Entry::ConfirmLink) == Answer::Yes);
    Ok(read(&change)
        .zip(account)
        .map(|(kept, account)| (change, kept, account)))
}

fn read(change: &Change) -> Option<Kept> {
    serde_json::from_str(change.details.as_ref()?.expose()).ok()
}

/// Gives the account its address and tells everybody, the old one included.
async fn put(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, kept): (&Change, &Kept),
) -> Result<Applied, StoreError> {
    let Ok(email) = Email::parse(&kept.to) else {
        return Ok(Applied::Failed);
    };
    let same = account.email.as_ref().map(Email::as_str) == kept.from.as_deref();
    let free = accounts::find_by_email(tx, &email).await?.is_none();
    let from_to = (account.email.as_ref(), Some(&email));
    if !same || !free || !accounts::set_email(tx, account.id, from_to, service.now()).await? {
        return Ok(Applied::Failed);
    }
    let details = json!({ "what": "email" });
    record(service, tx, None, (account.id, Event::ContactChanged), details).await?;
    history::note_aside(service, tx, &Happening::new(account.id, What::ContactChanged)).await?;
    let args = [("email", email.masked())];
    let told = Told {
        args: &args,
        link: Some(undo::link(service, tx, change).await?),
        ..Told::of(notices::Kind::EmailChanged)
    };
    notices::tell(service, tx, account, &told).await?;
    Ok(Applied::Done)
}

/// The wait is over: the old address did not answer, and did not object.
pub(in crate::changes) async fn apply(
    service: &Service,
    tx: &Tx,
    change: &Change,
) -> Result<Applied, StoreError> {
    let (Some(kept), Some(account)) = (read(change), accounts::find(tx, change.account).await?) else {
        return Ok(Applied::Failed);
    };
    if !kept.new || account.status != Status::Active {
        return Ok(Applied::Failed);
    }
    put(service, tx, &account, (change, &kept)).await
}

/// Puts the address of before a change back, or none, where the account has what the last of those that are taken back
/// with it brought.
pub(in crate::changes) async fn take_back(
    service: &Service,
    tx: &Tx,
    (change, last): (&Change, &Change),
) -> Result<Back, StoreError> {
    let account = accounts::find(tx, change.account).await?;
    let (Some(kept), Some(last), Some(account)) = (read(change), read(last), account) else {
        return Ok(Back::Changed);
    };
    let from = kept.from.and_then(|from| Email::parse(&from).ok());
    if account.email.as_ref().map(Email::as_str) != Some(last.to.as_str()) {
        return Ok(Back::Changed);
    }
    if let Some(from) = &from
        && accounts::find_by_email(tx, from).await?.is_some()
    {
        return Ok(Back::Taken);
    }
    let from_to = (account.email.as_ref(), from.as_ref());
    let back = accounts::set_email(tx, account.id, from_to, service.now()).await?;
    Ok(if back { Back::Whole } else { Back::Changed })
}

/// Whether somebody was told that a change waits: a first address waits for its own mailbox alone.
pub(in crate::changes) fn was_told(change: &Change) -> bool {
    read(change).is_none_or(|kept| kept.from.is_some())
}

/// The address that a change is about, masked, for the page.
pub(in crate::changes) fn target(change: &Change) -> Option<String> {
    let to = read(change)?.to;
    Email::parse(&to).ok().map(|email| email.masked())
}
