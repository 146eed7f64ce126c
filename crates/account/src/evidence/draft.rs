//! What was typed is kept, sealed and for a short time, when another page comes first: the code to the phone, or signing
//! in again. The form has it when its person comes back to it.

use chrono::TimeDelta;
use model::evidence::SourceId;
use model::ids::{AccountId, CaseId};
use model::secret::TokenHash;
use store::accounts::{Account, Status};
use store::cases::{self, CaseNumber, Input, NewCase, State};
use web::Visit;

use super::input::{self, Decision, Entered};
use super::port::FormRoad;
use crate::Service;
use crate::session::Stop;

/// How long a draft is kept, in minutes.
const KEPT_MINUTES: i64 = 30;

/// What an account typed for a source and can go on with: before another page came first, or for a case that needs
/// again what was not kept.
pub(super) async fn find(
    service: &Service,
    account: &Account,
    source: &SourceId,
) -> Result<Option<Input>, Stop> {
    let tx = service.store().read();
    if let Some(kept) = cases::find_draft(&tx, account.id, source, service.now()).await? {
        return Ok(Some(kept));
    }
    let case = cases::find_needing_more(&tx, account.id, source).await?;
    Ok(case.and_then(|case| case.input))
}

/// Keeps it for an account, in place of what was kept before. What may not be stored is not.
pub(super) async fn keep(
    service: &Service,
    account: AccountId,
    source: &SourceId,
    facts: Input,
) -> Result<(), Stop> {
    let (now, rng) = (service.now(), service.rng());
    let tx = service.store().begin().await?;
    cases::forget_draft(&tx, account, source).await?;
    let new = NewCase {
        id: CaseId::new(now, rng),
        number: CaseNumber::generate(now, rng),
        account,
        source: source.clone(),
        state: State::Started,
        input: facts,
        next_attempt_at: Some(now + TimeDelta::minutes(KEPT_MINUTES)),
        reference: None,
        created_at: now,
    };
    // A number that is taken by chance costs the draft, which only saves typing.
    cases::create(&tx, &new).await?;
    tx.commit().await?;
    Ok(())
}

/// Keeps it for whoever was signed in until their sign-in lapsed, and shows it to nobody else.
pub(super) async fn keep_for_lapsed(
    service: &Service,
    visit: &Visit,
    cookie: &TokenHash,
    (source, road, typed): (&SourceId, &FormRoad, &Entered),
) -> Result<(), Stop> {
    let tx = service.store().read();
    let Some(lapsed) = store::sessions::find_lapsed(&tx, cookie, visit.now()).await? else {
        return Ok(());
    };
    let account = store::accounts::find(&tx, lapsed.account).await?;
    let Some(account) = account.filter(|account| account.status == Status::Active) else {
        return Ok(());
    };
    let today = (super::today(service), service.config().sources.adult_years);
    match input::read(road, &account, typed, today) {
        Decision::Ask(facts) => keep(service, account.id, source, facts).await,
        Decision::Wrong(_) | Decision::Minor(_) => Ok(()),
    }
}
