//! Attacks on certificates, by number: on the checks, and on the page.

mod ca;
mod checks;
mod pages;
