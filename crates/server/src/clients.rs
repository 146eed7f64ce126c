//! The database's sub-sites made equal to a folder of files, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use model::event::Event;
use model::ids::ClientId;
use serde_json::{Value, json};
use store::audit::{self, Entry};
use store::clients::{self, StoredClient};
use store::{Store, StoreError};

/// What to do with the difference.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Only print it.
    pub dry_run: bool,
    /// Remove sub-sites that have no file.
    pub prune: bool,
}

/// Applies sub-sites and answers with the difference, a line each.
pub async fn apply(store: &Store, wanted: &[StoredClient], mode: Mode) -> Result<Vec<String>, StoreError> {
    let now = store.clock().now();
    let tx = store.begin().await?;
    let present: BTreeMap<ClientId, StoredClient> =
        clients::list(&tx).await?.into_iter().map(|stored| (stored.client.client_id.clone(), stored)).collect();
    let mut lines = Vec::new();
    for new in wanted {
        let id = &new.client.client_id;
        let old = present.get(id);
        if old == Some(new) {
            continue;
        }
        let changes = describe(old, new);
        lines.push(format!("{} {id}{}", if old.is_some() { "~" } else { "+" }, changes));
        if !mode.dry_run {
            clients::put(&tx, new, now).await?;
            let entry = Entry::new(Event::ClientChanged, now).client(id).details(json!({ "changed": changes }));
            audit::record(&tx, store.rng(), entry).await?;
        }
    }
    let named: BTreeSet<_> = wanted.iter().map(|stored| &stored.client.client_id).collect();
    let extra: BTreeSet<ClientId> = present.keys().filter(|id| !named.contains(id)).cloned().collect();
    if mode.prune && !extra.is_empty() {
        lines.extend(extra.iter().map(|id| format!("- {id}")));
        if !mode.dry_run {
            clients::remove(&tx, &extra, now).await?;
        }
    }
    tx.commit().await?;
    Ok(lines)
}

/// Which keys differ; values of secrets are never shown.
fn describe(old: Option<&StoredClient>, new: &StoredClient) -> String {
    let Some(old) = old else { return String::new() };
    let document = |stored: &StoredClient| match serde_json::to_value(&stored.client) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (document(old), document(new));
    let mut keys: Vec<&str> =
        after.iter().filter(|(key, value)| before.get(*key) != Some(value)).map(|(key, _)| key.as_str()).collect();
    if old.secret_hash != new.secret_hash {
        keys.push("secret");
    }
    format!(": {}", keys.join(", "))
}
