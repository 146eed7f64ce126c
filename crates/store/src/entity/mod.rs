//! The rows as both databases keep them. They never leave this crate.

pub mod access_token;
pub mod account;
pub mod agreement_acceptance;
pub mod audit;
pub mod audit_head;
pub mod authorization_code;
pub mod captcha;
pub mod client;
pub mod client_assertion;
pub mod consent_grant;
pub mod credential;
pub mod evidence;
pub mod interaction;
pub mod otp;
pub mod outbox;
pub mod registration;
pub mod revision;
pub mod secret;
pub mod session;
pub mod signing_key;
pub mod throttle;
pub mod verification_case;
