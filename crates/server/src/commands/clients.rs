//! `denizen clients apply`.

use std::path::Path;

use crate::clients::{self, Mode};
use crate::config::{ConfigError, Environment, load_clients};

pub async fn apply(file: &Path, dir: &Path, mode: Mode) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let production = loaded.config.environment == Environment::Production;
    let folder = load_clients(dir, production).map_err(ConfigError)?;
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
