//! What every step at a case has in common: who takes it, and that it is written down twice, in the audit log and in
//! the history that the case's owner reads, in the transaction of the step itself.

use chrono::{DateTime, TimeDelta, Utc};
use model::event::Event;
use model::ids::{AccountId, CaseId, OperatorId};
use model::review::{Happening, Reason};
use serde_json::json;
use store::audit::Entry;
use store::cases::{Case, CaseNumber};
use store::operators::Operator;
use store::{StoreError, Tx, case_history};

use web::Visit;

use crate::Service;
use crate::session::Signed;

/// An operator at work.
pub(crate) struct Desk<'a> {
    pub(crate) service: &'a Service,
    pub(crate) operator: &'a Operator,
    pub(crate) request_id: String,
    pub(crate) now: DateTime<Utc>,
}

/// Which case a step is about.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) case: CaseId,
    pub(crate) account: AccountId,
    pub(crate) number: CaseNumber,
}

impl From<&Case> for About {
    fn from(case: &Case) -> Self {
        Self {
            case: case.id,
            account: case.account,
            number: case.number.clone(),
        }
    }
}

impl<'a> Desk<'a> {
    pub(crate) fn of(service: &'a Service, signed: &'a Signed, visit: &Visit) -> Self {
        Self {
            service,
            operator: &signed.operator,
            request_id: visit.request_id().to_owned(),
            now: visit.now(),
        }
    }

    pub(crate) fn me(&self) -> OperatorId {
        self.operator.id
    }

    /// Now, and for how long a case is taken.
    pub(crate) fn lease(&self) -> (DateTime<Utc>, TimeDelta) {
        (
            self.now,
            TimeDelta::minutes(self.service.config().review.lease_minutes),
        )
    }

    /// Writes a step down.
    pub(crate) async fn note(
        &self,
        tx: &Tx,
        about: &About,
        (what, reason): (Happening, Option<Reason>),
    ) -> Result<(), StoreError> {
        let rng = self.service.rng();
        let entry = case_history::Entry::new((about.case, about.account), what, self.now)
            .by(self.me())
            .because(reason);
        case_history::record(tx, rng, &entry).await?;
        let event = match what {
            Happening::Looked
            | Happening::LookedAtPicture
            | Happening::RegisterAsked
            | Happening::RegisterAgreed
            | Happening::RegisterDiffered
            | Happening::RegisterUnknown
            | Happening::RegisterLocked
            | Happening::RegisterSilent => Event::CaseLookedAt,
            _ => Event::CaseWorkedOn,
        };
        let details = json!({
            "operator": self.me(),
            "login": self.operator.login,
            "case": about.number.as_str(),
            "what": what.as_str(),
            "reason": reason.map(Reason::as_str),
        });
        let mut entry = Entry::new(event, self.now)
            .account(about.account)
            .details(details);
        entry.request_id = Some(self.request_id.clone());
        store::audit::record(tx, rng, entry).await
    }
}
