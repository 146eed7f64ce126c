//! A sub-site's form, answered where our cookies are.
//!
//! A POST from another site comes without our cookies, because they are `SameSite=Lax`: it would look as if nobody
//! were signed in, and a new browser cookie would replace the one that drafts are bound to. The navigation that follows
//! a redirect has them, so such a POST is always answered with a redirect and never with a cookie: to the same request
//! as a GET, or, when it says something about the person (`id_token_hint`, `login_hint`) or is too long for an address,
//! to a handle under which it waits for a moment, as a signed request always does. Whoever holds the handle can go on with the request, as whoever holds
//! the address of a GET can; it is good for the redirect only.

use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use model::interaction::{Interaction, InteractionId, resume_path};
use model::secret::TokenHash;
use store::{StoreError, Tx, interactions};
use web::cookies::{self, Cookie, Sent};
use web::paths::LocalPath;
use web::{Kit, Problem, Visit};

use crate::Service;
use crate::authorize::raw::Raw;
use crate::authorize::respond;
use crate::authorize::steps::{Permitted, Stop};
use crate::router::paths;

/// The longest address that a POST is turned into, in bytes; the listener takes 8 KiB.
pub(crate) const ADDRESS_BYTES_MAX: usize = 7 * 1024;

/// How long a request waits under its handle, in seconds.
const WAIT_SECONDS: i64 = 120;

/// What is about the person and never moves into an address by our doing.
const ABOUT_THE_PERSON: [&str; 2] = ["id_token_hint", "login_hint"];

/// Whether the browser sent a cookie of ours that a person is known by. Other cookies of the host or of its parent
/// domain say nothing: some are `SameSite=None` and come with every form.
pub(crate) fn has_our_cookies(kit: &Kit, headers: &HeaderMap) -> bool {
    [Cookie::Browser, Cookie::Session]
        .into_iter()
        .any(|cookie| cookies::read(headers, kit.cookie_mode(), cookie) != Sent::Nothing)
}

/// 303 to a path of ours, without a cookie.
pub(crate) fn redirect(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

/// Answers a form that came without our cookies.
pub(super) async fn answer(
    service: &Service,
    visit: &Visit,
    raw: &Raw,
    admitted: Result<Permitted, Stop>,
) -> Result<Response, Problem> {
    match admitted {
        Ok(permitted) => to_request(service, visit, raw, &permitted).await,
        Err(Stop::Reply(reply)) => {
            respond::close(service, &reply, None).await?;
            Ok(respond::travel(visit, &reply))
        }
        // The page is shown by the GET: all that it is about is who asks and where answers would go.
        Err(Stop::Page(_) | Stop::Ask(_)) => {
            let about = |name: &str| matches!(name, "client_id" | "redirect_uri" | "request_uri");
            Ok(redirect(
                as_address(raw, about)
                    .as_ref()
                    .map_or(paths::AUTHORIZE, LocalPath::as_str),
            ))
        }
    }
}

async fn to_request(
    service: &Service,
    visit: &Visit,
    outside: &Raw,
    permitted: &Permitted,
) -> Result<Response, Problem> {
    let raw = permitted.redirect().raw();
    if raw.way().pushed.is_some() {
        let handle = |name: &str| matches!(name, "client_id" | "request_uri");
        if let Some(path) = as_address(outside, handle) {
            return Ok(redirect(path.as_str()));
        }
    }
    let kept = raw.kept();
    let about_the_person = |(name, _): &(String, String)| ABOUT_THE_PERSON.contains(&name.as_str());
    // What was signed would not be any more in an address.
    if !raw.way().signed
        && !kept.pairs().iter().any(about_the_person)
        && let Some(path) = as_address(&kept, |_| true)
    {
        return Ok(redirect(path.as_str()));
    }
    let id = InteractionId::generate(service.store().rng());
    let new = Interaction {
        parameters: raw.to_stored(),
        ..respond::aside(service, &id, &permitted.redirect().client().client_id)
    };
    respond::put_aside(visit, &service.store().read(), &new, &holder(&id)).await?;
    Ok(redirect(&resume_path(&id)))
}

/// The request as an address, if it fits into one.
fn as_address(raw: &Raw, keep: impl Fn(&str) -> bool) -> Option<LocalPath> {
    let pairs = raw.pairs().iter().filter(|(name, _)| keep(name));
    let path = pairs.fold(LocalPath::known(paths::AUTHORIZE), |path, (name, value)| {
        path.with(name, value)
    });
    (path.as_str().len() <= ADDRESS_BYTES_MAX).then_some(path)
}

/// Whose a waiting request is: that of whoever has its handle. Never a browser's, though a browser can call itself as it
/// likes, even after the handle: what waits was not asked anything yet, and must not go on as if it had been.
fn holder(id: &InteractionId) -> TokenHash {
    TokenHash::of(&format!("waiting\0{}", id.expose()))
}

/// A request that waits under a handle.
#[derive(Debug)]
pub(super) struct Waiting(Interaction);

impl Waiting {
    /// The request that a handle stands for, if it is one of these.
    pub(super) async fn find(tx: &Tx, id: &InteractionId) -> Result<Option<Self>, StoreError> {
        Ok(interactions::find(tx, id, &holder(id)).await?.map(Self))
    }

    /// What waited.
    pub(super) const fn interaction(&self) -> &Interaction {
        &self.0
    }

    /// Takes the request; the redirect may come twice within the time for a second click. `None` when it is over.
    pub(super) async fn take(&self, tx: &Tx, now: DateTime<Utc>) -> Result<Option<Raw>, StoreError> {
        let Self(interaction) = self;
        let in_time = now < interaction.created_at + TimeDelta::seconds(WAIT_SECONDS);
        if !(in_time && interaction.is_open(now)) {
            return Ok(None);
        }
        interactions::finish(tx, &interaction.id, now).await?;
        Ok(Some(Raw::stored(interaction.parameters.iter().cloned())))
    }
}
