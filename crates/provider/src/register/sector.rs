//! The document of a sector (OpenID Connect Core 8.1, Registration 1.0 section 5): a JSON list of redirect addresses
//! under one host, which proves that whoever holds that host lets these addresses share its subjects. Fetched once,
//! when a sub-site is registered, changed or applied, and never while somebody signs in. And which sector a client that
//! registers itself is in.

use std::collections::BTreeSet;

use model::client::{Client, SubjectType};
use model::ids::ClientId;
use url::{Host, Url};
use web::outbound::{Guarded, OutboundError};

use super::refusal::Refusal;
use crate::Service;
use crate::error::RegisterError;

/// The longest document.
const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// Why a sector is not what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectorError {
    /// The document cannot be fetched.
    #[error("the document cannot be fetched: {0}")]
    Fetch(#[from] OutboundError),
    /// It is no list of texts.
    #[error("the document is not a JSON list of addresses")]
    NotAList,
    /// An address is not in it.
    #[error("the document lacks {0:?}")]
    Lacks(String),
}

/// Fetches the document of a sub-site's sector, if it names one, and looks for every redirect address in it.
pub async fn check(outbound: &Guarded, client: &Client) -> Result<(), SectorError> {
    let Some(address) = &client.sector_identifier_uri else {
        return Ok(());
    };
    let document = outbound.get_json(address, DOCUMENT_BYTES_MAX).await?;
    let listed: Vec<String> = serde_json::from_slice(&document).map_err(|_| SectorError::NotAList)?;
    let missing = client.redirect_uris.iter().find(|uri| !listed.contains(uri));
    missing.map_or(Ok(()), |uri| Err(SectorError::Lacks(uri.clone())))
}

/// The same for a client that registers itself. What the address answered is for the log: a client must not learn from
/// us what stands behind our wall.
pub(super) async fn check_own(service: &Service, client: &Client) -> Result<(), Refusal> {
    check(service.outbound(), client).await.map_err(|error| {
        tracing::info!(cause = %error, "a sector's document is refused");
        match error {
            SectorError::Lacks(_) => RegisterError::SectorLacksAddress.into(),
            SectorError::Fetch(_) | SectorError::NotAList => RegisterError::SectorUnreadable.into(),
        }
    })
}

/// Within what subjects are the same (OpenID Connect Core 8.1): the host of the sector's document, or the one host of
/// the addresses. Written as an address, so that it is never the sector of a file by accident. Applications on
/// people's own devices have no host in common, whatever it is called.
pub(super) fn of(
    id: &ClientId,
    kind: SubjectType,
    document: Option<&str>,
    redirects: &[String],
) -> Result<String, Refusal> {
    if let Some(document) = document {
        return Ok(host(document).map_or_else(String::new, |host| format!("https://{host}")));
    }
    let hosts: BTreeSet<_> = redirects.iter().filter_map(|uri| host(uri)).collect();
    if hosts.len() > 1 && kind == SubjectType::Pairwise {
        return Err(Refusal::member(
            "sector_identifier_uri",
            "is needed, because redirect_uris have several hosts",
        ));
    }
    Ok(match hosts.into_iter().next() {
        Some(host) if !redirects.iter().any(|uri| is_loopback(uri)) => format!("https://{host}"),
        _ => format!("client:{id}"),
    })
}

pub(super) fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

pub(super) fn is_loopback(uri: &str) -> bool {
    match Url::parse(uri).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
