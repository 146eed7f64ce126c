//! The page after a sign-out: which sub-sites knew of the sign-in, and what became of telling them.
//!
//! It is shown at once and looks again a few times, by script without a jump and without script by a refresh in the
//! page's head; how often is in its address. What it is about is in the sealed ticket of its address, so that a
//! reload, the way back and another tab of the browser show it again, on any node; another browser, or the same one a
//! quarter of an hour later or with somebody signed in, sees only that it is over (A170).

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use model::ids::ClientId;
use model::language::Language;
use serde::Deserialize;
use store::StoreError;
use store::clients::StoredClient;
use store::letters::Ending;
use store::logouts::{self, Ticket};
use web::extract::Query;
use web::paths::LocalPath;
use web::{Page, Problem, Visit};

use super::front::{self, Frame};
use crate::Service;
use crate::router::paths;

/// For how long the page can be seen again, in minutes.
const LIFE_MINUTES: i64 = 15;

/// After how many seconds the page looks again, and so how often.
const LOOKS: [u32; 6] = [1, 1, 2, 3, 5, 8];

/// The query.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    ticket: String,
    look: Option<u8>,
    ui_locales: Option<String>,
}

/// `GET /logout/done`.
pub async fn signed_out(
    State(service): State<Service>,
    mut visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let session = super::current(&service, &visit)
        .await
        .map_err(Problem::unavailable)?;
    if let Some(session) = session {
        visit.set_signed_in(session.account.masked_name());
        return Ok(again(&visit));
    }
    let ticket = Ticket::open(service.store(), &visit.browser_hash(), &asked.ticket);
    let in_time = |ticket: &Ticket| service.now() < ticket.at + TimeDelta::minutes(LIFE_MINUTES);
    let Some(ticket) = ticket.filter(in_time) else {
        return Ok(over(&visit));
    };
    // The worker of this node may not know yet: the sign-in may have been ended by another page.
    service.tell_sites();
    let look = usize::from(asked.look.unwrap_or_default());
    let shown = Shown::load(&service, &visit, &ticket, look)
        .await
        .map_err(Problem::unavailable)?;
    let here = LocalPath::known(paths::SIGNED_OUT).with("ticket", &asked.ticket);
    let here = match asked.ui_locales.as_deref().and_then(Language::from_tag) {
        Some(language) => here.with("ui_locales", language.tag()),
        None => here,
    };
    Ok(shown.respond(&visit, &here))
}

/// What is known of one sub-site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It confirmed.
    Confirmed,
    /// It is being told.
    Waiting,
    /// It has not answered; it is told again and again.
    Later,
    /// It did not answer, for good.
    NoAnswer,
    /// It answered that it did not.
    Refused,
    /// It is told by a frame, which has no answer.
    Framed,
    /// It cannot be told.
    NotSupported,
}

impl Told {
    /// The name in `data-state`, and the key of the words.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Confirmed => ("confirmed", "logout-site-confirmed"),
            Self::Waiting => ("waiting", "logout-site-waiting"),
            Self::Later => ("no-answer", "logout-site-later"),
            Self::NoAnswer => ("no-answer", "logout-site-no-answer"),
            Self::Refused => ("no-answer", "logout-site-refused"),
            Self::Framed => ("no-answer", "logout-site-framed"),
            Self::NotSupported => ("not-supported", "logout-site-not-supported"),
        }
    }

    const fn tag(self) -> &'static str {
        match self {
            Self::Confirmed => "tag right",
            Self::Waiting => "tag",
            _ => "tag care",
        }
    }

    fn of(state: logouts::State, stored: &StoredClient, may_wait: bool) -> Self {
        let client = &stored.client;
        match state {
            logouts::State::Confirmed => Self::Confirmed,
            _ if client.backchannel_logout_uri.is_none() => match client.frontchannel_logout_uri {
                Some(_) => Self::Framed,
                None => Self::NotSupported,
            },
            logouts::State::Open(_) if may_wait => Self::Waiting,
            logouts::State::Open(_) => Self::Later,
            logouts::State::Ended(Ending::NoAnswer) => Self::NoAnswer,
            logouts::State::Ended(Ending::Refused) => Self::Refused,
            // The address is new; it was none when there was something to tell.
            logouts::State::Ended(Ending::NotSupported) => Self::NotSupported,
        }
    }
}

struct Site {
    name: String,
    address: Option<String>,
    told: Told,
    state: &'static str,
    words: String,
}

/// Everything that the page shows.
struct Shown {
    sites: Vec<Site>,
    frames: Vec<Frame>,
    /// The sub-site that the browser goes back to, and its address.
    back: Option<(String, String)>,
    look: usize,
}

