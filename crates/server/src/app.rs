//! Wiring: every service made once, one router, two listeners, the background work.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use account::evidence::Sources;
use account::evidence::port::Outside;
use account::gateway::Gateways;
use account::password::{BreachedList, Hashing, PasswordPolicy};
use anyhow::Context as _;
use axum::Router;
use model::clock::Clock;
use model::language::Language;
use model::rng::Rng;
use prometheus_client::registry::Registry;
use store::{ConnectionLimits, Schema, Store};
use url::Url;
use web::csrf::CsrfKey;
use web::language::Texts;
use web::listen::{Bound, Options, Tls};
use web::metrics::HttpMetrics;
use web::middleware::{Hosts, Outer};
use web::outbound::Guarded;
use web::{Kit, KitConfig};

use crate::background;
use crate::config::{self, Config, Loaded, Migrate};
use crate::operations::{self, Operations};
use crate::tasks::Tasks;

/// How long an outgoing request may take in all, unless its own limit is shorter.
const OUTBOUND_LIMIT: Duration = Duration::from_secs(10);

/// How much longer than the work itself its end may take.
const STOP_MARGIN: Duration = Duration::from_secs(3);

/// How long a stop waits: requests under way have their drain limit, and a message may just be on its way.
fn stop_wait(limits: &web::listen::Limits) -> Duration {
    Duration::from_millis(limits.drain_timeout_ms).max(OUTBOUND_LIMIT) + STOP_MARGIN
}

/// The two listeners, with their addresses and without connections.
#[derive(Debug)]
pub struct Listeners {
    public: Bound,
    operations: Bound,
}

impl Listeners {
    /// Takes both addresses.
    pub async fn bind(listen: &config::Listen) -> anyhow::Result<Self> {
        let bind = async |address: SocketAddr| {
            Bound::bind(address)
                .await
                .with_context(|| format!("cannot listen on {address}"))
        };
        let mut public = bind(listen.address).await?;
        if let Some(tls) = &listen.tls {
            public = public.with_tls(Tls::from_files(&tls.certificate_file, &tls.key_file)?);
        }
        Ok(Self {
            public,
            operations: bind(listen.operations_address).await?,
        })
    }

    /// Takes connections until the program stops.
    fn serve(self, tasks: &mut Tasks, public: Router, health: Router, options: Options) {
        let stop = tasks.shutdown();
        let serving = self.public.serve(public, options.clone(), stop.clone().wait());
        tasks.once("public listener", serving);
        let serving = self.operations.serve(health, options, stop.wait());
        tasks.once("operations listener", serving);
    }

    /// Where browsers and sub-sites come in.
    pub fn public_address(&self) -> SocketAddr {
        self.public.local_address()
    }

    /// Where health and metrics are.
    pub fn operations_address(&self) -> SocketAddr {
        self.operations.local_address()
    }
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    public: SocketAddr,
    operations: SocketAddr,
    store: Store,
    provider: provider::Service,
    tasks: Tasks,
}

impl Node {
    /// Where browsers and sub-sites come in.
    pub const fn public_address(&self) -> SocketAddr {
        self.public
    }

    /// Where health and metrics are.
    pub const fn operations_address(&self) -> SocketAddr {
        self.operations
    }

    /// The database.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Looks at once whether sub-sites or keys were changed, which otherwise happens every second.
    pub async fn refresh(&self) -> anyhow::Result<()> {
        Ok(self.provider.refresh().await?)
    }

    /// Stops taking connections, finishes what is under way, and closes the database.
    pub async fn stop(self) {
        self.tasks.stop().await;
        if let Err(error) = self.store.close().await {
            tracing::warn!(%error, "the database did not close");
        }
    }
}

/// Opens the database that a configuration names.
pub async fn open_store(loaded: &Loaded, clock: Clock, rng: Rng) -> anyhow::Result<Store> {
    let database = &loaded.config.database;
    let limits = ConnectionLimits {
        connections: database.connections,
        ..ConnectionLimits::default()
    };
    let schema = match database.migrate {
        Migrate::OnStart => Schema::Migrate,
        Migrate::ByCommand => Schema::MustBeCurrent,
    };
    Ok(Store::connect(&database.url, &limits, schema, &loaded.key, (clock, rng)).await?)
}

async fn apply_clients(loaded: &Loaded, store: &Store) -> anyhow::Result<()> {
    if loaded.config.clients.apply_on_start {
        let mode = crate::clients::Mode {
            dry_run: false,
            prune: false,
            overlap: loaded.config.provider.secret_overlap(),
        };
        for line in crate::clients::apply(store, &loaded.clients, mode).await? {
            tracing::info!(change = line, "sub-site applied");
        }
    }
    Ok(())
}

