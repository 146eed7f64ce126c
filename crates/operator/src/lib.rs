//! The province's console: the people who work there, what they may do, and their pages.
//!
//! Operators are no residents: they have their own logins, proofs, sign-ins and cookie, and what is signed in there is
//! worth nothing here. Each page asks [`session::require`] for a permission; [`roles`] is the one table of who may do
//! what. Everything that an operator does is in the audit log with their identifier.
//!
//! Cases are decided in [`review`], people at a counter are served in [`counter`].

pub mod audit;
mod code;
pub mod config;
mod confirm;
pub mod counter;
mod enrol;
pub mod home;
mod layout;
mod overrides;
mod passkey;
pub mod people;
pub mod review;
pub mod roles;
mod security;
mod service;
pub mod session;
mod signin;
mod sources;
mod standing;
#[cfg(test)]
pub(crate) mod testing;

pub use audit::audit;
pub use config::Config;
pub use layout::{Notice, page};
pub use service::{Service, router};

use account::factors::totp;
use model::language::Language;

/// The texts of this crate, in every language.
pub const MESSAGES: web::language::Messages = &[
    (Language::ZhCn, include_str!("../locales/zh-CN/operator.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/review.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/recovery.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/standing.ftl")),
    (Language::En, include_str!("../locales/en/operator.ftl")),
    (Language::En, include_str!("../locales/en/review.ftl")),
    (Language::En, include_str!("../locales/en/recovery.ftl")),
    (Language::En, include_str!("../locales/en/standing.ftl")),
    (Language::Vi, include_str!("../locales/vi/operator.ftl")),
    (Language::Vi, include_str!("../locales/vi/review.ftl")),
    (Language::Vi, include_str!("../locales/vi/recovery.ftl")),
    (Language::Vi, include_str!("../locales/vi/standing.ftl")),
];
