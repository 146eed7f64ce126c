//! Adding a factor, whichever kind it is: who may begin, whether one more fits, and what becomes of one that was shown to
//! work.

use axum::response::Response;
use model::event::Event;
use model::ids::FactorId;
use serde_json::json;
use store::factors::{EACH_MAX, Kind, NewFactor, What};
use store::sessions::LiveSession;
use store::status_events::CredentialStep;
use store::{StoreError, Tx};
use web::Visit;
use web::paths::LocalPath;

use super::finish::{Done, credential, finish};
use super::{Enrolled, list, tries};
use crate::Service;
use crate::confirm::{self, Need};
use crate::history;
use crate::notices;
use crate::session::Stop;
use crate::session::twice::Sending;
use crate::signin::Onward;

/// Lets in whoever may add a factor of a kind: with a fresh proof of the strongest kind that there is (A225), and where one
/// more fits; otherwise the list says so.
pub(super) async fn enter(
    service: &Service,
    visit: &mut Visit,
    (kind, page): (Kind, LocalPath),
    onward: &Onward,
) -> Result<(LiveSession, Enrolled), Stop> {
    let here = onward.through(page);
    let session = confirm::require(service, visit, Need::Strongest, &here).await?;
    let enrolled = super::of(&service.store().read(), &session.account).await?;
    let have = match kind {
        Kind::Totp => &enrolled.totp,
        Kind::Passkey => &enrolled.passkeys,
    };
    if have.len() >= EACH_MAX {
        let list = list::of_kind(kind).with("wrong", "many");
        return Err(Stop::Go(visit.redirect(&onward.through(list))));
    }
    Ok((session, enrolled))
}

/// A factor that was shown to work.
pub(super) struct New<'a> {
    pub(super) what: What<'a>,
    pub(super) name: String,
    pub(super) sending: Sending<'a>,
}

/// Keeps it, in the caller's transaction, behind the account's lock.
pub(super) async fn keep(
    service: &Service,
    visit: &mut Visit,
    (session, onward): (&LiveSession, &Onward),
    (tx, new): (Tx, New<'_>),
) -> Result<Response, Stop> {
    let (account, now) = (session.account.id, visit.now());
    let kind = match &new.what {
        What::Totp { .. } => Kind::Totp,
        What::Passkey { .. } => Kind::Passkey,
    };
    let list = |name, value| onward.through(list::of_kind(kind).with(name, value));
    let all = store::factors::list(&tx, account).await?;
    if all.iter().filter(|one| one.kind == kind).count() >= EACH_MAX {
        return Ok(visit.redirect(&list("wrong", "many")));
    }
    let factor = NewFactor {
        id: FactorId::new(now, service.rng()),
        account,
        name: &new.name,
        what: new.what,
        now,
    };
    match store::factors::add(&tx, &factor).await {
        Ok(()) => {}
        // Somebody has it already (A278).
        Err(StoreError::Duplicate) => return Ok(visit.redirect(&list("wrong", "refused"))),
        Err(error) => return Err(error.into()),
    }
    let done = Done {
        event: Event::FactorChanged,
        details: json!({ "added": kind.as_str(), "factor": factor.id }),
        what: history::What::FactorAdded,
        kind: notices::Kind::FactorAdded,
        args: &[("factor", notices::key(list::name_key(kind)))],
        ends_others: false,
        credential: Some((credential(kind), CredentialStep::Create)),
        sending: new.sending,
        leads: list("done", "added"),
        back: onward.through(list::of_kind(kind)),
    };
    let response = finish(service, visit, session, (tx, done)).await?;
    if kind == Kind::Totp {
        tries::forgive(service, account, tries::What::Totp).await?;
    }
    Ok(response)
}
