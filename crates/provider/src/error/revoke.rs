//! What the revocation endpoint refuses (RFC 7009 section 2.2.1). A token that is not there is no fault.

use super::faults;

faults! {
    /// Why a token was not revoked.
    RevokeError {
        /// No `token`.
        TokenMissing => InvalidRequest, BAD_REQUEST, "token is missing";
        /// The database does not answer (A086); the token may still be good.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
    }
}

impl From<store::StoreError> for RevokeError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the revocation endpoint");
        Self::StoreFailed
    }
}
