//! Pages: what they share ([`Kit`]), who looks at them ([`Visit`]), and the layout around each ([`Page`]).
//!
//! A crate's template renders only the inside of `<main>`, below the `h1`. The layout adds the rest: the skip link,
//! the header with the service's name and address, the switches for language and print size, the navigation of the
//! signed-in space, the error summary, and the footer with the help contact and the correlation number.

mod device;
mod kit;
mod layout;
mod preferences;
mod visit;

pub use device::Device;
pub use kit::{Kit, KitConfig, KitError};
pub use layout::{Page, is_origin};
pub use preferences::router;
pub(crate) use visit::Facts;
pub use visit::{Navigation, Visit};
