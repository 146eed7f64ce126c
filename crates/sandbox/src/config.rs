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
    /// The records office: a resource server that the sub-sites call.
    pub records: RecordsConfig,
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
                SiteConfig::nanning(loopback(8103)),
            ],
            records: RecordsConfig::default(),
        }
    }
}

impl Config {
    /// The default world with every listener on a free port, as tests want it.
    pub fn on_free_ports() -> Self {
        Self {
            world_listen: loopback(0),
            smtp_listen: loopback(0),
            sites: vec![
                SiteConfig::hefei(loopback(0)),
                SiteConfig::yichang(loopback(0)),
                SiteConfig::nanning(loopback(0)),
            ],
            records: RecordsConfig {
                listen: loopback(0),
                ..RecordsConfig::default()
            },
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
        if let Some(site) = self.sites.iter().find(|site| !site.is_consistent()) {
            bail!(
                "sites: {:?} follows FAPI 2.0 with private_key_jwt, or neither",
                site.city
            );
        }
        if [&self.keys.sources, &self.keys.gateway, &self.keys.vendors]
            .iter()
            .any(|key| key.is_empty())
        {
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
    /// The provider's secret at every party under `/vendors/...`.
    pub vendors: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            sources: "sandbox-sources-key".to_owned(),
            gateway: "sandbox-gateway-key".to_owned(),
            vendors: "sandbox-vendors-key".to_owned(),
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
    /// An assertion that its own key signed (RFC 7523).
    PrivateKeyJwt,
}

impl SiteAuth {
    /// The method's name in registrations.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// Which rules a sub-site follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteProfile {
    /// OpenID Connect with PKCE.
    #[default]
    Oidc,
    /// FAPI 2.0 Security Profile: pushed requests, a key instead of a secret, tokens bound to a key.
    Fapi2,
}

/// One city sub-site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// Which city it serves; decides its looks, its words and the names of its cookies.
    pub city: City,
    /// Its name at the provider.
    pub client_id: String,
    /// Its secret at the provider; for `private_key_jwt` the seed of its Ed25519 key, 32 bytes in base64url.
    pub client_secret: String,
    /// How it shows the secret.
    pub auth_method: SiteAuth,
    /// The rules it follows.
    #[serde(default)]
    pub profile: SiteProfile,
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
            profile: SiteProfile::Oidc,
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
            profile: SiteProfile::Oidc,
            listen,
            base_url: None,
            scopes: default_scopes(),
        }
    }

    /// 南宁市, which follows FAPI 2.0.
    pub fn nanning(listen: SocketAddr) -> Self {
        Self {
            city: City::Nanning,
            client_id: "nanning-portal".to_owned(),
            client_secret: "bmFubmluZy1kZXZlbG9wbWVudC1rZXktc2VlZC0wMDE".to_owned(),
            auth_method: SiteAuth::PrivateKeyJwt,
            profile: SiteProfile::Fapi2,
            listen,
            base_url: None,
            scopes: default_scopes(),
        }
    }

    /// The public half of its key as a set, where it has a key.
    pub fn public_keys(&self) -> Option<serde_json::Value> {
        (self.auth_method == SiteAuth::PrivateKeyJwt)
            .then(|| crate::jws::public_set(&self.client_secret).ok())
            .flatten()
    }

    fn is_consistent(&self) -> bool {
        let has_key = self.auth_method == SiteAuth::PrivateKeyJwt;
        has_key == (self.profile == SiteProfile::Fapi2) && (!has_key || self.public_keys().is_some())
    }
}

/// The records office.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordsConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its address when that is not `http://` and the bound address.
    pub base_url: Option<String>,
    /// Its name at the provider, for asking what opaque tokens mean.
    pub client_id: String,
    /// Its secret at the provider.
    pub client_secret: String,
    /// How old a sign-in may be for the tax file, in seconds.
    pub tax_file_max_age_seconds: i64,
}

impl Default for RecordsConfig {
    fn default() -> Self {
        Self {
            listen: loopback(8104),
            base_url: None,
            client_id: "records-office".to_owned(),
            client_secret: "records-office-development-secret-0123456789".to_owned(),
            tax_file_max_age_seconds: 300,
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
            [8101, 8102, 8103]
        );
        config.check().unwrap();
    }

    #[test]
    fn the_third_site_has_a_key_and_a_site_without_one_cannot_follow_fapi() {
        let nanning = SiteConfig::nanning(loopback(0));
        let keys = nanning.public_keys().unwrap();
        assert_eq!(keys["keys"][0]["crv"], "Ed25519");
        assert!(keys["keys"][0].get("d").is_none());
        let keyless = SiteConfig {
            client_secret: "x".to_owned(),
            ..nanning
        };
        let config = Config {
            sites: vec![keyless],
            ..Config::default()
        };
        assert!(config.check().is_err());
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
