//! What the token endpoint refuses (RFC 6749 section 5.2) once the client is known.

use super::faults;

/// One text for every fault of a code: which one it was is for the log.
const BAD_CODE: &str = "the code is unknown, expired, used, or was issued for another request; start again";

/// One text for every fault of a refresh token.
const BAD_REFRESH: &str =
    "the refresh token is unknown, expired, used, revoked, or of another client; sign in again";
/// One text for what both stand on.
const BAD_GRANT: &str =
    "the code or refresh token does not hold any more, or not for this key; sign in again";

faults! {
    /// Why the token endpoint gives nothing (RFC 6749 section 5.2).
    TokenError {
        /// No `grant_type`.
        GrantTypeMissing => InvalidRequest, BAD_REQUEST, "grant_type is missing";
        /// No `code`.
        CodeMissing => InvalidRequest, BAD_REQUEST, "code is missing";
        /// No `redirect_uri` (A045).
        RedirectMissing => InvalidRequest, BAD_REQUEST, "redirect_uri is missing";
        /// No `refresh_token`.
        RefreshTokenMissing => InvalidRequest, BAD_REQUEST, "refresh_token is missing";
        /// A grant type that is not offered (A075, A079).
        GrantTypeUnknown => UnsupportedGrantType, BAD_REQUEST,
            "grant_type must be authorization_code, refresh_token or client_credentials";
        /// A grant type that is not in the client's registration (A075).
        GrantNotAllowed => UnauthorizedClient, BAD_REQUEST,
            "this grant type is not in the registration of this client";
        /// No such code (A047).
        CodeUnknown => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// The code is another client's, for whom it stays good (A043).
        CodeOfOtherClient => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// Over (A046).
        CodeExpired => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// Revoked before it was used (A058, A059).
        CodeRevoked => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// The sign-in, the account or the grant behind it does not hold any more (A039, A058, A059, A090).
        FootingLost => InvalidGrant, BAD_REQUEST, BAD_GRANT;
        /// Used before; what it gave is revoked (A041).
        CodeReplayed => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// Another redirect address than the request's; the code is spent.
        RedirectMismatch => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// A challenge, but no verifier; the code is spent.
        VerifierMissing => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// A verifier, but the request had no challenge (A053); the code is spent.
        VerifierUnexpected => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// The verifier is not the challenge's (A055); the code is spent.
        VerifierMismatch => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// The level fell below the client's floor, or below the one that was demanded, since the code was issued.
        LevelLost => InvalidGrant, BAD_REQUEST, BAD_GRANT;
        /// No such refresh token (A093, A094).
        RefreshUnknown => InvalidGrant, BAD_REQUEST, BAD_REFRESH;
        /// The refresh token is another client's, for whom it stays good (A089).
        RefreshOfOtherClient => InvalidGrant, BAD_REQUEST, BAD_REFRESH;
        /// Used before; its family is revoked, and the resident is told (A087).
        RefreshReplayed => InvalidGrant, BAD_REQUEST, BAD_REFRESH;
        /// Revoked.
        RefreshRevoked => InvalidGrant, BAD_REQUEST, BAD_REFRESH;
        /// Idle for too long, or over.
        RefreshExpired => InvalidGrant, BAD_REQUEST, BAD_REFRESH;
        /// The proof is by another key than the one that the code or the refresh token is bound to.
        KeyMismatch => InvalidGrant, BAD_REQUEST, BAD_GRANT;
        /// The code or the refresh token is bound to a key, and none was shown.
        KeyMissing => InvalidDpopProof, BAD_REQUEST, "send a DPoP proof by the key that the request was bound to";
        /// More scopes than were granted (A091).
        ScopeGrown => InvalidScope, BAD_REQUEST, "scope may be narrowed here, never widened";
        /// A word that is not in the registration, or one about residents (A077).
        ServiceScopeRefused => InvalidScope, BAD_REQUEST,
            "a scope is not among the service_scopes of this client";
        /// A resource beyond what was granted, or not in the registration (A078).
        TargetRefused => InvalidTarget, BAD_REQUEST, "a resource was not granted to this client";
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
        /// No token could be signed.
        NotSigned => ServerError, INTERNAL_SERVER_ERROR, "the token could not be made";
    }
}

impl From<store::StoreError> for TokenError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the token endpoint");
        Self::StoreFailed
    }
}
