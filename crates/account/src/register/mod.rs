//! Registering as a resident (HB-06 to HB-19, GG-07 to GG-17): two small pages that work without script.
//!
//! - `start` kind, phone and captcha; a code goes to the phone
//! - `confirm` code, password and agreement; the account is made and signed in
//! - `input` what was typed, checked without asking anybody
//! - `create` the one transaction that makes the account
//! - `forms` how the pages look
//!
//! The draft lives on the server, bound to the browser, so that a lost connection costs nothing. A phone that has an
//! account already is led through the same pages; its owner is told by message (A203, A207). Proving the name is
//! the next page's business, and can be skipped there (HB-18). What this does not do: organisations, whose legal
//! representative registers as a resident first (HB-38).

use axum::Router;
use axum::routing::get;
use serde::Deserialize;
use web::paths::LocalPath;

use crate::Service;
use crate::signin::Onward;

mod confirm;
mod create;
mod forms;
mod input;
mod start;
#[cfg(test)]
mod tests;

/// The first page.
const START: LocalPath = LocalPath::known("/register");
/// The second page.
const CONFIRM: LocalPath = LocalPath::known("/register/confirm");

/// The `register` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether people can register by themselves; otherwise the pages are not there (A227).
    pub open: bool,
    /// How long a registration that is not finished is remembered, in minutes.
    pub draft_minutes: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            open: true,
            draft_minutes: 60,
        }
    }
}

/// The pages.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/register", get(start::show).post(start::submit))
        .route("/register/confirm", get(confirm::show).post(confirm::submit))
}

/// Where a new resident goes: to prove their name now, or to skip that (HB-18).
fn onward_from_here(onward: &Onward) -> LocalPath {
    onward.through(LocalPath::known("/verify/population-register").with("welcome", "1"))
}
