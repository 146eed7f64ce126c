//! The database's sub-sites made equal to a folder of files, in one transaction. Sub-sites that programs registered
//! have no files and are not touched.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::ClientId;
use serde_json::{Value, json};
use store::audit::{self, Entry};
use store::clients::{self, PreviousSecret, StoredClient};
use store::{Store, StoreError};

/// What to do with the difference.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Only print it.
    pub dry_run: bool,
    /// Remove sub-sites that have no file.
    pub prune: bool,
    /// How long a secret that was changed stays good; nothing ends it at once, for one that leaked, and an earlier one
    /// with it.
    pub overlap: TimeDelta,
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
        let new = old.map_or_else(|| new.clone(), |old| succeed(old, new, mode.overlap, now));
        if old == Some(&new) {
            continue;
        }
        let changes = old.map(|old| describe(old, &new)).unwrap_or_default();
        lines.push(if old.is_some() {
            format!("~ {id}: {changes}")
        } else {
            format!("+ {id}")
        });
        if !mode.dry_run {
            clients::put(&tx, &new, now).await?;
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
    let extra: BTreeSet<ClientId> = present
        .iter()
        .filter(|(id, stored)| !named.contains(id) && stored.dynamic.is_none())
        .map(|(id, _)| id.clone())
        .collect();
    if mode.prune && !extra.is_empty() {
        lines.extend(extra.iter().map(|id| format!("- {id}")));
        if !mode.dry_run {
            clients::remove(&tx, &extra, now).await?;
            for id in &extra {
                clients::revoke_everything(&tx, id, now).await?;
                let entry = Entry::new(Event::ClientChanged, now).client(id);
                audit::record(&tx, store.rng(), entry.details(json!({ "change": "removed" }))).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(lines)
}

/// The new state with what goes over from the old one: the secret that was replaced, for a while.
fn succeed(old: &StoredClient, new: &StoredClient, overlap: TimeDelta, now: DateTime<Utc>) -> StoredClient {
    let mut new = new.clone();
    let keeps = new.secret_hash.is_some() && overlap > TimeDelta::zero();
    let replaced = old.secret_hash.filter(|hash| new.secret_hash != Some(*hash));
    new.previous = match replaced {
        _ if !keeps => None,
        Some(hash) => Some(PreviousSecret {
            hash,
            secret: old.secret.clone(),
            until: now + overlap,
        }),
        None => old.previous.clone(),
    };
    new
}

/// Which keys differ; values of secrets are never shown.
fn describe(old: &StoredClient, new: &StoredClient) -> String {
    let document = |stored: &StoredClient| match serde_json::to_value(&stored.client) {
        Ok(Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (document(old), document(new));
    let mut keys: Vec<String> = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, _)| key.clone())
        .collect();
    if old.secret_hash != new.secret_hash {
        keys.push(match &new.previous {
            Some(previous) => format!("secret (the old one is good until {})", minute(previous.until)),
            None => "secret".to_owned(),
        });
    } else if old.previous.is_some() && new.previous.is_none() {
        keys.push("secret (the old one is not good any more)".to_owned());
    } else if old.secret != new.secret {
        keys.push("secret (kept in another form)".to_owned());
    }
    if old.dynamic.is_some() {
        keys.push("origin (it was registered by a program)".to_owned());
    }
    keys.join(", ")
}

/// A time as operators read it.
pub(crate) fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%MZ").to_string()
}

/// Ends a sub-site that a program registered, with all its tokens; false when there is none of this name. One of a
/// file ends when the file does.
pub async fn end_dynamic(store: &Store, id: &ClientId) -> Result<bool, StoreError> {
    let now = store.clock().now();
    let tx = store.begin().await?;
    let found = clients::find_to_change(&tx, id).await?;
    if found.is_none_or(|stored| stored.dynamic.is_none()) {
        return Ok(false);
    }
    clients::remove(&tx, &BTreeSet::from([id.clone()]), now).await?;
    clients::revoke_everything(&tx, id, now).await?;
    let entry = Entry::new(Event::ClientChanged, now).client(id);
    let details = json!({ "change": "removed", "by": "operator" });
    audit::record(&tx, store.rng(), entry.details(details)).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use model::secret::{Sensitive, TokenHash};
    use store::clients::Dynamic;

    use super::*;

    fn client(id: &str) -> StoredClient {
        let text = json!({ "zh-CN": "合肥", "en": "Hefei", "vi": "Hợp Phì" });
        let client = json!({
            "client_id": id, "name": text, "agency": text, "sector": "hefei", "auth_method": "none",
            "redirect_uris": [format!("https://{id}.example/callback")], "scopes": ["openid"],
        });
        StoredClient::new(serde_json::from_value(client).expect("a client"), None)
    }

    #[tokio::test]
    async fn every_change_of_a_sub_site_is_in_the_audit_log() {
        for test in store::testing::stores().await {
            let mode = |dry_run| Mode {
                dry_run,
                prune: true,
                overlap: TimeDelta::hours(24),
            };
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

    fn with_secret(mut stored: StoredClient, secret: &str) -> StoredClient {
        stored.client.auth_method = model::client::AuthMethod::ClientSecretJwt;
        stored.secret_hash = Some(TokenHash::of(secret));
        stored.secret = Some(Sensitive::new(secret.to_owned()));
        stored
    }

    async fn apply_one(store: &Store, stored: StoredClient, hours: i64) -> Vec<String> {
        let mode = Mode {
            dry_run: false,
            prune: false,
            overlap: TimeDelta::hours(hours),
        };
        apply(store, &[stored], mode).await.expect("applied")
    }

    #[tokio::test]
    async fn a_changed_secret_leaves_the_old_one_good_for_a_while_unless_it_leaked() {
        for test in store::testing::stores().await {
            let (store, now) = (&test.store, test.clock.now());
            let site = || client("hefei");
            let look = async || {
                clients::find_stored(&store.read(), &site().client.client_id)
                    .await
                    .expect("read")
                    .expect("there")
            };
            apply_one(store, with_secret(site(), "one"), 24).await;
            let lines = apply_one(store, with_secret(site(), "two"), 24).await;
            assert_eq!(
                lines,
                ["~ hefei: secret (the old one is good until 2026-06-02 08:00Z)"]
            );
            let good = |stored: &StoredClient, secret: &str, hours| {
                stored.accepts_secret(&TokenHash::of(secret), now + TimeDelta::hours(hours))
            };
            let stored = look().await;
            assert!(good(&stored, "two", 0) && good(&stored, "one", 23));
            assert!(good(&stored, "two", 24) && !good(&stored, "one", 24));
            assert_eq!(stored.signing_secrets(now).count(), 2);

            // The same file once more changes nothing, and the old secret keeps its time.
            assert!(apply_one(store, with_secret(site(), "two"), 24).await.is_empty());
            assert_eq!(look().await, stored);
            let lines = apply_one(store, with_secret(site(), "two"), 0).await;
            assert_eq!(lines, ["~ hefei: secret (the old one is not good any more)"]);
            assert!(!good(&look().await, "one", 0));

            assert_eq!(
                apply_one(store, with_secret(site(), "three"), 0).await,
                ["~ hefei: secret"]
            );
            assert!(!good(&look().await, "two", 0));
            // A method without a secret takes both away.
            apply_one(store, with_secret(site(), "four"), 24).await;
            apply_one(store, site(), 24).await;
            let stored = look().await;
            assert_eq!(
                (stored.secret_hash, stored.secret, stored.previous),
                (None, None, None)
            );
        }
    }

    #[tokio::test]
    async fn sub_sites_of_programs_have_no_files_and_stay() {
        for test in store::testing::stores().await {
            let mut dynamic = client("dyn-1");
            dynamic.dynamic = Some(Dynamic {
                token_hash: TokenHash::of("token"),
                metadata: "{}".to_owned(),
            });
            let tx = test.store.read();
            clients::put(&tx, &dynamic, test.clock.now())
                .await
                .expect("stored");
            let mode = Mode {
                dry_run: false,
                prune: true,
                overlap: TimeDelta::hours(24),
            };
            let lines = apply(&test.store, &[client("hefei")], mode)
                .await
                .expect("applied");
            assert_eq!(lines, ["+ hefei"]);
            let [hefei, dynamic] = [&client("hefei"), &dynamic].map(|stored| stored.client.client_id.clone());
            assert_eq!(clients::list(&tx).await.expect("a list").len(), 2);
            assert!(!end_dynamic(&test.store, &hefei).await.expect("not one of a file"));
            assert!(end_dynamic(&test.store, &dynamic).await.expect("ended"));
            assert!(!end_dynamic(&test.store, &dynamic).await.expect("once"));
            assert_eq!(clients::list(&tx).await.expect("a list").len(), 1);
        }
    }
}
