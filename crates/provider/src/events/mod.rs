//! Telling sub-sites that a level fell, or what happened to an account: a signed event (RFC 8417) pushed to the `events_uri` of those that asked
//! (RFC 8935), about the person under the name by which the sub-site knows them (RFC 9493).
//!
//! | Question | Where |
//! | --- | --- |
//! | what fell, and who may know | `account::ageing` |
//! | what the event says | [`token`] |
//! | where it goes, and whether it still may | [`deliver`] |
//! | how it gets there | [`crate::letters`] |
//!
//! What it does not do: streams that a receiver sets up by itself (OpenID Shared Signals Framework), events by polling
//! (RFC 8936), and events that a level rose; the next token says that.

pub mod deliver;
#[cfg(test)]
mod tests;
mod token;

pub use deliver::run;
