//! Suspensions whose time is over: the account is what it was before; and what was kept of closed accounts for a time that
//! is over, which goes. Every node looks; the guarded statement lets one do it.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use model::standing::Status;
use model::standing_reason::Reason;
use store::{StoreError, accounts, standing_changes};

use super::{Because, By, restore};
use crate::{Service, closing};

/// How often a node looks.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How many accounts are looked at together.
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
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Ends one batch of suspensions that are over; answers how many.
pub async fn end_due(service: &Service) -> Result<usize, StoreError> {
    let now = service.now();
    let over = standing_changes::over(&service.store().read(), now, BATCH).await?;
    let mut ended = 0;
    for id in over {
        let tx = service.store().begin().await?;
        accounts::take_turns(&tx, id).await?;
        let account = accounts::find(&tx, id).await?;
        // A newer suspension may have another end, or none.
        let newest = standing_changes::newest_to(&tx, id, Status::Suspended).await?;
        let is_over = newest.is_some_and(|change| change.until.is_some_and(|until| until <= now));
        // Brought back meanwhile, perhaps to what its owner or a register has made of it.
        let account = account.filter(|account| account.status == Status::Suspended);
        let (Some(account), true) = (account, is_over) else {
            continue;
        };
        let because = Because::of(Reason::TimeOver, By::Program);
        if restore(service, &tx, &account, &because).await?.is_some() {
            tx.commit().await?;
            service.kick_delivery();
            ended += 1;
        }
    }
    Ok(ended)
}
