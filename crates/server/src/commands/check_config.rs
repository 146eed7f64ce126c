//! `denizen check-config`.

use std::path::Path;

pub fn run(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    super::say(&format!(
        "{}: good. {} sub-sites, {} sources in the ladder.",
        file.display(),
        loaded.clients.len(),
        loaded.ladder.sources().count(),
    ));
    Ok(())
}
