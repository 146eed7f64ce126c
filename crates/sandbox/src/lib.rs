//! The world around, as real HTTP and SMTP servers: population, operator and enterprise registers, an SMS gateway and
//! a mail server with one outbox, three city sub-sites that are independent relying parties, and a records office whose API they call.
//!
//! It knows the provider over HTTP alone and is never linked into `denizen`. Nothing here is a model of how a register
//! should be secured: it is a world to develop and test against, and every person in it is invented.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! // The provider needs the registers' addresses and the sub-sites need the provider's: bind first, start later.
//! let bound = sandbox::Bound::bind(sandbox::Config::on_free_ports()).await?;
//! let registers = bound.addresses().world_url();
//! // ... start a provider that asks `registers`, at http://localhost:8080 ...
//! let running = bound.start("http://localhost:8080")?;
//! running.shutdown().await;
//! # Ok(()) }
//! ```

mod authority;
pub mod config;
pub mod dev;
mod dpop;
mod issuer;
mod jws;
mod mail;
mod records;
mod resident;
mod running;
mod site;
mod smtp;
mod texts;
mod vendors;
mod wire;
mod world;

pub use config::{Config, Keys, RecordsConfig, SiteAuth, SiteConfig, SiteProfile};
pub use running::{Addresses, Bound, Running, start};
pub use site::City;

/// Runs the world on its own until it is told to stop, and says where it listens: what `denizen-sandbox serve` does.
pub async fn serve_until_stopped(config: Config) -> anyhow::Result<()> {
    let running = start(config).await?;
    let addresses = running.addresses();
    let mut lines = vec![
        format!("World    {}", addresses.world_url()),
        format!("Mail     smtp://{}", addresses.smtp),
    ];
    lines.extend(addresses.sites.iter().map(|url| format!("Sub-site {url}")));
    lines.push(format!("Records  {}", addresses.records));
    dev::say(&lines.iter().map(String::as_str).collect::<Vec<_>>())?;
    dev::stop_signal().await?;
    running.shutdown().await;
    Ok(())
}
