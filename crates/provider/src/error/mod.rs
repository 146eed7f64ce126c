//! Every error that a program can be told, in one table: code, status, text.
//!
//! Codes are those of RFC 6749 (4.1.2.1, 5.2), RFC 6750 (3.1), RFC 7009, RFC 7591, RFC 8707, RFC 9101, RFC 9449, RFC
//! 9470, OpenID Connect Core (3.1.2.6) and Unmet Authentication Requirements. Each endpoint has a file of its own. Texts are ASCII English without quotation marks and backslashes (RFC 6749 5.2), say
//! what to do, and never which of several reasons it was where that would help somebody who guesses: the log has
//! the variant's name. Texts for people are in the message catalogue instead.

mod authorize;
mod client_auth;
mod dpop;
mod introspect;
mod level;
pub mod par;
mod register;
mod revoke;
mod token;
mod userinfo;

use std::fmt;

use http::StatusCode;

pub use authorize::AuthorizeError;
pub use client_auth::ClientAuthError;
pub use dpop::DpopError;
pub use introspect::IntrospectError;
pub use level::LevelError;
pub use register::RegisterError;
pub use revoke::RevokeError;
pub use token::TokenError;
pub use userinfo::UserinfoError;

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
    /// The access token does not reach that far (RFC 6750 section 3.1).
    InsufficientScope,
    /// The sign-in behind the access token is not good enough (RFC 9470).
    InsufficientUserAuthentication,
    /// A resource that the client may not ask for (RFC 8707).
    InvalidTarget,
    /// A request object that is not what it must be (RFC 9101).
    InvalidRequestObject,
    /// A proof of possession that is not what it must be (RFC 9449).
    InvalidDpopProof,
    /// A proof of possession without a nonce of ours that is fresh (RFC 9449 section 8).
    UseDpopNonce,
    /// A redirect address that cannot be registered (RFC 7591).
    InvalidRedirectUri,
    /// Metadata that cannot be registered (RFC 7591).
    InvalidClientMetadata,
    /// A software statement that is none (RFC 7591).
    InvalidSoftwareStatement,
    /// A software statement that is not accepted (RFC 7591).
    UnapprovedSoftwareStatement,
    /// A kind of token that cannot be revoked (RFC 7009).
    UnsupportedTokenType,
    /// Nobody of that name; a word of our own.
    UnknownPerson,
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
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::UnknownPerson => "unknown_person",
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

/// A fault that has a row in the table.
pub trait Fault: fmt::Debug + Copy {
    /// What the other side is told.
    fn told(self) -> Row;
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

        impl $crate::error::Fault for $name {
            fn told(self) -> $crate::error::Row {
                self.row()
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

pub(crate) use faults;

#[cfg(test)]
mod tests {
    use super::*;

    fn part<F: Fault>(rows: &mut Vec<(&'static str, String, Row)>, place: &'static str, faults: &[F]) {
        rows.extend(
            faults
                .iter()
                .map(|fault| (place, format!("{fault:?}"), fault.told())),
        );
    }

    fn rows() -> Vec<(&'static str, String, Row)> {
        let mut rows = Vec::new();
        part(&mut rows, "client_auth", ClientAuthError::ALL);
        part(&mut rows, "dpop", DpopError::ALL);
        part(&mut rows, "token", TokenError::ALL);
        part(&mut rows, "register", RegisterError::ALL);
        part(&mut rows, "userinfo", UserinfoError::ALL);
        part(&mut rows, "introspect", IntrospectError::ALL);
        part(&mut rows, "revoke", RevokeError::ALL);
        part(&mut rows, "authorize", AuthorizeError::ALL);
        part(&mut rows, "par", par::ParError::ALL);
        part(&mut rows, "level", LevelError::ALL);
        rows
    }

    #[test]
    fn the_table_of_errors_is_what_docs_and_clients_rely_on() {
        let table: Vec<String> = rows()
            .iter()
            .map(|(place, name, row)| {
                format!(
                    "{place:11} {name:26} {} {:24} {}",
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
