//! Relying parties that other people wrote, each as a program of its own: what they need works, and what they must not
//! accept they are never led to accept. Where a person takes part, it is in a real browser, or in one without script.

mod apache;
mod authlib;
mod openid_client;
mod rig;
mod tls;
