//! What the handlers of this crate share, and the table of its routes.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, Request};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use chrono::{DateTime, Utc};
use model::rng::Rng;
use store::Store;
use web::client_address::ClientAddress;
use web::{Kit, Problem};
use webauthn_rs::prelude::Webauthn;

use crate::{
    Config, audit, confirm, counter, enrol, home, passkey, people, review, security, signin, sources,
    standing,
};

struct Inner {
    config: Config,
    account: account::Service,
}

/// The console. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operator::Service")
    }
}

impl Service {
    /// Puts the parts together.
    pub fn new(config: Config, account: account::Service) -> Self {
        Self(Arc::new(Inner { config, account }))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Residents' accounts.
    pub fn account(&self) -> &account::Service {
        &self.0.account
    }

    /// The database.
    pub fn store(&self) -> &Store {
        self.account().store()
    }

    /// Pages.
    pub fn kit(&self) -> &Kit {
        self.account().kit()
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.kit().now()
    }

    /// Randomness.
    pub fn rng(&self) -> &Rng {
        self.kit().rng()
    }

    /// What passkeys are checked with; none where the issuer has no name but an address.
    pub(crate) fn passkeys(&self) -> Option<&Webauthn> {
        self.account().passkeys()
    }
}

impl FromRef<Service> for Kit {
    fn from_ref(service: &Service) -> Self {
        service.kit().clone()
    }
}

impl FromRef<Service> for account::Service {
    fn from_ref(service: &Service) -> Self {
        service.account().clone()
    }
}

/// Every route of this crate; none where the console is switched off.
pub fn router(service: Service) -> Router {
    if !service.config().enabled {
        return Router::new();
    }
    let pages = Router::new()
        .merge(home::routes())
        .merge(signin::routes())
        .merge(passkey::routes())
        .merge(enrol::routes())
        .merge(confirm::routes())
        .merge(security::routes())
        .merge(people::routes())
        .merge(audit::routes())
        .merge(sources::routes())
        .merge(review::routes())
        .merge(counter::routes())
        .merge(standing::routes());
    let networks = service.clone();
    web::middleware::page_routes(pages, service.kit().clone())
        .route_layer(from_fn(
            move |address: ClientAddress, request: Request, next: Next| {
                let allowed = networks.config().allows(address.0);
                async move {
                    if allowed {
                        next.run(request).await
                    } else {
                        // From elsewhere there is no console.
                        Problem::not_found().into_response()
                    }
                }
            },
        ))
        .with_state(service)
}
