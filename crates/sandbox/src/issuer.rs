//! What a program that is no relying party itself knows of the provider: its metadata (OpenID Connect Discovery 1.0,
//! RFC 8414) and its keys. Asked for when first needed, kept for a while, and asked again, seldom, when a token names
//! a key that is not known, because providers change their keys.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::jws::Compact;
use crate::wire;

/// How long an answer is believed.
const LIFE: Duration = Duration::from_mins(10);
/// The pause between two looks for keys that nobody knows: tokens of strangers must not make us ask all the time.
const PAUSE: Duration = Duration::from_secs(5);

/// The provider could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreachable;

struct Found {
    at: Instant,
    metadata: Map<String, Value>,
    keys: Vec<CoreJsonWebKey>,
}

#[derive(Default)]
struct State {
    found: Option<Arc<Found>>,
    /// When somebody last looked for an unknown key.
    looked_at: Option<Instant>,
}

/// The provider as others see it.
pub(crate) struct Issuer {
    /// Its name, compared character by character.
    pub name: String,
    http: reqwest::Client,
    state: Mutex<State>,
}

impl Issuer {
    pub(crate) fn new(name: &str, http: reqwest::Client) -> Self {
        Self {
            name: name.to_owned(),
            http,
            state: Mutex::default(),
        }
    }

    /// An address from the metadata.
    pub(crate) async fn endpoint(&self, member: &str) -> Result<Option<String>, Unreachable> {
        let found = self.found(None).await?;
        Ok(found
            .metadata
            .get(member)
            .and_then(Value::as_str)
            .map(str::to_owned))
    }

    /// The claims of a token that the provider signed; `None` when it did not.
    pub(crate) async fn verify(&self, token: &Compact) -> Result<Option<Map<String, Value>>, Unreachable> {
        let found = self.found(Some(token)).await?;
        Ok(token.verify_with(&found.keys).cloned())
    }

    async fn found(&self, token: Option<&Compact>) -> Result<Arc<Found>, Unreachable> {
        let mut state = self.state.lock().await;
        if let Some(found) = &state.found
            && found.at.elapsed() < LIFE
        {
            let known = token.is_none_or(|token| token.names_one_of(&found.keys));
            let lately = state.looked_at.is_some_and(|at| at.elapsed() < PAUSE);
            if known || lately {
                return Ok(Arc::clone(found));
            }
            state.looked_at = Some(Instant::now());
        }
        let found = Arc::new(self.ask().await?);
        state.found = Some(Arc::clone(&found));
        Ok(found)
    }

    async fn ask(&self) -> Result<Found, Unreachable> {
        let base = self.name.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let metadata: Map<String, Value> = self.document(&url).await?;
        let text = |member: &str| metadata.get(member).and_then(Value::as_str);
        if text("issuer") != Some(self.name.as_str()) {
            tracing::warn!("the provider's metadata name another issuer");
            return Err(Unreachable);
        }
        let keys_at = text("jwks_uri").ok_or(Unreachable)?;
        let keys: CoreJsonWebKeySet = self.document(keys_at).await?;
        Ok(Found {
            at: Instant::now(),
            keys: keys.keys().clone(),
            metadata,
        })
    }

    async fn document<T: serde::de::DeserializeOwned>(&self, url: &str) -> Result<T, Unreachable> {
        let failed = |error: reqwest::Error| {
            tracing::warn!(error = %error.without_url(), "the provider could not be asked");
            Unreachable
        };
        let response = self.http.get(url).send().await.map_err(failed)?;
        let response = response.error_for_status().map_err(failed)?;
        let body = wire::read(response, wire::ANSWER_MAX_BYTES)
            .await
            .ok_or(Unreachable)?;
        serde_json::from_slice(&body).map_err(|error| {
            tracing::warn!(%error, "the provider's document cannot be read");
            Unreachable
        })
    }
}
