//! The development directory: generated secrets, the sub-sites' files, and the provider's configuration.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::clock::Clock;
use model::rng::Rng;
use model::secret::Token;

use super::client_files;
use super::party_files::{authority_pem, party_files};
use crate::config::{Keys, RecordsConfig, SiteConfig};

/// The folder with the files that ship with the product.
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");

/// Who listens where and with which keys: everything that the provider's configuration says about its surroundings.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The provider's issuer.
    pub issuer: String,
    /// Where the provider listens.
    pub listen: SocketAddr,
    /// Where the provider's health and metrics listen.
    pub operations: SocketAddr,
    /// The world's base address.
    pub world_url: String,
    /// The world's mail server.
    pub smtp: SocketAddr,
    /// The sub-sites with their base addresses.
    pub sites: Vec<(SiteConfig, String)>,
    /// The records office, and its name as a resource.
    pub records: RecordsConfig,
    /// What tokens for the records office are for.
    pub resource: String,
    /// The world's keys.
    pub keys: Keys,
}

/// A directory that is removed at the end unless it is to be kept.
pub(super) struct Directory {
    path: PathBuf,
    keep: bool,
}

impl Directory {
    /// Opens the directory to keep, or a new one.
    pub(super) fn open(keep: Option<&Path>) -> anyhow::Result<Self> {
        let path = if let Some(path) = keep {
            std::path::absolute(path)?
        } else {
            let unique = Rng::system().uuid_v7(Clock::system().now());
            std::env::temp_dir().join(format!("denizen-dev-{unique}"))
        };
        for dir in [path.clone(), path.join("clients.d")] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&dir)
                .with_context(|| format!("making {}", dir.display()))?;
        }
        Ok(Self {
            path,
            keep: keep.is_some(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.keep
    }

    /// A secret of 256 random bits in a file of its own; the same one when the directory was kept.
    pub(super) fn secret(&self, name: &str) -> anyhow::Result<String> {
        secret(&self.path.join(name), || {
            Token::generate(&Rng::system()).expose().to_owned()
        })
    }

    /// Removes the directory unless it is to be kept.
    pub(super) fn close(self) -> anyhow::Result<()> {
        if self.keep {
            return Ok(());
        }
        fs::remove_dir_all(&self.path).with_context(|| format!("removing {}", self.path.display()))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.keep && self.path.exists() {
            drop(fs::remove_dir_all(&self.path));
        }
    }
}

/// The registers of the world that the provider asks, by their addresses.
const ASKED: [&str; 6] = [
    "population-register",
    "mobile-operator",
    "bank-card",
    "social-security",
    "provident-fund",
    "driving-licence",
];

fn secret(path: &Path, make: impl FnOnce() -> String) -> anyhow::Result<String> {
    if path.exists() {
        return Ok(fs::read_to_string(path)
            .with_context(|| format!("reading {}", path.display()))?
            .trim()
            .to_owned());
    }
    let value = make();
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| writeln!(file, "{value}"))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(value)
}

/// Writes the provider's configuration and the sub-sites' files; gives the configuration's path.
pub fn write_config(dir: &Path, plan: &Plan) -> anyhow::Result<PathBuf> {
    secret(&dir.join("key-encryption.key"), || {
        STANDARD.encode(Rng::system().bytes::<32>())
    })?;
    secret(&dir.join("sources.key"), || plan.keys.sources.clone())?;
    secret(&dir.join("gateway.key"), || plan.keys.gateway.clone())?;
    secret(&dir.join("vendors.key"), || plan.keys.vendors.clone())?;
    for folder in ["clients.d", "sources.d"] {
        fs::create_dir_all(dir.join(folder))?;
    }
    for (site, base_url) in &plan.sites {
        if site.public_keys().is_none() {
            secret(&dir.join(format!("clients.d/{}.secret", site.client_id)), || {
                site.client_secret.clone()
            })?;
        }
        fs::write(
            dir.join(format!("clients.d/{}.toml", site.client_id)),
            client_files::sub_site_file(site, base_url, &plan.resource),
        )?;
    }
    let office = &plan.records;
    secret(
        &dir.join(format!("clients.d/{}.secret", office.client_id)),
        || office.client_secret.clone(),
    )?;
    fs::write(
        dir.join(format!("clients.d/{}.toml", office.client_id)),
        client_files::records_office_file(office, &plan.resource),
    )?;
    for route in ASKED {
        let (source, world) = (route.replace('-', "_"), &plan.world_url);
        let text = format!(
            "source = \"{source}\"\nurl = \"{world}/sources/{route}/check\"\nkey_file = \"../sources.key\"\n"
        );
        fs::write(dir.join(format!("sources.d/{route}.toml")), text)?;
    }
    let pem = authority_pem(&plan.keys)?;
    fs::write(dir.join("sources.d/sandbox-authority.pem"), pem)?;
    for (name, text) in party_files(&plan.world_url) {
        fs::write(dir.join("sources.d").join(name), text)?;
    }
    let shipped = fs::canonicalize(SHIPPED).with_context(|| format!("looking for {SHIPPED}"))?;
    let file = dir.join("denizen.toml");
    fs::write(&file, configuration(&shipped, dir, plan))
        .with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}

