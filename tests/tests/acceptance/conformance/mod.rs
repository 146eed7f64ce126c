//! What relying parties and conformance suites rely on (OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout
//! 1.0, RFC 6749, RFC 7636, RFC 9207).

mod authorize;
mod clients;
mod discovery;
mod levels;
mod logout;
mod offer;
mod older_names;
mod plans;
mod sessions;
mod tokens;
