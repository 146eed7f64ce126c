//! Stopping what waits and taking back what has happened: by the links in the notices, which work without a sign-in, and
//! by the owner on the page.

use std::iter;

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::{AccountId, ChangeId};
use model::standing::{Answer, Entry, answer};
use serde::Deserialize;
use serde_json::json;
use store::accounts::{self, Account};
use store::changes::{self, Change, How, Kind, State};
use store::links::Link;
use store::{StoreError, Tx, ceremonies};
use web::form::Words;
use web::paths::LocalPath;

use super::{email, phone, username};
use crate::Service;
use crate::history::{self, Happening, What};
use crate::links::{self, Followed, Purpose, Said};
use crate::notices::{self, Told};
use crate::recovery;
use crate::standing::{self, Because, By, Reason};

/// How far apart a change and its entry in the history can be: they are written in one transaction.
const SAME_MOMENT: TimeDelta = TimeDelta::minutes(1);

/// The link that stops a change or takes it back, for as long as that can be done.
pub(crate) async fn link(service: &Service, tx: &Tx, change: &Change) -> Result<String, StoreError> {
    let until = change.reversible_until.unwrap_or(change.effective_at);
    let new = links::New {
        purpose: Purpose::UndoChange,
        account: change.account,
        about: Some(change.id.as_uuid()),
        target: None,
        life: Ord::max(until - service.now(), TimeDelta::hours(1)),
    };
    links::make(service, tx, &new).await
}

/// What came of putting back what was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// It is as it was.
    Whole,
    /// It is there again, but not all that hung on it.
    Partly,
    /// It is not: something else was changed since.
    Changed,
    /// It is not: it is another account's by now.
    Taken,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undone {
    /// It will not happen.
    Stopped,
    /// It was taken back.
    TakenBack {
        /// Everything is as it was before.
        whole: bool,
        /// What was changed after it is taken back as well.
        later: bool,
    },
    /// Nothing was taken back: something else was changed since.
    Changed,
    /// Nothing was taken back: what was there before is another account's by now.
    Taken,
    /// There was nothing to stop or to take back (any more).
    Over,
}

impl Undone {
    /// Whether something happened.
    pub(super) const fn is_done(self) -> bool {
        matches!(self, Self::Stopped | Self::TakenBack { .. })
    }

    /// What it says.
    pub(super) fn words(self) -> Vec<Words> {
        match self {
            Self::Stopped => vec!["contact-link-stopped".into()],
            Self::TakenBack { whole, later } => {
                let mut texts: Vec<Words> = vec![if whole {
                    "contact-link-undone".into()
                } else {
                    "contact-link-undone-partly".into()
                }];
                if later {
                    texts.push("contact-link-undone-all".into());
                }
                texts
            }
            Self::Changed => vec!["contact-link-changed".into()],
            Self::Taken => vec!["contact-link-impossible".into()],
            Self::Over => Vec::new(),
        }
    }
}

/// Stops a change of an account, or takes it back. The account's lock is taken.
pub(super) async fn undo(
    service: &Service,
    tx: &Tx,
    account: &Account,
    id: ChangeId,
    how: How,
) -> Result<Undone, StoreError> {
    let now = service.now();
    accounts::take_turns(tx, account.id).await?;
    let found = changes::find(tx, id).await?;
    // A link or a form about another account's change is about nothing (A238, A261).
    let Some(change) = found.filter(|change| change.account == account.id) else {
        return Ok(Undone::Over);
    };
    match change.state {
        // Closing is stopped where it is shown what that means.
        State::Proposed | State::Waiting if change.kind != Kind::Closing => {
            if !changes::stop(tx, id, how, now).await? {
                return Ok(Undone::Over);
            }
        }
        State::Applied => return take_back(service, tx, account, (&change, how)).await,
        State::Proposed | State::Waiting | State::Ended => return Ok(Undone::Over),
    }
    let (kind, what) = match change.kind {
        Kind::Recovery => (notices::Kind::RecoveryStopped, What::RecoveryStopped),
        Kind::Factor => (notices::Kind::ChangeUndone, What::FactorKept),
        _ => (notices::Kind::ChangeUndone, What::ChangeUndone),
    };
    after(service, tx, account, (&change, how), (kind, what)).await?;
    Ok(Undone::Stopped)
}

