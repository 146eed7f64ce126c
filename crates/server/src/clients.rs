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
    let present: BTreeMap<ClientId, StoredClient> = clients::list(&tx)
        .await?
        .into_iter()
        .map(|stored| (stored.client.client_id.clone(), stored))
        .collect();
    let mut lines = Vec::new();
    for new in wanted {
        let id = &new.client.client_id;
        let old = present.get(id);
        if old == Some(new) {
            continue;
        }
        let changes = old.map(|old| describe(old, new)).unwrap_or_default();
        lines.push(if old.is_some() {
            format!("~ {id}: {changes}")
        } else {
            format!("+ {id}")
        });
        if !mode.dry_run {
            clients::put(&tx, new, now).await?;
            let details = match old {
                Some(_) => json!({ "change": "changed", "keys": changes }),
                None => json!({ "change": "added" }),
            };
            audit::record(
                &tx,
                store.rng(),
                Entry::new(Event::ClientChanged, now).client(id).details(details),
            )
            .await?;
        }
    }
    let named: BTreeSet<_> = wanted.iter().map(|stored| &stored.client.client_id).collect();
    let extra: BTreeSet<ClientId> = present.keys().filter(|id| !named.contains(id)).cloned().collect();
    if mode.prune && !extra.is_empty() {
        lines.extend(extra.iter().map(|id| format!("- {id}")));
        if !mode.dry_run {
            clients::remove(&tx, &extra, now).await?;
            for id in &extra {
                let entry = Entry::new(Event::ClientChanged, now).client(id);
                audit::record(&tx, store.rng(), entry.details(json!({ "change": "removed" }))).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(lines)
}

/// Which keys differ; values of secrets are never shown.
fn describe(old: &StoredClient, new: &StoredClient) -> String {
    let document = |stored: &StoredClient| match serde_json::to_value(&stored.client) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (document(old), document(new));
    let mut keys: Vec<&str> = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, _)| key.as_str())
        .collect();
    if old.secret_hash != new.secret_hash {
        keys.push("secret");
    }
    keys.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> StoredClient {
        let text = json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
        let client = json!({
            "client_id": id, "name": text, "agency": text, "sector": "hefei", "auth_method": "none",
            "redirect_uris": [format!("https://{id}.example/callback")], "scopes": ["openid"],
        });
        StoredClient {
            client: serde_json::from_value(client).expect("a client"),
            secret_hash: None,
        }
    }

    #[tokio::test]
    async fn every_change_of_a_sub_site_is_in_the_audit_log() {
        for test in store::testing::stores().await {
            let mode = |dry_run| Mode { dry_run, prune: true };
            let (one, two) = (client("hefei"), client("wuhu"));
            apply(&test.store, &[one.clone(), two.clone()], mode(false))
                .await
                .expect("added");
            let mut changed = one;
            changed.client.disabled = true;
            let lines = apply(&test.store, &[changed.clone(), two], mode(false))
                .await
                .expect("changed");
            assert_eq!(lines, ["~ hefei: disabled"]);
            for dry_run in [true, false] {
                let lines = apply(&test.store, std::slice::from_ref(&changed), mode(dry_run)).await;
                assert_eq!(lines.expect("removed"), ["- wuhu"]);
            }
            let mut written: Vec<String> = test
                .audited()
                .await
                .expect("audited")
                .into_iter()
                .map(|(event, client, details)| format!("{event} {} {details}", client.unwrap_or_default()))
                .collect();
            written.sort();
            assert_eq!(
                written,
                [
                    r#"client_changed hefei {"change":"added"}"#,
                    r#"client_changed hefei {"change":"changed","keys":"disabled"}"#,
                    r#"client_changed wuhu {"change":"added"}"#,
                    r#"client_changed wuhu {"change":"removed"}"#,
                ]
            );
        }
    }
}
