//! What the sandbox is told: addresses, the provider's issuer, the keys its callers must show, and its sub-sites.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::site::City;

/// The provider's address in development.
pub const DEFAULT_ISSUER: &str = "http://localhost:8080";

/// The whole sandbox. Read from TOML; every key may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The provider's issuer, which the sub-sites send residents to.
    pub issuer: String,
    /// Where registers, gateway, outbox and the sandbox's own API listen; port 0 takes a free one.
    pub world_listen: SocketAddr,
    /// Where mail is taken in.
    pub smtp_listen: SocketAddr,
    /// The keys that callers must show.
    pub keys: Keys,
    /// The sub-sites.
    pub sites: Vec<SiteConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: DEFAULT_ISSUER.to_owned(),
            world_listen: loopback(8090),
            smtp_listen: loopback(8025),
            keys: Keys::default(),
            sites: vec![
                SiteConfig::hefei(loopback(8101)),
                SiteConfig::yichang(loopback(8102)),
            ],
        }
    }
}

impl Config {
    /// The default world with every listener on a free port, as tests want it.
    pub fn on_free_ports() -> Self {
        Self {
            world_listen: loopback(0),
            smtp_listen: loopback(0),
            sites: vec![SiteConfig::hefei(loopback(0)), SiteConfig::yichang(loopback(0))],
            ..Self::default()
        }
    }

    /// Reads a configuration file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let config: Self = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        config.check()?;
        Ok(config)
    }

    /// What can be known to be wrong before anything listens.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        url::Url::parse(&self.issuer).with_context(|| format!("issuer {:?}", self.issuer))?;
        for (index, site) in self.sites.iter().enumerate() {
            let earlier = self.sites.iter().take(index);
            if earlier.into_iter().any(|other| other.city == site.city) {
                bail!(
                    "sites: {:?} is there twice; their cookies would collide",
                    site.city
                );
            }
        }
        if self.keys.sources.is_empty() || self.keys.gateway.is_empty() {
            bail!("keys: may not be empty");
        }
        Ok(())
    }
}

/// The bearer keys of the registers and of the message gateway. The defaults are for development and known to everybody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// For `/sources/...`.
    pub sources: String,
    /// For `/gateway/...`.
    pub gateway: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            sources: "sandbox-sources-key".to_owned(),
            gateway: "sandbox-gateway-key".to_owned(),
        }
    }
}

/// How a sub-site proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteAuth {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
}

/// One city sub-site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// Which city it serves; decides its looks, its words and the names of its cookies.
    pub city: City,
    /// Its name at the provider.
    pub client_id: String,
    /// Its secret at the provider.
    pub client_secret: String,
    /// How it shows the secret.
    pub auth_method: SiteAuth,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its address for browsers when that is not `http://` and the bound address.
    #[serde(default)]
    pub base_url: Option<String>,
    /// What its sign-in button asks for.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
}

impl SiteConfig {
    /// 合肥市, with `client_secret_basic`.
    pub fn hefei(listen: SocketAddr) -> Self {
        Self {
            city: City::Hefei,
            client_id: "hefei-portal".to_owned(),
            client_secret: "hefei-development-secret-0123456789".to_owned(),
            auth_method: SiteAuth::ClientSecretBasic,
            listen,
            base_url: None,
            scopes: default_scopes(),
        }
    }

    /// 宜昌市, with `client_secret_post`.
    pub fn yichang(listen: SocketAddr) -> Self {
        Self {
            city: City::Yichang,
            client_id: "yichang-portal".to_owned(),
            client_secret: "yichang-development-secret-0123456789".to_owned(),
            auth_method: SiteAuth::ClientSecretPost,
            listen,
            base_url: None,
            scopes: default_scopes(),
        }
    }
}

fn default_scopes() -> Vec<String> {
    ["openid", "assurance", "seals", "real_name", "phone"]
        .map(str::to_owned)
        .to_vec()
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_development_world() {
        let config: Config = toml::from_str("").unwrap();
        assert_eq!(config.world_listen.port(), 8090);
        assert_eq!(
            config
                .sites
                .iter()
                .map(|site| site.listen.port())
                .collect::<Vec<_>>(),
            [8101, 8102]
        );
        config.check().unwrap();
    }

    #[test]
    fn unknown_keys_and_two_sites_of_one_city_are_refused() {
        assert!(toml::from_str::<Config>("isuer = 'x'").is_err());
        let sites = vec![SiteConfig::hefei(loopback(0)), SiteConfig::hefei(loopback(0))];
        let config = Config {
            sites,
            ..Config::default()
        };
        assert!(config.check().is_err());
    }
}
