//! Suspensions whose time is over: the account is what it was before; and what was kept of closed accounts for a time that
//! is over, which goes. Every node looks; the guarded statement lets one do it.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use model::ids::AccountId;
use model::standing::Status;
use model::standing_reason::Reason;
use store::paging::After;
use store::{StoreError, accounts, complaints, standing_changes};

use super::{Because, By, restore};
use crate::{Service, closing};

/// How often a node looks.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How many accounts are read together.
const BATCH: u64 = 50;

/// Looks until told to stop.
pub async fn run(service: Service, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        if let Err(error) = end_due(&service).await {
            tracing::error!(%error, "suspensions cannot be looked at");
        }
        if let Err(error) = closing::forget_due(&service).await {
            tracing::error!(%error, "what was kept of closed accounts cannot be forgotten");
        }
        // Proposals to end an account that no second operator answered.
        let lapsed = standing_changes::forget_lapsed(&service.store().read(), service.now()).await;
        if let Err(error) = lapsed {
            tracing::error!(%error, "proposals that nobody answered cannot be forgotten");
        }
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Ends the suspensions that are over, page by page; answers how many.
pub async fn end_due(service: &Service) -> Result<usize, StoreError> {
    let (mut ended, mut next) = (0, Some(After::default()));
    while let Some(after) = next {
        let page = standing_changes::over(&service.store().read(), service.now(), (after, BATCH)).await?;
        next = page.next;
        for account in page.rows {
            // One that fails keeps the others from nothing; it is tried again at the next look.
            match end(service, account).await {
                Ok(true) => ended += 1,
                Ok(false) => {}
                Err(error) => {
                    if complaints::is_due("suspension", account.as_uuid()) {
                        tracing::error!(%account, %error, "a suspension was not ended");
                    }
                }
            }
        }
    }
    if ended > 0 {
        service.kick_delivery();
    }
    Ok(ended)
}

async fn end(service: &Service, id: AccountId) -> Result<bool, StoreError> {
    let now = service.now();
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, id).await?;
    let account = accounts::find(&tx, id).await?;
    // A newer suspension may have another end, or none.
    let newest = standing_changes::newest_to(&tx, id, Status::Suspended).await?;
    let is_over = newest.is_some_and(|change| change.until.is_some_and(|until| until <= now));
    // Brought back meanwhile, perhaps to what its owner or a register has made of it.
    let account = account.filter(|account| account.status == Status::Suspended);
    let (Some(account), true) = (account, is_over) else {
        return Ok(false);
    };
    let because = Because::of(Reason::TimeOver, By::Program);
    if restore(service, &tx, &account, &because).await?.is_none() {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}
