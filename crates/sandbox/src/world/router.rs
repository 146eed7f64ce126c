//! The world server's table of routes.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post, put};

use super::{World, api, pages, registers, sources};
use crate::wire;

/// Everything that the world answers.
pub(crate) fn router(world: World) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route(
            "/assets/world.css",
            get(async || wire::stylesheet(include_str!("../../assets/world.css"))),
        )
        .route("/health", get(async || "ok"))
        .route(
            "/sources/population-register/check",
            post(sources::population_register),
        )
        .route("/sources/mobile-operator/check", post(sources::mobile_operator))
        .route("/sources/bank-card/check", post(registers::bank_card))
        .route("/sources/social-security/check", post(registers::social_security))
        .route("/sources/provident-fund/check", post(registers::provident_fund))
        .route("/sources/driving-licence/check", post(registers::driving_licence))
        .route(
            "/sources/vehicle-register/check",
            post(registers::vehicle_register),
        )
        .route(
            "/sources/enterprise-register/check",
            post(sources::enterprise_register),
        )
        .route("/gateway/sms", post(api::send_sms))
        .route("/outbox", get(api::outbox))
        .route("/captcha", post(api::put_captcha))
        .route("/captcha/latest", get(api::latest_captcha))
        .route("/people", get(api::people))
        .route("/people/{citizen_id}", put(api::put_person))
        .route("/enterprises/{credit_code}", put(api::put_enterprise))
        .route("/faults", put(api::put_fault).get(api::faults))
        .route("/journal", get(api::journal))
        .route("/residents", post(api::post_resident))
        .route("/approvals", put(api::put_approval))
        .merge(crate::vendors::router())
        .merge(crate::authority::router())
        .fallback(async || wire::refusal(StatusCode::NOT_FOUND, "not_found", "GET / lists what there is"))
        .layer(DefaultBodyLimit::max(wire::BODY_LIMIT_BYTES))
        .with_state(world)
}
