//! Starts the sandbox world and the provider together for development.
fn main() {}
