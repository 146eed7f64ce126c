//! The sub-sites and the records office against a small provider that says what the test wants.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what must hold by failing"
)]

mod logout;
mod records;
mod signing_in;
mod support;
