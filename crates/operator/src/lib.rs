//! The province's console and its interface for programs.
