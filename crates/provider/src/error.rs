//! Every error that a program can be told, in one table: code, status, text.
//!
//! Codes are those of RFC 6749 (4.1.2.1, 5.2), RFC 6750 (3.1), OpenID Connect Core (3.1.2.6) and Unmet
//! Authentication Requirements. Texts are ASCII English without quotation marks and backslashes (RFC 6749 5.2), say
//! what to do, and never which of several reasons it was where that would help somebody who guesses: the log has
//! the variant's name. Texts for people are in the message catalogue instead.

use std::fmt;

use http::StatusCode;

/// A registered error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// The request is malformed.
    InvalidRequest,
    /// The client may not do this.
    UnauthorizedClient,
    /// The resident or the provider refused.
    AccessDenied,
    /// Another `response_type` than `code`.
    UnsupportedResponseType,
    /// A scope that the client may not ask for.
    InvalidScope,
    /// A fault of ours.
    ServerError,
    /// Something that is needed does not answer.
    TemporarilyUnavailable,
    /// `prompt=none`, and nobody is signed in.
    LoginRequired,
    /// `prompt=none`, and consent is missing.
    ConsentRequired,
    /// `prompt=none`, and a page would be needed.
    InteractionRequired,
    /// `prompt=none`, and an account would have to be chosen.
    AccountSelectionRequired,
    /// The `request` parameter.
    RequestNotSupported,
    /// The `request_uri` parameter.
    RequestUriNotSupported,
    /// The `registration` parameter.
    RegistrationNotSupported,
    /// An essential level that was not reached.
    UnmetAuthenticationRequirements,
    /// The client's proof is refused.
    InvalidClient,
    /// The code is worth nothing.
    InvalidGrant,
    /// A grant type that is not offered.
    UnsupportedGrantType,
    /// The access token is worth nothing.
    InvalidToken,
}

impl ErrorCode {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidToken => "invalid_token",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One row of the table: what the other side is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The registered code.
    pub code: ErrorCode,
    /// The HTTP status, where the answer is not a redirect.
    pub status: StatusCode,
    /// The `error_description`.
    pub text: &'static str,
}

/// Writes an enumeration of faults together with its part of the table.
macro_rules! faults {
    ($(#[$outer:meta])* $name:ident {
        $($(#[$doc:meta])* $variant:ident => $code:ident, $status:ident, $text:expr;)*
    }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every fault, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What the other side is told.
            pub const fn row(self) -> $crate::error::Row {
                match self {
                    $(Self::$variant => $crate::error::Row {
                        code: $crate::error::ErrorCode::$code,
                        status: ::http::StatusCode::$status,
                        text: $text,
                    },)*
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.row().text)
            }
        }

        impl ::std::error::Error for $name {}
    };
}

/// One text for every fault of a code: which one it was is for the log.
const BAD_CODE: &str = "the code is unknown, expired, used, or was issued for another request; start again";
/// One text for every fault of a client's proof.
const BAD_CLIENT: &str = "the client is unknown, or its authentication is not the registered one or is wrong";
/// One text for every fault of an access token.
const BAD_TOKEN: &str = "the access token is unknown, expired or revoked; sign in again";

faults! {
    /// Why the token endpoint gives nothing (RFC 6749 section 5.2).
    TokenError {
        /// Another method than POST (A061).
        NotPost => InvalidRequest, METHOD_NOT_ALLOWED, "the token endpoint takes POST only";
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
        /// No `grant_type`.
        GrantTypeMissing => InvalidRequest, BAD_REQUEST, "grant_type is missing";
        /// No `code`.
        CodeMissing => InvalidRequest, BAD_REQUEST, "code is missing";
        /// No `redirect_uri` (A045).
        RedirectMissing => InvalidRequest, BAD_REQUEST, "redirect_uri is missing";
        /// A grant type that is not offered (A075, A079).
        GrantTypeUnknown => UnsupportedGrantType, BAD_REQUEST, "grant_type must be authorization_code";
        /// No authentication and no `client_id` either.
        ClientMissing => InvalidClient, UNAUTHORIZED, BAD_CLIENT;
        /// Unknown, removed, disabled (A081), another method than the registered one, or a wrong credential.
        ClientRefused => InvalidClient, UNAUTHORIZED, BAD_CLIENT;
        /// An assertion that was used before (A071).
        AssertionReplayed => InvalidClient, UNAUTHORIZED, BAD_CLIENT;
        /// Too many refusals from one address; says when to come back.
        TooManyRefusals => InvalidClient, TOO_MANY_REQUESTS, BAD_CLIENT;
        /// No such code (A047).
        CodeUnknown => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// The code is another client's, for whom it stays good (A043).
        CodeOfOtherClient => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// Over (A046).
        CodeExpired => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// Revoked before it was used (A058, A059).
        CodeRevoked => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// The sign-in, the account or the grant behind it does not hold any more (A039, A058, A059).
        CodeFootingLost => InvalidGrant, BAD_REQUEST, BAD_CODE;
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
        /// The level fell below the client's floor, or below the one that was demanded, between the code and its
        /// redemption; the code is spent.
        LevelLost => InvalidGrant, BAD_REQUEST, BAD_CODE;
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
        /// No token could be signed.
        NotSigned => ServerError, INTERNAL_SERVER_ERROR, "the token could not be made";
    }
}

faults! {
    /// Why the userinfo endpoint tells nothing (RFC 6750 section 3.1).
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
        /// Unknown, expired or revoked, or what it stands on does not hold any more.
        TokenRefused => InvalidToken, UNAUTHORIZED, BAD_TOKEN;
        /// The client was removed or disabled.
        ClientGone => InvalidToken, UNAUTHORIZED, BAD_TOKEN;
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SERVICE_UNAVAILABLE, "try again in a moment";
    }
}

