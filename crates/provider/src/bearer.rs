//! An access token that somebody shows us as a resource (RFC 6750, RFC 9449 section 7): where it may stand, and with which
//! proof. For the userinfo endpoint and the level endpoint.

use axum::response::Response;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::client::SigningAlg;
use model::secret::Sensitive;
use store::Tx;
use web::extract::{RawParams, RawParamsError};

use crate::access_token::Kind;
use crate::dpop::{self, Proof};
use crate::error::{DpopError, ErrorCode, Row, UserinfoError};
use crate::{Service, wire};

const PARAMETER: &str = "access_token";

/// A refusal, and the scheme of the challenge that goes with it.
pub(crate) struct Refused {
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

/// The one token of a request, and how it was presented.
pub(crate) struct Sent {
    kind: Kind,
    pub(crate) token: Sensitive<String>,
}

impl Sent {
    /// In the header, or for POST in the body (RFC 6750 section 2); never in the address.
    pub(crate) fn read(
        headers: &HeaderMap,
        params: Result<RawParams, RawParamsError>,
    ) -> Result<Self, UserinfoError> {
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
    pub(crate) async fn show(
        &self,
        service: &Service,
        tx: &Tx,
        (here, headers): ((&str, &str), &HeaderMap),
        bound: Option<&String>,
    ) -> Result<(), Refused> {
        let bound = match (self.kind, bound) {
            (Kind::Bearer, None) => return Ok(()),
            (Kind::Bearer, Some(_)) => return Err(UserinfoError::BoundToken.into()),
            (Kind::Dpop, None) => return Err(UserinfoError::NotBound.into()),
            (Kind::Dpop, Some(bound)) => bound,
        };
        let proof = Proof::read(service, headers, here, Some(self.token.expose()))?;
        let proof = proof.ok_or(UserinfoError::ProofMissing)?;
        if proof.jkt != *bound {
            return Err(UserinfoError::KeyMismatch.into());
        }
        Ok(proof.spend(tx).await?)
    }
}

impl Refused {
    /// The answer; `what` is for the log.
    pub(crate) fn into_response(self, what: &str) -> Response {
        tracing::info!(reason = %self.reason, "{what}");
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
