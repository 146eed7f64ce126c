//! The token endpoint (RFC 6749 section 3.2, OpenID Connect Core 3.1.3, 12): a form in, JSON out.
//!
//! In order: who is the client ([`crate::client_auth`]), which key does it show (RFC 9449), may it use this grant type,
//! and then one module for each grant: [`code`], [`refresh`], [`client_credentials`]. What they give is made in [`mint`].
//! FAPI 2.0 adds two rules here: no token without a key, no code without PKCE. What it does not do: token exchange,
//! assertions as grants, and passwords (A079).

mod client_credentials;
mod code;
mod mint;
mod possession;
mod refresh;
mod resource;
#[cfg(test)]
pub(crate) mod tests;
mod written;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use web::extract::{RawParams, RawParamsError};

pub use model::client::GrantType;

use crate::client_auth::{self, Caller, Endpoint, Origin, Refusal};
use crate::error::TokenError;
use crate::{Service, dpop, wire};
use mint::Minted;
use possession::Possession;

#[derive(Serialize)]
struct Granted<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
}

/// `POST /token`
pub async fn token(
    State(service): State<Service>,
    origin: Origin,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    let caller = match client_auth::authenticate(&service, Endpoint::Token, origin, &headers, params).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    let response = match grant(&service, &caller, &headers).await {
        Ok(minted) => wire::private(StatusCode::OK, &Granted::from(&minted)),
        Err(refusal) => caller.settle(&service, refusal).await.into_response(),
    };
    dpop::offer(&service, &headers, response)
}

async fn grant(service: &Service, caller: &Caller, headers: &HeaderMap) -> Result<Minted, Refusal> {
    let grant = caller.form().one("grant_type");
    let grant = grant.ok_or(TokenError::GrantTypeMissing)?;
    let grant = GrantType::from_word(grant).ok_or(TokenError::GrantTypeUnknown)?;
    if !caller.client().may_use(grant) {
        return Err(TokenError::GrantNotAllowed.into());
    }
    let possession = Possession::read(service, caller, headers)?;
    match grant {
        GrantType::AuthorizationCode => {
            let request = code::CodeRequest::read(caller.form())?;
            code::redeem(service, caller, &possession, request).await
        }
        GrantType::RefreshToken => {
            let request = refresh::RefreshRequest::read(caller.form())?;
            refresh::redeem(service, caller, &possession, request).await
        }
        GrantType::ClientCredentials => client_credentials::grant(service, caller, &possession).await,
    }
}

impl<'a> From<&'a Minted> for Granted<'a> {
    fn from(minted: &'a Minted) -> Self {
        Self {
            access_token: minted.access_token.expose(),
            token_type: minted.kind.as_str(),
            expires_in: minted.expires_in_seconds,
            scope: &minted.scope,
            refresh_token: minted.refresh_token.as_ref().map(model::secret::Token::expose),
            id_token: minted.id_token.as_ref().map(|token| token.expose().as_str()),
        }
    }
}
