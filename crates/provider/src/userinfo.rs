//! The userinfo endpoint (OpenID Connect Core 5.3, RFC 6750): what the access token's holder may be told now.
//!
//! Looked up at each use: a token is worth nothing once the sign-in, the account or the consent behind it is gone, and
//! tells no more than registration and consent allow today (A099). JSON only; signed answers are not offered.

use axum::extract::State;
use axum::response::Response;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::client::Client;
use model::secret::Token;
use serde::Serialize;
use serde_json::{Map, Value};
use store::tokens::LiveToken;
use store::{evidence, grants, tokens};
use web::extract::{RawParams, RawParamsError};

use crate::claims::{Facts, Permitted, Place, Wanted};
use crate::error::UserinfoError;
use crate::{Service, wire};

const PARAMETER: &str = "access_token";

#[derive(Serialize)]
struct Userinfo {
    sub: String,
    #[serde(flatten)]
    released: Map<String, Value>,
}

/// `GET /userinfo` and `POST /userinfo`
pub async fn userinfo(
    State(service): State<Service>,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    match tell(&service, &headers, params).await {
        Ok(userinfo) => wire::private(StatusCode::OK, &userinfo),
        Err(error) => refuse(error),
    }
}

async fn tell(
    service: &Service,
    headers: &HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Result<Userinfo, UserinfoError> {
    let token = bearer(headers, params)?;
    let (tx, now) = (service.store().read(), service.now());
    let live = tokens::find_live(&tx, &token.hash(), now)
        .await?
        .ok_or(UserinfoError::TokenRefused)?;
    let stored = service.client(&live.client_id).ok_or(UserinfoError::ClientGone)?;
    let client = &stored.client;
    if client.disabled {
        return Err(UserinfoError::ClientGone);
    }
    let decision = match live.grant {
        Some(_) => grants::find_active(&tx, live.account.id, &live.client_id).await?,
        None => None,
    };
    let permitted = Permitted::today(&live.details.scopes, client, live.grant, decision.as_ref())
        .ok_or(UserinfoError::TokenRefused)?;
    let wanted = Wanted {
        place: Place::Userinfo,
        permitted: &permitted,
        requested: &live.details.claims,
    };
    let evidence = if wanted.needs_evidence() {
        evidence::list(&tx, live.account.id).await?
    } else {
        Vec::new()
    };
    let facts = Facts {
        account: &live.account,
        evidence: &evidence,
        strength: live.details.strength,
        ladder: service.ladder(),
        now,
    };
    Ok(render(service, client, &live, facts.tell(&wanted)))
}

fn render(service: &Service, client: &Client, live: &LiveToken, released: Map<String, Value>) -> Userinfo {
    Userinfo {
        sub: service.subject(client, live.account.id),
        released,
    }
}

/// The one token of a request: in the header, or for POST in the body (RFC 6750 section 2); never in the address.
fn bearer(headers: &HeaderMap, params: Result<RawParams, RawParamsError>) -> Result<Token, UserinfoError> {
    let params = params.map_err(|_| UserinfoError::Unreadable)?;
    if params.query.iter().any(|(name, _)| name == PARAMETER) {
        return Err(UserinfoError::TokenInQuery);
    }
    let in_header = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let in_body = params.body.iter().filter(|(name, _)| name == PARAMETER);
    let header: Vec<_> = in_header.take(2).collect();
    let body: Vec<_> = in_body.take(2).collect();
    match (header.as_slice(), body.as_slice()) {
        ([], []) => Err(UserinfoError::TokenMissing),
        ([header], []) => in_authorization(header),
        ([], [(_, token)]) => Token::parse(token).ok_or(UserinfoError::TokenRefused),
        _ => Err(UserinfoError::SeveralTokens),
    }
}

fn in_authorization(header: &[u8]) -> Result<Token, UserinfoError> {
    let header = std::str::from_utf8(header).map_err(|_| UserinfoError::TokenMissing)?;
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Token::parse(token).ok_or(UserinfoError::TokenRefused)
        }
        _ => Err(UserinfoError::TokenMissing),
    }
}

/// RFC 6750 section 3: the challenge has an error unless no token came.
fn refuse(error: UserinfoError) -> Response {
    tracing::info!(reason = ?error, "userinfo refused");
    let row = error.row();
    let mut response = wire::error(row);
    let challenge = match error {
        UserinfoError::TokenMissing => Ok(HeaderValue::from_static("Bearer")),
        // The table's texts have no quotation marks (a test looks).
        _ => HeaderValue::try_from(format!(
            "Bearer error=\"{}\", error_description=\"{}\"",
            row.code, row.text
        )),
    };
    if let (Ok(challenge), false) = (challenge, row.status.is_server_error()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

#[cfg(test)]
mod tests;
