//! What was revoked: lists of the authorities (RFC 5280 section 5), read from files or fetched, and kept until they end.
//!
//! A list counts while it is fresh (from `thisUpdate` to `nextUpdate`, and no longer after it was read than the
//! configuration says), signed by the very authority that it speaks for, and complete: delta lists, indirect lists and
//! lists for a part of the certificates have critical extensions, and are refused. Without a list nobody knows, and what
//! nobody knows does not count (A285a).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use openssl::x509::{X509, X509Crl};
use url::Url;
use x509_parser::asn1_rs::Oid;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

/// The longest list that is read, in bytes.
const LIST_BYTES: usize = 32 * 1024 * 1024;
/// After a failure a list is not asked for again for so long, in seconds.
const RETRY_SECONDS: i64 = 60;
/// How far the clocks of two machines may differ, in seconds.
const CLOCKS_SECONDS: i64 = 300;

/// Signature algorithms that a list may have: RSA and ECDSA with SHA-2, and RSA-PSS.
const ALGORITHMS: [&str; 7] = [
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.113549.1.1.10",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4",
];

/// An authority: what is kept of it in evidence, and its certificate.
#[derive(Clone)]
pub(super) struct Issuer {
    /// A hash of its name and key.
    pub(super) id: String,
    /// Its certificate.
    pub(super) certificate: X509,
}

/// Where a list comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    File(PathBuf),
    Address(Url),
}

/// A list that holds.
#[derive(Debug)]
struct List {
    issuer: String,
    this_update: i64,
    good_until: DateTime<Utc>,
    revoked: BTreeSet<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Shelf {
    lists: Vec<List>,
    tried_at: Option<DateTime<Utc>>,
    read_at: Option<DateTime<Utc>>,
}

/// How long lists are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeping {
    /// After so long a list is asked for again.
    pub(super) refresh: TimeDelta,
    /// After so long a list does not count, whatever it says itself.
    pub(super) at_most: TimeDelta,
    /// How long fetching may take.
    pub(super) time_limit: Duration,
}

/// The lists of one configured authority.
pub(super) struct Lists {
    issuers: Vec<Issuer>,
    shelves: Mutex<BTreeMap<Place, Shelf>>,
    keeping: Keeping,
    client: reqwest::Client,
}

/// Whether a certificate is on its issuer's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    Revoked,
    /// There is no list that holds.
    Unknown,
}

impl Lists {
    pub(super) fn new(
        issuers: Vec<Issuer>,
        places: impl IntoIterator<Item = Place>,
        (keeping, client): (Keeping, reqwest::Client),
    ) -> Self {
        let shelves = places.into_iter().map(|place| (place, Shelf::default()));
        Self {
            issuers,
            shelves: Mutex::new(shelves.collect()),
            keeping,
            client,
        }
    }

    /// Whether the list of an issuer, the newest that holds, names a serial number.
    pub(super) fn standing(&self, issuer: &str, serial: &[u8], now: DateTime<Utc>) -> Standing {
        let shelves = self.shelves();
        let lists = shelves.values().flat_map(|shelf| &shelf.lists);
        let newest = lists
            .filter(|list| list.issuer == issuer && now < list.good_until)
            .max_by_key(|list| list.this_update);
        match newest {
            None => Standing::Unknown,
            Some(list) if list.revoked.contains(serial) => Standing::Revoked,
            Some(_) => Standing::Good,
        }
    }

    /// Reads what is due again. Whatever goes wrong is in the log, and what was read before holds until its end.
    pub(super) async fn refresh(&self, now: DateTime<Utc>) {
        for place in self.due(now) {
            let read = match &place {
                Place::File(path) => tokio::fs::read(path).await.map_err(|error| error.to_string()),
                Place::Address(url) => self.fetch(url).await,
            };
            let lists = read.and_then(|bytes| self.understand(&bytes, now));
            let mut shelves = self.shelves();
            let Some(shelf) = shelves.get_mut(&place) else {
                continue;
            };
            match lists {
                Ok(lists) => {
                    shelf.put(lists);
                    shelf.read_at = Some(now);
                }
                Err(error) => tracing::error!(?place, error, "a revocation list cannot be had"),
            }
        }
    }

    /// The places that are due. From here on nobody else asks there for a while.
    fn due(&self, now: DateTime<Utc>) -> Vec<Place> {
        let long_ago =
            |at: Option<DateTime<Utc>>, pause: TimeDelta| at.is_none_or(|at| now - at >= pause || now < at);
        let mut due = Vec::new();
        for (place, shelf) in self.shelves().iter_mut() {
            let is_due = long_ago(shelf.read_at, self.keeping.refresh)
                || shelf.lists.iter().any(|list| list.good_until <= now);
            if is_due && long_ago(shelf.tried_at, TimeDelta::seconds(RETRY_SECONDS)) {
                shelf.tried_at = Some(now);
                due.push(place.clone());
            }
        }
        due
    }