faults! {
    /// Why a sub-site gets an error instead of a code (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6). Sent
    /// only to a redirect address that is registered, so there is no status of its own.
    AuthorizeError {
        /// A parameter is there twice (RFC 6749 section 3.1, A017, A018).
        ParameterRepeated => InvalidRequest, SEE_OTHER, "a parameter is repeated";
        /// A parameter is over its limit.
        TooLong => InvalidRequest, SEE_OTHER, "a parameter is too long";
        /// The parameters that count are over their limit together (A311).
        RequestTooLong => InvalidRequest, SEE_OTHER, "the parameters together are longer than 8192 bytes";
        /// `state` is over its limit; it is not sent back, because a part of it would be worth nothing (A023).
        StateTooLong => InvalidRequest, SEE_OTHER, "state is longer than 1024 bytes";
        /// No `response_type`.
        ResponseTypeMissing => InvalidRequest, SEE_OTHER, "response_type is missing; use code";
        /// Another `response_type` (A019).
        ResponseTypeUnsupported => UnsupportedResponseType, SEE_OTHER, "response_type must be code";
        /// Another `response_mode` than `query` (A021).
        ResponseModeUnsupported => InvalidRequest, SEE_OTHER, "response_mode must be query or left out";
        /// A request object by value.
        RequestObject => RequestNotSupported, SEE_OTHER, "request objects are not supported";
        /// A request object by reference.
        RequestUri => RequestUriNotSupported, SEE_OTHER, "request_uri is not supported";
        /// The metadata of a client that nobody registered.
        Registration => RegistrationNotSupported, SEE_OTHER, "the registration parameter is not supported";
        /// Too many words (A307).
        ScopeTooLong => InvalidScope, SEE_OTHER, "scope is too long";
        /// `scope` lacks `openid`.
        OpenidMissing => InvalidScope, SEE_OTHER, "scope must hold openid";
        /// Beyond the client's registration.
        ScopeNotAllowed => InvalidScope, SEE_OTHER, "a scope is not in the registration of this client";
        /// A client that relies on `nonce` sent none.
        NonceMissing => InvalidRequest, SEE_OTHER, "this client relies on nonce, which is missing";
        /// No PKCE (A049).
        ChallengeMissing => InvalidRequest, SEE_OTHER, "code_challenge is missing; use PKCE with S256";
        /// PKCE with `plain`, which is also what no method means (A050).
        ChallengeMethod => InvalidRequest, SEE_OTHER, "code_challenge_method must be S256";
        /// Not the form of a SHA-256 value (A051).
        ChallengeMalformed => InvalidRequest, SEE_OTHER, "code_challenge must be 43 characters of base64url";
        /// An unknown word in `prompt` (A027).
        PromptUnknown => InvalidRequest, SEE_OTHER, "prompt has an unknown value";
        /// `none` and something else (A027).
        PromptNoneNotAlone => InvalidRequest, SEE_OTHER, "prompt none must stand alone";
        /// Not a number, or more than a year (A027).
        MaxAgeMalformed => InvalidRequest, SEE_OTHER, "max_age must be 0 to 31536000 seconds";
        /// More than 8 KiB (A307).
        ClaimsTooLong => InvalidRequest, SEE_OTHER, "claims is longer than 8192 bytes";
        /// Not one JSON object in which nothing is said twice.
        ClaimsNotJson => InvalidRequest, SEE_OTHER, "claims must be one JSON object without repeated members";
        /// JSON of another shape than OpenID Connect Core 5.5 describes.
        ClaimsMalformed => InvalidRequest, SEE_OTHER, "claims does not have the form of OpenID Connect Core 5.5";
        /// Not a token of ours, or issued to somebody else.
        HintRefused => InvalidRequest, SEE_OTHER, "id_token_hint is not an ID token that was issued to this client";
        /// Above what the client may ask for (A030).
        LevelNotAllowed => AccessDenied, SEE_OTHER, "this client may not ask for this level";
        /// Nobody is signed in, or not lately enough, or somebody else than the request names.
        LoginRequired => LoginRequired, SEE_OTHER, "a sign-in is needed";
        /// The level is too low, and nothing may be asked.
        LevelTooLow => InteractionRequired, SEE_OTHER, "the level is too low; send the request without prompt none";
        /// The level is too low and stays so. What is missing is said in addition.
        LevelUnmet => UnmetAuthenticationRequirements, SEE_OTHER, "the demanded level was not reached";
        /// The resident has not decided yet, and nothing may be asked.
        ConsentRequired => ConsentRequired, SEE_OTHER, "consent is needed; send the request without prompt none";
        /// The resident said no.
        ConsentDenied => AccessDenied, SEE_OTHER, "the resident did not agree";
        /// The resident left the page.
        Cancelled => AccessDenied, SEE_OTHER, "the resident cancelled";
        /// The account is of a kind that the client does not take.
        AccountKindNotAllowed => AccessDenied, SEE_OTHER, "accounts of this kind cannot sign in at this client";
        /// The database does not answer.
        StoreFailed => TemporarilyUnavailable, SEE_OTHER, "try again in a moment";
    }
}

