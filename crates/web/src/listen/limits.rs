//! Every limit of a connection, with its unit.

use serde::Deserialize;

/// The `limits` section of the configuration, as far as it is about connections.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How long a request's head may take from its first byte, in milliseconds.
    pub header_timeout_ms: u64,
    /// How long a request may take, its body and our work included, in milliseconds.
    pub request_timeout_ms: u64,
    /// How long a connection may be silent between requests, in milliseconds.
    pub idle_timeout_ms: u64,
    /// How long a reader may take nothing of an answer, in milliseconds.
    pub write_timeout_ms: u64,
    /// How long requests under way may go on after the signal to stop, in milliseconds.
    pub drain_timeout_ms: u64,
    /// The size of a request's head, its first line included, in bytes.
    pub header_bytes: usize,
    /// The number of header lines.
    pub headers: usize,
    /// The size of a request's target, in bytes.
    pub url_bytes: usize,
    /// The size of a request's body, in bytes.
    pub body_bytes: usize,
    /// The size of a body with pictures, on the few pages that take them, in bytes.
    pub upload_bytes: usize,
    /// How long a request with pictures may take, its body and our work included, in milliseconds.
    pub upload_timeout_ms: u64,
    /// The number of open connections.
    pub connections: usize,
    /// The number of open connections from one address that is not a trusted proxy.
    pub connections_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout_ms: 5_000,
            request_timeout_ms: 15_000,
            idle_timeout_ms: 30_000,
            write_timeout_ms: 15_000,
            drain_timeout_ms: 20_000,
            header_bytes: 16 * 1024,
            headers: 64,
            url_bytes: 8 * 1024,
            body_bytes: 64 * 1024,
            upload_bytes: 26 * 1024 * 1024,
            upload_timeout_ms: 90_000,
            connections: 10_000,
            connections_per_address: 256,
        }
    }
}

/// What is wrong with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("limits.{key} must be {bound}")]
pub struct LimitsFault {
    /// The key.
    pub key: &'static str,
    /// What it must be.
    pub bound: &'static str,
}

impl Limits {
    /// Everything that is wrong with the section.
    pub fn faults(&self) -> Vec<LimitsFault> {
        let timeout = "between 1 and 600000";
        let in_ms = |value: u64| (1..=600_000).contains(&value);
        let checks = [
            (in_ms(self.header_timeout_ms), "header_timeout_ms", timeout),
            (in_ms(self.request_timeout_ms), "request_timeout_ms", timeout),
            (in_ms(self.idle_timeout_ms), "idle_timeout_ms", timeout),
            (in_ms(self.write_timeout_ms), "write_timeout_ms", timeout),
            (in_ms(self.drain_timeout_ms), "drain_timeout_ms", timeout),
            (
                (1024..=1 << 20).contains(&self.header_bytes),
                "header_bytes",
                "between 1024 and 1048576",
            ),
            ((8..=256).contains(&self.headers), "headers", "between 8 and 256"),
            (
                (256..=65_000).contains(&self.url_bytes),
                "url_bytes",
                "between 256 and 65000",
            ),
            (
                (1024..=1 << 30).contains(&self.body_bytes),
                "body_bytes",
                "between 1024 and 1073741824",
            ),
            (
                (1024..=1 << 30).contains(&self.upload_bytes),
                "upload_bytes",
                "between 1024 and 1073741824",
            ),
            (in_ms(self.upload_timeout_ms), "upload_timeout_ms", timeout),
            (
                (1..=1_000_000).contains(&self.connections),
                "connections",
                "between 1 and 1000000",
            ),
            (
                self.connections_per_address >= 1,
                "connections_per_address",
                "at least 1",
            ),
        ];
        checks
            .into_iter()
            .filter(|(right, _, _)| !right)
            .map(|(_, key, bound)| LimitsFault { key, bound })
            .collect()
    }
}
