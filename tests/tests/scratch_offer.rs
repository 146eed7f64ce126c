//! Scratch, deleted in minutes: conformance::offer alone while journeys/review.rs does not compile.
#[path = "acceptance/conformance/offer/mod.rs"]
mod offer;
