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
use store::throttles::{self, Count, Rule};
use web::extract::{RawParams, RawParamsError};

pub use handle::{Handle, PREFIX};

use crate::authorize::bounds::Bounds;
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
/// The same with the networks around it, and what is left for newcomers when a client's total is used up.
const UNPROVEN: Bounds = Bounds {
    network: DEPOSITS_UNPROVEN,
    around: "pushed_network_48",
    share: 20,
    client: DEPOSITS,
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
    let raw = bound(read(service, caller).await?, proof.as_ref());
    let signed = raw.way().signed;
    let pushed = |pushed| Way { pushed, signed };
    let permitted = permitted(service, raw.by(pushed(Some(handle.clone()))))?;
    let proven = proof.as_ref().map(|proof| proof.jkt.as_str());
    let named = permitted.request().dpop_jkt.as_deref();
    if proven.zip(named).is_some_and(|(proven, named)| proven != named) {
        return Err(ParError::KeyMismatch.into());
    }
    let proves_itself = caller.client().auth_method.is_confidential();
    if !proves_itself {
        count_unproven(service, caller).await?;
    }
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
    // After the assertion, so that nobody uses up a client's deposits with one that was used before. What is refused here
    // is committed: it counts, and its assertion is spent.
    if proves_itself && let Some(refusal) = count_proven(service, &tx, caller).await? {
        tx.commit().await.map_err(ParError::from)?;
        return Err(refusal);
    }
    store::pushed::create(&tx, &new).await.map_err(ParError::from)?;
    tx.commit().await.map_err(ParError::from)?;
    Ok(Deposited {
        request_uri: handle.uri(),
        expires_in: seconds,
    })
}

/// The parameters with the key of the proof where they name none: it is stored with them, so it counts when they are
/// measured (RFC 9449 section 10.1).
fn bound(raw: Raw, proof: Option<&Proof>) -> Raw {
    match proof {
        Some(proof) if matches!(raw.one("dpop_jkt"), Ok(None)) => {
            raw.without(&["dpop_jkt"]).with("dpop_jkt", &proof.jkt)
        }
        _ => raw,
    }
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

/// Counts what comes in the name of a client that has no credential, where anybody can come: its networks first, before
/// anything is written, so that what one sends above its own does not use up what the client's residents share.
async fn count_unproven(service: &Service, caller: &Caller) -> Result<(), Refusal> {
    let (tx, now) = (service.store().read(), service.now());
    let client = caller.client().client_id.as_str();
    let over = UNPROVEN.count(&tx, caller.origin().address, client, now).await;
    match over.map_err(ParError::from)? {
        Some((counter, count)) => Err(too_many(service, counter, count)),
        None => Ok(()),
    }
}

/// Counts what a client that proved itself deposits; answers the refusal of one that is too many.
async fn count_proven(service: &Service, tx: &Tx, caller: &Caller) -> Result<Option<Refusal>, ParError> {
    let client = caller.client().client_id.as_str();
    let count = throttles::hit(tx, &DEPOSITS, client, service.now()).await?;
    Ok(count.exceeded().then(|| too_many(service, DEPOSITS.name, count)))
}

fn too_many(service: &Service, counter: &'static str, count: Count) -> Refusal {
    tracing::warn!(counter, "too many requests are pushed");
    let seconds = HeaderValue::from(count.retry_after_seconds(service.now()));
    Refusal::from(ParError::TooMany).with_header(RETRY_AFTER, seconds)
}
