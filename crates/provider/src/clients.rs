//! The sub-sites as this node knows them: a snapshot in memory, read for each request without a lock, replaced when
//! the store's counter says that a registration changed (on any node, within a second or two).
//!
//! Key sets are parsed once, when a registration is read. A set that cannot be parsed does not take the sub-site
//! down with it: its own assertions are refused, and the log says why. A stored registration that cannot be read is
//! as good as none; the others stay.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jose::key_set::{KeySetError, PublicKeySet};
use model::client::Client;
use model::ids::ClientId;
use store::clients::StoredClient;
use store::revisions::{self, Revision};
use store::{Store, StoreError};
use tokio::sync::Mutex;

use crate::client_keys::RemoteKeys;

/// A sub-site, ready for use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The registration.
    pub stored: Arc<StoredClient>,
    /// Its public keys, where the registration has them. To verify with: [`crate::client_keys::verify`].
    pub keys: Option<PublicKeySet>,
    /// Its public keys, where it has them at an address.
    pub remote: Option<Arc<RemoteKeys>>,
}

impl Registered {
    /// The registration's public part.
    pub fn client(&self) -> &Client {
        &self.stored.client
    }
}

#[derive(Debug, Default)]
struct Snapshot {
    revision: i64,
    by_id: HashMap<ClientId, Registered>,
}

/// The snapshot of this node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clients(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    snapshot: ArcSwap<Snapshot>,
    /// Whoever holds it looks again: what was read earlier does not take the place of what was read later.
    turn: Mutex<()>,
}

impl Clients {
    /// Reads every sub-site.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let snapshot = read(store, &Snapshot::default()).await?;
        Ok(Self(Arc::new(Inner {
            snapshot: ArcSwap::from_pointee(snapshot),
            turn: Mutex::new(()),
        })))
    }

    /// A sub-site, disabled or not.
    pub fn find(&self, id: &ClientId) -> Option<Registered> {
        self.0.snapshot.load().by_id.get(id).cloned()
    }

    /// Looks again if something changed; answers whether it did.
    pub async fn refresh(&self, store: &Store) -> Result<bool, StoreError> {
        let _turn = self.0.turn.lock().await;
        let old = self.0.snapshot.load_full();
        if revisions::number(&store.read(), Revision::Clients).await? == old.revision {
            return Ok(false);
        }
        self.0.snapshot.store(Arc::new(read(store, &old).await?));
        Ok(true)
    }
}

async fn read(store: &Store, old: &Snapshot) -> Result<Snapshot, StoreError> {
    let tx = store.read();
    // The number first: what changes after it is read again next time.
    let revision = revisions::number(&tx, Revision::Clients).await?;
    let list = store::clients::list(&tx).await?;
    let by_id = list.into_iter().map(|stored| {
        let id = stored.client.client_id.clone();
        let known = old.by_id.get(&id);
        let same = known.filter(|known| *known.stored == stored).cloned();
        (id, same.unwrap_or_else(|| register(stored, known)))
    });
    Ok(Snapshot {
        revision,
        by_id: by_id.collect(),
    })
}

fn register(stored: StoredClient, before: Option<&Registered>) -> Registered {
    let keys = match check_keys(&stored.client) {
        Ok(keys) => keys,
        Err(error) => {
            tracing::error!(client = %stored.client.client_id, cause = %error, "a sub-site's key set is refused");
            None
        }
    };
    let remote = stored.client.jwks_uri.as_ref().map(|uri| {
        // Another change of the registration is no reason to read the keys again.
        let known = before.and_then(|before| before.remote.as_ref());
        let same = known.filter(|known| known.uri() == uri).cloned();
        same.unwrap_or_else(|| Arc::new(RemoteKeys::new(uri.clone())))
    });
    Registered {
        stored: Arc::new(stored),
        keys,
        remote,
    }
}

/// The public keys of a registration, if it has any; for the check of a registration before it is applied, too.
pub fn check_keys(client: &Client) -> Result<Option<PublicKeySet>, KeySetError> {
    client.jwks.as_ref().map(PublicKeySet::from_value).transpose()
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[tokio::test]
    async fn of_two_that_look_again_at_once_one_reads_and_the_other_waits() {
        for world in testing::worlds().await {
            let (clients, keys) = (&world.service.0.clients, &world.service.0.keys);
            let store = &world.store;
            let site = store::clients::StoredClient::new(testing::client("hefei"), None);
            store::clients::put(&store.read(), &site, world.now())
                .await
                .unwrap();
            let (one, two) = tokio::join!(clients.refresh(store), clients.refresh(store));
            assert_eq!((one.unwrap(), two.unwrap()), (true, false));

            store::revisions::raise(&store.read(), store::revisions::Revision::Keys)
                .await
                .unwrap();
            let (one, two) = tokio::join!(keys.refresh(store), keys.refresh(store));
            assert_eq!((one.unwrap(), two.unwrap()), (true, false));
        }
    }
}