/// Starts a node.
pub async fn start(loaded: Loaded, listeners: Listeners, clock: Clock, rng: Rng) -> anyhow::Result<Node> {
    let store = open_store(&loaded, clock.clone(), rng.clone()).await?;
    apply_clients(&loaded, &store).await?;
    let kit = kit(&loaded.config, &store, clock, rng.clone())?;
    let ladder = Arc::new(loaded.ladder);
    let config = loaded.config;
    let client = outbound(&config)?;
    let sessions = config.account.session.clone();
    let outside = Outside {
        client: client.clone(),
        base_url: Url::parse(&config.issuer)?,
        clock: kit.clock().clone(),
        rng: rng.clone(),
    };
    let sources = Sources::connect(&config.account.sources, &outside).map_err(|faults| {
        let told = faults
            .iter()
            .map(|(source, problem)| format!("{source}: {problem}"));
        anyhow::anyhow!(told.collect::<Vec<_>>().join("; "))
    })?;
    let account = account::Service::new(account::Parts {
        store: store.clone(),
        kit: kit.clone(),
        ladder: ladder.clone(),
        hashing: Hashing::new(config.account.password.hashing(), rng)?,
        policy: policy(&config)?,
        agreements: loaded.agreements,
        gateways: Gateways::from_config(&config.account, &client)?,
        sources,
        config: config.account.clone(),
    });
    let consent = consent::Service::new(store.clone(), kit.clone(), sessions.clone());
    let provider = provider::Service::new(
        config.provider.settings(sessions),
        store.clone(),
        kit.clone(),
        provider::Rules {
            ladder,
            agreements: account.agreements().clone(),
        },
        guarded(&config)?,
    )
    .await?;
    let standing = account.clone();
    provider.tell_open_sources(move || {
        let account = standing.clone();
        async move { account::space::open_sources(&account).await }
    });

    let mut registry = Registry::default();
    let metrics = HttpMetrics::register(&mut registry);
    let logouts = provider::letters::Counters::of_sign_outs(&mut registry);
    let events = provider::letters::Counters::of_events(&mut registry);
    let router = Router::new()
        .merge(web::page::router(kit.clone()))
        .merge(account::router(account.clone()))
        .merge(consent.router())
        .merge(provider::router(provider.clone()))
        .merge(operator::router(console(&config, &account)));
    let mut tasks = Tasks::new(stop_wait(&config.limits));
    let (public, operations) = (listeners.public_address(), listeners.operations_address());
    let options = Options {
        limits: config.limits.clone(),
        metrics: metrics.clone(),
        trusted_proxies: kit.trusted_proxies().clone(),
        uploads: &account::UPLOADS,
    };
    let outer = |hosts, programs| Outer {
        kit: kit.clone(),
        metrics: metrics.clone(),
        hosts,
        programs,
        request_timeout_ms: config.limits.request_timeout_ms,
    };
    let health = operations::router(Operations {
        store: store.clone(),
        registry: Arc::new(registry),
        shutdown: tasks.shutdown(),
        health: tasks.health(),
    });
    let public_router = web::middleware::outer(router, outer(Hosts::Issuer, &provider::router::PROGRAMS));
    let health_router = web::middleware::outer(health, outer(Hosts::Any, &operations::PROGRAMS));
    background::keep(&mut tasks, &account, &provider, (&store, config.keys.schedule()));
    background::tell_sites(&mut tasks, &provider, (logouts, events));
    listeners.serve(&mut tasks, public_router, health_router, options);
    tracing::info!(%public, %operations, issuer = config.issuer, "listening");
    Ok(Node {
        public,
        operations,
        store,
        provider,
        tasks,
    })
}

/// The operators' console.
fn console(config: &Config, account: &account::Service) -> operator::Service {
    operator::Service::new(config.operator.clone(), account.clone())
}

fn kit(config: &Config, store: &Store, clock: Clock, rng: Rng) -> anyhow::Result<Kit> {
    let mut messages = vec![
        web::language::MESSAGES,
        consent::MESSAGES,
        provider::MESSAGES,
        operator::MESSAGES,
    ];
    messages.extend(account::messages());
    let texts = Texts::new(&messages)?;
    Ok(Kit::new(KitConfig {
        base_url: Url::parse(&config.issuer).context("issuer")?,
        branding: config.branding.clone(),
        texts,
        csrf_key: CsrfKey::new(*store.vault().derive("csrf")),
        trusted_proxies: config.listen.trusted_proxies.clone(),
        clock,
        rng,
    })?)
}

fn policy(config: &Config) -> anyhow::Result<PasswordPolicy> {
    let breached = BreachedList::load(config.account.password.breached_file.as_deref())?;
    let names = Language::ALL.map(|language| config.branding.service_name.in_language(language).to_owned());
    Ok(PasswordPolicy::new(
        names.iter().map(String::as_str),
        Arc::new(breached),
    ))
}

/// The one client for outgoing requests: no redirects, a time limit, the system's authorities and those named.
pub(crate) fn outbound(config: &Config) -> anyhow::Result<reqwest::Client> {
    // Checking the configuration makes a client, too, wherever it is checked from; the second time changes nothing.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(OUTBOUND_LIMIT)
        .pool_idle_timeout(web::outbound::IDLE_LIMIT)
        .user_agent(concat!("denizen/", env!("CARGO_PKG_VERSION")));
    if let Some(file) = &config.outbound.extra_ca_file {
        for certificate in certificates(file)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    Ok(builder.build()?)
}

/// The client for addresses that sub-sites wrote down.
pub(crate) fn guarded(config: &Config) -> anyhow::Result<Guarded> {
    let extra = config.outbound.extra_ca_file.as_deref();
    let authorities = extra.map(certificates).transpose()?.unwrap_or_default();
    Ok(Guarded::new(config.outbound.rules(&config.issuer), authorities)?)
}

fn certificates(file: &Path) -> anyhow::Result<Vec<reqwest::Certificate>> {
    let pem = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(reqwest::Certificate::from_pem_bundle(&pem)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_waits_longer_than_requests_may_drain() {
        for drain_timeout_ms in [1, 10_000, 20_000, 600_000] {
            let limits = web::listen::Limits {
                drain_timeout_ms,
                ..web::listen::Limits::default()
            };
            assert!(stop_wait(&limits) > Duration::from_millis(drain_timeout_ms));
            assert!(stop_wait(&limits) > OUTBOUND_LIMIT);
        }
    }
}
