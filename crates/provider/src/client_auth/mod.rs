//! Which client is this? (RFC 6749 section 2.3, RFC 7523, OpenID Connect Core 9) Asked by every endpoint that programs
//! of sub-sites call with a form: token, pushed requests, introspection, revocation.
//!
//! In order: the form ([`Form`]), what the client presents, whether that is what is registered. The answer is a
//! [`Caller`]; an assertion is spent in the transaction that acts on the request ([`Caller::admit`]), so that a request
//! that fails for our own reasons can be sent again. Client certificates are not offered: a header that claims one is
//! never looked at (A073, A195).

mod form;
mod present;
mod prove;
mod refusal;

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use model::client::Client;
use model::ids::ClientId;
use store::{Tx, assertions};
use web::client_address::ClientAddress;
use web::extract::{RawParams, RawParamsError};
use web::middleware::RequestId;

pub use form::Form;
pub use refusal::Refusal;

use crate::Service;
use crate::clients::Registered;
use crate::error::ClientAuthError;
use crate::router::paths;
use present::Presented;
use prove::Once;

/// Where a client presents itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// RFC 6749 section 3.2.
    Token,
    /// RFC 9126.
    PushedRequest,
    /// RFC 7662; never for clients without a credential.
    Introspection,
    /// RFC 7009.
    Revocation,
    /// Our own; never for clients without a credential.
    Level,
}

impl Endpoint {
    /// Every endpoint that clients present themselves at.
    pub const ALL: [Self; 5] = [
        Self::Token,
        Self::PushedRequest,
        Self::Introspection,
        Self::Revocation,
        Self::Level,
    ];

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Token => paths::TOKEN,
            Self::PushedRequest => paths::PUSHED_REQUEST,
            Self::Introspection => paths::INTROSPECTION,
            Self::Revocation => paths::REVOCATION,
            Self::Level => paths::LEVEL,
        }
    }

    /// Whether a client without a credential is heard.
    pub const fn takes_public_clients(self) -> bool {
        !matches!(self, Self::Introspection | Self::Level)
    }
}

/// From where a request comes, for limits and the audit log. An extractor.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The network address.
    pub address: ClientAddress,
    /// The name of the request in our log.
    pub request_id: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let request_id = parts.extensions.get::<RequestId>();
        Ok(Self {
            request_id: request_id.map(|id| id.as_str().to_owned()),
            address: ClientAddress::from_request_parts(parts, state).await?,
        })
    }
}

/// A client whose proof is right. It is not let in yet: [`Self::admit`] does that, in the transaction that acts.
#[derive(Debug)]
pub struct Caller {
    registered: Registered,
    form: Form,
    once: Option<Once>,
    /// Whether the assertion turned out to be used.
    replayed: AtomicBool,
    origin: Origin,
}

impl Caller {
    /// The client with its keys.
    pub const fn registered(&self) -> &Registered {
        &self.registered
    }

    /// The client.
    pub fn client(&self) -> &Client {
        self.registered.client()
    }

    /// What it sent.
    pub const fn form(&self) -> &Form {
        &self.form
    }

    /// From where.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Lets the client in, once for each assertion (A071). A refusal has to pass [`Self::settle`] when the transaction
    /// is over.
    pub async fn admit(&self, tx: &Tx) -> Result<&Registered, ClientAuthError> {
        if let Some(once) = &self.once {
            let id = &self.client().client_id;
            if !assertions::spend(tx, id, &once.jti, once.remember_until).await? {
                self.replayed.store(true, Ordering::Relaxed);
                return Err(ClientAuthError::AssertionReplayed);
            }
        }
        Ok(&self.registered)
    }

    /// Counts a refusal by [`Self::admit`]; any other is handed back. Call it when no transaction is open.
    pub async fn settle(&self, service: &Service, refusal: Refusal) -> Refusal {
        if self.replayed.load(Ordering::Relaxed) {
            let id = Some(&self.client().client_id);
            return refusal::counted(service, &self.origin, id, ClientAuthError::AssertionReplayed).await;
        }
        refusal
    }
}

/// Reads a request and checks who sent it.
pub async fn authenticate(
    service: &Service,
    endpoint: Endpoint,
    origin: Origin,
    headers: &HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Result<Caller, Refusal> {
    let form = Form::read(params)?;
    let presented = Presented::read(headers, &form)?;
    match prove::prove(service, endpoint, &presented).await {
        Ok((registered, once)) => Ok(Caller {
            registered,
            form,
            once,
            replayed: AtomicBool::new(false),
            origin,
        }),
        Err(error) => {
            let known = presented.client_id().filter(|id| service.client(id).is_some());
            Err(refusal::counted(service, &origin, known, error).await)
        }
    }
}

/// The answer to every other method than POST.
pub async fn not_post() -> Response {
    let mut response = Refusal::from(ClientAuthError::NotPost).into_response();
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// The name of a client for the log.
fn named(id: Option<&ClientId>) -> &str {
    id.map_or("-", ClientId::as_str)
}

#[cfg(test)]
mod tests;
