//! Registering as a resident (HB-06 to HB-19, GG-07 to GG-17): two small pages that work without script.
//!
//! - `start` kind, phone and captcha; a code goes to the phone
//! - `confirm` code, password and agreement; the account is made and signed in
//! - `input` what was typed, checked without asking anybody
//! - `create` the one transaction that makes the account
//! - `forms` how the pages look
//! - `by_email` the first page for those who register by name, e-mail and phone (VN-16), where that is offered
//! - `activation` the link to the mailbox, without which such an account cannot be used (VN-17)
//! - `waiting` the page that waits for it, where another link can be had
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

mod activation;
mod by_email;
mod confirm;
mod create;
mod forms;
mod input;
mod start;
mod waiting;

#[cfg(test)]
mod tests;

pub use activation::upkeep;
pub(crate) use activation::{about as about_activation, activate};

/// The page that waits for the mailbox.
const ACTIVATION: LocalPath = LocalPath::known("/register/activation");
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
    /// Whether people can also register by name, e-mail and phone. Needs a mail server.
    pub by_email: bool,
    /// For how many hours an activation link works.
    pub activation_hours: i64,
    /// After how many days an account that was not activated is given up, with its phone and its address.
    pub pending_days: i64,
}

impl Config {
    /// What is wrong with the section: each key with what it must be.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(1..=168).contains(&self.activation_hours) {
            faults.push(("activation_hours", "must be 1 to 168"));
        }
        if !(1..=30).contains(&self.pending_days) {
            faults.push(("pending_days", "must be 1 to 30"));
        }
        faults
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            open: true,
            draft_minutes: 60,
            by_email: false,
            activation_hours: 24,
            pending_days: 3,
        }
    }
}

/// The pages.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/register", get(start::show).post(start::submit))
        .route("/register/confirm", get(confirm::show).post(confirm::submit))
        .route("/register/email", get(by_email::show).post(by_email::submit))
        .route("/register/activation", get(waiting::show).post(waiting::submit))
}

/// Where a new resident goes: to prove their name now, or to skip that (HB-18).
fn onward_from_here(onward: &Onward) -> LocalPath {
    onward.through(LocalPath::known("/verify/population-register").with("welcome", "1"))
}
