//! The end of closing: everything about the person goes, but for what is kept for a reason; and the end of that.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use model::closing::Kept;
use model::event::Event;
use model::ids::{AccountId, ChangeId, ClientId};
use model::notice::Kind;
use model::standing::Status;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::audit::Entry;
use store::changes::{self, Change, How, NewChange};
use store::paging::After;
use store::retained::{self, Retained};
use store::status_events::{self, AccountEvent, Happened};
use store::{StoreError, Tx, accounts, ceremonies, complaints, erasure, sessions, standing_changes};

use crate::Service;
use crate::changes::worker::Applied;
use crate::notices::{self, Told};

/// How many entries are read together.
const BATCH: u64 = 50;

/// What a closing is finished with.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Details {
    /// The sub-sites that knew the account when it began.
    sites: BTreeSet<ClientId>,
    /// The account that it was joined with, where that is why: it closed then.
    into: Option<AccountId>,
    /// When it would be erased if nobody had objected to that, where somebody has and nobody found the join to be right.
    otherwise: Option<DateTime<Utc>>,
}

impl Details {
    fn of(change: &Change) -> Self {
        let text = change.details.as_ref().map(|text| text.expose().as_str());
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|_| StoreError::Malformed("account_change.details"))
    }
}

/// Begins the end of an account that was joined with another one, when the time to object is over: from now on nobody gets in,
/// and then it is erased like every other that closes. It was closed a moment ago, in the caller's transaction, with its
/// sign-ins; `sites` are those that knew it before.
pub(crate) async fn after_join(
    service: &Service,
    tx: &Tx,
    (account, into): (AccountId, AccountId),
    (sites, at): (BTreeSet<ClientId>, DateTime<Utc>),
) -> Result<(), StoreError> {
    let now = service.now();
    changes::stop_all(tx, account, None, (How::Replaced, now)).await?;
    ceremonies::end_of_account(tx, account, now).await?;
    let happened = Happened::new(AccountEvent::Disabled, now);
    status_events::tell(tx, service.rng(), (account, &sites), &happened, now).await?;
    let details = Details {
        sites,
        into: Some(into),
        otherwise: None,
    };
    let details = details.text()?;
    let change = NewChange {
        id: ChangeId::new(now, service.rng()),
        account,
        kind: changes::Kind::Closing,
        state: changes::State::Waiting,
        details: Some(&details),
        now,
        effective_at: at,
        reversible_until: None,
    };
    if changes::begin(tx, &change).await? {
        Ok(())
    } else {
        Err(StoreError::Malformed("account_change.state"))
    }
}

/// Somebody objected to a join in time: what was joined is not erased before people have looked at it.
pub(crate) async fn put_off(service: &Service, tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    let Some(open) = changes::find_open(tx, account, changes::Kind::Closing).await? else {
        return Ok(());
    };
    let details = Details {
        otherwise: Some(open.effective_at),
        ..Details::of(&open)
    };
    changes::amend(tx, open.id, Some(&details.text()?), looked_at(service)).await?;
    Ok(())
}

/// Until when people have to look at a join that somebody objected to.
fn looked_at(service: &Service) -> DateTime<Utc> {
    service.now() + TimeDelta::days(service.config().review.keep_days_longest)
}

/// People have looked, and the join was right: what was joined is erased when it would have been without the objection.
pub(crate) async fn bring_forward(service: &Service, tx: &Tx, account: AccountId) -> Result<(), StoreError> {
    let Some(open) = changes::find_open(tx, account, changes::Kind::Closing).await? else {
        return Ok(());
    };
    let mut details = Details::of(&open);
    let Some(otherwise) = details.otherwise.take() else {
        return Ok(());
    };
    let at = Ord::max(otherwise, service.now());
    changes::amend(tx, open.id, Some(&details.text()?), at).await?;
    Ok(())
}

/// The day has come, and what was joined is needed still: nobody has found the join to be right, and the account that stayed
/// is not in use. Another look when the same time has gone by again. Whoever moved the day meanwhile was right.
pub(crate) async fn put_off_again(service: &Service, tx: &Tx, change: &Change) -> Result<(), StoreError> {
    changes::postpone(tx, change.id, (change.effective_at, looked_at(service))).await?;
    Ok(())
}