async fn take_back(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, how): (&Change, How),
) -> Result<Undone, StoreError> {
    let now = service.now();
    let how = if how == How::NotMe { how } else { How::Undone };
    if change.reversible_until.is_none_or(|until| until <= now) {
        return Ok(Undone::Over);
    }
    // Somebody who changed it once can change it again at once; the link that the owner has is about the first (A235).
    let later = match change.kind {
        Kind::Phone | Kind::Email | Kind::Username => changes::reversible_after(tx, change, now).await?,
        Kind::Closing | Kind::NumberDispute | Kind::Factor | Kind::Recovery => Vec::new(),
    };
    if !is_chain(change, &later) {
        return Ok(Undone::Changed);
    }
    let both = (change, later.last().unwrap_or(change));
    let back = match change.kind {
        Kind::Phone => phone::take_back(service, tx, both).await?,
        Kind::Email => email::take_back(service, tx, both).await?,
        Kind::Username => username::take_back(service, tx, both).await?,
        // What a counter allowed, and was not used yet.
        Kind::Recovery => recovery::counter::take_back(service, tx, change).await?,
        Kind::Closing | Kind::NumberDispute | Kind::Factor => return Ok(Undone::Over),
    };
    let whole = match back {
        Back::Whole => true,
        Back::Partly => false,
        Back::Changed => return Ok(Undone::Changed),
        Back::Taken => return Ok(Undone::Taken),
    };
    let ids: Vec<ChangeId> = iter::once(change).chain(&later).map(|one| one.id).collect();
    if changes::undo_all(tx, &ids, how, now).await? != ids.len() {
        return Ok(Undone::Over);
    }
    // Whoever changed it may be signed in.
    standing::end_sign_ins(service, tx, account.id, None).await?;
    ceremonies::end_of_account(tx, account.id, now).await?;
    let told = (notices::Kind::ChangeUndone, What::ChangeUndone);
    after(service, tx, account, (change, how), told).await?;
    let later = !later.is_empty();
    Ok(Undone::TakenBack { whole, later })
}

/// What all changes of contacts are applied with.
#[derive(Deserialize)]
struct FromTo {
    from: Option<String>,
    to: String,
}

/// Whether each change begins where the one before ended: between them nothing came that is not to be taken back, as what
/// a counter did.
fn is_chain(first: &Change, later: &[Change]) -> bool {
    let ends = |change: &Change| serde_json::from_str::<FromTo>(change.details.as_ref()?.expose()).ok();
    later
        .iter()
        .zip(iter::once(first).chain(later))
        .all(|(next, before)| match (ends(next), ends(before)) {
            (Some(next), Some(before)) => next.from == Some(before.to),
            _ => false,
        })
}

/// The log, and everybody is told, at the addresses that the account has now.
async fn after(
    service: &Service,
    tx: &Tx,
    account: &Account,
    (change, how): (&Change, How),
    (kind, what): (notices::Kind, What),
) -> Result<(), StoreError> {
    let details =
        json!({ "what": change.kind.as_str(), "how": how.as_str(), "change": change.id.to_string() });
    super::record(service, tx, None, (account.id, Event::ChangeEnded), details).await?;
    history::note_aside(service, tx, &Happening::new(account.id, what)).await?;
    let now = accounts::find(tx, account.id).await?;
    let account = now.as_ref().unwrap_or(account);
    notices::tell(service, tx, account, &Told::of(kind)).await
}

/// The account of a link, where such links are followed in its standing.
async fn owner(tx: &Tx, link: &Link, entry: Entry) -> Result<Option<Account>, StoreError> {
    let account = accounts::find(tx, link.account).await?;
    Ok(account.filter(|account| answer(account.status, entry) == Answer::Yes))
}

/// A link to undo was followed. The caller has used it up and commits.
pub(crate) async fn by_link(service: &Service, tx: &Tx, link: &Link) -> Result<Followed, StoreError> {
    let (Some(about), Some(account)) = (link.about, owner(tx, link, Entry::UndoLink).await?) else {
        return Ok(Followed::Over);
    };
    let undone = undo(service, tx, &account, ChangeId::from_uuid(about), How::Stopped).await?;
    if undone == Undone::Over {
        return Ok(Followed::Over);
    }
    let said = said(undone);
    if !undone.is_done() {
        // The link stays good: what is in the way may go.
        return Ok(Followed::Not(said));
    }
    service.kick_delivery();
    Ok(Followed::Done(said))
}

