//! Looks at the levels that are due, a batch at a time. Every node runs one; an account is one node's while it is looked
//! at, and what follows from the look is written in the same transaction, so that it happens once.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::{AccountId, StatusEventId};
use model::ladder::LevelNow;
use serde_json::json;
use store::accounts::Status;
use store::audit::{self, Entry};
use store::level_watch::{self, Due, Watch};
use store::status_events::{self, Cause, LevelFell, Notice, Recipient, Said, Told};
use store::{StoreError, Tx};

use super::remind;
use super::rules::{self, Fall, Look};
use crate::Service;

/// How often a node looks for levels that are due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How many accounts are looked at together.
const BATCH: u64 = 100;
/// How many accounts of an older release begin to be watched together.
const ADOPTED: u64 = 500;
/// What cannot be looked at is left alone for so long, in minutes.
const LEASE_MINUTES: i64 = 60;

/// Looks until told to stop.
pub async fn run(service: Service, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut adopting = true;
    loop {
        let adopted = if adopting { adopt(&service).await } else { Some(0) };
        adopting = adopting && adopted != Some(0);
        let looked = match look_due(&service).await {
            Ok(looked) => Some(looked),
            Err(error) => {
                tracing::error!(%error, "levels cannot be looked at");
                None
            }
        };
        let pause = pause(adopted, looked);
        tokio::select! {
            biased;
            () = &mut shutdown => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Begins to watch some accounts of an older release; answers how many, nothing when it could not be done.
async fn adopt(service: &Service) -> Option<u64> {
    let some = level_watch::adopt(&service.store().read(), service.now(), ADOPTED).await;
    some.inspect_err(|error| tracing::error!(%error, "accounts cannot begin to be watched"))
        .ok()
}

/// How long a node waits: not at all while there may be more, and always after an error.
fn pause(adopted: Option<u64>, looked: Option<usize>) -> Duration {
    match (adopted, looked) {
        (None, _) | (_, None) | (Some(0), Some(0)) => LOOK_EVERY,
        (Some(_), Some(_)) => Duration::ZERO,
    }
}

/// Looks at one batch of accounts that are due; answers how many.
pub async fn look_due(service: &Service) -> Result<usize, StoreError> {
    let now = service.now();
    if !level_watch::is_any_due(&service.store().read(), now).await? {
        return Ok(0);
    }
    let tx = service.store().begin().await?;
    let lease = now + TimeDelta::minutes(LEASE_MINUTES);
    let due = level_watch::take_due(&tx, (now, lease), BATCH).await?;
    let looked: Vec<Looked> = due.into_iter().map(|due| Looked::at(service, due, now)).collect();
    tell(service, &tx, &looked, now).await?;
    let mut reminded = false;
    for one in &looked {
        if let (Some(_), Some(at)) = (one.look.remind, one.look.watch.lapses_at) {
            reminded |= remind::put(service, &tx, &one.due.account, (one.look.watch.level, at)).await?;
        }
    }
    let seen: Vec<Watch> = looked.iter().map(|one| one.look.watch.clone()).collect();
    level_watch::settle(&tx, &seen, now).await?;
    tx.commit().await?;
    if reminded {
        service.kick_delivery();
    }
    Ok(looked.len())
}

/// An account with what the look at it found.
struct Looked {
    due: Due,
    level: LevelNow,
    look: Look,
}

impl Looked {
    fn at(service: &Service, due: Due, now: DateTime<Utc>) -> Self {
        let level = service.ladder().level(due.account.kind, &due.evidence, now);
        let mut look = rules::look(&service.config().ageing, &due.seen, &level, now);
        let peak = rules::peak(service.ladder(), due.account.kind, (&due.evidence, &due.ended));
        if peak > due.seen.level.max(level.level) {
            look.fall = Some(Fall {
                from: peak,
                to: level.level,
                cause: Cause::Ended,
            });
        }
        Self { due, level, look }
    }

    fn fall(&self) -> Option<Fall> {
        self.look
            .fall
            .filter(|_| self.due.account.status != Status::Closed)
    }
}

/// Writes falls down, for the log and for the sub-sites that asked.
async fn tell(service: &Service, tx: &Tx, looked: &[Looked], now: DateTime<Utc>) -> Result<(), StoreError> {
    let fallen: Vec<(&Looked, Fall)> = looked.iter().filter_map(|one| Some((one, one.fall()?))).collect();
    let accounts: Vec<AccountId> = fallen.iter().map(|(one, _)| one.due.account.id).collect();
    let mut recipients = status_events::recipients(tx, &accounts, now).await?;
    let mut notices = Vec::new();
    for (one, fall) in fallen {
        let account = one.due.account.id;
        let told = recipients.remove(&account).unwrap_or_default();
        for recipient in told {
            if let Some(fell) = as_told(&recipient, one, fall, now) {
                notices.push(Notice {
                    id: StatusEventId::new(now, service.rng()),
                    client: recipient.client.client_id,
                    account,
                    said: Said::Fell(fell),
                    created_at: now,
                });
            }
        }
        let details = json!({ "from": fall.from, "to": fall.to, "cause": fall.cause });
        let entry = Entry::new(Event::LevelFell, now)
            .account(account)
            .details(details);
        audit::record(tx, service.rng(), entry).await?;
    }
    status_events::put(tx, &notices).await
}

/// A fall as a sub-site may know it; `None` when it never knew the level that is gone.
fn as_told(recipient: &Recipient, one: &Looked, fall: Fall, now: DateTime<Utc>) -> Option<LevelFell> {
    let dates = recipient.told == Told::Levels;
    let known = match recipient.told {
        Told::Levels => fall.from,
        Told::Acr(level) => level.min(fall.from),
    };
    let known = recipient
        .client
        .ceiling_level
        .map_or(known, |ceiling| known.min(ceiling));
    // When it fell: at the lapse, which may be a while ago when no node was running.
    let at = match fall.cause {
        Cause::Lapsed => one.due.seen.lapses_at.unwrap_or(now),
        Cause::Ended => now,
    };
    (fall.to < known).then(|| LevelFell {
        from: known,
        to: fall.to,
        at,
        cause: fall.cause,
        verified_at: one.level.since.filter(|_| dates),
        lapses_at: one.level.lapses_at.filter(|_| dates),
        dates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_waits_when_nothing_is_due_and_after_every_error_and_else_goes_on() {
        for waits in [
            (None, Some(0)),
            (None, Some(7)),
            (Some(0), None),
            (Some(500), None),
            (None, None),
        ] {
            assert_eq!(pause(waits.0, waits.1), LOOK_EVERY, "{waits:?}");
        }
        assert_eq!(pause(Some(0), Some(0)), LOOK_EVERY);
        assert_eq!(pause(Some(1), Some(0)), Duration::ZERO);
        assert_eq!(pause(Some(0), Some(1)), Duration::ZERO);
    }
}
