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
use model::interaction::{Interaction, InteractionId};
use model::language::Language;
use serde::Deserialize;
use web::extract::Query;
use web::{Page, Problem, Visit};

use crate::Service;
use crate::authorize::detour::Waiting;
use crate::authorize::fault::PageFault;
use crate::authorize::request::Raw;
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
    let raw = Raw::new(interaction.parameters.iter().cloned());
    speak(&mut visit, &raw);
    if !interaction.is_open(service.now()) {
        return Ok(over(&service, &visit, &interaction));
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
    let waiting = found.ok_or(PageFault::NotThisBrowser)?;
    let taken = waiting
        .take(&tx, service.now())
        .await
        .map_err(Problem::unavailable)?;
    let Some(raw) = taken else {
        return Ok(over(service, visit, waiting.interaction()));
    };
    speak(visit, &raw);
    match steps::admit(service, raw) {
        Ok(permitted) => respond::walk(service, visit, permitted, None).await,
        Err(stop) => respond::stopped(service, visit, stop, None).await,
    }
}

fn speak(visit: &mut Visit, raw: &Raw) {
    if let Some(language) = raw
        .ui_locales()
        .and_then(|tags| tags.split(' ').find_map(Language::from_tag))
    {
        visit.prefer_language(language);
    }
}

#[derive(Template)]
#[template(path = "request-over.html")]
struct Over {
    text: String,
    link: Option<(String, String)>,
}

/// The request was answered or waited too long; the way on starts at the sub-site.
fn over(service: &Service, visit: &Visit, interaction: &Interaction) -> Response {
    let stored = service.client(&interaction.client_id);
    let link = stored.as_ref().and_then(|stored| {
        let name = stored.client.name.in_language(visit.language());
        let address = stored.client.home_uri.clone()?;
        Some((
            address,
            visit.t_with("authorize-over-back", &[("site", name.into())]),
        ))
    });
    let answered = interaction.finished_at.is_some();
    let text = visit.t(if answered {
        "authorize-over-answered"
    } else {
        "authorize-over-too-old"
    });
    visit.render(
        Page::new("request-over", "authorize-over-title").status(StatusCode::GONE),
        &Over { text, link },
    )
}
