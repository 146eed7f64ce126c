//! The end of closing: everything about the person goes, but for what is kept for a reason; and the end of that.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
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
use store::{StoreError, Tx, accounts, ceremonies, erasure, sessions, standing_changes};

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
    };
    let details =
        serde_json::to_string(&details).map_err(|_| StoreError::Malformed("account_change.details"))?;
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

/// Somebody objected to a join in time: what was joined is not erased before people have looked at it, which they have until
/// `at` for.
pub(crate) async fn put_off(tx: &Tx, account: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
    let Some(open) = changes::find_open(tx, account, changes::Kind::Closing).await? else {
        return Ok(());
    };
    let details = open.details.as_ref().map(|text| text.expose().as_str());
    changes::amend(tx, open.id, details, at).await?;
    Ok(())
}

/// Finishes what closes: an account whose days to think again are over, or that was joined with another one and nobody
/// objected. In the worker's transaction.
pub async fn apply(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    let now = service.now();
    let Some(account) = accounts::find(tx, change.account).await? else {
        return Ok(Applied::Failed);
    };
    let details = change.details.as_ref().map(|text| text.expose().as_str());
    let details: Details = details
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let reason = if details.into.is_some() {
        // Both phones were told when it closed.
        if account.status != Status::Closed {
            return Ok(Applied::Failed);
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
                    tracing::error!(account = %one.account, %error, "what was kept was not forgotten");
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
