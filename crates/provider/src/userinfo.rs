//! The userinfo endpoint (OpenID Connect Core 5.3, RFC 6750, RFC 9449 section 7): what the access token's holder may be
//! told now.
//!
//! Looked up at each use: a token is worth nothing once the sign-in, the account or the consent behind it is gone, and
//! tells no more than registration and consent allow today (A099). A token that is bound to a key is taken with a proof
//! by it and in no other way. The answer is JSON, or signed when the client is registered so (`Accept` does not count,
//! A097); it is never encrypted. No claim is kept in several languages, so `claims_locales` changes nothing.
//!
//! Statements: one, the token with whom it is about; a proof adds one.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jose::sign::TokenType;
use model::client::{Client, SigningAlg};
use model::scope::Scope;
use serde::Serialize;
use serde_json::{Map, Value};
use store::tokens::{self, LiveToken};
use web::extract::{RawParams, RawParamsError};

use crate::access_token::Presented;
use crate::bearer::{Refused, Sent};
use crate::claims::{Permitted, Place, Wanted};
use crate::error::UserinfoError;
use crate::router::paths;
use crate::telling::Telling;
use crate::{Service, dpop, wire};

#[derive(Serialize)]
struct Userinfo<'a> {
    /// Only where the answer is signed (OpenID Connect Core 5.3.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    sub: String,
    #[serde(flatten)]
    released: Map<String, Value>,
}

/// `GET /userinfo` and `POST /userinfo`
pub async fn userinfo(
    State(service): State<Service>,
    method: Method,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    let response = match tell(&service, &method, &headers, params).await {
        Ok(response) => response,
        Err(refused) => refused.into_response("userinfo refused"),
    };
    dpop::offer(&service, &headers, response)
}

async fn tell(
    service: &Service,
    method: &Method,
    headers: &HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Result<Response, Refused> {
    let sent = Sent::read(headers, params)?;
    let presented = Presented::read(sent.token.expose()).ok_or(UserinfoError::TokenRefused)?;
    let (tx, now) = (service.store().read(), service.now());
    let live = tokens::find_live(&tx, &presented.hash, now)
        .await?
        .ok_or(UserinfoError::TokenRefused)?;
    let stored = service.client(&live.client_id).ok_or(UserinfoError::ClientGone)?;
    let client = &stored.client;
    if client.disabled {
        return Err(UserinfoError::ClientGone.into());
    }
    if !live.details.resources.is_empty() {
        return Err(UserinfoError::OtherAudience.into());
    }
    let here = (method.as_str(), paths::USERINFO);
    sent.show(service, &tx, (here, headers), live.details.jkt.as_ref())
        .await?;
    if !live.details.scopes.contains(Scope::Openid) {
        return Err(UserinfoError::NotForIdentity.into());
    }
    let allowed = live.holder.allowed.as_ref();
    let permitted = Permitted::today(&live.details.scopes, client, live.grant, allowed)
        .ok_or(UserinfoError::TokenRefused)?;
    let wanted = Wanted {
        place: Place::Userinfo,
        permitted: &permitted,
        requested: &live.details.claims,
    };
    let telling = Telling {
        service,
        client,
        holder: &live.holder,
        permitted: &permitted,
        strength: live.details.strength,
        acr: live.details.acr,
        now,
    };
    let released = telling.tell(&wanted, &live.details.verified_claims);
    Ok(render(service, client, &live, released)?)
}

fn render(
    service: &Service,
    client: &Client,
    live: &LiveToken,
    released: Map<String, Value>,
) -> Result<Response, UserinfoError> {
    let signed = client.userinfo_signed_response_alg;
    let told = Userinfo {
        iss: signed.map(|_| service.issuer()),
        aud: signed.map(|_| client.client_id.as_str()),
        sub: service.subject(client, live.holder.account.id),
        released,
    };
    match signed {
        None => Ok(wire::private(StatusCode::OK, &told)),
        Some(alg) => sign(service, alg, &told),
    }
}

/// A signed answer (OpenID Connect Core 5.3.2). It never expires and names no time, so nobody takes it for an ID token.
fn sign(service: &Service, alg: SigningAlg, told: &Userinfo<'_>) -> Result<Response, UserinfoError> {
    let claims = serde_json::to_string(told).map_err(|_| UserinfoError::NotSigned)?;
    let text = service
        .ring()
        .sign(alg, TokenType::Jwt, &claims)
        .map_err(|error| {
            tracing::error!(cause = %error, "no userinfo answer could be signed");
            UserinfoError::NotSigned
        })?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwt"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

#[cfg(test)]
mod tests;
