//! What the level endpoint refuses. Who is not known, who has agreed to nothing and whose account is not in use are one
//! answer.

use super::faults;

faults! {
    /// Why the level endpoint tells nothing.
    LevelError {
        /// No `sub`.
        SubjectMissing => InvalidRequest, BAD_REQUEST, "sub is missing";
        /// No `level`, or not one of ours.
        LevelMalformed => InvalidRequest, BAD_REQUEST, "level must be 0 to 4 or an acr value of this provider";
        /// Above what the client may ask for (A030).
        LevelNotAllowed => InvalidRequest, BAD_REQUEST, "the level is above what this client may ask for";
        /// Nobody of this name lets this client know levels.
        UnknownPerson => UnknownPerson, NOT_FOUND, "nobody of this name lets you know their level";
        /// The access token does not reach that far, or the person took it back.
        NotForLevels => InsufficientScope, FORBIDDEN, "the access token was not granted assurance";
        /// More than a client may ask, about one person or in all; says when to come back.
        TooMany => TemporarilyUnavailable, TOO_MANY_REQUESTS, "too many questions; come back later";
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
    }
}

impl From<store::StoreError> for LevelError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the level endpoint");
        Self::StoreFailed
    }
}
