//! The token endpoint (RFC 6749 section 3.2, OpenID Connect Core 3.1.3): a form in, JSON out.
//!
//! In order: read the form, read how the client proves itself, check the proof, redeem, mint; one transaction from
//! the first write to the last. What it does not do: refresh tokens, client credentials and exchange.

mod authenticate;
mod code;
mod form;
mod mint;
#[cfg(test)]
mod tests;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::event::Event;
use model::ids::ClientId;
use serde::Serialize;
use store::audit::{self, Entry};
use store::throttles::{self, Rule};
use web::client_address::ClientAddress;
use web::extract::{RawParams, RawParamsError};
use web::middleware::RequestId;

use crate::error::TokenError;
use crate::{Service, wire};
use authenticate::Presented;
use form::TokenForm;
use mint::Minted;

/// Refused proofs of one client from one network. What is guessed is 256 bits, so this does not protect secrets;
/// it bounds what a broken or hostile program costs, and the right proof is accepted all the while.
const REFUSALS: Rule = Rule {
    name: "client-refused",
    limit: 30,
    window_seconds: 300,
};

/// The grant types offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    AuthorizationCode,
}

impl GrantType {
    /// Every grant type offered.
    pub const ALL: [Self; 1] = [Self::AuthorizationCode];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == word)
    }
}

/// From where a request comes, for limits and the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    address: ClientAddress,
    request_id: Option<String>,
}

#[derive(Serialize)]
struct Granted<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    id_token: &'a str,
}

/// `POST /token`
pub async fn token(
    State(service): State<Service>,
    address: ClientAddress,
    request_id: Option<Extension<RequestId>>,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    let request_id = request_id.map(|Extension(id)| id.as_str().to_owned());
    let origin = Origin { address, request_id };
    match grant(&service, &origin, &headers, params).await {
        Ok(minted) => wire::private(StatusCode::OK, &Granted::from(&minted)),
        Err(refusal) => refusal.into_response(),
    }
}

/// Every other method.
pub async fn not_post() -> Response {
    let mut response = wire::error(TokenError::NotPost.row());
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

async fn grant(
    service: &Service,
    origin: &Origin,
    headers: &HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Result<Minted, Refusal> {
    let form = TokenForm::read(params)?;
    let presented = Presented::read(headers, &form)?;
    let proven = match presented.prove(service) {
        Ok(proven) => proven,
        Err(error) => return Err(refused(service, origin, &presented, error).await),
    };
    let grant = form.one("grant_type").ok_or(TokenError::GrantTypeMissing)?;
    match GrantType::from_word(grant).ok_or(TokenError::GrantTypeUnknown)? {
        GrantType::AuthorizationCode => {
            let request = code::CodeRequest::read(&form)?;
            match code::redeem(service, origin, &proven, request).await {
                Err(error @ TokenError::AssertionReplayed) => {
                    Err(refused(service, origin, &presented, error).await)
                }
                other => Ok(other?),
            }
        }
    }
}

/// Counts a refused proof, and writes it to the audit log as long as there are not too many.
async fn refused(service: &Service, origin: &Origin, presented: &Presented, error: TokenError) -> Refusal {
    let known = presented.client_id().filter(|id| service.client(id).is_some());
    tracing::info!(reason = ?error, client = known.map_or("-", ClientId::as_str), "client refused");
    match count(service, origin, known, error).await {
        Ok(refusal) => refusal,
        Err(error) => error.into(),
    }
}

async fn count(
    service: &Service,
    origin: &Origin,
    known: Option<&ClientId>,
    error: TokenError,
) -> Result<Refusal, TokenError> {
    let (tx, now) = (service.store().read(), service.now());
    // Unknown names share one counter, or each made-up name would make a row.
    let key = format!(
        "{}\u{0}{}",
        known.map_or("", ClientId::as_str),
        origin.address.network()
    );
    let count = throttles::hit(&tx, &REFUSALS, &key, now).await?;
    if count.exceeded() {
        let seconds = count.retry_after_seconds(now);
        return Ok(Refusal {
            error: TokenError::TooManyRefusals,
            retry_after_seconds: Some(seconds),
        });
    }
    // For unknown names too, so that they cost the same; the name itself is not written then.
    let mut entry =
        Entry::new(Event::ClientRefused, now).details(serde_json::json!({ "reason": format!("{error:?}") }));
    entry.client = known.cloned();
    entry.request_id.clone_from(&origin.request_id);
    audit::record(&tx, service.store().rng(), entry).await?;
    Ok(error.into())
}

/// A refusal with its headers.
#[derive(Debug)]
struct Refusal {
    error: TokenError,
    retry_after_seconds: Option<i64>,
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self {
            error,
            retry_after_seconds: None,
        }
    }
}

impl Refusal {
    fn into_response(self) -> Response {
        tracing::info!(reason = ?self.error, "token request refused");
        let row = self.error.row();
        let mut response = wire::error(row);
        let headers = response.headers_mut();
        if row.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"token\""),
            );
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl<'a> From<&'a Minted> for Granted<'a> {
    fn from(minted: &'a Minted) -> Self {
        Self {
            access_token: minted.access_token.expose(),
            token_type: "Bearer",
            expires_in: minted.expires_in_seconds,
            scope: minted.scopes.to_string(),
            id_token: &minted.id_token,
        }
    }
}
