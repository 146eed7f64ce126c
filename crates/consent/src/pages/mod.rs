//! The pages: the question in the middle of a sub-site's request, and the list of what was shared.

mod decide;
mod sharing;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::get;
use model::client::Client;
use model::language::Language;
use model::scope::Scope;
use web::Kit;

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
    /// What it is, in words.
    pub what: String,
    /// Exactly which data.
    pub detail: String,
    /// Why the sub-site asks.
    pub purpose: String,
}

pub(crate) fn item(kit: &Kit, language: Language, client: &Client, scope: Scope) -> Item {
    Item {
        word: scope.as_str(),
        what: kit.t(language, &format!("consent-scope-{scope}"), &[]),
        detail: kit.t(language, &format!("consent-scope-{scope}-detail"), &[]),
        purpose: purpose(client, scope, language),
    }
}

fn purpose(client: &Client, scope: Scope, language: Language) -> String {
    client
        .purpose
        .get(&scope)
        .map(|text| text.in_language(language).to_owned())
        .unwrap_or_default()
}
