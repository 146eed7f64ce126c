//! Counters of tries with passwords: by login from one network, by login from everywhere, and by network. Each has
//! several windows, so that waits grow: a minute after five, a quarter of an hour after ten, a day after thirty. What is
//! counted is what was typed, whether there is such an operator or not, so that no wait tells (A203, A207). The limits of
//! a login from everywhere are high, and do not hold in a network from which this operator signed in of late: a stranger
//! elsewhere must not keep an operator out.

use chrono::{DateTime, TimeDelta, Utc};
use store::throttles::{self, Rule};
use store::{StoreError, Tx};
use web::Visit;

const MINUTE: i64 = 60;
const QUARTER: i64 = 15 * MINUTE;
const DAY: i64 = 24 * 60 * MINUTE;

const fn rule(name: &'static str, limit: i64, window_seconds: i64) -> Rule {
    Rule {
        name,
        limit,
        window_seconds,
    }
}

const HERE: [Rule; 3] = [
    rule("operator_here_minute", 5, MINUTE),
    rule("operator_here_quarter", 10, QUARTER),
    rule("operator_here_day", 30, DAY),
];
const LOGIN: [Rule; 2] = [
    rule("operator_login_quarter", 60, QUARTER),
    rule("operator_login_day", 300, DAY),
];
const ADDRESS: [Rule; 3] = [
    rule("operator_address_minute", 20, MINUTE),
    rule("operator_address_quarter", 60, QUARTER),
    rule("operator_address_day", 500, DAY),
];
/// That an operator signed in from a network: in this stretch of time, or in the one before.
const KNOWN: Rule = rule("operator_known_network", 1, 30 * DAY);

/// The counters of one try.
#[derive(Debug)]
pub(super) struct Keys {
    here: Option<String>,
    login: Option<String>,
    address: String,
}

impl Keys {
    /// Those of a try with a login, or with a passkey, whose owner nobody knows yet.
    pub(super) fn new(visit: &Visit, login: Option<&str>) -> Self {
        let address = visit.client_address().network().to_string();
        Self {
            here: login.map(|login| format!("{address}\u{0}{login}")),
            login: login.map(str::to_owned),
            address,
        }
    }

    /// Leaves out the limits of a login from everywhere where this operator signed in before from this network.
    pub(super) async fn trusting(mut self, tx: &Tx, now: DateTime<Utc>) -> Result<Self, StoreError> {
        if let Some(here) = &self.here
            && throttles::look(tx, &KNOWN, here, now).await?.count > 0
        {
            self.login = None;
        }
        Ok(self)
    }

    /// Remembers that this operator signed in from here, until the end of the next stretch of time.
    pub(super) async fn remember(&self, tx: &Tx, now: DateTime<Utc>) -> Result<(), StoreError> {
        if let Some(here) = &self.here {
            let next = now + TimeDelta::seconds(KNOWN.window_seconds);
            throttles::hit(tx, &KNOWN, here, now).await?;
            throttles::hit(tx, &KNOWN, here, next).await?;
        }
        Ok(())
    }

    fn own(&self) -> impl Iterator<Item = (&'static Rule, &str)> {
        let here = self
            .here
            .iter()
            .flat_map(|key| HERE.iter().map(move |rule| (rule, key.as_str())));
        let login = self
            .login
            .iter()
            .flat_map(|key| LOGIN.iter().map(move |rule| (rule, key.as_str())));
        here.chain(login)
    }

    fn all(&self) -> impl Iterator<Item = (&'static Rule, &str)> {
        self.own()
            .chain(ADDRESS.iter().map(|rule| (rule, self.address.as_str())))
    }

    /// How long until a try is allowed, in seconds; `None` when it is now.
    pub(super) async fn wait(&self, tx: &Tx, now: DateTime<Utc>) -> Result<Option<i64>, StoreError> {
        let mut wait = None;
        for (rule, key) in self.all() {
            let count = throttles::look(tx, rule, key, now).await?;
            if count.count >= count.limit {
                wait = wait.max(Some(count.retry_after_seconds(now)));
            }
        }
        Ok(wait)
    }

    /// Counts a try before its outcome is known, so that parallel ones all count; whether it can succeed.
    pub(super) async fn count(&self, tx: &Tx, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut within = true;
        for (rule, key) in self.all() {
            within &= !throttles::hit(tx, rule, key, now).await?.exceeded();
        }
        Ok(within)
    }

    /// Forgets the failures of a login after success. Networks keep those of others; only this try is taken back.
    pub(super) async fn forgive(&self, tx: &Tx, now: DateTime<Utc>) -> Result<(), StoreError> {
        for (rule, key) in self.own() {
            throttles::clear(tx, rule, key, now).await?;
        }
        for rule in &ADDRESS {
            throttles::give_back(tx, rule, &self.address, now).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;
    use crate::roles::Role;
    use crate::testing::{PASSWORD, worlds};

    #[tokio::test]
    async fn attack_209_strangers_everywhere_keep_no_operator_out_of_where_they_signed_in_before() {
        for world in worlds().await {
            let person = world.operator("wang.li", &[Role::Administrator]).await;
            let mut browser = world.browser();
            browser.sign_in(&world, &person).await;
            assert_eq!(browser.get("/operator").await.status, StatusCode::OK);
            let [quarter, _] = &LOGIN;
            let strangers = async || {
                for _ in 0..quarter.limit {
                    let (tx, now) = (world.service.store().read(), world.clock.now());
                    throttles::hit(&tx, quarter, &person.login, now).await.unwrap();
                }
            };
            strangers().await;
            let mut elsewhere = world.browser();
            elsewhere.address = "203.0.113.7".parse().unwrap();
            let seen = elsewhere.give_password(&person.login, PASSWORD).await;
            assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS, "{}", world.kind);
            // A month later still: of two stretches of time one is always whole.
            world.wait(KNOWN.window_seconds);
            strangers().await;
            let seen = world.browser().give_password(&person.login, PASSWORD).await;
            assert_eq!(seen.location.as_deref(), Some("/operator/sign-in/code"));
            world.wait(KNOWN.window_seconds);
            strangers().await;
            let seen = world.browser().give_password(&person.login, PASSWORD).await;
            assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS, "forgotten");
        }
    }
}
