//! The form of a token request: each parameter at most once, empty means absent (RFC 6749 section 3.2), nothing in
//! the address.

use std::fmt;

use web::extract::{RawParams, RawParamsError};

use crate::error::TokenError;

/// Parameters that must never be in the address: there they would be in logs and histories (A062).
const ONLY_IN_BODY: [&str; 8] = [
    "grant_type",
    "code",
    "code_verifier",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "refresh_token",
];

/// The parameters.
pub(super) struct TokenForm(Vec<(String, String)>);

impl fmt::Debug for TokenForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenForm(…)")
    }
}

impl TokenForm {
    pub(super) fn read(params: Result<RawParams, RawParamsError>) -> Result<Self, TokenError> {
        let params = params.map_err(|error| match error {
            RawParamsError::ContentType => TokenError::NotAForm,
            RawParamsError::TooLarge | RawParamsError::TooMany => TokenError::TooLarge,
            RawParamsError::NotUtf8 | RawParamsError::Incomplete => TokenError::Unreadable,
        })?;
        if params
            .query
            .iter()
            .any(|(name, _)| ONLY_IN_BODY.contains(&name.as_str()))
        {
            return Err(TokenError::ParametersInQuery);
        }
        let mut names: Vec<&str> = params.body.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.is_sorted_by(|a, b| a < b) {
            Ok(Self(params.body))
        } else {
            Err(TokenError::ParameterRepeated)
        }
    }

    /// A parameter that is there and not empty.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether a parameter is there, be it empty.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }
}