fn said(undone: Undone) -> Said {
    let mut texts = undone.words();
    texts.push("contact-link-password".into());
    Said {
        title: "contact-link-title",
        texts,
        next: Some((LocalPath::known("/account/contact"), "contact-link-next")),
    }
}

/// What else is to be said where not all is as it was before, or more of it than was asked for.
fn remarks(undone: Undone) -> Vec<Words> {
    match undone {
        Undone::TakenBack {
            whole: true,
            later: false,
        }
        | Undone::Stopped
        | Undone::Over => Vec::new(),
        other => other.words(),
    }
}

/// The owner says at an entry of the history that it was not them: a phone, an address or a user name that it is about is
/// put back, as by the link in the message. Answers what else is to be said.
pub(crate) async fn not_me_at(
    service: &Service,
    tx: &Tx,
    account: &Account,
    entry: &store::history::Entry,
) -> Result<Vec<Words>, StoreError> {
    let mut texts = Vec::new();
    // One of each kind at most; what came after it of the same kind goes with it.
    for id in about(tx, account.id, entry).await? {
        let undone = undo(service, tx, account, id, How::NotMe).await?;
        texts.extend(remarks(undone));
    }
    Ok(texts)
}

/// The changes that an entry is about: the history says when and not what.
async fn about(
    tx: &Tx,
    account: AccountId,
    entry: &store::history::Entry,
) -> Result<Vec<ChangeId>, StoreError> {
    let of: fn(&Change) -> Option<DateTime<Utc>> = match entry.what {
        What::ContactChanged => |change| change.applied_at,
        What::ContactChanging => |change| Some(change.created_at),
        _ => return Ok(Vec::new()),
    };
    let near = |at: DateTime<Utc>| (at - entry.at).abs() <= SAME_MOMENT;
    let mut list = changes::list(tx, account).await?;
    list.retain(|change| change.state == State::Applied && of(change).is_some_and(near));
    // Newest first: the oldest of each kind takes the others with it.
    let contacts = [Kind::Phone, Kind::Email, Kind::Username];
    let oldest = |kind| list.iter().rfind(|change| change.kind == kind);
    Ok(contacts
        .into_iter()
        .filter_map(oldest)
        .map(|change| change.id)
        .collect())
}

/// "This wasn't me" was followed: what it was about is stopped or taken back, the account is held, and every sign-in and
/// token ends. It opens again with a factor from before, or at the counter.
pub(crate) async fn not_me(service: &Service, tx: &Tx, link: &Link) -> Result<Followed, StoreError> {
    let Some(account) = owner(tx, link, Entry::NotMeLink).await? else {
        return Ok(Followed::Over);
    };
    let undone = match link.about {
        Some(about) => undo(service, tx, &account, ChangeId::from_uuid(about), How::NotMe).await?,
        None => Undone::Over,
    };
    // A phone that was put back is the account's again.
    let Some(account) = accounts::find(tx, link.account).await? else {
        return Ok(Followed::Over);
    };
    let because = Because::of(Reason::NotMe, By::Owner);
    if !standing::hold(service, tx, &account, &because).await? {
        // Held already, as by the link of another notice: what this one was about does not stay because of that.
        return Ok(match undone {
            Undone::Over => Followed::Over,
            done if done.is_done() => Followed::Done(said(done)),
            other => Followed::Not(said(other)),
        });
    }
    history::note_aside(service, tx, &Happening::new(account.id, What::Held)).await?;
    service.kick_delivery();
    let days = service.config().notices.not_me_days;
    let mut texts = vec![Words::key("contact-held-text")];
    texts.extend(remarks(undone));
    texts.push(Words::with("contact-held-open", vec![("days", days.into())]));
    Ok(Followed::Done(Said {
        title: "contact-held-title",
        texts,
        next: Some((LocalPath::known("/recover"), "contact-held-next")),
    }))
}
