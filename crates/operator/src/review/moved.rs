//! Two accounts claim one ID number, and two operators have found whose it is. The other account loses the number with
//! all evidence that it had, is frozen, and gets a case of its own: somebody else may have a life in it, and a senior
//! reviewer looks at that next. Nothing of this happens without a case, two people and a message to both phones.

use model::event::Event;
use model::evidence::SourceId;
use model::ids::CaseId;
use model::ladder::Level;
use model::review::Happening;
use serde_json::json;
use store::accounts::{self, Account};
use store::audit::Entry;
use store::case_history;
use store::case_reviews;
use store::cases::{self, Case, CaseNumber, Input, NewCase, State};
use store::{StoreError, Tx, evidence, sessions};

use super::desk::{About, Desk};

/// What the case of the other account is about.
const REGISTER: &str = "population_register";
/// What it refers to begins so; then comes the number of the case that decided.
pub(super) const REFERENCE: &str = "moved:";

/// Takes the number from the other account; `false` when it has it no more.
pub(super) async fn take_number(
    desk: &Desk<'_>,
    tx: &Tx,
    (case, facts): (&Case, &Input),
    other: &Account,
) -> Result<bool, StoreError> {
    let (now, rng) = (desk.now, desk.service.rng());
    if !accounts::forget_identity(tx, other.id, &facts.citizen_id, now).await? {
        return Ok(false);
    }
    evidence::end_all(tx, other.id, (now, "number_moved")).await?;
    if accounts::freeze(tx, other.id, now).await? {
        ::account::standing::froze(desk.service.account(), tx, other.id).await?;
    }
    sessions::end_all(tx, other.id, None, now).await?;
    let new = NewCase {
        id: CaseId::new(now, rng),
        number: CaseNumber::generate(now, rng),
        account: other.id,
        source: SourceId::parse(REGISTER).map_err(|_| StoreError::Malformed("evidence.source"))?,
        state: State::Restricted,
        input: facts.clone(),
        next_attempt_at: None,
        reference: Some(format!("{REFERENCE}{}", case.number.as_str())),
        created_at: now,
    };
    if !cases::create(tx, &new).await? {
        // A number of a case that is taken: the whole step is tried again by whoever pressed.
        return Ok(false);
    }
    case_reviews::enqueue(tx, new.id, other.id, Level::REGISTERED, now).await?;
    let filed = case_history::Entry::new((new.id, other.id), Happening::Filed, now);
    case_history::record(tx, rng, &filed.by(desk.me())).await?;
    let reason = json!({ "reason": "number_moved", "case": case.number.as_str() });
    let mut entry = Entry::new(Event::AccountFrozen, now)
        .account(other.id)
        .details(reason);
    entry.request_id = Some(desk.request_id.clone());
    store::audit::record(tx, rng, entry).await?;
    desk.note(tx, &About::from(case), (Happening::NumberMoved, None))
        .await?;
    account::case::notify(desk.service.account(), tx, other.id, State::Restricted).await?;
    Ok(true)
}