    async fn fetch(&self, url: &Url) -> Result<Vec<u8>, String> {
        let fetching = async {
            let mut response = self.client.get(url.clone()).send().await?.error_for_status()?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                if body.len() + chunk.len() > LIST_BYTES {
                    return Ok(None);
                }
                body.extend_from_slice(&chunk);
            }
            Ok::<_, reqwest::Error>(Some(body).filter(|_| response.status() == reqwest::StatusCode::OK))
        };
        match tokio::time::timeout(self.keeping.time_limit, fetching).await {
            Ok(Ok(Some(body))) => Ok(body),
            Ok(Ok(None)) => Err("is too long, or no document".to_owned()),
            Ok(Err(error)) => Err(error.without_url().to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }

    /// One list in DER, or one or more in PEM. One that does not hold spoils the document.
    fn understand(&self, bytes: &[u8], now: DateTime<Utc>) -> Result<Vec<List>, String> {
        let ders = match std::str::from_utf8(bytes) {
            Ok(text) if text.trim_start().starts_with("-----BEGIN") => from_pem(text).ok_or("is not PEM")?,
            _ => vec![bytes.to_vec()],
        };
        ders.iter().map(|der| self.list(der, now)).collect()
    }

    fn list(&self, der: &[u8], now: DateTime<Utc>) -> Result<List, String> {
        let (rest, parsed) = CertificateRevocationList::from_der(der).map_err(|_| "is not a list")?;
        if !rest.is_empty() {
            return Err("something follows the list".into());
        }
        let critical = parsed.extensions().iter().any(|one| one.critical)
            || parsed
                .iter_revoked_certificates()
                .any(|entry| entry.extensions().iter().any(|one| one.critical));
        if critical {
            return Err(
                "is for a part of the certificates, or has an extension that must be understood".into(),
            );
        }
        let algorithm = parsed.signature_algorithm.algorithm.to_id_string();
        if !ALGORITHMS.contains(&algorithm.as_str()) {
            return Err(format!("is signed with {algorithm}, which does not count"));
        }
        let (this_update, next_update) = (parsed.last_update().timestamp(), parsed.next_update());
        let next_update = next_update
            .ok_or("does not say when the next one comes")?
            .timestamp();
        let now_seconds = now.timestamp();
        if this_update > now_seconds + CLOCKS_SECONDS || next_update <= now_seconds {
            return Err("is not of this time".into());
        }
        let issuer = self
            .signer(der, &parsed)
            .ok_or("is not signed by an authority of the file")?;
        let says = DateTime::from_timestamp(next_update, 0).ok_or("does not say when the next one comes")?;
        Ok(List {
            issuer,
            this_update,
            good_until: says.min(now + self.keeping.at_most),
            revoked: parsed
                .iter_revoked_certificates()
                .map(|entry| plain(entry.raw_serial()).to_vec())
                .collect(),
        })
    }

    /// The authority that made a list, by its name and its signature.
    fn signer(&self, der: &[u8], parsed: &CertificateRevocationList<'_>) -> Option<String> {
        let list = X509Crl::from_der(der).ok()?;
        let made = |issuer: &&Issuer| {
            let name = issuer.certificate.subject_name().to_der();
            let may = issuer.certificate.key_usage();
            let may_sign = may.is_none_or(|usage| usage.contains(openssl::x509::X509KeyUsage::CRL_SIGN));
            let key = issuer.certificate.public_key();
            name.is_ok_and(|name| name == parsed.issuer().as_raw())
                && may_sign
                && key.is_ok_and(|key| list.verify(&key).unwrap_or(false))
        };
        self.issuers.iter().find(made).map(|issuer| issuer.id.clone())
    }

    fn shelves(&self) -> MutexGuard<'_, BTreeMap<Place, Shelf>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// Takes what was read. A list that is older than the one at hand is somebody's replay, and is left.
    fn put(&mut self, lists: Vec<List>) {
        for list in lists {
            let older = |held: &List| held.issuer == list.issuer && held.this_update > list.this_update;
            if self.lists.iter().any(older) {
                tracing::error!(
                    issuer = list.issuer,
                    "a revocation list is older than the one before"
                );
                continue;
            }
            self.lists.retain(|held| held.issuer != list.issuer);
            self.lists.push(list);
        }
    }
}

/// A serial number without leading noughts, the same wherever it was read.
pub(super) fn plain(serial: &[u8]) -> &[u8] {
    let noughts = serial.iter().take_while(|byte| **byte == 0).count();
    serial.get(noughts..).unwrap_or_default()
}

fn from_pem(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut lists = Vec::new();
    for part in text.split("-----BEGIN X509 CRL-----").skip(1) {
        let (inner, _) = part.split_once("-----END X509 CRL-----")?;
        let inner: String = inner.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        lists.push(STANDARD.decode(inner).ok()?);
    }
    (!lists.is_empty()).then_some(lists)
}

/// A dotted number that certificates and lists have in common.
pub(super) fn is_strong(algorithm: &Oid<'_>) -> bool {
    ALGORITHMS.contains(&algorithm.to_id_string().as_str())
}
