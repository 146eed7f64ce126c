//! `denizen serve`.

use std::path::Path;

use model::clock::Clock;
use model::rng::Rng;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, Listeners};
use crate::logging;

pub async fn run(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let _flush = logging::start(&loaded.config.log).map_err(anyhow::Error::msg)?;
    let listeners = Listeners::bind(&loaded.config.listen).await?;
    let node = app::start(loaded, listeners, Clock::system(), Rng::system()).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
    node.stop().await;
    Ok(())
}
