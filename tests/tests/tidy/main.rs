//! The rules of the house that no compiler checks: who may depend on whom, how long a file may grow, that
//! documents, texts and configuration are complete. Reads files, runs nothing, needs no network.
//!
//! An exception is a line with a reason in `tests/tidy.toml`; one that is no longer needed fails as well.

mod attacks;
mod configuration;
mod dependencies;
mod directions;
mod documents;
mod problems;
mod repository;
mod scan;
mod sizes;
mod source;
mod spec;
mod texts;
