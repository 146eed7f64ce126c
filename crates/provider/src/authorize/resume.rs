//! `GET /authorize/resume`: a page has asked the resident, and the interrupted request goes on.
//!
//! Nothing is taken from the address but the handle: the request is the stored one (A054), of this browser (A037),
//! walked through all of its steps again, so that a client that was switched off or a person who was signed out in the
//! meantime is noticed (A038, A039). Answered requests can be answered once more for half a minute, for the second
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
    let found = store::interactions::find(&service.store().read(), &id, &visit.browser_hash()).await;
    let interaction = found
        .map_err(Problem::unavailable)?
        .ok_or(PageFault::NotThisBrowser)?;
    let raw = Raw::new(interaction.parameters.iter().cloned());
    if let Some(language) = raw
        .ui_locales()
        .and_then(|tags| tags.split(' ').find_map(Language::from_tag))
    {
        visit.prefer_language(language);
    }
    if !interaction.is_open(service.now()) {
        return Ok(over(&service, &visit, &interaction));
    }
    match steps::admit(&service, raw) {
        Ok(permitted) => respond::walk(&service, &visit, permitted, Some(&interaction)).await,
        Err(stop) => respond::stopped(&service, &visit, stop, Some(&interaction)).await,
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
