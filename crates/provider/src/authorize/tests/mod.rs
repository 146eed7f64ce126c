//! The endpoint as browsers and sub-sites meet it: real router, real database, clock in hand.

mod asking;
mod attacks;
pub(crate) mod browser;
mod silent;
