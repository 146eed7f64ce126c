//! Objecting to a suspension or to the end of an account: one objection against one decision, and another operator
//! decides.

use model::event::Event;
use model::ids::{AccountId, AppealId, OperatorId, StandingChangeId};
use model::notice::Kind;
use model::secret::Sensitive;
use model::standing::{Answer, Entry as Way, Status, answer};
use model::standing_reason::Reason;
use serde_json::json;
use store::accounts::{self, Account};
use store::audit::Entry;
use store::standing_changes::{self, Appeal, Change, Outcome};
use store::{StoreError, Tx};
use uuid::Uuid;

use super::change::{Because, By, restore};
use crate::Service;
use crate::links::Link;
use crate::notices::{self, Told};

/// The decision that an account's standing comes from, as long as nobody has objected to it. The same questions whatever
/// the standing is, and where there is no account (A203).
pub async fn against(tx: &Tx, account: Option<&Account>) -> Result<Option<Change>, StoreError> {
    let nobody = (AccountId::from_uuid(Uuid::nil()), Status::Suspended);
    let (id, status) = account.map_or(nobody, |account| (account.id, account.status));
    let decided = standing_changes::newest_to(tx, id, status).await?;
    let nothing = StandingChangeId::from_uuid(Uuid::nil());
    let change = decided.as_ref().map_or(nothing, |change| change.id);
    let objected = standing_changes::appeal_against(tx, change).await?;
    let open = account.is_some() && answer(status, Way::Appeal) == Answer::Yes && objected.is_none();
    Ok(decided.filter(|_| open))
}

/// Whether a link was sent for this decision: one that was sent for an earlier one is in hands that need not be the
/// owner's any more (A238).
fn is_about(link: &Link, change: &Change) -> bool {
    link.account == change.account && link.about == Some(change.id.as_uuid())
}

/// Whether somebody can object with a link now.
pub(super) async fn is_open(tx: &Tx, link: &Link) -> Result<bool, StoreError> {
    let account = accounts::find(tx, link.account).await?;
    let change = against(tx, account.as_ref()).await?;
    Ok(change.is_some_and(|change| is_about(link, &change)))
}

/// Files an objection, with a link against the decision that it was sent for; `false` when there is nothing (any more) to
/// object to.
pub(super) async fn file(
    service: &Service,
    tx: &Tx,
    (account, link): (&Account, Option<&Link>),
    text: Sensitive<String>,
) -> Result<bool, StoreError> {
    let now = service.now();
    accounts::take_turns(tx, account.id).await?;
    let change = against(tx, Some(account)).await?;
    let meant = |change: &Change| link.is_none_or(|link| is_about(link, change));
    let Some(change) = change.filter(meant) else {
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

/// Decides an objection: once, and by somebody who had no part in the decision that it is against. Granted, the account is
/// what it was before operators stopped it, which may be out of use as well; its owner is told so. Answers the standing
/// afterwards. `None` when it is decided already, not by this operator, or the decision stands no more: the caller drops the
/// transaction then.
pub async fn decide(
    service: &Service,
    tx: &Tx,
    appeal: &Appeal,
    (operator, outcome): (OperatorId, Outcome),
) -> Result<Option<Status>, StoreError> {
    let now = service.now();
    accounts::take_turns(tx, appeal.account).await?;
    let Some(account) = accounts::find(tx, appeal.account).await? else {
        return Ok(None);
    };
    let current = standing_changes::newest_to(tx, account.id, account.status).await?;
    if current.is_none_or(|change| change.id != appeal.change)
        || !standing_changes::decide(tx, appeal.id, (operator, outcome, ""), now).await?
    {
        return Ok(None);
    }
    let to = match outcome {
        Outcome::Granted => {
            let because = Because::of(Reason::AppealGranted, By::Operator(operator));
            restore(service, tx, &account, &because).await?
        }
        Outcome::Refused => Some(account.status),
    };
    let Some(to) = to else {
        return Ok(None);
    };
    let entry = Entry::new(Event::AppealDecided, now)
        .account(account.id)
        .details(json!({
            "outcome": outcome.as_str(),
            "operator": operator.to_string(),
            "to": to.as_str(),
        }));
    store::audit::record(tx, service.rng(), entry).await?;
    let args = [("outcome", notices::key(words(outcome, to)))];
    let told = Told {
        args: &args,
        ..Told::of(Kind::AppealDecided)
    };
    notices::tell(service, tx, &account, &told).await?;
    Ok(Some(to))
}

/// What the owner is told: what operators lifted is not all that can stand in the way.
const fn words(outcome: Outcome, to: Status) -> &'static str {
    match (outcome, to) {
        (Outcome::Refused, _) => "standing-outcome-refused",
        (Outcome::Granted, Status::Held) => "standing-outcome-granted-held",
        (Outcome::Granted, Status::Frozen) => "standing-outcome-granted-frozen",
        (Outcome::Granted, Status::Closing) => "standing-outcome-granted-closing",
        (Outcome::Granted, _) => "standing-outcome-granted",
    }
}
