//! `denizen audit verify`.

use std::path::Path;

use store::audit::{self, Verdict};

pub async fn verify(file: &Path) -> anyhow::Result<()> {
    let loaded = super::load(file)?;
    let store = super::open_store(&loaded).await?;
    let verdict = audit::verify(&store.read()).await?;
    store.close().await?;
    match verdict {
        Verdict::Whole {
            sealed,
            waiting,
            head,
        } => {
            super::say(&format!(
                "the chain is whole: {sealed} entries; {waiting} wait for their place"
            ));
            if !head.is_empty() {
                super::say(&format!("head {head}"));
            }
            Ok(())
        }
        Verdict::Broken { position } => anyhow::bail!("the chain is broken at entry {position}"),
        Verdict::Cut { sealed, head } => {
            anyhow::bail!("the end is missing: the chain had {head} entries, {sealed} are there")
        }
        Verdict::HeadForged => {
            anyhow::bail!("where the chain ends is not written down, or was not written by this program")
        }
        Verdict::Rebuilt { position } => {
            anyhow::bail!("the chain was computed anew: entry {position} is not the one that was written")
        }
    }
}
