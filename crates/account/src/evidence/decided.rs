//! Evidence that people of the province give: a reviewer who compared documents, a counter, two operators who decide.
//! Who may decide, and that two do where two must, is seen to where the decision is taken (`store::case_reviews`);
//! here it becomes evidence. A number that is proven is never replaced, and one that another account has proven is a
//! conflict, as with a source's answer. Unlike a source, people may find that a name has changed: then whatever was
//! proven for the name before ends.

use chrono::{DateTime, Utc};
use model::event::Event;
use model::evidence::{Details, Evidence, SourceId};
use model::ids::{AccountId, CaseId, EvidenceId};
use serde_json::json;
use store::audit::Entry;
use store::cases::Input;
use store::evidence::NewEvidence;
use store::{StoreError, Tx};

use crate::Service;

/// What was decided.
#[derive(Clone, Debug)]
pub struct Decision {
    /// For whom.
    pub account: AccountId,
    /// In which case.
    pub case: CaseId,
    /// What the evidence counts as: `document_review`, `register_review`, `counter`, `operator_override_2`.
    pub source: SourceId,
    /// What was found to be so.
    pub facts: Input,
    /// Until when it counts at most.
    pub until: Option<DateTime<Utc>>,
    /// What was looked at.
    pub details: Details,
}

/// What became of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// There is evidence.
    Recorded(EvidenceId),
    /// The number is proven by another account; nothing was written.
    Conflict,
    /// The account is not in use, has another number, or the source is not one that people decide; nothing was
    /// written.
    Gone,
}

/// Whether people decide about a source; every other source speaks for itself.
pub fn is_of_people(source: &SourceId) -> bool {
    let name = source.as_str();
    matches!(name, "document_review" | "register_review" | "counter")
        || name.starts_with("operator_override_")
}

/// Writes what a decision changes, in the transaction that stores the decision. The caller moves the case.
pub async fn record(service: &Service, tx: &Tx, decision: &Decision) -> Result<Decided, StoreError> {
    if !is_of_people(&decision.source) {
        return Ok(Decided::Gone);
    }
    let (now, rng) = (service.now(), service.rng());
    let facts = &decision.facts;
    store::accounts::take_turns(tx, decision.account).await?;
    let owner = store::accounts::find_by_citizen_id(tx, &facts.citizen_id).await?;
    if owner.is_some_and(|owner| owner.id != decision.account) {
        return Ok(Decided::Conflict);
    }
    let named = store::accounts::find(tx, decision.account)
        .await?
        .and_then(|account| account.name);
    let identity = (&facts.name, &facts.citizen_id);
    if !store::accounts::set_identity(tx, decision.account, identity, now).await? {
        return Ok(Decided::Gone);
    }
    if named.is_some_and(|named| !named.same_as(&facts.name)) {
        crate::ageing::events::renamed(service, tx, decision.account).await?;
    }
    let life = service.ladder().expiry(&decision.source, now);
    let evidence = Evidence {
        id: EvidenceId::new(now, rng),
        source: decision.source.clone(),
        issued_at: now,
        expires_at: super::earliest(life, decision.until),
        ended_at: None,
    };
    let id = evidence.id;
    let new = NewEvidence {
        evidence,
        account: decision.account,
        reference: None,
        case: Some(decision.case),
        details: decision.details.clone(),
    };
    store::evidence::record(tx, &new).await?;
    let entry = Entry::new(Event::EvidenceRecorded, now)
        .account(decision.account)
        .details(json!({ "source": decision.source }));
    store::audit::record(tx, rng, entry).await?;
    Ok(Decided::Recorded(id))
}
