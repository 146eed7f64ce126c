//! Signing in with a phone number, or with a citizen ID number once it is proven (HB-53), an e-mail address or a user name,
//! and a password; with a second factor where the account has one; with a passkey and nothing else.
//!
//! - `form` the page; `page` its handlers
//! - `identifier` what was typed, as one of its kinds
//! - `guard` counters: when a captcha is asked for, when it is enough
//! - `attempt` one try, the same for accounts that exist and accounts that do not (A203, A207)
//! - `step`, `factor`, `second` half a sign-in, and the second factor; `more` a factor that a sub-site wants beside them
//! - `passkey` a passkey and nothing else; `keep` an account that is being closed
//! - `onward` where the person goes afterwards

use axum::Router;
use axum::routing::get;
use serde::Deserialize;

use crate::Service;

mod attempt;
mod factor;
mod form;
mod guard;
mod identifier;
mod keep;
mod more;
mod onward;
mod page;
mod passkey;
mod prove;
mod second;
mod step;

pub use onward::{Asked, Onward};
pub(crate) use prove::{Guess, Proof, Typed, captcha_for, prove};

/// How people sign in. `[signin]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// From so many failed tries for one identifier on, a captcha is asked for.
    pub captcha_after: i64,
    /// From so many failed tries from one network address on, a captcha is asked for.
    pub address_captcha_after: i64,
    /// From so many failed tries of everybody on, a captcha is asked for everywhere (A209).
    pub everybody_captcha_after: i64,
    /// The most failed tries for one identifier in one window, from everywhere together.
    pub identifier_limit: i64,
    /// The same from one network address.
    pub identifier_network_limit: i64,
    /// The most failed tries for one account in one window, whichever identifier is used.
    pub account_limit: i64,
    /// The most failed tries from one network address in one window.
    pub address_limit: i64,
    /// The length of the window, in seconds.
    pub window_seconds: i64,
    /// After so many wrong passwords in a row, on devices that the account was never used from together, on others each for
    /// itself, the password opens nothing until its owner sets another one.
    pub in_a_row_limit: i64,
    /// For how long the second factor can be given after the first, in minutes.
    pub step_minutes: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            captcha_after: 3,
            address_captcha_after: 20,
            everybody_captcha_after: 600,
            identifier_limit: 200,
            identifier_network_limit: 20,
            account_limit: 300,
            address_limit: 200,
            window_seconds: 900,
            in_a_row_limit: 100,
            step_minutes: 10,
        }
    }
}

/// `/sign-in` and `/sign-out`.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/sign-in", get(page::show).post(page::submit))
        .route("/sign-in/second", get(second::show).post(second::submit))
        .route("/sign-in/more", get(more::show).post(more::submit))
        .merge(crate::session::routes())
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
