//! `denizen clients`.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::ClientId;
use model::language::Language;
use model::secret::Token;
use serde_json::json;
use store::audit::{self, Entry};
use store::clients::StoredClient;
use store::initial_tokens::{self, NewInitialToken};

use crate::cli::Clients;
use crate::clients::{self, Mode};
use crate::config::{ClientRules, ConfigError, Fault, load_clients};

/// The most characters of a label; it is shown as the agency of a sub-site.
const LABEL_CHARACTERS_MAX: usize = 100;

pub async fn run(command: Clients) -> anyhow::Result<()> {
    match command {
        Clients::Apply {
            dir,
            file,
            dry_run,
            prune,
            no_overlap,
        } => {
            let wishes = Wishes {
                dry_run,
                prune,
                no_overlap,
            };
            apply(&file.config, &dir, wishes).await
        }
        Clients::List(file) => list(&file.config).await,
        Clients::Token {
            file,
            label,
            end: true,
            ..
        } => end_tokens(&file.config, &label).await,
        Clients::Token {
            file,
            label,
            uses,
            hours,
            end: false,
        } => make_token(&file.config, &label, uses, hours).await,
        Clients::Remove { client_id, file } => remove(&file.config, &client_id).await,
    }
}

struct Wishes {
    dry_run: bool,
    prune: bool,
    no_overlap: bool,
}

async fn apply(file: &Path, dir: &Path, wishes: Wishes) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let folder = load_clients(dir, ClientRules::from(&loaded.config)).map_err(ConfigError)?;
    let faults = folder.check_sectors(&crate::app::guarded(&loaded.config)?).await;
    if !faults.is_empty() {
        return Err(ConfigError(faults).into());
    }
    let mode = Mode {
        dry_run: wishes.dry_run,
        prune: wishes.prune,
        overlap: if wishes.no_overlap {
            TimeDelta::zero()
        } else {
            loaded.config.provider.secret_overlap()
        },
    };
    let store = super::open_store(&loaded).await?;
    let lines = clients::apply(&store, &folder.clients, mode).await?;
    for line in &lines {
        super::say(line);
    }
    if lines.is_empty() {
        super::say("nothing to change");
    }
    store.close().await?;
    Ok(())
}

async fn list(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    let mut all = store::clients::list(&store.read()).await?;
    all.sort_by(|one, other| one.client.client_id.cmp(&other.client.client_id));
    let now = store.clock().now();
    for stored in all {
        super::say(&listed(&stored, now));
    }
    store.close().await?;
    Ok(())
}

fn listed(stored: &StoredClient, now: DateTime<Utc>) -> String {
    let client = &stored.client;
    let (id, method) = (&client.client_id, client.auth_method.as_str());
    let origin = if stored.dynamic.is_some() {
        "program"
    } else {
        "file"
    };
    let name = client.name.in_language(Language::En);
    let mut parts = vec![format!("{id} {origin} {method} \"{name}\"")];
    if client.disabled {
        parts.push("switched off".to_owned());
    }
    if let Some(end) = stored.secret_expires_at {
        parts.push(format!("secret good until {}", clients::minute(end)));
    }
    if let Some(previous) = stored.previous.as_ref().filter(|previous| now < previous.until) {
        parts.push(format!(
            "old secret good until {}",
            clients::minute(previous.until)
        ));
    }
    parts.join(", ")
}

/// A label is shown to people in the middle of our own sentences.
fn check_label(file: &Path, label: &str) -> Result<(), ConfigError> {
    let good = !label.trim().is_empty()
        && label.chars().count() <= LABEL_CHARACTERS_MAX
        && !label.chars().any(char::is_control);
    if good {
        return Ok(());
    }
    Err(ConfigError(vec![Fault {
        file: file.to_owned(),
        line: None,
        key: "--label".to_owned(),
        problem: format!("write 1 to {LABEL_CHARACTERS_MAX} characters"),
    }]))
}

async fn make_token(file: &Path, label: &str, uses: u16, hours: u16) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    check_label(file, label)?;
    let store = super::open_store(&loaded).await?;
    let (now, token) = (store.clock().now(), Token::generate(store.rng()));
    let expires_at = now + TimeDelta::hours(i64::from(hours));
    let new = NewInitialToken {
        hash: token.hash(),
        label,
        uses: i32::from(uses),
        now,
        expires_at,
    };
    let tx = store.begin().await?;
    initial_tokens::create(&tx, &new).await?;
    let details = json!({ "label": label, "uses": uses, "hours": hours });
    let entry = Entry::new(Event::RegistrationAllowed, now).details(details);
    audit::record(&tx, store.rng(), entry).await?;
    tx.commit().await?;
    super::say(token.expose());
    super::talk(&format!(
        "good for {uses} registrations until {}; it is not shown again",
        clients::minute(expires_at)
    ));
    if !loaded.config.provider.registration.enabled {
        super::talk("provider.registration.enabled is false: nobody can use it yet");
    }
    store.close().await?;
    Ok(())
}

async fn end_tokens(file: &Path, label: &str) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    let now = store.clock().now();
    let tx = store.begin().await?;
    let ended = initial_tokens::end(&tx, label, now).await?;
    let details = json!({ "label": label, "ended": ended });
    let entry = Entry::new(Event::RegistrationAllowed, now).details(details);
    audit::record(&tx, store.rng(), entry).await?;
    tx.commit().await?;
    super::say(&format!("{ended} ended"));
    store.close().await?;
    Ok(())
}

async fn remove(file: &Path, client_id: &str) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    let removed = match ClientId::parse(client_id) {
        Ok(id) => clients::end_dynamic(&store, &id).await?,
        Err(_) => false,
    };
    store.close().await?;
    anyhow::ensure!(
        removed,
        "no program registered {client_id}; a sub-site of a file is removed with its file and --prune"
    );
    super::say(&format!("- {client_id}"));
    Ok(())
}
