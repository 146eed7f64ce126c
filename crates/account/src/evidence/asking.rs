//! The same facts, sent twice at once by a second click: the second request waits for the answer that the first one
//! gets, so that it costs no try and the source is asked once. It holds on every node.

use std::time::Duration;

use chrono::TimeDelta;
use store::StoreError;
use store::cases::{self, State};
use store::throttles::{self, Rule};

use super::check::{self, Attempt, Outcome, REPEAT_SECONDS};
use crate::Service;

/// How often the second request looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How many times: as long as a person waits for a page. A source may take longer; then the answer is that it is still
/// being asked.
const LOOKS: u32 = 150;
/// Marks of requests that are asking. A mark whose node stopped before the answer goes by itself.
const RULE: Rule = Rule {
    name: "verify_asking",
    limit: 1,
    window_seconds: 120,
};

/// Marks of facts that were denied, where a case cannot tell because something of them is not kept.
const DENIED: Rule = Rule {
    name: "verify_denied",
    limit: 1,
    window_seconds: 120,
};

/// The mark of one account asking about one set of facts. What may not be stored is in it only in a form that nobody but
/// this process could have made: on another node the same facts are taken for others.
pub(super) struct Asking(String);

impl Asking {
    pub(super) fn of(service: &Service, attempt: &Attempt) -> Self {
        let (facts, phone) = (&attempt.facts, attempt.facts.phone.as_ref());
        let mut parts = vec![
            attempt.account.to_string(),
            attempt.source.to_string(),
            facts.name.as_str().to_owned(),
            facts.citizen_id.as_str().to_owned(),
            phone.map(|phone| phone.e164().to_owned()).unwrap_or_default(),
        ];
        for (name, factor) in facts.more.iter() {
            let value = factor.value.expose();
            parts.push(name.to_owned());
            parts.push(if factor.kept {
                value.clone()
            } else {
                service.sources().digest(value)
            });
        }
        Self(parts.join("\u{0}"))
    }

    /// Remembers for a moment that these facts were denied.
    pub(super) async fn remember_denied(&self, service: &Service) -> Result<(), StoreError> {
        throttles::hit(&service.store().read(), &DENIED, &self.0, service.now()).await?;
        Ok(())
    }

    /// Whether they were.
    pub(super) async fn was_denied(&self, service: &Service) -> Result<bool, StoreError> {
        let count = throttles::look(&service.store().read(), &DENIED, &self.0, service.now()).await?;
        Ok(count.count > 0)
    }

    /// Sets the mark; `false` when another request has set it and is asking.
    pub(super) async fn begin(&self, service: &Service) -> Result<bool, StoreError> {
        let count = throttles::hit(&service.store().read(), &RULE, &self.0, service.now()).await?;
        Ok(!count.exceeded())
    }

    /// Removes the mark.
    pub(super) async fn end(&self, service: &Service) -> Result<(), StoreError> {
        throttles::clear(&service.store().read(), &RULE, &self.0, service.now()).await
    }

    /// Waits for the other request, and answers what it was answered; `None` when it came to nothing.
    pub(super) async fn follow(
        &self,
        service: &Service,
        attempt: &Attempt,
    ) -> Result<Option<Outcome>, StoreError> {
        let (tx, since) = (
            service.store().read(),
            service.now() - TimeDelta::seconds(REPEAT_SECONDS),
        );
        for _ in 0..LOOKS {
            if throttles::look(&tx, &RULE, &self.0, service.now()).await?.count == 0 {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let about = (&attempt.source, &attempt.facts.citizen_id);
        let Some(case) = cases::find_newest(&tx, attempt.account, about, since).await? else {
            return Ok(None);
        };
        // A case that has ended keeps no facts to compare; it is of this number and of this account.
        if case
            .input
            .as_ref()
            .is_some_and(|facts| *facts != check::kept(&attempt.facts))
        {
            return Ok(None);
        }
        Ok(match case.state {
            State::Passed => Some(Outcome::Passed),
            State::Mismatch | State::NotFound => Some(check::denied(service, attempt, case).await?),
            State::Conflict => Some(Outcome::Conflict { case: case.number }),
            // Still asked about after so long: its node has stopped, and it is taken up again by itself.
            State::Unavailable | State::Checking => Some(Outcome::Waiting { case: case.number }),
            State::NeedsMoreInformation => Some(Outcome::NeedsMore { case: case.number }),
            State::Restricted => Some(Outcome::Restricted { case: case.number }),
            State::Started
            | State::InReview
            | State::Approved
            | State::Rejected
            | State::Appealed
            | State::Replaced
            | State::Expired => None,
        })
    }
}
