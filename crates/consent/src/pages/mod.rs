//! The pages: the question in the middle of a sub-site's request, and the list of what was shared.

mod decide;
mod sharing;

use axum::Router;
use axum::routing::get;
use model::client::Client;
use model::language::Language;
use model::scope::Scope;
use web::Visit;

use crate::Service;

/// The table of pages.
pub(crate) fn router() -> Router<Service> {
    Router::new()
        .route("/consent", get(decide::show).post(decide::answer))
        .route("/account/sharing", get(sharing::list).post(sharing::withdraw))
        .route("/account/sharing/{id}", get(sharing::receipt))
}

/// One thing that is told, as a page lists it.
pub(crate) struct Item {
    /// The scope's word, the name of its box.
    pub word: &'static str,
    /// What it is, in the visitor's language.
    pub what: String,
    /// Exactly which data.
    pub detail: String,
    /// Why the sub-site asks.
    pub purpose: String,
}

pub(crate) fn item(visit: &Visit, client: &Client, scope: Scope) -> Item {
    Item {
        word: scope.as_str(),
        what: visit.t(&format!("consent-scope-{scope}")),
        detail: visit.t(&format!("consent-scope-{scope}-detail")),
        purpose: purpose(client, scope, visit.language()),
    }
}

fn purpose(client: &Client, scope: Scope, language: Language) -> String {
    client.purpose.get(&scope).map(|text| text.in_language(language).to_owned()).unwrap_or_default()
}
