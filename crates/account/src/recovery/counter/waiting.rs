//! What waits for a second operator at a counter, and who can be that second one.

use chrono::{DateTime, Utc};
use model::ids::{AccountId, ChangeId, OperatorId};
use model::person_name::PersonName;
use store::accounts::{self, Account};
use store::changes::{self, Change, Kind};
use store::paging::After;
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

/// How many proposals are read together.
const BATCH: u64 = 50;
/// The most proposals that are shown: nobody reads more.
const SHOWN_MAX: usize = 500;

/// What waits for a second operator, oldest first.
pub async fn proposals(service: &Service) -> Result<Vec<Proposal>, StoreError> {
    let (tx, of) = (service.store().read(), (Kind::Recovery, service.now()));
    let (mut found, mut next) = (Vec::new(), Some(After::default()));
    while let Some(after) = next.filter(|_| found.len() < SHOWN_MAX) {
        let page = changes::proposed(&tx, of, (after, BATCH)).await?;
        next = page.next;
        found.extend(page.rows.iter().filter_map(proposal));
    }
    Ok(found)
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

/// What keeps an operator from agreeing: they proposed it, they have the name of the account's owner, they and the
/// proposer do not count as two people, or the proposer is none any more.
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
    if !operators::independent(tx, operator, [seen.operator]).await? {
        return Ok(Some(Outcome::SameVoucher));
    }
    // Their proposals are taken back when they are disabled; this holds where that failed.
    let proposer = operators::find(tx, seen.operator).await?;
    let gone = proposer.is_some_and(|proposer| proposer.status == operators::Status::Disabled);
    Ok(gone.then_some(Outcome::Gone))
}

/// Takes back what an operator proposed who does not sign in any more: nobody can agree from now on, and the next look at
/// what is over tells the owners. Each proposal on its own: `tx` is no transaction, and one that fails is logged.
pub async fn let_go(tx: &Tx, operator: OperatorId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut next = Some(After::default());
    while let Some(after) = next {
        let page = changes::proposed(tx, (Kind::Recovery, now), (after, BATCH)).await?;
        next = page.next;
        for change in page.rows {
            if seen(&change).is_none_or(|seen| seen.operator != operator) {
                continue;
            }
            if let Err(error) = changes::postpone(tx, change.id, (change.effective_at, now)).await {
                tracing::error!(change = %change.id, %error, "a proposal was not taken back");
            }
        }
    }
    Ok(())
}
