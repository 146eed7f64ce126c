//! Where everything is: a table of addresses and a table of handlers.

use axum::Router;
use axum::routing::{get, post};

use crate::{
    Service, authorize, client_auth, discovery, introspect, jwks, level_api, logout, par, register, revoke,
    token, userinfo,
};

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
    /// RFC 9126.
    pub const PUSHED_REQUEST: &str = "/par";
    /// RFC 7662.
    pub const INTROSPECTION: &str = "/introspect";
    /// RFC 7009.
    pub const REVOCATION: &str = "/revoke";
    /// RFC 7591; below it is each registration (RFC 7592).
    pub const REGISTRATION: &str = "/connect/register";
    /// OpenID Connect Core 5.3.
    pub const USERINFO: &str = "/userinfo";
    /// What a person lacks for a level; our own.
    pub const LEVEL: &str = "/api/level/v1";
    /// OpenID Connect RP-Initiated Logout 1.0.
    pub const END_SESSION: &str = "/logout";
    /// What the page of the end session endpoint that asks sends its form to.
    pub const END_SESSION_CONFIRM: &str = "/logout/confirm";
    /// The page after a sign-out.
    pub const SIGNED_OUT: &str = model::interaction::SIGNED_OUT_PATH;
}

/// What only programs call: the outer layers answer there in JSON and without cookies. One that ends with a slash
/// stands for everything below it.
pub const PROGRAMS: [&str; 10] = [
    "/.well-known/",
    paths::JWKS,
    paths::TOKEN,
    paths::PUSHED_REQUEST,
    paths::INTROSPECTION,
    paths::REVOCATION,
    paths::USERINFO,
    paths::LEVEL,
    paths::REGISTRATION,
    // Each registration; the address of the registration endpoint with a slash.
    "/connect/register/",
];

/// Clients that register themselves: nothing of it is there unless the operator switched it on (A143).
fn registration() -> Router<Service> {
    Router::new()
        .route(paths::REGISTRATION, post(register::register))
        .route(
            &format!("{}/{{client_id}}", paths::REGISTRATION),
            get(register::show).put(register::change).delete(register::forget),
        )
}

/// Everything that the provider answers.
pub fn router(service: Service) -> Router {
    let pages = web::middleware::page_routes(pages(), service.kit().clone());
    let script = authorize::form_post::SCRIPT;
    let registration = if service.config().registration.enabled {
        registration()
    } else {
        Router::new()
    };
    programs()
        .merge(registration)
        .merge(browsers())
        .merge(pages)
        .route(&script.path(), get(move || async move { script.respond() }))
        .with_state(service)
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
        .route(paths::SIGNED_OUT, get(logout::signed_out))
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
        .route(paths::TOKEN, post(token::token).fallback(client_auth::not_post))
        .route(
            paths::PUSHED_REQUEST,
            post(par::push).fallback(client_auth::not_post),
        )
        .route(
            paths::INTROSPECTION,
            post(introspect::introspect).fallback(client_auth::not_post),
        )
        .route(
            paths::REVOCATION,
            post(revoke::revoke).fallback(client_auth::not_post),
        )
        .route(paths::USERINFO, get(userinfo::userinfo).post(userinfo::userinfo))
        .route(paths::LEVEL, get(level_api::of_token).post(level_api::of_subject))
}
