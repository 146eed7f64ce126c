//! Telling sub-sites of sign-outs (OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8), by
//! [`crate::letters`]: where, what, and which answers are good.

use std::future::Future;

use chrono::{DateTime, Utc};
use http::StatusCode;
use model::client::Client;
use model::event::Event;
use store::audit::Entry;
use store::logouts::Site;

use super::token;
use crate::Service;
use crate::letters::{self, Counters, Kind, NoAnswer, Outgoing};

/// Tells sub-sites until told to stop. What is under way is finished first.
pub async fn run(
    service: Service,
    outgoing: Outgoing,
    counters: Counters,
    shutdown: impl Future<Output = ()>,
) {
    letters::run::<Site>(service, outgoing, counters, shutdown).await;
}

impl Kind for Site {
    const OF: &'static str = "sign-out";
    const NOT_TOLD: &'static str = "not_supported";
    /// Section 2.8.
    const CONFIRM: &'static [StatusCode] = &[StatusCode::OK, StatusCode::NO_CONTENT];

    async fn write(&self, service: &Service) -> Result<Option<(String, String)>, NoAnswer> {
        let known = service.client(&self.client).map(|stored| stored.client.clone());
        let tells = |client: &Client| client.backchannel_logout_uri.is_some();
        let client = match known.filter(tells) {
            Some(client) => client,
            // This node may be behind.
            None => match letters::newest(&service.store().read(), &self.client).await? {
                Some(client) => client,
                None => return Ok(None),
            },
        };
        let Some(uri) = client.backchannel_logout_uri.clone() else {
            return Ok(None);
        };
        let token = token::mint(service, &client, self, service.now());
        let token = token.map_err(|error| NoAnswer(error.to_string()))?;
        Ok(Some((uri, token)))
    }

    /// Its people may be signed in there still.
    fn dead(&self, now: DateTime<Utc>) -> Entry {
        Entry::new(Event::LogoutNotConfirmed, now)
            .account(self.account)
            .session(self.session)
            .client(&self.client)
    }

    async fn due(service: &Service) {
        service.logouts_due().await;
    }
}
