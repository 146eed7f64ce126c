//! Evidence: facts about a person that a source has confirmed, and the level that follows from them.
//!
//! - [`source`] what a source is and says; [`http`] the adapter; [`breaker`] leaves a broken source alone
//! - [`check`] one attempt from the question to what changes because of the answer
//! - [`port`] what every source's own file in `sources/` says of itself
//! - `asking` the same facts sent twice at once; `draft` what was typed before another page came first
//! - `population`, `operator`, `phone` the pages under `/verify`
//!
//! Levels are computed by the ladder whenever they are asked for, and stored nowhere. What this does not do: human
//! review of a case; it only files one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use model::clock::Clock;
use model::evidence::{Evidence, SourceId};
use model::ids::{AccountId, CaseId, EvidenceId};
use model::ladder::LevelNow;
use model::rng::Rng;
use serde::Deserialize;
use store::accounts::Account;
use store::cases::Input;
use store::evidence::NewEvidence;
use store::{StoreError, Tx};

use crate::Service;

mod asking;
pub mod breaker;
pub mod check;
pub mod decided;
mod draft;
pub mod http;
mod input;
mod onward;
mod operator;
mod pages;
mod phone;
mod population;
pub mod port;
pub mod source;

/// One file a source; `build.rs` collects them.
pub mod sources {
    include!(concat!(env!("OUT_DIR"), "/sources.rs"));
}

pub(crate) use onward::page_of;
pub(crate) use pages::{decline_form, review_form};

use breaker::Breaker;
use http::{Endpoint, HttpSource};
use source::{Finding, Source, Verified, Word};

/// How evidence is gained. `[sources]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the population register is; without it nobody reaches level 1 by themselves.
    pub population_register: Option<Endpoint>,
    /// Where the mobile operators' common check is.
    pub mobile_operator: Option<Endpoint>,
    /// How many tries a day an account has, and an ID number across all accounts (A253).
    pub tries_per_day: i64,
    /// How long a code by SMS counts as fresh proof before the level is raised, in minutes (HB-26).
    pub phone_fresh_minutes: i64,
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
            tries_per_day: 3,
            phone_fresh_minutes: 10,
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
}

/// The sources that this installation is connected to. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Sources(Arc<BTreeMap<SourceId, Connection>>);

#[derive(Debug)]
struct Connection {
    source: Arc<dyn Source>,
    breaker: Breaker,
}

impl Sources {
    /// Connects what the configuration names, over the guarded client that the server made.
    pub fn connect(config: &Config, client: &reqwest::Client) -> Self {
        let named = [
            (source::POPULATION_REGISTER, &config.population_register),
            (source::MOBILE_OPERATOR, &config.mobile_operator),
        ];
        let connect = |(name, endpoint): (&str, &Option<Endpoint>)| {
            let id = SourceId::parse(name).ok()?;
            let source: Arc<dyn Source> = Arc::new(HttpSource::new(endpoint.clone()?, client.clone()));
            Some((id, source))
        };
        Self::new(named.into_iter().filter_map(connect), config.breaker())
    }

    /// The given sources, each behind its own breaker.
    pub fn new(
        sources: impl IntoIterator<Item = (SourceId, Arc<dyn Source>)>,
        limits: breaker::Limits,
    ) -> Self {
        let connect = |(id, source)| {
            (
                id,
                Connection {
                    source,
                    breaker: Breaker::new(limits),
                },
            )
        };
        Self(Arc::new(sources.into_iter().map(connect).collect()))
    }

    /// Whether a source is connected.
    pub fn has(&self, id: &SourceId) -> bool {
        self.0.contains_key(id)
    }

    /// Asks a source. Answers within its time limit, at once while its breaker is open.
    pub async fn check(&self, id: &SourceId, facts: &Input, clock: &Clock) -> (Word, Finding) {
        let reply = match self.0.get(id) {
            Some(connection) => connection.ask(facts, clock).await,
            None => source::Reply::bare(Word::Unavailable),
        };
        if reply.word == Word::Refused {
            tracing::error!(
                source = id.as_str(),
                "the source refuses to serve us: key, quota or allow-list"
            );
        }
        (reply.word, source::judge(id, facts, reply))
    }
}

impl Connection {
    async fn ask(&self, facts: &Input, clock: &Clock) -> source::Reply {
        let Some(permit) = self.breaker.permit(clock.now()) else {
            return source::Reply::bare(Word::Unavailable);
        };
        let reply = self.source.ask(facts).await;
        match reply.word {
            Word::Unavailable => permit.failed(clock.now()),
            _ => permit.succeeded(),
        }
        reply
    }
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
        expires_at: earliest(
            service.ladder().expiry(verified.source(), now),
            verified.until(),
        ),
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
    Router::new()
        .route(
            "/verify/population-register",
            get(population::show).post(population::submit),
        )
        .route(
            "/verify/mobile-operator",
            get(operator::show).post(operator::submit),
        )
        .route("/verify/confirm-phone", get(phone::show).post(phone::submit))
        .route("/verify/review", post(pages::file_review))
        .route("/verify/decline", post(pages::decline))
}

#[cfg(test)]
mod tests;
