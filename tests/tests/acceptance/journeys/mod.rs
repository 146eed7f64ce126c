//! What the product is for: registering once and being recognised everywhere.

mod browser;
mod elsewhere;
mod house_rules;
mod operator_passkey;
mod pages;
mod resident_cases;
mod review;
mod sign_out;
mod step_up;
mod two_nodes;
