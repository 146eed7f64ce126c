//! The road by certificate: a person signs a challenge of ours with the key of a certificate that names them, most often
//! with the software that came with their USB key (`facts/domain.md` 4.2).
//!
//! - `page` what a person sees and sends; `settle` what a certificate changes
//! - `authority` whose certificates count, and the checks of a chain; `crl` what was revoked; `naming` whom one names;
//!   `shown` the certificate and the signature as they are sent
//!
//! What is signed says what it is for, and is good for one sign-in, once, for ten minutes (A285b). A certificate counts
//! while it is valid, not revoked by a list that is fresh and signed, made for signatures and strong enough (A285a); when
//! nobody knows whether it was revoked, it does not count. What this does not do: SM2 certificates, OCSP, certificates of
//! organisations, signing in.

mod authority;
mod crl;
mod naming;
mod page;
mod settle;
mod shown;
#[cfg(test)]
mod tests;

pub(super) use authority::{Authorities, Settings};
pub(super) use page::routes;
