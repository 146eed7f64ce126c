//! Accounts that are frozen: opened again by two people, kept frozen by one, and looked at again by others. What was
//! joined stays joined here: an account whose phones changed places keeps the newer phone, and who lost it to somebody
//! else can only be kept safe by leaving the account frozen.

use ::account::review::conflict::objection;
use model::case::State;
use model::ids::OperatorId;
use model::review::{Happening, Reason};
use store::StoreError;
use store::accounts::{self, Status};
use store::case_history::{self, Entry};
use store::case_reviews::{self, Eyes, Review, Verdict};
use store::cases::{self, Case};

use super::decide::{Outcome, finish, hindrance, propose};
use super::desk::{About, Desk};
use super::moved;

/// The record was wrong: the account can be used again. Its evidence is what it was. Whose account it is and whether
/// it is used again are never one person's word, whatever its level.
pub(super) async fn unfreeze(
    desk: &Desk<'_>,
    (case, review): (&Case, &Review),
    reason: Reason,
) -> Result<Outcome, StoreError> {
    if review.proposal.is_none() {
        return propose(desk, case, reason).await;
    }
    let reference = cases::find_reference(&desk.service.store().read(), case.id).await?;
    // A number that moved is another account's now: what the register says of it says nothing about this one.
    let moved = reference
        .as_ref()
        .is_some_and(|text| text.starts_with(moved::REFERENCE));
    if let (false, Some(facts)) = (moved, &case.input)
        && let Some(outcome) = hindrance(desk, case.account, facts).await?
    {
        return Ok(outcome);
    }
    let tx = desk.service.store().begin().await?;
    accounts::take_turns(&tx, case.account).await?;
    let verdict = (desk.me(), Verdict::Approve, reason);
    if !case_reviews::decide(&tx, case.id, verdict, Eyes::Four, desk.now).await?
        || !cases::change(&tx, case.id, (case.state, State::Approved), desk.now).await?
        || !accounts::unfreeze(&tx, case.account, desk.now).await?
    {
        return Ok(Outcome::Gone);
    }
    ::account::standing::thawed(desk.service.account(), &tx, case.account).await?;
    if let Some(reference) = &reference {
        objection::refused(desk.service.account(), &tx, reference).await?;
    }
    let about = About::from(case);
    desk.note(&tx, &about, (Happening::Approved, Some(reason)))
        .await?;
    desk.note(&tx, &about, (Happening::Unfrozen, Some(reason)))
        .await?;
    finish(desk, tx, case, State::Approved).await
}

/// Whether this operator can have a case looked at again: it kept an account frozen, and others decided it.
pub(super) fn may_reopen(case: &Case, history: &[Entry], operator: OperatorId) -> bool {
    let kept = history.iter().any(|entry| entry.what == Happening::KeptFrozen);
    let mine = |entry: &Entry| entry.operator == Some(operator) && entry.what.takes_part();
    case.state == State::Rejected && kept && !history.iter().any(mine)
}

/// Puts the case of an account that was kept frozen into the queue again. It counts as an appeal: nobody who took part
/// so far decides.
pub(super) async fn reopen(desk: &Desk<'_>, (case, review): (&Case, &Review)) -> Result<Outcome, StoreError> {
    let tx = desk.service.store().begin().await?;
    accounts::take_turns(&tx, case.account).await?;
    let account = accounts::find(&tx, case.account).await?;
    let frozen = account.is_some_and(|account| account.status == Status::Frozen);
    let history = case_history::list(&tx, case.id).await?;
    let again = (State::Rejected, State::Restricted);
    if !frozen
        || !may_reopen(case, &history, desk.me())
        || !cases::change(&tx, case.id, again, desk.now).await?
    {
        return Ok(Outcome::Gone);
    }
    case_reviews::enqueue(&tx, case.id, case.account, review.level, desk.now).await?;
    desk.note(&tx, &About::from(case), (Happening::Reopened, None))
        .await?;
    tx.commit().await?;
    Ok(Outcome::Decided)
}
