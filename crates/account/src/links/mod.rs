//! Links that are sent to people: [`make`] one in the transaction that needs it, put it into a message, and the page
//! `/link/TOKEN` does the rest.
//!
//! Following a link changes nothing (A175): programs that look at mail follow links, and browsers fetch ahead. The page
//! says what the button does; the button uses the link up, by one guarded statement, in the same transaction as what the
//! link is for. It works in any browser, signed in or not: whoever has the link has the mailbox or the phone.
//!
//! - `page` the page and its button
//! - `follow` which purpose is done by whom
//!
//! A link is bound to its purpose, its account, what it is about and, where it confirms one, the address (A238).

use axum::Router;
use axum::routing::get;
use chrono::TimeDelta;
use model::ids::AccountId;
use model::link::LinkToken;
use model::notice::Contact;
use store::{StoreError, Tx};
use uuid::Uuid;

use crate::Service;

mod follow;
mod page;
#[cfg(test)]
mod tests;

pub use follow::{Followed, Said};
pub use model::link::Purpose;
pub use store::links::Link;

/// What a link is made for.
#[derive(Debug)]
pub struct New<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is.
    pub account: AccountId,
    /// What it is about: the identifier of a change, a registration, a decision.
    pub about: Option<Uuid>,
    /// The phone or the address that it confirms; [`Link::is_for`] compares.
    pub target: Option<&'a Contact>,
    /// For how long it works.
    pub life: TimeDelta,
}

/// Stores a link in the caller's transaction and answers its absolute address, for a message and nothing else.
pub async fn make(service: &Service, tx: &Tx, new: &New<'_>) -> Result<String, StoreError> {
    let (now, token) = (service.now(), LinkToken::generate(service.rng()));
    let row = store::links::NewLink {
        token: &token,
        purpose: new.purpose,
        account: new.account,
        about: new.about,
        target: new.target,
        now,
        expires_at: now + new.life,
    };
    store::links::make(tx, &row).await?;
    let base = service.kit().base_url().as_str().trim_end_matches('/');
    Ok(format!("{base}/link/{}", token.expose()))
}

/// The "this wasn't me" link of a notice, which works for as long as `account.notices.not_me_days` says. `about` is the
/// change that it stops as well, if there is one.
pub async fn not_me(
    service: &Service,
    tx: &Tx,
    account: AccountId,
    about: Option<Uuid>,
) -> Result<String, StoreError> {
    let new = New {
        purpose: Purpose::NotMe,
        account,
        about,
        target: None,
        life: TimeDelta::days(service.config().notices.not_me_days),
    };
    make(service, tx, &new).await
}

/// The link with this value, if it works now; it is not used up. For pages of one's own, such as an appeal.
pub async fn look(service: &Service, typed: &str) -> Result<Option<Link>, StoreError> {
    match LinkToken::parse(typed) {
        Some(token) => store::links::look(&service.store().read(), &token, service.now()).await,
        None => Ok(None),
    }
}

/// Uses the link with this value up, in the transaction that does what it is for; `None` when it does not work (any
/// more), or is for something else.
pub async fn take(
    service: &Service,
    tx: &Tx,
    typed: &str,
    purpose: Purpose,
) -> Result<Option<Link>, StoreError> {
    match LinkToken::parse(typed) {
        Some(token) => store::links::take(tx, &token, purpose, service.now()).await,
        None => Ok(None),
    }
}

/// The page.
pub fn routes() -> Router<Service> {
    Router::new().route("/link/{token}", get(page::show).post(page::press))
}
