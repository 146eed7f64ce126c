//! `denizen keys`.

use std::path::Path;

use chrono::TimeDelta;
use provider::keys;

pub async fn list(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    for key in keys::list(&store).await? {
        super::say(&format!(
            "{:5} {:9} {} since {}",
            key.alg.name(),
            key.state.as_str(),
            key.kid,
            key.state_changed_at.format("%Y-%m-%d %H:%M:%SZ"),
        ));
    }
    store.close().await?;
    Ok(())
}

pub async fn rotate(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    for key in keys::rotate(&store).await? {
        super::say(&format!("{} now signs with {}", key.alg.name(), key.kid));
    }
    store.close().await?;
    Ok(())
}

pub async fn retire(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    let life = TimeDelta::hours(provider::KEY_RETIREMENT_HOURS);
    for kid in keys::retire(&store, life).await? {
        super::say(&format!("{kid} is dead"));
    }
    store.close().await?;
    Ok(())
}
