//! Whose request it is, by network address (A193).
//!
//! The peer's address counts. Only if the peer is a proxy that the configuration names is `X-Forwarded-For` read,
//! from the right, up to the first address that is not such a proxy. Anything unparsable ends the walk: the last
//! address that is certain counts, so a bad value never frees anybody of a limit.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use serde::Deserialize;

/// How many entries of `X-Forwarded-For` are read, from the right.
pub const FORWARDED_ENTRIES: usize = 16;

/// The other end of the connection. Set by the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The address that limits and logs of a request go by. An extractor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The network that limits are counted by: the address itself for IPv4, the /64 for IPv6, because one
    /// subscriber has a whole /64.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => {
                let prefix = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(prefix.into())
            }
        }
    }

    /// The /48 around an IPv6 network: one customer may have up to all of it. `None` for IPv4, where the address is
    /// all that a customer has.
    pub fn network_around(self) -> Option<IpAddr> {
        match self.0 {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => {
                let host = u128::MAX >> 48;
                Some(IpAddr::V6((address.to_bits() & !host).into()))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let unknown = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(unknown))
    }
}

/// One network, `10.0.0.0/8` or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address or a network such as 10.0.0.0/8")]
pub struct NotNetwork;

impl FromStr for Network {
    type Err = NotNetwork;

    fn from_str(text: &str) -> Result<Self, NotNetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| NotNetwork)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotNetwork)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest {
            return Err(NotNetwork);
        }
        Ok(Self { address, prefix })
    }
}

impl TryFrom<String> for Network {
    type Error = NotNetwork;

    fn try_from(text: String) -> Result<Self, NotNetwork> {
        text.parse()
    }
}

impl Network {
    /// Whether the address belongs to the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let mask = u32::MAX.checked_shl(u32::from(32 - self.prefix)).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let mask = u128::MAX.checked_shl(u32::from(128 - self.prefix)).unwrap_or(0);
                ours.to_bits() & mask == theirs.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// The proxies whose forwarded addresses are believed. Empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// A list of networks.
    pub const fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether the address is one of the proxies.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client's address of a request that came from a peer.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut certain = peer.to_canonical();
        if !self.contains(certain) {
            return ClientAddress(certain);
        }
        let lines = headers.get_all("x-forwarded-for").iter();
        let entries: Vec<&str> = lines
            .flat_map(|line| line.to_str().unwrap_or("unreadable").split(','))
            .collect();
        for entry in entries.iter().rev().take(FORWARDED_ENTRIES) {
            let Ok(address) = entry.trim().parse::<IpAddr>() else {
                break;
            };
            certain = address.to_canonical();
            if !self.contains(certain) {
                break;
            }
        }
        ClientAddress(certain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).0.to_string()
    }

    #[test]
    fn attack_193_only_a_named_proxy_is_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            client("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn attack_193_a_bad_value_never_fails_open() {
        for bad in [
            "",
            "unknown",
            "evil.test",
            "198.51.100.1:80",
            "1.2.3.4, nonsense",
            "999.1.1.1",
            "\"1.2.3.4\"",
        ] {
            assert_eq!(client("10.0.0.1", &[bad]), "10.0.0.1", "{bad}");
        }
        let thousand = ["1.2.3.4"; 1000].join(",");
        assert_eq!(client("10.0.0.1", &[&thousand]), "1.2.3.4");
        let proxies = ["10.0.0.5"; 1000].join(",");
        assert_eq!(client("10.0.0.1", &[&format!("6.6.6.6,{proxies}")]), "10.0.0.5");
    }

    #[test]
    fn networks_are_parsed_strictly() {
        assert!(
            "0.0.0.0/0"
                .parse::<Network>()
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert!(
            "::/0"
                .parse::<Network>()
                .unwrap()
                .contains("2001:db8::1".parse().unwrap())
        );
        assert!(
            !"10.0.0.0/8"
                .parse::<Network>()
                .unwrap()
                .contains("11.0.0.1".parse().unwrap())
        );
        for bad in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "localhost",
            "10.0.0.0/-1",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_ipv6_subscriber_counts_as_one() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        let around = |text: &str| ClientAddress(text.parse().unwrap()).network_around();
        assert_eq!(around("2001:db8:1:2:3:4:5:6"), "2001:db8:1::".parse().ok());
        assert_eq!(around("192.0.2.7"), None);
    }
}
