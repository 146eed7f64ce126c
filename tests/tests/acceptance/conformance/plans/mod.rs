//! What the modules of the OpenID Foundation's conformance plans look at, line by line, as far as no other test here
//! looks at it already: clients are registered as the plans want them (docs/conformance.md), and each test is named
//! after the plan and the line.

mod basic;
mod config;
mod dynamic;
mod fapi2;
mod form_post;
mod logout;
mod suite;
