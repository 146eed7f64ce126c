//! May this client have these attributes of this subject: the question, the resident's answer, the receipt, and
//! taking it back. Knows nothing of how the resident signed in, nor of the protocol that carries the answer.

pub mod ask;
mod pages;
mod service;

use model::language::Language;

pub use service::Service;

/// The texts of this crate's pages.
pub const MESSAGES: web::language::Messages = &[
    (Language::ZhCn, include_str!("../locales/zh-CN/consent.ftl")),
    (Language::En, include_str!("../locales/en/consent.ftl")),
    (Language::Vi, include_str!("../locales/vi/consent.ftl")),
];
