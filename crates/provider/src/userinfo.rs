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
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jose::sign::TokenType;
use model::client::{Client, SigningAlg};
use model::scope::Scope;
use model::secret::Sensitive;
use serde::Serialize;
use serde_json::{Map, Value};
use store::tokens::LiveToken;
use store::{Tx, tokens};
use web::extract::{RawParams, RawParamsError};

use crate::access_token::{Kind, Presented};
use crate::claims::{Facts, Permitted, Place, Wanted};
use crate::dpop::{self, Proof};
use crate::error::{DpopError, ErrorCode, Row, UserinfoError};
use crate::router::paths;
use crate::{Service, wire};

const PARAMETER: &str = "access_token";

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

/// A refusal, and the scheme of the challenge that goes with it.
struct Refused {
    row: Row,
    reason: String,
    challenge: Challenge,
}

#[derive(Clone, Copy)]
enum Challenge {
    /// No token came: both schemes, without an error (RFC 6750 section 3).
    Both,
    One(Kind),
}

impl From<UserinfoError> for Refused {
    fn from(error: UserinfoError) -> Self {
        let challenge = match error {
            UserinfoError::TokenMissing => Challenge::Both,
            UserinfoError::BoundToken
            | UserinfoError::NotBound
            | UserinfoError::KeyMismatch
            | UserinfoError::ProofMissing => Challenge::One(Kind::Dpop),
            _ => Challenge::One(Kind::Bearer),
        };
        Self {
            row: error.row(),
            reason: format!("{error:?}"),
            challenge,
        }
    }
}

impl From<DpopError> for Refused {
    fn from(error: DpopError) -> Self {
        let mut row = error.row();
        // At a resource it is the credentials that are refused (RFC 9449 section 7.1).
        if row.status == StatusCode::BAD_REQUEST {
            row.status = StatusCode::UNAUTHORIZED;
        }
        Self {
            row,
            reason: format!("{error:?}"),
            challenge: Challenge::One(Kind::Dpop),
        }
    }
}

impl From<store::StoreError> for Refused {
    fn from(error: store::StoreError) -> Self {
        UserinfoError::from(error).into()
    }
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
        Err(refused) => refused.into_response(),
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
    sent.show(service, &tx, (method, headers), live.details.jkt.as_ref())
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
    let facts = Facts {
        account: &live.holder.account,
        evidence: &live.holder.evidence,
        strength: live.details.strength,
        ladder: service.ladder(),
        now,
    };
    Ok(render(service, client, &live, facts.tell(&wanted))?)
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

/// The one token of a request, and how it was presented.
struct Sent {
    kind: Kind,
    token: Sensitive<String>,
}

impl Sent {
    /// In the header, or for POST in the body (RFC 6750 section 2); never in the address.
    fn read(headers: &HeaderMap, params: Result<RawParams, RawParamsError>) -> Result<Self, UserinfoError> {
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
            ([header], []) => Self::in_authorization(header),
            ([], [(_, token)]) => Ok(Self {
                kind: Kind::Bearer,
                token: Sensitive::new(token.clone()),
            }),
            _ => Err(UserinfoError::SeveralTokens),
        }
    }

    fn in_authorization(header: &[u8]) -> Result<Self, UserinfoError> {
        let header = std::str::from_utf8(header).map_err(|_| UserinfoError::TokenMissing)?;
        let (scheme, token) = header.split_once(' ').ok_or(UserinfoError::TokenMissing)?;
        let kind = [Kind::Bearer, Kind::Dpop]
            .into_iter()
            .find(|kind| scheme.eq_ignore_ascii_case(kind.as_str()));
        Ok(Self {
            kind: kind.ok_or(UserinfoError::TokenMissing)?,
            token: Sensitive::new(token.to_owned()),
        })
    }

    /// Whether the token came as it has to, and with a proof by the key to which it is bound.
    async fn show(
        &self,
        service: &Service,
        tx: &Tx,
        (method, headers): (&Method, &HeaderMap),
        bound: Option<&String>,
    ) -> Result<(), Refused> {
        let bound = match (self.kind, bound) {
            (Kind::Bearer, None) => return Ok(()),
            (Kind::Bearer, Some(_)) => return Err(UserinfoError::BoundToken.into()),
            (Kind::Dpop, None) => return Err(UserinfoError::NotBound.into()),
            (Kind::Dpop, Some(bound)) => bound,
        };
        let here = (method.as_str(), paths::USERINFO);
        let proof = Proof::read(service, headers, here, Some(self.token.expose()))?;
        let proof = proof.ok_or(UserinfoError::ProofMissing)?;
        if proof.jkt != *bound {
            return Err(UserinfoError::KeyMismatch.into());
        }
        Ok(proof.spend(tx).await?)
    }
}

impl Refused {
    fn into_response(self) -> Response {
        tracing::info!(reason = %self.reason, "userinfo refused");
        let Row { code, text, status } = self.row;
        let mut response = wire::error(self.row);
        let headers = response.headers_mut();
        if status.is_server_error() {
            return response;
        }
        match self.challenge {
            Challenge::Both => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                let algs = dpop::ALGS.map(SigningAlg::name).join(" ");
                if let Ok(other) = HeaderValue::try_from(format!("DPoP algs=\"{algs}\"")) {
                    headers.append(WWW_AUTHENTICATE, other);
                }
            }
            Challenge::One(kind) => {
                headers.extend(challenge(kind, code, text).map(|value| (WWW_AUTHENTICATE, value)));
            }
        }
        response
    }
}

/// RFC 6750 section 3, RFC 9449 section 7.1. The table's texts have no quotation marks (a test looks).
fn challenge(kind: Kind, code: ErrorCode, text: &str) -> Option<HeaderValue> {
    match kind {
        Kind::Bearer => {
            HeaderValue::try_from(format!("Bearer error=\"{code}\", error_description=\"{text}\"")).ok()
        }
        Kind::Dpop => dpop::challenge(code.as_str(), text),
    }
}

#[cfg(test)]
mod tests;
