//! The configuration: one TOML file, folders that it names, and the environment on top
//! (`DENIZEN__SECTION__KEY`). Unknown keys are refused; every fault says the key and what to write.

mod clients;
mod load;
mod sources;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

pub use clients::{ClientFolder, ClientRules, load_clients};
pub use load::{ConfigError, Fault, Loaded, load};
pub(crate) use sources::load_sources;

/// Whether people depend on the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// On a developer's computer: plain http and the sandbox world are allowed.
    Development,
    /// For people: refuses whatever is only good for development.
    Production,
}

/// The whole file. What each key means and its default: `config/denizen.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whether people depend on the instance.
    pub environment: Environment,
    /// The address under which browsers and sub-sites know the provider; no slash at the end.
    pub issuer: String,
    /// Where to listen.
    pub listen: Listen,
    /// The database.
    pub database: Database,
    /// Keys from outside the database.
    pub secrets: Secrets,
    /// The ladder.
    pub assurance: Assurance,
    /// Sub-sites.
    #[serde(default)]
    pub clients: ClientsSection,
    /// Agreements.
    #[serde(default)]
    pub agreements: Folder,
    /// Sources of evidence.
    #[serde(default)]
    pub sources: Folder,
    /// Outgoing connections.
    #[serde(default)]
    pub outbound: Outbound,
    /// How the province presents the service.
    #[serde(default)]
    pub branding: web::branding::Branding,
    /// Limits of the listener.
    #[serde(default)]
    pub limits: web::listen::Limits,
    /// Accounts: registration, sign-in, sources.
    #[serde(default)]
    pub account: account::Config,
    /// The OpenID Provider.
    #[serde(default)]
    pub provider: Provider,
    /// Signing keys.
    #[serde(default)]
    pub keys: KeysSection,
    /// The operators' console.
    #[serde(default)]
    pub operator: operator::Config,
    /// Logging.
    #[serde(default)]
    pub log: Log,
}

/// Where to listen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// For browsers and sub-sites; port 0 takes a free one.
    pub address: SocketAddr,
    /// For health and metrics.
    pub operations_address: SocketAddr,
    /// Own TLS; leave out behind a proxy.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub trusted_proxies: web::client_address::TrustedProxies,
}

/// Certificate and key, PEM files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The chain, the server's own first.
    pub certificate_file: PathBuf,
    /// The private key.
    pub key_file: PathBuf,
}

/// The database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// The most connections of this node.
    #[serde(default = "connections")]
    pub connections: u32,
    /// Whether `serve` brings the schema up by itself.
    #[serde(default)]
    pub migrate: Migrate,
}

fn connections() -> u32 {
    16
}

/// Who brings the schema up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Migrate {
    /// `serve` does.
    #[default]
    OnStart,
    /// Only `denizen migrate` does; `serve` refuses a schema that is behind.
    ByCommand,
}

/// Keys from outside the database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// A file with 32 random bytes as 64 hexadecimal digits or base64.
    pub key_encryption_key_file: PathBuf,
}

/// The ladder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assurance {
    /// The file of levels and evidence.
    pub file: PathBuf,
}

/// Sub-sites.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientsSection {
    /// The folder of their files.
    pub dir: Option<PathBuf>,
    /// Whether `serve` applies the folder when it starts; `denizen clients apply` does it at any time.
    pub apply_on_start: bool,
}

impl Default for ClientsSection {
    fn default() -> Self {
        Self {
            dir: None,
            apply_on_start: true,
        }
    }
}

/// How long codes and tokens live.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provider {
    /// An authorization code, in seconds.
    pub code_seconds: i64,
    /// How long a pushed request can be begun with, in seconds.
    pub par_seconds: i64,
    /// An access token, in seconds.
    pub access_token_seconds: i64,
    /// An ID token, in seconds.
    pub id_token_seconds: i64,
    /// A refresh token that is not used, in days.
    pub refresh_idle_days: i64,
    /// A family of refresh tokens, in days.
    pub refresh_days: i64,
    /// Whether proofs of possession must have a nonce of ours.
    pub dpop_nonces: provider::dpop::Nonces,
    /// Whether sub-sites may ask for one subject that is the same at all of them.
    pub public_subjects: bool,
    /// How long the secret before a change of `secret_file` stays good, in hours.
    pub secret_overlap_hours: u32,
    /// Clients that register themselves.
    pub registration: provider::register::Config,
    /// Pages for the people who build sub-sites.
    pub pages: provider::discovery::Pages,
    /// How sub-sites are told of sign-outs.
    pub backchannel_logout: provider::letters::Config,
    /// Under which names verifications are told.
    pub verified_claims: provider::verified_claims::Config,
}

