//! A sub-site that has a key instead of a secret: it proves itself with assertions that the key signs (RFC 7523), and
//! sends the parameters of its requests ahead (RFC 9126), as FAPI 2.0 Security Profile section 5.3 wants.

use chrono::TimeDelta;
use model::secret::Token;
use openidconnect::{AuthType, ClientSecret};
use serde_json::{Value, json};
use url::Url;

use super::failure::Failure;
use super::protocol::Metadata;
use super::relying_party::RelyingParty;
use crate::jws::OwnKey;

/// How long an assertion is good for.
const ASSERTION_LIFE: TimeDelta = TimeDelta::seconds(60);
/// What an assertion calls itself (RFC 7523 section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a site proves itself to the provider.
pub(super) enum Credential {
    Secret(ClientSecret, AuthType),
    Key(Box<OwnKey>),
}

impl RelyingParty {
    /// The form fields with which the site proves itself by its key; none where it has a secret (RFC 7523; the audience
    /// is the issuer alone, FAPI 2.0 Security Profile section 5.3.3.1).
    pub(super) fn assertion(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        let Credential::Key(key) = &self.credential else {
            return Ok(Vec::new());
        };
        let now = self.clock.now();
        let claims = json!({
            "iss": self.client_id.as_str(),
            "sub": self.client_id.as_str(),
            "aud": self.issuer,
            "jti": Token::generate(&self.rng).expose(),
            "iat": now.timestamp(),
            "exp": (now + ASSERTION_LIFE).timestamp(),
        });
        let assertion = key
            .sign(&json!({ "typ": "JWT", "kid": key.kid }), &claims)
            .map_err(|error| Failure::new("invalid_configuration", error.to_string()))?;
        Ok(vec![
            ("client_assertion_type", ASSERTION_TYPE.to_owned()),
            ("client_assertion", assertion),
        ])
    }

    /// Sends the parameters ahead, so that the browser carries only a reference to them (RFC 9126 section 2).
    pub(super) async fn push(&self, metadata: &Metadata, request: &Url) -> Result<Url, Failure> {
        let endpoint = metadata
            .additional_metadata()
            .additional_metadata
            .pushed_authorization_request_endpoint
            .clone()
            .ok_or_else(|| Failure::new("no_pushed_requests", None))?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(request.query_pairs())
            .extend_pairs(self.assertion()?)
            .finish();
        let post = openidconnect::http::Request::post(endpoint)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form.into_bytes())
            .map_err(|error| Failure::because("invalid_configuration", error))?;
        let answer = self
            .sender
            .clone()
            .plain(post)
            .await
            .map_err(|error| Failure::because("provider_unreachable", error))?;
        let document: Value = serde_json::from_slice(answer.body())
            .map_err(|error| Failure::because("invalid_pushed_response", error))?;
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        if let Some(error) = text("error") {
            return Err(Failure::new(error, text("error_description").map(str::to_owned)));
        }
        let handle = text("request_uri")
            .ok_or_else(|| Failure::new("invalid_pushed_response", "no request_uri".to_owned()))?;
        let mut url = request.clone();
        url.query_pairs_mut()
            .clear()
            .append_pair("client_id", self.client_id.as_str())
            .append_pair("request_uri", handle);
        Ok(url)
    }
}
