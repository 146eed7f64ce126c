//! Scanning to sign in: a phone that is signed in lets another device in, without a password typed there.
//!
//! 1. The device asks (`POST /sign-in/scan`) and shows a code to scan and a number of two digits. The code leads to
//!    `/scan/…` and is bound to the device's browser: knowing it lets nobody in.
//! 2. The phone opens the address, which gives its owner the whole life of a code once more, and once only. Its
//!    owner proves anew that it is them if the last proof is older than ten minutes, and sees which
//!    device it is, where, and for which site. Allowing means typing the number that the device shows: whoever was sent a
//!    code by a stranger has no device before them to read it from. A wrong number is the end of it.
//! 3. The device takes the answer once and is signed in as the phone's owner, as strong as the phone's own sign-in and A2
//!    at most ([`model::authn::Methods::strength`]).
//!
//! - `device` the pages of the device; `phone` those of the phone

use axum::Router;
use axum::routing::{get, post};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::Service;

mod device;
mod phone;

pub(crate) use device::begin_form;

/// How devices are let in by scanning. `[scan]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// For how long a code can be scanned, and answered from the first look of a phone on, in seconds.
    pub life_seconds: i64,
    /// The most codes that one network address gets in an hour.
    pub address_per_hour: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            life_seconds: 300,
            address_per_hour: 600,
        }
    }
}

impl Config {
    /// What cannot be, by key.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if !(30..=900).contains(&self.life_seconds) {
            faults.push(("life_seconds", "write a number of seconds from 30 to 900"));
        }
        if self.address_per_hour < 1 {
            faults.push(("address_per_hour", "write a number from 1"));
        }
        faults
    }

    const fn life(&self) -> TimeDelta {
        TimeDelta::seconds(self.life_seconds)
    }
}

/// What the phone shows of the device that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Details {
    device: String,
    network: String,
    client: Option<String>,
}

/// The pages.
pub(crate) fn routes() -> Router<Service> {
    Router::new()
        .route("/sign-in/scan", get(device::show).post(device::begin))
        .route("/sign-in/scan/finish", post(device::finish))
        .route("/scan/{code}", get(phone::show).post(phone::submit))
}

#[cfg(test)]
mod tests;
