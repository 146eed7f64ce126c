//! A passkey as the second proof. What the browser was asked is kept beside the draft, once.

use chrono::TimeDelta;
use model::ids::AccountId;
use model::secret::TokenHash;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use web::passkey::{Act, ask};
use web::{Markup, Visit};

use super::plan::Plan;
use crate::Service;
use crate::factors::{begin_passkey, finish_passkey};
use crate::session::Stop;

/// How long the browser has for its answer, in minutes.
const MINUTES: i64 = 10;

/// One for each browser, apart from the draft.
fn handle(visit: &Visit) -> TokenHash {
    let token = visit
        .kit()
        .csrf_key()
        .token(&visit.browser_hash(), "recovery passkey\u{0}");
    TokenHash::of(&token)
}

/// Asks for one of the account's passkeys.
pub(super) async fn begin(service: &Service, visit: &Visit, plan: &Plan) -> Result<Markup, Stop> {
    let asked = begin_passkey(service, Some(&plan.enrolled.passkeys))?;
    let (id, browser, now) = (handle(visit), visit.browser_hash(), service.now());
    let until = now + TimeDelta::minutes(MINUTES);
    let new = NewCeremony {
        account: Some(plan.account.id),
        state: &asked.state,
        ..NewCeremony::new(&id, (&browser, Purpose::Recovery), (now, until))
    };
    ceremonies::put(&service.store().read(), &new).await?;
    Ok(ask(visit, &asked.options, Act::Use))
}

/// What the browser says; only to what it was asked, once, and only for this account (A283).
pub(super) async fn finish(
    service: &Service,
    visit: &Visit,
    account: AccountId,
    sent: &str,
) -> Result<bool, Stop> {
    let (id, browser) = (handle(visit), visit.browser_hash());
    let at = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::Recovery,
    };
    let tx = service.store().begin().await?;
    let taken = ceremonies::take(&tx, at, service.now()).await?;
    let Some(taken) = taken.filter(|taken| taken.account == Some(account)) else {
        return Ok(false);
    };
    let used = finish_passkey(service, &tx, &taken.state, (Some(account), sent)).await?;
    tx.commit().await?;
    Ok(match used {
        Ok(_) => true,
        Err(refused) => {
            tracing::info!(%refused, "passkey refused at a recovery");
            false
        }
    })
}
