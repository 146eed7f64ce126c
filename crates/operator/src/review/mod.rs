//! Cases that people decide: the queue, the page of a case, its pictures, and what a decision changes.
//!
//! | page | shows, does |
//! |---|---|
//! | `/operator/queue` | what waits and for how long, nobody's name; takes the next case |
//! | `/operator/cases/{number}` | a case; what was typed only to the operator who holds it |
//! | `/operator/cases/{number}/pictures/{id}` | a picture with who looks at it written across |
//! | `/operator/cases/{number}/{step}` | claim, release, register, decide, reopen |
//! | `/operator/cases/{number}/override` | asks a second operator for a level that no source confirms |
//!
//! Nobody finds a person here without the number of a case (A291), there are no bulk actions, and what two people must
//! agree on is never done by one (`store::case_reviews`).

use axum::routing::{get, post};
use axum::{Extension, Router};
use model::case::State;
use serde::Deserialize;
use store::StoreError;
use store::case_reviews;
use store::cases::{Case, CaseNumber};
use web::paths::LocalPath;

use crate::Service;
use crate::home::Count;
use crate::overrides;
use crate::roles::Permission;
use crate::session::Signed;

mod act;
pub(crate) mod decide;
pub(crate) mod desk;
pub(crate) mod file;
mod frozen;
mod moved;
mod pictures;
mod prospect;
mod queue;
mod show;
mod watermark;
mod words;

#[cfg(test)]
mod tests;

/// The queue.
pub(crate) const QUEUE: LocalPath = LocalPath::known("/operator/queue");

/// How cases are decided. `[operator.review]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// For how long a case is an operator's own before it goes back to the queue, in minutes.
    pub lease_minutes: i64,
    /// From this level on two people have to agree. The counter and overrides always take two.
    pub four_eyes_from: u8,
    /// The longest time for which two operators may set a level that no source confirms, in days.
    pub override_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lease_minutes: 30,
            four_eyes_from: 3,
            override_days: 90,
        }
    }
}

impl Config {
    /// What is wrong with the section.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(5..=240).contains(&self.lease_minutes) {
            faults.push(("review.lease_minutes", "write a number from 5 to 240"));
        }
        if !(1..=3).contains(&self.four_eyes_from) {
            faults.push((
                "review.four_eyes_from",
                "write a number from 1 to 3: from level 3 on two people always agree",
            ));
        }
        if !(1..=365).contains(&self.override_days) {
            faults.push(("review.override_days", "write a number from 1 to 365"));
        }
        faults
    }
}

pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/operator/queue", get(queue::show).post(queue::take_next))
        .route("/operator/cases/{number}", get(show::show))
        .route("/operator/cases/{number}/claim", post(act::claim))
        .route("/operator/cases/{number}/release", post(act::release))
        .route("/operator/cases/{number}/register", post(act::ask_register))
        .route("/operator/cases/{number}/decide", post(act::decide))
        .route("/operator/cases/{number}/reopen", post(act::reopen))
        .route("/operator/cases/{number}/pictures/{id}", get(pictures::show))
        .merge(overrides::routes())
        .layer(Extension(watermark::Watermarks::default()))
}

/// What waits for an operator, for the first page.
pub(crate) async fn counts(service: &Service, signed: &Signed) -> Result<Vec<Count>, StoreError> {
    if !signed.may(Permission::Review) {
        return Ok(Vec::new());
    }
    let counts = case_reviews::count(&service.store().read(), signed.operator.id, service.now()).await?;
    let count = |label, number: i64, oldest| Count {
        label,
        number: u64::try_from(number).unwrap_or_default(),
        oldest,
        page: QUEUE,
    };
    Ok(vec![
        count("desk-count-queued", counts.queued, counts.ages.oldest),
        count("desk-count-proposed", counts.proposed, None),
        count("desk-count-mine", counts.mine, None),
        count("desk-count-asked", counts.asked, None),
    ])
}

/// The page of a case.
pub(crate) fn page_of(number: &CaseNumber) -> LocalPath {
    step_of(number, "")
}

/// The address of a step at a case.
pub(crate) fn step_of(number: &CaseNumber, step: &str) -> LocalPath {
    let path = format!("/operator/cases/{}{step}", number.as_str());
    LocalPath::parse(&path).unwrap_or(QUEUE)
}

/// The key of what a case is about.
pub(crate) fn about(state: State, source: &str) -> &'static str {
    match (state, source) {
        (State::Restricted, _) => "desk-about-restricted",
        (_, "population_register") => "desk-about-register",
        (_, "document_review") => "desk-about-documents",
        (_, decide::COUNTER) => "desk-about-counter",
        (_, source) if source.starts_with(decide::OVERRIDE) => "desk-about-override",
        _ => "desk-about-other",
    }
}

/// What a step at a case needs beside the right to review.
pub(crate) fn needs(case: &Case) -> Permission {
    if decide::is_override(case) {
        Permission::Override
    } else if case.state == State::Restricted {
        Permission::Confirm
    } else {
        Permission::Review
    }
}
