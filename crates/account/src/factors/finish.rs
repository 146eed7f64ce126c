//! What every change of a factor ends with, in one transaction: the log, the owner's history, a notice by every channel
//! with a "this wasn't me" link (A235), sub-sites that listen, the other sign-ins where a proof was replaced or taken away,
//! and a new cookie. The same form sent twice is led to the same page, and does nothing more.

use axum::response::Response;
use model::event::Event;
use serde_json::Value;
use store::Tx;
use store::audit::Entry;
use store::factors::Kind as FactorKind;
use store::sessions::LiveSession;
use store::status_events::{Credential, CredentialStep};
use web::Visit;
use web::paths::LocalPath;

use crate::Service;
use crate::history::{self, Happening, What};
use crate::links;
use crate::notices::{self, Kind, Told};
use crate::session::twice::{self, Sending};
use crate::session::{self, Added, Stop};
use crate::standing;

/// What was done.
pub(crate) struct Done<'a> {
    pub(crate) event: Event,
    pub(crate) details: Value,
    pub(crate) what: What,
    pub(crate) kind: Kind,
    pub(crate) args: &'a [(&'static str, String)],
    /// Whether the person's other sign-ins end.
    pub(crate) ends_others: bool,
    /// What sub-sites that listen hear; nothing where they have no word for it, or nothing has changed yet.
    pub(crate) credential: Option<(Credential, CredentialStep)>,
    /// The form that did it.
    pub(crate) sending: Sending<'a>,
    /// Where it leads.
    pub(crate) leads: LocalPath,
    /// Where the person begins anew when their sign-in has ended meanwhile.
    pub(crate) back: LocalPath,
}

/// What sub-sites call a factor.
pub(crate) const fn credential(kind: FactorKind) -> Credential {
    match kind {
        FactorKind::Totp => Credential::App,
        FactorKind::Passkey => Credential::Passkey,
    }
}

/// Ends a change, commits it, and leads on. Where the sign-in has ended meanwhile nothing is changed, and the page on which
/// one signs in says so.
pub(crate) async fn finish(
    service: &Service,
    visit: &mut Visit,
    session: &LiveSession,
    (tx, done): (Tx, Done<'_>),
) -> Result<Response, Stop> {
    let (account, now) = (&session.account, visit.now());
    let mut entry = Entry::new(done.event, now)
        .account(account.id)
        .session(session.id)
        .details(done.details);
    entry.request_id = Some(visit.request_id().to_owned());
    store::audit::record(&tx, service.rng(), entry).await?;
    let happening = Happening::new(account.id, done.what).in_session(session.id);
    history::note(service, &tx, visit, &happening).await?;
    let told = Told {
        args: done.args,
        link: Some(links::not_me(service, &tx, account.id, None).await?),
        ..Told::of(done.kind)
    };
    notices::tell(service, &tx, account, &told).await?;
    if let Some(credential) = done.credential {
        standing::credential_changed(service, &tx, account.id, credential).await?;
    }
    if done.ends_others {
        standing::end_sign_ins(service, &tx, account.id, Some(session.id)).await?;
    }
    let Some(started) = session::renew(service, &tx, visit, session, Added::Evidence).await? else {
        return Err(Stop::Go(visit.redirect(&session::ended(&done.back))));
    };
    twice::done(&tx, visit, (session, done.sending), &done.leads).await?;
    tx.commit().await?;
    started.give_to(visit);
    service.kick_delivery();
    Ok(visit.redirect(&done.leads))
}
