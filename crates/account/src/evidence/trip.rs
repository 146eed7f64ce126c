//! A return, or an answered challenge, that is being looked at. Whoever looks has a lease on it; what comes of it is
//! written in one transaction together with the end of the lease. A node that is killed in between has written nothing
//! and counted no try, and the same browser may come again when the lease is over.

use chrono::{DateTime, TimeDelta, Utc};
use model::secret::TokenHash;
use store::round_trips::{self, Lease, Refused, Taken, Traveller};
use store::{StoreError, Tx};
use zeroize::Zeroizing;

use super::filing::LEASE_SECONDS;
use crate::Service;

/// The right to settle a return, and what stays of it afterwards for who reloads.
#[derive(Debug)]
pub(crate) struct Trip {
    lease: Lease,
    left: Vec<u8>,
}

impl Trip {
    /// Of what was taken; nothing of it stays.
    pub(crate) const fn new(lease: Lease) -> Self {
        Self {
            lease,
            left: Vec::new(),
        }
    }

    /// With where the person was on the way to, and nothing about the person.
    pub(crate) fn leaving(self, left: Vec<u8>) -> Self {
        Self { left, ..self }
    }

    /// Ends the lease, in the transaction that writes what came of it; `false` when it is another's by now, and then
    /// nothing may be written.
    pub(crate) async fn settle(&self, tx: &Tx) -> Result<bool, StoreError> {
        let settled = round_trips::settle(tx, &self.lease, &self.left).await?;
        if !settled {
            tracing::warn!("somebody else looks at this return by now");
        }
        Ok(settled)
    }

    /// Puts the return back with what is kept for it from now on, so that the same browser may come again.
    pub(crate) async fn put_back(&self, service: &Service, kept: &[u8]) -> Result<bool, StoreError> {
        round_trips::put_back(&service.store().read(), &self.lease, kept, service.now()).await
    }
}

/// Takes a return. See [`round_trips::take`].
pub(crate) async fn take(
    service: &Service,
    state: &TokenHash,
    who: &Traveller<'_>,
    add: impl FnOnce(&[u8]) -> Option<Zeroizing<Vec<u8>>> + Send,
) -> Result<Result<Taken, Refused>, StoreError> {
    let now = service.now();
    let taken = round_trips::take(&service.store().read(), state, who, (now, over(now)), add).await?;
    match &taken {
        Ok(taken) if taken.again => {
            tracing::warn!(
                source = who.source.as_str(),
                "a return that was not settled is looked at again"
            );
        }
        Ok(_) => {}
        Err(refused) => {
            tracing::info!(
                source = who.source.as_str(),
                ?refused,
                "somebody came back who is not let in"
            );
        }
    }
    Ok(taken)
}

/// The end of a lease that begins now.
fn over(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::seconds(LEASE_SECONDS)
}