/// The provider's configuration. Relative paths are relative to the file.
fn configuration(shipped: &Path, dir: &Path, plan: &Plan) -> String {
    let Plan {
        issuer,
        listen,
        operations,
        world_url,
        ..
    } = plan;
    let smtp_port = plan.smtp.port();
    format!(
        r#"# Written by denizen-dev for development; what each key means: {shipped}/denizen.toml
environment = "development"
issuer = "{issuer}"

[listen]
address = "{listen}"
operations_address = "{operations}"

[database]
url = "sqlite://{dir}/denizen.db"

[secrets]
key_encryption_key_file = "key-encryption.key"

[assurance]
file = "{shipped}/assurance.toml"

[clients]
dir = "clients.d"

[agreements]
dir = "{shipped}/agreements"

[sources]
dir = "sources.d"

# Sub-sites listen on loopback here, where they are told that a sign-in ended.
[outbound]
allow_addresses = ["127.0.0.0/8"]

[log]
format = "text"
filter = "info,sqlx=warn,sea_orm=warn"

[account.captcha]
sandbox_url = "{world_url}"
per_address_ten_minutes = 100000

[account.register]
by_email = true

[account.email]
server = "127.0.0.1"
port = {smtp_port}
security = "none"
from = "no-reply@id.denizen.example"

[account.sms]
url = "{world_url}/gateway/sms"
key_file = "gateway.key"

# Everybody comes from one address here, and POST /residents makes many.
[account.otp]
address_per_hour = 100000
range_per_hour = 100000
"#,
        shipped = shipped.display(),
        dir = dir.display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_files_are_toml_and_secrets_survive_a_second_start() {
        let directory = Directory::open(None).unwrap();
        let sites = crate::Config::default().sites;
        let plan = Plan {
            issuer: "http://localhost:8080".to_owned(),
            listen: "127.0.0.1:8080".parse().unwrap(),
            operations: "127.0.0.1:9090".parse().unwrap(),
            world_url: "http://localhost:8090".to_owned(),
            smtp: "127.0.0.1:8025".parse().unwrap(),
            sites: sites
                .into_iter()
                .map(|site| (site, "http://127.0.0.1:8101".to_owned()))
                .collect(),
            records: RecordsConfig::default(),
            resource: "http://127.0.0.1:8104/api".to_owned(),
            keys: Keys::default(),
        };
        let file = write_config(directory.path(), &plan).unwrap();
        let first = fs::read_to_string(directory.path().join("key-encryption.key")).unwrap();
        assert_eq!(write_config(directory.path(), &plan).unwrap(), file);
        assert_eq!(
            fs::read_to_string(directory.path().join("key-encryption.key")).unwrap(),
            first
        );
        assert_eq!(first.trim().len(), 44);
        let config: toml::Table = toml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(config["environment"].as_str(), Some("development"));
        for name in [
            "hefei-portal",
            "yichang-portal",
            "nanning-portal",
            "records-office",
        ] {
            let text = fs::read_to_string(directory.path().join(format!("clients.d/{name}.toml"))).unwrap();
            let mut table: toml::Table = toml::from_str(&text).unwrap();
            table.remove("secret_file");
            let client: model::client::Client = table.try_into().unwrap();
            assert_eq!(client.faults(false), []);
        }
        let path = directory.path().to_owned();
        directory.close().unwrap();
        assert!(!path.exists());
    }
}
