//! Getting back into an account whose password is forgotten, or that never had one (HB-33 to HB-37).
//!
//! - `start` `/recover`: phone and captcha; a code goes to the phone, or to a phone without an account a message that
//!   says so. Whoever looks at the pages cannot tell one from the other (A203, A205)
//! - `code` `/recover/code`: the code
//! - `proof` `/recover/proof`: what else is needed, for an account that is worth more than its phone
//! - `face` `/recover/face`: a source that looks at the person
//! - `password` `/recover/password`: the new password
//! - `finish` what then changes, at once or after the wait
//! - `number` "this number is mine now, the account is not" (A237)
//!
//! A phone changes hands, and whoever has it then has every code that is sent to it. So the phone alone gives back an
//! account only where there is nothing behind it, no proven name, no address, no other factor, and where it is younger than
//! the wait. Everywhere else a second proof comes with it, or the recovery waits while every way to reach the owner is used
//! to tell them (A234, A235, A237). After a wait the level falls to what a phone is worth, and also where the second proof
//! was a mailbox or what the operator of the mobile network said. An account that its owner had held opens with what was enrolled long before that, by a source that looks at the
//! person, or at the counter. Recovery removes no factor and signs nobody in: the person signs in with the new password and
//! whatever else the account asks for. Questions to be answered are not offered (A242).
//!
//! The draft is a ceremony of the browser, so that no address has anything of it, and a page that was sent twice finds
//! what the first one did. For people who have none of this left there is the counter (`operator::counter`).

use axum::Router;
use axum::routing::get;
use serde::Deserialize;
use web::paths::LocalPath;

use crate::Service;

mod code;
pub mod counter;
mod draft;
mod face;
mod finish;
pub(crate) mod number;
pub(crate) mod page;
mod passkey;
mod password;
mod plan;
mod proof;
mod second;
mod start;
#[cfg(test)]
mod tests;

pub(crate) use finish::{apply, owner_is_back};

/// The first page.
const START: LocalPath = LocalPath::known("/recover");
/// The code.
const CODE: LocalPath = LocalPath::known("/recover/code");
/// The second proof.
const PROOF: LocalPath = LocalPath::known("/recover/proof");
/// A source that looks at the person.
const FACE: LocalPath = LocalPath::known("/recover/face");
/// The new password.
const PASSWORD: LocalPath = LocalPath::known("/recover/password");
/// The end.
const DONE: LocalPath = LocalPath::known("/recover/done");
/// A number that has changed hands.
const NUMBER: LocalPath = LocalPath::known("/recover/number");

/// The `recovery` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long a recovery that is not finished is remembered, in minutes.
    pub draft_minutes: i64,
    /// How long a recovery by nothing but the phone waits, in hours; an account that is younger and has nothing else behind it
    /// does not wait.
    pub wait_hours: i64,
    /// How often a day somebody can try a second proof for one account.
    pub proofs_per_day: i64,
    /// How long what a counter allowed can be used, in hours.
    pub counter_hours: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            draft_minutes: 30,
            wait_hours: 24,
            proofs_per_day: 10,
            counter_hours: 24,
        }
    }
}

impl Config {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(5..=120).contains(&self.draft_minutes) {
            faults.push(("draft_minutes", "write a number from 5 to 120"));
        }
        if !(24..=720).contains(&self.wait_hours) {
            faults.push(("wait_hours", "write a number from 24 to 720"));
        }
        if !(1..=100).contains(&self.proofs_per_day) {
            faults.push(("proofs_per_day", "write a number from 1 to 100"));
        }
        if !(1..=168).contains(&self.counter_hours) {
            faults.push(("counter_hours", "write a number from 1 to 168"));
        }
        faults
    }
}

/// The pages.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/recover", get(start::show).post(start::submit))
        .route("/recover/code", get(code::show).post(code::submit))
        .route("/recover/proof", get(proof::show).post(proof::submit))
        .route("/recover/face", get(face::show).post(face::submit))
        .route("/recover/face/back", get(face::arrive))
        .route("/recover/password", get(password::show).post(password::submit))
        .route("/recover/number", get(number::show).post(number::submit))
        .route("/recover/other", get(start::other))
        .route("/recover/done", get(password::done))
}
