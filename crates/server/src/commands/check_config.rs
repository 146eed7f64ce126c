//! `denizen check-config`.

use std::path::Path;

use crate::config::{ClientRules, ConfigError, load_clients};

pub async fn run(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    if let Some(dir) = &loaded.config.clients.dir {
        let folder = load_clients(dir, ClientRules::from(&loaded.config)).map_err(ConfigError)?;
        let faults = folder.check_sectors(&crate::app::guarded(&loaded.config)?).await;
        if !faults.is_empty() {
            return Err(ConfigError(faults).into());
        }
    }
    super::say(&format!(
        "{}: good. {} sub-sites, {} sources in the ladder.",
        file.display(),
        loaded.clients.len(),
        loaded.ladder.sources().count(),
    ));
    Ok(())
}
