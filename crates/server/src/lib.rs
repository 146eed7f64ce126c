//! The program: configuration, wiring, listeners and commands.
