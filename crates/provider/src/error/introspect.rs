//! What the introspection endpoint refuses (RFC 7662 section 2.3). What is wrong with a token is never said.

use super::faults;

faults! {
    /// Why nothing is said about a token.
    IntrospectError {
        /// No `token`.
        TokenMissing => InvalidRequest, BAD_REQUEST, "token is missing";
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
    }
}

impl From<store::StoreError> for IntrospectError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the introspection endpoint");
        Self::StoreFailed
    }
}
