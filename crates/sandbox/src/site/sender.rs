//! What a sub-site sends its requests with: the `openidconnect` crate's requests and its own, with a proof of its key
//! where the site binds its tokens (RFC 9449), tried again once when a server wants its nonce in the proof (section 8).

use std::sync::Arc;

use openidconnect::http::{HeaderValue, StatusCode, header};
use openidconnect::{HttpRequest, HttpResponse};

use crate::dpop::Prover;
use crate::wire;

/// Why a request failed.
#[derive(Debug)]
pub(super) struct FetchError(String);

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for FetchError {}

/// The client; a cheap handle.
#[derive(Clone)]
pub(super) struct Sender {
    http: reqwest::Client,
    prover: Option<Arc<Prover>>,
}

impl Sender {
    pub(super) fn new(prover: Option<Prover>) -> anyhow::Result<Self> {
        Ok(Self {
            http: wire::outbound()?,
            prover: prover.map(Arc::new),
        })
    }

    /// The name of the key that tokens are bound to.
    pub(super) fn thumbprint(&self) -> Option<&str> {
        self.prover.as_deref().map(Prover::thumbprint)
    }

    /// Sends a request as it is: for what needs no token.
    pub(super) async fn plain(self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let failed = |error: reqwest::Error| {
            let error = error.without_url();
            let cause = std::error::Error::source(&error)
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            FetchError(format!("{error}{cause}"))
        };
        let response = self
            .http
            .execute(request.try_into().map_err(failed)?)
            .await
            .map_err(failed)?;
        let mut answer = openidconnect::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let body = wire::read(response, wire::ANSWER_MAX_BYTES)
            .await
            .ok_or_else(|| FetchError("the answer is too large or breaks off".to_owned()))?;
        answer.body(body).map_err(|error| FetchError(error.to_string()))
    }

    /// Sends a request with a proof of the key, where there is one: for tokens, and for what they open.
    pub(super) async fn proven(self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let Some(prover) = self.prover.clone() else {
            return self.plain(request).await;
        };
        let answer = self.clone().try_with_proof(&prover, &request).await?;
        if wants_nonce(&answer) {
            return self.try_with_proof(&prover, &request).await;
        }
        Ok(answer)
    }

    async fn try_with_proof(
        self,
        prover: &Prover,
        request: &HttpRequest,
    ) -> Result<HttpResponse, FetchError> {
        let failed = |error: &dyn std::fmt::Display| FetchError(error.to_string());
        let mut request = request.clone();
        let url: url::Url = request
            .uri()
            .to_string()
            .parse()
            .map_err(|error| failed(&error))?;
        let token = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::to_owned);
        let proof = prover
            .prove(request.method().as_str(), &url, token.as_deref())
            .map_err(|error| failed(&error))?;
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("DPoP {token}")).map_err(|error| failed(&error))?;
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        let proof = HeaderValue::from_str(&proof).map_err(|error| failed(&error))?;
        request.headers_mut().insert("dpop", proof);
        let answer = self.plain(request).await?;
        if let Some(nonce) = answer
            .headers()
            .get("dpop-nonce")
            .and_then(|value| value.to_str().ok())
        {
            prover.remember_nonce(&url, nonce);
        }
        Ok(answer)
    }
}

/// Whether a server wants its nonce in the proof: in the error document of an authorization server, in the challenge
/// of a resource server.
fn wants_nonce(answer: &HttpResponse) -> bool {
    const WORD: &str = "use_dpop_nonce";
    match answer.status() {
        StatusCode::BAD_REQUEST => serde_json::from_slice::<serde_json::Value>(answer.body())
            .is_ok_and(|document| document.get("error").and_then(serde_json::Value::as_str) == Some(WORD)),
        StatusCode::UNAUTHORIZED => answer
            .headers()
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .any(|value| value.to_str().is_ok_and(|value| value.contains(WORD))),
        _ => false,
    }
}
