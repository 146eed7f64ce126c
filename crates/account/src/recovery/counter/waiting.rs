//! What waits for a second operator at a counter, and who can be that second one.

use chrono::{DateTime, Utc};
use model::ids::{AccountId, ChangeId, OperatorId};
use model::person_name::PersonName;
use store::accounts::{self, Account};
use store::changes::{self, Change, Kind};
use store::{StoreError, Tx, operators};

use super::{Outcome, Seen, is_served, open, seen};
use crate::Service;

/// A proposal that waits for a second operator.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its identifier.
    pub id: ChangeId,
    /// Whose account.
    pub account: AccountId,
    /// What the first one saw.
    pub seen: Seen,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when somebody can agree.
    pub until: DateTime<Utc>,
}

/// What waits for a second operator, oldest first.
pub async fn proposals(service: &Service) -> Result<Vec<Proposal>, StoreError> {
    let open = changes::proposed(&service.store().read(), Kind::Recovery, service.now()).await?;
    Ok(open.iter().filter_map(proposal).collect())
}

fn proposal(change: &Change) -> Option<Proposal> {
    Some(Proposal {
        id: change.id,
        account: change.account,
        seen: seen(change)?,
        at: change.created_at,
        until: change.effective_at,
    })
}

/// One that waits, with its account.
pub async fn find(
    service: &Service,
    tx: &Tx,
    id: ChangeId,
) -> Result<Option<(Proposal, Account)>, StoreError> {
    let Some((change, _)) = open(service, tx, id).await? else {
        return Ok(None);
    };
    let account = accounts::find(tx, change.account).await?;
    Ok(proposal(&change).zip(account.filter(is_served)))
}

/// What keeps an operator from agreeing: they proposed it, they have the name of the account's owner, or they and the
/// proposer do not count as two people.
pub async fn bar(
    tx: &Tx,
    (seen, account): (&Seen, &Account),
    (operator, name): (OperatorId, &str),
) -> Result<Option<Outcome>, StoreError> {
    if seen.operator == operator {
        return Ok(Some(Outcome::Own));
    }
    let own = PersonName::parse(name).ok();
    if own
        .zip(account.name.as_ref())
        .is_some_and(|(own, name)| name.same_as(&own))
    {
        return Ok(Some(Outcome::OwnName));
    }
    let other = operators::independent(tx, operator, [seen.operator]).await?;
    Ok((!other).then_some(Outcome::SameVoucher))
}

/// Takes back what an operator proposed who does not sign in any more: nobody can agree from now on, and the next look at
/// what is over tells the owners.
pub async fn let_go(tx: &Tx, operator: OperatorId, now: DateTime<Utc>) -> Result<(), StoreError> {
    for change in changes::proposed(tx, Kind::Recovery, now).await? {
        if seen(&change).is_some_and(|seen| seen.operator == operator) {
            let details = change.details.as_ref().map(|details| details.expose().as_str());
            changes::amend(tx, change.id, details, now).await?;
        }
    }
    Ok(())
}
