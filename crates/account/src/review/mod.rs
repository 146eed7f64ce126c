//! What residents do where people of the province decide: they send pictures of a document, follow their cases, answer,
//! appeal, take back; and they join an older account of theirs that has proven the same number.
//!
//! - [`pictures`] pictures made anew, within limits
//! - `document` `/verify/document-review`: the form that opens a case (VN-14, AH-22)
//! - `filing` a case goes to the people who decide
//! - `cases`, `answer` `/account/cases` and what can be done there; `words` its texts
//! - [`conflict`] `/verify/conflict`: two accounts of one person become one (AH-24)
//! - `minors` who is too young, and where to go
//! - [`upkeep`] what happens by itself: pictures deleted on schedule, cases that nobody answered
//!
//! Who decides, and on what page, is the operators' business.

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::Service;

mod answer;
mod cases;
pub mod conflict;
mod document;
pub(crate) mod filing;
mod form;
pub(crate) mod minors;
pub mod pictures;
pub mod upkeep;
pub(crate) mod words;

/// The source whose evidence a reviewer gives who compared documents.
pub const DOCUMENT_REVIEW: &str = "document_review";

/// The `review` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether people can send pictures of documents for somebody to compare.
    pub open: bool,
    /// For how many days pictures are kept after a decision; an appeal is possible for as long.
    pub keep_days: i64,
    /// After how many days pictures are deleted in any case.
    pub keep_days_longest: i64,
    /// For how long pictures stay that were not sent off, in minutes.
    pub draft_minutes: i64,
    /// After how many days without an answer a case ends that waits for one.
    pub answer_days: i64,
    /// How many forms with pictures an account may send in an hour.
    pub forms_per_hour: i64,
    /// How many forms with pictures may come from one network address in an hour.
    pub address_forms_per_hour: i64,
    /// How many tries a day an account has to prove that an older one is its own.
    pub join_tries_per_day: i64,
    /// For how many hours somebody may object after two accounts were joined.
    pub objection_hours: i64,
    /// How pictures are taken.
    pub pictures: pictures::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            open: true,
            keep_days: 30,
            keep_days_longest: 180,
            draft_minutes: 60,
            answer_days: 30,
            forms_per_hour: 20,
            address_forms_per_hour: 200,
            join_tries_per_day: 10,
            objection_hours: 72,
            pictures: pictures::Config::default(),
        }
    }
}

/// The pages.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route(
            "/verify/document-review",
            get(document::show).post(document::submit),
        )
        .route("/account/cases", get(cases::list))
        .route("/account/cases/{number}", get(cases::show))
        .route("/account/cases/{number}/answer", post(answer::answer))
        .route("/account/cases/{number}/appeal", post(answer::appeal))
        .route(
            "/account/cases/{number}/withdraw",
            get(answer::ask_withdrawal).post(answer::withdraw),
        )
        .merge(conflict::routes())
}

#[cfg(test)]
mod tests;
