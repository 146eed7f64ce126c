//! Retention: what is deleted when its time is over. Every table is named here or kept on purpose.
