//! The end of closing: everything about the person goes, but for what is kept for a reason; and the end of that.

use std::collections::BTreeSet;

use model::closing::Kept;
use model::event::Event;
use model::ids::ClientId;
use model::notice::Kind;
use model::standing::Status;
use serde::Deserialize;
use serde_json::json;
use store::audit::Entry;
use store::changes::Change;
use store::retained::{self, Retained};
use store::status_events::{self, AccountEvent, Happened};
use store::{StoreError, Tx, accounts, erasure, sessions, standing_changes};

use crate::Service;
use crate::changes::worker::Applied;
use crate::notices::{self, Told};

/// How many entries are forgotten together.
const BATCH: u64 = 50;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    sites: BTreeSet<ClientId>,
}

/// Closes an account whose days to think again are over, in the worker's transaction.
pub async fn apply(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    let now = service.now();
    let Some(account) = accounts::find(tx, change.account).await? else {
        return Ok(Applied::Failed);
    };
    let step = (Status::Closing, Status::Closed);
    if account.status != step.0 || !accounts::change_status(tx, account.id, step, now).await? {
        return Ok(Applied::Failed);
    }
    // To the phone and the address that are about to be forgotten.
    notices::tell(service, tx, &account, &Told::of(Kind::Closed)).await?;
    let details = change.details.as_ref().map(|text| text.expose().as_str());
    let details: Details = details
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
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
        .details(json!({ "reason": "owner", "kept": words }));
    store::audit::record(tx, service.rng(), entry).await?;
    Ok(Applied::Done)
}

/// Forgets what was kept of closed accounts and need not be any more, one batch; answers how much.
pub async fn forget_due(service: &Service) -> Result<usize, StoreError> {
    let now = service.now();
    let mut forgotten = 0;
    for one in retained::over(&service.store().read(), now, BATCH).await? {
        let tx = service.store().begin().await?;
        if !retained::strike(&tx, &one).await? {
            continue;
        }
        erasure::forget(&tx, one.account, one.what).await?;
        let entry = Entry::new(Event::RetainedForgotten, now)
            .account(one.account)
            .details(json!({ "what": one.what.as_str() }));
        store::audit::record(&tx, service.rng(), entry).await?;
        tx.commit().await?;
        forgotten += 1;
    }
    Ok(forgotten)
}
