//! `denizen keys`.

use std::path::Path;

use chrono::TimeDelta;
use provider::keys;
use store::keys::State;

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

pub async fn rotate(file: &Path, now: bool) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    let announced = (!now).then(|| TimeDelta::hours(keys::ANNOUNCED_HOURS));
    let keys = keys::rotate(&store, announced).await?;
    for key in keys.iter().filter(|key| key.state == State::Current) {
        super::say(&format!("{} now signs with {}", key.alg.name(), key.kid));
    }
    store.close().await?;
    Ok(())
}

pub async fn retire(file: &Path, kid: Option<&str>, now: bool) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    let life = TimeDelta::hours(if now { 0 } else { provider::KEY_RETIREMENT_HOURS });
    let dead = match kid {
        Some(kid) => {
            keys::retire_one(&store, kid, life).await?;
            vec![kid.to_owned()]
        }
        None => keys::retire(&store, life).await?,
    };
    for kid in dead {
        super::say(&format!("{kid} is dead"));
    }
    store.close().await?;
    Ok(())
}
