//! Objecting to a suspension or to the end of an account: one objection against one decision, and another operator
//! decides.

use model::event::Event;
use model::ids::{AppealId, OperatorId};
use model::notice::Kind;
use model::secret::Sensitive;
use model::standing::{Answer, Entry as Way, answer};
use model::standing_reason::Reason;
use serde_json::json;
use store::accounts::{self, Account};
use store::audit::Entry;
use store::standing_changes::{self, Appeal, Change, Outcome};
use store::{StoreError, Tx};

use super::change::{Because, By, restore};
use crate::Service;
use crate::notices::{self, Told};

/// The decision that an account's standing comes from, as long as nobody has objected to it.
pub async fn against(tx: &Tx, account: &Account) -> Result<Option<Change>, StoreError> {
    if answer(account.status, Way::Appeal) != Answer::Yes {
        return Ok(None);
    }
    let Some(change) = standing_changes::newest_to(tx, account.id, account.status).await? else {
        return Ok(None);
    };
    let objected = standing_changes::appeal_against(tx, change.id).await?;
    Ok(objected.is_none().then_some(change))
}

/// Files an objection; `false` when there is nothing (any more) to object to.
pub(super) async fn file(
    service: &Service,
    tx: &Tx,
    account: &Account,
    text: Sensitive<String>,
) -> Result<bool, StoreError> {
    let now = service.now();
    accounts::take_turns(tx, account.id).await?;
    let Some(change) = against(tx, account).await? else {
        return Ok(false);
    };
    let new = Appeal {
        id: AppealId::new(now, service.rng()),
        change: change.id,
        account: account.id,
        text,
        at: now,
        decided: None,
    };
    if !standing_changes::appeal(tx, &new).await? {
        return Ok(false);
    }
    let entry = Entry::new(Event::AppealFiled, now)
        .account(account.id)
        .details(json!({ "to": change.to.as_str(), "reason": change.reason }));
    store::audit::record(tx, service.rng(), entry).await?;
    Ok(true)
}

/// Decides an objection: once, and never by whoever took part in the decision that it is against. Granted, the account is
/// used again. The owner is told. `false` when it is decided already, or not by this operator.
pub async fn decide(
    service: &Service,
    tx: &Tx,
    (account, appeal): (&Account, &Appeal),
    (operator, outcome): (OperatorId, Outcome),
) -> Result<bool, StoreError> {
    let now = service.now();
    accounts::take_turns(tx, account.id).await?;
    if !standing_changes::decide(tx, appeal.id, (operator, outcome, ""), now).await? {
        return Ok(false);
    }
    let entry = Entry::new(Event::AppealDecided, now)
        .account(account.id)
        .details(json!({ "outcome": outcome.as_str(), "operator": operator.to_string() }));
    store::audit::record(tx, service.rng(), entry).await?;
    let args = [("outcome", notices::key(words(outcome)))];
    let told = Told {
        args: &args,
        ..Told::of(Kind::AppealDecided)
    };
    notices::tell(service, tx, account, &told).await?;
    if outcome == Outcome::Granted {
        let because = Because::of(Reason::AppealGranted, By::Operator(operator));
        restore(service, tx, account, &because).await?;
    }
    Ok(true)
}

const fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Granted => "standing-outcome-granted",
        Outcome::Refused => "standing-outcome-refused",
    }
}
