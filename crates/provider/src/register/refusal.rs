//! A refusal: its row of the table, the member that it is about, its headers.

use axum::response::Response;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use model::client::ClientFault;
use serde::Serialize;

use crate::error::RegisterError;
use crate::wire;

/// The longest `error_description`.
const DESCRIPTION_CHARACTERS: usize = 300;

#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: RegisterError,
    /// The member, and what would be right.
    detail: Option<String>,
    retry_after_seconds: Option<i64>,
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
}

impl<E: Into<RegisterError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            detail: None,
            retry_after_seconds: None,
        }
    }
}

impl From<ClientFault> for Refusal {
    fn from(fault: ClientFault) -> Self {
        let error = match fault.key {
            "redirect_uris" => RegisterError::RedirectUri,
            _ => RegisterError::Metadata,
        };
        Self::about(error, member(fault.key), &fault.problem)
    }
}

/// The standard's name of a member that our files call otherwise.
fn member(key: &str) -> &str {
    match key {
        "name" => "client_name",
        "scopes" => "scope",
        "auth_method" => "token_endpoint_auth_method",
        "default_level" => "default_acr_values",
        other => other,
    }
}

impl Refusal {
    /// A fault of one member.
    pub(super) fn about(error: RegisterError, member: &str, problem: &str) -> Self {
        Self {
            detail: Some(format!("{member}: {problem}")),
            ..Self::from(error)
        }
    }

    /// A member that cannot be registered.
    pub(super) fn member(member: &str, problem: &str) -> Self {
        Self::about(RegisterError::Metadata, member, problem)
    }

    /// Too many tries; says when to come back.
    pub(super) fn later(seconds: i64) -> Self {
        Self {
            retry_after_seconds: Some(seconds),
            ..Self::from(RegisterError::TooManyTries)
        }
    }

    pub(super) fn into_response(self) -> Response {
        tracing::info!(reason = ?self.error, "registration refused");
        let row = self.error.row();
        let body = Body {
            error: row.code.as_str(),
            error_description: self
                .detail
                .as_deref()
                .map_or_else(|| row.text.to_owned(), description),
        };
        let mut response = wire::private(row.status, &body);
        let headers = response.headers_mut();
        if row.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 section 3.1: whoever sent nothing is not told of an error.
            let challenge = match self.error {
                RegisterError::TokenMissing => "Bearer realm=\"registration\"",
                _ => "Bearer realm=\"registration\", error=\"invalid_token\"",
            };
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Only the characters of RFC 6749 section 5.2, which what was sent need not have.
fn description(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '"' | '\\'))
        .map(|c| if matches!(c, ' '..='~') { c } else { '?' })
        .take(DESCRIPTION_CHARACTERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_only_the_characters_of_rfc_6749() {
        assert_eq!(description("a \"b\" \\ c\n合"), "a b  c??");
        assert_eq!(description(&"x".repeat(1000)).len(), DESCRIPTION_CHARACTERS);
    }
}
