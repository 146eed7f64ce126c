//! A word about a proven number that is heard beside the road of evidence: by an operator who asks the register, at a
//! counter, at a recovery. Dead, cancelled or locked means there what it means everywhere ([`super::filing`]): the account
//! is frozen, what it had above the lowest level ends, every sign-in ends, and a case goes to the operators.

use model::citizen_id::CitizenId;
use model::event::Event;
use model::evidence::SourceId;
use model::ids::AccountId;
use serde_json::json;
use store::accounts::{self, Account, Status};
use store::audit::Entry;
use store::cases::{Factors, Input};
use store::{StoreError, ceremonies};

use super::check::{self, Attempt, Outcome};
use super::source::{Denial, Finding, POPULATION_REGISTER, Word};
use super::vouched;
use crate::Service;
use crate::ageing::events::register_says_dead;

/// Writes what such a word changes. Answers whether the account was frozen by it: a number that it has not proven, and an
/// account that is shut already, are none of its business.
pub async fn heard(
    service: &Service,
    request_id: Option<&str>,
    (account, source): (AccountId, &SourceId),
    number: &CitizenId,
) -> Result<bool, StoreError> {
    let owner = accounts::find(&service.store().read(), account).await?;
    let Some(owner) = owner.filter(|owner| owner.citizen_id.as_ref() == Some(number)) else {
        return Ok(false);
    };
    match (owner.status, vouched::identity(&owner)) {
        (Status::Held, _) => {
            while_held(service, request_id, (&owner, source)).await?;
            Ok(false)
        }
        (Status::Active, Some((name, citizen_id))) => {
            let attempt = Attempt {
                account,
                source: source.clone(),
                facts: Input {
                    name,
                    citizen_id,
                    phone: None,
                    more: Factors::none(),
                },
                request_id: request_id.map(str::to_owned),
            };
            let said = (Word::Restricted, Finding::Not(Denial::Restricted));
            let outcome = check::file(service, &attempt, said).await?;
            Ok(matches!(outcome, Outcome::Restricted { .. }))
        }
        _ => Ok(false),
    }
}

/// An account that its owner had held is shut already, and is no case for anybody to decide: the word is in the log, the
/// level falls, and whatever is under way ends.
async fn while_held(
    service: &Service,
    request_id: Option<&str>,
    (owner, source): (&Account, &SourceId),
) -> Result<(), StoreError> {
    let now = service.now();
    let tx = service.store().begin().await?;
    accounts::take_turns(&tx, owner.id).await?;
    ceremonies::end_of_account(&tx, owner.id, now).await?;
    if source.as_str() == POPULATION_REGISTER {
        register_says_dead(service, &tx, owner).await?;
    }
    let details = json!({ "source": source, "answer": Word::Restricted.as_str() });
    let mut entry = Entry::new(Event::SourceAsked, now)
        .account(owner.id)
        .details(details);
    entry.request_id = request_id.map(str::to_owned);
    store::audit::record(&tx, service.rng(), entry).await?;
    tx.commit().await
}
