//! The program: configuration, wiring, listeners and commands. The only crate that knows all the others.

pub mod app;
pub mod cli;
pub mod clients;
pub mod config;
pub mod logging;
pub mod operations;
pub mod tasks;

mod background;
mod commands;
