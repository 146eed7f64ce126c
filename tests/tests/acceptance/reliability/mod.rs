//! What happens when something fails: sources, gateways, the database, the program itself. And what the log keeps.

mod commands;
mod crashes;
mod database;
mod logs;
mod returns;
mod sign_outs;
mod sources;
