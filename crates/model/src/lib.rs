//! Pure types and rules of the product: no input, no output, no waiting.
//!
//! Everything here is parsed once at an edge and cannot be wrong afterwards. Time and randomness come in as
//! [`clock::Clock`] and [`rng::Rng`].

pub mod authn;
pub mod case;
pub mod citizen_id;
pub mod client;
pub mod clock;
pub mod closing;
pub mod country;
pub mod credit_code;
pub mod email;
pub mod ethnicity;
pub mod event;
pub mod evidence;
pub mod foreign_card;
pub mod ids;
pub mod interaction;
pub mod ladder;
pub mod language;
pub mod link;
pub mod minors;
pub mod notice;
pub mod person_name;
pub mod personal_number;
pub mod phone;
pub mod residence_permit;
pub mod review;
pub mod rng;
pub mod scope;
pub mod secret;
pub mod sex;
pub mod standing;
pub mod standing_reason;
pub mod travel_permit;
pub mod username;

mod fold;
mod reasons;
