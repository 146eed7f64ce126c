//! From what the browser brought to the parameters that count: those in the address or the form, those that were
//! pushed beforehand (RFC 9126 section 4), or those inside a signed request object ([`super::object`]).
//!
//! Whatever is not the first has to name the client outside, and nothing else outside counts. A fault here is told to
//! the sub-site only when a registered redirect address stands outside as well; else it is a page (A131). A pushed
//! request that is not to be had is always a page: whose it is and where its answers go is unknown then (A134). No
//! address is ever fetched (A133).

use store::StoreError;

use crate::Service;
use crate::authorize::fault::PageFault;
use crate::authorize::object;
use crate::authorize::raw::{Raw, Way};
use crate::authorize::redirect::{ClientKnown, RedirectTrusted};
use crate::authorize::steps::{self, Permitted, Stop};
use crate::clients::Registered;
use crate::error::AuthorizeError;
use crate::par::Handle;

/// Whether what the browser brought may be asked.
pub(super) async fn admit(service: &Service, outside: Raw) -> Result<Result<Permitted, Stop>, StoreError> {
    match follow(service, outside).await {
        Ok(raw) => Ok(steps::admit(service, raw)),
        Err(Lost::Stop(stop)) => Ok(Err(stop)),
        Err(Lost::Store(error)) => Err(error),
    }
}

enum Lost {
    Stop(Stop),
    Store(StoreError),
}

impl From<PageFault> for Lost {
    fn from(fault: PageFault) -> Self {
        Self::Stop(fault.into())
    }
}

async fn follow(service: &Service, outside: Raw) -> Result<Raw, Lost> {
    match (outside.one("request"), outside.one("request_uri")) {
        // Without a value is as good as left out.
        (Ok(None), Ok(None)) => Ok(outside.without(&["request", "request_uri"])),
        (Ok(Some(jwt)), Ok(None)) => {
            let client = client(service, &outside)?;
            let inside = object::read(service, &client, jwt).await;
            inside.map_err(|error| tell(service, outside, error))
        }
        (Ok(None), Ok(Some(uri))) => match Handle::parse(uri) {
            Some(handle) => pushed(service, &client(service, &outside)?, handle).await,
            None => Err(tell(service, outside, AuthorizeError::RequestUri)),
        },
        (Ok(Some(_)), Ok(Some(_))) => Err(tell(service, outside, AuthorizeError::ObjectTwice)),
        (Err(error), _) | (_, Err(error)) => Err(tell(service, outside, error)),
    }
}

/// The client that stands outside.
fn client(service: &Service, outside: &Raw) -> Result<Registered, PageFault> {
    let known = ClientKnown::find(outside.clone(), |id| service.client(id))?;
    service.registered(known.id()).ok_or(PageFault::ClientUnknown)
}

/// Tells the sub-site if it is certain from the parameters outside where it is.
fn tell(service: &Service, outside: Raw, error: AuthorizeError) -> Lost {
    let known = ClientKnown::find(outside, |id| service.client(id));
    match known.map(|known| RedirectTrusted::check(known, service.issuer())) {
        Ok(Ok(redirect)) => Lost::Stop(redirect.refuse(error).into()),
        Ok(Err(_)) => PageFault::RequestUnreadable(error).into(),
        Err(fault) => fault.into(),
    }
}

async fn pushed(service: &Service, client: &Registered, handle: Handle) -> Result<Raw, Lost> {
    let found = store::pushed::find(&service.store().read(), &handle.hash())
        .await
        .map_err(Lost::Store)?;
    let pushed = found.ok_or(PageFault::PushedUnknown)?;
    if pushed.client_id != client.client().client_id {
        return Err(PageFault::PushedByOther.into());
    }
    if pushed.used_at.is_some() {
        return Err(PageFault::PushedAnswered.into());
    }
    if pushed.expires_at <= service.now() {
        return Err(PageFault::PushedExpired.into());
    }
    let raw = Raw::stored(pushed.parameters);
    let way = Way {
        pushed: Some(handle),
        signed: raw.way().signed,
    };
    let raw = match pushed.jkt {
        // What the proof at the time of pushing said (RFC 9449 section 10.1).
        Some(jkt) => raw.without(&["dpop_jkt"]).with("dpop_jkt", &jkt),
        None => raw,
    };
    Ok(raw.by(way))
}
