//! Why a request got nothing, and the answer that says so: RFC 6750 section 3 for bearer tokens, RFC 9449 section 7.1 for
//! bound ones, RFC 9470 section 3 where the person must be proven better or again.

use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, json};

use crate::jws::ALGORITHMS;
use crate::wire;

/// How the token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Bearer,
    Dpop,
}

impl Scheme {
    const fn word(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// Why a request got nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There was no token at all: no error, only what would do.
    NoToken,
    /// The request itself is wrong.
    Malformed(&'static str),
    /// The token is not good here.
    Token(Scheme, &'static str),
    /// The proof of the key is not good.
    Proof(&'static str),
    /// The proof lacks the nonce, which comes with the answer.
    NonceNeeded,
    /// The person must be proven better, or again.
    Authentication {
        scheme: Scheme,
        level: u8,
        max_age_seconds: Option<i64>,
        why: &'static str,
    },
    /// The provider could not be asked.
    Unavailable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, error, why) = self.words();
        write!(f, "{error}: {why}")
    }
}

impl Refusal {
    const fn words(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "unauthorised",
                "an access token is needed",
            ),
            Self::Malformed(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
            Self::Token(_, why) => (StatusCode::UNAUTHORIZED, "invalid_token", why),
            Self::Proof(why) => (StatusCode::UNAUTHORIZED, "invalid_dpop_proof", why),
            Self::NonceNeeded => (
                StatusCode::UNAUTHORIZED,
                "use_dpop_nonce",
                "the proof needs the nonce of this server",
            ),
            Self::Authentication { why, .. } => {
                (StatusCode::UNAUTHORIZED, "insufficient_user_authentication", why)
            }
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "the provider could not be asked",
            ),
        }
    }

    /// The challenges: the scheme that was tried, or both where none was.
    fn challenges(&self, description: &str) -> Vec<String> {
        let (status, error, why) = self.words();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Vec::new();
        }
        let mut members = vec![format!("resource_metadata=\"{description}\"")];
        let algorithms = format!("algs=\"{}\"", ALGORITHMS.join(" "));
        let scheme = match self {
            Self::NoToken => {
                return vec![
                    format!("Bearer {}", members.join(", ")),
                    format!("DPoP {algorithms}, {}", members.join(", ")),
                ];
            }
            Self::Malformed(_) | Self::Unavailable => Scheme::Bearer,
            Self::Proof(_) | Self::NonceNeeded => Scheme::Dpop,
            Self::Token(scheme, _) | Self::Authentication { scheme, .. } => *scheme,
        };
        members.push(format!("error=\"{error}\""));
        members.push(format!("error_description=\"{why}\""));
        if let Self::Authentication {
            level,
            max_age_seconds,
            ..
        } = self
        {
            members.push(format!("acr_values=\"{}\"", super::guard::acr(*level)));
            if let Some(seconds) = max_age_seconds {
                members.push(format!("max_age=\"{seconds}\""));
            }
        }
        if scheme == Scheme::Dpop {
            members.push(algorithms);
        }
        vec![format!("{} {}", scheme.word(), members.join(", "))]
    }

    /// The answer.
    pub(super) fn into_response(self, description: &str) -> Response {
        let (status, error, why) = self.words();
        let mut document = Map::new();
        document.insert("error".to_owned(), json!(error));
        document.insert("error_description".to_owned(), json!(why));
        let mut response = wire::json(status, &document);
        for challenge in self.challenges(description) {
            if let Ok(value) = HeaderValue::from_str(&challenge) {
                response.headers_mut().append(header::WWW_AUTHENTICATE, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(refusal: &Refusal) -> String {
        refusal.challenges("http://r/x").join(" | ")
    }

    #[test]
    fn challenges_say_what_would_do() {
        let authentication = Refusal::Authentication {
            scheme: Scheme::Bearer,
            level: 2,
            max_age_seconds: Some(300),
            why: "a higher level is needed",
        };
        assert_eq!(
            challenge(&authentication),
            "Bearer resource_metadata=\"http://r/x\", error=\"insufficient_user_authentication\", \
             error_description=\"a higher level is needed\", acr_values=\"urn:denizen:loa:2\", max_age=\"300\""
        );
        let none = challenge(&Refusal::NoToken);
        assert!(none.starts_with("Bearer resource_metadata") && none.contains(" | DPoP algs=\"ES256 "));
        assert!(
            !none.contains("error="),
            "RFC 6750 section 3.1: no error where nothing was tried"
        );
        assert!(challenge(&Refusal::NonceNeeded).starts_with("DPoP "));
        assert_eq!(challenge(&Refusal::Unavailable), "");
    }
}