impl Shown {
    async fn load(
        service: &Service,
        visit: &Visit,
        ticket: &Ticket,
        look: usize,
    ) -> Result<Self, StoreError> {
        let mut shown = Self {
            sites: Vec::new(),
            frames: Vec::new(),
            back: None,
            look,
        };
        for (id, state) in logouts::of_session(&service.store().read(), ticket.session).await? {
            // A sub-site that was removed has no name any more.
            let Some(stored) = service.client(&id) else {
                continue;
            };
            let told = Told::of(state, &stored, look < LOOKS.len());
            let (state, key) = told.words();
            shown.sites.push(Site {
                name: stored.client.name.in_language(visit.language()).to_owned(),
                address: stored.client.home_uri.clone(),
                told,
                state,
                words: visit.t(key),
            });
            // Once is enough.
            if look == 0 {
                shown
                    .frames
                    .extend(front::frame(service, &stored, ticket.session));
            }
        }
        if let Some(address) = &ticket.back {
            let name = site_name(service, visit, ticket.client.as_ref());
            shown.back = Some((address.clone(), name));
        }
        Ok(shown)
    }

    fn count(&self, told: Told) -> usize {
        self.sites.iter().filter(|site| site.told == told).count()
    }

    /// What a screen reader says when it changes.
    fn status(&self, visit: &Visit) -> String {
        let (waiting, confirmed, all) = (
            self.count(Told::Waiting),
            self.count(Told::Confirmed),
            self.sites.len(),
        );
        let counts = [("confirmed", confirmed.into()), ("all", all.into())];
        if waiting > 0 {
            visit.t_with("logout-sites-waiting", &counts)
        } else if confirmed == all {
            visit.t("logout-sites-confirmed")
        } else {
            visit.t_with("logout-sites-not-all", &counts)
        }
    }

    fn respond(&self, visit: &Visit, here: &LocalPath) -> Response {
        let after = (self.count(Told::Waiting) > 0)
            .then(|| LOOKS.get(self.look).copied())
            .flatten();
        let next = after.map(|seconds| {
            let look = self.look.saturating_add(1).to_string();
            (here.clone().with("look", &look), seconds)
        });
        let again = self.count(Told::Later) > 0;
        let mut page = Page::new("signed-out", "logout-done-title");
        let mut origins: Vec<String> = self.frames.iter().map(|frame| frame.origin.clone()).collect();
        origins.sort();
        origins.dedup();
        page = page.frames(origins);
        page = match (&self.back, &next) {
            (Some((address, _)), _) => page.onward(front::WAIT_SECONDS, address.as_str()),
            (None, Some((next, seconds))) => {
                let frames = if self.frames.is_empty() {
                    0
                } else {
                    front::WAIT_SECONDS
                };
                page.onward((*seconds).max(2).max(frames), next.as_str())
            }
            (None, None) => page,
        };
        let content = Content {
            visit,
            status: self.status(visit),
            sites: &self.sites,
            frames: &self.frames,
            wait_ms: front::WAIT_MS,
            back: self.back.as_ref().map(|(address, name)| {
                let words = match name.as_str() {
                    "" => visit.t("logout-back"),
                    name => visit.t_with("logout-back-site", &[("site", name.into())]),
                };
                (address.as_str(), words)
            }),
            next: next
                .as_ref()
                .filter(|_| self.back.is_none())
                .map(|(next, seconds)| (next.as_str(), seconds * 1000)),
            again: again.then(|| here.as_str()),
        };
        visit.render(page, &content)
    }
}

fn site_name(service: &Service, visit: &Visit, client: Option<&ClientId>) -> String {
    client
        .and_then(|id| service.client(id))
        .map(|stored| stored.client.name.in_language(visit.language()).to_owned())
        .unwrap_or_default()
}

#[derive(Template)]
#[template(path = "signed-out.html")]
struct Content<'a> {
    visit: &'a Visit,
    status: String,
    sites: &'a [Site],
    frames: &'a [Frame],
    wait_ms: u32,
    back: Option<(&'a str, String)>,
    next: Option<(&'a str, u32)>,
    again: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "signed-out-over.html")]
struct Over {
    texts: Vec<String>,
    link: (&'static str, String),
}

/// Nobody is signed in; what became of an earlier sign-out is not shown (any more).
fn over(visit: &Visit) -> Response {
    let content = Over {
        texts: [
            "logout-done-text",
            "logout-done-sites-maybe",
            "logout-done-shared",
        ]
        .map(|key| visit.t(key))
        .to_vec(),
        link: ("/sign-in", visit.t("logout-done-sign-in")),
    };
    visit.page("signed-out", "logout-done-title", &content)
}

/// Somebody is signed in: the page is about an earlier sign-out.
fn again(visit: &Visit) -> Response {
    let content = Over {
        texts: vec![visit.t("logout-again-text")],
        link: ("/account", visit.t("logout-again-account")),
    };
    visit.page("signed-in-again", "logout-again-title", &content)
}
