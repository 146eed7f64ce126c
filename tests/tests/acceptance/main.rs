//! The product from outside, as one program of tests so that worlds can be shared: residents' journeys, what relying
//! parties rely on, attacks by number, failures, and the behaviour of registering and signing in.

mod accounts;
mod attacks;
mod conformance;
mod journeys;
mod reliability;
