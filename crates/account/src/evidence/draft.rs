//! What was typed is kept, sealed and for a short time, when another page comes first: the code to the phone, or signing
//! in again. The form has it when its person comes back to it.

use chrono::TimeDelta;
use model::ids::{AccountId, CaseId};
use model::secret::TokenHash;
use store::accounts::Status;
use store::cases::{self, CaseNumber, Input, NewCase, State};
use web::Visit;

use super::input::{Decision, Typed};
use super::population;
use crate::Service;
use crate::session::Stop;

/// How long a draft is kept, in minutes.
const KEPT_MINUTES: i64 = 30;

/// Keeps it for an account, in place of what was kept before.
pub(super) async fn keep(service: &Service, account: AccountId, facts: Input) -> Result<(), Stop> {
    let (now, rng, source) = (service.now(), service.rng(), population::source_id()?);
    let tx = service.store().begin().await?;
    cases::forget_draft(&tx, account, &source).await?;
    let new = NewCase {
        id: CaseId::new(now, rng),
        number: CaseNumber::generate(now, rng),
        account,
        source,
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
    typed: Typed<'_>,
) -> Result<(), Stop> {
    let tx = service.store().read();
    let Some(lapsed) = store::sessions::find_lapsed(&tx, cookie, visit.now()).await? else {
        return Ok(());
    };
    let account = store::accounts::find(&tx, lapsed.account).await?;
    let Some(account) = account.filter(|account| account.status == Status::Active) else {
        return Ok(());
    };
    match population::decide(service, visit, &account, typed) {
        Decision::Ask(facts) => keep(service, account.id, facts).await,
        Decision::Wrong(_) | Decision::Minor => Ok(()),
    }
}
