//! Does what is due. Every node runs one; a change is applied in a transaction that begins with its guarded statement,
//! so that it happens once, whoever was faster: another node, or the owner who stopped it.
//!
//! Each kind is applied by its own room, in the transaction that it is given, with `apply(service, &tx, &change) ->
//! Result<Applied, StoreError>`.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use model::event::Event;
use model::ids::AccountId;
use serde_json::json;
use store::accounts::{self, Status};
use store::changes::{self, Change, How, Kind};
use store::paging::After;
use store::{StoreError, Tx, complaints};

use crate::Service;
use crate::history::{self, Happening, What};
use crate::notices::{self, Told};

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
    /// What speaks against it is still there; nothing changed. It has another day now.
    Later,
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

/// Does what is due, page by page; answers how many happened.
pub async fn apply_due(service: &Service) -> Result<usize, StoreError> {
    let (read, now) = (service.store().read(), service.now());
    let (mut happened, mut ended, mut next) = (0, 0, Some(After::default()));
    while let Some(after) = next {
        let page = changes::due(&read, now, (after, BATCH)).await?;
        next = page.next;
        for change in page.rows {
            // One that fails keeps the others from nothing; it is tried again at the next look.
            match apply(service, &change).await {
                Ok(Some(Applied::Done)) => happened += 1,
                Ok(Some(Applied::Failed)) => ended += 1,
                Ok(Some(Applied::Later) | None) => {}
                Err(error) => {
                    if complaints::is_due("change", change.id.as_uuid()) {
                        tracing::error!(change = %change.id, %error, "a change was not applied");
                    }
                }
            }
        }
    }
    if let Err(error) = crate::recovery::counter::drop_expired(service).await {
        tracing::error!(%error, "proposals that nobody answered cannot be ended");
    }
    changes::forget_details(&read, service.now()).await?;
    if happened + ended > 0 {
        service.kick_delivery();
    }
    Ok(happened)
}

/// `None` where somebody was faster: another node, or the owner.
async fn apply(service: &Service, change: &Change) -> Result<Option<Applied>, StoreError> {
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, change.account).await?;
    if !changes::apply_in_time(&tx, change.id, service.now()).await? {
        return Ok(None);
    }
    let applied = dispatch(service, &tx, change).await?;
    if applied == Applied::Done {
        tx.commit().await?;
        return Ok(Some(applied));
    }
    // What was begun is not kept; that it is over is, and whoever was told of the beginning hears of the end.
    drop(tx);
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, change.account).await?;
    if applied == Applied::Later {
        crate::closing::put_off_again(service, &tx, change).await?;
        tx.commit().await?;
        return Ok(Some(applied));
    }
    if !changes::stop(&tx, change.id, How::Failed, service.now()).await? {
        return Ok(None);
    }
    let details =
        json!({ "what": change.kind.as_str(), "how": How::Failed.as_str(), "change": change.id.to_string() });
    super::record(service, &tx, None, (change.account, Event::ChangeEnded), details).await?;
    tell_end(service, &tx, change).await?;
    tx.commit().await?;
    Ok(Some(applied))
}

/// What the owner, who was told that something waits, reads when it did not happen; nothing where nobody was told.
fn end_of(change: &Change) -> Option<(notices::Kind, What)> {
    match change.kind {
        // Whoever stopped it said so, and told.
        Kind::Closing | Kind::Username => None,
        Kind::Email if !super::email::was_told(change) => None,
        Kind::Recovery => Some((notices::Kind::RecoveryStopped, What::RecoveryStopped)),
        // It was used since, or is gone already.
        Kind::Factor => Some((notices::Kind::ChangeEnded, What::FactorKept)),
        Kind::Phone | Kind::Email | Kind::NumberDispute => {
            Some((notices::Kind::ChangeEnded, What::ChangeEnded))
        }
    }
}

/// Tells the owner that it did not happen.
pub(super) async fn tell_end(service: &Service, tx: &Tx, change: &Change) -> Result<(), StoreError> {
    let Some((kind, what)) = end_of(change) else {
        return Ok(());
    };
    let account = accounts::find(tx, change.account).await?;
    let Some(account) = account.filter(|account| account.status != Status::Closed) else {
        return Ok(());
    };
    history::note_aside(service, tx, &Happening::new(account.id, what)).await?;
    notices::tell(service, tx, &account, &Told::of(kind)).await
}

/// Ends everything that an account waits for, because nobody can use it any more. The owner, who is told that, reads in the
/// history what else came to nothing with it. The caller holds the account's lock.
pub(crate) async fn stop_all(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    how: How,
) -> Result<(), StoreError> {
    let open = changes::open(tx, account).await?;
    changes::stop_all(tx, account, None, (how, service.now())).await?;
    for (_, what) in open.iter().filter_map(end_of) {
        history::note_aside(service, tx, &Happening::new(account, what)).await?;
    }
    Ok(())
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
