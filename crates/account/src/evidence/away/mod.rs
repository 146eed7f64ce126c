//! The road that leads to another party and back: a company that compares faces, a trusted sign-in, another province.
//!
//! - `page` what it says before anybody leaves, and what became of a journey; `leave` and `back` its two ends
//! - `settle` what the party's word changes, by the rules that hold for every source
//! - `openid`, `alipay`, `wire` how parties are spoken to
//!
//! A browser leaves with a value that is bound to its account, sign-in, browser and source, and counts once, for ten
//! minutes (A270). The party's word alone raises nothing: the pair of name and number that it returns must be the
//! account's own, and where the account has none yet, the population register says so first (HB-30, HB-31, A250).

mod alipay;
mod back;
mod leave;
mod openid;
mod page;
mod settle;
#[cfg(test)]
mod tests;
mod wire;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::evidence::SourceId;
use model::secret::Token;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::sessions::LiveSession;
use web::extract::{Form, Query, RawParams};
use web::paths::LocalPath;
use web::{Problem, Visit};

use super::port::{Away, Definition, Entry, Road};
use super::sources;
use crate::Service;
use crate::session::{self, Stop};
use crate::signin::Onward;

pub(super) use alipay::{Alipay, Contract as AlipayContract};
pub(super) use openid::{Answer as OpenIdAnswer, Contract as OpenIdContract, OpenId};
pub(super) use wire::{address, object, person, reference, text};

/// The longest short name of a party, in bytes.
const PARTNER_BYTES: usize = 40;

/// The pages of every source whose road this is.
pub(super) fn routes() -> Router<Service> {
    let mut router = Router::new();
    for source in sources::ALL.iter().copied() {
        if !matches!(source.road, Road::Away) {
            continue;
        }
        let page = format!("/verify/{}", source.slug());
        let show = get(
            move |service: State<Service>, visit: Visit, asked: Query<Asked>| {
                page::show(source, service, visit, asked)
            },
        )
        .post(
            move |service: State<Service>, visit: Visit, sent: Form<leave::Leave>| {
                leave::submit(source, service, visit, sent)
            },
        );
        let back = get(move |service: State<Service>, visit: Visit, brought: RawParams| {
            back::arrive(source, service, visit, brought)
        });
        router = router.route(&page, show).route(&format!("{page}/back"), back);
    }
    router
}

/// The parameters of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// What became of the last journey.
    said: Option<String>,
    /// The value of a journey whose result can be asked for again.
    again: Option<String>,
    interaction: Option<String>,
    return_to: Option<String>,
}

/// One visit to a page of this road.
struct Step {
    source: &'static Definition,
    id: SourceId,
    session: LiveSession,
    onward: Onward,
    /// The page without what it is on the way to.
    page: LocalPath,
}

impl Step {
    async fn load(
        source: &'static Definition,
        service: &Service,
        visit: &mut Visit,
        onward: Onward,
    ) -> Result<Self, Stop> {
        let page = source.page().ok_or_else(Problem::not_found)?;
        let id = SourceId::parse(source.id).map_err(Problem::internal)?;
        onward.speak(service, visit).await?;
        let session = session::require(service, visit, &onward.through(page.clone())).await?;
        Ok(Self {
            source,
            id,
            session,
            onward,
            page,
        })
    }

    /// The page, on the way to where the person goes.
    fn here(&self) -> LocalPath {
        self.onward.through(self.page.clone())
    }

    /// The page saying what became of a journey.
    fn saying(&self, said: page::Said) -> LocalPath {
        self.onward.through(self.page.clone().with("said", said.word()))
    }

    /// The page saying that this return is being looked at, with the way on.
    fn busy(&self, state: &Token) -> LocalPath {
        self.saying(page::Said::Busy).with("again", state.expose())
    }

    /// Whether the party is told the verified name and number, so that there must be some.
    fn needs_identity(&self, party: &dyn Away) -> bool {
        party.compares_a_face() && self.session.account.citizen_id.is_none()
    }
}

/// Reads a source's own settings.
pub(super) fn settings<T: DeserializeOwned>(entry: &Entry) -> Result<T, String> {
    let table = toml::Value::Table(entry.settings.clone());
    table
        .try_into()
        .map_err(|error: toml::de::Error| format!("settings: {}", error.message()))
}

/// A party's short name stands in evidence and in logs.
pub(super) fn check_partner_id(id: &str) -> Result<(), String> {
    let plain = id
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if plain && (1..=PARTNER_BYTES).contains(&id.len()) {
        return Ok(());
    }
    Err(format!(
        "settings.partner_id: {id:?} is not 1 to {PARTNER_BYTES} of a-z, 0-9 and -"
    ))
}
