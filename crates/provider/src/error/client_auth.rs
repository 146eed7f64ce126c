//! What every endpoint that clients authenticate at refuses (RFC 6749 sections 2.3 and 5.2, RFC 7523).

use super::faults;

/// One text for every fault of a client's proof.
const BAD_CLIENT: &str = "the client is unknown, or its authentication is not the registered one or is wrong";

faults! {
    /// Why a request is refused before its endpoint looks at it.
    ClientAuthError {
        /// Another method than POST (A061).
        NotPost => InvalidRequest, METHOD_NOT_ALLOWED, "this endpoint takes POST only";
        /// The body is not a form (A061).
        NotAForm => InvalidRequest, BAD_REQUEST,
            "send the parameters in the body as application/x-www-form-urlencoded";
        /// The body is too large or has too many parameters.
        TooLarge => InvalidRequest, PAYLOAD_TOO_LARGE, "the request is too large";
        /// Not UTF-8, or cut off.
        Unreadable => InvalidRequest, BAD_REQUEST, "the parameters cannot be read";
        /// A parameter is there twice.
        ParameterRepeated => InvalidRequest, BAD_REQUEST, "a parameter is repeated";
        /// Parameters in the address, where logs would keep them (A062).
        ParametersInQuery => InvalidRequest, BAD_REQUEST,
            "parameters belong into the body, never into the address; treat what was sent there as leaked";
        /// Two ways of authentication at once (A063).
        SeveralMethods => InvalidRequest, BAD_REQUEST, "use one method of client authentication only";
        /// No authentication and no `client_id` either.
        ClientMissing => InvalidClient, UNAUTHORIZED, BAD_CLIENT;
        /// Unknown, removed, disabled (A081), another method than the registered one, or a wrong credential.
        ClientRefused => InvalidClient, UNAUTHORIZED, BAD_CLIENT;
        /// A client without a credential where one is needed.
        PublicRefused => InvalidClient, UNAUTHORIZED, BAD_CLIENT;
        /// An assertion that was used before (A071).
        AssertionReplayed => InvalidClient, UNAUTHORIZED, BAD_CLIENT;
        /// Too many refusals from one address; says when to come back.
        TooManyRefusals => InvalidClient, TOO_MANY_REQUESTS, BAD_CLIENT;
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
    }
}

impl From<store::StoreError> for ClientAuthError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed while a client was proven");
        Self::StoreFailed
    }
}
