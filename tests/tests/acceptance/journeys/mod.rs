//! What the product is for: registering once and being recognised everywhere.

mod browser;
mod closing;
mod elsewhere;
mod email;
mod ended;
mod factors;
mod house_rules;
mod level_events;
mod operator_passkey;
mod own_data;
mod pages;
mod recovery;
mod resident_cases;
mod review;
mod roads;
mod scan;
mod sign_in;
mod sign_out;
mod step_up;
mod stronger;
mod two_nodes;
mod undone;
