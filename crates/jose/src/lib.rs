//! Signing and verifying of JSON web tokens; the only crate that names josekit.
