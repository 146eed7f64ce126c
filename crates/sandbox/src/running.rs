//! Binding, starting and stopping the servers. Addresses are known before anything is served, because the provider
//! needs the registers' addresses and the sub-sites need the provider's.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use model::clock::Clock;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::config::{Config, SiteConfig};
use crate::records;
use crate::site;
use crate::smtp;
use crate::world::{self, World};

/// How long open connections may go on when everything stops.
const GRACE: Duration = Duration::from_secs(2);

/// Where everything listens.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Registers, gateway, outbox, the sandbox's own API.
    pub world: SocketAddr,
    /// The mail server.
    pub smtp: SocketAddr,
    /// Each sub-site's address for browsers (without a slash at the end), in the order of the configuration.
    pub sites: Vec<String>,
    /// The records office's address, without a slash at the end.
    pub records: String,
}

impl Addresses {
    /// The base address of the world server.
    pub fn world_url(&self) -> String {
        if self.world.ip().is_loopback() {
            format!("http://localhost:{}", self.world.port())
        } else {
            format!("http://{}", self.world)
        }
    }

    /// One sub-site's base address.
    pub fn site_url(&self, index: usize) -> Option<&str> {
        self.sites.get(index).map(String::as_str)
    }

    /// The resource identifier of the records office (RFC 8707).
    pub fn records_resource(&self) -> String {
        records::resource(&self.records)
    }
}

/// A sandbox whose addresses are taken and known, and which answers nothing yet.
#[derive(Debug)]
pub struct Bound {
    config: Config,
    world: TcpListener,
    smtp: TcpListener,
    sites: Vec<(SiteConfig, TcpListener, String)>,
    records: TcpListener,
    addresses: Addresses,
}

impl Bound {
    /// Takes every address.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        let world = listen(config.world_listen, "the world").await?;
        let smtp = listen(config.smtp_listen, "mail").await?;
        let mut sites = Vec::new();
        for site in &config.sites {
            let listener = listen(site.listen, &site.client_id).await?;
            let base_url = base_url(site.base_url.as_deref(), &listener)?;
            sites.push((site.clone(), listener, base_url));
        }
        let records = listen(config.records.listen, "the records office").await?;
        let addresses = Addresses {
            world: world.local_addr()?,
            smtp: smtp.local_addr()?,
            sites: sites.iter().map(|(_, _, url)| url.clone()).collect(),
            records: base_url(config.records.base_url.as_deref(), &records)?,
        };
        Ok(Self {
            config,
            world,
            smtp,
            sites,
            records,
            addresses,
        })
    }

    /// Where everything will answer.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The configuration as it was given.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Starts to answer. The provider need not be there yet: the sub-sites ask it when somebody comes.
    pub fn start(self, issuer: &str) -> anyhow::Result<Running> {
        self.start_with(issuer, &Clock::system())
    }

    /// The same by a clock that a test moves, so that sub-sites and records office agree with a provider that is moved
    /// too.
    pub fn start_with(self, issuer: &str, clock: &Clock) -> anyhow::Result<Running> {
        let tasks = Tasks {
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let world = World::at(&self.addresses.world_url(), self.config.keys, issuer)?;
        tasks.serve(self.world, world::router(world.clone()));
        tasks.run(smtp::serve(self.smtp, world.clone(), tasks.stop.clone()));
        for (config, listener, base_url) in self.sites {
            let around = site::Around {
                issuer: issuer.to_owned(),
                base_url,
                records: self.addresses.records.clone(),
                world: world.clone(),
                clock: clock.clone(),
            };
            tasks.serve(listener, site::router(config, around)?);
        }
        let office = records::router(
            self.config.records,
            self.addresses.records.clone(),
            issuer,
            clock.clone(),
        )?;
        tasks.serve(self.records, office);
        tasks.tracker.close();
        let guard = tasks.stop.clone().drop_guard();
        Ok(Running {
            addresses: self.addresses,
            tasks,
            _guard: guard,
        })
    }
}

/// Binds and starts in one go, for a provider whose address is already known.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    let issuer = config.issuer.clone();
    Bound::bind(config).await?.start(&issuer)
}

/// A sandbox that answers; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    addresses: Addresses,
    tasks: Tasks,
    _guard: DropGuard,
}

impl Running {
    /// Where everything answers.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Stops everything and waits a moment for answers under way.
    pub async fn shutdown(self) {
        self.tasks.stop.cancel();
        if tokio::time::timeout(GRACE, self.tasks.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!("connections were still open when the sandbox stopped");
        }
    }
}

/// What runs in the background, counted and stopped together.
#[derive(Clone, Debug)]
struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.tracker.spawn(work));
    }

    fn serve(&self, listener: TcpListener, router: Router) {
        let stop = self.stop.clone().cancelled_owned();
        self.run(async move {
            // The limits of the provider's own listener are not needed on loopback.
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop).await {
                tracing::error!(%error, "a sandbox server ended");
            }
        });
    }
}

/// The address for browsers: what is configured, or what was bound.
fn base_url(configured: Option<&str>, listener: &TcpListener) -> anyhow::Result<String> {
    Ok(match configured {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", listener.local_addr()?),
    })
}

async fn listen(address: SocketAddr, what: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address} for {what}"))
}
