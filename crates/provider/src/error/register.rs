//! What registration by program refuses (RFC 7591 section 3.2.2, RFC 7592 section 2, RFC 6750 section 3.1). A fault of
//! one member names the member after the text of its row.

use super::faults;

/// One text for every fault of a token: which one it was, and whether the client exists, is for the log (A150).
const BAD_TOKEN: &str = "the token is unknown, expired, used up, or was issued for another registration";

faults! {
    /// Why a registration is not made, shown or changed.
    RegisterError {
        /// No token at all; the challenge has no error then (A143).
        TokenMissing => InvalidToken, UNAUTHORIZED, "send the token of the operator in the Authorization header";
        /// Not a permission that holds, or not the token of this client.
        TokenRefused => InvalidToken, UNAUTHORIZED, BAD_TOKEN;
        /// Too many refusals from one address, or too many tries with one token; says when to come back.
        TooManyTries => InvalidToken, TOO_MANY_REQUESTS, "too many requests, try again later";
        /// As many clients as the operator allows are registered.
        TooManyClients => AccessDenied, FORBIDDEN, "no more clients can be registered here";
        /// The body is not of the type of JSON.
        NotJsonType => InvalidClientMetadata, BAD_REQUEST, "send the metadata as application/json";
        /// The body is over its limit.
        TooLarge => InvalidClientMetadata, PAYLOAD_TOO_LARGE, "the metadata are longer than 64 KiB";
        /// The body did not arrive.
        Unreadable => InvalidClientMetadata, BAD_REQUEST, "the metadata cannot be read";
        /// Not one JSON object in which nothing is said twice.
        NotJson => InvalidClientMetadata, BAD_REQUEST, "send one JSON object without repeated members";
        /// A redirect address that cannot be registered (A013, A014, A015).
        RedirectUri => InvalidRedirectUri, BAD_REQUEST, "a redirect address cannot be registered";
        /// A member that cannot be registered.
        Metadata => InvalidClientMetadata, BAD_REQUEST, "a member cannot be registered";
        /// A member that only we write is in a change.
        NotYours => InvalidClientMetadata, BAD_REQUEST, "a change must not hold this member";
        /// Beyond what the operator allows to those who register themselves (A147).
        NotApproved => InvalidClientMetadata, BAD_REQUEST, "this is not open to clients that register themselves";
        /// The document of the sector does not answer, or is none.
        SectorUnreadable => InvalidClientMetadata, BAD_REQUEST,
            "sector_identifier_uri: the document cannot be fetched, or is not a JSON list of addresses";
        /// The document of the sector lacks a redirect address.
        SectorLacksAddress => InvalidClientMetadata, BAD_REQUEST,
            "sector_identifier_uri: a redirect address is not in the document";
        /// A software statement that is no signed token.
        StatementMalformed => InvalidSoftwareStatement, BAD_REQUEST, "software_statement is not a signed token";
        /// A software statement of somebody whom we do not know.
        StatementUnapproved => UnapprovedSoftwareStatement, BAD_REQUEST,
            "software statements are not accepted here; leave it out";
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
        /// What was stored cannot be shown.
        Broken => ServerError, INTERNAL_SERVER_ERROR, "the registration cannot be shown";
    }
}

impl From<store::StoreError> for RegisterError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at registration");
        Self::StoreFailed
    }
}