/// Whether what was joined is kept because of an objection that nobody has refused.
async fn is_needed(tx: &Tx, details: &Details) -> Result<bool, StoreError> {
    let (Some(into), Some(_)) = (details.into, details.otherwise) else {
        return Ok(false);
    };
    let stayed = accounts::find(tx, into).await?;
    let out_of_use = |status| matches!(status, Status::Frozen | Status::Suspended | Status::Held);
    Ok(stayed.is_some_and(|stayed| out_of_use(stayed.status)))
}

/// Finishes what closes: an account whose days to think again are over, or that was joined with another one and nobody
/// objected. In the worker's transaction.
pub async fn apply(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    let now = service.now();
    let Some(account) = accounts::find(tx, change.account).await? else {
        return Ok(Applied::Failed);
    };
    let details = Details::of(change);
    let reason = if details.into.is_some() {
        // Both phones were told when it closed.
        if account.status != Status::Closed {
            return Ok(Applied::Failed);
        }
        if is_needed(tx, &details).await? {
            return Ok(Applied::Later);
        }
        "joined"
    } else {
        let step = (Status::Closing, Status::Closed);
        if account.status != step.0 || !accounts::change_status(tx, account.id, step, now).await? {
            return Ok(Applied::Failed);
        }
        // To the phone and the address that are about to be forgotten.
        notices::tell(service, tx, &account, &Told::of(Kind::Closed)).await?;
        "owner"
    };
    let mut sites = status_events::knowing(tx, account.id).await?;
    sites.extend(details.sites);
    let happened = Happened::new(AccountEvent::Purged, now);
    status_events::tell(tx, service.rng(), (account.id, &sites), &happened, now).await?;
    sessions::end_all(tx, account.id, None, now).await?;
    let decided = !standing_changes::list(tx, account.id).await?.is_empty();
    let kept: Vec<Retained> = service
        .config()
        .closing
        .kept(now)
        .into_iter()
        .filter(|(what, _)| *what != Kept::Decisions || decided)
        .map(|(what, until)| Retained {
            account: account.id,
            what,
            until,
        })
        .collect();
    retained::put(tx, service.rng(), &kept, now).await?;
    let whats: Vec<Kept> = kept.iter().map(|one| one.what).collect();
    erasure::erase(tx, account.id, &whats, now).await?;
    let words: Vec<&str> = whats.iter().map(|what| what.as_str()).collect();
    let entry = Entry::new(Event::AccountClosed, now)
        .account(account.id)
        .details(json!({ "reason": reason, "kept": words }));
    store::audit::record(tx, service.rng(), entry).await?;
    Ok(Applied::Done)
}

/// Forgets what was kept of closed accounts and need not be any more, page by page; answers how much.
pub async fn forget_due(service: &Service) -> Result<usize, StoreError> {
    let (mut forgotten, mut next) = (0, Some(After::default()));
    while let Some(after) = next {
        let page = retained::over(&service.store().read(), service.now(), (after, BATCH)).await?;
        next = page.next;
        for one in page.rows {
            // One that fails keeps the others from nothing; it is tried again at the next look.
            match forget(service, &one).await {
                Ok(true) => forgotten += 1,
                Ok(false) => {}
                Err(error) => {
                    if complaints::is_due("kept", one.account.as_uuid()) {
                        tracing::error!(account = %one.account, %error, "what was kept was not forgotten");
                    }
                }
            }
        }
    }
    Ok(forgotten)
}

/// `false` when another node was faster.
async fn forget(service: &Service, one: &Retained) -> Result<bool, StoreError> {
    let tx = service.store().begin().await?;
    if !retained::strike(&tx, one).await? {
        return Ok(false);
    }
    erasure::forget(&tx, one.account, one.what).await?;
    let entry = Entry::new(Event::RetainedForgotten, service.now())
        .account(one.account)
        .details(json!({ "what": one.what.as_str() }));
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await?;
    Ok(true)
}
