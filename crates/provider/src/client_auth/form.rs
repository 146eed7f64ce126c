//! The form of a request: each parameter at most once, empty means absent (RFC 6749 section 3.2), nothing in the
//! address. Only `resource` may come several times (RFC 8707 section 2).

use std::fmt;

use web::extract::{RawParams, RawParamsError};

use crate::error::ClientAuthError;

/// Parameters that must never be in the address: there they would be in logs and histories (A062).
const ONLY_IN_BODY: [&str; 11] = [
    "grant_type",
    "code",
    "code_verifier",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "refresh_token",
    "token",
    "request",
    "login_hint",
];

/// The one parameter that may be repeated, and how often.
const REPEATABLE: &str = "resource";
const REPEATED_MAX: usize = 16;

/// The parameters.
pub struct Form(Vec<(String, String)>);

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(…)")
    }
}

impl Form {
    pub(super) fn read(params: Result<RawParams, RawParamsError>) -> Result<Self, ClientAuthError> {
        let params = params.map_err(|error| match error {
            RawParamsError::ContentType => ClientAuthError::NotAForm,
            RawParamsError::TooLarge | RawParamsError::TooMany => ClientAuthError::TooLarge,
            RawParamsError::NotUtf8 | RawParamsError::Incomplete => ClientAuthError::Unreadable,
        })?;
        if params
            .query
            .iter()
            .any(|(name, _)| ONLY_IN_BODY.contains(&name.as_str()))
        {
            return Err(ClientAuthError::ParametersInQuery);
        }
        let names = params.body.iter().map(|(name, _)| name.as_str());
        let mut once: Vec<&str> = names.filter(|name| *name != REPEATABLE).collect();
        let repeatable = params.body.len() - once.len();
        once.sort_unstable();
        if once.is_sorted_by(|a, b| a < b) && repeatable <= REPEATED_MAX {
            Ok(Self(params.body))
        } else {
            Err(ClientAuthError::ParameterRepeated)
        }
    }

    /// A parameter that is there and not empty.
    pub fn one(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may be repeated, without empty ones.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self
            .0
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty());
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Everything, in the order in which it came.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Whether a parameter is there, be it empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }
}
