//! Starts the world and the provider together for development: what `./dev` and `cargo dev` run.
//!
//! The world runs in this process, the provider as a child, configured by a file in a throw-away directory. Both are told
//! each other's addresses, so that every port can be moved or left to chance.

mod client_files;
mod directory;
mod party_files;
mod provider;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context as _;

use crate::{Bound, Config, Running};
pub use client_files::{records_office_file, sub_site_file};
use directory::Directory;
pub use directory::{Plan, write_config};
pub use party_files::{authority_pem, party_files};
use provider::Provider;

/// What the command line asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory to keep; a throw-away one when absent.
    pub keep: Option<PathBuf>,
    /// Ports on loopback; 0 takes a free one.
    pub ports: Ports,
    /// Whether to build the provider even when there is a binary.
    pub rebuild: bool,
}

/// Where things listen.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The provider.
    pub provider: u16,
    /// The provider's health and metrics.
    pub operations: u16,
    /// The world.
    pub world: u16,
    /// The world's mail server.
    pub smtp: u16,
    /// 合肥市.
    pub hefei: u16,
    /// 宜昌市.
    pub yichang: u16,
    /// 南宁市.
    pub nanning: u16,
    /// The records office.
    pub records: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            provider: 8080,
            operations: 8081,
            world: 8090,
            smtp: 8025,
            hefei: 8101,
            yichang: 8102,
            nanning: 8103,
            records: 8104,
        }
    }
}

/// Runs everything until told to stop.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let binary = provider::find_or_build(options.rebuild)?;
    let directory = Directory::open(options.keep.as_deref())?;
    let bound = Bound::bind(sandbox_config(&options.ports, &directory)?).await?;
    let addresses = bound.addresses().clone();
    let provider_port = free_port(options.ports.provider).await?;
    let plan = Plan {
        issuer: format!("http://localhost:{provider_port}"),
        listen: loopback(provider_port),
        operations: loopback(free_port(options.ports.operations).await?),
        world_url: addresses.world_url(),
        smtp: addresses.smtp,
        sites: bound
            .config()
            .sites
            .iter()
            .cloned()
            .zip(addresses.sites.iter().cloned())
            .collect(),
        records: bound.config().records.clone(),
        resource: addresses.records_resource(),
        keys: bound.config().keys.clone(),
    };
    let config_file = write_config(directory.path(), &plan)?;
    let running = bound.start(&plan.issuer)?;
    let mut provider = Provider::spawn(&binary, &config_file)?;
    let outcome = live(&plan, &running, &mut provider, &directory).await;
    say(&["", "Stopping ..."])?;
    provider.stop().await;
    running.shutdown().await;
    directory.close()?;
    outcome
}

async fn live(
    plan: &Plan,
    running: &Running,
    provider: &mut Provider,
    directory: &Directory,
) -> anyhow::Result<()> {
    let mut stop = std::pin::pin!(stop_signal());
    tokio::select! {
        signal = &mut stop => return signal,
        ready = provider.wait_until_ready(plan) => ready?,
    }
    let resident = tokio::select! {
        signal = &mut stop => return signal,
        resident = provider::seed_resident(running) => resident,
    };
    welcome(plan, running, directory, resident.as_deref())?;
    tokio::select! {
        signal = stop => signal,
        ended = provider.wait() => ended,
    }
}

fn welcome(
    plan: &Plan,
    running: &Running,
    directory: &Directory,
    resident: Option<&str>,
) -> anyhow::Result<()> {
    let world = running.addresses().world_url();
    let site = |index| running.addresses().site_url(index).unwrap_or("-");
    let data = directory.path().display().to_string();
    let kept = if directory.is_kept() {
        "kept"
    } else {
        "removed at the end"
    };
    let lines = [
        String::new(),
        "Denizen is running.".to_owned(),
        String::new(),
        format!("  合肥 Hefei       {}", site(0)),
        format!("  宜昌 Yichang     {}", site(1)),
        format!("  南宁 Nanning     {}   a FAPI 2.0 client", site(2)),
        format!("  Records office   {}   an API the sites call", running.addresses().records),
        format!("  Provider         {}", plan.issuer),
        format!("  Health, metrics  http://{}/health/ready", plan.operations),
        format!("  World            {world}   people, faults, API"),
        format!("  Outbox           {world}/outbox   SMS and mail (SMTP at {})", plan.smtp),
        format!("  Data             {data}   {kept}"),
        String::new(),
        "  To register:     张明远   340000199003070012   13800000001   (any password of 8 characters and two classes)".to_owned(),
        format!("  Registered:      {}", resident.unwrap_or("nobody yet")),
        String::new(),
        "  1. Open Hefei, press sign in, register with the phone above; the code is in the outbox.".to_owned(),
        "  2. Give name and citizen id when asked: level 1. Agree; you are back at Hefei, signed in.".to_owned(),
        "  3. Open 公积金提取 (level 2): the provider takes you through what is missing and brings you back.".to_owned(),
        "  4. Open Yichang and sign in: no second sign-in. Its developers' page shows the token.".to_owned(),
        "  5. Open 我的税务档案 there: the records office asks for level 2 and a recent sign-in (step-up).".to_owned(),
        "  6. Sign out at one site: the others are told, and say so.".to_owned(),
        String::new(),
        "  Ctrl-C stops everything.".to_owned(),
    ];
    say(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Writes to the terminal; this is a command's result, not a log.
pub(crate) fn say(lines: &[&str]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

fn sandbox_config(ports: &Ports, directory: &Directory) -> anyhow::Result<Config> {
    let mut config = Config {
        world_listen: loopback(ports.world),
        smtp_listen: loopback(ports.smtp),
        sites: vec![
            crate::SiteConfig::hefei(loopback(ports.hefei)),
            crate::SiteConfig::yichang(loopback(ports.yichang)),
            crate::SiteConfig::nanning(loopback(ports.nanning)),
        ],
        records: crate::RecordsConfig {
            listen: loopback(ports.records),
            ..crate::RecordsConfig::default()
        },
        ..Config::default()
    };
    config.keys.sources = directory.secret("sources.key")?;
    config.keys.gateway = directory.secret("gateway.key")?;
    for site in &mut config.sites {
        let file = if site.public_keys().is_some() {
            format!("{}.seed", site.client_id)
        } else {
            format!("clients.d/{}.secret", site.client_id)
        };
        site.client_secret = directory.secret(&file)?;
    }
    let office = &mut config.records;
    office.client_secret = directory.secret(&format!("clients.d/{}.secret", office.client_id))?;
    Ok(config)
}

/// A port that is free now, where none was asked for. The provider is a child and takes it a moment later.
async fn free_port(wanted: u16) -> anyhow::Result<u16> {
    if wanted != 0 {
        return Ok(wanted);
    }
    let listener = tokio::net::TcpListener::bind(loopback(0))
        .await
        .context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Waits for Ctrl-C or a request to end.
pub(crate) async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
