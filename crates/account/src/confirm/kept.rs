//! What somebody typed into a form whose proof had lapsed before it was sent. It waits while they prove once more who they
//! are, and stands in the form again when they come back: sealed, for one sign-in in one browser, and in no address (A162).

use chrono::TimeDelta;
use model::ids::SessionId;
use model::secret::TokenHash;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::StoreError;
use store::ceremonies::{self, Handle, NewCeremony, Purpose};
use store::sessions::LiveSession;
use web::markup::escape;
use web::paths::LocalPath;
use web::{Markup, Visit};

use super::{CONFIRMED, Need, is_met, require};
use crate::Service;
use crate::session::{self, Stop};

/// For how long it waits, in minutes.
const MINUTES: i64 = 30;

fn handle(visit: &Visit, session: SessionId, form: &str) -> TokenHash {
    let name = format!("typed\u{0}{form}\u{0}{session}");
    TokenHash::of(&visit.kit().csrf_key().token(&visit.browser_hash(), &name))
}

/// Like [`require`], for a form that was sent: what was typed is there again after the proof.
pub(crate) async fn require_keeping(
    service: &Service,
    visit: &mut Visit,
    need: Need,
    (here, form, typed): (&LocalPath, &'static str, &Value),
) -> Result<LiveSession, Stop> {
    let session = session::require(service, visit, here).await?;
    if is_met(service, visit, &session, need).await? {
        return Ok(session);
    }
    let (id, browser, now) = (handle(visit, session.id, form), visit.browser_hash(), visit.now());
    let state = typed.to_string();
    let new = NewCeremony {
        account: Some(session.account.id),
        session: Some(session.id),
        state: state.as_bytes(),
        ..NewCeremony::new(
            &id,
            (&browser, Purpose::ContactChange),
            (now, now + TimeDelta::minutes(MINUTES)),
        )
    };
    ceremonies::put(&service.store().read(), &new).await?;
    require(service, visit, need, &back_to(here, true)).await
}

/// What was typed in a form before the proof, for whoever comes back from it.
pub(crate) async fn kept<T: DeserializeOwned>(
    service: &Service,
    visit: &Visit,
    session: &LiveSession,
    (form, confirmed): (&'static str, bool),
) -> Result<Option<T>, StoreError> {
    if !confirmed {
        return Ok(None);
    }
    let (id, browser) = (handle(visit, session.id, form), visit.browser_hash());
    let handle = Handle {
        id: &id,
        browser: &browser,
        purpose: Purpose::ContactChange,
    };
    let found = ceremonies::look(&service.store().read(), handle, visit.now()).await?;
    let found = found.filter(|found| found.account == Some(session.account.id));
    Ok(found.and_then(|found| serde_json::from_slice(&found.state).ok()))
}

/// A page, for whoever comes back to it from a proof.
pub(crate) fn back_to(here: &LocalPath, confirmed: bool) -> LocalPath {
    if confirmed {
        here.clone().with(CONFIRMED, "yes")
    } else {
        here.clone()
    }
}

/// What a page shows, and above it, for whoever comes back from a proof, that it was given and something is left to do.
pub(crate) fn above(visit: &Visit, confirmed: bool, content: Markup) -> Markup {
    if !confirmed {
        return content;
    }
    let said = escape(&visit.t("confirm-done"));
    Markup::from_rendered(format!(
        "<p class=\"notice success\" role=\"status\" data-confirmed>{said}</p>{content}"
    ))
}
