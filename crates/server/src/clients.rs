//! The database's sub-sites made equal to a folder of files, in one transaction. Sub-sites that programs registered
//! have no files and are not touched.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::ClientId;
use serde_json::{Value, json};
use store::audit::{self, Entry};
use store::clients::{self, CLIENTS_MAX, PreviousSecret, StoredClient};
use store::{Store, StoreError, subjects};

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
pub async fn apply(store: &Store, wanted: &[StoredClient], mode: Mode) -> anyhow::Result<Vec<String>> {
    let now = store.clock().now();
    let tx = store.begin().await?;
    let present: BTreeMap<ClientId, StoredClient> = clients::list(&tx)
        .await?
        .into_iter()
        .map(|stored| (stored.client.client_id.clone(), stored))
        .collect();
    let named: BTreeSet<_> = wanted.iter().map(|stored| &stored.client.client_id).collect();
    let extra: BTreeSet<ClientId> = present
        .iter()
        .filter(|(id, stored)| mode.prune && !named.contains(id) && stored.dynamic.is_none())
        .map(|(id, _)| id.clone())
        .collect();
    let added = named.iter().filter(|id| !present.contains_key(**id)).count();
    check_room(clients::count(&tx).await?, added, extra.len())?;
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
            match old.and_then(|old| Ends::of(old, &new)) {
                Some(Ends::Consents) => {
                    clients::revoke_grants(&tx, id, now).await?;
                }
                Some(Ends::Tokens) => {
                    if let Some(old) = old {
                        subjects::follow(&tx, &old.client, &new.client).await?;
                    }
                    clients::revoke_tokens(&tx, id, now).await?;
                }
                None => {}
            }
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
    if !extra.is_empty() {
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

/// What is over the limit would not be seen by any node, so there is no such sub-site.
fn check_room(there: u64, added: usize, removed: usize) -> anyhow::Result<()> {
    let (added, removed) = (u64::try_from(added)?, u64::try_from(removed)?);
    let after = there.saturating_add(added).saturating_sub(removed);
    anyhow::ensure!(
        added == 0 || after <= CLIENTS_MAX,
        "there would be {after} sub-sites, and there can be {CLIENTS_MAX}: nothing was changed; remove some first"
    );
    Ok(())
}

/// The new state with what goes over from the old one: the secret that was replaced, for a while.
fn succeed(old: &StoredClient, new: &StoredClient, overlap: TimeDelta, now: DateTime<Utc>) -> StoredClient {
    let mut new = new.clone();
    let keeps = new.secret_hash.is_some() && overlap > TimeDelta::zero();
    let replaced = old.secret_hash.filter(|hash| new.secret_hash != Some(*hash));
    new.previous = match replaced {
        _ if !keeps => None,
        // One that ends by itself does not live longer for being replaced.
        Some(hash) => {
            let until = old
                .secret_expires_at
                .map_or(now + overlap, |end| end.min(now + overlap));
            (now < until).then(|| PreviousSecret {
                hash,
                secret: old.secret.clone(),
                until,
            })
        }
        None => old.previous.clone(),
    };
    new
}

/// What a change of a file ends of what the sub-site was given. What else people are shown is the operator's word.
#[derive(Clone, Copy)]
enum Ends {
    /// Codes and tokens.
    Tokens,
    /// Consents, too: people are known there by another name.
    Consents,
}

impl Ends {
    fn of(old: &StoredClient, new: &StoredClient) -> Option<Self> {
        let (old, new) = (&old.client, &new.client);
        if old.sector == new.sector {
            clients::is_another_party(old, new).then_some(Self::Tokens)
        } else {
            Some(Self::Consents)
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Tokens => "its codes and tokens are revoked",
            Self::Consents => "its consents, codes and tokens are revoked",
        }
    }
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
    let keys = keys.join(", ");
    match Ends::of(old, new) {
        Some(ends) => format!("{keys} ({})", ends.words()),
        None => keys,
    }
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
    let entry = Entry::new(Event::ClientChanged, now).client(id);
    let details = json!({ "change": "removed", "by": "operator" });
    audit::record(&tx, store.rng(), entry.details(details)).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests;
