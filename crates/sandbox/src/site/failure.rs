//! Why something that a sub-site tried at the provider did not come about.

use openidconnect::core::CoreErrorResponseType;
use openidconnect::{RequestTokenError, StandardErrorResponse};

use super::sender::FetchError;

/// Why a sign-in did not come about: a code for programs, and what the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub code: String,
    pub description: Option<String>,
}

impl Failure {
    pub(super) fn new(code: impl Into<String>, description: impl Into<Option<String>>) -> Self {
        Self {
            code: code.into(),
            description: description.into(),
        }
    }

    /// A failure with its whole chain of causes, which for a developer is the point.
    pub(super) fn because(code: &str, cause: impl std::error::Error) -> Self {
        let mut text = cause.to_string();
        let mut next = cause.source();
        while let Some(inner) = next {
            text = format!("{text}: {inner}");
            next = inner.source();
        }
        Self::new(code, text)
    }
}

/// What a token endpoint refused.
pub(super) fn token_failure(
    error: RequestTokenError<FetchError, StandardErrorResponse<CoreErrorResponseType>>,
) -> Failure {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            Failure::new(answer.error().to_string(), answer.error_description().cloned())
        }
        RequestTokenError::Request(error) => Failure::because("provider_unreachable", error),
        // The body may hold tokens, so it is not repeated.
        RequestTokenError::Parse(error, _body) => Failure::because("invalid_token_response", error),
        RequestTokenError::Other(text) => Failure::new("invalid_token_response", text),
    }
}
