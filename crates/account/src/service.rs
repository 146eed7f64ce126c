//! What the handlers of this crate share, and the table of its routes.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use chrono::{DateTime, Utc};
use model::ladder::Ladder;
use model::rng::Rng;
use store::{Store, StoreError};
use tokio::sync::Notify;
use web::{Kit, Problem};
use webauthn_rs::prelude::Webauthn;

use crate::agreements::Agreements;
use crate::captcha::Drawing;
use crate::gateway::Gateways;
use crate::password::{Hashing, PasswordPolicy};
use crate::review::pictures::Desk;
use crate::{
    Config, agreements, captcha, confirm, evidence, factors, links, notices, register, review, signin, space,
};

/// What a [`Service`] is made from.
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// Pages.
    pub kit: Kit,
    /// The ladder of levels.
    pub ladder: Arc<Ladder>,
    /// The queue for password hashes.
    pub hashing: Hashing,
    /// What may be chosen as a password.
    pub policy: PasswordPolicy,
    /// The agreements that people accept.
    pub agreements: Agreements,
    /// The ways out: messages, and the sandbox that is told captchas.
    pub gateways: Gateways,
    /// The sources of evidence.
    pub sources: evidence::Sources,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

struct Inner {
    parts: Parts,
    drawing: Drawing,
    pictures: Desk,
    mail_waits: Notify,
    passkeys: Option<Webauthn>,
}

/// Accounts. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("account::Service")
    }
}

impl Service {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let drawing = Drawing::new(&parts.config.captcha);
        let pictures = Desk::new(&parts.config.review.pictures);
        let passkeys = factors::passkey::webauthn_of(&parts.kit);
        Self(Arc::new(Inner {
            passkeys,
            parts,
            drawing,
            pictures,
            mail_waits: Notify::new(),
        }))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.parts.config
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// Pages.
    pub fn kit(&self) -> &Kit {
        &self.0.parts.kit
    }

    /// The ladder of levels.
    pub fn ladder(&self) -> &Ladder {
        &self.0.parts.ladder
    }

    /// The queue for password hashes.
    pub fn hashing(&self) -> &Hashing {
        &self.0.parts.hashing
    }

    /// What may be chosen as a password.
    pub fn policy(&self) -> &PasswordPolicy {
        &self.0.parts.policy
    }

    /// The agreements that people accept.
    pub fn agreements(&self) -> &Agreements {
        &self.0.parts.agreements
    }

    /// The ways out.
    pub fn gateways(&self) -> &Gateways {
        &self.0.parts.gateways
    }

    /// The sources of evidence.
    pub fn sources(&self) -> &evidence::Sources {
        &self.0.parts.sources
    }

    /// Draws captchas.
    pub fn drawing(&self) -> &Drawing {
        &self.0.drawing
    }

    /// Makes pictures anew that people send.
    pub fn pictures(&self) -> &Desk {
        &self.0.pictures
    }

    /// What passkeys are checked with; none where the issuer has no name but an address.
    pub fn passkeys(&self) -> Option<&Webauthn> {
        self.0.passkeys.as_ref()
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.kit().now()
    }

    /// Randomness.
    pub fn rng(&self) -> &Rng {
        self.kit().rng()
    }

    /// Tells the delivery worker that a message was committed. Losing the call costs a few seconds, no message.
    pub fn kick_delivery(&self) {
        self.0.mail_waits.notify_one();
    }

    pub(crate) async fn delivery_kicked(&self) {
        self.0.mail_waits.notified().await;
    }
}

impl FromRef<Service> for Kit {
    fn from_ref(service: &Service) -> Self {
        service.kit().clone()
    }
}

/// What a handler answers when the store fails: 503, with the cause in the log.
pub(crate) fn fault(error: StoreError) -> Problem {
    Problem::unavailable(error)
}

/// Every route of this crate.
pub fn router(service: Service) -> Router {
    let pages = Router::new()
        .merge(register::routes())
        .merge(links::routes())
        .merge(notices::routes())
        .merge(agreements::routes())
        .merge(crate::export::routes())
        .merge(crate::scan::routes())
        .merge(captcha::routes())
        .merge(signin::routes())
        .merge(evidence::routes())
        .merge(review::routes())
        .merge(confirm::routes())
        .merge(factors::routes())
        .merge(space::routes())
        .merge(crate::changes::routes())
        .merge(crate::recovery::routes())
        .merge(crate::closing::routes())
        .merge(crate::standing::routes());
    web::middleware::page_routes(pages, service.kit().clone()).with_state(service)
}
