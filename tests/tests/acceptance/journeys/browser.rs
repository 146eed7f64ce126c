//! The main journey in a real browser, on both databases.
