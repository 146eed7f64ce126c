//! What changes about an account later, or can be taken back: phone, e-mail address, user name, a recovery that waits, a
//! number that has changed hands, closing.
//!
//! - `contact` `/account/contact`: phone, e-mail address, user name, and everything that is under way
//! - `phone`, `email`, `username` each of the three
//! - `undo` what the links in the notices do, and the buttons on the page
//! - `worker` does what is due
//!
//! A new phone or address is proven before it counts, and the old one agrees; where the old one is lost the change waits
//! and every way to reach the owner is used to tell them. For some days afterwards a link that only the old one was sent
//! takes it back. Each step is one guarded statement of `store::changes` (A231, A239), and a link is bound to account,
//! change and address (A238).

use axum::Router;
use axum::routing::{get, post};
use model::event::Event;
use model::ids::AccountId;
use serde::Deserialize;
use serde_json::Value;
use store::audit::Entry;
use store::{StoreError, Tx};
use web::paths::LocalPath;

use crate::Service;

mod contact;
mod email;
pub(crate) mod phone;
#[cfg(test)]
mod tests;
mod undo;
mod username;
pub mod worker;

pub(crate) use email::confirmed;
pub(crate) use undo::{Back, by_link, link as stop_link, not_me, not_me_at};
pub use worker::run;

/// The page of all of them.
const CONTACT: LocalPath = LocalPath::known("/account/contact");

/// The `changes` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a new phone or address waits whose old one did not agree, in hours.
    pub wait_hours: i64,
    /// How long a change can be taken back, in days.
    pub undo_days: i64,
    /// How long a number that somebody else has proven stays with its account, in days.
    pub dispute_days: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            wait_hours: 72,
            undo_days: 7,
            dispute_days: 7,
        }
    }
}

impl Config {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(24..=720).contains(&self.wait_hours) {
            faults.push(("wait_hours", "write a number from 24 to 720"));
        }
        if !(1..=90).contains(&self.undo_days) {
            faults.push(("undo_days", "write a number from 1 to 90"));
        }
        if !(1..=90).contains(&self.dispute_days) {
            faults.push(("dispute_days", "write a number from 1 to 90"));
        }
        faults
    }
}

/// The pages.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/account/contact", get(contact::show))
        .route("/account/contact/stop", post(contact::stop))
        .route("/account/contact/phone", get(phone::show).post(phone::submit))
        .route(
            "/account/contact/phone/code",
            get(phone::codes).post(phone::confirm_codes),
        )
        .route("/account/contact/email", get(email::show).post(email::submit))
        .route(
            "/account/contact/username",
            get(username::show).post(username::submit),
        )
}

/// A page as it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The person was asked for a proof in between.
    confirmed: Option<String>,
}

/// Writes it into the audit log.
async fn record(
    service: &Service,
    tx: &Tx,
    request_id: Option<&str>,
    (account, event): (AccountId, Event),
    details: Value,
) -> Result<(), StoreError> {
    let mut entry = Entry::new(event, service.now()).account(account).details(details);
    entry.request_id = request_id.map(str::to_owned);
    store::audit::record(tx, service.rng(), entry).await
}
