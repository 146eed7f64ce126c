//! A sample resource server: the province's records office, whose API the sub-sites call with a resident's access token.
//! It stands for every API of an agency that trusts the provider's tokens, and shows what such a server has to look at.
//!
//! - tokens in JWT form are checked with the provider's keys (RFC 9068 section 4), opaque ones are asked about
//!   (RFC 7662), both must be meant for this very resource (RFC 8707); [`guard`]
//! - tokens that are bound to a key come with a proof (RFC 9449 section 7.1)
//! - who is not proven well or recently enough is told what would do (RFC 9470 section 3); [`refusal`]
//! - it says about itself where its tokens come from (RFC 9728)
//!
//! A JWT that was revoked is good for the records until it lapses: that is the price of not asking. For the tax file the
//! provider is asked about every token. What the records say is made up.

mod guard;
mod refusal;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use model::clock::Clock;
use model::rng::Rng;
use serde_json::{Value, json};

use crate::config::RecordsConfig;
use crate::dpop::Checker;
use crate::issuer::Issuer;
use crate::jws::ALGORITHMS;
use crate::wire;
use guard::{Holder, Need};

/// The path under which everything needs a token.
const API: &str = "/api";

/// The resource identifier of a records office at this address (RFC 8707 section 2).
pub(crate) fn resource(base_url: &str) -> String {
    format!("{base_url}{API}")
}

/// The running server; a cheap handle.
#[derive(Clone)]
struct Office(Arc<Inner>);

struct Inner {
    config: RecordsConfig,
    base_url: String,
    resource: String,
    issuer: Issuer,
    http: reqwest::Client,
    proofs: Checker,
    clock: Clock,
}

/// Everything that it answers.
pub(crate) fn router(
    config: RecordsConfig,
    base_url: String,
    issuer: &str,
    clock: Clock,
) -> anyhow::Result<Router> {
    let http = wire::outbound()?;
    let office = Office(Arc::new(Inner {
        resource: resource(&base_url),
        issuer: Issuer::new(issuer, http.clone()),
        proofs: Checker::new(clock.clone(), Rng::system()),
        http,
        config,
        base_url,
        clock,
    }));
    Ok(Router::new()
        .route("/", get(about))
        .route("/.well-known/oauth-protected-resource", get(about))
        .route("/.well-known/oauth-protected-resource/api", get(about))
        .route("/api/records", get(records))
        .route("/api/tax-file", get(tax_file))
        .route("/health", get(async || "ok"))
        .fallback(async || wire::refusal(StatusCode::NOT_FOUND, "not_found", "/api/records, /api/tax-file"))
        .with_state(office))
}

impl Office {
    /// Where this server describes itself.
    fn description(&self) -> String {
        format!("{}/.well-known/oauth-protected-resource{API}", self.0.base_url)
    }
}

/// `GET /.well-known/oauth-protected-resource/api` (RFC 9728 section 2).
async fn about(State(office): State<Office>) -> Response {
    let document = json!({
        "resource": office.0.resource,
        "authorization_servers": [office.0.issuer.name],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "resource_name": "Denizen sandbox: records office (example)",
        "endpoints": {
            "/api/records": { "acr": guard::acr(Need::RECORDS.level) },
            "/api/tax-file": {
                "acr": guard::acr(Need::RECORDS.level + 1),
                "max_age": office.0.config.tax_file_max_age_seconds,
            },
        },
    });
    wire::json(StatusCode::OK, &document)
}

/// `GET /api/records`: needs level 1.
async fn records(State(office): State<Office>, request: Parts) -> Response {
    answer(&office, &request, Need::RECORDS, records_of).await
}

/// `GET /api/tax-file`: needs level 2 and somebody who signed in lately.
async fn tax_file(State(office): State<Office>, request: Parts) -> Response {
    let need = Need {
        level: 2,
        max_age_seconds: Some(office.0.config.tax_file_max_age_seconds),
        asks: true,
    };
    answer(&office, &request, need, tax_file_of).await
}

async fn answer(
    office: &Office,
    request: &Parts,
    need: Need,
    content: fn(&Holder, DateTime<Utc>) -> Value,
) -> Response {
    let mut response = match guard::admit(office, request, need).await {
        Ok(holder) => wire::json(StatusCode::OK, &content(&holder, office.0.clock.now())),
        Err(refusal) => {
            tracing::info!(%refusal, path = request.uri.path(), "a request was refused");
            refusal.into_response(&office.description())
        }
    };
    if guard::is_proven(request)
        && let Ok(nonce) = office.0.proofs.nonce().parse()
    {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response.into_response()
}

/// What every document says about how it came to be given.
fn given_to(holder: &Holder, now: DateTime<Utc>) -> Value {
    json!({
        "holder": holder.subject,
        "asked_by": holder.client_id,
        "acr": holder.level.map(guard::acr),
        "auth_time": holder.auth_time.map(|at| at.timestamp()),
        "token": { "form": holder.form.word(), "bound": holder.bound, "asked": holder.asked },
        "at": now.timestamp(),
    })
}

fn records_of(holder: &Holder, now: DateTime<Utc>) -> Value {
    json!({
        "given": given_to(holder, now),
        "items": [
            { "key": "residence", "value": "2019-03-11" },
            { "key": "marriage", "value": "2015-10-01" },
            { "key": "driving", "value": "2012-07-20" },
        ],
    })
}

fn tax_file_of(holder: &Holder, now: DateTime<Utc>) -> Value {
    json!({
        "given": given_to(holder, now),
        "items": [
            { "key": "income", "value": "￥186,400.00" },
            { "key": "deductions", "value": "￥60,000.00" },
            { "key": "paid", "value": "￥9,120.00" },
            { "key": "refund", "value": "￥1,084.50" },
        ],
    })
}
