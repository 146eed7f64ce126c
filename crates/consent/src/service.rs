//! What the pages work with.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use model::secret::Token;
use store::sessions::{Limits, LiveSession};
use store::subjects::Subjects;
use store::{Store, StoreError};
use web::{Kit, Visit};

use crate::pages;

/// The consent service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    kit: Kit,
    sessions: Limits,
    subjects: Subjects,
}

impl FromRef<Service> for Kit {
    fn from_ref(service: &Service) -> Self {
        service.0.kit.clone()
    }
}

impl Service {
    /// Builds the service; `sessions` are the limits that sign-ins are kept to.
    pub fn new(store: Store, kit: Kit, sessions: Limits) -> Self {
        Self(Arc::new(Inner {
            subjects: Subjects::new(store.vault()),
            store,
            kit,
            sessions,
        }))
    }

    /// The pages.
    pub fn router(&self) -> Router {
        web::middleware::page_routes(pages::router(), self.0.kit.clone()).with_state(self.clone())
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn subjects(&self) -> &Subjects {
        &self.0.subjects
    }

    /// The sign-in of the browser, if it holds; shows its owner in the page's navigation.
    pub(crate) async fn session(&self, visit: &mut Visit) -> Result<Option<LiveSession>, StoreError> {
        let Some(hash) = visit.session_token().map(Token::hash) else {
            return Ok(None);
        };
        let found =
            store::sessions::find_live(&self.0.store.read(), &hash, &self.0.sessions, visit.now()).await?;
        if let Some(session) = &found {
            visit.set_signed_in(session.account.masked_name());
        }
        Ok(found)
    }
}
