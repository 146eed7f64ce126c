//! What the userinfo endpoint refuses (RFC 6750 section 3.1, RFC 9449 section 7.1).

use super::faults;

/// One text for every fault of an access token.
const BAD_TOKEN: &str = "the access token is unknown, expired or revoked; sign in again";
/// One text for every fault of how a bound token is shown.
const BOUND: &str =
    "the access token is bound to a key; send it with the DPoP scheme and a proof by that key";

faults! {
    /// Why the userinfo endpoint tells nothing.
    UserinfoError {
        /// No token at all; the challenge has no error then.
        TokenMissing => InvalidToken, UNAUTHORIZED, "send the access token in the Authorization header";
        /// A token in the address, where logs would keep it (A095).
        TokenInQuery => InvalidRequest, BAD_REQUEST,
            "the access token belongs into the Authorization header; treat this one as leaked";
        /// A token in two places, or two tokens (A095).
        SeveralTokens => InvalidRequest, BAD_REQUEST, "send the access token once";
        /// The request cannot be read.
        Unreadable => InvalidRequest, BAD_REQUEST, "the request cannot be read";
        /// Unknown, expired or revoked, or what it stands on does not hold any more; a token of a client in its own name
        /// is about nobody.
        TokenRefused => InvalidToken, UNAUTHORIZED, BAD_TOKEN;
        /// The token is for other resources (A098).
        OtherAudience => InvalidToken, UNAUTHORIZED, BAD_TOKEN;
        /// The client was removed or disabled.
        ClientGone => InvalidToken, UNAUTHORIZED, BAD_TOKEN;
        /// A token that was not asked for with `openid`.
        NotForIdentity => InsufficientScope, FORBIDDEN, "the access token was not granted openid";
        /// A token that is bound to a key came as if it were not (A095).
        BoundToken => InvalidToken, UNAUTHORIZED, BOUND;
        /// A token that is not bound came as if it were.
        NotBound => InvalidToken, UNAUTHORIZED, BAD_TOKEN;
        /// The proof is by another key.
        KeyMismatch => InvalidToken, UNAUTHORIZED, BOUND;
        /// A token that is bound to a key came without a proof.
        ProofMissing => InvalidDpopProof, UNAUTHORIZED, BOUND;
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
        /// No answer could be signed.
        NotSigned => ServerError, INTERNAL_SERVER_ERROR, "the answer could not be made";
    }
}

impl From<store::StoreError> for UserinfoError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the userinfo endpoint");
        Self::StoreFailed
    }
}
