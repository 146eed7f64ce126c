//! `GET /authorize/resume`: a page has asked the resident, and the interrupted request goes on.
//!
//! Nothing is taken from the address but the handle: the request is the stored one (A054), of this browser (A037),
//! walked through all of its steps again, so that a client that was switched off or a person who was signed out in the
//! meantime is noticed (A038, A039). A sub-site's form that came without our cookies begins here, too
//! ([`super::detour`]). Answered requests can be answered once more for half a minute, for the second
//! click and the back button; later a page says so.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use model::ids::ClientId;
use model::interaction::{Interaction, InteractionId};
use serde::Deserialize;
use web::extract::Query;
use web::{Page, Problem, Visit};

use crate::Service;
use crate::authorize::detour::Waiting;
use crate::authorize::fault::PageFault;
use crate::authorize::raw::Raw;
use crate::authorize::{respond, steps};

/// The query.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    interaction: String,
}

/// Goes on with a request.
pub async fn resume(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let id = InteractionId::parse(&asked.interaction).ok_or(PageFault::NotThisBrowser)?;
    let tx = service.store().read();
    let found = store::interactions::find(&tx, &id, &visit.browser_hash()).await;
    let Some(interaction) = found.map_err(Problem::unavailable)? else {
        return begin(&service, &mut visit, &id).await;
    };
    let raw = Raw::stored(interaction.parameters.iter().cloned());
    respond::speak(&mut visit, &raw);
    if !interaction.is_open(service.now()) {
        return Ok(Over::of(&interaction).respond(&service, &visit, &interaction.client_id));
    }
    match steps::admit(&service, raw) {
        Ok(permitted) => respond::walk(&service, &visit, permitted, Some(&interaction)).await,
        Err(stop) => respond::stopped(&service, &visit, stop, Some(&interaction)).await,
    }
}

/// A sub-site's form that waits for the navigation with our cookies: from here on it is like any new request.
async fn begin(service: &Service, visit: &mut Visit, id: &InteractionId) -> Result<Response, Problem> {
    let tx = service.store().read();
    let found = Waiting::find(&tx, id).await.map_err(Problem::unavailable)?;
    let Some(waiting) = found else {
        return left_behind(service, visit, id).await;
    };
    let taken = waiting
        .take(&tx, service.now())
        .await
        .map_err(Problem::unavailable)?;
    let Some(raw) = taken else {
        let interaction = waiting.interaction();
        let over = Over::of(interaction);
        return Ok(over.respond(service, visit, &interaction.client_id));
    };
    respond::speak(visit, &raw);
    match steps::admit(service, raw) {
        Ok(permitted) => respond::walk(service, visit, permitted, None).await,
        Err(stop) => respond::stopped(service, visit, stop, None).await,
    }
}

/// A sign-out in another tab of this browser leaves its waiting requests behind: their browser has another name now.
/// Whoever comes with the handle of one learns that, and nothing of the request but where to start again.
async fn left_behind(service: &Service, visit: &Visit, id: &InteractionId) -> Result<Response, Problem> {
    let found = store::interactions::find_left_behind(&service.store().read(), id).await;
    let client = found.map_err(Problem::unavailable)?;
    let client = client.ok_or(PageFault::NotThisBrowser)?;
    Ok(Over::SignedOut.respond(service, visit, &client))
}

#[derive(Template)]
#[template(path = "request-over.html")]
struct Content {
    text: String,
    link: Option<(String, String)>,
}

/// Why a request cannot go on; the way on starts at the sub-site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Answered,
    TooOld,
    SignedOut,
}

impl Over {
    const fn of(interaction: &Interaction) -> Self {
        match interaction.finished_at {
            Some(_) => Self::Answered,
            None => Self::TooOld,
        }
    }

    fn respond(self, service: &Service, visit: &Visit, client: &ClientId) -> Response {
        let stored = service.client(client);
        let link = stored.as_ref().and_then(|stored| {
            let name = stored.client.name.in_language(visit.language());
            let address = stored.client.home_uri.clone()?;
            Some((
                address,
                visit.t_with("authorize-over-back", &[("site", name.into())]),
            ))
        });
        let text = visit.t(match self {
            Self::Answered => "authorize-over-answered",
            Self::TooOld => "authorize-over-too-old",
            Self::SignedOut => "authorize-over-signed-out",
        });
        visit.render(
            Page::new("request-over", "authorize-over-title").status(StatusCode::GONE),
            &Content { text, link },
        )
    }
}
