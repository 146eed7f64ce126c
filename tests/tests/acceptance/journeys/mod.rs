//! What the product is for: registering once and being recognised everywhere.

mod browser;
mod elsewhere;
mod email;
mod factors;
mod house_rules;
mod level_events;
mod operator_passkey;
mod pages;
mod recovery;
mod resident_cases;
mod review;
mod roads;
mod sign_out;
mod step_up;
mod two_nodes;
