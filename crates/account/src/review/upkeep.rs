//! What happens to cases by itself: pictures, and what was typed for a rejected case, go when their time is over, and a case in which a
//! reviewer asked for more ends when nothing comes.

use chrono::TimeDelta;
use model::event::Event;
use model::review::Happening;
use serde_json::json;
use store::audit::Entry;
use store::case_images;
use store::cases::{self, Case, State};
use store::{StoreError, case_history, case_reviews};

use crate::Service;
use crate::notices::texts::Text;

/// How many cases end at a time.
const BATCH: u64 = 50;

/// Does what is due, at most a batch of each; answers how many it was.
pub async fn sweep(service: &Service) -> Result<u64, StoreError> {
    let (tx, now, config) = (service.store().read(), service.now(), &service.config().review);
    let decided = now - TimeDelta::days(config.keep_days);
    let mut done = case_images::sweep(&tx, (now, decided)).await?;
    done = done.saturating_add(cases::forget_rejected(&tx, decided).await?);
    let unanswered = now - TimeDelta::days(config.answer_days);
    for case in cases::list_unanswered(&tx, unanswered, BATCH).await? {
        if expire(service, &case).await? {
            done = done.saturating_add(1);
        }
    }
    Ok(done)
}

async fn expire(service: &Service, case: &Case) -> Result<bool, StoreError> {
    let now = service.now();
    let tx = service.store().begin().await?;
    let steps = (State::NeedsMoreInformation, State::Expired);
    if !cases::change(&tx, case.id, steps, now).await? {
        return Ok(false);
    }
    let entry = case_history::Entry::new((case.id, case.account), Happening::Expired, now);
    case_history::record(&tx, service.rng(), &entry).await?;
    case_reviews::withdraw(&tx, case.id, now).await?;
    case_images::delete_of_case(&tx, case.id, now).await?;
    let details = json!({ "case": case.number.as_str(), "state": State::Expired.as_str() });
    let entry = Entry::new(Event::CaseChanged, now)
        .account(case.account)
        .details(details);
    store::audit::record(&tx, service.rng(), entry).await?;
    crate::case::notify_by(service, &tx, case.account, Text::ReviewExpired).await?;
    tx.commit().await?;
    service.kick_delivery();
    Ok(true)
}
