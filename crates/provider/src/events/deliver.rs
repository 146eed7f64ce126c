//! Telling sub-sites of levels that fell and of what happened to accounts (RFC 8935), by [`crate::letters`].
//!
//! Whether the sub-site may still know levels and dates is looked at when it is told: the person may have taken that
//! consent back meanwhile. One that knows only an `acr` was chosen when the level fell, by the tokens that held then, and
//! learns nothing but that what it was told is true no more.

use std::future::Future;

use chrono::{DateTime, Utc};
use http::StatusCode;
use model::event::Event;
use model::scope::Scope;
use store::audit::Entry;
use store::status_events::{Notice, Said};
use store::{StoreError, grants};

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
    letters::run::<Notice>(service, outgoing, counters, shutdown).await;
}

impl Kind for Notice {
    const OF: &'static str = "event";
    const NOT_TOLD: &'static str = "not_wanted";
    /// RFC 8935 section 2.2; what only says that it went well will do too.
    const CONFIRM: &'static [StatusCode] = &[StatusCode::ACCEPTED, StatusCode::OK, StatusCode::NO_CONTENT];

    async fn write(&self, service: &Service) -> Result<Option<(String, String)>, NoAnswer> {
        let no_answer = |error: StoreError| NoAnswer(error.to_string());
        let tx = service.store().read();
        let Some(client) = letters::newest(&tx, &self.client).await? else {
            return Ok(None);
        };
        let Some(uri) = client.events_uri.clone().filter(|_| !client.disabled) else {
            return Ok(None);
        };
        // Whoever was told levels and dates may know them no more; what happened to the account itself they are told.
        if matches!(&self.said, Said::Fell(fell) if fell.dates) {
            let grant = grants::find_active(&tx, self.account, &self.client).await;
            let grant = grant.map_err(no_answer)?;
            if !grant.is_some_and(|grant| grant.allowed.contains(Scope::Assurance)) {
                return Ok(None);
            }
        }
        let token = token::mint(service, &client, self);
        let token = token.map_err(|error| NoAnswer(error.to_string()))?;
        Ok(Some((uri, token)))
    }

    /// It may still believe the level of before.
    fn dead(&self, now: DateTime<Utc>) -> Entry {
        Entry::new(Event::StatusEventNotConfirmed, now)
            .account(self.account)
            .client(&self.client)
    }

    /// Nobody waits for an event: the next look is soon enough.
    async fn due(_: &Service) {
        std::future::pending::<()>().await;
    }
}
