//! The HTTP kit: listener, limits, pages, forms, languages, headers and problems.
//!
//! Everything that account, consent, provider and operator have in common in front of a browser or a program, and
//! nothing that they know: no residents, no clients, no database. A crate builds an [`axum::Router`], takes a
//! [`page::Visit`] in its handlers and answers with a page, a redirect or a [`problem::Problem`].
//!
//! The order of the layers is in [`middleware`]; the limits of a connection are in [`listen::Limits`].

pub mod assets;
pub mod branding;
pub mod client_address;
pub mod cookies;
pub mod csrf;
pub mod extract;
pub mod form;
pub mod language;
pub mod listen;
pub mod markup;
pub mod metrics;
pub mod middleware;
pub mod outbound;
pub mod page;
pub mod passkey;
pub mod paths;
pub mod problem;
pub mod site_links;

pub use markup::Markup;
pub use page::{Kit, KitConfig, Page, Visit};
pub use problem::Problem;
