//! Closing an account by oneself (NA-38 to NA-41).
//!
//! - `page` `/account/close`: what it means, what is kept and until when, and the button, after proof of the strongest kind
//! - `keep` `/account/close/keep`: what the right password leads to while the account is being closed: the offer to keep it,
//!   and nothing else
//! - `finish` what happens when the days to think again are over; or, for an account that was joined with another one, the
//!   days to object
//!
//! From the moment of closing every sign-in and token is dead and sub-sites are told that the account is disabled; in the
//! end they are told that it is gone. What law and claims need stays until its time is over (`model::closing::Kept`), listed
//! to the person with reason and date before they decide. The account's row stays as an empty shell: its identifier, and
//! with it every name by which sub-sites knew the person, comes to nobody again. Registering again makes another account,
//! at level 0.

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use model::closing::Kept;
use model::secret::Token;
use serde::Deserialize;
use web::paths::LocalPath;

use crate::Service;
use crate::signin::Onward;

mod finish;
mod keep;
mod page;
#[cfg(test)]
mod tests;
mod wait;

pub(crate) use finish::{after_join, bring_forward, put_off, put_off_again};
pub use finish::{apply, forget_due};
pub use keep::stop;
pub(crate) use wait::go_on;

const HERE: LocalPath = LocalPath::known("/account/close");
const DONE: LocalPath = LocalPath::known("/account/close/done");
const KEEP: LocalPath = LocalPath::known("/account/close/keep");

/// The `closing` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// For how many days somebody who closes their account can think again.
    pub cooling_off_days: i64,
    /// For how many days it is kept when and from where somebody signed in. 0: not at all, as below.
    pub keep_sign_ins_days: i64,
    /// For how many days it is kept which agreements were accepted.
    pub keep_agreements_days: i64,
    /// For how many days the receipts of consents are kept.
    pub keep_consents_days: i64,
    /// For how many days it is kept that a source checked somebody, without name and number.
    pub keep_checks_days: i64,
    /// For how many days decisions of operators about an account are kept.
    pub keep_decisions_days: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cooling_off_days: 7,
            // Six months, whichever they are.
            keep_sign_ins_days: 184,
            // Three years.
            keep_agreements_days: 1096,
            keep_consents_days: 1096,
            keep_checks_days: 1096,
            keep_decisions_days: 1096,
        }
    }
}

impl Config {
    /// What is wrong with the section: each key with what it must be.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(1..=60).contains(&self.cooling_off_days) {
            faults.push(("closing.cooling_off_days", "write a number from 1 to 60"));
        }
        let keys = [
            ("closing.keep_sign_ins_days", self.keep_sign_ins_days),
            ("closing.keep_agreements_days", self.keep_agreements_days),
            ("closing.keep_consents_days", self.keep_consents_days),
            ("closing.keep_checks_days", self.keep_checks_days),
            ("closing.keep_decisions_days", self.keep_decisions_days),
        ];
        for (key, days) in keys {
            if !(0..=7300).contains(&days) {
                faults.push((key, "write a number from 0 to 7300"));
            }
        }
        faults
    }

    const fn days(&self, what: Kept) -> i64 {
        match what {
            Kept::SignIns => self.keep_sign_ins_days,
            Kept::Agreements => self.keep_agreements_days,
            Kept::Consents => self.keep_consents_days,
            Kept::Checks => self.keep_checks_days,
            Kept::Decisions => self.keep_decisions_days,
        }
    }

    /// What is kept of an account that closes at a moment, and until when.
    pub fn kept(&self, closes_at: DateTime<Utc>) -> Vec<(Kept, DateTime<Utc>)> {
        Kept::ALL
            .into_iter()
            .filter(|what| self.days(*what) > 0)
            .map(|what| (what, closes_at + TimeDelta::days(self.days(what))))
            .collect()
    }
}

/// Where the right proof of an account leads that is being closed: a ceremony of [`store::ceremonies::Purpose::Keep`], and
/// its handle.
pub fn keep_page(handle: &Token, onward: &Onward) -> LocalPath {
    onward.through(KEEP.with("step", handle.expose()))
}

/// The pages.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/account/close", get(page::show).post(page::submit))
        .route("/account/close/done", get(page::done))
        .route("/account/close/keep", get(keep::show).post(keep::submit))
}
