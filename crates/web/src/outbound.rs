//! Requests to addresses that somebody else wrote down: key sets, sector documents, sign-out receivers (A136 to A139).
//!
//! What a sub-site registers must not become a way to reach what stands behind our wall. So: https only; no user
//! information, no odd port, no other spelling of an address; a name is looked up once, and the connection is made to
//! an address of that answer that is public or that the operator listed (`outbound.allow_addresses`), so a name that
//! means something else a moment later gains nothing; no redirect is followed, no proxy of the environment is used,
//! time and size have limits. What it does not do: decide how often to ask, and keep answers.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Response};
use url::{Host, Url};

use crate::client_address::Network;

/// How long a connection may lie idle before it is not used for another request. A server that closes it in the very
/// moment in which a request is sent loses that request, and no client can know whether it was acted upon: so ours is
/// given up before the usual servers do (gunicorn after two seconds, Node and Apache after five, nginx after 75).
pub const IDLE_LIMIT: Duration = Duration::from_millis(1500);

/// Ports below 1024 that may be asked.
const LOW_PORTS: [u16; 2] = [80, 443];

/// The longest address that is looked at, in bytes.
const URL_BYTES_MAX: usize = 2048;

/// The most that is read of an answer that only counts for its status, in bytes.
const IGNORED_BYTES_MAX: usize = 16 * 1024;

/// What is allowed.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Networks that may be reached although they are not public.
    pub allow_addresses: Vec<Network>,
    /// Whether plain http will do: in development only.
    pub plain_http: bool,
    /// How long a request may take in all.
    pub time_limit: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            allow_addresses: Vec::new(),
            plain_http: false,
            time_limit: Duration::from_secs(5),
        }
    }
}

