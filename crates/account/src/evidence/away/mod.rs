//! The road that leads to another party and back: a company that compares faces, a trusted sign-in, another province.
//!
//! - `page` what it says before anybody leaves, and what became of a journey; `leave` and `back` its two ends
//! - `settle` what the party's word changes, by the rules that hold for every source
//! - `openid`, `alipay`, `wire` how parties are spoken to
//!
//! A recovery goes the same road without a sign-in (`crate::recovery`): what both have in common is a [`Passage`].
//!
//! A browser leaves with a value that is bound to its account, errand, browser and source, and counts once, for ten
//! minutes (A270). The party's word alone raises nothing: the pair of name and number that it returns must be the
//! account's own, and where the account has none yet, the population register says so first (HB-30, HB-31, A250).

mod alipay;
mod back;
mod leave;
mod openid;
mod page;
mod settle;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::evidence::SourceId;
use model::secret::Token;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::accounts::Account;
use store::round_trips::Errand;
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
pub(crate) use back::{Fetched, fetch, read, to_its_end};
pub(crate) use leave::{depart, may_leave};
pub(super) use openid::{Answer as OpenIdAnswer, Contract as OpenIdContract, OpenId};
pub(crate) use page::{Aside, OtherRoad, Said, consent, is_used_up, shown, words};
pub(crate) use settle::{Return, astray};
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
pub(crate) struct Asked {
    /// What became of the last journey.
    said: Option<String>,
    /// The value of a journey whose result can be asked for again.
    again: Option<String>,
    pub(crate) interaction: Option<String>,
    pub(crate) return_to: Option<String>,
}

impl Asked {
    /// What became of the last journey, and how its result is asked for again.
    pub(crate) fn heard(&self) -> (Option<Said>, Option<Again>) {
        let said = self.said.as_deref().and_then(Said::parse);
        let again = self
            .again
            .clone()
            .filter(|_| matches!(said, Some(Said::Unavailable | Said::Busy)));
        let again = again.map(|state| Again {
            state,
            is_busy: said == Some(Said::Busy),
        });
        (said, again)
    }
}

/// A result that can be asked for again.
pub(crate) struct Again {
    /// The value of the journey.
    state: String,
    /// Whether it is being looked at.
    is_busy: bool,
}

/// A way out and back: whose account it is about, what for, and where its ends are told.
pub(crate) struct Passage {
    pub(crate) source: &'static Definition,
    pub(crate) id: SourceId,
    pub(crate) account: Account,
    pub(crate) errand: Errand,
    pub(crate) onward: Onward,
    /// The page without what it is on the way to. Browsers come back to an address below it.
    pub(crate) page: LocalPath,
}

impl Passage {
    /// The page, on the way to where the person goes.
    pub(crate) fn here(&self) -> LocalPath {
        self.onward.through(self.page.clone())
    }

    /// The page saying what became of a journey.
    pub(crate) fn saying(&self, said: Said) -> LocalPath {
        self.onward.through(self.page.clone().with("said", said.word()))
    }

    /// The page saying that this return is being looked at, with the way on.
    pub(crate) fn busy(&self, state: &Token) -> LocalPath {
        self.saying(Said::Busy).with("again", state.expose())
    }
}

/// One visit to a page of this road.
struct Step {
    passage: Passage,
    session: LiveSession,
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
        let passage = Passage {
            source,
            id,
            account: session.account.clone(),
            errand: Errand::Evidence(session.id),
            onward,
            page,
        };
        Ok(Self { passage, session })
    }

    /// Whether the party is told the verified name and number, so that there must be some.
    fn needs_identity(&self, party: &dyn Away) -> bool {
        party.compares_a_face() && self.passage.account.citizen_id.is_none()
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
