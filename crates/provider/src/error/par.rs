//! What the endpoint for pushed requests refuses (RFC 9126 section 2.3): what the authorization endpoint would refuse,
//! as a document instead of a redirect, and what only exists here.

use http::StatusCode;

use super::{AuthorizeError, Fault, Row, faults};

faults! {
    /// Why a request is not taken in.
    ParError {
        /// A reference inside a request that shall become one (RFC 9126 section 2.1).
        RequestUriInside => InvalidRequest, BAD_REQUEST, "a pushed request must not hold request_uri";
        /// Not the client that proved itself.
        ClientMismatch => InvalidRequest, BAD_REQUEST, "client_id is not the client that proved itself";
        /// No redirect address, several, or one that is not registered.
        RedirectRefused => InvalidRequest, BAD_REQUEST, "redirect_uri is missing, repeated or not registered";
        /// The request names another key than the one that was proven (RFC 9449 section 10.1).
        KeyMismatch => InvalidDpopProof, BAD_REQUEST, "dpop_jkt is not the key of the DPoP proof";
        /// More than one client, or one network, may deposit (A311); says when to come back.
        TooMany => TemporarilyUnavailable, TOO_MANY_REQUESTS, "too many requests are waiting; come back later";
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
    }
}

impl From<store::StoreError> for ParError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the endpoint for pushed requests");
        Self::StoreFailed
    }
}

/// A fault of the request itself, as it is told here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushedFault(pub AuthorizeError);

impl Fault for PushedFault {
    fn told(self) -> Row {
        let row = self.0.row();
        let status = match self.0 {
            AuthorizeError::StoreFailed => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Row { status, ..row }
    }
}