impl Rules {
    /// Whether an address may be reached.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address)
            || self
                .allow_addresses
                .iter()
                .any(|network| network.contains(address))
    }

    /// Whether a text is an address that may be asked, as far as that can be said without looking up a name.
    pub fn check(&self, text: &str) -> Result<Url, OutboundError> {
        let refused = OutboundError::AddressRefused;
        if text.len() > URL_BYTES_MAX {
            return Err(refused("is too long"));
        }
        let url = Url::parse(text).map_err(|_| refused("is not an absolute address"))?;
        match url.scheme() {
            "https" => {}
            "http" if self.plain_http => {}
            _ => return Err(refused("is not https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("has user information"));
        }
        if url.fragment().is_some() {
            return Err(refused("has a fragment"));
        }
        // Also whatever else than the usual spelling of a number stands for an address (A139).
        if url.as_str() != text && url.as_str() != format!("{text}/") {
            return Err(refused("is not in its normal form"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if port < 1024 && !LOW_PORTS.contains(&port) {
            return Err(refused("has a port of another service"));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(refused("has no host")),
        };
        if literal.is_some_and(|address| !self.allows(address)) {
            return Err(OutboundError::Private);
        }
        Ok(url)
    }
}

/// Why nothing came of a request. For the log; nothing of it is told to who caused the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The address is none that is asked.
    #[error("the address {0}")]
    AddressRefused(&'static str),
    /// The address is not public, and not listed.
    #[error("the address is not public and is not in outbound.allow_addresses")]
    Private,
    /// No connection, or it broke.
    #[error("no answer")]
    Unreachable,
    /// It took too long.
    #[error("the answer took too long")]
    TimedOut,
    /// The answer is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// Another status than the one that is needed; redirects are among them.
    #[error("the answer has status {0}")]
    Status(StatusCode),
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the client for outgoing requests cannot be made: {0}")]
pub struct GuardError(#[from] reqwest::Error);

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
type Lookup = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// The guarded client. Cheap to clone.
#[derive(Clone)]
pub struct Guarded {
    client: Client,
    rules: Arc<Rules>,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl Guarded {
    /// Makes the client. Authorities are trusted beside the system's.
    pub fn new(rules: Rules, authorities: Vec<Certificate>) -> Result<Self, GuardError> {
        let lookup: Lookup =
            Arc::new(|name| Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) }));
        Self::with_lookup(rules, authorities, lookup)
    }

    fn with_lookup(rules: Rules, authorities: Vec<Certificate>, lookup: Lookup) -> Result<Self, GuardError> {
        // reqwest is built without a TLS provider of its own; a second installation is refused and does no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let rules = Arc::new(rules);
        let resolver = CheckedResolver {
            rules: Arc::clone(&rules),
            lookup,
        };
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(rules.time_limit)
            .pool_idle_timeout(IDLE_LIMIT)
            .dns_resolver(Arc::new(resolver))
            .user_agent(concat!("denizen/", env!("CARGO_PKG_VERSION")));
        for authority in authorities {
            builder = builder.add_root_certificate(authority);
        }
        Ok(Self {
            client: builder.build()?,
            rules,
        })
    }

    /// What is allowed.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Reads a JSON document, at most so many bytes of it. Only status 200 will do.
    pub async fn get_json(&self, address: &str, bytes_max: usize) -> Result<Vec<u8>, OutboundError> {
        let url = self.rules.check(address)?;
        let request = self
            .client
            .get(url)
            .header(ACCEPT, "application/json, application/*+json");
        let response = request.send().await.map_err(|error| understand(&error))?;
        if response.status() != StatusCode::OK {
            return Err(OutboundError::Status(response.status()));
        }
        read(response, bytes_max).await
    }

    /// Sends a form. The answer's status is all that is looked at.
    pub async fn post_form(
        &self,
        address: &str,
        fields: &[(&str, &str)],
    ) -> Result<StatusCode, OutboundError> {
        let url = self.rules.check(address)?;
        let request = self.client.post(url).form(fields);
        let response = request.send().await.map_err(|error| understand(&error))?;
        let status = response.status();
        // What is left unread would cost the connection; more than a little of it costs less that way.
        let _ = read(response, IGNORED_BYTES_MAX).await;
        Ok(status)
    }
}

impl Guarded {
    /// Sends a document of one kind. The answer's status is all that is looked at.
    pub async fn post_document(
        &self,
        address: &str,
        content_type: &'static str,
        document: String,
    ) -> Result<StatusCode, OutboundError> {
        let url = self.rules.check(address)?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, content_type)
            .header(ACCEPT, "application/json")
            .body(document);
        let response = request.send().await.map_err(|error| understand(&error))?;
        let status = response.status();
        let _ = read(response, IGNORED_BYTES_MAX).await;
        Ok(status)
    }
}

/// Looks up names, and answers with addresses that may be reached only.
struct CheckedResolver {
    rules: Arc<Rules>,
    lookup: Lookup,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (rules, found) = (Arc::clone(&self.rules), (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let allowed: Vec<_> = found
                .await?
                .into_iter()
                .filter(|address| rules.allows(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(OutboundError::Private.into());
            }
            Ok::<Addrs, Box<dyn std::error::Error + Send + Sync>>(Box::new(allowed.into_iter()))
        })
    }
}

async fn read(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, OutboundError> {
    let too_large = |bytes: u64| usize::try_from(bytes).is_ok_and(|bytes| bytes > bytes_max);
    if response.content_length().is_some_and(too_large) {
        return Err(OutboundError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| understand(&error))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(OutboundError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn understand(error: &reqwest::Error) -> OutboundError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(own) = inner.downcast_ref::<OutboundError>() {
            return *own;
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        OutboundError::TimedOut
    } else {
        OutboundError::Unreachable
    }
}

/// Whether an address is one of the public internet's (the IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !matches!(
                (a, b, c),
                (0 | 10 | 127 | 224..=255, _, _)
                    | (100, 64..=127, _)
                    | (169, 254, _)
                    | (172, 16..=31, _)
                    | (192, 0, 0 | 2)
                    | (192, 88, 99)
                    | (192, 168, _)
                    | (198, 18 | 19, _)
                    | (198, 51, 100)
                    | (203, 0, 113)
            )
        }
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Only 2000::/3 is given out; in it, tunnels carry IPv4 addresses of any kind, and some is for documents and tests.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let tunnel_or_test = matches!(
        (a, b),
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff)
    );
    (0x2000..=0x3fff).contains(&a) && !tunnel_or_test
}

#[cfg(test)]
mod tests;
