//! `denizen audit verify`.

use std::path::Path;

use store::audit::{self, Verdict};

pub async fn verify(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    let verdict = audit::verify(&store.read()).await?;
    store.close().await?;
    match verdict {
        Verdict::Whole { sealed } => {
            super::say(&format!("the chain is whole: {sealed} entries"));
            Ok(())
        }
        Verdict::Broken { position } => anyhow::bail!("the chain is broken at entry {position}"),
    }
}
