//! Attacks by number, as far as they can be tried from outside. The numbers are those of the catalogue in
//! `docs/attacks.md`; what a crate shows about itself is tested there.

mod assertions;
mod clients;
mod codes;
mod crowds;
mod floods;
mod forms;
mod guessing;
mod headers;
mod interactions;
mod levels;
mod proofs;
mod redirects;
mod requests;
mod sessions;
