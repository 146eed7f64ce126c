//! The document of a sector (OpenID Connect Core 8.1, Registration 1.0 section 5): a JSON list of redirect addresses
//! under one host, which proves that whoever holds that host lets these addresses share its subjects. Fetched once,
//! when a sub-site is registered, changed or applied, and never while somebody signs in.

use model::client::Client;
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
