//! Who is here, proven how, how well, and since when.
//!
//! Residents register (`register`), prove themselves with captchas, one-time codes and passwords, sign in, and
//! gain evidence from sources. Pages, use cases and the adapters to the outside live here; what is stored is
//! `store`'s, how a page looks is `web`'s, and the ladder of levels is `model`'s. The words of OpenID Connect are
//! not known here.

pub mod ageing;
pub mod agreements;
pub mod captcha;
pub mod case;
pub mod changes;
pub mod closing;
pub mod config;
pub mod confirm;
pub mod delivery;
pub mod evidence;
pub mod export;
pub mod factors;
pub mod gateway;
pub mod history;
pub mod links;
mod notice;
pub mod notices;
pub mod otp;
pub mod password;
pub mod recovery;
pub mod register;
pub mod review;
pub mod scan;
pub mod service;
pub mod session;
pub mod signin;
pub mod space;
pub mod standing;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod who_exists;

pub use config::Config;
pub use service::{Parts, Service, router};

use model::language::Language;

/// The paths to which pictures are posted, for the listener's limits. What ends with a slash stands for all below it.
pub const UPLOADS: [&str; 2] = ["/verify/document-review", "/account/cases/"];

/// The texts of this crate, in every language.
pub const MESSAGES: web::language::Messages = &[
    (Language::ZhCn, include_str!("../locales/zh-CN/register.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/factors.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/agreements.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/scan.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/export.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/recovery.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/contact.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/signin.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/evidence.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/away.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/space.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/review.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/reasons.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/closing.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/standing.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/notices.ftl")),
    (Language::ZhCn, include_str!("../locales/zh-CN/messages.ftl")),
    (Language::En, include_str!("../locales/en/register.ftl")),
    (Language::En, include_str!("../locales/en/factors.ftl")),
    (Language::En, include_str!("../locales/en/agreements.ftl")),
    (Language::En, include_str!("../locales/en/scan.ftl")),
    (Language::En, include_str!("../locales/en/export.ftl")),
    (Language::En, include_str!("../locales/en/recovery.ftl")),
    (Language::En, include_str!("../locales/en/contact.ftl")),
    (Language::En, include_str!("../locales/en/signin.ftl")),
    (Language::En, include_str!("../locales/en/evidence.ftl")),
    (Language::En, include_str!("../locales/en/away.ftl")),
    (Language::En, include_str!("../locales/en/space.ftl")),
    (Language::En, include_str!("../locales/en/review.ftl")),
    (Language::En, include_str!("../locales/en/reasons.ftl")),
    (Language::En, include_str!("../locales/en/closing.ftl")),
    (Language::En, include_str!("../locales/en/standing.ftl")),
    (Language::En, include_str!("../locales/en/notices.ftl")),
    (Language::En, include_str!("../locales/en/messages.ftl")),
    (Language::Vi, include_str!("../locales/vi/register.ftl")),
    (Language::Vi, include_str!("../locales/vi/factors.ftl")),
    (Language::Vi, include_str!("../locales/vi/agreements.ftl")),
    (Language::Vi, include_str!("../locales/vi/scan.ftl")),
    (Language::Vi, include_str!("../locales/vi/export.ftl")),
    (Language::Vi, include_str!("../locales/vi/recovery.ftl")),
    (Language::Vi, include_str!("../locales/vi/contact.ftl")),
    (Language::Vi, include_str!("../locales/vi/signin.ftl")),
    (Language::Vi, include_str!("../locales/vi/evidence.ftl")),
    (Language::Vi, include_str!("../locales/vi/away.ftl")),
    (Language::Vi, include_str!("../locales/vi/space.ftl")),
    (Language::Vi, include_str!("../locales/vi/review.ftl")),
    (Language::Vi, include_str!("../locales/vi/reasons.ftl")),
    (Language::Vi, include_str!("../locales/vi/closing.ftl")),
    (Language::Vi, include_str!("../locales/vi/standing.ftl")),
    (Language::Vi, include_str!("../locales/vi/notices.ftl")),
    (Language::Vi, include_str!("../locales/vi/messages.ftl")),
];

/// All texts: those above and those that the sources bring along.
pub fn messages() -> Vec<web::language::Messages> {
    let sources = evidence::sources::ALL.iter().map(|source| source.texts);
    std::iter::once(MESSAGES).chain(sources).collect()
}
