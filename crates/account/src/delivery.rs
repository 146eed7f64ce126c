//! The worker that sends what lies in the outbox: after the commit, with a time limit, again with growing pauses
//! when it fails, and not for ever. Every node runs one; a message is claimed for a lease, so that one node sends it,
//! and its number lets the gateway drop a second copy when a node dies between sending and noting it.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use store::outbox::{self, Channel, Claimed};
use store::{Store, StoreError};
use tokio::task::JoinSet;

use crate::Service;
use crate::gateway::{Gateways, Mail, SendError, Sms};

/// The longest pause between two attempts, in seconds.
const PAUSE_SECONDS_MAX: i64 = 60;

/// The `delivery` section.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many messages are sent at a time.
    pub batch: u64,
    /// How long a claimed message belongs to a node, in seconds. Longer than the gateways' time limits.
    pub lease_seconds: i64,
    /// How many attempts a message has.
    pub attempts: u32,
    /// How often the outbox is looked at when nothing is told, in milliseconds.
    pub poll_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            batch: 16,
            lease_seconds: 30,
            attempts: 8,
            poll_ms: 2000,
        }
    }
}

/// Sends until told to stop. What is being sent is finished first.
pub async fn run(service: Service, shutdown: impl Future<Output = ()>) {
    let poll = Duration::from_millis(service.config().delivery.poll_ms);
    let mut shutdown = pin!(shutdown);
    loop {
        let pause = match deliver_due(&service).await {
            Ok(0) => poll,
            Ok(_) => Duration::ZERO, // there may be more
            Err(error) => {
                tracing::error!(%error, "outbox cannot be read");
                poll
            }
        };
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = service.delivery_kicked() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Sends what is due now, one batch; answers how many messages it tried.
pub async fn deliver_due(service: &Service) -> Result<usize, StoreError> {
    let (config, now) = (&service.config().delivery, service.now());
    let tx = service.store().read();
    let given_up = outbox::give_up_expired(&tx, now).await?;
    if given_up > 0 {
        tracing::error!(given_up, "messages were not sent in their time");
    }
    let lease = TimeDelta::seconds(config.lease_seconds);
    let claimed = outbox::claim(&tx, now, lease, config.batch).await?;
    let tried = claimed.len();
    let mut sending = JoinSet::new();
    for message in claimed {
        let service = service.clone();
        sending.spawn(async move { deliver(&service, message).await });
    }
    while let Some(sent) = sending.join_next().await {
        match sent {
            Ok(noted) => noted?,
            Err(error) => tracing::error!(%error, "sending a message failed"),
        }
    }
    Ok(tried)
}

async fn deliver(service: &Service, message: Claimed) -> Result<(), StoreError> {
    let outcome = send(service.gateways(), &message, service.now()).await;
    let attempts = service.config().delivery.attempts;
    note(
        service.store(),
        &message,
        after(&outcome, message.attempt, attempts),
        service.now(),
    )
    .await?;
    match outcome {
        Ok(()) => tracing::info!(number = %message.id, template = message.template, "message sent"),
        Err(error) => {
            let (template, attempt) = (message.template, message.attempt);
            tracing::warn!(number = %message.id, template, attempt, %error, "message not sent");
        }
    }
    Ok(())
}

async fn send(gateways: &Gateways, message: &Claimed, at: DateTime<Utc>) -> Result<(), SendError> {
    match (message.channel, &gateways.sms, &gateways.mail) {
        (Channel::Sms, Some(gateway), _) => {
            let sms = Sms {
                to: message.recipient.expose(),
                text: message.text.expose(),
                template: &message.template,
                reference: message.id,
            };
            gateway.send(&sms).await
        }
        (Channel::Sms, None, _) => Err(SendError::Unavailable("no SMS gateway is configured".to_owned())),
        (Channel::Email, _, Some(gateway)) => {
            let mail = Mail {
                to: message.recipient.expose(),
                text: message.text.expose(),
                reference: message.id,
                at,
            };
            gateway.send(&mail).await
        }
        (Channel::Email, _, None) => Err(SendError::Unavailable("no mail server is configured".to_owned())),
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Sent,
    RetryIn(TimeDelta),
    GiveUp,
}

fn after(outcome: &Result<(), SendError>, attempt: u32, attempts: u32) -> After {
    match outcome {
        Ok(()) => After::Sent,
        Err(SendError::Refused(_)) => After::GiveUp,
        Err(SendError::Unavailable(_)) if attempt >= attempts => After::GiveUp,
        Err(SendError::Unavailable(_)) => {
            let seconds = 1_i64.checked_shl(attempt.min(16)).unwrap_or(PAUSE_SECONDS_MAX);
            After::RetryIn(TimeDelta::seconds(seconds.min(PAUSE_SECONDS_MAX)))
        }
    }
}

async fn note(store: &Store, message: &Claimed, after: After, now: DateTime<Utc>) -> Result<(), StoreError> {
    let tx = store.read();
    match after {
        After::Sent => outbox::sent(&tx, message.id, now).await,
        After::RetryIn(pause) => outbox::retry_at(&tx, message.id, now + pause).await,
        After::GiveUp => outbox::give_up(&tx, message.id, now).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_attempts_end() {
        let failed = Err(SendError::Unavailable(String::new()));
        let pauses: Vec<_> = (1..=8).map(|attempt| after(&failed, attempt, 8)).collect();
        let seconds = |seconds| After::RetryIn(TimeDelta::seconds(seconds));
        assert_eq!(pauses[..6], [2, 4, 8, 16, 32, 60].map(seconds));
        assert_eq!(pauses[7], After::GiveUp);
        assert_eq!(
            after(&Err(SendError::Refused(String::new())), 1, 8),
            After::GiveUp
        );
        assert_eq!(after(&Ok(()), 8, 8), After::Sent);
    }
}
