//! `POST /preferences`: language and print size, remembered in a cookie, and the static files.
//!
//! No CSRF field: the answer changes only how pages look, the cross-site check of the layer holds, and the form must
//! work on pages that were opened before a sign-out in another tab.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use model::language::Language;

use crate::assets;
use crate::cookies::Preferences;
use crate::extract::RawParams;
use crate::middleware;
use crate::page::{Kit, Visit};
use crate::paths::LocalPath;

/// The kit's own routes: `/preferences` and `/assets/…`.
pub fn router(kit: Kit) -> Router {
    let pages = Router::new().route("/preferences", post(remember));
    middleware::page_routes(pages, kit.clone())
        .merge(assets::router())
        .with_state(kit)
}

async fn remember(State(_): State<Kit>, mut visit: Visit, form: RawParams) -> Response {
    let mut preferences: Preferences = visit.preferences();
    let field = |name: &str| form.one(name).ok().flatten();
    if let Some(tag) = field("language") {
        preferences.language = Language::ALL
            .into_iter()
            .find(|language| language.tag() == tag)
            .or(preferences.language);
    }
    match field("print") {
        Some("large") => preferences.large_print = true,
        Some("normal") => preferences.large_print = false,
        _ => {}
    }
    let back = field("return_to").and_then(|path| LocalPath::parse(path).ok());
    visit.remember(preferences);
    // A language in the address would win over the one that was just chosen.
    let back = back
        .unwrap_or(LocalPath::known("/"))
        .without(&["ui_locales", "lang"]);
    visit.redirect(&back)
}
