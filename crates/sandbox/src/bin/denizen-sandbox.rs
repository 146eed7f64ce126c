//! The sandbox world.
fn main() {}
