//! The standing of accounts: who takes one out of use and brings it back, and what follows from it at once.
//!
//! A change is a guarded statement on the account's row, and everything that hangs on it is in the same transaction:
//! sign-ins and tokens end, what was under way in browsers ends, sub-sites are told, the change is written down for the
//! owner, for operators and for the audit log, and the owner gets a notice with the way to object.
//!
//! | standing | begun by | ended by |
//! | --- | --- | --- |
//! | held | the owner: "this wasn't me" ([`hold`]) | proof of identity, or the counter ([`restore`]) |
//! | suspended | an operator ([`suspend`]) | an operator, an appeal, or its time ([`restore`], [`worker`]) |
//! | terminated | two operators ([`terminate`]) | an appeal ([`restore`]) |
//! | frozen | what a register says (`evidence`, `review`) | two operators at the case |
//! | closing, closed | the owner (`closing`) | the owner |
//!
//! What each way in answers in each standing is one table: `model::standing::answer`, and `docs/account-states.md` is made
//! from it.

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::Service;

mod appeal;
mod change;
mod pages;
mod sites;
#[cfg(test)]
mod tests;
pub mod worker;

pub use self::appeal::{against, decide};
pub use self::change::{Because, By, froze, hold, restore, suspend, terminate, thawed};
pub use self::sites::{credential_changed, end_sign_ins, tell_sites};
pub use model::standing_reason::Reason;

/// The `standing` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// For how many days one can object to a suspension or to the end of an account by the link in the notice.
    pub appeal_days: i64,
    /// For how many days a proposal to end an account waits for a second operator.
    pub proposal_days: i64,
    /// The longest suspension that ends by itself, in days.
    pub suspend_days_max: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            appeal_days: 60,
            proposal_days: 7,
            suspend_days_max: 365,
        }
    }
}

impl Config {
    /// What is wrong with the section: each key with what it must be.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(7..=365).contains(&self.appeal_days) {
            faults.push(("standing.appeal_days", "write a number from 7 to 365"));
        }
        if !(1..=30).contains(&self.proposal_days) {
            faults.push(("standing.proposal_days", "write a number from 1 to 30"));
        }
        if !(1..=3650).contains(&self.suspend_days_max) {
            faults.push(("standing.suspend_days_max", "write a number from 1 to 3650"));
        }
        faults
    }
}

/// The pages.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/appeal", get(pages::show).post(pages::begin))
        .route("/appeal/code", get(pages::ask_code).post(pages::check_code))
        .route("/appeal/write", get(pages::ask_text).post(pages::file))
        .route("/appeal/link", post(pages::file_by_link))
}
