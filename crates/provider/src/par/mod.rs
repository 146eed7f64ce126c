//! The endpoint for pushed authorization requests (RFC 9126): a sub-site's server deposits a request and gets a handle
//! for the browser, so that nothing about it travels through the address bar.
//!
//! The request is looked at here as far as it can be without the person, by the same steps as at the authorization
//! endpoint; a signed request object inside is opened here ([`crate::authorize::object`]), and a proof of possession
//! binds the code to its key (RFC 9449 section 10.1). What waits is sealed, bounded for each client and for networks of
//! clients without a credential, and swept (A311). The handle is spent where the request is answered, see
//! [`crate::authorize::respond`].

mod handle;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use store::Tx;
use store::pushed::NewPushed;
use store::throttles::{self, Rule};
use web::extract::{RawParams, RawParamsError};

pub use handle::{Handle, PREFIX};

use crate::authorize::fault::PageFault;
use crate::authorize::object;
use crate::authorize::raw::{Raw, Way};
use crate::authorize::steps::{self, Permitted, Stop};
use crate::client_auth::{self, Caller, Endpoint, Origin, Refusal};
use crate::dpop::{self, Proof};
use crate::error::par::{ParError, PushedFault};
use crate::router::paths;
use crate::{Service, wire};

/// How many requests one client deposits in ten minutes: 50 a second, more than its residents sign in.
pub(crate) const DEPOSITS: Rule = Rule {
    name: "pushed_client",
    limit: 30_000,
    window_seconds: 600,
};
/// How many requests come from one network for clients that prove nothing: anybody can deposit in their name.
pub(crate) const DEPOSITS_UNPROVEN: Rule = Rule {
    name: "pushed_network",
    limit: 1200,
    window_seconds: 600,
};

#[derive(Serialize)]
struct Deposited {
    request_uri: String,
    expires_in: i64,
}

/// `POST /par`
pub async fn push(
    State(service): State<Service>,
    origin: Origin,
    headers: HeaderMap,
    params: Result<RawParams, RawParamsError>,
) -> Response {
    let caller =
        match client_auth::authenticate(&service, Endpoint::PushedRequest, origin, &headers, params).await {
            Ok(caller) => caller,
            Err(refusal) => return refusal.into_response(),
        };
    let response = match deposit(&service, &caller, &headers).await {
        Ok(deposited) => wire::private(StatusCode::CREATED, &deposited),
        Err(refusal) => caller.settle(&service, refusal).await.into_response(),
    };
    dpop::offer(&service, &headers, response)
}

async fn deposit(service: &Service, caller: &Caller, headers: &HeaderMap) -> Result<Deposited, Refusal> {
    let proof = Proof::read(service, headers, ("POST", paths::PUSHED_REQUEST), None)?;
    let handle = Handle::generate(service.store().rng());
    let raw = read(service, caller).await?;
    let signed = raw.way().signed;
    let pushed = |pushed| Way { pushed, signed };
    let permitted = permitted(service, raw.by(pushed(Some(handle.clone()))))?;
    let proven = proof.as_ref().map(|proof| proof.jkt.as_str());
    let named = permitted.request().dpop_jkt.as_deref();
    if proven.zip(named).is_some_and(|(proven, named)| proven != named) {
        return Err(ParError::KeyMismatch.into());
    }
    bound_deposits(service, caller).await?;

    let (now, seconds) = (service.now(), service.config().pushed_request_seconds);
    // Its own handle does not stand inside: whoever looks it up has it.
    let parameters = permitted.redirect().raw().clone().by(pushed(None));
    let new = NewPushed {
        handle: handle.hash(),
        client_id: &caller.client().client_id,
        parameters: &parameters.to_stored(),
        jkt: proven,
        now,
        expires_at: now + TimeDelta::seconds(seconds),
    };
    let tx = service.store().begin().await.map_err(ParError::from)?;
    caller.admit(&tx).await?;
    if let Some(proof) = &proof {
        proof.spend(&tx).await?;
    }
    store::pushed::create(&tx, &new).await.map_err(ParError::from)?;
    tx.commit().await.map_err(ParError::from)?;
    Ok(Deposited {
        request_uri: handle.uri(),
        expires_in: seconds,
    })
}

/// The parameters that count: those of the form, or those inside the request object.
async fn read(service: &Service, caller: &Caller) -> Result<Raw, Refusal> {
    let (form, id) = (caller.form(), caller.client().client_id.as_str());
    if form.has("request_uri") {
        return Err(ParError::RequestUriInside.into());
    }
    if form.one("client_id").is_some_and(|named| named != id) {
        return Err(ParError::ClientMismatch.into());
    }
    if let Some(jwt) = form.one("request") {
        let inside = object::read(service, caller.registered(), jwt).await;
        return inside.map_err(|error| PushedFault(error).into());
    }
    let outside = Raw::new(form.pairs().iter().cloned()).without(&["request", "client_id"]);
    Ok(outside.with("client_id", id))
}

/// What the authorization endpoint would say before it looks at the person.
fn permitted(service: &Service, raw: Raw) -> Result<Permitted, Refusal> {
    steps::admit(service, raw).map_err(|stop| match stop {
        Stop::Reply(reply) => reply
            .error()
            .map_or_else(|| ParError::StoreFailed.into(), |error| PushedFault(error).into()),
        Stop::Page(
            PageFault::RedirectMissing | PageFault::RedirectRepeated | PageFault::RedirectNotRegistered,
        ) => ParError::RedirectRefused.into(),
        Stop::Page(_) | Stop::Ask(_) => ParError::ClientMismatch.into(),
    })
}

/// Counts what waits. A client that proved itself is counted by its name; in the name of one that has no credential
/// anybody can come, so its networks are counted first, and what one sends above its own does not use up what the
/// client's residents share.
async fn bound_deposits(service: &Service, caller: &Caller) -> Result<(), Refusal> {
    let tx = service.store().read();
    if !caller.client().auth_method.is_confidential() {
        let network = caller.origin().address.network().to_string();
        count(service, &tx, &DEPOSITS_UNPROVEN, &network).await?;
    }
    count(service, &tx, &DEPOSITS, caller.client().client_id.as_str()).await
}

async fn count(service: &Service, tx: &Tx, rule: &Rule, key: &str) -> Result<(), Refusal> {
    let now = service.now();
    let count = throttles::hit(tx, rule, key, now).await.map_err(ParError::from)?;
    if count.exceeded() {
        tracing::warn!(counter = rule.name, "too many requests are pushed");
        let seconds = HeaderValue::from(count.retry_after_seconds(now));
        return Err(Refusal::from(ParError::TooMany).with_header(RETRY_AFTER, seconds));
    }
    Ok(())
}
