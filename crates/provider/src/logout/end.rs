//! The end of a sign-in that a browser asks for, and where the browser goes then.

use model::event::Event;
use store::audit::{self, Entry};
use store::logouts::Ticket;
use store::sessions::{self, Lapsed, LiveSession};
use store::{StoreError, Tx, interactions};
use web::Visit;
use web::paths::LocalPath;

use axum::response::Response;
use model::ids::{AccountId, ClientId, SessionId};

use super::front;
use super::request::Wish;
use crate::Service;
use crate::router::paths;

/// The sign-in that ends: one that holds, or one that lapsed by itself and of which sub-sites still know.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    session: SessionId,
    account: AccountId,
}

impl From<&LiveSession> for Ending {
    fn from(session: &LiveSession) -> Self {
        Self {
            session: session.id,
            account: session.account.id,
        }
    }
}

impl From<Lapsed> for Ending {
    fn from(session: Lapsed) -> Self {
        Self {
            session: session.id,
            account: session.account,
        }
    }
}

/// Ends the sign-in, if there is one, with every code and token that it gave, and leads on: back to the sub-site, by
/// way of the page with the frames where there are any, or to the page that shows what became of it.
pub async fn end(
    service: &Service,
    visit: &mut Visit,
    ending: Option<Ending>,
    wish: &Wish,
) -> Result<Response, StoreError> {
    let mut sites = Vec::new();
    let tx = service.store().begin().await?;
    if let Some(ending) = ending {
        sites = sessions::sites(&tx, ending.session).await?;
        record(service, visit, &tx, ending, wish).await?;
    }
    if visit.session_token().is_some() {
        interactions::leave_behind(&tx, &visit.browser_hash(), service.now()).await?;
        visit.end_session();
    }
    tx.commit().await?;
    service.tell_sites();
    let framed = ending.is_some_and(|ending| {
        let has_frame = |site: &ClientId| {
            let stored = service.client(site);
            stored.is_some_and(|stored| front::frame(service, &stored, ending.session).is_some())
        };
        sites.iter().any(has_frame)
    });
    match (&wish.back, ending) {
        (Some(back), _) if !framed => Ok(visit.redirect_outside(back)),
        (back, Some(ending)) => {
            let ticket = Ticket {
                session: ending.session,
                at: service.now(),
                client: wish.client.as_ref().map(|stored| stored.client.client_id.clone()),
                back: back.as_ref().map(|back| back.as_str().to_owned()),
            };
            let ticket = ticket.seal(service.store(), &visit.browser_hash())?;
            Ok(visit.redirect(&page(wish).with("ticket", &ticket)))
        }
        _ => Ok(visit.redirect(&page(wish))),
    }
}

/// The page after the sign-out, in the language that was asked for.
fn page(wish: &Wish) -> LocalPath {
    let page = LocalPath::known(paths::SIGNED_OUT);
    match wish.language {
        Some(language) => page.with("ui_locales", language.tag()),
        None => page,
    }
}

async fn record(
    service: &Service,
    visit: &Visit,
    tx: &Tx,
    ending: Ending,
    wish: &Wish,
) -> Result<(), StoreError> {
    let now = service.now();
    if !sessions::end(tx, ending.session, now).await? {
        return Ok(());
    }
    let mut entry = Entry::new(Event::SignedOut, now)
        .account(ending.account)
        .session(ending.session);
    entry.client = wish.client.as_ref().map(|stored| stored.client.client_id.clone());
    entry.request_id = Some(visit.request_id().to_owned());
    audit::record(tx, service.store().rng(), entry).await
}
