//! Which purpose is done by whom: one table. What is done happens in the transaction that has used the link up.

use model::link::Purpose;
use store::links::Link;
use store::{StoreError, Tx};
use web::Visit;
use web::form::Words;
use web::paths::LocalPath;

use crate::Service;

/// What a person reads after they pressed the button.
#[derive(Debug)]
pub struct Said {
    /// The key of the title.
    pub title: &'static str,
    /// What is said.
    pub texts: Vec<Words>,
    /// Where to go on, and the key of its words.
    pub next: Option<(LocalPath, &'static str)>,
}

/// What following a link came to.
#[derive(Debug)]
pub enum Followed {
    /// It is done.
    Done(Said),
    /// It is not done, and why: the link stays good.
    Not(Said),
    /// There was nothing left to do: what it was about has ended meanwhile. The page says that the link is over.
    Over,
}

/// What the page says above the button beside the words of the purpose; `None` when the link is over although nobody
/// used it.
pub(super) async fn about(service: &Service, link: &Link) -> Result<Option<Vec<Words>>, StoreError> {
    match link.purpose {
        Purpose::ActivateEmail => crate::register::about_activation(service, link).await,
        _ => Ok(Some(Vec::new())),
    }
}

/// Does what a link is for. It has been used up in the same transaction, which the caller commits if something was done.
pub(super) async fn follow(
    service: &Service,
    tx: &Tx,
    visit: &Visit,
    link: &Link,
) -> Result<Followed, StoreError> {
    match link.purpose {
        Purpose::ActivateEmail => crate::register::activate(service, tx, visit, link).await,
        Purpose::ConfirmEmail => crate::changes::confirmed(service, tx, link).await,
        Purpose::UndoChange => crate::changes::by_link(service, tx, link).await,
        Purpose::NotMe => crate::changes::not_me(service, tx, link).await,
        // The page of the appeal uses it up.
        Purpose::Appeal => Ok(Followed::Over),
    }
}