impl From<store::StoreError> for TokenError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the token endpoint");
        Self::StoreFailed
    }
}

impl From<store::StoreError> for UserinfoError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the userinfo endpoint");
        Self::StoreFailed
    }
}

impl From<store::StoreError> for AuthorizeError {
    fn from(error: store::StoreError) -> Self {
        tracing::error!(cause = %error, "the store failed at the authorization endpoint");
        Self::StoreFailed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<(&'static str, String, Row)> {
        let token = TokenError::ALL
            .iter()
            .map(|e| ("token", format!("{e:?}"), e.row()));
        let userinfo = UserinfoError::ALL
            .iter()
            .map(|e| ("userinfo", format!("{e:?}"), e.row()));
        let authorize = AuthorizeError::ALL
            .iter()
            .map(|e| ("authorize", format!("{e:?}"), e.row()));
        token.chain(userinfo).chain(authorize).collect()
    }

    #[test]
    fn the_table_of_errors_is_what_docs_and_clients_rely_on() {
        let table: Vec<String> = rows()
            .iter()
            .map(|(place, name, row)| {
                format!(
                    "{place:8} {name:18} {} {:24} {}",
                    row.status.as_u16(),
                    row.code.as_str(),
                    row.text
                )
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn texts_have_only_the_characters_of_rfc_6749() {
        for (_, name, row) in rows() {
            let allowed = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
            assert!(row.text.chars().all(allowed), "{name}");
            assert_eq!(row.text.trim(), row.text, "{name}");
        }
    }
}
