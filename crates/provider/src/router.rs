//! Where everything is: a table of addresses and a table of handlers.

use axum::Router;
use axum::routing::{get, post};

use crate::{Service, authorize, discovery, jwks, logout, token, userinfo};

/// The addresses. Metadata is made from them too.
pub mod paths {
    /// OpenID Connect Discovery 1.0.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    /// RFC 8414.
    pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
    /// RFC 7517.
    pub const JWKS: &str = "/jwks.json";
    /// RFC 6749 section 3.1.
    pub const AUTHORIZE: &str = "/authorize";
    /// Where pages send the browser back to; see `model::interaction::resume_path`.
    pub const RESUME: &str = "/authorize/resume";
    /// RFC 6749 section 3.2.
    pub const TOKEN: &str = "/token";
    /// OpenID Connect Core 5.3.
    pub const USERINFO: &str = "/userinfo";
    /// OpenID Connect RP-Initiated Logout 1.0.
    pub const END_SESSION: &str = "/logout";
    /// What the page of the end session endpoint that asks sends its form to.
    pub const END_SESSION_CONFIRM: &str = "/logout/confirm";
}

/// What only programs call: the outer layers answer there in JSON and without cookies. One that ends with a slash
/// stands for everything below it.
pub const PROGRAMS: [&str; 4] = ["/.well-known/", paths::JWKS, paths::TOKEN, paths::USERINFO];

/// Everything that the provider answers.
pub fn router(service: Service) -> Router {
    let pages = web::middleware::page_routes(pages(), service.kit().clone());
    programs().merge(browsers()).merge(pages).with_state(service)
}

/// Where sub-sites send browsers, by GET or by a cross-site POST.
fn browsers() -> Router<Service> {
    Router::new()
        .route(
            paths::AUTHORIZE,
            get(authorize::authorize).post(authorize::authorize),
        )
        .route(paths::RESUME, get(authorize::resume::resume))
        .route(paths::END_SESSION, get(logout::logout).post(logout::logout))
}

/// What forms of our own pages are sent to.
fn pages() -> Router<Service> {
    Router::new().route(paths::END_SESSION_CONFIRM, post(logout::confirmed))
}

/// What programs of sub-sites call: no cookies, no cross-site check, no CORS (A082). Each is in [`PROGRAMS`].
fn programs() -> Router<Service> {
    Router::new()
        .route(paths::OPENID_CONFIGURATION, get(discovery::document))
        .route(paths::OAUTH_METADATA, get(discovery::document))
        .route(paths::JWKS, get(jwks::document))
        .route(paths::TOKEN, post(token::token).fallback(token::not_post))
        .route(paths::USERINFO, get(userinfo::userinfo).post(userinfo::userinfo))
}
