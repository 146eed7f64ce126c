//! The resident's own space: who I am here, how well I am known, and where I am signed in.
//!
//! - `home` `/account`
//! - `level` `/account/level`: the level, its seals, and the ways up (HB-24)
//! - `security` `/account/security`: factors, sign-ins, devices, and what happened
//!
//! `/account/sharing` is the consent crate's.

use axum::Router;
use axum::routing::get;

use crate::Service;

mod home;
mod level;
mod security;

pub use level::open_sources;

/// The pages.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/account", get(home::show))
        .route("/account/level", get(level::show))
        .merge(security::routes())
}

#[cfg(test)]
mod tests;
