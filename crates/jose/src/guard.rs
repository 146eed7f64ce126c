//! A fence around every call into josekit.
//!
//! Its wrong turns end in `unwrap`, `unreachable!` or an assertion of the OpenSSL binding. None is known that our
//! own checks let through; should one exist, it costs that token and not the request's task.

use std::panic::{AssertUnwindSafe, catch_unwind};

use josekit::JoseError;

/// Why a call came to nothing. The library's own words are dropped: they quote what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The library said no.
    Refused,
    /// The library panicked.
    Panicked,
}

/// Runs one call. Nothing that the closure borrows is used again after a panic.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, JoseError>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(Fault::Refused),
        Err(_) => Err(Fault::Panicked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_the_library_becomes_an_error() {
        let outcome: Result<(), Fault> = guarded(|| panic!("an IV is required"));
        assert_eq!(outcome, Err(Fault::Panicked));
    }
}
