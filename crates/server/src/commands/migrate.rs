//! `denizen migrate`.

use std::path::Path;

use store::Store;

pub async fn run(file: &Path, steps: Option<u32>, dry_run: bool) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let names = Store::migrate(&loaded.config.database.url, steps, dry_run).await?;
    let verb = if dry_run { "would run" } else { "ran" };
    for name in &names {
        super::say(&format!("{verb} {name}"));
    }
    if names.is_empty() {
        super::say("the schema is current");
    }
    Ok(())
}