impl Default for Provider {
    fn default() -> Self {
        let config = provider::Config::default();
        Self {
            code_seconds: config.code_seconds,
            par_seconds: config.pushed_request_seconds,
            access_token_seconds: config.access_token_seconds,
            id_token_seconds: config.id_token_seconds,
            refresh_idle_days: config.refresh_idle_days,
            refresh_days: config.refresh_days,
            dpop_nonces: config.dpop_nonces,
            public_subjects: config.public_subjects,
            secret_overlap_hours: 24,
            registration: config.registration,
            pages: config.pages,
            backchannel_logout: config.logout,
            verified_claims: config.verified_claims,
        }
    }
}

impl Provider {
    /// How long the secret before a change stays good.
    pub fn secret_overlap(&self) -> chrono::TimeDelta {
        chrono::TimeDelta::hours(i64::from(self.secret_overlap_hours))
    }

    /// The provider's settings, with the limits that sign-ins are kept to.
    pub fn settings(&self, sessions: store::sessions::Limits) -> provider::Config {
        provider::Config {
            code_seconds: self.code_seconds,
            pushed_request_seconds: self.par_seconds,
            access_token_seconds: self.access_token_seconds,
            id_token_seconds: self.id_token_seconds,
            refresh_idle_days: self.refresh_idle_days,
            refresh_days: self.refresh_days,
            dpop_nonces: self.dpop_nonces,
            public_subjects: self.public_subjects,
            registration: self.registration.clone(),
            pages: self.pages.clone(),
            logout: self.backchannel_logout.clone(),
            verified_claims: self.verified_claims.clone(),
            sessions,
        }
    }

    /// What is wrong with the section.
    pub(crate) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(10..=600).contains(&self.code_seconds) {
            faults.push(("code_seconds", "write a number from 10 to 600"));
        }
        if !(10..600).contains(&self.par_seconds) {
            faults.push(("par_seconds", "write a number from 10 to 599"));
        }
        if !(60..=3600).contains(&self.access_token_seconds) {
            faults.push(("access_token_seconds", "write a number from 60 to 3600"));
        }
        if !(60..=3600).contains(&self.id_token_seconds) {
            faults.push(("id_token_seconds", "write a number from 60 to 3600"));
        }
        if !(1..=180).contains(&self.refresh_days) {
            faults.push(("refresh_days", "write a number from 1 to 180"));
        }
        if !(1..=self.refresh_days).contains(&self.refresh_idle_days) {
            faults.push(("refresh_idle_days", "write a number from 1 to refresh_days"));
        }
        if self.secret_overlap_hours > 720 {
            faults.push(("secret_overlap_hours", "write a number from 0 to 720"));
        }
        faults
    }
}

/// Signing keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysSection {
    /// For how many days a key signs; 0 leaves rotation to `denizen keys rotate`.
    pub rotate_days: u16,
}

impl Default for KeysSection {
    fn default() -> Self {
        Self { rotate_days: 90 }
    }
}

impl KeysSection {
    /// What happens to keys by itself.
    pub fn schedule(&self) -> provider::keys::Schedule {
        provider::keys::Schedule::every_days(self.rotate_days)
    }

    /// What is wrong with the section.
    pub(crate) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        if matches!(self.rotate_days, 0 | 2..=3650) {
            return Vec::new();
        }
        // A key is announced for a day before it signs.
        vec![(
            "rotate_days",
            "write 0 (by command only) or a number from 2 to 3650",
        )]
    }
}

/// A folder of files.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// Its path.
    #[serde(default)]
    pub dir: Option<PathBuf>,
}

/// Outgoing connections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// PEM file with authorities to trust beside the system's.
    pub extra_ca_file: Option<PathBuf>,
    /// Networks that addresses of sub-sites may lead to although they are not public.
    pub allow_addresses: Vec<web::client_address::Network>,
    /// How long a sub-site may take to answer, in milliseconds.
    pub time_limit_ms: u64,
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            extra_ca_file: None,
            allow_addresses: Vec::new(),
            time_limit_ms: 5000,
        }
    }
}

impl Outbound {
    /// What the guarded client may do. Plain http is for instances that are themselves reached by it.
    pub(crate) fn rules(&self, issuer: &str) -> web::outbound::Rules {
        web::outbound::Rules {
            allow_addresses: self.allow_addresses.clone(),
            plain_http: issuer.starts_with("http://"),
            time_limit: std::time::Duration::from_millis(self.time_limit_ms),
        }
    }

    /// What is wrong with the section.
    pub(crate) fn faults(&self) -> Vec<(&'static str, &'static str)> {
        if (100..=30_000).contains(&self.time_limit_ms) {
            Vec::new()
        } else {
            vec![("time_limit_ms", "write a number from 100 to 30000")]
        }
    }
}

/// Logging.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// What is written, in the words of `tracing`'s filter.
    pub filter: String,
    /// `json` or `text`.
    pub format: LogFormat,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info,sqlx=warn,sea_orm=warn".to_owned(),
            format: LogFormat::Json,
        }
    }
}
