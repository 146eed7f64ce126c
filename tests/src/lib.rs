//! Support for the acceptance tests: a world to test in, and the people and programs that use it.
//!
//! - [`world`] a sandbox and one or two nodes of the provider on a database, in this process or in processes of their
//!   own; [`folder`] the configuration they run with; [`clients`] the sub-sites in it
//! - [`visitor`] a person with a browser that knows no JavaScript; [`page`] what such a browser understands of a page
//! - [`browser`] a person with a real browser; [`certificate`] TLS of the provider's own
//! - [`party`] a program of a sub-site, which says exactly what it is told to say
//! - [`relying`] relying parties that other people wrote, as programs of their own
//! - [`raw`] bytes on a connection, for what no client library would send
//! - [`wire`] a wire to the database that can be cut; [`process`] the program in a process that can be killed
//! - [`people`] residents, made up for one test each; [`journey`] what they usually do
//!
//! Nothing here sleeps for luck: [`wait::until`] looks again until a limit. Nothing has a fixed port or a shared row.

pub mod balancer;
pub mod browser;
pub mod certificate;
pub mod clients;
pub mod engine;
pub mod folder;
pub mod journey;
pub mod outside;
pub mod page;
pub mod party;
pub mod people;
pub mod process;
pub mod raw;
pub mod relying;
pub mod visitor;
pub mod wait;
pub mod wire;
pub mod world;
