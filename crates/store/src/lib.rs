//! Persistence. The only crate, besides `migrations`, that names sea-orm: rows never leave it.
//!
//! A unit of work is a value, [`tx::Tx`]; one module per family of use cases holds free functions over it. What
//! must happen once is one guarded statement whose row count is the answer. Personal data is sealed by the
//! [`vault`] before it is written and looked up by a keyed index.

pub mod accounts;
pub mod agreements;
pub mod alias;
pub mod assertions;
pub mod audit;
pub mod captchas;
pub mod case_history;
pub mod case_images;
pub mod case_reviews;
pub mod cases;
pub mod ceremonies;
pub mod changes;
pub mod cleanup;
pub mod clients;
pub mod codes;
pub mod complaints;
pub mod credentials;
pub mod devices;
mod dialect;
mod entity;
pub mod erasure;
pub mod error;
pub mod evidence;
pub mod factors;
pub mod grants;
pub mod history;
pub mod holders;
pub mod initial_tokens;
pub mod interactions;
pub mod joins;
#[doc(hidden)]
pub mod journal;
pub mod keys;
pub mod letters;
pub mod level_watch;
pub mod links;
pub mod logouts;
pub mod notices;
pub mod operators;
pub mod otp;
pub mod outbox;
pub mod paging;
pub mod pushed;
pub mod recovery_codes;
pub mod refresh;
pub mod registrations;
pub mod requested;
pub mod retained;
pub mod revisions;
pub mod revoked;
pub mod round_trips;
pub mod scans;
mod schema;
pub mod sessions;
pub mod source_use;
mod standing;
pub mod standing_changes;
pub mod status_events;
pub mod subjects;
#[doc(hidden)]
pub mod testing;
pub mod throttles;
pub mod tokens;
pub mod tx;
pub mod vault;

mod connect;

pub use connect::{ConnectionLimits, Schema, Store};
pub use error::StoreError;
pub use tx::Tx;
