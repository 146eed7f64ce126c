//! Does what is due. Every node runs one; a change is applied in a transaction that begins with its guarded statement,
//! so that it happens once, whoever was faster: another node, or the owner who stopped it.
//!
//! Each kind is applied by its own room, in the transaction that it is given, with `apply(service, &tx, &change) ->
//! Result<Applied, StoreError>`.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use store::changes::{self, Change, How, Kind};
use store::{StoreError, Tx};

use crate::Service;

/// How often a node looks for changes that are due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How many are looked at together.
const BATCH: u64 = 50;

/// What came of a change whose time had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It has happened.
    Done,
    /// It was not possible any more; nothing changed. It is over.
    Failed,
}

/// Works until told to stop.
pub async fn run(service: Service, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    loop {
        if let Err(error) = apply_due(&service).await {
            tracing::error!(%error, "changes that are due cannot be read");
        }
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Does one batch of what is due; answers how many happened.
pub async fn apply_due(service: &Service) -> Result<usize, StoreError> {
    let read = service.store().read();
    let due = changes::due(&read, service.now(), BATCH).await?;
    let mut happened = 0;
    for change in due {
        // One that fails keeps the others from nothing; it is tried again at the next look.
        match apply(service, &change).await {
            Ok(true) => happened += 1,
            Ok(false) => {}
            Err(error) => tracing::error!(change = %change.id, %error, "a change was not applied"),
        }
    }
    if let Err(error) = crate::recovery::counter::drop_expired(service).await {
        tracing::error!(%error, "proposals that nobody answered cannot be ended");
    }
    changes::forget_details(&read, service.now()).await?;
    if happened > 0 {
        service.kick_delivery();
    }
    Ok(happened)
}

async fn apply(service: &Service, change: &Change) -> Result<bool, StoreError> {
    let tx = service.store().begin().await?;
    store::accounts::take_turns(&tx, change.account).await?;
    if !changes::apply(&tx, change.id, service.now()).await? {
        return Ok(false);
    }
    match dispatch(service, &tx, change).await? {
        Applied::Done => {
            tx.commit().await?;
            Ok(true)
        }
        Applied::Failed => {
            // What was begun is not kept; that it is over is.
            drop(tx);
            let tx = service.store().read();
            changes::stop(&tx, change.id, How::Failed, service.now()).await?;
            Ok(false)
        }
    }
}

async fn dispatch(service: &Service, tx: &Tx, change: &Change) -> Result<Applied, StoreError> {
    match change.kind {
        Kind::Closing => crate::closing::apply(service, tx, change).await,
        Kind::Factor => crate::factors::remove::apply(service, tx, change).await,
        Kind::Phone => super::phone::apply(service, tx, change).await,
        Kind::Email => super::email::apply(service, tx, change).await,
        Kind::Recovery => crate::recovery::apply(service, tx, change).await,
        Kind::NumberDispute => crate::recovery::number::apply(service, tx, change).await,
        // A user name never waits.
        Kind::Username => Ok(Applied::Failed),
    }
}
