//! Registering, signing in and proving a name, by the numbers of the requirements.

mod registering;
mod verifying;
