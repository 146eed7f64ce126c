//! Citizen numbers.
