//! Evidence: facts about a person that a source has confirmed, and the level that follows from them.
//!
//! - [`port`] what every source's own file in `sources/` says of itself; [`fields`] what their forms have in common
//! - [`source`] what a source says; [`http`] the adapter; [`breaker`] leaves a broken source alone; [`connected`] all of
//!   them, with their quotas
//! - [`check`] one attempt from the question to what changes because of the answer, which `filing` writes; `tries` how
//!   many there may be
//! - `asking` the same facts sent twice at once; `draft` what was typed before another page came first
//! - `form` the page of every source with a form; `phone` the code before it
//!
//! Levels are computed by the ladder whenever they are asked for, and stored nowhere. What this does not do: human
//! review of a case; it only files one.

use std::collections::BTreeMap;

use axum::routing::{get, post};
use axum::{Extension, Router};
use chrono::{DateTime, NaiveDate, Utc};
use model::evidence::Evidence;
use model::ids::{AccountId, CaseId, EvidenceId};
use model::ladder::LevelNow;
use model::rng::Rng;
use serde::Deserialize;
use store::accounts::Account;
use store::evidence::NewEvidence;
use store::{StoreError, Tx};

use crate::Service;

mod asking;
pub(crate) mod away;
pub mod breaker;
mod certificate;
pub mod check;
pub mod connected;
mod counter;
pub mod decided;
mod draft;
pub mod fields;
pub(crate) mod filing;
mod form;
pub mod http;
mod input;
pub mod locked;
mod onward;
mod pages;
mod phone;
pub mod port;
pub mod source;
pub(crate) mod tries;
pub(crate) mod trip;
pub(crate) mod vouched;

/// One file a source; `build.rs` collects them.
pub mod sources {
    include!(concat!(env!("OUT_DIR"), "/sources.rs"));
}

pub use connected::Sources;
pub(crate) use input::{Decision, Typed, decide, name_fault};
pub(crate) use onward::{after, is_gone_here, phone_first};
pub use onward::{definition, page_of};
pub(crate) use pages::{decline_form, holds, name_of, review_form, way_on};
pub(crate) use phone::{refused as code_refused, tried as code_tried};

use http::Endpoint;
use port::{Entry, Road};
use source::Verified;

/// How evidence is gained. `[sources]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the population register is; without it nobody reaches level 1 by themselves.
    pub population_register: Option<Endpoint>,
    /// Where the mobile operators' common check is.
    pub mobile_operator: Option<Endpoint>,
    /// Whatever else is connected, by the name in the ladder: the files of `sources.d/`.
    #[serde(skip)]
    pub named: BTreeMap<String, Entry>,
    /// How many tries a day an account has at a source (A253).
    pub tries_per_day: i64,
    /// How many tries a day an ID number has at a source, by all accounts that have not proven it. More than an account
    /// has: numbers are no secret, and somebody else's guesses should not keep their owner out.
    pub tries_per_day_for_number: i64,
    /// The same at all sources together.
    pub tries_per_day_in_all: i64,
    /// From this age on a person proves their own name, in years; younger people come with a guardian.
    pub adult_years: u32,
    /// After so many failures in a row a source is left alone.
    pub breaker_failures: u32,
    /// For so long, in seconds.
    pub breaker_pause_seconds: i64,
    /// After so long a source that did not answer is asked again, in seconds; then after twice as long, and so on.
    pub retry_first_seconds: i64,
    /// The longest time between two tries, in seconds.
    pub retry_longest_seconds: i64,
    /// After so many days without an answer the case ends, and the person is told.
    pub retry_days: i64,
}

impl Default for Config {
    fn default() -> Self {
        let limits = breaker::Limits::default();
        Self {
            population_register: None,
            mobile_operator: None,
            named: BTreeMap::new(),
            tries_per_day: 3,
            tries_per_day_for_number: 10,
            tries_per_day_in_all: 10,
            adult_years: 18,
            breaker_failures: limits.failures,
            breaker_pause_seconds: limits.pause_seconds,
            retry_first_seconds: 60,
            retry_longest_seconds: 3600,
            retry_days: 7,
        }
    }
}

impl Config {
    /// When the breaker of a source opens, and for how long.
    pub const fn breaker(&self) -> breaker::Limits {
        breaker::Limits {
            failures: self.breaker_failures,
            pause_seconds: self.breaker_pause_seconds,
        }
    }

    /// Everything that is connected, by name.
    pub fn entries(&self) -> BTreeMap<String, Entry> {
        let sections = [
            (source::POPULATION_REGISTER, &self.population_register),
            (source::MOBILE_OPERATOR, &self.mobile_operator),
        ];
        let mut entries = self.named.clone();
        for (name, endpoint) in sections {
            if let Some(endpoint) = endpoint.clone() {
                entries.insert(name.to_owned(), Entry::from(endpoint));
            }
        }
        entries
    }
}

/// The day, where the people are.
pub(crate) fn today(service: &Service) -> NaiveDate {
    service.kit().today()
}

/// What an account is now, computed from its evidence.
pub async fn level_of(service: &Service, tx: &Tx, account: &Account) -> Result<LevelNow, StoreError> {
    let evidence = store::evidence::list(tx, account.id).await?;
    Ok(level_from(service, account, &evidence))
}

/// The same for evidence at hand.
pub(crate) fn level_from(service: &Service, account: &Account, evidence: &[Evidence]) -> LevelNow {
    service
        .ladder()
        .level(account.kind, evidence, service.kit().now())
}

/// Stores what a source has confirmed, with the life that the ladder gives it.
pub(crate) async fn record(
    service: &Service,
    tx: &Tx,
    (account, case): (AccountId, CaseId),
    verified: &Verified,
) -> Result<EvidenceId, StoreError> {
    let (now, rng): (_, &Rng) = (service.kit().now(), service.kit().rng());
    let evidence = Evidence {
        id: EvidenceId::new(now, rng),
        source: verified.source().clone(),
        issued_at: now,
        expires_at: earliest(service.ladder().expiry(verified.source(), now), verified.until()),
        ended_at: None,
    };
    let id = evidence.id;
    let reference = verified.reference().map(str::to_owned);
    store::evidence::record(
        tx,
        &NewEvidence {
            evidence,
            account,
            reference,
            case: Some(case),
            details: verified.details().clone(),
        },
    )
    .await?;
    Ok(id)
}

/// The earlier of two ends, where `None` is never.
fn earliest(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The pages under `/verify`.
pub(crate) fn routes() -> Router<Service> {
    let mut router = Router::new();
    for definition in sources::ALL {
        if let (Road::Form(_), Some(page)) = (definition.road, definition.page()) {
            let handlers = get(form::show).post(form::submit).layer(Extension(*definition));
            router = router.route(page.as_str(), handlers);
        }
    }
    router
        .merge(away::routes())
        .merge(certificate::routes())
        .route("/verify/counter", get(counter::show))
        .route("/verify/confirm-phone", get(phone::show).post(phone::submit))
        .route("/verify/restricted", get(pages::show_restricted))
        .route("/verify/review", post(pages::file_review))
        .route("/verify/decline", post(pages::decline))
}

#[cfg(test)]
mod tests;
